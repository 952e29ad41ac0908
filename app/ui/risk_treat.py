"""What would a treatment buy? Treatments are ticked, their cost is written beside, and the register moves: average and
bad years, the curve, the matrix. What is ticked stands in the address (`?treat=SOURCE/RISK~COST`, once for each)."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from app.charts import losses as curves
from app.charts import treatments as drawn
from app.charts import wording
from app.metrics import losses, register, treatments
from app.metrics.bad_years import Outcome
from app.metrics.treatments import Bought, Compared, Treatment
from app.policy import Tolerance
from app.ui import act, plots, risk_money, tiles
from app.ui.board import Act, board
from app.ui.lead import heading
from app.ui.markup import Markup, button, el, join, unmarked
from app.ui.matrix import matrix
from app.ui.risks import Shown, opens

MOST = 12
"""So many treatments are weighed at once."""
_LISTED = 8
_ADDRESS, _ALL = "treat", "treat_all"
_COST = "treat_cost_"


def section(page: Shown) -> Act | None:
    """What could be done, what of it is ticked, and what that would buy; nothing where no risk is stated in money."""
    plans = bought(page, {})
    if not any(one.open and one.loss is not None for one in page.found):
        return None
    sub = "Tick what is planned; the same simulated years are lived through with and without it"
    board(heading("What would a treatment buy?", sub), key="treat_heading")
    if not plans:
        said = "No open risk that is stated in money lies above its target: state target_likelihood and target_impact."
        return board(el("section", el("p", said, cls="muted"), cls="card section"), key="treat_none")
    costs = _ticked({one.treatment.risk for one in plans})
    plans = bought(page, costs)
    clicked = board(_list(plans, costs, page), key="treat_list", on_act=_before)
    chosen = [one for one in plans if one.treatment.risk in costs]
    if chosen:
        _costs(chosen, costs, page.policy.currency)
        _results(page, chosen)
    return clicked


def bought(page: Shown, costs: Mapping[str, float | None]) -> list[Bought]:
    """Every risk that could be brought to its target, what that buys, and at which cost; the most first."""
    plans = [one._replace(cost=costs.get(one.risk)) for one in treatments.to_target(page.found)]
    return treatments.bought(plans, [one.risk for one in page.open], page.policy.risk)


def _ticked(known: set[str]) -> dict[str, float | None]:
    """Risk → cost, as the address says; what means nothing is passed over."""
    found: dict[str, float | None] = {}
    for said in st.query_params.get_all(_ADDRESS):
        key, _, text = said.rpartition("~")
        key, cost = (key, _amount(text)) if key in known else (said, None)
        if key in known and len(found) < MOST:
            found[key] = cost
    return found


def _amount(text: str) -> float | None:
    try:
        amount = float(text)
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def _keep(costs: Mapping[str, float | None]) -> None:
    said = [key if cost is None else f"{key}~{cost:.12g}" for key, cost in costs.items()]
    if said:
        st.query_params[_ADDRESS] = said
    else:
        st.query_params.pop(_ADDRESS, None)


def _before(clicked: Act) -> None:
    """Ticks and unticks, before the page is drawn again."""
    act.before(clicked)
    said = st.query_params.get_all(_ADDRESS)
    held = _ticked({part for one in said for part in (one, one.rpartition("~")[0]) if part})
    key = clicked.get("risk")
    match clicked["do"]:
        case "treat" if isinstance(key, str):
            if key in held:
                del held[key]
                st.session_state.pop(f"{_COST}{key}", None)
            elif len(held) < MOST:
                held[key] = None
            _keep(held)
        case "treat_nothing":
            _keep({})
        case "treat_all":
            st.session_state[_ALL] = not st.session_state.get(_ALL, False)


def _list(plans: Sequence[Bought], costs: Mapping[str, float | None], page: Shown) -> Markup:
    """What could be done: from which level to which, and what that takes off an average year."""
    currency, scales = page.policy.currency, page.policy.risk
    every = bool(st.session_state.get(_ALL)) or len(plans) <= _LISTED + 1
    shown = [one for at, one in enumerate(plans) if every or at < _LISTED or one.treatment.risk in costs]
    actions = {losses.key(one.risk): len(one.working) for one in page.open}
    heads = (
        ("Bring to its target", None), ("Level", None), ("Events a year", "number"), ("Each costs", "number"),
        ("Off an average year", "number"), ("For each 1 spent", "number"), ("Open actions", "number"), ("", None),
    )  # fmt: skip
    rows = [
        el(
            "tr",
            el("td", _tick(one, one.treatment.risk in costs, len(costs) >= MOST), cls="wide"),
            el("td", _levels(one)),
            el("td", f"× {wording.value(one.change.events, 'ratio')}", cls="number"),
            el("td", f"× {wording.value(one.change.loss, 'ratio')}", cls="number"),
            el("td", curves.money(one.reduction, currency), cls="number"),
            el("td", wording.value(one.ratio, "ratio") if one.ratio is not None else "", cls="number"),
            el("td", f"{actions.get(one.treatment.risk, 0):,}" if page.acting else "", cls="number"),
            el("td", button("Open", act=opens(one.risk), aria_label=f"Open {one.risk.title}")),
            cls="chosen" if one.treatment.risk in costs else None,
        )
        for one in shown
    ]
    how = (
        "A level stands for so many events a year "
        f"({_scale(scales.events_per_year)}) and so much each time ({_scale(scales.loss, currency)}): policy, risk. "
        "A treatment changes both by the ratio of the levels."
    )
    more = len(plans) - len(shown)
    links = [
        *([button(f"Show {more:,} more", act={"do": "treat_all"})] if more else []),
        *([button("Untick all", act={"do": "treat_nothing"})] if costs else []),
    ]
    return el(
        "section",
        el(
            "div",
            el(
                "table",
                el("thead", el("tr", *(el("th", name, scope="col", cls=cls) for name, cls in heads))),
                el("tbody", join(*rows)),
                cls="rows tight treat",
            ),
            cls="scroll",
            tabindex="0",
        ),
        el("p", *(part for at, link in enumerate(links) for part in (" · " if at else None, link)), cls="small"),
        el("p", how, cls="muted small"),
        cls="card section",
    )


def _tick(one: Bought, on: bool, full: bool) -> Markup:
    box = el("span", "☑" if on else "☐", cls="box", aria_hidden="true")
    if full and not on:
        return el("span", box, " ", one.risk.title, title=f"At most {MOST} at once", cls="muted")
    asked = {"do": "treat", "risk": one.treatment.risk}
    return button(
        box, " ", one.risk.title, act=asked, cls="link tick", role="checkbox", aria_checked="true" if on else "false"
    )


def _levels(one: Bought) -> str:
    risk, to = one.risk, one.treatment
    likelihood, impact = to.target_likelihood or risk.likelihood, to.target_impact or risk.impact
    return f"{risk.likelihood} × {risk.impact} → {likelihood} × {impact}"


def _scale(levels: Sequence[float], currency: str = "") -> str:
    if currency:
        return ", ".join(curves.short(level, currency) for level in levels)
    return ", ".join(f"{level:g}" for level in levels)


def _costs(chosen: Sequence[Bought], costs: Mapping[str, float | None], currency: str) -> None:
    """What each ticked treatment costs, once."""

    def write() -> None:
        said = {one.treatment.risk: st.session_state.get(f"{_COST}{one.treatment.risk}") for one in chosen}
        _keep({key: said.get(key, cost) for key, cost in costs.items()})

    with st.container(horizontal=True, gap="small"):
        for one in chosen:
            key = f"{_COST}{one.treatment.risk}"
            known = costs[one.treatment.risk]
            if key not in st.session_state and known is not None:
                st.session_state[key] = known
            st.number_input(
                f"Cost in {currency}: {unmarked(one.risk.title)}", min_value=0.0, value=None, step=1000.0,
                format="%.0f", key=key, on_change=write, placeholder="not known", width=250,
            )  # fmt: skip


def _results(page: Shown, chosen: Sequence[Bought]) -> None:
    before = risk_money.outcome(page)
    found = compared(before, tuple(chosen), page.policy.risk.tolerance)
    told = curves.told(found.after, page.policy, before)
    left, right = st.columns([6, 6])
    with left, plots.card("treat_steps"):
        board(steps(found, page), key="treat_steps")
    with right:
        plots.plot(curves.curve(told, "with these treatments"), key="treat_curve", height=300)
    left, right = st.columns(2)
    counts = register.cells(page.open, "current")
    after = drawn.matrix(treatments.cells(page.open, [one.treatment for one in chosen]), counts, page.policy.risk)
    with left, plots.card("treat_matrix"):
        board(el("section", plots.heading(after), matrix(after), cls="section bare"), key="treat_matrix")
    with right, plots.card("treat_each"):
        board(_each(found, page.policy.currency), key="treat_each")


@lru_cache(maxsize=8)
def compared(before: Outcome, chosen: tuple[Bought, ...], tolerance: tuple[Tolerance, ...]) -> Compared:
    """The years without and with what is chosen, kept as long as somebody looks at them."""
    return treatments.compare(before, chosen, tolerance)


def steps(found: Compared, page: Shown) -> Markup:
    """Average and bad years before and after, and how far they move."""
    currency = page.policy.currency
    rows = [
        _row(
            "An average year", curves.money(found.before.mean, currency), curves.money(found.after.mean, currency),
            f"{curves.money(found.reduction, currency)} less, exact" if found.reduction > 0 else "exact",
        )
    ]  # fmt: skip
    for step in found.steps:
        was, now = (curves.money(one.value, currency) for one in (step.before, step.after))
        name = f"One year in {curves.OFTEN[step.before.p]} costs more than"
        rows.append(_row(name, was, now, drawn.moved(step.moved, currency)))
    for at in found.crossings:
        key, _ = curves.VERDICTS[curves.side(at.point, at.after)]
        rows.append(
            _row(
                f"Above {curves.money(at.point.loss, currency)}: {curves.chance(at.point.probability)} may be",
                curves.likely(at.point, at.before),
                tiles.verdict(key, curves.likely(at.point, at.after)),
                drawn.shifted(at.moved),
            )
        )
    heads = (("", None), ("Now", "number"), ("With these", "number"), ("Change", None))
    sub = "± is what the simulation leaves open, with 95 % confidence"
    return el(
        "section",
        el("h2", drawn.finding(found, currency)),
        el("p", sub, cls="sub"),
        el(
            "div",
            el(
                "table",
                el("thead", el("tr", *(el("th", name, scope="col", cls=cls) for name, cls in heads))),
                el("tbody", join(*rows)),
                cls="rows tight years",
            ),
            cls="scroll",
            tabindex="0",
        ),
        cls="section bare",
    )


def _row(name: str, was: str, now: str | Markup, change: str) -> Markup:
    return el(
        "tr",
        el("th", name, scope="row"),
        el("td", was, cls="number"),
        el("td", now, cls="number"),
        el("td", change, cls="muted"),
    )


def _each(found: Compared, currency: str) -> Markup:
    """What each buys alone; together they buy the sum of it in an average year."""
    items = [
        el(
            "li",
            el("div", el("span", one.risk.title), el("span", curves.money(one.reduction, currency)), cls="row"),
            el("p", _spent(one.treatment, one.ratio, currency), cls="why"),
        )
        for one in found.treatments
    ]
    total = f"Together {curves.money(found.reduction, currency)} off an average year: means add up, bad years do not"
    return el(
        "section",
        el("h2", "What each would buy"),
        el("p", total, cls="sub"),
        el("ul", join(*items), cls="items"),
        cls="section bare",
    )


def _spent(one: Treatment, ratio: float | None, currency: str) -> str:
    if one.cost is None:
        return "What it costs is not known"
    said = drawn.ratio(ratio)
    return f"Costs {curves.money(one.cost, currency)}{f': {said}' if said else ''}"

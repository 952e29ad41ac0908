"""What would a treatment buy? Planned actions are ticked (`risk_plans`), what they do not state is written beside, and
the register moves: average and bad years, the curve, the matrix."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from app.charts import losses as curves
from app.charts import treatments as drawn
from app.charts import wording
from app.metrics import register, treatments
from app.metrics.bad_years import Outcome
from app.metrics.treatments import Bought, Compared, Treatment
from app.policy import Tolerance
from app.ui import act, plots, risk_money, risk_plans, tiles
from app.ui.board import Act, board
from app.ui.lead import heading
from app.ui.markup import Markup, button, el, join, unmarked
from app.ui.matrix import matrix
from app.ui.risk_plans import MOST, Plan, Typed
from app.ui.risks import Shown, opens

_LISTED = 8
_ALL = "treat_all"
_FIELDS = ("cost", "events", "loss")


def section(page: Shown) -> Act | None:
    """What is planned, what of it is ticked, and what that would buy; nothing where no risk is stated in money."""
    if not any(one.open and one.loss is not None for one in page.found):
        return None
    plans = risk_plans.plans(page, {})
    sub = "Tick what is planned; the same simulated years are lived through with and without it"
    board(heading("What would a treatment buy?", sub), key="treat_heading")
    if not plans:
        said = (
            "No action is planned against an open risk that is stated in money, and none of these lies above its "
            "target: add an action, or state target_likelihood and target_impact."
        )
        return board(el("section", el("p", said, cls="muted"), cls="card section"), key="treat_none")
    typed = risk_plans.ticked({plan.key for plan in plans})
    if typed:
        plans = risk_plans.plans(page, typed)
    clicked = board(_list(plans, typed, page), key="treat_list", on_act=_before)
    if typed:
        _typing([plan for plan in plans if plan.key in typed], typed, page.policy.currency)
        _results(page, risk_plans.chosen(plans, typed, page), risk_plans.titles(plans, typed))
    return clicked


def _before(clicked: Act) -> None:
    """Ticks and unticks, before the page is drawn again."""
    act.before(clicked)
    key = clicked.get("risk")
    match clicked["do"]:
        case "treat" if isinstance(key, str):
            if risk_plans.turn(key):
                for name in _FIELDS:
                    st.session_state.pop(_box(name, key), None)
        case "treat_nothing":
            risk_plans.keep({})
        case "treat_all":
            st.session_state[_ALL] = not st.session_state.get(_ALL, False)


def _box(name: str, key: str) -> str:
    return f"treat_{name}_{key}"


def _list(plans: Sequence[Plan], typed: Mapping[str, Typed], page: Shown) -> Markup:
    """What is planned: how it lowers events and loss, what that takes off an average year, and at which cost."""
    currency, scales = page.policy.currency, page.policy.risk
    every = bool(st.session_state.get(_ALL)) or len(plans) <= _LISTED + 1
    shown = [one for at, one in enumerate(plans) if every or at < _LISTED or one.key in typed]
    heads = (
        ("What is planned", None), ("Level", None), ("Events a year", "number"), ("Each costs", "number"),
        ("Off an average year", "number"), ("Cost", "number"), ("For each 1 spent", "number"), ("", None),
    )  # fmt: skip
    rows = [
        el(
            "tr",
            el("td", _tick(one, one.key in typed, len(typed) >= MOST), el("p", _about(one), cls="why"), cls="wide"),
            el("td", _levels(one.bought)),
            *_effect(one, currency),
            el("td", button("Open", act=opens(one.bought.risk), aria_label=f"Open {one.bought.risk.title}")),
            cls="chosen" if one.key in typed else None,
        )
        for one in shown
    ]
    silent = risk_plans.unpriced(page)
    aside = f"{silent:,} more planned action{'s are' if silent != 1 else ' is'} against risks not stated in money. "
    how = (
        "A level stands for so many events a year "
        f"({_scale(scales.events_per_year)}) and so much each time ({_scale(scales.loss, currency)}): policy, risk. "
        "What states a level to reach changes both by the ratio of the levels; shares of its own go before that."
    )
    more = len(plans) - len(shown)
    links = [
        *([button(f"Show {more:,} more", act={"do": "treat_all"})] if more else []),
        *([button("Untick all", act={"do": "treat_nothing"})] if typed else []),
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
        el("p", f"{aside if silent else ''}{how}", cls="muted small"),
        cls="card section",
    )


def _about(one: Plan) -> str:
    """Against which risk it is, and what it does not state."""
    if not one.action:
        return "No action is planned: bring it to its target"
    lacks = [name for name, there in (("cost", one.costed), ("effect", one.stated)) if not there]
    said = f"Against {one.bought.risk.title}"
    return f"{said}; states no {' and no '.join(lacks)}: tick it to write that" if lacks else said


def _effect(one: Plan, currency: str) -> tuple[Markup, ...]:
    found, typed = one.bought, one.bought.treatment
    known = one.stated or typed.frequency_factor is not None or typed.loss_factor is not None
    told = [
        f"× {wording.value(found.change.events, 'ratio')}" if known else "not stated",
        f"× {wording.value(found.change.loss, 'ratio')}" if known else "not stated",
        curves.money(found.reduction, currency) if known else "",
        curves.money(typed.cost, currency) if typed.cost is not None else "not stated" if one.action else "",
        wording.value(found.ratio, "ratio") if known and found.ratio is not None else "",
    ]
    return tuple(el("td", said, cls="number") for said in told)


def _tick(one: Plan, on: bool, full: bool) -> Markup:
    box = el("span", "☑" if on else "☐", cls="box", aria_hidden="true")
    if full and not on:
        return el("span", box, " ", one.title, title=f"At most {MOST} at once", cls="muted")
    asked = {"do": "treat", "risk": one.key}
    return button(
        box, " ", one.title, act=asked, cls="link tick", role="checkbox", aria_checked="true" if on else "false"
    )


def _levels(one: Bought) -> str:
    risk, to = one.risk, one.treatment
    likelihood, impact = to.target_likelihood or risk.likelihood, to.target_impact or risk.impact
    return f"{risk.likelihood} × {risk.impact} → {likelihood} × {impact}"


def _scale(levels: Sequence[float], currency: str = "") -> str:
    if currency:
        return ", ".join(curves.short(level, currency) for level in levels)
    return ", ".join(f"{level:g}" for level in levels)


def _typing(ticked: Sequence[Plan], typed: Mapping[str, Typed], currency: str) -> None:
    """What the ticked ones do not state: what each costs, once, and what is left of events and loss."""

    def write() -> None:
        said = {
            key: Typed(*(st.session_state.get(_box(name, key), getattr(one, name)) for name in _FIELDS))
            for key, one in typed.items()
        }
        risk_plans.keep(said)

    lacking = [
        (name, plan) for plan in ticked for name in _FIELDS if not (plan.costed if name == "cost" else plan.stated)
    ]
    if not lacking:
        return
    labels = {"cost": f"Cost in {currency}", "events": "Share of events left", "loss": "Share of loss left"}
    with st.container(horizontal=True, gap="small"):
        for name, plan in lacking:
            key, known = _box(name, plan.key), getattr(typed[plan.key], name)
            if key not in st.session_state and known is not None:
                st.session_state[key] = known
            money = name == "cost"
            st.number_input(
                f"{labels[name]}: {unmarked(plan.title)}", min_value=0.0, max_value=None if money else 1.0, value=None,
                step=1000.0 if money else 0.1, format="%.0f" if money else "%.2f", key=key, on_change=write,
                placeholder="not known", width=250,
            )  # fmt: skip


def _results(page: Shown, chosen: Sequence[Bought], titles: Mapping[str, Sequence[str]]) -> None:
    before = risk_money.outcome(page)
    found = compared(before, tuple(chosen), page.policy.risk.tolerance)
    told = curves.told(found.after, page.policy, before)
    left, right = st.columns([6, 6])
    with left, plots.card("treat_steps", risk_money.LOSS):
        board(steps(found, page), key="treat_steps")
    with right:
        plots.plot(curves.curve(told, "with these treatments"), key="treat_curve", of=risk_money.LOSS, height=300)
    left, right = st.columns(2)
    counts = register.cells(page.open, "current")
    after = drawn.matrix(treatments.cells(page.open, [one.treatment for one in chosen]), counts, page.policy.risk)
    with left, plots.card("treat_matrix", risk_money.LOSS):
        board(el("section", plots.heading(after), matrix(after), cls="section bare"), key="treat_matrix")
    with right, plots.card("treat_each", risk_money.LOSS):
        board(_each(found, page.policy.currency, titles), key="treat_each")


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


def _each(found: Compared, currency: str, titles: Mapping[str, Sequence[str]]) -> Markup:
    """What each buys alone; together they buy the sum of it in an average year."""
    items = [
        el(
            "li",
            el("div", el("span", one.risk.title), el("span", curves.money(one.reduction, currency)), cls="row"),
            el("p", ", ".join(titles.get(one.treatment.risk, ())), cls="why") if one.treatment.risk in titles else None,
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

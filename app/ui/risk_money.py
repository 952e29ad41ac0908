"""What the open risks cost: the dearest of them, what a bad year costs, and how likely one is that costs more."""

import streamlit as st

from app.charts import losses as curves
from app.charts import risks as drawn
from app.charts import wording
from app.charts.losses import Told
from app.metrics import bad_years, losses
from app.metrics.bad_years import Outcome
from app.metrics.facts import Risk
from app.metrics.register import Standing
from app.ui import plots, risks, tiles
from app.ui.board import Act, board
from app.ui.markup import Markup, button, el, join
from app.ui.risks import Shown, opens
from app.ui.risks_parts import span

_DEAREST = 8
_STEP = 0.05
LOSS = ("expected_annual_loss",)
"""The KPI that the charts of money are made from."""


def section(page: Shown) -> Act | None:
    """The dearest risks, the percentiles of a year, and the curve; a click on a risk opens it."""
    clicked = board(money(page), key="money")
    if risks.priced(page.found):
        told = curves.told(outcome(page), page.policy)
        left, right = st.columns([5, 7])
        with left, plots.card("loss_years", LOSS):
            board(years(told), key="loss_years")
        with right:
            plots.plot(curves.curve(told), key="loss_curve", of=LOSS, height=300)
    return clicked


def outcome(page: Shown) -> Outcome:
    """The simulated years of the open risks that are stated in money, with a bar while they run for the first time."""
    stated = losses.exposures(one.risk for one in page.open)
    if bad_years.known(stated):
        return bad_years.outcome(stated)
    words = f"Simulating the years of {len(stated):,} risks"
    bar, told = st.progress(0.0, text=words), 0.0

    def progress(share: float) -> None:
        nonlocal told
        if share >= told + _STEP:
            told = share
            bar.progress(min(share, 1.0), text=words)

    found = bad_years.outcome(stated, progress=progress)
    bar.empty()
    return found


def years(told: Told) -> Markup:
    """What an average year costs, and what one in two, ten, twenty and a hundred does, each with its error."""
    rows = [_row("An average year", curves.money(told.mean, told.currency), "exact")]
    for one in told.percentiles:
        said = curves.money(one.value, told.currency) if one.value is not None else "too few years to tell"
        rows.append(_row(f"One year in {curves.OFTEN[one.p]} costs more than", said, curves.error(one)))
    for point, found in told.tolerance:
        key, word = curves.VERDICTS[curves.side(point, found)]
        rows.append(
            _row(
                f"Above {curves.money(point.loss, told.currency)}: {curves.chance(point.probability)} of years may be",
                curves.likely(point, found),
                tiles.verdict(key, word),
            )
        )
    sub = "± is what the simulation leaves open, with 95 % confidence; not how sure anybody is of the ranges"
    none = (
        None
        if told.tolerance
        else el("p", "Nobody has said what is tolerated: policy, risk.tolerance.", cls="muted small")
    )
    return el(
        "section",
        el("h2", "What a year costs"),
        el("p", sub, cls="sub"),
        el("div", el("table", el("tbody", join(*rows)), cls="rows tight years"), cls="scroll", tabindex="0"),
        none,
        cls="section bare",
    )


def _row(name: str, amount: str, beside: str | Markup) -> Markup:
    return el("tr", el("th", name, scope="row"), el("td", amount, cls="number"), el("td", beside, cls="muted"))


def money(page: Shown) -> Markup:
    """The dearest risks: what each costs in an average year, and the ranges that this comes from."""
    dearest, currency = risks.priced(page.found), page.policy.currency
    halves = [one.risk.title for one in risks.half(page.found)]
    title = drawn.money_title(risks.total(page.found), halves, len(dearest), currency)
    if not dearest:
        body = el("p", curves.EMPTY, cls="muted")
        return el("section", el("h2", title), body, cls="card section")
    rest = dearest[_DEAREST:]
    left = sum(one.loss or 0.0 for one in rest)
    most = max(dearest[0].loss or 0.0, left) or 1.0
    rows = [_priced(one, most, currency) for one in dearest[:_DEAREST]]
    if rest:
        rows.append(
            el(
                "tr",
                el("td", f"{len(rest):,} other{'s' if len(rest) != 1 else ''}", cls="muted"),
                el("td", _bar(left, most, "rest"), cls="bars"),
                el("td", wording.value(left, "money", currency=currency), cls="number"),
                el("td"),
                el("td"),
            )
        )
    silent = len(page.open) - len(dearest)
    sub = "Mean of a year, in closed form from the 90 % ranges beside it: a bad year costs far more"
    sub += f"; {silent:,} open risks state none" if silent > 1 else "; 1 open risk states none" if silent else ""
    heads = (("Risk", None), ("", None), ("A year", "number"), ("Events a year", "number"), ("Each costs", "number"))
    table = el(
        "table",
        el("thead", el("tr", *(el("th", name, scope="col", cls=cls) for name, cls in heads))),
        el("tbody", join(*rows)),
        cls="rows tight money",
    )
    how = button("How is this counted?", act={"do": "explain", "kpi": "expected_annual_loss"}, cls="link small")
    return el(
        "section",
        el("h2", title),
        el("p", sub, cls="sub"),
        el("div", table, cls="scroll", tabindex="0"),
        how,
        cls="card section",
    )


def _priced(one: Standing, most: float, currency: str) -> Markup:
    risk = one.risk
    return el(
        "tr",
        el("td", button(risk.title, act=opens(risk), cls="link"), cls="wide"),
        el("td", _bar(one.loss or 0.0, most), cls="bars"),
        el("td", wording.value(one.loss, "money", currency=currency), cls="number"),
        el("td", span(risk.events_per_year_low, risk.events_per_year_high, "ratio", currency), cls="number"),
        el("td", span(risk.loss_low, risk.loss_high, "money", currency), cls="number"),
        act=opens(risk),
        cls="opens",
    )


def _bar(value: float, most: float, tone: str = "") -> Markup:
    share = min(max(value / most * 100, 1), 100)
    return el("span", el("i", style=f"width:{share:.1f}%"), cls=f"bar {tone}".strip(), aria_hidden="true")


class Loss(float):
    """What a risk costs in an average year: sorts and exports as that, and says what it would be at either end of the
    stated rate."""

    of: Risk
    currency: str

    @property
    def said(self) -> Markup:
        low, high = losses.expected_range(self.of) or (self, self)
        beside = el("span", span(low, high, "money", self.currency), cls="muted small block") if low != high else None
        return el("span", wording.value(float(self), "money", currency=self.currency), beside)


def loss(one: Standing, currency: str) -> Loss | None:
    """What a risk costs, for a table; None where it is not stated in money."""
    if one.loss is None:
        return None
    made = Loss(one.loss)
    made.of, made.currency = one.risk, currency
    return made


def bad(risk: Risk, currency: str) -> list[tuple[str, str]]:
    """What the years of one risk alone cost: how many cost anything, and what the bad ones do; empty where it is not
    stated in money, or never happens."""
    stated = losses.exposures([risk])
    found = bad_years.outcome(stated) if stated else None
    if found is None or not found.curve:
        return []
    said = [("Years that cost anything", curves.chance(found.beyond(0.0).probability))]
    for one in found.percentiles[1:]:
        if one.value:
            amount = f"{curves.money(one.value, currency)} {curves.error(one)}".strip()
            said.append((f"One year in {curves.OFTEN[one.p]} costs more than", amount))
    return said

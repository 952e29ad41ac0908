"""The parts of the Risk register as markup: the first screen, the matrix, money, what waits."""

from collections.abc import Mapping, Sequence
from datetime import date

from app.charts import risks as drawn
from app.charts import wording
from app.charts.description import Chart
from app.charts.headline import count
from app.charts.theme import VerdictKey
from app.metrics import register
from app.metrics.register import Acceptance, Level, Standing, Which
from app.ui import tiles
from app.ui.choices import Asked
from app.ui.lead import lead
from app.ui.markup import Markup, Part, button, el, join
from app.ui.matrix import Arrow, matrix
from app.ui.risks import Shown, opens

WHICH: Mapping[Which, str] = {"inherent": "Inherent", "current": "Current", "target": "Target"}
ACCEPTANCE: Mapping[Acceptance, tuple[VerdictKey, str]] = {
    "none": ("no_target", ""),
    "live": ("met", "accepted until"),
    "ending": ("unsure", "runs out"),
    "ran_out": ("missed", "ran out"),
    "unsigned": ("missed", "not signed"),
    "endless": ("unsure", "without an end"),
}
_ITEMS = 6


def first_screen(page: Shown, asked: Asked) -> Markup:
    """The finding, what has happened since, and the tiles."""
    return join(lead(page.finding, asked, _since(page, asked)), tiles.tiles(page.faces) if page.faces else None)


def _since(page: Shown, asked: Asked) -> Markup | None:
    """What ran out, fell due, came and went after the period's end, and the way to now."""
    if page.since is None:
        return None
    parts = []
    for number, one, several in (
        (page.since.ran_out, "acceptance ran out", "acceptances ran out"),
        (page.since.reviews, "review fell due", "reviews fell due"),
        (page.since.identified, "risk was identified", "risks were identified"),
        (page.since.closed, "risk was closed", "risks were closed"),
    ):
        if number:
            parts.append(f"{count(number)} {one if number == 1 else several}")
    if not parts:
        return None
    return el(
        "p",
        f"Since then, to {wording.day(page.today)}: {wording.listed(parts)}. ",
        button("Show it as of now", act={"do": "narrow", "period": f"{page.today:%Y-%m}"}),
        cls="meta",
    )


def chart(page: Shown, which: Which) -> Chart:
    """The matrix of the open risks at this level."""
    counts = register.cells(page.open, which)
    return drawn.matrix(counts, which, page.policy.risk, len(page.open) - sum(counts.values()))


def matrix_card(page: Shown, which: Which, chosen: Level | None, arrows: Sequence[Arrow] = ()) -> Markup:
    """The matrix with its finding and what moved; a click on a cell lists its risks, on the chosen one all again."""
    made = chart(page, which)
    acts = [
        [{"do": "cell", "likelihood": likelihood, "impact": impact} for impact in range(1, drawn.SIZE + 1)]
        for likelihood in range(drawn.SIZE, 0, -1)
    ]
    at = (drawn.SIZE - chosen.likelihood, chosen.impact - 1) if chosen else None
    return el(
        "section",
        el("h2", made.title),
        el("p", made.subtitle, cls="sub"),
        matrix(made, acts, at, arrows=arrows),
        cls="section bare",
    )


def cell_title(page: Shown, which: Which, chosen: Level | None, listed: int) -> Markup:
    """What the list beside the matrix holds."""
    if chosen is None:
        return _heading("The highest first", "Likelihood × impact: inherent → now → target")
    scales = page.policy.risk
    where = f"{scales.likelihood[chosen.likelihood - 1]} × {scales.impact[chosen.impact - 1]}"
    title = f"{wording.capital(where)}: {listed:,} risk{'s' if listed != 1 else ''}"
    return _heading(title, f"{WHICH[which]} level ", button("Show all", act={"do": "all_cells"}))


def _heading(title: str, *sub: Part) -> Markup:
    return el("div", el("h2", title), el("p", *sub, cls="sub"), cls="heading")


def moved(one: Standing) -> Markup:
    """Where it began, where it is, where it shall come: "20 → 16 → 8"."""
    steps = [(name, one.level(which)) for which, name in WHICH.items()]
    said = "; ".join(
        f"{name.lower()} {level.likelihood} × {level.impact}" if level else f"{name.lower()} not stated"
        for name, level in steps
    )
    first, now, last = (level.score if level else None for _, level in steps)
    return el(
        "span",
        el("span", f"{first if first is not None else '?'} → ", cls="muted"),
        el("b", f"{now}", cls="over" if one.above else None),
        el("span", f" → {last if last is not None else '?'}", cls="muted"),
        cls="moved",
        title=said,
    )


def span(low: float | None, high: float | None, unit: str, currency: str) -> str:
    """A 90 % range as a person says it: "0.3 to 2.4"; one figure where it is fixed."""
    if low is None or high is None:
        return "not stated"
    ends = [wording.value(end, unit, currency=currency) for end in (low, high)]
    if ends[0] == ends[1]:
        return ends[0]
    short = ends[0].removesuffix(f" {currency}") if unit == "money" else ends[0]
    return f"{short} to {ends[1]}"


def waiting(page: Shown) -> Markup:
    """Reviews that are overdue, and acceptances that ran out, are about to, or were never signed."""
    return el("div", reviews(page), acceptances(page), cls="grid two apart")


def reviews(page: Shown) -> Markup:
    """The reviews that are overdue, the longest first."""
    late = sorted(
        (one for one in page.open if one.review_overdue),
        key=lambda one: (one.risk.review_on or page.day, one.risk.risk),
    )
    title = f"{_many(len(late), 'review')} overdue" if late else "No review is overdue"
    items = [_item(one, one.risk.review_on, "was due", "late", one.risk.owner, page.today) for one in late]
    return _list(title, "The longest overdue first, with who owns the risk", items)


def acceptances(page: Shown) -> Markup:
    """The acceptances that need a decision, those that ran out first."""
    order: tuple[Acceptance, ...] = ("ran_out", "unsigned", "ending")
    due = sorted(
        (one for one in page.open if one.acceptance in order),
        key=lambda one: (order.index(one.acceptance), one.risk.accepted_until or page.day, one.risk.risk),
    )
    out = sum(one.acceptance == "ran_out" for one in due)
    live = sum(one.acceptance in ("live", "ending", "endless") for one in page.open)
    title = f"{_many(out, 'acceptance')} ran out" if out else "No acceptance has run out"
    said = {"ran_out": ("ran out", "late"), "unsigned": ("was never signed", "late"), "ending": ("runs out", "soon")}
    items = [
        _item(
            one, one.risk.accepted_until if one.acceptance != "unsigned" else None, *said[one.acceptance],
            f"accepted by {one.risk.accepted_by}" if one.risk.accepted_by else f"{one.risk.owner}: nobody accepted it",
            page.today,
        )
        for one in due
    ]  # fmt: skip
    return _list(title, f"{_many(live, 'acceptance')} in force; each holds to the end of its last day", items)


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _item(one: Standing, on: date | None, words: str, tone: str, who: str, today: date) -> Markup:
    passed = ", passed since" if tone == "soon" and on is not None and on <= today else ""
    when = f"{words} {wording.day(on)}{passed}" if on else words
    return el(
        "li",
        el("div", button(one.risk.title, act=opens(one.risk)), el("span", when, cls=f"small {tone}"), cls="row"),
        el("p", f"{one.risk.risk} · {who} · level ", moved(one), cls="why"),
    )


def _list(title: str, sub: str, items: Sequence[Markup]) -> Markup:
    more = len(items) - _ITEMS
    return el(
        "section",
        el("h2", title),
        el("p", sub, cls="sub"),
        el("ul", join(*items[:_ITEMS]), cls="items") if items else None,
        el("p", f"and {more:,} more, in the register below", cls="muted small") if more > 0 else None,
        cls="card section flush",
    )

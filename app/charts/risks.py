"""The matrix of risks, and the sentence that tells the register."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.findings import named
from app.charts.headline import count
from app.metrics.register import Level, Which
from app.policy import RiskPolicy

SIZE = 5
"""Levels of likelihood and of impact."""


def matrix(counts: Mapping[Level, int], which: Which, scales: RiskPolicy, unstated: int = 0) -> Chart:
    """How many risks lie in each cell, the likeliest on top. A cell's verdict says on which side of the appetite line
    it lies, whether it holds a risk or not."""
    above = sum(held for level, held in counts.items() if level.score > scales.appetite)
    whole = sum(counts.values())
    rows = []
    for likelihood in range(SIZE, 0, -1):
        levels = [Level(likelihood, impact) for impact in range(1, SIZE + 1)]
        rows.append(
            Series(
                name=f"{likelihood} {scales.likelihood[likelihood - 1]}",
                values=tuple(float(counts.get(level, 0)) for level in levels),
                labels=tuple(_held(counts.get(level, 0)) for level in levels),
                verdicts=tuple("missed" if level.score > scales.appetite else "met" for level in levels),
            )
        )
    subtitle = f"Likelihood by impact, {_WHICH[which]}; the line: likelihood × impact of {scales.appetite}"
    if unstated:
        subtitle += f"; {unstated:,} risk{'s' if unstated != 1 else ''} without {_LEVEL[which]} in no cell"
    return Chart(
        kind="heat",
        title=_matrix_title(above, whole, which),
        subtitle=subtitle,
        unit="count",
        x=tuple(f"{impact} {scales.impact[impact - 1]}" for impact in range(1, SIZE + 1)),
        series=tuple(rows),
        alt=f"{_matrix_title(above, whole, which)}. {subtitle}.",
    )


def path(levels: Sequence[tuple[str, Level]], scales: RiskPolicy) -> Chart:
    """Where one risk began, is and shall come, each level by its name."""
    rows = []
    for likelihood in range(SIZE, 0, -1):
        cells = [Level(likelihood, impact) for impact in range(1, SIZE + 1)]
        here = [[name for name, level in levels if level == cell] for cell in cells]
        rows.append(
            Series(
                name=f"{likelihood} {scales.likelihood[likelihood - 1]}",
                values=tuple(float(len(names)) for names in here),
                labels=tuple(", ".join(names) or "nothing" for names in here),
                verdicts=tuple("missed" if cell.score > scales.appetite else "met" for cell in cells),
            )
        )
    said = ", ".join(f"{name} {level.likelihood} × {level.impact}" for name, level in levels)
    return Chart(
        kind="heat",
        title=wording.capital(said),
        subtitle=f"Likelihood by impact; the line: likelihood × impact of {scales.appetite}",
        unit="count",
        x=tuple(f"{impact} {scales.impact[impact - 1]}" for impact in range(1, SIZE + 1)),
        series=tuple(rows),
        alt=f"{wording.capital(said)}.",
    )


_WHICH: Mapping[Which, str] = {
    "inherent": "before anything was done about them",
    "current": "as they stand",
    "target": "where they are meant to come",
}
_LEVEL: Mapping[Which, str] = {"inherent": "an inherent level", "current": "a level", "target": "a target"}


def _matrix_title(above: int, whole: int, which: Which) -> str:
    if not whole:
        return "No risk lies here" if which == "current" else f"No risk states {_LEVEL[which]}"
    was = {
        "inherent": ("was above appetite at first", "were above appetite at first"),
        "current": ("is above appetite", "are above appetite"),
        "target": ("would stay above appetite", "would stay above appetite"),
    }[which]
    if not above:
        return f"None of {whole:,} {was[0]}" if whole > 1 else f"The one risk {was[0].replace(' ', ' not ', 1)}"
    return f"{above:,} of {whole:,} {was[above != 1]}"


def _held(held: int) -> str:
    return f"{held:,} risk{'s' if held != 1 else ''}" if held else "no risk"


class Told(NamedTuple):
    """What the finding of the Risk register is told from."""

    day: str
    """In words."""
    known: bool
    """Whether there was a register at all by then."""
    open: int
    above: Sequence[str] = ()
    """Titles, the highest first."""
    reviews: int = 0
    """Overdue."""
    ran_out: int = 0
    """Acceptances."""
    ending: int = 0
    loss: float | None = None
    """In an average year, of those that are stated in money."""
    priced: int = 0
    half: int = 0
    """How many of them make half of it."""
    currency: str = "EUR"


def finding(told: Told) -> str:
    """What could hurt us, what is overdue, what it costs."""
    if not told.known:
        return f"No risk was known on {told.day}."
    if not told.open:
        return f"No risk was open on {told.day}."
    return " ".join([_above(told), _owed(told), *([_money(told)] if told.loss is not None else [])])


def _above(told: Told) -> str:
    whole = f"{told.open:,} open risk{'s' if told.open != 1 else ''}"
    if not told.above:
        return f"On {told.day} none of {whole} lay above appetite." if told.open > 1 else (
            f"On {told.day} the one open risk did not lie above appetite."
        )  # fmt: skip
    many = len(told.above)
    lay = "lies" if many == 1 else "lie"
    first = f": “{told.above[0]}”" if many == 1 else f", led by “{told.above[0]}”"
    return f"{wording.capital(count(many))} of {whole} {lay} above appetite on {told.day}{first}."


def _owed(told: Told) -> str:
    parts = []
    if told.ran_out:
        parts.append(f"{count(told.ran_out)} acceptance{'s have' if told.ran_out != 1 else ' has'} run out")
    if told.ending:
        noun = f" acceptance{'s' if told.ending != 1 else ''}" if not told.ran_out else ""
        parts.append(f"{count(told.ending)}{noun} run{'s' if told.ending == 1 else ''} out within 30 days")
    if told.reviews:
        parts.append(f"{count(told.reviews)} review{'s are' if told.reviews != 1 else ' is'} overdue")
    return f"{wording.capital(wording.listed(parts))}." if parts else "No review is overdue and no acceptance runs out."


def _money(told: Told) -> str:
    loss = wording.value(told.loss, "money", currency=told.currency)
    if told.priced == told.open > 1:
        said = f"together they cost {loss} in an average year"
    elif told.priced == 1:
        said = f"the one stated in money costs {loss} in an average year"
    else:
        said = f"the {told.priced:,} stated in money cost {loss} in an average year"
    if told.priced > 2 * told.half:
        said += f", half of it from {count(told.half)}"
    return f"{wording.capital(said)}."


def money_title(loss: float | None, halves: Sequence[str], priced: int, currency: str) -> str:
    """What the list of risks in money finds. `halves`: the titles that make half of it."""
    if loss is None:
        return "Loss in an average year: not stated"
    said = wording.value(loss, "money", currency=currency)
    if priced > 2 * len(halves):
        who = named([f"“{title}”" for title in halves]) if len(halves) == 1 else f"{count(len(halves))} risks"
        makes = "makes" if len(halves) == 1 else "make"
        return f"{wording.capital(who)} {makes} half of the {said} expected in an average year"
    return f"{said} expected in an average year, from {priced:,} risk{'s' if priced != 1 else ''}"

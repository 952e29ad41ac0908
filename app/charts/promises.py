"""Charts of single SLOs: which were kept in which month, and one SLO against its objective."""

from collections.abc import Callable, Mapping, Sequence

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.theme import VerdictKey
from app.metrics.promises import Kept

_EMPTY = "No SLO data in these months. Import slos and sli, or connect a source that measures them."
Cells = Mapping[tuple[str, str], Kept]
"""(SLO, period) → what was kept."""


def attained(one: Kept | None) -> str:
    """What an SLO attained, with digits enough beside its objective."""
    return wording.value(one.attained, "share", one.slo.objective, ">=") if one else wording.NO_DATA


def verdict(one: Kept | None) -> VerdictKey:
    """Whether it was kept; never unsure: an objective is judged on all events."""
    if one is None or one.met is None:
        return "no_data"
    return "met" if one.met else "missed"


def matrix(
    cells: Cells, names: Mapping[str, str], months: Sequence[str], partial: frozenset[int] = frozenset()
) -> Chart:
    """A row for each SLO in the order of `names` (id → name), a cell for each month: what it attained, judged by the
    objective then valid."""
    series = tuple(
        Series(
            name,
            tuple(cell.attained if (cell := cells.get((slo, month))) else None for month in months),
            labels=tuple(attained(cells.get((slo, month))) for month in months),
            verdicts=tuple(verdict(cells.get((slo, month))) for month in months),
        )
        for slo, name in names.items()
    )
    return Chart(
        "heat",
        _finding(cells, names, months, partial),
        "What each SLO attained, by month, against the objective then valid",
        "share",
        tuple(months),
        series,
        partial=partial,
        empty=_EMPTY,
    )


def _finding(cells: Cells, names: Mapping[str, str], months: Sequence[str], partial: frozenset[int]) -> str:
    over = [month for at, month in enumerate(months) if at not in partial]
    found = {slo: [one.met for month in over if (one := cells.get((slo, month))) is not None] for slo in names}
    known = {slo: [met for met in row if met is not None] for slo, row in found.items()}
    missed = [slo for slo, row in known.items() if not all(row)]
    judged = sum(1 for row in known.values() if row)
    return finding(missed, judged, names, lambda slo: (len(known[slo]) - sum(known[slo]), len(known[slo])))


def finding(
    missed: Sequence[str], judged: int, names: Mapping[str, str], times: Callable[[str], tuple[int, int]]
) -> str:
    """How many of the SLOs with data missed in any month that is over; `times` tells of one in how many it did, of how
    many with data."""
    if not judged:
        return "SLOs by month: no data"
    if not missed:
        return f"{'Every SLO' if judged > 1 else 'The one SLO'} was met in every month with data"
    if len(missed) == 1:
        part, of = times(missed[0])
        return f"Only {names[missed[0]]} missed, in {part} of {of} months"
    return f"{len(missed):,} of {judged:,} SLOs missed in at least one month"


def history(
    name: str, row: Sequence[Kept | None], months: Sequence[str], partial: frozenset[int] = frozenset()
) -> Chart:
    """One SLO by month against its objective: a target, or a line where it changed."""
    values = tuple(one.attained if one else None for one in row)
    objectives = {one.slo.objective for one in row if one}
    missed = [at for at, one in enumerate(row) if one and one.met is False and at not in partial]
    judged = sum(1 for at, one in enumerate(row) if one and one.met is not None and at not in partial)
    series = [Series(name, values, labels=tuple(attained(one) for one in row))]
    if len(objectives) > 1:
        series.append(Series("objective", tuple(one.slo.objective if one else None for one in row), "comparison"))
    title = f"{name}: no data"
    if judged:
        title = (
            f"{name}: met in each of {judged} months"
            if not missed
            else f"{name}: missed in {len(missed)} of {judged} months"
        )
        title = title.replace("each of 1 months", "the one month with data").replace(
            "1 of 1 months", "the one month with data"
        )
    return Chart(
        "line",
        title,
        "Attained by month against the objective, good / total",
        "share",
        tuple(months),
        tuple(series),
        target=objectives.pop() if len(objectives) == 1 else None,
        target_op=">=",
        partial=partial,
        empty=_EMPTY,
    )

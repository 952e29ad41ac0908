"""How a section's charts stand: one that needs all of the width alone, others two abreast. Of paper and page alike."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from app.charts import svg
from app.charts.description import Chart

_BROAD = ("dumbbell", "interval", "burndown", "timeline")
_FEW = 6
"""Columns of a heat map that fit into half of the width."""
_LOW, _LOWER = 196, 180
"""Px: how high a chart on a time axis stands on paper, in half of its width and in all of it."""


def rows(charts: Sequence[Chart]) -> Iterator[tuple[Chart, ...]]:
    """The charts in their order, one or two to a row; one left over has the width for itself."""
    for broad, some in groupby(charts, is_broad):
        same = tuple(some)
        step = 1 if broad else 2
        yield from (same[at : at + step] for at in range(0, len(same), step))


def is_broad(chart: Chart) -> bool:
    """Whether it needs all of the width: many columns, or names beside its rows."""
    if chart.kind == "heat":
        return len(chart.x) > _FEW
    return chart.kind in _BROAD or chart.horizontal


def height(chart: Chart, alone: bool) -> int:
    """Px of its drawing on paper."""
    if chart.kind in ("heat", "dumbbell", "interval") or chart.horizontal:
        return svg.height(chart)
    return _LOWER if alone and not is_broad(chart) else _LOW

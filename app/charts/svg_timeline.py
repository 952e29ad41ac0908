"""SVG of what was done over time, with what came of it in a lane above: deployments and the incidents they caused."""

from dataclasses import replace

from app.charts import reading
from app.charts.description import Chart, Series
from app.charts.pen import Pen
from app.charts.svg_plot import Area, draw_plot

LANE = 46.0
_DOT = 4.0
PILE = 5
"""So many dots stand above one another in the lane."""


def draw_timeline(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> None:
    """Bars of all series but the last, which stands above them: a dot each where it has places, else a column each."""
    *done, came = chart.series
    area = draw_plot(pen, replace(chart, kind="bar", series=tuple(done)), wide, top + LANE, high)
    foot = top + LANE - 2
    pen.line(area.left, foot, area.right, foot, "hairline", 1)
    if came.at:
        _dots(pen, chart, came, area, foot)
    else:
        _columns(pen, chart, came, area, foot)
    pen.dot(area.right + 12, foot - 10, _DOT, "missed")
    pen.text(area.right + 21, foot - 6, came.name)


def _dots(pen: Pen, chart: Chart, came: Series, area: Area, foot: float) -> None:
    """Those of one place stand above one another, the first lowest."""
    standing: dict[float, int] = {}
    for at, (where, value) in enumerate(zip(came.at, came.values, strict=True)):
        if value is None:
            continue
        below = standing.get(where, 0)
        standing[where] = below + 1
        x, y = area.x(where), foot - 6 - below * (2 * _DOT + 0.6)
        pen.dot(x, y, _DOT, "missed", "card", 1, name="point")
        pen.spot(x, y, reading.key(chart, came, at), reading.said(chart, came, at))


def _columns(pen: Pen, chart: Chart, came: Series, area: Area, foot: float) -> None:
    most = max((value for value in came.values if value is not None), default=0) or 1
    thick = min(area.step * 0.5, 30)
    for at, value in enumerate(came.values):
        if not value:
            continue
        tall = max(value / most * (LANE - 18), 2)
        pen.rect(area.x(at) - thick / 2, foot - tall, thick, tall, "missed", radius=1, name="came")
        if value == most or area.step >= 40:
            pen.text(area.x(at), foot - tall - 4, f"{value:,.0f}", size=11.5, anchor="middle")
        said = f"{came.name}: {reading.said(chart, came, at)}"
        pen.hit(area.x(at - 0.5), foot - LANE + 2, area.step, LANE - 4, reading.key(chart, came, at), said)

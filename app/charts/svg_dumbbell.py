"""SVG of points in rows: what was achieved against its target (dumbbells), and shares with their ranges."""

from collections.abc import Callable

from app.charts import reading
from app.charts.description import Chart
from app.charts.pen import Pen
from app.charts.scale import Scale, scale, shortened, width

ROW = 27.0
"""A row's height, where there is room."""
HEAD, FOOT = 4.0, 22.0
_NARROW = 400
"""Below this a dumbbell's words are what was achieved alone: the tick tells the target."""
Place = Callable[[float], float]
"""A value → where it stands along x."""


def height(chart: Chart) -> int:
    """How high such a chart stands well."""
    return round(HEAD + FOOT + ROW * max(len(chart.x), 2) + (16 if chart.kind == "interval" and chart.target else 0))


def draw_dumbbells(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> None:
    """A row for each x: its name, a point, what it is held against (a tick, or one dashed line for all), its words."""
    axis, narrow = scale(chart), wide < _NARROW
    series = chart.series[0]
    said = [reading.said(chart, series, at) for at in range(len(chart.x))]
    if narrow and chart.kind == "dumbbell":
        said = [reading.value(chart, value) for value in series.values]
    judged = bool(chart.series[0].verdicts) and chart.kind == "interval"
    left = min(max(width(name, 12.5) for name in chart.x) + 14, wide * 0.44)
    room = min(max(width(text) for text in said) + (36 if judged else 18), wide * 0.36)
    one_target = chart.kind == "interval" and chart.target is not None
    foot = FOOT + (16 if one_target else 0)
    down = min((high - top - foot) / max(len(chart.x), 1), ROW + 3)
    end, right = top + len(chart.x) * down, wide - room
    _axis(pen, axis, left, right, top, end)

    def place(value: float) -> float:
        return left + axis.share(value) * (right - left)

    if one_target and chart.target is not None:
        at, words = place(chart.target), reading.target(chart)
        pen.line(at, top, at, end, "text", 1.2, "5 4", name="target")
        pen.text(min(max(at, left), wide - width(words) / 2), end + 32, words, fill="text", anchor="middle")
    for at, name in enumerate(chart.x):
        y = top + (at + 0.5) * down
        pen.open(reading.key(chart, chart.series[0], at), _told(chart, at))
        pen.rect(0, y - down / 2, wide, down, "transparent")
        pen.name(y, name, left - 12)
        if chart.kind == "interval":
            _interval(pen, chart, at, y, place)
        else:
            _dumbbell(pen, chart, at, y, place)
        beyond = right + 14
        if judged and chart.series[0].verdicts[at] in ("met", "missed", "unsure"):
            pen.verdict(beyond + 4, y, chart.series[0].verdicts[at], 11)
            beyond += 16
        pen.text(beyond, y + 4, shortened(said[at], wide - beyond), fill="text")
        pen.close()


def _axis(pen: Pen, axis: Scale, left: float, right: float, top: float, end: float) -> None:
    beyond = 0.0
    for value, name in axis.ticks:
        x, half = left + axis.share(value) * (right - left), width(name, 11.5) / 2
        pen.line(x, top, x, end, "hairline", 1)
        if x - half >= beyond:
            pen.text(x, end + 15, name, anchor="middle", size=11.5)
            beyond = x + half + 4


def _dumbbell(pen: Pen, chart: Chart, at: int, y: float, place: Place) -> None:
    achieved, target = chart.series[0].values[at], chart.series[1].values[at]
    verdict = chart.series[0].verdicts[at] if chart.series[0].verdicts else "no_target"
    if achieved is None:
        return
    if target is not None:
        ink = "missed" if verdict == "missed" else "history"
        pen.line(place(target), y, place(achieved), y, ink, 2, name="span")
        pen.line(place(target), y - 9, place(target), y + 9, "text", 2.4, name="goal")
    pen.dot(place(achieved), y, 7.5, "card")
    if verdict in ("met", "missed"):
        pen.verdict(place(achieved), y, verdict, 13)
    else:
        pen.dot(place(achieved), y, 5, "history")


def _interval(pen: Pen, chart: Chart, at: int, y: float, place: Place) -> None:
    value = chart.series[0].values[at]
    if value is None:
        return
    low, high = (edge[at] for edge in (chart.limits.low, chart.limits.high)) if chart.limits else (None, None)
    if low is not None and high is not None:
        pen.rect(
            place(low), y - 4, max(place(high) - place(low), 2), 8, "accent_2", radius=4, opacity=0.45, name="range"
        )
    if at in chart.partial:
        pen.dot(place(value), y, 5, "card", "accent", 2, name="point")
    else:
        pen.dot(place(value), y, 5.5, "accent", "card", 1.5, name="point")


def _told(chart: Chart, at: int) -> str:
    """What a hover says: the row's name, then each series."""
    parts = [chart.x[at] + (" (not over yet)" if at in chart.partial else "")]
    for series in chart.series:
        text = reading.said(chart, series, at)
        parts.append(f"{series.name}: {text}" if series.name and len(chart.series) > 1 else text)
    return "\n".join(parts)

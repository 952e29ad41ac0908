"""SVG of what stands on a time axis: lines, upright bars, points, sparklines."""

from typing import NamedTuple

from app.charts import reading
from app.charts.description import Chart, Series
from app.charts.pen import Pen, n
from app.charts.scale import Scale, apart, names, runs, scale, shortened, width

STACK = ("accent", "accent_2", "history")
"""Colours of the parts of a stacked bar, from the bottom."""


class Area(NamedTuple):
    """Where the plot lies, and how values and x find their place in it."""

    left: float
    top: float
    right: float
    bottom: float
    step: float
    axis: Scale

    def x(self, at: float) -> float:
        return self.left + (at + 0.5) * self.step

    def y(self, value: float) -> float:
        return self.bottom - self.axis.share(value) * (self.bottom - self.top)


class Label(NamedTuple):
    """A direct label at the right edge."""

    y: float
    text: str
    short: str = ""
    """Said where the text does not fit."""
    fill: str = "muted"
    weight: int = 400
    swatch: str = ""
    """The colour of a small square before the text; of a stroke, for what is drawn as one."""
    stroke: bool = False


def draw_spark(pen: Pen, chart: Chart, wide: float, high: float) -> None:
    """A line without axes: target dashed, signals ringed, the latest value a dot, hollow while it is not over."""
    axis = scale(chart)
    area = Area(5, 6, wide - 5, high - 6, (wide - 10) / max(len(chart.x), 1), axis)
    if chart.limits:
        _band(pen, chart, area)
    if chart.target is not None:
        pen.line(0, area.y(chart.target), wide, area.y(chart.target), "history", 1, "3 3", name="target")
    series = chart.series[0]
    _line(pen, chart, area, series, "accent", 1.6)
    _signals(pen, chart, area, series, 2.6 if area.step >= 6 else 2.1)
    known = [at for at, value in enumerate(series.values) if value is not None]
    if known:
        _dot(pen, chart, area, series, known[-1], 2.8)
    for at in range(len(chart.x)):
        said = ": ".join(reading.hover(chart, at)[:2])
        pen.hit(area.left + at * area.step, 0, area.step, high, chart.x[at], said)


def draw_plot(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> Area:
    """Axes, band, target, marks, then the data with direct labels; gives where they lie."""
    axis = scale(chart, 3 if high - top < 170 else 4)
    years = any(year for _, _, year in names(chart.x, 1000))
    left = max((width(name) for _, name in axis.ticks), default=0) + 10
    texts = _labels(chart, Area(0, 0, 0, 100, 1, axis))
    room = min(max((room_of(label) for label in texts), default=0) + 10, wide * 0.36)
    top += 18 if chart.marks or chart.kind == "bar" else 8
    top += 24 if chart.marks and chart.signals and chart.kind == "bar" else 0
    bottom = high - (36 if years else 22)
    step = (wide - left - room) / max(len(chart.x), 1)
    area = Area(left, top, wide - room, bottom, step, axis)
    _unfinished(pen, chart, area)
    if chart.limits:
        _band(pen, chart, area)
    for value, name in axis.ticks:
        pen.line(left, area.y(value), area.right, area.y(value), "hairline", name="grid")
        pen.text(left - 8, area.y(value) + 4, name, anchor="end")
    for at, name, year in names(chart.x, step):
        pen.text(area.x(at), bottom + 17, name, anchor="middle")
        if year:
            pen.text(area.x(at), bottom + 31, year, anchor="middle", size=11.5)
    _marks(pen, chart, area, wide)
    if chart.kind == "bar":
        _bars(pen, chart, area)
    if chart.target is not None:
        pen.line(left, area.y(chart.target), area.right, area.y(chart.target), "text", 1.2, "5 4", name="target")
        if chart.target_op == "within":
            pen.line(left, area.y(-chart.target), area.right, area.y(-chart.target), "text", 1.2, "5 4", name="target")
    if chart.kind == "line":
        _lines(pen, chart, area)
    if chart.kind == "points":
        _columns(pen, chart, area)
        _points(pen, chart, area)
    _right(pen, labels(chart, area), area, wide)
    if chart.kind != "points":
        _columns(pen, chart, area)
    return area


def labels(chart: Chart, area: Area) -> list[tuple[Label, float]]:
    """The direct labels of a chart, each with the height at which it stands, moved apart where they would meet."""
    found = _labels(chart, area)
    return list(zip(found, apart([label.y for label in found], 15, area.top, area.bottom), strict=True))


def _labels(chart: Chart, area: Area) -> list[Label]:
    found: list[Label] = []
    if chart.target is not None:
        words = reading.target(chart)
        found.append(Label(area.y(chart.target), words, words.removeprefix("target "), "text"))
    if chart.kind == "bar":
        return found + _stack_labels(chart, area)
    several = sum(1 for series in chart.series if not series.at) > 1
    for series in chart.series:
        known = [at for at, value in enumerate(series.values) if value is not None]
        if not known or series.at:
            continue
        last = series.values[known[-1]]
        assert last is not None
        shown = reading.value(chart, last)
        if series.role == "main":
            words = f"{series.name} {shown}".strip() if several or chart.kind == "points" else shown
            found.append(Label(area.y(last), words, shown, "accent", 600))
        else:
            found.append(Label(area.y(last), series.name))
    return found


def _stack_labels(chart: Chart, area: Area) -> list[Label]:
    stacked = [series for series in chart.series if series.role != "comparison"]
    found = []
    if len(stacked) > 1:
        last, base = len(chart.x) - 1, 0.0
        for at, series in enumerate(stacked):
            value = series.values[last] or 0.0
            found.append(Label(area.y(base + value / 2), series.name, swatch=_fill(series, at)))
            base += value
    for series in chart.series:
        known = [value for value in series.values if value is not None]
        if series.role == "comparison" and known:
            found.append(Label(area.y(known[-1]), series.name, swatch="history", stroke=True))
    return found


def _right(pen: Pen, found: list[tuple[Label, float]], area: Area, wide: float) -> None:
    for label, y in found:
        x = area.right + 8
        if label.stroke:
            pen.line(x, y, x + 9, y, label.swatch, 2)
        elif label.swatch:
            pen.rect(x, y - 4, 8, 8, label.swatch, radius=2)
        x += 13 if label.swatch else 0
        text = label.text if width(label.text) <= wide - x else label.short or label.text
        pen.text(x, y + 4, shortened(text, wide - x), fill=label.fill, weight=label.weight)


def room_of(label: Label) -> float:
    """How wide a label stands with its swatch, in px."""
    return width(label.text) + (14 if label.swatch else 0)


def _unfinished(pen: Pen, chart: Chart, area: Area) -> None:
    if chart.kind != "bar":
        for at in sorted(chart.partial):
            pen.hatch(area.x(at - 0.5), area.top, area.step, area.bottom - area.top, "hairline")


def _band(pen: Pen, chart: Chart, area: Area) -> None:
    assert chart.limits
    low, _, high = chart.limits
    both = [None if one is None or other is None else one for one, other in zip(low, high, strict=True)]
    for run in runs(both):
        ends = [(area.x(run[0] - 0.5), run[0]), *((area.x(at), at) for at in run), (area.x(run[-1] + 0.5), run[-1])]
        over = [f"{n(x)} {n(area.y(high[at] or 0))}" for x, at in ends]
        under = [f"{n(x)} {n(area.y(low[at] or 0))}" for x, at in reversed(ends)]
        pen.path(f"M{'L'.join([*over, *under])}Z", fill="band", name="band")


def _marks(pen: Pen, chart: Chart, area: Area, wide: float) -> None:
    """A flag for each, with its title where most of it fits before the next."""
    marks = sorted(chart.marks, key=lambda mark: mark.at)
    for place, mark in enumerate(marks):
        x, y = area.x(mark.at), area.top - (38 if chart.kind == "bar" and chart.signals else 14)
        pen.line(x, y, x, area.bottom, "history", 1, "1 3", name="mark")
        pen.path(f"M{n(x)} {n(y)}h8l-2.5 3.5 2.5 3.5h-8Z", fill="history", name="flag")
        beyond = area.x(marks[place + 1].at) - 6 if place + 1 < len(marks) else wide
        room = beyond - x - 12
        if room > 36 and room > 0.6 * width(mark.title, 11.5):
            pen.text(x + 12, y + 8, shortened(mark.title, room, 11.5), size=11.5)


def _lines(pen: Pen, chart: Chart, area: Area) -> None:
    for series in sorted(chart.series, key=lambda series: series.role == "main"):
        if series.role == "main":
            _line(pen, chart, area, series, "accent", 2.2)
        else:
            _line(pen, chart, area, series, "history", 1.5)
    for series in chart.series:
        if series.role == "main":
            _signals(pen, chart, area, series, 3.6)
            known = [at for at, value in enumerate(series.values) if value is not None]
            if known:
                _dot(pen, chart, area, series, known[-1], 3.6)


def _line(pen: Pen, chart: Chart, area: Area, series: Series, stroke: str, thick: float) -> None:
    """A path for each unbroken run; what leads into a period that is not over is dashed; a value alone is a dot."""
    for run in runs(series.values):
        places = [(at, f"{n(area.x(at))} {n(area.y(series.values[at] or 0))}") for at in run]
        over = [place for at, place in places if at not in chart.partial]
        if len(over) > 1:
            pen.path("M" + "L".join(over), stroke, thick, name="line")
        elif over and len(run) == 1:
            pen.dot(area.x(run[0]), area.y(series.values[run[0]] or 0), thick, stroke, name="alone")
        if len(over) < len(places) and len(places) > 1:
            tail = [place for _, place in places][max(len(over) - 1, 0) :]
            pen.path("M" + "L".join(tail), stroke, thick, dash="2 4", name="unfinished")


def _signals(pen: Pen, chart: Chart, area: Area, series: Series, radius: float) -> None:
    for signal in chart.signals:
        value = series.values[signal.at]
        if value is not None:
            ink = "met" if signal.word == "improving" else "missed"
            x, y = area.x(signal.at), area.y(value)
            pen.dot(x, y, radius * 1.75, "card", ink, 1.3, name="ring")
            pen.dot(x, y, radius * 0.95, ink, name="signal")


def _dot(pen: Pen, chart: Chart, area: Area, series: Series, at: int, radius: float) -> None:
    if any(signal.at == at for signal in chart.signals):
        return
    fill = "card" if at in chart.partial else "accent"
    pen.dot(area.x(at), area.y(series.values[at] or 0), radius, fill, "accent", 1.6, name="latest")


def _fill(series: Series, at: int) -> str:
    return "history" if series.role == "context" else STACK[min(at, len(STACK) - 1)]


def _bars(pen: Pen, chart: Chart, area: Area) -> None:
    stacked = [series for series in chart.series if series.role != "comparison"]
    thick = min(area.step * 0.66, 44)
    zero = area.y(0)
    totals = [
        None
        if all(series.values[at] is None for series in stacked)
        else sum(series.values[at] or 0 for series in stacked)
        for at in range(len(chart.x))
    ]
    said = ["" if total is None else reading.value(chart, total) for total in totals]
    named = len(chart.x) <= 14 and all(width(text, 11.5) + 4 <= area.step for text in said)
    for at, total in enumerate(totals):
        x, base = area.x(at) - thick / 2, 0.0
        if total is None:
            pen.rect(x, zero - 10, thick, 10, "none", stroke="no_data", dash="2 2", name="gap", opacity=0.7)
            continue
        for place, series in enumerate(stacked):
            value = series.values[at]
            if not value:
                continue
            ends = sorted((area.y(base), area.y(base + value)))
            base += value
            if at in chart.partial:
                pen.rect(x, ends[0], thick, ends[1] - ends[0], "card", stroke=_fill(series, place), name="bar")
                pen.hatch(x, ends[0], thick, ends[1] - ends[0], _fill(series, place), 5)
            else:
                pen.rect(x, ends[0], thick, ends[1] - ends[0] - (1 if place else 0), _fill(series, place), name="bar")
        for signal in chart.signals:
            if signal.at == at:
                ink = "met" if signal.word == "improving" else "missed"
                y = area.y(total) - (22 if named else 10)
                pen.dot(area.x(at), y, 6.3, "card", ink, 1.3, name="ring")
                pen.dot(area.x(at), y, 3.4, ink, name="signal")
        if named:
            pen.text(
                area.x(at), area.y(max(total, 0)) - 5, said[at], size=11.5, fill="text", anchor="middle", halo=True
            )
    for series in chart.series:
        if series.role == "comparison":
            for at, value in enumerate(series.values):
                if value is not None:
                    y = area.y(value)
                    pen.line(area.x(at) - thick * 0.62, y, area.x(at) + thick * 0.62, y, "history", 2, name="before")
    pen.line(area.left, zero, area.right, zero, "history", 1, name="zero")


def _points(pen: Pen, chart: Chart, area: Area) -> None:
    for series in chart.series:
        for place, (at, value) in enumerate(zip(series.at, series.values, strict=False)):
            if value is not None:
                key, said = reading.key(chart, series, place), reading.said(chart, series, place)
                pen.spot(area.x(at), area.y(value), key, said, "history")
    for series in chart.series:
        if not series.at:
            for at, value in enumerate(series.values):
                if value is not None:
                    half, y = area.step * 0.36, area.y(value)
                    pen.line(area.x(at) - half, y, area.x(at) + half, y, "accent", 2.6, name="middle")
            _signals(pen, chart, area, series, 3.2)


def _columns(pen: Pen, chart: Chart, area: Area) -> None:
    for at, key in enumerate(chart.x):
        said = "\n".join(reading.hover(chart, at))
        pen.hit(area.x(at - 0.5), area.top, area.step, area.bottom - area.top, key, said)

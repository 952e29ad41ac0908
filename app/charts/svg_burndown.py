"""SVG of a budget's burn-down: what is left by day, what happened meanwhile, and what is to come with its range.

A value stands at the end of its x, so that it falls where the incident of that day stands. Numbered circles lead to
the list beside the chart; what happened lies in a lane below, incidents above deployments.
"""

from dataclasses import replace
from math import floor

from app.charts import reading
from app.charts.description import Chart, Series, Span
from app.charts.pen import Pen, n
from app.charts.scale import apart, names, runs, scale, shortened, width
from app.charts.svg_plot import Area, Label

_LANE = 26
_BADGE = 8.5


def draw_burndown(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> None:
    """Axes and zero, what happened, the lines of what was, the fan of what is to come."""
    main = chart.series[0]
    # The whole budget and none of it always stand on the axis.
    axis = scale(replace(chart, series=(*chart.series, Series("", (0.0, 1.0)))), 4)
    left = max((width(name) for _, name in axis.ticks), default=0) + 10
    last = max((at for at, value in enumerate(main.values) if value is not None), default=0)
    said = [Label(0, words, fill="muted") for _, words in chart.levels] + [Label(0, _now(chart, last))]
    room = min(max(width(label.text) for label in said) + 14, wide * 0.3)
    lane = _LANE if any(span.kind in ("incident", "deployment") for span in chart.spans) else 0
    years = any(year for _, _, year in names(chart.x, 1000))
    bottom = high - (36 if years else 22) - lane
    area = Area(left, top + 16, wide - room, bottom, (wide - left - room) / max(len(chart.x), 1), axis)
    _grounds(pen, chart, area)
    for value, name in axis.ticks:
        pen.line(left, area.y(value), area.right, area.y(value), "hairline", name="grid")
        if not value or abs(area.y(value) - area.y(0)) >= 14:
            pen.text(left - 8, area.y(value) + 4, name, anchor="end")
    for at, name, year in names(chart.x, area.step):
        pen.text(area.x(at), bottom + lane + 17, name, anchor="middle")
        if year:
            pen.text(area.x(at), bottom + lane + 31, year, anchor="middle", size=11.5)
    _fan(pen, chart, area, last)
    _levels(pen, chart, area)
    for series in reversed(chart.series):
        _line(pen, area, series)
    ends = main.values[last]
    if ends is not None:
        pen.dot(area.x(last + 0.5), area.y(ends), 4, "accent", name="latest")
    _right(pen, chart, area, last, wide)
    for at, key in enumerate(chart.x):
        pen.hit(
            area.x(at - 0.5),
            area.top,
            area.step,
            bottom - area.top,
            key,
            f"{reading.hover(chart, at)[0]}\n{reading.said(chart, main, at)}",
        )
    _happened(pen, chart, area, lane)


def _now(chart: Chart, last: int) -> str:
    value = chart.series[0].values[last]
    if value is not None and value < 0:
        return f"{reading.value(chart, -value)} over"
    return f"{reading.value(chart, value)} left"


def _grounds(pen: Pen, chart: Chart, area: Area) -> None:
    """Excluded time as a grey column, days without data hatched, a changed objective as a dotted line with a flag."""
    for span in chart.spans:
        x, wide = area.x(span.start - 0.5), max((span.stop - span.start) * area.step, 2)
        if span.kind == "exclusion":
            pen.rect(x, area.top, wide, area.bottom - area.top, "history", name="exclusion", opacity=0.28)
        elif span.kind == "gap":
            pen.hatch(x, area.top, wide, area.bottom - area.top, "hairline", 5)
        elif span.kind == "revision":
            pen.line(x, area.top - 12, x, area.bottom, "history", 1, "1 3", name="mark")
            pen.path(f"M{n(x)} {n(area.top - 12)}h8l-2.5 3.5 2.5 3.5h-8Z", fill="history", name="flag")
            pen.text(x + 12, area.top - 4, shortened(span.title, area.right - x - 14, 11), size=11)


def _levels(pen: Pen, chart: Chart, area: Area) -> None:
    pen.line(area.left, area.y(0), area.right, area.y(0), "missed", 1.3, name="target")
    for value, _ in chart.levels:
        if value:
            pen.line(area.left, area.y(value), area.right, area.y(value), "unsure", 1.1, "5 4", name="level")


def _fan(pen: Pen, chart: Chart, area: Area, last: int) -> None:
    """From the last value on: the range as a band, its middle as a broken line."""
    start = chart.series[0].values[last]
    if not chart.limits or start is None:
        return
    low, middle, high = chart.limits
    ahead = [at for at in range(last + 1, len(chart.x)) if low[at] is not None and high[at] is not None]
    if not ahead:
        return
    origin = f"{n(area.x(last + 0.5))} {n(area.y(start))}"
    over = [f"{n(area.x(at + 0.5))} {n(area.y(high[at] or 0))}" for at in ahead]
    under = [f"{n(area.x(at + 0.5))} {n(area.y(low[at] or 0))}" for at in reversed(ahead)]
    pen.path(f"M{'L'.join([origin, *over, *under])}Z", fill="band", name="band")
    between = [f"{n(area.x(at + 0.5))} {n(area.y(middle[at] or 0))}" for at in ahead if middle[at] is not None]
    pen.path("M" + "L".join([origin, *between]), "accent", 1.6, dash="3 4", name="forecast")
    pen.line(area.x(last + 0.5), area.top, area.x(last + 0.5), area.bottom, "history", 1, "2 3", name="end")


def _line(pen: Pen, area: Area, series: Series) -> None:
    """A path for each unbroken run, from the beginning of its first x: the whole budget at the very first."""
    stroke, thick = ("accent", 2.4) if series.role == "main" else ("history", 1.4)
    dash = "5 4" if series.role == "context" else ""
    before = 1.0 if series.role == "main" else None
    for run in runs(series.values):
        places = [f"{n(area.x(at + 0.5))} {n(area.y(series.values[at] or 0))}" for at in run]
        begun = before if series.role == "main" else None
        if begun is not None:
            places.insert(0, f"{n(area.x(run[0] - 0.5))} {n(area.y(begun))}")
        if len(places) > 1:
            pen.path("M" + "L".join(places), stroke, thick, dash=dash, name="line")
        before = series.values[run[-1]]


def _right(pen: Pen, chart: Chart, area: Area, last: int, wide: float) -> None:
    """What is left now, and the names of the levels, at the right edge."""
    value = chart.series[0].values[last]
    found = [Label(area.y(height), words) for height, words in chart.levels]
    if value is not None:
        found.append(Label(area.y(value), _now(chart, last), fill="accent", weight=600))
    for series in chart.series[1:]:
        known = [at for at, came in enumerate(series.values) if came is not None]
        if known:
            came = series.values[known[-1]] or 0
            if known[-1] >= len(chart.x) - 3:
                found.append(Label(area.y(came), series.name))
            else:
                pen.text(area.x(known[-1] + 0.5) + 5, area.y(came) + 4, series.name, size=11.5, halo=True)
    for label, y in zip(found, apart([label.y for label in found], 15, area.top, area.bottom), strict=True):
        text = shortened(label.text, wide - area.right - 8)
        pen.text(area.right + 8, y + 4, text, fill=label.fill, weight=label.weight)


def _happened(pen: Pen, chart: Chart, area: Area, lane: float) -> None:
    """Incidents and the deployments behind them in the lane; those that the list numbers also on the line."""
    if lane:
        pen.line(area.left, area.bottom + lane - 1, area.right, area.bottom + lane - 1, "hairline", name="lane")
    crowded: list[float] = []
    for span in sorted(chart.spans, key=lambda span: (span.kind != "deployment", span.start)):
        x, wide = area.x(span.start - 0.5), (span.stop - span.start) * area.step
        if span.kind == "deployment":
            pen.open(span.key, span.title)
            y = area.bottom + lane - 4
            pen.path(f"M{n(x)} {n(y - 7)}l4.5 7h-9Z", fill="history", name="deployment")
            pen.close()
        elif span.kind == "incident":
            pen.open(span.key, span.title)
            pen.rect(x, area.bottom + 4, max(wide, 3), 8, "missed", radius=1.5, name="incident")
            pen.rect(x - 3, area.bottom + 1, max(wide, 3) + 6, 13, "transparent")
            pen.close()
            if span.badge:
                middle = min(max(x + wide / 2, area.left + _BADGE), area.right - _BADGE)
                _badge(pen, chart, area, span, middle, crowded)
        elif span.kind == "exclusion":
            pen.hit(x, area.top, max(wide, 4), area.bottom - area.top, span.key, span.title)


def _badge(pen: Pen, chart: Chart, area: Area, span: Span, x: float, crowded: list[float]) -> None:
    """A number above the line; higher where another stands near."""
    at = min(max(floor(span.start), 0), len(chart.x) - 1)
    before = [value for value in chart.series[0].values[:at] if value is not None]
    y = area.y(before[-1] if before else 1.0) - 14
    y -= 2.3 * _BADGE * sum(abs(x - other) < 2.2 * _BADGE for other in crowded)
    y = max(y, area.top - 6)
    crowded.append(x)
    pen.open(span.key, span.title)
    pen.dot(x, y, _BADGE, "card", "missed", 1.4, name="badge")
    pen.text(x, y + 4, span.badge, size=11.5, fill="missed", anchor="middle", weight=600)
    pen.close()

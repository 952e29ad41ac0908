"""SVG of what stands in rows: heat maps and lying bars."""

from app.charts import reading
from app.charts.description import Chart, Series
from app.charts.pen import Pen
from app.charts.scale import names, scale, shortened, width

_GAP = 3.0


def draw_heat(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> None:
    """A cell for each row and x: the verdict's shape and the value on its tint; dashed where there is no data."""
    left = min(max(width(series.name, 12.5) for series in chart.series) + 12, wide * 0.32)
    years = any(year for _, _, year in names(chart.x, 1000))
    bottom = high - (36 if years else 22)
    across, down = (wide - left) / max(len(chart.x), 1), (bottom - top) / max(len(chart.series), 1)
    ends, every = _ends(chart), [value for series in chart.series for value in series.values if value is not None]
    named = all(width(reading.value(chart, value), 12) + 4 <= across - _GAP for value in every)
    for row, series in enumerate(chart.series):
        y = top + row * down
        pen.name(y + down / 2, series.name, left - 8)
        for at in range(len(chart.x)):
            x = left + at * across
            pen.open(reading.key(chart, series, at), reading.cell(chart, series, at))
            _cell(pen, chart, series, at, (x + _GAP / 2, y + _GAP / 2, across - _GAP, down - _GAP), ends, named)
            pen.close()
    for at, name, year in names(chart.x, across):
        x = min(left + (at + 0.5) * across, wide - width(name) / 2)
        pen.text(x, bottom + 15, name, anchor="middle")
        if year:
            pen.text(min(x, wide - width(year) / 2), bottom + 29, year, anchor="middle", size=11.5)


def _ends(chart: Chart) -> tuple[float, float]:
    every = [value for series in chart.series for value in series.values if value is not None]
    return (min(0.0, *every), max(every)) if every else (0.0, 1.0)


def _cell(
    pen: Pen, chart: Chart, series: Series, at: int, box: tuple[float, float, float, float], ends: tuple[float, float],
    named: bool,
) -> None:  # fmt: skip
    """`named`: every value of the chart fits into its cell, or none is written where there are no verdicts."""
    x, y, across, down = box
    value = series.values[at]
    middle, centre = x + across / 2, y + down / 2
    if value is None:
        pen.rect(
            x, y, across, down, "transparent", radius=4, stroke="no_data", dash="3 3", name="no-data", opacity=0.55
        )
        return
    said = reading.value(chart, value)
    key = series.verdicts[at] if series.verdicts else "no_target"
    if series.verdicts:
        ground, ink = ("band" if key in ("no_target", "no_data") else f"{key}_tint"), "text"
    else:
        low, high = ends
        step = round(6 * (value - low) / (high - low)) if high > low else 0
        ground, ink = f"ramp_{step}", f"on_ramp_{step}"
    pen.rect(x, y, across, down, ground, radius=4, name="cell")
    if at in chart.partial:
        pen.hatch(x, y, across, down, "card", 5)
    shaped = key in ("met", "missed", "unsure")
    text = width(said, 12)
    if shaped and text + 22 <= across and down >= 17:
        pen.verdict(middle - text / 2 - 3, centre, key, 12)
        pen.text(middle + 8, centre + 4, said, fill=ink, anchor="middle")
    elif shaped and width(said, 11) + 2 <= across and down >= 32:
        pen.verdict(middle, centre - 7, key, 11)
        pen.text(middle, centre + 12, said, size=11, fill=ink, anchor="middle")
    elif shaped:
        pen.verdict(middle, centre, key, min(12, across - 4, down - 4))
    elif (named or series.verdicts) and text + 4 <= across and down >= 15:
        pen.text(middle, centre + 4, said, fill=ink, anchor="middle")


def draw_rows(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> None:
    """A lying bar for each x, its name before it, its value behind it; series after the first are drawn as ticks."""
    series = chart.series[0]
    axis = scale(chart)
    said = [reading.said(chart, series, at) for at in range(len(chart.x))]
    left = min(max(width(name, 12.5) for name in chart.x) + 12, wide * 0.4)
    shaped = bool(series.verdicts)
    room = min(max(width(text) for text in said) + (26 if shaped else 10), wide * 0.35)
    foot = 18 if chart.target is not None else 2
    down = min((high - top - foot) / max(len(chart.x), 1), 34)
    span = wide - left - room

    def place(value: float) -> float:
        return left + axis.share(value) * span

    for at, name in enumerate(chart.x):
        y, value = top + at * down, series.values[at]
        pen.name(y + down / 2, name, left - 10)
        thick = min(down * 0.58, 16)
        if value is None:
            pen.rect(place(0), y + (down - thick) / 2, 40, thick, "none", stroke="no_data", dash="3 3", name="no-data")
            pen.text(place(0) + 48, y + down / 2 + 4, said[at])
        else:
            ends = sorted((place(0), place(value)))
            key = series.verdicts[at] if shaped else "no_target"
            ink = "missed" if key == "missed" else "history" if series.role == "context" else "accent"
            pen.rect(ends[0], y + (down - thick) / 2, max(ends[1] - ends[0], 1), thick, ink, radius=2, name="bar")
            beyond = max(ends[1], place(0)) + 8
            if key in ("met", "missed", "unsure"):
                pen.verdict(beyond + 6, y + down / 2, key, 12)
                beyond += 18
            pen.text(beyond, y + down / 2 + 4, shortened(said[at], wide - beyond), fill="text")
        for other in chart.series[1:]:
            before = other.values[at]
            if before is not None:
                pen.line(place(before), y + 3, place(before), y + down - 3, "history", 2, name="before")
        pen.hit(0, y, wide, down, reading.key(chart, series, at), "\n".join(reading.hover(chart, at)))
    end = top + len(chart.x) * down
    pen.line(place(0), top, place(0), end, "history", 1, name="zero")
    if chart.target is not None and chart.target != 0:
        pen.line(place(chart.target), top, place(chart.target), end, "text", 1.2, "5 4", name="target")
    if chart.target is not None:
        words = reading.target(chart)
        middle = min(max(place(chart.target), width(words) / 2), wide - width(words) / 2)
        pen.text(middle, end + 14, words, fill="text", anchor="middle")

"""Charts as plotly figures, from the same description as the SVG: for pages where a reader hovers and clicks."""

from collections.abc import Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from app.charts import reading
from app.charts.description import Chart, Series
from app.charts.figure_parts import lines, note, plain, target, x_axis
from app.charts.figure_rows import heat, rows
from app.charts.scale import Scale, runs, scale, shortened, wrapped
from app.charts.svg_plot import STACK, Area, labels, room_of
from app.charts.theme import FONT, Palette, palette

CONFIG: dict[str, Any] = {"displayModeBar": "hover", "displaylogo": False, "scrollZoom": False, "responsive": True}
"""For `st.plotly_chart(..., config=CONFIG)`: no toolbar until hover."""
_CLEAR = "rgba(0,0,0,0)"


def figure(
    chart: Chart, dark: bool = False, height: int | None = None, titled: bool = False, width: int = 560
) -> go.Figure:
    """The chart as a figure of a fixed height, about `width` px wide: labels are so few that half of it will do.

    x stands at 0, 1, 2…; `customdata` holds what a click names.
    """
    colours = palette(dark)
    if reading.is_empty(chart):
        data, layout = _nothing(chart, colours, width)
    elif chart.kind == "heat":
        data, layout = heat(chart, colours, width)
    elif chart.kind == "bar" and chart.horizontal:
        data, layout = rows(chart, colours)
    else:
        data, layout = _plot(chart, colours, width)
    top = 14 + (18 if chart.marks else 0)
    if titled:
        title, subtitle = wrapped(chart.title, width - 40, 16), wrapped(chart.subtitle, width - 40, 13)
        top += 12 + 19 * len(title) + 17 * len(subtitle)
        layout["title"] = {
            "text": "<br>".join(plain(line) for line in title),
            "subtitle": {
                "text": "<br>".join(plain(line) for line in subtitle),
                "font": {"size": 12.5, "color": colours.muted},
            },
            "font": {"size": 15, "color": colours.text, "weight": 600},
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
            "pad": {"t": 4, "l": 2},
        }  # fmt: skip
    layout["margin"] = {"l": 8, "r": 12, "t": top, "b": 8} | layout.get("margin", {})
    label = {"family": FONT, "size": 13, "color": colours.text}
    layout |= {
        "height": height or _height(chart) + (top - 14),
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"family": FONT, "size": 12, "color": colours.muted},
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 20 if chart.kind in ("heat", "points") else 80,
        "hoverlabel": {"bgcolor": colours.card, "bordercolor": colours.hairline, "font": label, "align": "left"},
        "modebar": {"bgcolor": _CLEAR, "color": colours.muted, "activecolor": colours.accent},
        "dragmode": False,
        "bargap": 0.34,
    }
    return go.Figure({"data": data, "layout": layout})


def _height(chart: Chart) -> int:
    if chart.kind == "spark":
        return 44
    if chart.kind == "heat":
        return 48 + 38 * len(chart.series)
    if chart.horizontal:
        return 40 + 30 * len(chart.x)
    return 280


def _plot(chart: Chart, colours: Palette, width: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    axis, count = scale(chart), len(chart.x)
    data: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    if chart.limits:
        shapes += _band(chart, colours)
    if chart.kind != "bar":
        shapes += [_column(at, colours) for at in sorted(chart.partial)]
    if chart.target is not None:
        values = (chart.target, -chart.target) if chart.target_op == "within" else (chart.target,)
        shapes += [target(value, colours) for value in values]
    shapes += [_mark(mark.at, colours) for mark in chart.marks]
    hovers = [lines(reading.hover(chart, at)) for at in range(count)]
    if chart.kind == "bar":
        data = _bars(chart, colours, hovers)
    else:
        data = [
            trace
            for series in sorted(chart.series, key=lambda series: (series.role == "main", not series.at))
            for trace in (_cloud(chart, series, colours) if series.at else _line(chart, series, colours, hovers))
        ]
    data += _signals(chart, colours)
    spark = chart.kind == "spark"
    layout: dict[str, Any] = {
        "shapes": shapes,
        "annotations": [] if spark else _labels(chart, axis, colours) + _flags(chart, colours, width),
        "xaxis": x_axis(chart, colours, width) | ({"visible": False} if spark else {}),
        "yaxis": _y_axis(axis, colours) | ({"visible": False} if spark else {}),
        "barmode": "stack",
    }
    room = max((room_of(label) for label, _ in labels(chart, Area(0, 0, 1, 220, 1, axis))), default=0)
    layout["margin"] = {"l": 2, "r": 2, "t": 4, "b": 4} if spark else {"r": round(16 + room)}
    return data, layout


def _y_axis(axis: Scale, colours: Palette) -> dict[str, Any]:
    ends = [log10(axis.low), log10(axis.high)] if axis.log else [axis.low, axis.high]
    spare = (ends[1] - ends[0]) * 0.04
    return {
        "type": "log" if axis.log else "linear",
        "range": [ends[0] - (0 if axis.low == 0 else spare), ends[1] + spare],
        "tickmode": "array",
        "tickvals": [value for value, _ in axis.ticks],
        "ticktext": [name for _, name in axis.ticks],
        "gridcolor": colours.hairline,
        "zeroline": axis.low < 0 < axis.high,
        "zerolinecolor": colours.history,
        "fixedrange": True,
        "automargin": True,
        "tickfont": {"color": colours.muted},
    }


def _line(chart: Chart, series: Series, colours: Palette, hovers: Sequence[str]) -> list[dict[str, Any]]:
    """The line with its gaps; what leads into a period that is not over is a dotted trace of its own."""
    main = series.role == "main"
    ink = colours.accent if main else colours.history
    told = main and series is next(one for one in chart.series if one.role == "main" and not one.at)
    if chart.kind == "points":
        return [_strokes(chart, series, ink, 0.36, list(hovers) if told else [])]
    over = [None if at in chart.partial else value for at, value in enumerate(series.values)]
    stroke = {"color": ink, "width": 2.2 if main else 1.5}
    seen = _alone(over) if main else set()
    trace: dict[str, Any] = {"type": "scatter", "name": plain(series.name), "x": list(range(len(chart.x))), "y": over}
    trace |= {"connectgaps": False, "line": stroke, "customdata": list(chart.x), **_told(hovers if told else [])}
    trace |= {"mode": "lines+markers" if seen else "lines"}
    if seen:
        trace["marker"] = {"color": ink, "size": [7 if at in seen else 0 for at in range(len(chart.x))]}
    tails = []
    for at in sorted(chart.partial):
        if series.values[at] is None:
            continue
        near = [before for before in (at - 1, at) if before >= 0 and series.values[before] is not None]
        said = [hovers[here] if here == at else "" for here in near] if told else []
        tail: dict[str, Any] = {
            "type": "scatter",
            "name": "not over yet",
            "x": near,
            "y": [series.values[here] for here in near],
        }
        tail |= {"mode": "lines+markers" if main else "lines", "line": stroke | {"dash": "dot"}}
        tail |= {"customdata": [chart.x[here] for here in near], **_told(said)}
        if main:
            sizes = [8 if here == at else 0 for here in near]
            tail["marker"] = {"color": colours.card, "size": sizes, "line": {"color": ink, "width": 1.8}}
        tails.append(tail)
    return [trace, *tails]


def _told(texts: Sequence[str]) -> dict[str, Any]:
    """What a trace says on hover; nothing without texts."""
    return {"text": list(texts), "hovertemplate": "%{text}<extra></extra>"} if texts else {"hoverinfo": "skip"}


def _strokes(chart: Chart, series: Series, ink: str, half: float, hovers: Sequence[str]) -> dict[str, Any]:
    """A short level stroke for each value, as wide as the plot lets it be."""
    x, y, keys, said = [], [], [], []
    for at, value in enumerate(series.values):
        if value is not None:
            x += [at - half, at, at + half, None]
            y += [value, value, value, None]
            keys += [chart.x[at]] * 4
            said += [hovers[at]] * 4 if hovers else []
    return {
        "type": "scatter", "name": plain(series.name), "x": x, "y": y, "mode": "lines", "connectgaps": False,
        "line": {"color": ink, "width": 2.6}, "customdata": keys, **_told(said),
    }  # fmt: skip


def _alone(values: Sequence[float | None]) -> set[int]:
    """Which values must be seen as dots: those between two gaps, and the last."""
    found = runs(values)
    return {run[0] for run in found if len(run) == 1} | ({found[-1][-1]} if found else set())


def _cloud(chart: Chart, series: Series, colours: Palette) -> list[dict[str, Any]]:
    kept = [at for at, value in enumerate(series.values) if value is not None]
    return [
        {
            "type": "scatter",
            "name": plain(series.name),
            "x": [series.at[at] for at in kept],
            "y": [series.values[at] for at in kept],
            "mode": "markers",
            "marker": {"color": colours.history, "size": 7, "opacity": 0.6},
            "customdata": [reading.key(chart, series, at) for at in kept],
            "text": [plain(reading.said(chart, series, at)) for at in kept],
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]


def _bars(chart: Chart, colours: Palette, hovers: Sequence[str]) -> list[dict[str, Any]]:
    """Stacked bars, hatched where a period is not over; comparisons as short strokes."""
    stack = [getattr(colours, name) for name in STACK]
    data: list[dict[str, Any]] = []
    x = list(range(len(chart.x)))
    for series in chart.series:
        if series.role == "comparison":
            data.append(_strokes(chart, series, colours.history, 0.4, []))
            continue
        ink = colours.history if series.role == "context" else stack[min(len(data), 2)]
        said = _told(hovers) | {"textposition": "none"}
        shape = ["/" if at in chart.partial else "" for at in x]
        pattern = {"shape": shape, "fillmode": "overlay", "bgcolor": colours.card, "fgcolor": ink, "size": 6}
        data.append(
            {"type": "bar", "name": plain(series.name), "x": x, "y": list(series.values),
             "marker": {"color": ink, "line": {"width": [int(at in chart.partial) for at in x], "color": ink},
                        "pattern": pattern}, "customdata": list(chart.x), **said}
        )  # fmt: skip
    return data


def _signals(chart: Chart, colours: Palette) -> list[dict[str, Any]]:
    """Filled and ringed: a trace for the rings' ground, one for the dots."""
    told = [series for series in chart.series if not series.at and series.role != "comparison"]
    if not chart.signals or not told:
        return []
    stacked = chart.kind == "bar"
    places = []
    for signal in chart.signals:
        values = [series.values[signal.at] for series in (told if stacked else told[:1])]
        known = [value for value in values if value is not None]
        if known:
            ink = colours.met if signal.word == "improving" else colours.missed
            places.append((signal.at, sum(known), ink))
    rings = {"size": 14, "color": colours.card, "line": {"width": 1.5, "color": [ink for _, _, ink in places]}}
    dots = {"size": 7.5, "color": [ink for _, _, ink in places]}
    spot = {
        "type": "scatter",
        "x": [at for at, _, _ in places],
        "y": [value for _, value, _ in places],
        "mode": "markers",
    }
    spot |= {"name": "signal", "hoverinfo": "skip", "customdata": [chart.x[at] for at, _, _ in places]}
    return [spot | {"marker": rings}, spot | {"marker": dots}]


def _band(chart: Chart, colours: Palette) -> list[dict[str, Any]]:
    """The limits as closed paths in the data's own units, one for each unbroken run."""
    assert chart.limits
    floor = scale(chart).low
    low, _, high = chart.limits
    both = [None if one is None or other is None else one for one, other in zip(low, high, strict=True)]
    found = []
    for run in runs(both):
        ends = [(run[0] - 0.5, run[0]), *((at, at) for at in run), (run[-1] + 0.5, run[-1])]
        over = [f"{x:g},{max(high[at] or 0, floor):.12g}" for x, at in ends]
        under = [f"{x:g},{max(low[at] or 0, floor):.12g}" for x, at in reversed(ends)]
        path = f"M{'L'.join([*over, *under])}Z"
        found.append(
            {
                "type": "path",
                "path": path,
                "fillcolor": colours.band,
                "line": {"width": 0},
                "layer": "below",
                "name": "band",
            }
        )
    return found


def _column(at: int, colours: Palette) -> dict[str, Any]:
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": at - 0.5, "x1": at + 0.5, "y0": 0, "y1": 1,
        "name": "unfinished", "fillcolor": colours.hairline, "opacity": 0.35, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _mark(at: int, colours: Palette) -> dict[str, Any]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "name": "mark",
        "line": {"color": colours.history, "width": 1, "dash": "dot"},
    }  # fmt: skip


def _flags(chart: Chart, colours: Palette, width: int) -> list[dict[str, Any]]:
    """A flag for each mark, with its title where there is room before the next."""
    marks, step = sorted(chart.marks, key=lambda mark: mark.at), 0.5 * width / max(len(chart.x), 1)
    found = []
    for place, mark in enumerate(marks):
        beyond = marks[place + 1].at if place + 1 < len(marks) else len(chart.x) + 1
        room = (beyond - mark.at) * step - 18
        text = f"⚑ {plain(shortened(mark.title, room, 11))}" if room > 36 else "⚑"
        where = {"x": mark.at, "xref": "x", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"}
        found.append(note(text, colours.muted, 11) | where | {"hovertext": plain(mark.title)})
    return found


def _labels(chart: Chart, axis: Scale, colours: Palette) -> list[dict[str, Any]]:
    """Direct labels at the right edge, moved apart where they would meet."""
    area = Area(0, 0, 1, 220, 1, axis)
    inks = {"text": colours.text, "muted": colours.muted, "accent": colours.accent}
    notes = []
    for label, place in labels(chart, area):
        words = note(plain(label.text), inks[label.fill], 12)
        sign = "━" if label.stroke else "■"
        square = f'<span style="color:{getattr(colours, label.swatch)}">{sign}</span> ' if label.swatch else ""
        words["font"] |= {"weight": label.weight}
        words |= {"text": f"{square}{words['text']}", "x": 1, "xref": "paper", "xanchor": "left", "xshift": 6}
        words |= {"y": 1 - place / 220, "yref": "paper", "yanchor": "middle"}
        notes.append(words)
    return notes


def _nothing(chart: Chart, colours: Palette, width: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """No axis: what is missing and what would bring it, in words."""
    text = "<br>".join(plain(line) for line in wrapped(chart.empty or "No data", 0.5 * width, 13, most=4))
    words = note(text, colours.muted, 13) | {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "align": "center"}
    frame = {"type": "rect", "xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "name": "empty"}
    frame |= {"line": {"color": colours.no_data, "width": 1, "dash": "dash"}, "fillcolor": _CLEAR, "opacity": 0.6}
    hidden = {"visible": False, "fixedrange": True}
    return [], {"annotations": [words], "shapes": [frame], "xaxis": hidden, "yaxis": hidden}

"""Plotly's parts for what stands in rows: heat maps and lying bars."""

from typing import Any

from app.charts import reading
from app.charts.description import Chart, Series
from app.charts.figure_parts import lines, note, plain, target, x_axis
from app.charts.scale import scale, shortened
from app.charts.scale import width as text_width
from app.charts.theme import SHAPES, Palette, VerdictKey

_VERDICTS: tuple[VerdictKey, ...] = ("no_data", "no_target", "met", "unsure", "missed")


def rows(chart: Chart, colours: Palette) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Lying bars, each with its words behind it; series after the first are short strokes."""
    series, y = chart.series[0], list(range(len(chart.x)))
    axis = scale(chart)
    keys: tuple[VerdictKey, ...] = series.verdicts or tuple("no_target" for _ in y)
    inks = [colours.missed if key == "missed" else colours.accent for key in keys]
    texts = [f"{SHAPES[key]} {plain(reading.said(chart, series, at))}".strip() for at, key in enumerate(keys)]
    data: list[dict[str, Any]] = [
        {"type": "bar", "orientation": "h", "name": plain(series.name), "y": y, "x": list(series.values),
         "marker": {"color": inks},
         "customdata": list(chart.x), "hovertext": [
             lines(reading.hover(chart, at)) for at in y], "hovertemplate": "%{hovertext}<extra></extra>"}
    ]  # fmt: skip
    for other in chart.series[1:]:
        marker = {"symbol": "line-ns-open", "size": 18, "color": colours.history}
        marker["line"] = {"width": 2, "color": colours.history}
        data.append(
            {"type": "scatter", "name": plain(other.name), "y": y, "x": list(other.values), "mode": "markers",
             "marker": marker, "customdata": list(chart.x), "hoverinfo": "skip"}
        )  # fmt: skip
    shapes: list[dict[str, Any]] = []
    if chart.target:
        shapes = [target(chart.target, colours) | {"xref": "x", "yref": "paper", "y0": 0, "y1": 1}]
        shapes[0] |= {"x0": chart.target, "x1": chart.target}
    notes = [
        note(text, colours.no_data if value is None else colours.text, 12)
        | {"x": max(value or 0, 0), "y": at, "xref": "x", "yref": "y", "xanchor": "left", "xshift": 6}
        for at, (text, value) in enumerate(zip(texts, series.values, strict=True))
    ]
    if chart.target is not None:
        where = {"x": chart.target, "y": 0, "xref": "x", "yref": "paper", "yanchor": "top"}
        notes.append(note(plain(reading.target(chart)), colours.text, 12) | where)
    room = max((text_width(text) for text in texts), default=0)
    layout = {
        "shapes": shapes,
        "annotations": notes,
        "xaxis": {
            "range": [axis.low, axis.high], "showgrid": False, "showticklabels": False, "fixedrange": True,
            "zeroline": True, "zerolinecolor": colours.history,
        },
        "yaxis": {
            "tickmode": "array", "tickvals": y, "ticktext": [f"{plain(shortened(name, 190))}  " for name in chart.x],
            "range": [len(y) - 0.5, -0.5], "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True,
            "tickfont": {"color": colours.text},
        },
        "margin": {"r": round(16 + min(room, 180)), "b": 26 if chart.target is not None else 8},
    }  # fmt: skip
    return data, layout


def heat(chart: Chart, colours: Palette, width: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Cells with sign and value; those without data are blank with a dashed outline."""
    judged = any(series.verdicts for series in chart.series)
    x, y = list(range(len(chart.x))), list(range(len(chart.series)))
    names = [shortened(series.name, 0.25 * width, 12.5) for series in chart.series]
    room = (width - 24 - max((text_width(name, 12.5) for name in names), default=0)) / max(len(x), 1) - 4
    texts = [[_cell(chart, series, at, room) for at in x] for series in chart.series]
    if judged:
        z: list[list[float | None]] = [
            [None if series.values[at] is None else _VERDICTS.index(series.verdicts[at]) for at in x]
            for series in chart.series
        ]
        grounds = [colours.tint(key) if key not in ("no_data", "no_target") else colours.band for key in _VERDICTS]
        ramp = [(edge, ground) for at, ground in enumerate(grounds) for edge in (at / 5, (at + 1) / 5)]
        ends: dict[str, float] = {"zmin": -0.5, "zmax": 4.5}
    else:
        z = [list(series.values) for series in chart.series]
        ramp = [(at / 6, ground) for at, ground in enumerate(colours.ramp)]
        known = [value for row in z for value in row if value is not None]
        ends = {"zmin": min(0.0, *known), "zmax": max(known)} if known else {"zmin": 0, "zmax": 1}
    trace = {
        "type": "heatmap", "x": x, "y": y, "z": z, "colorscale": ramp, "showscale": False, "xgap": 3, "ygap": 3,
        "hoverongaps": True, **ends,
        "customdata": [[reading.key(chart, series, at) for at in x] for series in chart.series],
        "hovertext": [[plain(reading.cell(chart, series, at)) for at in x] for series in chart.series],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }  # fmt: skip
    if judged:
        trace |= {"text": texts, "texttemplate": "%{text}", "textfont": {"color": colours.text}}
    gaps = [
        {"type": "rect", "x0": at - 0.46, "x1": at + 0.46, "y0": row - 0.44, "y1": row + 0.44, "name": "no-data",
         "line": {"color": colours.no_data, "width": 1, "dash": "dot"}, "fillcolor": "rgba(0,0,0,0)", "opacity": 0.7}
        for row, series in enumerate(chart.series) for at in x if series.values[at] is None
    ]  # fmt: skip
    layout = {
        "shapes": gaps,
        "xaxis": x_axis(chart, colours, width),
        "yaxis": {
            "tickmode": "array", "tickvals": y, "ticktext": [f"{plain(name)}  " for name in names],
            "range": [len(y) - 0.5, -0.5], "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True,
            "tickfont": {"color": colours.text, "size": 12.5},
        },
    }  # fmt: skip
    return [trace] if judged else [trace, _amounts(chart, texts, colours, ends)], layout


def _amounts(chart: Chart, texts: list[list[str]], colours: Palette, ends: dict[str, float]) -> dict[str, Any]:
    """The values of a ramp's cells, each in the ink that can be read on its step."""
    low, high = ends["zmin"], ends["zmax"]
    found = [
        (at, row, texts[row][at], colours.on_ramp[round(6 * (value - low) / (high - low)) if high > low else 0])
        for row, series in enumerate(chart.series)
        for at, value in enumerate(series.values)
        if value is not None
    ]
    x, y, words, inks = (list(column) for column in zip(*found, strict=True)) if found else ([], [], [], [])
    return {
        "type": "scatter", "mode": "text", "x": x, "y": y, "text": words, "textfont": {"color": inks, "size": 11},
        "hoverinfo": "skip",
    }  # fmt: skip


def _cell(chart: Chart, series: Series, at: int, room: float) -> str:
    """Sign beside value where there is room, else above it, else the sign alone."""
    amount = series.values[at]
    if amount is None:
        return ""
    sign, words = SHAPES[series.verdicts[at]] if series.verdicts else "", reading.value(chart, amount)
    if text_width(words, 11) > room:
        return sign
    return f"{sign}{' ' if text_width(words, 12) + 18 <= room else '<br>'}{plain(words)}" if sign else plain(words)

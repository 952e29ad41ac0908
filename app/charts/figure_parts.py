"""Small parts that plotly figures share."""

from collections.abc import Sequence
from typing import Any

from app.charts.description import Chart
from app.charts.scale import names
from app.charts.shown import shown
from app.charts.theme import Palette


def x_axis(chart: Chart, colours: Palette, width: int) -> dict[str, Any]:
    """The axis of x, so thinly named that labels stay apart on half of the width."""
    named = names(chart.x, 0.35 * width / max(len(chart.x), 1))
    return {
        "tickmode": "array",
        "tickvals": [at for at, _, _ in named],
        "ticktext": [f"{plain(name)}<br>{year}" if year else plain(name) for _, name, year in named],
        "range": [-0.5, len(chart.x) - 0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickangle": 0,
        "automargin": True,
        "tickfont": {"color": colours.muted},
    }


def target(value: float, colours: Palette) -> dict[str, Any]:
    """The target as a dashed line across."""
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "name": "target",
        "line": {"color": colours.text, "width": 1.2, "dash": "dash"},
    }  # fmt: skip


def note(text: str, ink: str, size: float) -> dict[str, Any]:
    """Words without an arrow."""
    return {"text": text, "showarrow": False, "align": "left", "font": {"color": ink, "size": size}}


def lines(texts: Sequence[str]) -> str:
    """The texts, one below the other."""
    return "<br>".join(plain(text) for text in texts)


def plain(text: str) -> str:
    """Text that plotly shows as it is: no markup, no templates."""
    return shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")

"""Charts as small SVG documents: for first screens, tiles and pages that must stand by themselves.

Colours are CSS variables (`theme.css_variables`) with the asked theme's as fallback: one drawing serves light and dark.
"""

from typing import NamedTuple

from app.charts import reading
from app.charts.description import Chart
from app.charts.pen import Pen, colour, escaped, n
from app.charts.scale import wrapped
from app.charts.svg_burndown import draw_burndown
from app.charts.svg_curve import draw_curve
from app.charts.svg_dumbbell import draw_dumbbells
from app.charts.svg_dumbbell import height as rows_height
from app.charts.svg_plot import draw_plot, draw_spark
from app.charts.svg_rows import draw_heat, draw_rows
from app.charts.svg_timeline import draw_timeline
from app.charts.theme import FONT, Palette, VerdictKey


class Plain(NamedTuple):
    """For a document that allows no style attribute (a page with a strict CSP), or knows no variables (a PDF)."""

    font: str
    """The name of the font, as an attribute."""
    palette: Palette | None = None
    """The colours themselves; None: variables, as ever."""


def draw(
    chart: Chart, width: float = 560, height: float = 280, dark: bool = False, titled: bool = True, live: bool = False,
    plain: Plain | None = None,
) -> str:  # fmt: skip
    """The chart as an SVG document of this size in px; `titled` puts finding and subtitle inside.

    Each x (point, cell) is an element of class `nines-hit` with its key in `data-key` and its words in a title; `live`,
    for a page whose script tells them and makes them keys of a keyboard, the words are its name.
    """
    pen = Pen(plain.palette if plain and plain.palette else dark, live)
    if chart.kind == "spark":
        if reading.is_empty(chart):
            pen.line(4, height / 2, width - 4, height / 2, "no_data", 1, "3 4", name="no-data")
        else:
            draw_spark(pen, chart, width, height)
        return _document(pen, chart, width, height, plain)
    top = _head(pen, chart, width) if titled else 4
    if reading.is_empty(chart):
        _empty(pen, chart, width, top, height)
    elif chart.kind == "heat":
        draw_heat(pen, chart, width, top, height)
    elif chart.kind in ("dumbbell", "interval"):
        draw_dumbbells(pen, chart, width, top, height)
    elif chart.kind == "burndown":
        draw_burndown(pen, chart, width, top, height)
    elif chart.kind == "curve":
        draw_curve(pen, chart, width, top, height)
    elif chart.kind == "timeline":
        draw_timeline(pen, chart, width, top, height)
    elif chart.kind == "bar" and chart.horizontal:
        draw_rows(pen, chart, width, top, height)
    else:
        draw_plot(pen, chart, width, top, height)
    return _document(pen, chart, width, height, plain)


def shape(key: VerdictKey, size: float = 16, dark: bool | Palette = False) -> str:
    """A verdict's shape alone, for tiles and tables; hidden from screen readers: the word stands beside it."""
    pen = Pen(dark)
    pen.verdict(size / 2, size / 2, key, size * 0.8)
    return f'<svg {_size(size, size)} aria-hidden="true">{"".join(pen.parts)}</svg>'


def _document(pen: Pen, chart: Chart, width: float, height: float, plain: Plain | None) -> str:
    font, title, words = escaped(f"var(--nines-font,{FONT})"), escaped(chart.title), escaped(reading.alt(chart))
    named = f'role="img" aria-label="{title}. {words}"'
    inside = f"<title>{title}</title><desc>{words}</desc>"
    if pen.live:  # An image would hide its points from a screen reader, and a title would cover what they say.
        named, inside = f'role="group" aria-roledescription="chart" aria-label="{title}"', f"<desc>{words}</desc>"
    face = f'style="font-family:{font};font-variant-numeric:tabular-nums"'
    if plain:
        face = f'font-family="{escaped(plain.font)}"'
    return f'<svg {_size(width, height)} {named} class="nines-chart" {face}>{inside}{"".join(pen.parts)}</svg>'


def height(chart: Chart) -> int:
    """How high a chart stands well in a card."""
    if chart.kind == "heat":
        return 44 + 34 * len(chart.series)
    if chart.kind in ("dumbbell", "interval"):
        return rows_height(chart)
    if chart.horizontal:
        return 26 + 30 * max(len(chart.x), 3)
    return 250


def _size(width: float, height: float) -> str:
    across, down = n(width), n(height)
    return f'xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" viewBox="0 0 {across} {down}"'


def _head(pen: Pen, chart: Chart, width: float) -> float:
    """Draws finding and subtitle; gives the height they take."""
    at = 4.0
    for line in wrapped(chart.title, width - 4, 15.5):
        at += 19
        pen.text(0, at - 4, line, size=15, fill="text", weight=600)
    for line in wrapped(chart.subtitle, width - 4, 12.5):
        at += 16
        pen.text(0, at - 2, line, size=12.5)
    return at + 12


def _empty(pen: Pen, chart: Chart, width: float, top: float, height: float) -> None:
    """Says what is missing and what would bring it, in a dashed frame instead of an axis."""
    lines = wrapped(chart.empty or "No data", width - 48, 13, most=3)
    frame = colour("no_data", pen.dark)
    pen.parts.append(
        f'<rect class="nines-empty" x="0.5" y="{n(top)}" width="{n(width - 1)}" height="{n(max(height - top - 1, 0))}" '
        f'rx="8" fill="none" stroke="{frame}" stroke-dasharray="4 4" stroke-opacity="0.6"/>'
    )
    middle = (top + height) / 2 - (len(lines) - 1) * 9 + 4
    for at, line in enumerate(lines):
        pen.text(width / 2, middle + at * 18, line, size=13, anchor="middle")

"""An interactive chart in a card: its finding as heading, what is drawn below it, hover and click.

plots.plot(chart, "restore", ["time_to_restore"], on_click=plots.narrow)   # a click narrows the page to its period
incident = plots.plot(chart, "points", of, clickable=True)   # or comes back, once, as what the chart names it
plots.plot(chart, "points", of, zoom=True)                   # with a switch to plotly, where a reader may want to zoom

A chart is SVG made here, for four widths of card; the page shows the one that fits its card, by CSS alone. `points.js`
tells what a point says on hover and focus, and moves between points by the arrow keys.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.charts import reading, svg
from app.charts.description import Chart
from app.charts.figure import CONFIG, figure
from app.charts.theme import palette
from app.metrics import periods
from app.ui import filters, freshness
from app.ui.board import Act, board
from app.ui.markup import Markup, el, join

WIDTHS = {"small": 300, "narrow": 410, "middle": 560, "wide": 900}
"""What is drawn, in px; `board.css` shows the one that fits the card, so that text stands at 11 to 17 px."""
_ZOOM = "Drag over the chart to look closer; a double click shows all of it again."
_CARD = """<style>
[class*="st-key-plot_"] {{ background: {ground}; border-radius: 10px; }}
[data-testid="stColumn"]:has([class*="st-key-plot_"]) {{ min-width: min(330px, 100%); }}
</style>"""


def style() -> None:
    """The cards' ground, and how narrow they may be before one goes to the next line; once a page."""
    st.html(_CARD.format(ground=palette(_dark()).card))


def _dark() -> bool:
    return st.context.theme.type == "dark"


def card(key: str, of: Sequence[str]) -> DeltaGenerator:
    """A card as high as its neighbours, which says first what makes the KPIs old that it is made from."""
    made = st.container(border=True, key=f"plot_{key}", gap="xsmall", height="stretch")
    if late := freshness.note(*of):
        with made:
            board(late, key=f"{key}_behind")
    return made


def plot(
    chart: Chart,
    key: str,
    of: Sequence[str],
    *,
    on_click: Callable[[str], None] | None = None,
    clickable: bool = False,
    height: int | None = None,
    zoom: bool = False,
) -> str | None:
    """Shows the chart, made from the KPIs `of`. What was clicked goes to `on_click` before the page is drawn again, or
    comes back when `clickable`. With `zoom` a reader can have it drawn by plotly, which costs a page seconds: so only
    when asked."""
    asks = clickable or on_click is not None
    with card(key, of):
        zooms = zoom and not reading.is_empty(chart)
        if zooms and st.session_state.get(f"{key}_zoom"):
            board(heading(chart), key=f"{key}_heading")
            picked = _zoomable(chart, key, on_click, clickable, height)
        else:
            act = board(drawn(chart, height, asks), key=f"{key}_chart", on_act=partial(_answer, chart, on_click))
            picked = _picked(chart, act)
        if zooms:
            st.toggle("Zoom", key=f"{key}_zoom", help=_ZOOM)
    return picked if clickable else None


def heading(chart: Chart) -> Markup:
    """A chart's finding, and what is drawn."""
    return el("div", el("h2", chart.title), el("p", chart.subtitle, cls="sub"), cls="heading")


@lru_cache(maxsize=256)
def drawn(chart: Chart, height: int | None = None, asks: bool = False) -> Markup:
    """The heading and the drawings, one of which is shown; with `asks`, a click on a point comes back."""
    if reading.is_empty(chart):
        said = chart.empty or "No data in these periods."
        return el("div", el("h2", chart.title), el("p", said, cls="muted"), cls="heading")
    high = height or svg.height(chart)
    drawings = [
        el("div", Markup(svg.draw(chart, wide, high, titled=False, live=True)), cls=f"drawing {name}")
        for name, wide in WIDTHS.items()
    ]
    return join(heading(chart), el("div", join(*drawings), cls="plot", data_pick=asks))


def _answer(chart: Chart, on_click: Callable[[str], None] | None, act: Act) -> None:
    picked = _picked(chart, act)
    if picked is not None and on_click is not None:
        on_click(picked)


def _picked(chart: Chart, act: Act | None) -> str | None:
    """What the chart names the point that was clicked; None for nothing, or for what a browser made up."""
    picked = act.get("key") if act is not None and act["do"] == "pick" else None
    return picked if isinstance(picked, str) and picked and picked in reading.keys(chart) else None


def narrow(clicked: str) -> None:
    """Narrows the page to the period that was clicked; anything else is passed over."""
    try:
        periods.parse(clicked)
    except ValueError:
        return
    filters.narrow(period=clicked)


def _zoomable(
    chart: Chart, key: str, on_click: Callable[[str], None] | None, clickable: bool, height: int | None
) -> str | None:
    """The chart by plotly."""

    def answer() -> None:
        clicked = _clicked(key)
        if clicked is not None and on_click is not None:
            on_click(clicked)

    made = figure(chart, _dark(), height)
    made.for_each_trace(_calm)
    made.update_layout(dragmode="zoom")
    made.update_xaxes(fixedrange=False)
    made.update_yaxes(fixedrange=False)
    how: dict[str, Any] = {"key": key, "config": CONFIG, "theme": None, "alt": reading.alt(chart)}
    if clickable or on_click is not None:
        how |= {"selection_mode": "points", "on_select": "rerun" if on_click is None else answer}
    st.plotly_chart(made, **how)
    return _clicked(key) if clickable else None


def _calm(trace: Any) -> None:
    """What is not clicked stays as it is."""
    if trace.type in ("bar", "scatter"):
        opacity = trace.marker.opacity
        trace.unselected = {"marker": {"opacity": 1 if opacity is None else opacity}}


def _clicked(key: str) -> str | None:
    """What the chart names the point that was clicked; None for nothing, or for what a browser made up."""
    state = st.session_state.get(key)
    points = state.get("selection", {}).get("points", []) if hasattr(state, "get") and state is not None else []
    if not points or not isinstance(points[0], dict):
        return None
    named = points[0].get("customdata")
    named = named[0] if isinstance(named, list) and named else named
    return named if isinstance(named, str) and named else None

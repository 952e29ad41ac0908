"""An interactive chart in a card: its finding as heading, what is drawn below it, hover and click.

plots.plot(chart, key="restore", on_click=plots.narrow)      # a click on a bar or point narrows the page to its period
incident = plots.plot(chart, key="points", clickable=True)   # or comes back, once, as what the chart names it
"""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.charts import reading
from app.charts.description import Chart
from app.charts.figure import CONFIG, figure
from app.charts.theme import palette
from app.metrics import periods
from app.ui import filters
from app.ui.board import board
from app.ui.markup import el

_CARD = '<style>[class*="st-key-plot_"] {{ background: {ground}; border-radius: 10px; }}</style>'


def style() -> None:
    """The cards' ground, once a page: a chart's card looks like every other card."""
    st.html(_CARD.format(ground=palette(_dark()).card))


def _dark() -> bool:
    return st.context.theme.type == "dark"


def card(key: str) -> DeltaGenerator:
    """A card as high as its neighbours."""
    return st.container(border=True, key=f"plot_{key}", gap="xsmall", height="stretch")


def plot(
    chart: Chart,
    key: str,
    *,
    on_click: Callable[[str], None] | None = None,
    clickable: bool = False,
    height: int | None = None,
) -> str | None:
    """Shows the chart. What was clicked goes to `on_click` before the page is drawn again, or comes back when
    `clickable`."""

    def answer() -> None:
        clicked = _clicked(key)
        if clicked is not None and on_click is not None:
            on_click(clicked)

    with card(key):
        if reading.is_empty(chart):
            said = chart.empty or "No data in these periods."
            board(el("div", el("h2", chart.title), el("p", said, cls="muted"), cls="heading"), key=f"{key}_heading")
            return None
        board(el("div", el("h2", chart.title), el("p", chart.subtitle, cls="sub"), cls="heading"), key=f"{key}_heading")
        drawn = figure(chart, _dark(), height)
        drawn.for_each_trace(_calm)
        if clickable or on_click is not None:
            st.plotly_chart(
                drawn,
                key=key,
                config=CONFIG,
                theme=None,
                alt=reading.alt(chart),
                selection_mode="points",
                on_select="rerun" if on_click is None else answer,
            )
        else:
            st.plotly_chart(drawn, key=key, config=CONFIG, theme=None, alt=reading.alt(chart))
    return _clicked(key) if clickable else None


def _calm(trace: Any) -> None:
    """What is not clicked stays as it is."""
    if trace.type in ("bar", "scatter"):
        opacity = trace.marker.opacity
        trace.unselected = {"marker": {"opacity": 1 if opacity is None else opacity}}


def narrow(clicked: str) -> None:
    """Narrows the page to the period that was clicked; anything else is passed over."""
    try:
        periods.parse(clicked)
    except ValueError:
        return
    filters.narrow(period=clicked)


def _clicked(key: str) -> str | None:
    """What the chart names the point that was clicked; None for nothing, or for what a browser made up."""
    state = st.session_state.get(key)
    points = state.get("selection", {}).get("points", []) if hasattr(state, "get") and state is not None else []
    if not points or not isinstance(points[0], dict):
        return None
    named = points[0].get("customdata")
    named = named[0] if isinstance(named, list) and named else named
    return named if isinstance(named, str) and named else None

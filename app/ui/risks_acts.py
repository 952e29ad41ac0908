"""What a click on the Risk register does: lists a cell, explains a tile, opens a risk."""

import streamlit as st

from app.metrics.register import Level
from app.ui import act, read, risks_tables
from app.ui.board import Act
from app.ui.choices import Asked
from app.ui.risks import OWN, Shown

_CELL = "risk_cell"


def cell() -> Level | None:
    """The cell of the matrix whose risks are listed."""
    held = st.session_state.get(_CELL)
    return Level(*held) if held else None


def before(clicked: Act) -> None:
    """Answers a click that must happen before the page is drawn again; give it to `board` as `on_act`."""
    act.before(clicked)
    if clicked["do"] == "cell":
        likelihood, impact = clicked.get("likelihood"), clicked.get("impact")
        if isinstance(likelihood, int) and isinstance(impact, int) and {likelihood, impact} <= set(range(1, 6)):
            level = Level(likelihood, impact)
            choose(None if cell() == level else level)
    elif clicked["do"] == "all_cells":
        choose(None)


def choose(level: Level | None = None) -> None:
    """Lists the risks of a cell, from the first; None: all."""
    st.session_state[_CELL] = level
    st.session_state.pop("cell_page", None)


def after(clicked: Act | None, page: Shown, asked: Asked) -> None:
    """Answers any other click; call it once, at the end of the page."""
    if clicked is not None and clicked["do"] == "explain" and clicked.get("kpi") in OWN:
        key = str(clicked["kpi"])
        told = risks_tables.behind(key, page)
        if told is not None:
            st.dialog(f"{told.title}, {asked.words}", width="large")(_explain)(key, page, asked)
        return
    act.after(clicked, asked)


def _explain(key: str, page: Shown, asked: Asked) -> None:
    with read.held():
        act.after(risks_tables.explain(key, page), asked)

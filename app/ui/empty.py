"""No data, said calmly: what is missing, and what brings it. Never an empty axis, never a zero."""

from collections.abc import Sequence

import streamlit as st

from app.ui import places
from app.ui.board import board
from app.ui.markup import button, el


def store(title: str) -> None:
    """The page on a store without any fact: three ways to fill it."""
    markup = el(
        "section",
        el("h1", title, cls="quiet"),
        el("h2", "Nothing here yet"),
        el("p", "Nines shows numbers only where there are facts. Three ways to bring some:", cls="muted"),
        el(
            "ol",
            _way(
                "Look around first",
                "Fill this store with an invented company of 40 services and two years of facts:",
                "nines demo",
            ),
            _way(
                "Import your files",
                "One CSV for each kind of fact, a workbook, or a folder or zip of them. "
                "Rows that do not fit are set aside with the reason:",
                "nines import incidents.csv services.csv",
            ),
            el(
                "li",
                el("h3", "Upload here"),
                el("p", "See what a file would change before anything is kept."),
                button("Open Data health", act={"do": "open", "place": "data_health"}, cls="primary"),
            ),
            cls="ways",
        ),
        cls="welcome",
    )
    act = board(markup, key="empty_store")
    if act and act["do"] == "open":
        places.go(places.DATA_HEALTH)


def _way(title: str, words: str, command: str) -> str:
    return el("li", el("h3", title), el("p", words), el("code", command))


def page(missing: str, brings: Sequence[str]) -> None:
    """A page, or a part of one, that has no data: what is missing, and the files, sources or commands that bring it."""
    with st.container(border=True):
        st.markdown(f":material/hourglass_empty: **No data: {missing}**")
        st.caption("What brings it: " + ", ".join(f"`{way}`" for way in brings))

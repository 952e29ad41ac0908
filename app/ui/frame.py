"""What surrounds every page: navigation, the filter bar with freshness, who is here, which zone the dates are in."""

from pathlib import Path

import streamlit as st

from app import settings
from app.ui import act, empty, filters, freshness, places, read, who
from app.ui.board import board
from app.ui.markup import el

ICON = Path(__file__).resolve().parents[1] / "static" / "favicon.png"
LOGO = Path(__file__).parent / "art" / "logo.svg"
SIDEBAR_PX = 220
CONTENT_PX = 1280


def show() -> None:
    """Draws the frame and runs the page that was asked for. Raises StoreError or SettingsError with a sentence
    to show."""
    with read.held():
        _show()


def _show() -> None:
    groups, by_title = places.navigation()
    page = st.navigation(groups)
    place = by_title[page.title]
    chosen = settings.load()
    directory = read.directory()
    st.logo(LOGO, icon_image=ICON)
    with st.sidebar:
        _who(chosen, directory.policy.timezone)
    with st.container(horizontal_alignment="center"), st.container(width=CONTENT_PX, gap="small"):
        if place.alone:
            board(el("header", el("h1", place.title), cls="head"), key="frame_head")
            page.run()
            return
        if directory.empty:
            if place is places.DATA_HEALTH:
                page.run()
            else:
                empty.store(place.title)
            return
        clicked = board(el("header", el("h1", place.title), freshness.link(place), cls="head"), key="frame_head")
        asked = filters.bar()
        filters.notes()
        page.run()
        act.after(clicked, asked)


def _who(chosen: settings.Settings, zone: str) -> None:
    st.space("stretch")
    st.caption(f":material/person: {_plain(who.person().name)}  \n:material/schedule: Dates in {_plain(zone)}")
    if chosen.demo:
        st.caption(":material/science: Demo organisation: invented numbers")


def _plain(text: str) -> str:
    """Text that Markdown takes as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#+-.!|:$~" else letter for letter in text)

"""What surrounds every page: navigation, the filter bar with freshness, who is here, which zone the dates are in."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import streamlit as st

from app import settings, watch
from app.people import Person
from app.ui import act, empty, entry, filters, forms_register, freshness, places, read, who
from app.ui.board import board
from app.ui.markup import el, plain

ICON = Path(__file__).resolve().parents[1] / "static" / "favicon.png"
FAVICON = f"data:image/png;base64,{b64encode(ICON.read_bytes()).decode()}"
"""Itself, since a file would be served as a download, which needs a session; without one, Streamlit takes the page's
icon from outside."""
LOGO = Path(__file__).parent / "art" / "logo.svg"
SIDEBAR_PX = 220
CONTENT_PX = 1280
_WHO = "font-size: 0.875rem; opacity: 0.75; overflow-wrap: anywhere"


def show() -> None:
    """Draws the frame and runs the page that was asked for, for who may enter. Raises StoreError or SettingsError
    with a sentence to show."""
    person = entry.person()
    if person is not None:
        with who.held(person), read.held():
            _show(person)


def _show(person: Person) -> None:
    groups, by_title = places.navigation(person)
    page = st.navigation(groups)
    place = by_title[page.title]
    with watch.run(place.name):
        _page(person, page, place)


def _page(person: Person, page: Any, place: places.Place) -> None:
    chosen = settings.load()
    directory = read.directory()
    st.logo(LOGO, icon_image=ICON)
    with st.sidebar:
        _who(person, chosen, directory.policy.timezone)
    with st.container(horizontal_alignment="center"), st.container(width=CONTENT_PX, gap="small"):
        if place.alone:
            board(el("header", el("h1", place.title), cls="head"), key="frame_head")
            filters.limits()
            page.run()
            return
        if directory.empty:
            if place is places.DATA_HEALTH:
                page.run()
            elif place is places.RISKS:
                forms_register.start(place.title)
            else:
                empty.store(place.title)
            return
        clicked = board(el("header", el("h1", place.title), freshness.link(place), cls="head"), key="frame_head")
        asked = filters.bar()
        filters.notes()
        page.run()
        act.after(clicked, asked)


def _who(person: Person, chosen: settings.Settings, zone: str) -> None:
    st.space("stretch")
    zoned = f":material/schedule: Dates in {plain(zone)}"
    if chosen.signs_in:
        # Not Markdown: it would make an address a link.
        roles = el("div", ", ".join(sorted(person.roles)))
        st.html(el("div", el("strong", person.name), roles, style=_WHO))
        st.caption(zoned)
    else:
        st.caption(f":material/person: {plain(person.name)}  \n{zoned}")
    entry.sign_out()
    if chosen.demo:
        st.caption(":material/science: Demo organisation: invented numbers")

"""The door of the pages: who has not signed in sees how to, who has no role sees whom to ask, and nothing else."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app import settings
from app.people import Person
from app.settings import Settings
from app.ui import places, who
from app.ui.markup import plain

_WIDTH_PX = 420


def person() -> Person | None:
    """Who may go on to a page. Without a role, or not signed in, it draws what to do and gives None.

    Asked at each run of the script: a session that has ended, or is too old, ends here. Raises StoreError or
    SettingsError with a sentence to show.
    """
    chosen = settings.load()
    if not chosen.signs_in:
        return who.person()
    kept = who.session(chosen)
    if kept is None:
        _alone(partial(_sign_in, chosen), "Sign in")
        return None
    found = who.known(kept, chosen)
    if not found.roles:
        _alone(partial(_ask, found, chosen), "No access")
        return None
    return found


def sign_out() -> None:
    """The button that ends the session: here, in every other tab, and at the provider."""
    if settings.load().signs_in and st.button("Sign out", icon=":material/logout:", type="tertiary", key="sign_out"):
        st.logout()


def _alone(show: Callable[[], None], title: str) -> None:
    """Shows this at whatever address was asked for, which stays as it is."""
    pages = [
        st.Page(show, title=title, url_path=place.name, default=place is places.OVERVIEW) for place in places.PLACES
    ]
    page = st.navigation(pages, position="hidden")
    with st.container(horizontal_alignment="center"), st.container(width=_WIDTH_PX, gap="small"):
        st.space("large")
        page.run()


def _sign_in(chosen: Settings) -> None:
    st.title("Nines")
    st.markdown("How reliable we are, in numbers. Please sign in to see them.")
    if st.button(f"Sign in with {plain(chosen.provider)}", type="primary", width="stretch", key="sign_in"):
        st.login()
    st.caption(f"You come back to this page. A session lasts {chosen.session_hours:g} hours.")


def _ask(found: Person, chosen: Settings) -> None:
    st.title("You have no access yet")
    asked = chosen.contact or " or ".join(chosen.admins) or "whoever runs Nines"
    st.markdown(f"You are signed in as **{plain(found.name)}**, and nobody has given you a role in Nines.")
    st.markdown(f"Ask {plain(asked)} for one, then open this page again.")
    sign_out()

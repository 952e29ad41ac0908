"""The store does not answer: says so, and shows the page again by itself once it does."""

from datetime import timedelta

import streamlit as st

from app.store.engine import StoreError
from app.ui import read
from app.ui.markup import plain

_SECONDS = 5
_SINCE = "nines_outage_since"


def show(refused: StoreError) -> None:
    """What is wrong, in a sentence; then looks every few seconds, with what was chosen and typed left as it is."""
    st.error(plain(str(refused)), icon=":material/database_off:")
    st.session_state[_SINCE] = read.now()
    _again()


@st.fragment(run_every=timedelta(seconds=_SECONDS))
def _again() -> None:
    st.caption("This page comes back by itself once the store answers.")
    if read.now() - st.session_state[_SINCE] < timedelta(seconds=_SECONDS - 1):
        return
    try:
        read.state()
    except StoreError:
        return
    st.rerun()

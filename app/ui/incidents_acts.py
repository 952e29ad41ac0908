"""What a click on a chart of the Incidents page does: a cause narrows the list of incidents to it."""

import streamlit as st


def search(clicked: str) -> None:
    """Narrows the list of incidents to those that hold these words; give it to a chart as `on_click`."""
    st.session_state["incidents_search"] = clicked

"""Settings: its parts, and which of them is shown."""

import streamlit as st

from app.policy import Policy
from app.ui import read

TARGETS, POLICY, PEOPLE = "Tiers and targets", "Policy", "People and roles"
VIEWS = (TARGETS, POLICY, PEOPLE)
_VIEW = "part"


def top() -> str:
    """Draws the choice of what is shown, and gives it."""
    st.session_state.setdefault(_VIEW, TARGETS)
    said = st.segmented_control(
        "Part", VIEWS, key=_VIEW, label_visibility="collapsed", bind="query-params", required=True
    )
    return said if said in VIEWS else TARGETS


def policy() -> Policy:
    """The policy in force now."""
    return read.directory().policy

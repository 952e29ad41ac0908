"""What is promised and wanted, how things are counted, and who may do what."""

import streamlit as st

from app.ui import settings_people, settings_policy, settings_targets
from app.ui import settings_views as views
from app.ui.board import board

view = views.top()
if view == views.POLICY:
    settings_policy.shown()
elif view == views.PEOPLE:
    settings_people.shown()
else:
    board(settings_targets.shown(views.policy()), key="settings_targets")
st.space("small")

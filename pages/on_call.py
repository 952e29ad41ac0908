"""Is the load sustainable and fair, is the noise falling?"""

import streamlit as st

from app.ui import act, empty, filters, oncall, oncall_acts, oncall_parts, oncall_tables, plots
from app.ui.board import board
from app.ui.lead import heading

asked = filters.asked()
page = oncall.shown(asked)
fold = oncall.folded(page, asked)
clicked = board(oncall_parts.first_screen(page, asked, fold), key="oncall_first", on_act=act.before)

if not page.known:
    empty.page("no page is known here", ["pages.csv", "shifts.csv", "nines import pages.csv shifts.csv"])
    oncall_acts.after(clicked, page, asked)
    st.stop()

plots.style()
one_team = asked.scope.team is not None
left, right = st.columns(2)
if page.unfit:
    board(
        heading("Load is kept by team", f"Shifts belong to teams, so it is not kept by {page.unfit}"),
        key="oncall_unfit",
    )
else:
    with left:
        plots.plot(oncall.load(page, asked), key="oncall_load", of=["on_call_load"], on_click=plots.narrow)
    if not one_team:
        with right:
            plots.plot(oncall.loads(page), key="oncall_loads", of=["on_call_load"], on_click=oncall_acts.team)

if one_team and not page.unfit:
    with right, plots.card("oncall_evenness", ["on_call_load"]):
        board(oncall_parts.evenness(page, fold, asked), key="oncall_evenness")

left, right = st.columns(2)
with left:
    plots.plot(oncall.when(page, asked), key="oncall_when", of=["after_hours_share"], on_click=plots.narrow)
with right:
    plots.plot(oncall.week(fold, asked), key="oncall_week", of=["after_hours_share"])

left, right = st.columns(2)
with left:
    plots.plot(oncall.engage(page, asked), key="oncall_engage", of=["time_to_engage"], on_click=plots.narrow)
with right, plots.card("oncall_tiers", ["engaged_in_time"]):
    board(oncall_parts.by_tier(page, asked), key="oncall_by_tier")

left, right = st.columns(2)
with left:
    plots.plot(oncall.noise(page, asked), key="oncall_noise", of=["alert_noise"], on_click=plots.narrow)
with right, plots.card("oncall_noisy", ["alert_noise"]):
    clicked = board(oncall_parts.noisiest(page, asked, fold), key="oncall_noisy", on_act=act.before) or clicked

if not (page.unfit or one_team):
    left, right = st.columns(2)
    with left:
        plots.plot(oncall.shares(page), key="oncall_shares", of=["after_hours_share"], on_click=oncall_acts.team)
    with right, plots.card("oncall_evenness", ["on_call_load"]):
        clicked = board(oncall_parts.evenness(page, fold, asked), key="oncall_evenness", on_act=act.before) or clicked

board(heading("One by one", f"{asked.words}; a click narrows the page"), key="oncall_heading")
which = st.segmented_control(
    "One by one",
    ["Teams", "Services"],
    default="Teams",
    key="oncall_which",
    label_visibility="collapsed",
    required=True,
)
table = oncall_tables.services(page, asked) if which == "Services" else oncall_tables.teams(page, asked, fold)
oncall_acts.after(table or clicked, page, asked)

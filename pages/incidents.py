"""How often, how bad, how fast, and do we learn?"""

import streamlit as st

from app.ui import act, empty, filters, incidents, incidents_acts, incidents_parts, incidents_tables, plots
from app.ui.board import board
from app.ui.lead import heading
from app.ui.markup import el

asked = filters.asked()
page = incidents.shown(asked)
clicked = board(incidents_parts.first_screen(page, asked), key="incidents_first", on_act=act.before)

if not page.known:
    empty.page("no incident is known here", ["incidents.csv", "impacts.csv", "nines import incidents.csv impacts.csv"])
    act.after(clicked, asked)
    st.stop()

plots.style()
often, bad, cost = st.columns(3)
with often:
    plots.plot(incidents.severities(page, asked), key="severities", of=["major_incidents"], on_click=plots.narrow)
costs = (("impact", "customer_impact_minutes"), ("cost", "downtime_cost"))
for column, chart, (key, kpi) in zip((bad, cost), incidents.impacts(page, asked), costs, strict=True):
    with column:
        plots.plot(chart, key=key, of=[kpi], on_click=plots.narrow)

how_fast = st.segmented_control(
    "How fast",
    list(incidents.SPEEDS),
    default="time_to_restore",
    format_func=incidents.SPEEDS.__getitem__,
    key="speed",
    label_visibility="collapsed",
    required=True,
)
left, right = st.columns(2)
with left:
    times = incidents.speed(page, asked, how_fast)
    points = times.kind == "points"
    picked = plots.plot(times, key=how_fast, of=[how_fast], on_click=plots.narrow, clickable=points, zoom=points)
with right, plots.card("splits", [how_fast]):
    board(incidents_parts.splits(incidents.splits(page, asked), asked), key="splits")

left, right = st.columns(2)
with left:
    plots.plot(incidents.causes(page), key="causes", of=["repeat_incident_rate"], on_click=incidents_acts.search)
with right, plots.card("chains", ["repeat_incident_rate"]):
    clicked = board(incidents_parts.chains(page, asked), key="chains") or clicked

owed = el(
    "div", incidents_parts.postmortems(page, asked), incidents_parts.action_ages(page, asked), cls="grid two below"
)
clicked = board(owed, key="owed") or clicked
if page.actions:
    board(heading("Open actions", "From incidents, the longest overdue first"), key="actions_heading")
    clicked = incidents_tables.actions_table(page, asked) or clicked

board(heading("Every incident", incidents_tables.listing_sub(page, asked)), key="list_heading")
if page.found:
    clicked = incidents_tables.listing(page, asked) or clicked
act.after(clicked or incidents.opened(picked), asked)

"""Do we ship safely?"""

import streamlit as st

from app.ui import act, change, change_parts, change_tables, empty, filters, plots
from app.ui.board import board
from app.ui.lead import heading

asked = filters.asked()
page = change.shown(asked)
clicked = board(change_parts.first_screen(page, asked), key="change_first", on_act=act.before)

if not page.known:
    empty.page("no deployment is known here", ["deployments.csv", "nines import deployments.csv incidents.csv"])
    act.after(clicked, asked)
    st.stop()

plots.style()
picked = plots.plot(
    change.timeline(page, asked), key="timeline", of=["change_failure_rate"], clickable=True, height=270
)

left, right = st.columns(2)
with left:
    plots.plot(change.failure(page, asked), key="failure", of=["change_failure_rate"], on_click=plots.narrow)
with right:
    plots.plot(change.strategies(page), key="strategies", of=["change_failure_rate"])

left, right = st.columns(2)
with left:
    plots.plot(change.worst(page), key="worst", of=["change_failure_rate"], on_click=change.narrow)
with right, plots.card("progressive", ["progressive_delivery"]):
    clicked = board(change_parts.progressive(page, asked), key="progressive", on_act=act.before) or clicked

if page.rates:
    board(heading("Services that deployed", change_parts.services_sub(page, asked)), key="services_heading")
    clicked = change_tables.services(page, asked) or clicked
    board(heading("What went wrong", change_parts.troubled_sub(asked)), key="wrong_heading")
    clicked = change_tables.wrong(page, asked) or clicked
act.after(clicked or change.opened(picked, page), asked)

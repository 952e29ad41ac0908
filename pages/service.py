"""Tell me about one service: what it promised, what hurts it, what is being done. `?service=` names it."""

import streamlit as st

from app.ui import (
    act,
    chains,
    empty,
    filters,
    plots,
    service,
    service_acts,
    service_cards,
    service_list,
    service_parts,
    service_tables,
)
from app.ui.board import board
from app.ui.lead import heading, lead
from app.ui.markup import el, join

asked = filters.asked()
plots.style()

if asked.scope.service is None:
    every = service_list.shown(asked)
    clicked = board(lead(every.sentence(asked), asked), key="services_first")
    if every.standings:
        clicked = service_tables.services_table(every, asked) or clicked
    else:
        empty.page("no service is known here", ["services.csv", "nines import services.csv"])
    act.after(clicked, asked)
    st.stop()

if not service.inside(asked):
    act.after(board(service_parts.outside(asked), key="service_outside", on_act=service_acts.before), asked)
    st.stop()

page = service.shown(asked.scope.service, asked)
clicked = board(service_parts.first_screen(page, asked), key="service_first", on_act=service_acts.before)
clicked = board(service_parts.promised(page, asked), key="service_promises", on_act=service_acts.before) or clicked

left, right = st.columns(2)
with left:
    plots.plot(service.impact(page, asked), key="service_impact", of=["customer_impact_minutes"], on_click=plots.narrow)
with right:
    plots.plot(
        service.incidents(page, asked), key="service_incidents_by_month", of=["major_incidents"], on_click=plots.narrow
    )

if page.found:
    board(
        heading("Its incidents", f"{len(page.found):,} in {len(asked.trend)} months"), key="service_incidents_heading"
    )
    clicked = service_tables.incidents_table(page, asked) or clicked

if page.chains:
    left, right = st.columns(2)
    with left:
        plots.plot(service.why(page), key="service_causes", of=["repeat_incident_rate"])
    with right, plots.card("service_chains", ["repeat_incident_rate"]):
        clicked = board(chains.card(page.chains, page.facts, asked.zone), key="service_chains") or clicked

cards = (
    service_cards.on_call(page, asked),
    service_cards.change(page, asked),
    service_cards.drills(page, asked),
    service_cards.risks(page),
)
rest = join(el("div", *cards, cls="grid two"), service_cards.readings(page))
clicked = board(rest, key="service_rest", on_act=service_acts.before) or clicked

if page.waiting:
    board(heading("Open actions", "From its incidents, risks and DR tests"), key="service_actions_heading")
    clicked = service_tables.actions_table(page, asked) or clicked
act.after(clicked, asked)

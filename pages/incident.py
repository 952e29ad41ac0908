"""One incident: what happened, what it cost, what follows. `?incident=` names it, `&source=` where several have it."""

import streamlit as st

from app.ui import act, filters, incident, incident_around, incident_parts
from app.ui.board import board
from app.ui.lead import heading
from app.ui.markup import el, join

asked = filters.asked()
said = st.query_params.get("incident")
page = incident.shown(said, st.query_params.get("source"), asked.as_of) if said else None

if page is None:
    clicked = board(incident_parts.unknown(said), key="incident_unknown")
else:
    zone = asked.zone
    head, timeline = incident_parts.head(page, zone), incident_parts.timeline(page, zone)
    middle = el("div", incident_parts.hit(page, zone), incident_parts.behind(page, zone), cls="grid two apart")
    found = incident_around.around(page, asked)
    more = join(incident_around.timeline(page, found, zone), middle, incident_around.below(page, found, zone))
    clicked = board(join(head, timeline, more, incident_parts.postmortem(page, zone)), key="incident")
    if page.actions:
        board(heading("Actions", "What was promised afterwards"), key="incident_actions_heading")
        clicked = incident_parts.actions(page) or clicked

act.after(clicked, asked)

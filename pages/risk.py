"""One risk: how high, what is done about it, what it costs. `?risk=` names it, `&source=` where several have it."""

import streamlit as st

from app.ui import act, filters, forms, forms_row, risk, risk_parts, risk_sanity, risk_story
from app.ui.board import board
from app.ui.lead import heading
from app.ui.markup import el, join

asked = filters.asked()
said = st.query_params.get("risk")
page = risk.shown(said, st.query_params.get("source"), asked) if said else None

if page is None:
    clicked = board(risk_parts.unknown(said), key="risk_unknown")
else:
    story = risk_story.told(page, asked)
    two = el("div", risk_parts.levels(page), risk_parts.treatment(page), cls="grid two apart")
    below = risk_parts.money(page), risk_sanity.one(page), risk_parts.homes(page, asked)
    clicked = board(risk_parts.head(page, asked.zone), key="risk_head")
    if story is not None:
        forms_row.row(story)
        clicked = risk_story.mending(story) or clicked
    clicked = board(join(two, *below), key="risk") or clicked
    if story is not None:
        clicked = risk_story.shown(story, page, asked) or clicked
    if page.incidents:
        board(heading("Incidents", "Of its services, in the last twelve months"), key="risk_incidents_heading")
        clicked = risk_parts.incidents(page, asked) or clicked
    if page.tests:
        board(heading("Recovery tests", "Of its services, the latest first"), key="risk_tests_heading")
        clicked = risk_parts.tests(page) or clicked
    if story is not None:
        forms.shown(forms_row.where(story.held.key))

act.after(clicked, asked)

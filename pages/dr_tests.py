"""Would we come back, how fast, how do we know?"""

import streamlit as st

from app.ui import act, dr_tests, dr_tests_opened, dr_tests_parts, dr_tests_tables, empty, filters, plots
from app.ui.board import board
from app.ui.lead import heading
from app.ui.markup import el

asked = filters.asked()
page = dr_tests.shown(asked)
clicked = board(dr_tests_parts.first_screen(page, asked), key="dr_first", on_act=act.before)

if not page.known:
    empty.page("no DR test is known here", ["dr_tests.csv", "nines import dr_tests.csv"])
    dr_tests_opened.after(clicked, page, asked)
    st.stop()

proven = el("div", dr_tests_parts.coverage(page), dr_tests_parts.due_next(page, asked), cls="grid two below")
if not page.found:
    if page.proofs:
        clicked = board(proven, key="dr_proven", on_act=act.before) or clicked
    dr_tests_opened.after(clicked, page, asked)
    st.stop()

plots.style()
left, right = st.columns(2)
with left:
    plots.plot(dr_tests.quarters(page), key="dr_quarters", of=["dr_on_plan"], on_click=plots.narrow)
with right:
    plots.plot(dr_tests.kinds(page), key="dr_kinds", of=["dr_pass_rate"])

left, right = st.columns(2)
with left:
    picked = plots.plot(dr_tests.times(page, "rto"), key="dr_rto", of=["rto_rpo_met"], clickable=True)
with right:
    picked = plots.plot(dr_tests.times(page, "rpo"), key="dr_rpo", of=["rto_rpo_met"], clickable=True) or picked

clicked = board(proven, key="dr_proven", on_act=act.before) or clicked
owed = el("div", dr_tests_parts.evidence(page, asked), dr_tests_parts.findings(page, asked), cls="grid two below")
clicked = board(owed, key="dr_owed") or clicked

board(heading("Every test", dr_tests_tables.every_sub(page)), key="dr_list_heading")
clicked = dr_tests_tables.every(asked) or clicked
dr_tests_opened.after(clicked or dr_tests.opened(picked, page), page, asked)

"""What could hurt us, what are we doing, what do you have to accept?"""

import streamlit as st

from app.ui import (
    filters,
    forms_register,
    plots,
    risk_money,
    risk_sanity,
    risk_treat,
    risks,
    risks_acts,
    risks_findings,
    risks_moves,
    risks_parts,
    risks_tables,
)
from app.ui.board import board
from app.ui.lead import heading

asked = filters.asked()
page = risks.shown(asked)
clicked = board(risks_parts.first_screen(page, asked), key="risks_first", on_act=risks_acts.before)

if not page.found:
    if page.known:
        forms_register.row()
    else:
        forms_register.empty()
    forms_register.shown()
    risks_acts.after(clicked, page, asked)
    st.stop()

forms_register.row()
clicked = forms_register.waiting(asked) or clicked
plots.style()
left, right = st.columns(2)
with left, plots.card("matrix", ["risks_above_appetite"]):
    which = st.segmented_control(
        "Level",
        list(risks_parts.WHICH),
        default="current",
        format_func=risks_parts.WHICH.__getitem__,
        key="risk_level",
        label_visibility="collapsed",
        required=True,
        on_change=risks_acts.choose,
    )
    cell, since = risks_acts.cell(), risks_moves.chosen(page, asked)
    moves = risks_moves.found(page, since, which, asked) if since else []
    matrix = risks_parts.matrix_card(page, which, cell, risks_moves.arrows(moves, asked.zone))
    clicked = board(matrix, key="matrix", on_act=risks_acts.before) or clicked
    if since:
        clicked = board(risks_moves.told(moves, since, asked.zone), key="moves") or clicked
with right, plots.card("cell", ["risks_above_appetite"]):
    listed = risks_tables.in_cell(page, which, cell)
    title = risks_parts.cell_title(page, which, cell, len(listed))
    clicked = board(title, key="cell_heading", on_act=risks_acts.before) or clicked
    clicked = risks_tables.cell_table(page, listed) or clicked

clicked = risk_money.section(page) or clicked
clicked = risk_treat.section(page) or clicked
clicked = risk_sanity.section(page) or clicked
clicked = board(risks_parts.waiting(page), key="waiting") or clicked

odd = risks_findings.shown(page)
if odd is not None:
    sub = "As of now; open one for its risks, each with what mends it, and goes by itself once it is mended"
    board(heading("What is to mend in the register", sub), key="odd_head")
    clicked = board(odd, key="odd", on_act=forms_register.answer) or clicked

board(heading("The register", risks_tables.register_sub(page)), key="register_heading")
listed = risks_tables.chosen(page, forms_register.tags(asked))
forms_register.ticked()
clicked = risks_tables.register_table(page, listed, asked) or clicked
forms_register.shown()
risks_acts.after(clicked, page, asked)

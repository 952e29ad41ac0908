"""Which promises do we keep, which are about to break, who is frozen?"""

import streamlit as st

from app.ui import empty, filters, plots, slo_depth_parts, slos, slos_acts, slos_parts, slos_tables
from app.ui.board import board
from app.ui.lead import heading

asked = filters.asked()
page = slos.shown(asked)
clicked = board(slos_parts.first_screen(page, asked), key="slos_first", on_act=slos_acts.before)
plots.style()

if not page.promises:
    empty.page("no SLO is defined here", ["slos.csv", "sli.csv", "nines import slos.csv sli.csv"])
else:
    chosen = slos_acts.chosen(page, asked)
    if chosen is not None:
        clicked = board(slos_parts.one_slo(page, chosen, asked), key="one_slo", on_act=slos_acts.before) or clicked
        clicked = slo_depth_parts.panel(chosen.slo, asked) or clicked
        by_month = slos.one_by_month(chosen.slo, asked)
        plots.plot(by_month, key="slo_months", of=["slo_compliance"], on_click=plots.narrow)

    board(heading("Every promise", slos_tables.table_sub(page, asked)), key="slos_heading")
    clicked = slos_tables.promises_table(page, asked) or clicked

    columns = st.columns(2)
    drawn = (("slos_compliance", "slo_compliance"), ("slos_met", "slos_met"))
    for column, chart, (key, kpi) in zip(columns, slos.trends(page, asked), drawn, strict=True):
        with column:
            plots.plot(chart, key=key, of=[kpi], on_click=plots.narrow)

    months, pages = slos_parts.month_map(page, asked, st.session_state.get("slos_months_page") or 1)
    clicked = board(months, key="slos_months", on_act=slos_acts.before) or clicked
    if pages > 1:
        st.pagination(pages, key="slos_months_page")

    if page.taken:
        board(heading("Taken out by approved exclusions", slos_tables.taken_sub(page)), key="exclusions_heading")
        slos_tables.exclusions_table(page, asked)

clicked = board(slos_parts.catalogue(page), key="slos_catalogue") or clicked
slos_acts.after(clicked, page, asked)

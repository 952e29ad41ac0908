"""What a click on the On-call page does: narrows it to a team or service, or explains one of its own tiles."""

import streamlit as st

from app.ui import act, filters, oncall_tables
from app.ui.board import Act
from app.ui.choices import Asked
from app.ui.oncall import LONELY, OVER, Shown


def team(picked: str) -> None:
    """Narrows the page to the team whose row in a chart was clicked."""
    filters.narrow(team=picked)


def after(clicked: Act | None, page: Shown, asked: Asked) -> None:
    """Answers a click that is not answered before the page is drawn; call it once, at the end of the page."""
    if clicked is None:
        return
    if clicked["do"] == "narrow":
        wanted = {name: clicked[name] for name in ("team", "service") if isinstance(clicked.get(name), str)}
        if wanted and not _held(wanted):
            filters.narrow_next(**wanted)
            st.rerun()
    elif clicked["do"] == "explain" and clicked.get("kpi") == OVER:
        st.dialog(f"Teams above target, {asked.words}", width="large")(oncall_tables.over_rows)(page)
    elif clicked["do"] == "explain" and clicked.get("kpi") == LONELY:
        st.dialog(f"Outside any shift, {asked.words}", width="large")(_lonely)(page, asked)
    else:
        act.after(clicked, asked)


def _held(wanted: dict[str, str]) -> bool:
    """Whether the page is narrowed so already: a click was answered before the page was drawn."""
    scope = filters.asked().scope
    return all(getattr(scope, name) == key for name, key in wanted.items())


def _lonely(page: Shown, asked: Asked) -> None:
    said = oncall_tables.lonely_rows(page, asked)
    if said:
        st.caption(said)

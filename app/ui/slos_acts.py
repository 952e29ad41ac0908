"""What a click on the SLOs page does: opens one SLO, goes back to all, explains who is frozen."""

import streamlit as st

from app.ui import act, filters, promised, slos_tables
from app.ui.board import Act
from app.ui.choices import Asked
from app.ui.promised import Told
from app.ui.slos import Shown


def chosen(page: Shown, asked: Asked) -> Told | None:
    """The SLO that the address names (`?slo=`), if there is one."""
    said = st.query_params.get("slo")
    named = [one for one in page.promises if one.slo.slo == said][:1] if said else []
    return next(iter(promised.told(named, asked)), None)


def before(clicked: Act) -> None:
    """Answers a click that must happen before the filters are drawn; give it to `board` as `on_act`."""
    act.before(clicked)
    if clicked["do"] == "slo":
        if isinstance(clicked.get("period"), str):
            filters.narrow(period=clicked["period"])
        st.query_params["slo"] = str(clicked.get("slo"))
    elif clicked["do"] == "all_slos":
        st.query_params.pop("slo", None)


def after(clicked: Act | None, page: Shown, asked: Asked) -> None:
    """Answers any other click; call it once, at the end of the page."""
    if clicked is None:
        return
    if clicked["do"] == "slo" and st.query_params.get("slo") != clicked.get("slo"):
        st.query_params["slo"] = str(clicked.get("slo"))
        st.rerun()
    if clicked["do"] == "explain" and clicked.get("kpi") == "frozen":
        st.dialog(f"Frozen, {asked.words}", width="large")(slos_tables.frozen)(page, asked)
        return
    act.after(clicked, asked)

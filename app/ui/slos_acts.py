"""What a click on the SLOs page does: opens one SLO, goes back to all, explains who is frozen."""

import streamlit as st

from app.charts import wording
from app.ui import act, filters, slos_parts, tables
from app.ui.board import Act
from app.ui.choices import Asked
from app.ui.slos import STATES, Promise, Shown
from app.ui.tables import Column


def chosen(page: Shown) -> Promise | None:
    """The SLO that the address names (`?slo=`), if there is one."""
    said = st.query_params.get("slo")
    return next((one for one in page.promises if one.slo.slo == said), None) if said else None


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
        st.dialog(f"Frozen, {asked.words}", width="large")(_frozen)(page)
        return
    act.after(clicked, asked)


def _frozen(page: Shown) -> None:
    """Which SLOs are frozen, and by which rule."""
    rule = page.policy.budget
    st.markdown(
        f"An SLO is **frozen** when at most {wording.value(rule.freeze, 'share')} of its error budget is left over its own window, "
        f"and a **warning** when at most {wording.value(rule.warn, 'share')} is. Budget left is (attained − objective) / "
        "(1 − objective), negative when overspent."
    )
    known = [one for one in page.promises if one.state != "no_data"]
    columns = [
        Column("name", "SLO", wide=True),
        Column("state", "State", lambda at: slos_parts.state(_NAMES[at])),
        Column("window", "Window"),
        Column("remaining", "Budget left", slos_parts.share, number=True),
        Column("left", "That is"),
    ]
    rows = [
        {
            "name": one.slo.name,
            "state": STATES[one.state],
            "window": one.slo.window,
            "remaining": one.remaining,
            "left": slos_parts.left(one.left),
        }
        for one in known
    ]
    frozen = sum(one.state == "freeze" for one in known)
    tables.table(
        "frozen",
        columns,
        rows,
        sort="remaining",
        file="frozen",
        page_rows=12,
        foot=f"{frozen:,} of {len(known):,} are frozen",
    )


_NAMES = {at: name for name, at in STATES.items()}

"""What may be done with the whole register: a new risk, the same change to several, Excel and CSV out and back in, and
what waits for a decision."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import streamlit as st

from app.charts import wording
from app.metrics.acceptances import Judged
from app.metrics.risk_records import LABELS, Entry, Invalid, RiskKey
from app.people import NotAllowed, Person
from app.store import register_bulk, register_reads
from app.store.engine import reading
from app.store.register_bulk import Bulk, BulkPlan, BulkRefused
from app.store.register_versions import Held
from app.ui import forms, forms_conflict, forms_risk, forms_row, places, read, risks, tables, upload_register, who
from app.ui.board import Act, board
from app.ui.choices import Asked
from app.ui.forms import Begun, Field, Form, Opened, Values
from app.ui.forms_risk import Subject
from app.ui.forms_signed import asked_for
from app.ui.markup import Markup, button, el, join, plain

HERE, TABLE = "register", "register"
"""What forms call the page, and what its table is called."""
_LISTED = 50


def answer(act: Act) -> None:
    """Opens the form that a click asks for: of a new risk, or what mends a finding of one."""
    forms_row.answer(None, act, HERE)
    if act["do"] == "form" and act.get("form") == "create":
        item = act.get("item")
        forms.begin(forms_risk.CREATE, Subject(None, item if isinstance(item, str) else None), HERE)


def row(known: bool = True) -> None:
    """The buttons over the register, or why they are not there."""
    try:
        who.person().must("write")
    except NotAllowed as refused:
        st.caption(f":material/lock: {plain(str(refused))}")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "New risk", key="do_create", icon=":material/add:", type="primary", on_click=forms.begin,
            args=(forms_risk.CREATE, Subject(None), HERE),
        )  # fmt: skip
        if known:
            st.button(
                "Change several", key="do_bulk", icon=":material/checklist:", on_click=forms.begin,
                args=(BULK, Subject(None), HERE),
            )  # fmt: skip
            sheets = f"sheets_{upload_register.times()}"
            with st.popover("Excel or CSV", icon=":material/table_view:", key=sheets):
                upload_register.downloads()
                st.button(
                    "Bring a sheet back", key="do_sheet", icon=":material/upload:", on_click=upload_register.open_
                )
        else:
            st.button("Bring a sheet", key="do_sheet", icon=":material/upload:", on_click=upload_register.open_)
            with st.popover("A sheet to fill in", icon=":material/table_view:"):
                st.caption("One row a risk. A title, a category, an owner, likelihood and impact (1 to 5) are enough.")
                upload_register.downloads("An empty one as")


def ticked() -> None:
    """What may be done with the rows that are ticked in the register."""
    many = len(tables.picked(TABLE))
    if not many:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            f"Change the {many} chosen" if many > 1 else "Change the chosen one", key="do_bulk_chosen", type="primary",
            icon=":material/checklist:", on_click=forms.begin, args=(BULK, Subject(None), HERE),
        )  # fmt: skip
        st.button("Choose none", key="do_unpick", on_click=tables.unpick, args=(TABLE,))


def shown() -> None:
    """The dialog that is open, if one is. Call it once, at the end of the page."""
    forms.shown(HERE)
    upload_register.shown()


def empty() -> None:
    """How to start, where there is no risk yet."""
    said = (
        "Write down what could hurt you: a title, who owns it, how likely and how bad it is.",
        "Give it a day of review and say what you do about it; whoever may accept it signs until a day.",
        "Have a register in Excel already? Bring it as a sheet and see every row before anything is kept.",
    )
    steps = el("ol", *(el("li", el("p", one)) for one in said), cls="ways")
    board(el("section", el("h2", "No risk is written down yet"), steps, cls="welcome"), key="register_empty")
    row(known=False)


def start(title: str) -> None:
    """The whole page on a store without any fact: how to begin the register, and where facts of other kinds go."""
    board(el("header", el("h1", title), cls="head"), key="frame_head")
    empty()
    link = button("Open Data health", act={"do": "open", "place": "data_health"})
    said = el(
        "p", "Services, incidents, tests and all else that risks have to do with come as files: ", link, cls="muted"
    )
    clicked = board(said, key="register_start")
    shown()
    if clicked and clicked["do"] == "open":
        places.go(places.DATA_HEALTH)


def waiting(asked: Asked) -> Act | None:
    """The acceptances that wait for a decision; a click opens the risk."""
    found = _waiting(read.state(), asked.as_of)
    if not found:
        return None
    items = [_item(judged, held) for judged, held in found]
    title = f"{len(items)} acceptance{'s wait' if len(items) != 1 else ' waits'} for a decision"
    head = join(el("h2", title), el("p", "The longest first; nobody approves their own request", cls="sub"))
    return board(el("section", head, el("ul", join(*items), cls="items"), cls="card section"), key="register_waiting")


@lru_cache(maxsize=8)
def _waiting(of: read.State, as_of: datetime) -> tuple[tuple[Judged, Held[Entry]], ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(register_reads.waiting(conn, as_of))


def _item(judged: Judged, held: Held[Entry]) -> Markup:
    opens = {"do": "open", "place": "risk", "risk": held.key.id, "source": held.key.source}
    until = f"until {wording.day(judged.acceptance.valid_until)}"
    title = button(held.entry.title, act=opens)
    said = asked_for(judged.acceptance)
    return el("li", el("div", title, el("span", until, cls="small"), cls="row"), el("p", said, cls="why"))


def tags(asked: Asked) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(source, risk) → its tags."""
    found = risks.listed(read.state(), asked.as_of)
    return {(one.key.source, one.key.id): one.entry.tags for one in found if one.entry.tags}


# --- the same change to several


def _bulk_begin(subject: Subject) -> Begun:
    who.person().must("write")
    found = risks.listed(read.state(), read.moment())
    titles = {str(one.key): f"{one.key.id} · {one.entry.title}" for one in found if one.entry.status == "open"}
    values: Values = {"risks": [], "owner": "", "review_on": None, "tag": "", "why": ""}
    ticked = [name for name in tables.picked(TABLE) if name in titles]
    about = {"titles": titles, "keys": {str(one.key): one.key for one in found}}
    return Begun(0, values, about, {"risks": ticked} if ticked else {})


def _bulk_rows(opened: Opened) -> list[list[Field]]:
    titles: Mapping[str, str] = opened.about["titles"]
    return [
        [Field("risks", "Which risks", "many", list(titles), lambda one: titles.get(one, one))],
        [
            Field("owner", "New owner", help="Blank: as it is."),
            Field("review_on", "Review date", "day"),
            Field("tag", "Add a tag"),
        ],
        [Field("why", "Why")],
    ]


def _plan(opened: Opened) -> BulkPlan | None:
    typed = opened.values
    bulk = Bulk(typed["owner"].strip() or None, typed["review_on"], typed["tag"].strip() or None)
    keys: Mapping[str, RiskKey] = opened.about["keys"]
    if not typed["risks"] or bulk == Bulk():
        return None
    with reading(who.whole(read.state().url)) as conn:
        return register_bulk.preview(conn, who.person(), [keys[one] for one in typed["risks"] if one in keys], bulk)


def _bulk_below(opened: Opened) -> Markup | None:
    try:
        plan = _plan(opened)
    except Invalid as wrong:
        return el("p", str(wrong), cls="late")
    opened.about["plan"] = plan
    if plan is None:
        return el("p", "Choose risks and what to change: you see what it does before it is done.", cls="muted")
    changing = sum(bool(one.changes) for one in plan.rows)
    title = f"{changing} of {len(plan.rows)} would change"
    if plan.problems:
        title += f", {len(plan.problems)} cannot: nothing is changed until that is mended"
    heads = el("thead", el("tr", *(el("th", name, scope="col") for name in ("Risk", "What changes"))))
    rows = []
    for one in plan.rows[:_LISTED]:
        said = "; ".join(
            f"{wording.capital(LABELS[name].removeprefix('The '))}: {forms_conflict.said(old)} → "
            f"{forms_conflict.said(new)}"
            for name, (old, new) in one.changes.items()
        )
        what = el("span", one.problem, cls="late") if one.problem else said or "stays as it is"
        rows.append(el("tr", el("td", one.title, cls="wide"), el("td", what, cls="wide")))
    table = el("table", heads, el("tbody", join(*rows)), cls="rows tight")
    return el("section", el("h2", title), el("div", table, cls="scroll", tabindex="0"), cls="card section flush")


def _bulk(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    plan: BulkPlan | None = opened.about.get("plan")
    if plan is None:
        raise Invalid({"risks": "Choose risks, and what to change."})
    try:
        saved = register_bulk.apply(conn, by, plan, why=opened.values["why"])
    except BulkRefused as refused:
        raise Invalid({"": str(refused)}) from refused
    tables.unpick(TABLE)
    return f"{len(saved)} risk{'s are' if len(saved) != 1 else ' is'} changed."


BULK = Form("bulk", "Change several risks", "Change all of them", _bulk_begin, _bulk_rows, _bulk, below=_bulk_below)

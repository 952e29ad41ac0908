"""The register as a sheet: out as Excel or CSV, and back in, looked at risk by risk and field by field first."""

import io
from functools import partial
from typing import Any

import streamlit as st

from app import ingest_register
from app.charts import wording
from app.ingest_register import Format, NotExportable, Unreadable
from app.metrics.risk_records import LABELS, Invalid
from app.people import NotAllowed
from app.store.engine import StoreError, reading, writing
from app.store.register_bulk import BulkRefused
from app.store.register_sheets import ChangedRisk, SheetPlan
from app.ui import forms_conflict, read, who
from app.ui.board import board
from app.ui.markup import Markup, el, join, plain

_OPEN, _PLAN, _WRONG, _SAID = "sheet_open", "sheet_plan", "sheet_wrong", "sheet_said"
_MOST_MB = 20
_LISTED = 50
_TYPES: dict[Format, tuple[str, str]] = {
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": ("CSV", "text/csv"),
}


def downloads(words: str = "Take it as") -> None:
    """The register as a file, with the version of each risk, so that it may come back; of an empty one the headings."""
    for form, (label, mime) in _TYPES.items():
        st.download_button(
            f"{words} {label}", data=partial(_made, form), file_name=f"nines-risk-register.{form}",
            mime=mime, key=f"sheet_{form}", on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def _made(form: Format) -> bytes:
    stream = io.BytesIO()
    try:
        with reading(read.opened(read.state().url)) as conn:
            ingest_register.export(conn, form, stream)
    except NotExportable as refused:
        return str(refused).encode()
    return stream.getvalue()


def open_() -> None:
    """Opens the dialog in which a sheet is looked at: call it as a click's callback."""
    st.session_state[_OPEN] = st.session_state.get(f"{_OPEN}_round", 0) + 1
    st.session_state[f"{_OPEN}_round"] = st.session_state[_OPEN]
    st.session_state.pop(_WRONG, None)


def times() -> int:
    """How often it was opened: part of the key of a popover, so that it closes once the dialog is opened from it."""
    return int(st.session_state.get(f"{_OPEN}_round", 0))


def _close() -> None:
    for name in (_OPEN, _PLAN, _WRONG):
        st.session_state.pop(name, None)


def shown() -> None:
    """Draws the dialog, if it is open, and what the last sheet did."""
    if said := st.session_state.pop(_SAID, None):
        st.toast(plain(said), icon=":material/check:")
    if st.session_state.get(_OPEN):
        st.dialog("A sheet of risks", width="large", on_dismiss=_close)(_drawn)()


def _drawn() -> None:
    if not st.session_state.get(_OPEN):
        st.rerun()
    with read.held():
        _asked(st.session_state[_OPEN])


def _asked(number: int) -> None:
    file = st.file_uploader(
        "Excel or CSV", type=["xlsx", "csv"], key=f"sheet_file_{number}", max_upload_size=_MOST_MB,
        help="As it was taken from here, or of your own with columns risk, title, likelihood, impact, owner…",
    )  # fmt: skip
    if file is None:
        st.caption("You will see what it would change. Nothing is kept until you say so.")
        return
    of = (file.file_id, read.state())
    if st.session_state.get(_PLAN, (None, None))[0] != of:
        try:
            with reading(who.whole(read.state().url)) as conn:
                plan = ingest_register.preview(conn, who.person(), io.BytesIO(file.getvalue()), file.name)
        except Unreadable as refused:
            st.error(plain(f"{file.name} {refused}"), icon=":material/error:")
            return
        except (NotAllowed, Invalid, StoreError) as refused:
            st.error(plain(str(refused)), icon=":material/error:")
            return
        st.session_state[_PLAN] = (of, plan)
    plan = st.session_state[_PLAN][1]
    board(told(plan), key=f"sheet_board_{number}")
    for one in plan.conflicts:
        for name in one.conflicts:
            st.checkbox(plain(f"{one.key.id}, {_label(name)}: take what the sheet has"), key=_mine(number, one, name))
    if wrong := st.session_state.get(_WRONG):
        st.error(plain(wrong), icon=":material/error:")
    st.text_input("Why", key=f"sheet_why_{number}", help="Stays in the history of each risk.")
    some = len(plan.new) + len(plan.changed)
    label = f"Keep {some} risk{'s' if some != 1 else ''}" if some else "Nothing to keep"
    st.button(label, type="primary", disabled=not some, key=f"sheet_keep_{number}", on_click=_keep, args=(number,))


def _mine(number: int, one: ChangedRisk, name: str) -> str:
    return f"sheet_mine_{number}_{one.key}_{name}"


def _keep(number: int) -> None:
    plan: SheetPlan = st.session_state[_PLAN][1]
    mine = [
        (one.key, name)
        for one in plan.conflicts
        for name in one.conflicts
        if st.session_state.get(_mine(number, one, name))
    ]
    try:
        with writing(who.whole(read.state().url)) as conn:
            why = st.session_state.get(f"sheet_why_{number}")
            saved = ingest_register.apply(conn, who.person(), plan, why=why, mine=mine)
    except (BulkRefused, Invalid, NotAllowed, StoreError) as refused:
        st.session_state[_WRONG] = str(refused)
        st.session_state.pop(_PLAN, None)
        return
    _close()
    st.session_state[_SAID] = f"{len(saved)} risk{'s are' if len(saved) != 1 else ' is'} kept from the sheet."


def told(plan: SheetPlan) -> Markup:
    """What a sheet would do, part by part."""
    counts = (
        ("new", len(plan.new)),
        ("changed", len(plan.changed)),
        ("in conflict", len(plan.conflicts)),
        ("unchanged", plan.unchanged),
        ("set aside", len(plan.aside)),
    )
    tally = el("div", *(el("div", el("b", f"{n:,}"), el("span", name)) for name, n in counts), cls="tally")
    notes = [el("p", note, cls="muted small") for note in plan.notes]
    rows: list[Markup] = []
    for new in plan.new[:_LISTED]:
        title = str(new.fields.get("title", ""))
        rows.append(_row(new.line, title, "new", "; ".join(new.notes)))
    for one in plan.changed[:_LISTED]:
        parts = [
            f"{_label(name)}: {forms_conflict.said(old)} → {forms_conflict.said(value)}"
            for name, (old, value) in one.changes.items()
        ]
        parts += [
            f"{_label(name)} was changed here too: it was {forms_conflict.said(clash.base)}, is "
            f"{forms_conflict.said(clash.theirs)} now, the sheet has {forms_conflict.said(clash.mine)}"
            for name, clash in one.conflicts.items()
        ]
        state = "in conflict" if one.conflicts else "changed"
        rows.append(_row(one.line, f"{one.key.id} · {one.title}", state, "; ".join([*parts, *one.notes])))
    rows += [_row(one.line, one.risk or "", "set aside", " ".join(one.reasons)) for one in plan.aside[:_LISTED]]
    heads = el("thead", el("tr", *(el("th", name, scope="col") for name in ("Line", "Risk", "", "What"))))
    table = el("div", el("table", heads, el("tbody", join(*rows)), cls="rows tight"), cls="card scroll", tabindex="0")
    return join(tally, *notes, table if rows else None)


def _row(line: int, title: str, state: str, said: Any) -> Markup:
    tone = {"in conflict": "soon", "set aside": "late"}.get(state, "muted")
    return el(
        "tr", el("td", f"{line}"), el("td", title, cls="wide"), el("td", el("span", state, cls=tone)),
        el("td", said, cls="wide"),
    )  # fmt: skip


def _label(name: str) -> str:
    return wording.capital(LABELS.get(name, name).removeprefix("The "))

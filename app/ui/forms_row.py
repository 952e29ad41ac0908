"""What may be done with a risk, by whoever looks: the row of buttons on its page, and the forms behind its findings."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from app.metrics import acceptances
from app.metrics.risk_findings import Finding, Mends
from app.metrics.risk_records import RiskKey
from app.people import NotAllowed
from app.store.engine import reading
from app.store.register_reads import Listed, Story
from app.store.register_saving import desk
from app.ui import forms, forms_actions, forms_acts, forms_risk, forms_signed, read, who
from app.ui.board import Act
from app.ui.forms import Form
from app.ui.forms_risk import Subject
from app.ui.markup import Markup, button, el, plain

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        forms_risk.EDIT, forms_risk.ASSESS, forms_acts.REVIEW, forms_acts.CLOSE, forms_acts.REOPEN,
        forms_acts.COMMENT, forms_acts.LINK, forms_acts.UNLINK, forms_acts.UNDO,
        forms_signed.PROPOSE, forms_signed.APPROVE, forms_signed.DECLINE, forms_signed.REVOKE,
        forms_actions.ADD, forms_actions.CHANGE, forms_actions.DONE, forms_actions.CANCEL,
    )
}  # fmt: skip
"""Name → the form of one risk."""
_MENDS: Mapping[Mends, tuple[str, str]] = {
    "propose": ("propose", "Propose acceptance"),
    "review": ("review", "Review it"),
    "action": ("add_action", "Add an action"),
    "assess": ("assess", "Assess it"),
    "edit": ("edit", "Edit it"),
    "close": ("reopen", "Open it again"),
}
"""What mends a finding → its form, and what the button says."""
May = Callable[[Iterable[str]], bool]
"""Whether somebody may change what names these services."""


def where(key: RiskKey) -> str:
    """What forms call the page of a risk."""
    return f"risk:{key}"


def refused(story: Story) -> str:
    """Why whoever looks may not change this risk; empty: they may."""
    try:
        with reading(who.whole(read.state().url)) as conn:
            desk(conn, who.person(), "edit", None).may_touch(story.held.entry.services or ())
    except NotAllowed as why:
        return str(why)
    return ""


def touching() -> May:
    """Whether whoever looks may change a risk, by the services that it names."""
    try:
        with reading(who.whole(read.state().url)) as conn:
            here = desk(conn, who.person(), "edit", None)
    except NotAllowed:
        return lambda services: False

    def may(services: Iterable[str]) -> bool:
        try:
            here.may_touch(services)
        except NotAllowed:
            return False
        return True

    return may


def mending(finding: Finding, row: Listed, may: bool) -> Markup | None:
    """The buttons that open what mends a finding, for whoever looks; None where they may not. A request is decided by
    who may approve, and never by who asked."""
    person, asked = who.person(), row.waiting
    found: list[tuple[str, str, Any]] = []
    if finding.mends == "decide" and asked is not None:
        number = asked.acceptance.id
        if asked.acceptance.asked_by.casefold() == person.name.casefold():
            found = [("revoke", "Withdraw the request", number)]
        elif person.may("approve"):
            found = [("approve", "Approve", number), ("decline", "Decline", number)]
    elif finding.mends == "date" and may and row.late:
        late = list(row.late[0])
        found = [("change_action", "Agree on a date", late), ("close_action", "It is done", late)]
    elif finding.mends in _MENDS and may:
        found = [(*_MENDS[finding.mends], None)]
    risk = {"do": "form", "risk": row.key.id, "source": row.key.source}
    title = row.entry.title
    buttons = [
        button(label, act={**risk, "form": form, "item": item}, aria_label=f"{label}: {title}")
        for form, label, item in found
    ]
    return el("span", *buttons, cls="acts") if buttons else None


def answer(key: RiskKey | None, act: Act, here: str = "") -> None:
    """Opens the form that a click in a board asks for; `here`: what the page is called, unless it is the risk's."""
    form = FORMS.get(str(act.get("form"))) if act["do"] == "form" else None
    risk, source, item = act.get("risk"), act.get("source"), act.get("item")
    if key is None and isinstance(risk, str) and isinstance(source, str):
        key = RiskKey(source, risk)
    if form is not None and key is not None:
        forms.begin(form, Subject(key, tuple(item) if isinstance(item, list) else item), here or where(key))


def row(story: Story) -> None:
    """The buttons, and why some are not there."""
    key, standing, person = story.held.key, story.held.entry.status == "open", who.person()
    why = refused(story)
    asked, holds = story.row.waiting, acceptances.in_force(story.acceptances)
    own = asked is not None and asked.acceptance.asked_by.casefold() == person.name.casefold()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not why:
            _button(key, "edit", "Edit", "edit")
            if standing:
                _button(key, "assess", "Assess", "speed")
                _button(key, "review", "Review", "visibility")
                if asked is None:
                    _button(key, "propose", "Propose acceptance", "approval")
        if asked is not None and standing:
            if own:
                _button(key, "revoke", "Withdraw the request", "undo", asked.acceptance.id)
            elif person.may("approve"):
                _button(key, "approve", "Approve", "check", asked.acceptance.id)
                _button(key, "decline", "Decline", "close", asked.acceptance.id)
        elif holds is not None and person.may("approve"):
            _button(key, "revoke", "Revoke the acceptance", "undo", holds.acceptance.id)
        if not why:
            with st.popover("More", icon=":material/more_horiz:", key=f"more_{forms.times()}"):
                if standing:
                    _button(key, "add_action", "Add an action", "add_task")
                _button(key, "comment", "Comment", "chat")
                _button(key, "link", "Link", "link")
                if story.held.version > 1:
                    _button(key, "undo", "Undo last change", "undo")
                _button(key, "close" if standing else "reopen", "Close" if standing else "Reopen", "lock")
    if why:
        st.caption(f":material/lock: {plain(why)}")
    if asked is not None and own:
        st.caption(":material/lock: Your request waits: nobody approves their own.")


def _button(key: RiskKey, form: str, label: str, icon: str, item: int | None = None) -> None:
    st.button(
        label,
        key=f"do_{form}",
        icon=f":material/{icon}:",
        on_click=forms.begin,
        args=(FORMS[form], Subject(key, item), where(key)),
    )

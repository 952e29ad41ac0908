"""Forms in dialogs: what is typed is never lost, what cannot be kept is said beside its field.

    st.button("Edit", on_click=forms.begin, args=(forms_risk.EDIT, subject, here))
    forms.shown(here)          # at the end of the page: the dialog of the form that is open, if one is

A form stays open until it is saved, thrown away or closed. What is typed is kept as a draft of whoever types (table
`drafts`) as soon as a field is left, so it outlives a reload and a restart. A write that meets another one's change
raises Conflict, and the dialog turns to `forms_conflict`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import streamlit as st

from app.charts import wording
from app.metrics.risk_records import Conflict, Invalid, Unknown
from app.people import NotAllowed, Person
from app.store import drafts
from app.store.drafts import Draft
from app.store.engine import StoreError, writing
from app.ui import forms_conflict, read, who
from app.ui.board import board
from app.ui.markup import Markup, plain

Kind = Literal["line", "text", "choice", "many", "day", "number"]
Values = dict[str, Any]
_QUIET = re.compile(r"[^\W_]+([ ,-]+[^\W_]+)*")
"""A label in which Markdown finds nothing, so that a screen reader need not hear how it is guarded."""
_OPENED, _ROUND, _SAID, _REFUSED = "form_opened", "form_round", "form_said", "form_refused"


class Field(NamedTuple):
    """One field of a form."""

    name: str
    label: str
    kind: Kind = "line"
    options: Sequence[Any] = ()
    words: Callable[[Any], str] = str
    """How an option is called."""
    help: str | None = None
    needed: bool = False
    """A choice that cannot be taken back to nothing."""
    others: bool = False
    """Whether what is not among the options may be written too."""


class Begun(NamedTuple):
    """What a form starts from."""

    version: int
    values: Values
    """Field → its value, as the form shows it."""
    about: Any = None
    """What the form itself wants to know."""
    typed: Mapping[str, Any] = MappingProxyType({})
    """What is filled in already, beyond what is there: it counts as typed."""


@dataclass(frozen=True)
class Form:
    """What a form asks, and what becomes of it."""

    name: str
    title: str
    button: str
    begin: Callable[[Any], Begun]
    """Raises NotAllowed, Unknown or StoreError with a sentence to show."""
    rows: Callable[["Opened"], Sequence[Sequence[Field]]]
    """The fields, those of a row side by side."""
    save: Callable[[Any, Person, "Opened", Values], str]
    """Writes (connection, who, form, what was changed): what to say then."""
    note: Callable[["Opened"], str] = lambda opened: ""
    """What stands over the fields, from what is typed."""
    wide: bool = True
    below: Callable[["Opened"], Markup | None] = lambda opened: None
    """What stands under the fields: what would become of what is typed."""


@dataclass
class Opened:
    """A form that somebody has open."""

    form: Form
    subject: Any
    where: str
    """The page that it is open on."""
    version: int
    base: Values
    values: Values
    about: Any
    round: int
    errors: dict[str, str] = field(default_factory=dict)
    conflict: Conflict | None = None
    offered: Draft | None = None
    kept_at: datetime | None = None

    @property
    def draft(self) -> str:
        """What its draft is called."""
        return f"{self.form.name}:{self.subject}"

    @property
    def title(self) -> str:
        """What the form is called, and which risk it is about."""
        risk = getattr(self.subject, "risk", None)
        return f"{self.form.title}: {risk.id}" if risk else self.form.title

    @property
    def fields(self) -> list[Field]:
        return [one for row in self.form.rows(self) for one in row]

    def key(self, name: str) -> str:
        return f"form_{self.round}_{name}"

    def take(self) -> None:
        """Takes over what the widgets hold."""
        for name in self.values:
            key = self.key(name)
            if key in st.session_state:
                self.values[name] = st.session_state[key]

    def changed(self) -> Values:
        """What differs from what was there."""
        return {name: value for name, value in self.values.items() if _blank(value) != _blank(self.base.get(name))}


def _blank(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else (value or None) if value != 0 else value


def as_shown(kind: Kind, value: Any) -> Any:
    """A value as the widget of this kind holds it."""
    if kind in ("line", "text"):
        return "" if value is None else str(value)
    return list(value or ()) if kind == "many" else value


def begin(form: Form, subject: Any, where: str) -> None:
    """Opens a form: call it as a click's callback. A draft is offered first."""
    try:
        begun = form.begin(subject)
        round_ = st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        values = {**begun.values, **begun.typed}
        opened = Opened(form, subject, where, begun.version, begun.values, values, begun.about, round_)
        opened.offered = drafts.found(_store(), who.person().name, opened.draft, read.now())
    except (NotAllowed, Unknown, StoreError) as refused:
        st.session_state[_REFUSED] = str(refused)
        return
    st.session_state[_OPENED] = opened


def shown(where: str) -> None:
    """Draws the dialog of the form that is open on this page, and what the last one did. Call it once a page."""
    if said := st.session_state.pop(_SAID, None):
        st.toast(plain(said), icon=":material/check:")
    if refused := st.session_state.pop(_REFUSED, None):
        st.toast(plain(refused), icon=":material/lock:")
    opened = st.session_state.get(_OPENED)
    if opened is None:
        return
    if opened.where != where:
        del st.session_state[_OPENED]
        return
    width: Literal["large", "medium"] = "large" if opened.form.wide else "medium"
    st.dialog(plain(opened.title), width=width, on_dismiss=close)(_drawn)()


def times() -> int:
    """How many forms were opened: part of the key of a popover, so that it closes once one is opened from it."""
    return int(st.session_state.get(_ROUND, 0))


def close() -> None:
    """Closes the form; its draft stays."""
    st.session_state.pop(_OPENED, None)


def _drawn() -> None:
    opened: Opened | None = st.session_state.get(_OPENED)
    if opened is None:
        st.rerun()
    with read.held():
        if opened.offered is not None:
            _offer(opened, opened.offered)
        elif opened.conflict is not None:
            forms_conflict.shown(opened, opened.conflict, _save_chosen, _back)
        else:
            _asked(opened)


def _offer(opened: Opened, draft: Draft) -> None:
    when = wording.instant(draft.at, read.directory().policy.timezone)
    st.markdown("You began this before and have not saved it.")
    fields = {one.name: one.label for one in opened.fields}
    typed = [label for name, label in fields.items() if name in draft.content.get("values", {})]
    if typed:
        st.caption(plain(f"What you had typed: {wording.listed(typed)}."))
    with st.container(horizontal=True):
        st.button(f"Continue your draft of {plain(when)}", type="primary", key="form_continue", on_click=_continue)
        st.button("Start anew", key="form_anew", on_click=_anew)


def _continue() -> None:
    opened = _opened()
    if opened is None or opened.offered is None:
        return
    content = opened.offered.content
    kinds = {one.name: one.kind for one in opened.fields}
    opened.version = int(content.get("version", opened.version))
    opened.base |= _read(content.get("base", {}), kinds)
    opened.values = opened.base | _read(content.get("values", {}), kinds)
    opened.offered = None


def _read(kept: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Values:
    return {
        name: date.fromisoformat(value) if kinds[name] == "day" and value else value
        for name, value in kept.items()
        if name in kinds
    }


def _anew() -> None:
    opened = _opened()
    if opened is not None:
        _forget(opened)
        opened.offered = None


def _asked(opened: Opened) -> None:
    """The fields, each with what is wrong about it, and the buttons."""
    opened.take()
    if note := opened.form.note(opened):
        st.markdown(plain(note))
    for row in opened.form.rows(opened):
        places = st.columns(len(row)) if len(row) > 1 else [st.container()]
        for place, one in zip(places, row, strict=True):
            with place:
                _widget(opened, one)
                if wrong := opened.errors.get(one.name):
                    st.markdown(f":red[:material/error: {plain(wrong)}]")
    if below := opened.form.below(opened):
        board(below, key=opened.key("below"))
    known = {one.name for one in opened.fields}
    for name, wrong in opened.errors.items():
        if name not in known:
            st.error(plain(wrong), icon=":material/error:")
    if marked := [one.label for one in opened.fields if one.name in opened.errors]:
        st.error(plain(f"Nothing was saved yet. To mend: {wording.listed(marked)}."), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(opened.form.button, type="primary", key=opened.key("save"), on_click=_save)
        typed = bool(opened.fields and opened.changed())
        st.button("Discard" if typed else "Cancel", key=opened.key("discard"), on_click=_discard)
        if opened.kept_at is not None and typed:
            st.caption("Kept as your draft")


def _widget(opened: Opened, one: Field) -> None:
    key = opened.key(one.name)
    if key not in st.session_state:
        st.session_state[key] = opened.values.get(one.name)
    more: dict[str, Any] = {"key": key, "help": one.help, "on_change": _typed}
    options, label = list(one.options), one.label if _QUIET.fullmatch(one.label) else plain(one.label)
    match one.kind:
        case "line":
            st.text_input(label, **more)
        case "text":
            st.text_area(label, height=96, **more)
        case "choice":
            held = st.session_state[key]
            options += [held] if held is not None and held not in options else []
            st.selectbox(
                label, options, index=None, format_func=one.words, accept_new_options=one.others,
                placeholder="Choose", required=one.needed, **more,
            )  # fmt: skip
        case "many":
            options += [held for held in st.session_state[key] if held not in options]
            st.multiselect(
                label, options, format_func=one.words, accept_new_options=one.others, placeholder="None", **more
            )
        case "day":
            st.date_input(label, value=None, format="YYYY-MM-DD", **more)
        case "number":
            st.number_input(label, value=None, min_value=0.0, **more)


def _typed() -> None:
    """Keeps what is typed as a draft; what is as it was needs none."""
    opened = _opened()
    if opened is None:
        return
    opened.take()
    changed = opened.changed()
    kept: Values = {"version": opened.version}
    kept |= {"values": _json(changed), "base": _json({name: opened.base.get(name) for name in changed})}
    opened.kept_at = None
    try:
        if changed:
            now = read.now()
            if drafts.keep(_store(), who.person().name, opened.draft, kept, now):
                opened.kept_at = now
        else:
            _forget(opened)
    except (NotAllowed, StoreError):
        return  # a draft that is not kept is no reason to stop somebody who types


def _json(values: Values) -> Values:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _save() -> None:
    opened = _opened()
    if opened is not None:
        opened.take()
        _write(opened, opened.changed())


def _write(opened: Opened, values: Values) -> None:
    opened.errors, opened.conflict = {}, None
    try:
        with writing(_store()) as conn:
            said = opened.form.save(conn, who.person(), opened, values)
        _forget(opened)
    except Conflict as conflict:
        opened.conflict = conflict
    except Invalid as invalid:
        opened.errors = invalid.fields
    except (NotAllowed, Unknown, StoreError) as refused:
        opened.errors = {"": str(refused)}
    else:
        close()
        st.session_state[_SAID] = said


def _save_chosen() -> None:
    """Saves on top of what somebody else saved, with what was chosen field by field."""
    opened = _opened()
    if opened is None or opened.conflict is None:
        return
    conflict = opened.conflict
    undecided = forms_conflict.undecided(opened, conflict)
    if undecided:
        opened.errors = dict.fromkeys(undecided, "Choose one of the two.")
        return
    _rebase(opened, conflict)
    _write(opened, opened.changed())


def _back() -> None:
    """Back to the fields, on the version that is there now."""
    opened = _opened()
    if opened is not None and opened.conflict is not None:
        _rebase(opened, opened.conflict)
        opened.errors, opened.conflict = {}, None


def _rebase(opened: Opened, conflict: Conflict) -> None:
    kinds = {one.name: one.kind for one in opened.fields}
    for name, clash in conflict.fields.items():
        if name in kinds:
            theirs = as_shown(kinds[name], clash.theirs)
            if not forms_conflict.keeps_mine(opened, conflict, name):
                opened.values[name] = theirs
            opened.base[name] = theirs
    opened.version = conflict.version
    opened.round = st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _discard() -> None:
    opened = _opened()
    if opened is not None:
        _forget(opened)
        close()


def _forget(opened: Opened) -> None:
    try:
        drafts.drop(_store(), who.person().name, opened.draft)
    except StoreError:
        return  # it goes by itself within a month


def _opened() -> Opened | None:
    found: Opened | None = st.session_state.get(_OPENED)
    return found


def _store() -> Any:
    return who.whole(read.state().url)

"""What a form shows where somebody else has saved meanwhile: field by field what was there, what you have, what they
saved, and the choice."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.charts import wording
from app.metrics.risk_records import LABELS, Conflict
from app.ui import read
from app.ui.board import board
from app.ui.markup import Markup, el, join, plain

if TYPE_CHECKING:
    from app.ui.forms import Opened

_CHOICES = {"mine": "Keep yours", "theirs": "Keep theirs"}


def shown(opened: "Opened", conflict: Conflict, save: Callable[[], None], back: Callable[[], None]) -> None:
    """The three sides of each field that one side changed, a choice where both did, and the buttons."""
    when = wording.instant(conflict.at, read.directory().policy.timezone)
    st.warning(plain(f"{conflict.by} saved this on {when}, while you were writing: nothing of yours was saved yet."))
    if conflict.fields:
        board(_table(opened, conflict), key=f"form_conflict_{opened.round}")
    both = _both(opened, conflict)
    for name in both:
        st.radio(
            plain(_label(opened, name)),
            list(_CHOICES),
            index=None,
            format_func=_CHOICES.__getitem__,
            horizontal=True,
            key=_key(opened, name),
        )
        if wrong := opened.errors.get(name):
            st.markdown(f":red[:material/error: {plain(wrong)}]")
    if not both:
        st.markdown("You did not change the same: saving keeps both.")
    with st.container(horizontal=True):
        st.button("Save what you chose" if both else "Save yours too", type="primary", key="form_chosen", on_click=save)
        st.button("Back to the form", key="form_back", on_click=back)


def undecided(opened: "Opened", conflict: Conflict) -> list[str]:
    """The fields that both changed and nobody has chosen of."""
    return [name for name in _both(opened, conflict) if st.session_state.get(_key(opened, name)) is None]


def keeps_mine(opened: "Opened", conflict: Conflict, name: str) -> bool:
    """Whether a field stays as it was typed: unless they alone changed it, or it was chosen so."""
    clash = conflict.fields[name]
    if clash.both:
        return bool(st.session_state.get(_key(opened, name)) != "theirs")
    return bool(clash.mine != clash.base)


def _both(opened: "Opened", conflict: Conflict) -> list[str]:
    names = {one.name for one in opened.fields}
    return [name for name in conflict.clashes if name in names]


def _key(opened: "Opened", name: str) -> str:
    return f"form_{opened.round}_choose_{name}"


def _label(opened: "Opened", name: str) -> str:
    labels = {one.name: one.label for one in opened.fields}
    return labels.get(name) or wording.capital(LABELS.get(name, name).removeprefix("The "))


def _table(opened: "Opened", conflict: Conflict) -> Markup:
    heads = ("Field", "It was", "You have", f"{conflict.by} saved")
    rows = []
    for name, clash in conflict.fields.items():
        mine, theirs = clash.mine != clash.base, clash.theirs != clash.base
        rows.append(
            el(
                "tr",
                el("td", _label(opened, name)),
                el("td", said(clash.base), cls="muted"),
                el("td", el("b", said(clash.mine)) if mine else el("span", "unchanged", cls="muted")),
                el("td", el("b", said(clash.theirs)) if theirs else el("span", "unchanged", cls="muted")),
            )
        )
    head = el("thead", el("tr", *(el("th", name, scope="col") for name in heads)))
    return el("div", el("table", head, el("tbody", join(*rows)), cls="rows"), cls="card scroll", tabindex="0")


def said(value: Any) -> str:
    """A value of a field in words."""
    if value is None or value in ("", (), []):
        return "blank"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    if isinstance(value, float):
        return f"{value:,.10g}"
    return wording.day(value) if isinstance(value, date) else str(value)

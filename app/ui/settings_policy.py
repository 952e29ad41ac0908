"""Settings: the policy with its dated history, and for admins the editor: what would change is shown first, and nothing
that somebody else set meanwhile is overwritten unseen."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import streamlit as st

from app import policy as policies
from app.charts import wording
from app.people import NotAllowed
from app.policy import Change, NotAPolicy, Policy, differences, understood
from app.store.engine import StoreError, reading, writing
from app.store.people import Outdated
from app.store.policies import Dated, change, history
from app.ui import read, tables, who
from app.ui.board import board
from app.ui.markup import Markup, el, join, plain
from app.ui.read import State
from app.ui.tables import Column

_TEXT, _OF, _WHY, _SAID = "settings_policy_text", "settings_policy_of", "settings_policy_why", "settings_policy_said"
_DONE = "settings_policy_done"
_SHOWN, _LONGEST = 40, 200


def shown() -> None:
    """The history, one policy of it in full, and the editor."""
    if said := st.session_state.pop(_SAID, None):
        st.success(plain(said), icon=":material/check:")
    held = dated()
    zone = read.directory().policy.timezone
    board(_heading(held, zone), key="settings_policy_head")
    if held:
        _history(held, zone)
    _text_of(held, zone)
    _editor(held, zone)


def dated() -> tuple[Dated, ...]:
    """Every policy that was set, the latest first."""
    return _dated(read.state())


@lru_cache(maxsize=8)
def _dated(of: State) -> tuple[Dated, ...]:
    with reading(read.opened(of.url)) as conn:
        return history(conn)


def _heading(held: Sequence[Dated], zone: str) -> Markup:
    if not held:
        said = "The policy that Nines ships is in force: nobody has set another."
    else:
        said = f"In force since {wording.instant(held[0].valid_from, zone)}, set by {held[0].actor}."
    return el(
        "header", el("p", said), el("p", "Past months keep the policy that was in force.", cls="meta"), cls="lead"
    )


def _history(held: Sequence[Dated], zone: str) -> None:
    rows: list[dict[str, Any]] = []
    for at, one in enumerate(held):
        before = _read(held[at + 1].text) if at + 1 < len(held) else policies.default()
        changes = differences(before, _read(one.text))
        rows.append(
            {
                "since": one.valid_from,
                "actor": one.actor,
                "why": one.why,
                "changed": "; ".join(f"{c.place}: {_said(c.old)} → {_said(c.new)}" for c in changes) or "nothing",
            }
        )
    tables.table(
        "settings_policies",
        [
            Column("since", "In force from", lambda at: wording.instant(at, zone)),
            Column("actor", "Set by"),
            Column("why", "Why", lambda why: why or "no reason given"),
            Column("changed", "What it changed", lambda text: _cut(str(text)), wide=True),
        ],
        rows,
        file="policy-history",
        page_rows=10,
    )


def _text_of(held: Sequence[Dated], zone: str) -> None:
    """One policy as YAML, to read and to download."""
    texts = {wording.instant(one.valid_from, zone): one.text for one in held} or {"as shipped": policies.shipped()}
    with st.expander("The policy as YAML"):
        chosen = st.selectbox("In force from", list(texts), key="settings_policy_chosen", width=320)
        text = texts.get(chosen or "", next(iter(texts.values())))
        st.code(text, language="yaml", wrap_lines=True)
        st.download_button(
            "Download policy.yaml",
            data=lambda: text.encode(),
            file_name="policy.yaml",
            mime="application/yaml",
            key="settings_policy_download",
            on_click="ignore",
            icon=":material/download:",
        )


def _editor(held: Sequence[Dated], zone: str) -> None:
    try:
        who.person().must("govern", everywhere=True)
    except NotAllowed as refused:
        st.caption(f":material/lock: {plain(str(refused))}")
        return
    latest = held[0].valid_from if held else None
    text_now = held[0].text if held else policies.shipped()
    board(el("div", el("h2", "Change it"), cls="heading apart"), key="settings_policy_change")
    if st.session_state.pop(_DONE, False) or _TEXT not in st.session_state:
        _start(text_now, latest)
        st.session_state[_WHY] = ""
    if st.session_state.get(_OF) != latest:
        _met_another(held, text_now, latest, zone)
    text = st.text_area("The policy, as YAML", key=_TEXT, height=420, max_chars=policies.LONGEST)
    try:
        wanted = understood(text or "")
    except NotAPolicy as refused:
        st.error(plain(f"The text {refused}."), icon=":material/error:")
        return
    changes = differences(_read(text_now), wanted)
    board(_preview(changes), key="settings_policy_preview")
    why = st.text_input("Why", key=_WHY, max_chars=500, placeholder="What for? It is kept with the change.")
    ready = bool(changes) and bool((why or "").strip())
    if st.button("Put it in force from now on", type="primary", key="settings_policy_set", disabled=not ready):
        _set(text or "", st.session_state.get(_OF), why or "")


def _met_another(held: Sequence[Dated], text_now: str, latest: datetime | None, zone: str) -> None:
    """Somebody else set a policy while this one was written."""
    one = held[0]
    st.warning(
        plain(
            f"{one.actor} set another policy on {wording.instant(one.valid_from, zone)}, after you began. What you "
            "wrote is kept below; what it would change is shown against the new one."
        ),
        icon=":material/sync_problem:",
    )
    with st.container(horizontal=True):
        st.button("Go on from the new one", key="settings_policy_rebase", on_click=_start, args=(None, latest))
        st.button("Put my text away", key="settings_policy_drop", on_click=_start, args=(text_now, latest))


def _start(text: str | None, of: datetime | None) -> None:
    """Edits on the basis of the policy of a moment: from its text, or keeping what was written."""
    st.session_state[_OF] = of
    if text is not None:
        st.session_state[_TEXT] = text


def _set(text: str, of: datetime | None, why: str) -> None:
    try:
        with writing(read.opened(read.state().url)) as conn:
            change(conn, text, of, by=who.person(), why=why.strip())
    except (NotAllowed, NotAPolicy, Outdated, StoreError) as refused:
        st.error(plain(str(refused)), icon=":material/error:")
        return
    st.session_state[_DONE] = True
    st.session_state[_SAID] = "The policy is in force from now on; past months keep theirs."
    st.rerun()


def _preview(changes: Sequence[Change]) -> Markup:
    if not changes:
        return el("section", el("p", "The text says what is in force already.", cls="muted"), cls="card section flush")
    rows = (
        el("tr", el("th", c.place, scope="row"), el("td", _said(c.old)), el("td", _said(c.new)))
        for c in changes[:_SHOWN]
    )
    more = len(changes) - _SHOWN
    head = el("tr", *(el("th", name, scope="col") for name in ("", "Now", "Would be")))
    return el(
        "section",
        el("h2", f"{len(changes):,} change{'s' if len(changes) != 1 else ''}"),
        el(
            "div",
            el("table", el("thead", head), el("tbody", join(*rows)), cls="rows tight"),
            cls="scroll",
            tabindex="0",
        ),
        el("p", f"and {more:,} more", cls="muted small") if more > 0 else None,
        cls="card section flush",
    )


@lru_cache(maxsize=64)
def _read(text: str) -> Policy:
    return policies.parse(text)


def _said(value: Any) -> str:
    if value is None:
        return "not there"
    if isinstance(value, str) and value.startswith("data:"):
        return f"a picture of {len(value):,} letters"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

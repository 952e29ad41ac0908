"""The audit log: who did what, when and why, what it was and what it became; and whether the trail is whole.

Who may govern sees everybody's entries and the state of the chain; everybody else what they did themselves.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import streamlit as st

from app.charts import wording
from app.metrics.periods import midnight
from app.people import Person
from app.store import audit as store_audit
from app.store import trail
from app.store.audit import Verified
from app.store.engine import reading
from app.store.trail import Choices, Entry, Wanted
from app.ui import exports, read, who
from app.ui.audit_changes import Change, changes
from app.ui.board import board
from app.ui.markup import Markup, el, join

PAGE = 25
_FEW = 4
"""Changed fields shown at once; the rest opens."""
_CLIP = 300
_EVERYBODY, _ANY = "Everybody", "Anything"
_BELOW = "audit_below"
_HEADINGS = ("No", "When (UTC)", "Who", "Action", "Of what", "Which", "Field", "Old", "New", "Why", "Hash")


class Walked(NamedTuple):
    """When the chain was last walked in this process, and what was found."""

    at: datetime
    found: Verified


_walked: dict[str, Walked] = {}
"""Store → the last walk."""


def show() -> None:
    """The whole page."""
    person = who.person()
    only = None if _everything(person) else person.name
    board(_lead(person), key="audit_lead")
    if only is None:
        _chain()
    if not _count(read.state(), Wanted(actor=only)):
        board(_calm(only), key="audit_calm")
        return
    wanted = _asked(only)
    total = _count(read.state(), wanted)
    below = _place(wanted)
    found = _page(read.state(), wanted, below[-1] if below else None)
    _above(wanted, total)
    board(listed(found, read.directory().policy.timezone, wanted), key="audit_entries")
    _pager(below, found, total)


def _everything(person: Person) -> bool:
    """Whether they see what everybody did: an admin without limits."""
    return person.within("govern") is None


def _lead(person: Person) -> Markup:
    said = (
        "Every change, by whom and why. Entries cannot be changed: each carries the fingerprint of the one before."
        if _everything(person)
        else f"What {person.name} changed, and why. Everybody's changes are shown to administrators."
    )
    return el("header", el("p", said), el("p", f"Times in {read.directory().policy.timezone}", cls="meta"), cls="lead")


def _calm(only: str | None) -> Markup:
    words = "Imports, policy, people, risks and reviews leave an entry here when somebody changes them."
    title = "Nothing was changed yet" if only is None else "You have changed nothing yet"
    return el("section", el("h2", title), el("p", words, cls="sub"), cls="card section flush")


# --- the chain


def _chain() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pressed = st.button("Verify the trail", key="audit_verify", icon=":material/verified_user:")
        if pressed:
            _walk()
        board(_state(_walked.get(read.state().url)), key="audit_chain")


def _walk() -> None:
    url = read.state().url
    bar = st.progress(0.0, "Walking the trail")

    def told(done: int, of: int) -> None:
        bar.progress(min(done / of, 1.0), f"Entry {done:,} of {of:,}")

    with reading(read.opened(url)) as conn:
        found = store_audit.verify(conn, told)
    bar.empty()
    _walked[url] = Walked(read.now(), found)


def _state(walked: Walked | None) -> Markup:
    """How far the trail is known to be whole."""
    if walked is None:
        return el("p", "Not verified since this server started.", cls="muted small")
    found, at = walked.found, wording.instant(walked.at, read.directory().policy.timezone)
    if not found.faults:
        words = f"Verified to entry {found.entries:,}, {at}: every entry is there, in its place and as it was written."
        return el("p", words if found.entries else f"Verified, {at}: the trail is empty.", cls="small")
    faults = [el("li", f"{fault[0].upper()}{fault[1:]}.") for fault in found.faults]
    more = el("li", f"{found.more:,} more.") if found.more else None
    return el(
        "section",
        el("p", f"The trail is broken (verified {at})", cls="late"),
        el("ul", *faults, more, cls="plain stacked"),
    )


# --- what is asked for


def _asked(only: str | None) -> Wanted:
    """The row of filters; all of it is in the address."""
    zone = read.directory().policy.timezone
    offered = _choices(read.state(), only)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input("Search", key="q", bind="query-params", placeholder="Any word", width=190, max_chars=200)
        actor = None
        if only is None:
            actor = _choice("Who", "who", _EVERYBODY, offered.actors)
        action = _choice("Action", "action", _ANY, offered.actions)
        entity = _choice("Of what", "what", _ANY, offered.entities)
        since = st.date_input("From", value=None, key="since", bind="query-params", width=140)
        until = st.date_input("Until", value=None, key="until", bind="query-params", width=140)
    return Wanted(text.strip(), only or actor, action, entity, *_span(since, until, zone))


def _choice(label: str, key: str, all_of_them: str, names: Iterable[str]) -> str | None:
    said = st.selectbox(label, [all_of_them, *names], key=key, bind="query-params", width=160)
    return None if said == all_of_them else said


def _span(since: Any, until: Any, zone: str) -> tuple[datetime | None, datetime | None]:
    start = midnight(since, zone) if isinstance(since, date) else None
    return start, midnight(until + timedelta(1), zone) if isinstance(until, date) else None


@lru_cache(maxsize=32)
def _choices(of: read.State, only: str | None) -> Choices:
    with reading(read.opened(of.url)) as conn:
        return trail.choices(conn, only)


@lru_cache(maxsize=64)
def _count(of: read.State, wanted: Wanted) -> int:
    with reading(read.opened(of.url)) as conn:
        return trail.count(conn, wanted)


@lru_cache(maxsize=64)
def _page(of: read.State, wanted: Wanted, below: int | None) -> tuple[Entry, ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(trail.page(conn, wanted, PAGE, below))


# --- a page of entries


def _place(wanted: Wanted) -> list[int]:
    """The numbers of the last entries of the pages before this one; another question begins anew."""
    kept = st.session_state.get(_BELOW)
    if kept is None or kept[0] != wanted:
        kept = st.session_state[_BELOW] = (wanted, [])
    below: list[int] = kept[1]
    return below


def _above(wanted: Wanted, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{total:,} entr{'y' if total == 1 else 'ies'} found")
        named, of = f"nines-audit-{read.now():%Y-%m-%d}", read.state()
        st.download_button(
            "CSV", data=lambda: exports.as_csv(_HEADINGS, _cells(of, wanted)), file_name=f"{named}.csv",
            mime="text/csv", key="audit_csv", on_click="ignore", icon=":material/download:",
            help="All entries found, a row a changed field, as CSV",
        )  # fmt: skip
        st.download_button(
            "Excel", data=lambda: exports.as_xlsx(_HEADINGS, _cells(of, wanted), "audit"), file_name=f"{named}.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", key="audit_xlsx",
            on_click="ignore", icon=":material/download:",
            help="All entries found, a row a changed field, as an Excel workbook",
        )  # fmt: skip


def _cells(of: read.State, wanted: Wanted) -> Iterator[list[exports.Cell]]:
    with reading(read.opened(of.url)) as conn:
        for entry in trail.each(conn, wanted):
            about: list[exports.Cell] = [entry.seq, entry.at, entry.actor, entry.action, entry.entity, entry.entity_id]
            for change in changes(entry.old, entry.new) or [Change("", None, None)]:
                yield [*about, change.field, change.old, change.new, entry.why, entry.hash]


def _pager(below: list[int], found: tuple[Entry, ...], total: int) -> None:
    before = len(below) * PAGE
    if total <= PAGE:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Newest", key="audit_newest", disabled=not below, on_click=below.clear)
        st.button("Newer", key="audit_newer", disabled=not below, on_click=lambda: below.__delitem__(-1))
        last = found[-1].seq if found else 0
        more = before + len(found) < total
        st.button("Older", key="audit_older", disabled=not more, on_click=lambda: below.append(last))
        st.caption(f"{before + 1:,} to {before + len(found):,} of {total:,}")


def listed(entries: Iterable[Entry], zone: str, wanted: Wanted = Wanted()) -> Markup:  # noqa: B008  (a frozen value)
    """Entries one under another, each with what it changed."""
    items = [_entry(entry, zone) for entry in entries]
    if not items:
        return el("section", el("p", "No entry is like this.", cls="muted"), cls="card section flush")
    return el("section", el("ol", join(*items), cls="trail"), cls="card section flush")


def _entry(entry: Entry, zone: str) -> Markup:
    what = f" {entry.entity.replace('_', ' ')}"
    found = changes(entry.old, entry.new)
    return el(
        "li",
        el(
            "div",
            el(
                "p",
                el("b", entry.actor),
                f" {entry.action}",
                what,
                el("span", f" {entry.entity_id or ''}", cls="which"),
            ),
            el("p", wording.instant(entry.at, zone), el("span", f" · no. {entry.seq:,}"), cls="muted small"),
            cls="did",
        ),
        el("p", f"“{_clipped(entry.why)}”", cls="why") if entry.why else None,
        _table(found[:_FEW]),
        el("details", el("summary", f"{len(found) - _FEW:,} more"), _table(found[_FEW:])) if found[_FEW:] else None,
    )


def _table(found: list[Change]) -> Markup | None:
    if not found:
        return None
    replaced = any(change.old is not None for change in found)
    rows = [
        el(
            "div",
            el("dt", change.field or "value"),
            el("dd", _told(change, "old"), cls="old") if replaced else None,
            el("dd", _told(change, "new"), cls="new"),
        )
        for change in found
    ]
    return el("dl", join(*rows), cls="changes" if replaced else "changes made")


def _told(change: Change, which: str) -> Markup:
    said: Mapping[str, str | None] = change._asdict()
    text = said[which]
    name = el("span", "was " if which == "old" else "is ", cls="hush")
    if text is None:
        return join(name, el("span", "blank" if which == "old" else "taken away", cls="muted"))
    return join(name, el("del" if which == "old" else "ins", _clipped(text)))


def _clipped(text: str) -> str:
    return text if len(text) <= _CLIP else f"{text[:_CLIP]}… ({len(text):,} characters; the export holds all)"

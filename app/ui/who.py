"""Who is looking: the person every page and every write asks about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import local as thread_local

import streamlit as st

from app import policy, settings
from app.people import Grant, NotAllowed, Person, Role, from_groups, local
from app.settings import Settings
from app.store import engine as stores
from app.store import light, people, sessions
from app.store.sessions import Session

whole = lru_cache(maxsize=8)(stores.open_store)
"""URL → the open store, whoever looks; pages read by `app.ui.read`."""
_held = thread_local()


@contextmanager
def held(person: Person) -> Iterator[None]:
    """Inside, this is the person at work in this thread: a run of a page finds out once who looks, and what is made
    for a download is made for whoever saw its button."""
    before = getattr(_held, "person", None)
    _held.person = person
    try:
        yield
    finally:
        _held.person = before


def person() -> Person:
    """The person at work. Without sign-in it is the account of the system, or who NINES_USER says. Raises NotAllowed
    for who has not signed in, or has no role: the frame lets neither get to a page."""
    kept: Person | None = getattr(_held, "person", None)
    if kept is not None:
        return kept
    chosen = settings.load()
    if not chosen.signs_in:
        return local(chosen.user)
    here = session(chosen)
    if here is None:
        raise NotAllowed("You are not signed in: open the page anew.")
    found = known(here, chosen)
    if not found.roles:
        raise NotAllowed(f"{found.name} has no role here.")
    return found


def session(chosen: Settings) -> Session | None:
    """The session of whoever looks: None where nobody has signed in, it is too old, or was ended."""
    word = st.user.get("session")
    if not st.user.get("is_logged_in") or not isinstance(word, str):
        return None
    return sessions.live(whole(chosen.database_url), word, datetime.now(UTC), timedelta(hours=chosen.session_hours))


def known(kept: Session, chosen: Settings) -> Person:
    """Who signed in, with the roles that grants, policy and settings give them now; perhaps none."""
    with stores.reading(whole(chosen.database_url)) as conn:
        held = light.places(conn).policy_at(datetime.now(UTC)).people
        granted = light.cached(conn, "grants", lambda: people.grants(conn))
    named = [Grant(name, "person", Role.ADMIN) for name in chosen.admins]
    return from_groups(kept.name, kept.groups, [*granted, *by_policy(held, kept.name), *named])


def by_policy(given: policy.PeoplePolicy, name: str) -> list[Grant]:
    """The policy's groups as grants; what everybody gets is granted to this name."""
    parts = ((group, part, role) for group, part in given.groups.items() for role in part.roles)
    return [
        *(
            Grant(group, "group", role, _some(part.products), _some(part.teams), frozenset(part.member_of))
            for group, part, role in parts
        ),
        *(Grant(name, "person", role) for role in given.everyone),
    ]


def _some(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)

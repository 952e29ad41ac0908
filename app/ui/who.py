"""Who is looking: the person every page and every write asks about."""

from collections.abc import Collection
from datetime import timedelta

import streamlit as st

from app import policy, settings
from app.people import NotAllowed, Person, Role, local
from app.settings import Settings
from app.store import engine as stores
from app.store import light, sessions
from app.store.sessions import Session
from app.ui import read


def person() -> Person:
    """The person at work. Without sign-in it is the account of the system, or who NINES_USER says. Raises NotAllowed
    for who has not signed in, or has no role: the frame lets neither get to a page."""
    chosen = settings.load()
    if not chosen.signs_in:
        return local(chosen.user)
    kept = session(chosen)
    if kept is None:
        raise NotAllowed("You are not signed in: open the page anew.")
    found = known(kept, chosen)
    if not found.roles:
        raise NotAllowed(f"{found.name} has no role here.")
    return found


def session(chosen: Settings) -> Session | None:
    """The session of whoever looks: None where nobody has signed in, it is too old, or was ended."""
    word = st.user.get("session")
    if not st.user.get("is_logged_in") or not isinstance(word, str):
        return None
    engine = read.opened(chosen.database_url)
    return sessions.live(engine, word, read.now(), timedelta(hours=chosen.session_hours))


def known(kept: Session, chosen: Settings) -> Person:
    """Who signed in, with the roles that policy and settings give them now; perhaps none."""
    admins = {name.casefold() for name in chosen.admins}
    found = from_policy(kept.name, kept.groups, _people(chosen))
    if kept.name.casefold() in admins:
        return Person(found.name, found.roles | {Role.ADMIN}, member_of=found.member_of)
    return found


def from_policy(name: str, groups: Collection[str], people: policy.PeoplePolicy) -> Person:
    """Who somebody of these groups is. Limits add up; one group without limits lifts them."""
    given = [people.groups[group] for group in groups if group in people.groups]
    given += [policy.Given(roles=people.everyone)] if people.everyone else []
    roles = frozenset(role for part in given for role in part.roles)
    parts = [(part.products, part.teams) for part in given if part.roles]
    products = [part for part, _ in parts]
    teams = [part for _, part in parts]
    return Person(
        name,
        roles,
        None if not parts or None in products else frozenset(one for part in products for one in part or ()),
        None if not parts or None in teams else frozenset(one for part in teams for one in part or ()),
        frozenset(team for part in given for team in part.member_of),
    )


def _people(chosen: Settings) -> policy.PeoplePolicy:
    now = read.now()
    with stores.reading(read.opened(chosen.database_url)) as conn:
        held = [text for since, text in light.places(conn).policies if since <= now]
    return (held[-1] if held else policy.default()).people

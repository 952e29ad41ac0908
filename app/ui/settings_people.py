"""Settings: who is given which role within which limits. Admins change it; everybody sees what they have."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from app.charts import wording
from app.people import Grant, Kind, NotAllowed, Person, Role, limited_to
from app.store import people
from app.store.engine import StoreError, reading, writing
from app.store.people import Given, Outdated, Unfit
from app.ui import read, tables, who
from app.ui.board import Act, board
from app.ui.markup import Markup, el, plain
from app.ui.tables import ACT, Column

_ROLES: Mapping[Role, str] = {
    Role.VIEWER: "see the numbers",
    Role.EDITOR: "change facts, risks and reviews",
    Role.APPROVER: "accept risk and sign exceptions of others",
    Role.ADMIN: "change policy, people and sources",
}
_KINDS: Mapping[Kind, str] = {"person": "A person", "group": "A group of the sign-in's directory"}
_OPENED, _SAID, _NEW = "settings_grant", "settings_grant_said", 0
_ROUND = "settings_grant_round"
"""Counts changes: the form starts anew after each."""


def shown() -> None:
    """One's own roles; for admins everybody's, and the form that changes them."""
    board(mine(who.person()), key="settings_mine")
    try:
        who.person().must("govern", everywhere=True)
    except NotAllowed as refused:
        st.caption(f":material/lock: {plain(str(refused))}")
        return
    if said := st.session_state.pop(_SAID, None):
        st.success(plain(said), icon=":material/check:")
    given = _given()
    board(_heading(given), key="settings_people_head")
    if given:
        _table(given)
    _form({one.id: one for one in given})


def mine(person: Person) -> Markup:
    """Who somebody is here and what they may do."""
    roles = [role for role in Role if role in person.roles]
    within = person.within()
    teams = dict(read.directory().teams)
    own = wording.listed(sorted(teams.get(team, team) for team in person.member_of))
    facts = (
        ("Your roles", wording.listed([str(role) for role in roles]) or "none"),
        ("You see", "everything" if within is None else f"limited to: {limited_to(within)}"),
        ("Responders", _responders(person, own)),
    )
    may = wording.listed(list(dict.fromkeys([_ROLES[Role.VIEWER], *(_ROLES[role] for role in roles)])))
    return el(
        "section",
        el("h2", f"You are {person.name}"),
        el("p", f"You may {may}." if roles else "You may do nothing here yet.", cls="sub"),
        el("dl", *(el("div", el("dt", name), el("dd", said)) for name, said in facts), cls="across"),
        cls="card section flush",
    )


def _responders(person: Person, own: str) -> str:
    usual = {"name": "by name", "initials": "by initials", "team": "as their team"}[person.names(())]
    return f"shown {usual}" + (f"; those of {own} by name" if own and usual != "by name" else "")


def _given() -> tuple[Given, ...]:
    with reading(read.opened(read.state().url)) as conn:
        return people.given(conn)


def _heading(given: Sequence[Given]) -> Markup:
    said = "Roles hold for whoever signs in. A person may have several; a group gives its roles to all who are in it."
    if not given:
        said = f"Nobody was given a role yet. {said}"
    return el("div", el("h2", "Who has what"), el("p", said, cls="sub"), cls="heading apart")


def _table(given: Sequence[Given]) -> None:
    zone = read.directory().policy.timezone
    tables.table(
        "settings_grants",
        [
            Column("subject", "Who"),
            Column("kind", "Kind"),
            Column("role", "Role"),
            Column("limits", "Limited to", wide=True),
            Column("member_of", "Own teams"),
            Column("at", "Since", lambda at: wording.instant(at, zone)),
            Column("by", "By"),
        ],
        [_row(one) for one in given],
        file="roles",
        page_rows=25,
        on_act=open_grant,
    )


def _row(one: Given) -> dict[str, Any]:
    grant = one.grant
    return {
        "subject": grant.subject,
        "kind": grant.kind,
        "role": grant.role.value,
        "limits": grant.limit.words or "everything",
        "member_of": ", ".join(sorted(grant.member_of)),
        "at": one.changed_at,
        "by": one.changed_by,
        ACT: {"do": "grant", "id": one.id},
    }


def open_grant(act: Act) -> None:
    """Answers a click on a row: its grant comes into the form."""
    if act["do"] == "grant" and isinstance(act.get("id"), int):
        st.session_state[_OPENED] = act["id"]


def _form(given: Mapping[int, Given]) -> None:
    """The form for a new grant, or for one of those that are there."""
    if st.session_state.get(_OPENED) not in (_NEW, *given):
        st.session_state[_OPENED] = _NEW
    chosen = st.selectbox(
        "Give a role, or change one",
        [_NEW, *given],
        key=_OPENED,
        format_func=lambda number: _label(given.get(number)),
        width=480,
    )
    held = given.get(chosen or _NEW)
    key = f"grant_{held.id}_{held.version}" if held else f"grant_new_{st.session_state.get(_ROUND, 0)}"
    old = held.grant if held else Grant("", "person", Role.VIEWER)
    directory = read.directory()
    with st.form(f"settings_{key}"):
        left, right = st.columns(2)
        kind = left.selectbox(
            "Who", list(_KINDS), index=list(_KINDS).index(old.kind), format_func=_KINDS.__getitem__, key=f"{key}_kind"
        )
        subject = right.text_input(
            "Name",
            old.subject,
            key=f"{key}_subject",
            help="The address that somebody signs in with, or a group's name.",
        )
        role = left.selectbox(
            "Role", list(Role), index=list(Role).index(old.role), format_func=_role_words, key=f"{key}_role"
        )
        member_of = _names(right, "Own teams", [team for team, _ in directory.teams], old.member_of, f"{key}_own")
        products = _names(left, "Limited to products", directory.products, old.products or (), f"{key}_products")
        teams = _names(
            right, "Limited to teams", [team for team, _ in directory.teams], old.teams or (), f"{key}_teams"
        )
        why = st.text_input("Why", key=f"{key}_why", max_chars=500)
        with st.container(horizontal=True):
            save = st.form_submit_button("Save" if held else "Give the role", type="primary", key=f"{key}_save")
            drop = st.form_submit_button("Take it away", key=f"{key}_drop") if held else False
    if save:
        limits = (frozenset(products) or None, frozenset(teams) or None)
        _save(held, Grant(subject or "", kind or "person", role or Role.VIEWER, *limits, frozenset(member_of)), why)
    elif drop and held:
        _drop(held, why)


def _names(place: Any, label: str, offered: Sequence[str], chosen: Collection[str], key: str) -> list[str]:
    options = list(dict.fromkeys([*offered, *sorted(chosen)]))
    help_ = "Empty: everything." if label.startswith("Limited") else "Whose responders they see by name."
    found: list[str] = place.multiselect(
        label, options, sorted(chosen), key=key, accept_new_options=True, help=help_, placeholder="Everything"
        if label.startswith("Limited") else "None",
    )  # fmt: skip
    return found


def _save(held: Given | None, grant: Grant, why: str | None) -> None:
    try:
        with writing(read.opened(read.state().url)) as conn:
            if held is None:
                people.add(conn, grant, by=who.person(), why=why)
            else:
                people.change(conn, held.id, held.version, grant, by=who.person(), why=why)
    except (NotAllowed, Unfit, Outdated, StoreError) as refused:
        st.error(plain(str(refused)), icon=":material/error:")
        return
    _done(f"{grant.subject.strip()} has the role {grant.role}.")


def _drop(held: Given, why: str | None) -> None:
    try:
        with writing(read.opened(read.state().url)) as conn:
            people.remove(conn, held.id, held.version, by=who.person(), why=why)
    except (NotAllowed, Unfit, Outdated, StoreError) as refused:
        st.error(plain(str(refused)), icon=":material/error:")
        return
    _done(f"{held.grant.subject} no longer has the role {held.grant.role}.")


def _done(said: str) -> None:
    st.session_state[_SAID] = said
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.rerun()


def _label(one: Given | None) -> str:
    if one is None:
        return "A new role"
    grant = one.grant
    return f"{grant.subject}: {grant.role}" + (f", {grant.limit.words}" if grant.limit.words else "")


def _role_words(role: Role) -> str:
    return f"{wording.capital(role)}: {_ROLES[role]}"

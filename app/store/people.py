"""Who is given which role: read by whoever signs people in, written by admins alone, each change with its reason.

    with writing(engine) as conn:
        people.add(conn, Grant("ana@example.com", "person", Role.EDITOR), by=person, why="Runs payments")

A change names the version of the grant that it is made of, so that two admins do not overwrite each other.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.people import Grant, Person, Role
from app.store.tables import GRANTS
from app.store.write import audit

LONGEST = 200
"""Of a name, a product or a team."""


class Given(NamedTuple):
    """A grant as the store holds it."""

    id: int
    version: int
    grant: Grant
    changed_at: datetime
    changed_by: str


class Unfit(ValueError):
    """A grant that cannot be, or a change that would leave nobody in charge; the message is a sentence to show."""


class Outdated(ValueError):
    """Somebody else changed the grant meanwhile; the message is a sentence to show."""


def given(conn: Connection) -> tuple[Given, ...]:
    """Every grant: people first, then groups, by name and role."""
    table = GRANTS
    rows = [_read(row) for row in conn.execute(sa.select(table))]
    order = [*Role]
    return tuple(
        sorted(
            rows,
            key=lambda one: (
                one.grant.kind == "group",
                one.grant.subject.casefold(),
                order.index(one.grant.role),
                one.id,
            ),
        )
    )


def grants(conn: Connection) -> tuple[Grant, ...]:
    """The same without what the store keeps about them: what `app.people.from_groups` takes."""
    return tuple(one.grant for one in given(conn))


def add(conn: Connection, grant: Grant, *, by: Person, why: str | None = None) -> int:
    """Gives a role: the id of the grant. Raises NotAllowed for somebody who is no admin, Unfit."""
    by.must("govern", everywhere=True)
    fit = _fit(conn, grant, None)
    made = conn.execute(GRANTS.insert().values(version=1, **_cells(fit), **_stamp(by)))
    key = made.inserted_primary_key
    number = int(key[0]) if key else 0
    audit(conn, actor=by.name, action="add", entity="grants", entity_id=str(number), new=_cells(fit), why=_said(why))
    return number


def change(conn: Connection, number: int, version: int, grant: Grant, *, by: Person, why: str | None = None) -> None:
    """Makes a grant another one. Raises NotAllowed for somebody who is no admin, Unfit, and Outdated where it is not of
    this version any more."""
    by.must("govern", everywhere=True)
    old = _of_version(conn, number, version)
    fit = _fit(conn, grant, number)
    _keep_an_admin(conn, number, fit)
    values = {"version": version + 1, **_cells(fit), **_stamp(by)}
    conn.execute(GRANTS.update().where(GRANTS.c.id == number).values(**values))
    told, new = _cells(old), _cells(fit)
    audit(
        conn, actor=by.name, action="change", entity="grants", entity_id=str(number), old=told, new=new, why=_said(why)
    )


def remove(conn: Connection, number: int, version: int, *, by: Person, why: str | None = None) -> None:
    """Takes a grant away. Raises as `change` does."""
    by.must("govern", everywhere=True)
    old = _of_version(conn, number, version)
    _keep_an_admin(conn, number, None)
    conn.execute(GRANTS.delete().where(GRANTS.c.id == number))
    audit(conn, actor=by.name, action="remove", entity="grants", entity_id=str(number), old=_cells(old), why=_said(why))


def _of_version(conn: Connection, number: int, version: int) -> Grant:
    found = conn.execute(sa.select(GRANTS).where(GRANTS.c.id == number)).first()
    if found is None:
        raise Outdated("Somebody else has removed this grant meanwhile: look again.")
    if found.version != version:
        raise Outdated(
            f"{found.changed_by} has changed this grant meanwhile: look again, then change what is there now."
        )
    return _read(found).grant


def _fit(conn: Connection, grant: Grant, number: int | None) -> Grant:
    """The grant without needless spaces. Raises Unfit."""
    subject = grant.subject.strip()
    if not subject or len(subject) > LONGEST or not subject.isprintable():
        raise Unfit(f"Name somebody, or a group, with 1 to {LONGEST} letters.")
    products, teams, member_of = (_names(some) for some in (grant.products, grant.teams, grant.member_of))
    if grant.role is Role.ADMIN and (products is not None or teams is not None):
        raise Unfit(
            "An admin is one for the whole organisation: leave products and teams empty, or choose another role."
        )
    fit = Grant(subject, grant.kind, grant.role, products or None, teams or None, member_of or frozenset())
    same = (fit.kind, fit.subject.casefold() if fit.kind == "person" else fit.subject, fit.role, fit.limit)
    for one in given(conn):
        held = one.grant
        name = held.subject.casefold() if held.kind == "person" else held.subject
        if one.id != number and (held.kind, name, held.role, held.limit) == same:
            raise Unfit(f"{subject} has the role {fit.role} within these limits already.")
    return fit


def _names(some: Iterable[str] | None) -> frozenset[str] | None:
    if some is None:
        return None
    found = frozenset(name.strip() for name in some if name.strip())
    if any(len(name) > LONGEST or not name.isprintable() for name in found):
        raise Unfit(f"A product or team has 1 to {LONGEST} letters.")
    return found


def _keep_an_admin(conn: Connection, number: int, fit: Grant | None) -> None:
    """Raises Unfit where a grant is that of the last admin and would be so no more."""
    admins = {one.id for one in given(conn) if one.grant.role is Role.ADMIN}
    if admins == {number} and (fit is None or fit.role is not Role.ADMIN):
        raise Unfit("This is the last admin: give somebody else the role admin first.")


def _read(row: Any) -> Given:
    products, teams = (None if some is None else frozenset(some) for some in (row.products, row.teams))
    grant = Grant(row.subject, row.kind, Role(row.role), products, teams, frozenset(row.member_of))
    return Given(row.id, row.version, grant, row.changed_at, row.changed_by)


def _cells(grant: Grant) -> dict[str, Any]:
    lists = {"products": grant.products, "teams": grant.teams, "member_of": grant.member_of}
    sorted_lists = {name: None if some is None else sorted(some) for name, some in lists.items()}
    return {"kind": grant.kind, "subject": grant.subject, "role": grant.role.value, **sorted_lists}


def _stamp(by: Person) -> dict[str, Any]:
    return {"changed_at": datetime.now(UTC), "changed_by": by.name}


def _said(why: str | None) -> str | None:
    return (why or "").strip() or None

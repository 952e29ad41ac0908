"""What every write of a review does: look who asks, hold the review, keep the next version, audit."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.metrics.review_records import AGENDA, Attendee, Review, Step
from app.metrics.risk_records import Clash, Conflict, Invalid, RiskKey, Unknown
from app.people import Act, Person
from app.store import light
from app.store.register_saving import APP, Desk
from app.store.register_versions import plain
from app.store.review_tables import PEOPLE, REVIEWS, VERSIONS
from app.store.write import audit

_DAYS = frozenset({"on", "until", "due", "done_on", "dropped_on"})


class Head(NamedTuple):
    """A review, a note or a decision as it is: what a form changes of it, and since when it is so."""

    entity: str
    id: str
    said: str
    """How a sentence calls it."""
    version: int
    at: datetime
    by: str
    fields: Mapping[str, Any]


def desk(conn: Connection, by: Person, at: datetime | None, act: Act = "write") -> Desk:
    """Raises NotAllowed for who may not do it in the whole organisation: a review is of all of it."""
    by.must(act, everywhere=True)
    return Desk(conn, by, at or datetime.now(UTC), light.places(conn), act)


def made(row: Row[Any]) -> Review:
    """The review that a row holds; a step that this release does not know is left out."""
    agenda = tuple(step for step in row.agenda if step in AGENDA)
    return Review(
        row.period, row.state, row.chair, row.on, agenda, row.version, row.opened_at, row.opened_by, row.frozen,
        row.held_at, row.closed_at, row.closed_by,
    )  # fmt: skip


def row_of(conn: Connection, period: str, *, lock: bool = False) -> Row[Any]:
    """The review's row; `lock`: until the end of the transaction nobody else changes it. Raises Unknown."""
    query = sa.select(REVIEWS).where(REVIEWS.c.period == period)
    found = conn.execute(query.with_for_update() if lock else query).first()
    if found is None:
        raise Unknown(f"There is no review of {period}: plan it first.")
    return found


def in_state(row: Row[Any], *states: str) -> None:
    """Raises Invalid where the review is in none of these states, with what would bring it there."""
    if row.state in states:
        return
    said = {
        "planned": "The review is only planned: begin its preparation first.",
        "preparation": "The review is in preparation: freeze its numbers and start the meeting first.",
        "held": "The review is being held already: close it, or re-open its preparation with a reason.",
        "closed": "The review is closed: its minutes are kept as they are. Re-open it with a reason to change them.",
    }
    raise Invalid({"": said[row.state]})


def expect(conn: Connection, head: Head, version: int, mine: Mapping[str, Any]) -> None:
    """Raises Conflict where it is no longer at the version that was read, Unknown where it never was."""
    if version == head.version:
        return
    base = entry(conn, head.entity, head.id, version)
    if base is None:
        raise Unknown(f"{head.said} was never at version {version}: open it again.")
    fields = {}
    for name, theirs in head.fields.items():
        clash = Clash(base.get(name), mine.get(name, base.get(name)), theirs)
        if clash.mine != clash.base or clash.theirs != clash.base:
            fields[name] = clash
    raise Conflict(RiskKey(APP, head.said), head.version, head.by, head.at, fields)


def entry(conn: Connection, entity: str, name: str, version: int) -> dict[str, Any] | None:
    """What it was at a version; nothing at version 0, before it was; None where that is not known."""
    if version == 0:
        return {}
    where = (VERSIONS.c.entity == entity, VERSIONS.c.id == name, VERSIONS.c.version == version)
    found = conn.execute(sa.select(VERSIONS.c.entry).where(*where)).scalar()
    if found is None:
        return None
    return {
        field: date.fromisoformat(value) if field in _DAYS and value else value for field, value in dict(found).items()
    }


def last_version(conn: Connection, entity: str, name: str) -> int:
    """The last version that was ever kept of it; 0: none."""
    query = sa.select(sa.func.max(VERSIONS.c.version)).where(VERSIONS.c.entity == entity, VERSIONS.c.id == name)
    return int(conn.execute(query).scalar() or 0)


def keep_version(here: Desk, entity: str, name: str, version: int, fields: Mapping[str, Any]) -> None:
    row = {"entity": entity, "id": name, "version": version, "at": here.at, "actor": here.by.name}
    here.conn.execute(VERSIONS.insert().values(**row, entry={field: plain(value) for field, value in fields.items()}))


def told(
    here: Desk,
    entity: str,
    name: str,
    act: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    why: str | None = None,
) -> None:
    """The audit entry of one write: of what was and what is, only what differs."""
    before, after = dict(old or {}), dict(new or {})
    for field in before.keys() & after.keys():
        if before[field] == after[field]:
            del before[field], after[field]
    sides = ({field: plain(value) for field, value in side.items()} or None for side in (before, after))
    was, now = sides
    audit(here.conn, actor=here.by.name, action=act, entity=entity, entity_id=name, old=was, new=now, why=why)


def people(conn: Connection, period: str) -> tuple[Attendee, ...]:
    """Who is invited, in the order in which they were written down."""
    table = PEOPLE
    query = sa.select(table.c.name, table.c.owner, table.c.present).where(table.c.period == period)
    return tuple(Attendee(*row) for row in conn.execute(query.order_by(table.c.place)))


def as_fields(invited: Iterable[Attendee]) -> dict[str, Any]:
    """The same as fields of a form: who is invited as an owner of services, who else, and who came."""
    some = tuple(invited)
    return {
        "owners": [one.name for one in some if one.owner],
        "guests": [one.name for one in some if not one.owner],
        "present": [one.name for one in some if one.present],
        "absent": [one.name for one in some if one.present is False],
    }


_CHANGED = ("chair", "on", "agenda")


def head_of(conn: Connection, row: Row[Any]) -> Head:
    fields = {"chair": row.chair, "on": row.on, "agenda": list(row.agenda)} | as_fields(people(conn, row.period))
    said = f"the review of {row.period}"
    return Head("reviews", row.period, said, row.version, row.changed_at, row.changed_by, fields)


def save(
    here: Desk,
    row: Row[Any],
    act: str,
    values: Mapping[str, Any],
    *,
    told_too: Mapping[str, Any] | None = None,
    why: str | None = None,
) -> Review:
    """The next version of a review, audited once."""
    old = {field: getattr(row, field) for field in values}
    version = row.version + 1
    stamp = {"version": version, "changed_at": here.at, "changed_by": here.by.name}
    here.conn.execute(REVIEWS.update().where(REVIEWS.c.period == row.period).values(**values, **stamp))
    fields = {**head_of(here.conn, row).fields, **{field: values[field] for field in _CHANGED if field in values}}
    keep_version(here, "reviews", row.period, version, fields)
    told(here, "reviews", row.period, act, old, {**values, **(told_too or {})}, why)
    return made(row_of(here.conn, row.period))


def steps(agenda: tuple[Step, ...] | list[Step] | None) -> list[Step]:
    """An agenda that can be kept; None: the template. Raises Invalid."""
    found = list(dict.fromkeys(AGENDA if agenda is None else agenda))
    strange = [step for step in found if step not in AGENDA]
    if strange:
        raise Invalid({"agenda": f"There is no step {strange[0]}."})
    if not found:
        raise Invalid({"agenda": "The agenda is empty: choose at least one step."})
    return found

"""Reading the audit trail: what was asked for, newest first, a page at a time by the number of the last entry seen."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.tables import AUDIT

_AHEAD = 1_000


class Entry(NamedTuple):
    """One entry: who did what to which thing, when and why; what it was and what it became."""

    seq: int
    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: str | None
    old: Any
    new: Any
    why: str | None
    hash: str


class Wanted(NamedTuple):
    """Which entries; nothing set: all of them."""

    text: str = ""
    """In any field, whatever its case."""
    actor: str | None = None
    action: str | None = None
    entity: str | None = None
    start: datetime | None = None
    before: datetime | None = None


class Choices(NamedTuple):
    """What there is to choose from, by name."""

    actors: tuple[str, ...]
    actions: tuple[str, ...]
    entities: tuple[str, ...]


def page(conn: Connection, wanted: Wanted, limit: int, below: int | None = None) -> list[Entry]:
    """The newest entries, or the next older ones than number `below`."""
    query = _query(wanted).limit(limit)
    return [Entry(*row) for row in conn.execute(query.where(AUDIT.c.seq < below) if below is not None else query)]


def each(conn: Connection, wanted: Wanted) -> Iterator[Entry]:
    """All of them, newest first, some at a time."""
    for row in conn.execute(_query(wanted), execution_options={"yield_per": _AHEAD}):
        yield Entry(*row)


def count(conn: Connection, wanted: Wanted) -> int:
    """How many there are."""
    return conn.execute(sa.select(sa.func.count()).select_from(AUDIT).where(*_conditions(wanted))).scalar_one()


def choices(conn: Connection, actor: str | None = None) -> Choices:
    """Who did what to which kinds of things, of everybody or of one."""
    only = [] if actor is None else [AUDIT.c.actor == actor]
    names = (AUDIT.c.actor, AUDIT.c.action, AUDIT.c.entity)
    return Choices(*(tuple(sorted(conn.execute(sa.select(c).where(*only).distinct()).scalars())) for c in names))


def _query(wanted: Wanted) -> sa.Select[Any]:
    columns = [AUDIT.c[name] for name in Entry._fields]
    return sa.select(*columns).where(*_conditions(wanted)).order_by(AUDIT.c.seq.desc())


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    for column, said in (
        (AUDIT.c.actor, wanted.actor),
        (AUDIT.c.action, wanted.action),
        (AUDIT.c.entity, wanted.entity),
    ):
        if said is not None:
            found.append(column == said)
    if wanted.start is not None:
        found.append(AUDIT.c.at >= wanted.start)
    if wanted.before is not None:
        found.append(AUDIT.c.at < wanted.before)
    return [*found, *(_holds(word) for word in wanted.text.split())]


def _holds(word: str) -> sa.ColumnElement[bool]:
    """Whether an entry holds a word anywhere. Old and new are kept as JSON, which writes é as \\u00e9."""
    plain = (AUDIT.c.actor, AUDIT.c.action, AUDIT.c.entity, AUDIT.c.entity_id, AUDIT.c.why)
    coded = (sa.cast(AUDIT.c.old, sa.Text), sa.cast(AUDIT.c.new, sa.Text))
    escaped = json.dumps(word)[1:-1]
    return sa.or_(
        *(column.icontains(word, autoescape=True) for column in plain),
        *(column.icontains(escaped, autoescape=True) for column in coded),
    )

"""Facts, rejects and imports as they are kept, row by row: for export, previews and lists."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import facts as facts_of
from app.records import ENTITIES
from app.store.tables import FACTS, REJECTS

_SOME = 100
_AHEAD = 10_000


def facts(conn: Connection, entity: str) -> Iterator[Sequence[Any]]:
    """Every fact of an entity in the order of its key: source, then the record's columns. Streamed."""
    table = FACTS[entity]
    columns = [table.c.source, *(table.c[name] for name in ENTITIES[entity].record.model_fields)]
    query = sa.select(*columns).order_by(table.c.source, *(table.c[name] for name in ENTITIES[entity].key))
    yield from conn.execution_options(yield_per=_AHEAD).execute(query)


def count(conn: Connection, entity: str) -> int:
    """How many facts of an entity the store holds."""
    return conn.execute(sa.select(sa.func.count()).select_from(FACTS[entity])).scalar_one()


def holds_facts(conn: Connection) -> bool:
    """Whether there is any fact at all."""
    return any(conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in FACTS.values())


def stored(
    conn: Connection, entity: str, source: str, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Key (without source) → the fact that the store holds, of those rows whose key it knows."""
    table, key = FACTS[entity], ENTITIES[entity].key
    found: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for start in range(0, len(rows), _SOME):
        match = [sa.and_(*(_is(table.c[name], row.get(name)) for name in key)) for row in rows[start : start + _SOME]]
        for held in conn.execute(sa.select(table).where(table.c.source == source, sa.or_(*match))).mappings():
            found[tuple(held[name] for name in key)] = dict(held)
    return found


def _is(column: sa.Column[Any], value: Any) -> sa.ColumnElement[bool]:
    """Equality that the column's type binds, also for a blank that is kept as a value."""
    return column == sa.bindparam(None, value, type_=column.type)


def pages_of(conn: Connection, incident: str, start: datetime, stop: datetime) -> list[facts_of.Page]:
    """The pages of one incident that were triggered from `start` until before `stop`, in order of time."""
    table = FACTS["pages"]
    columns = [table.c[name] for name in facts_of.Page._fields]
    within = sa.and_(table.c.triggered_at >= start, table.c.triggered_at < stop, table.c.incident == incident)
    return [
        facts_of.Page(*row) for row in conn.execute(sa.select(*columns).where(within).order_by(table.c.triggered_at))
    ]


def annotations(conn: Connection, start: datetime, stop: datetime) -> list[tuple[datetime, str, str | None]]:
    """(when, title, scope) of what was noted from `start` until before `stop`, in order of time."""
    table = FACTS["annotations"]
    query = sa.select(table.c.at, table.c.title, table.c.scope).where(table.c.at >= start, table.c.at < stop)
    return [tuple(row) for row in conn.execute(query.order_by(table.c.at, table.c.title))]


def open_rejects(conn: Connection) -> Iterator[Mapping[str, Any]]:
    """Rows that were set aside and not yet mended, by file and line."""
    query = (
        sa.select(REJECTS)
        .where(REJECTS.c.resolved_by.is_(None))
        .order_by(REJECTS.c.entity, REJECTS.c.file, REJECTS.c.line, REJECTS.c.id)
    )
    for row in conn.execution_options(yield_per=_AHEAD).execute(query).mappings():
        yield dict(row)


def open_reject_counts(conn: Connection) -> dict[str, int]:
    """Entity → how many of its rows are set aside and not yet mended."""
    query = (
        sa.select(REJECTS.c.entity, sa.func.count())
        .where(REJECTS.c.resolved_by.is_(None))
        .group_by(REJECTS.c.entity)
        .order_by(REJECTS.c.entity)
    )
    return {row[0]: row[1] for row in conn.execute(query)}

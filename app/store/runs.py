"""What imports did, and the rows that they set aside: for the lists on Data health."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.tables import IMPORTS, REJECTS
from app.store.write import RunCounts


class Run(NamedTuple):
    """One import."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    kind: str
    source: str
    names: Sequence[str]
    """The files it read."""
    actor: str
    status: str
    """`done`, `set_aside` (done, some rows were set aside), `running`; of a live source also `partial` (done, something
    could not be read), `failed` (what it had kept by then stays) or `stopped` (killed)."""
    counts: Mapping[str, RunCounts]
    """Entity → what became of its rows."""
    calls: int | None = None
    """How often a live source was asked."""
    unread: Sequence[str] = ()
    """What a live source could not give, a sentence each."""
    failure: str | None = None
    """Why the reading of a live source ended early."""

    @property
    def total(self) -> RunCounts:
        """What became of the rows of all entities."""
        seen, new, changed, unchanged, aside = (
            sum(count[at] for count in self.counts.values()) for at in range(len(RunCounts._fields))
        )
        return RunCounts(seen, new, changed, unchanged, aside)


class Aside(NamedTuple):
    """One row that was set aside."""

    run: int
    source: str
    entity: str
    file: str
    line: int | None
    column: str | None
    value: str | None
    reason: str
    row: Mapping[str, str | None]
    """The row as it was read."""
    resolved_by: int | None
    """The import that mended it."""


def runs(conn: Connection, limit: int = 500) -> tuple[Run, ...]:
    """The imports, the latest first."""
    return tuple(map(_run, conn.execute(sa.select(IMPORTS).order_by(IMPORTS.c.id.desc()).limit(limit))))


def latest_readings(conn: Connection) -> dict[str, Run]:
    """Live source → its latest reading."""
    last = sa.select(sa.func.max(IMPORTS.c.id)).where(IMPORTS.c.kind == "live").group_by(IMPORTS.c.source)
    found = conn.execute(sa.select(IMPORTS).where(IMPORTS.c.id.in_(last)))
    return {row.source: _run(row) for row in found}


def _run(row: Any) -> Run:
    return Run(
        row.id,
        row.started_at,
        row.finished_at,
        row.kind,
        row.source,
        tuple(row.names),
        row.actor,
        row.status,
        {entity: RunCounts(**counts) for entity, counts in row.counts.items()},
        row.calls,
        tuple(row.unread or ()),
        row.failure,
    )


def set_aside(conn: Connection, *, run: int | None = None, limit: int | None = None) -> tuple[Aside, ...]:
    """Rows set aside by one import (those mended since as well), or by any and not mended yet; by file and line."""
    which = REJECTS.c.resolved_by.is_(None) if run is None else REJECTS.c.run == run
    columns: tuple[Any, ...] = tuple(REJECTS.c[name] for name in Aside._fields)
    order = (REJECTS.c.entity, REJECTS.c.file, REJECTS.c.line, REJECTS.c.id)
    found = conn.execute(sa.select(*columns).where(which).order_by(*order).limit(limit))
    return tuple(Aside._make(row) for row in found)


def open_counts(conn: Connection) -> dict[tuple[str, str], int]:
    """(entity, source) → how many rows are set aside and not mended yet."""
    entity, source = REJECTS.c.entity, REJECTS.c.source
    query = sa.select(entity, source, sa.func.count()).where(REJECTS.c.resolved_by.is_(None)).group_by(entity, source)
    return {(row[0], row[1]): row[2] for row in conn.execute(query)}

"""How fresh each source is: what it brought up to when, when it was last read, and whether it is late."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.tables import FACTS, IMPORTS, SOURCES, SPANS
from app.store.types import moment

_UNDATED = ("teams", "services", "slos")
"""Entities that do not happen in time."""


class SourceState(NamedTuple):
    """One source of facts, as the store knows it."""

    name: str
    kind: str
    """`file`, or the connector's name."""
    entities: Mapping[str, tuple[datetime, datetime]]
    """Entity → instants of the first and the last fact, of those entities that happen in time."""
    last_read_at: datetime | None
    """When a live source was last read successfully."""
    imported_at: datetime | None
    """When an import of it last finished."""
    expected_hours: float | None
    """How often it is expected to bring something; None: nobody expects anything."""
    note: str | None = None
    tried_at: datetime | None = None
    """When a reading of a live source last began."""
    every_minutes: float | None = None
    """How often the server reads it by itself."""
    failed_at: datetime | None = None
    """When the last reading of a live source began, where it could not read all of it."""
    undated: frozenset[str] = frozenset()
    """What it brings besides that does not happen in time: services, teams, SLOs."""

    @property
    def brings(self) -> frozenset[str]:
        """Every entity that it has facts of."""
        return self.undated | self.entities.keys()

    def data_to(self, as_of: datetime) -> datetime | None:
        """The instant of the last fact, or of the last successful reading where that is later; what is planned ahead (a
        rota, a test) counts only where there is nothing else."""
        ends = [last for _, last in self.entities.values() if last <= as_of]
        ends += [self.last_read_at] if self.last_read_at is not None and self.last_read_at <= as_of else []
        return max(ends, default=as_of if self.entities else None)

    def late_by(self, as_of: datetime) -> timedelta | None:
        """How much longer than expected nothing came; None where it is in time, or nothing is expected. A live source
        that was tried and never gave anything is late; what it says of days to come (a rota) does not make it heard."""
        live = self.tried_at is not None
        heard = [min(last, as_of) for _, last in self.entities.values() if last <= as_of or not live]
        heard += [self.last_read_at] if self.last_read_at is not None else []
        if self.expected_hours is None or not (heard or self.tried_at):
            return None
        if not heard and self.tried_at is not None:
            return max(as_of - self.tried_at, timedelta(microseconds=1))
        over = as_of - max(heard) - timedelta(hours=self.expected_hours)
        return over if over > timedelta() else None


def sources(conn: Connection) -> tuple[SourceState, ...]:
    """Every source that brought facts or is configured, by name."""
    spans: dict[str, dict[str, tuple[datetime, datetime]]] = {}
    for entity, source, first, last in conn.execute(
        sa.select(SPANS.c.entity, SPANS.c.source, SPANS.c.first, SPANS.c.last)
    ):
        spans.setdefault(source, {})[entity] = (moment(first), moment(last))
    imported: dict[str, datetime] = {
        source: at
        for source, at in conn.execute(
            sa.select(IMPORTS.c.source, sa.func.max(IMPORTS.c.finished_at, type_=IMPORTS.c.finished_at.type)).group_by(
                IMPORTS.c.source
            )
        )
        if at is not None
    }
    known = {row.name: row for row in conn.execute(sa.select(SOURCES))}
    undated = {entity: set(conn.execute(sa.select(FACTS[entity].c.source).distinct()).scalars()) for entity in _UNDATED}
    return tuple(
        SourceState(
            name=name,
            kind=known[name].kind if name in known else "file",
            entities=spans.get(name, {}),
            last_read_at=known[name].last_read_at if name in known else None,
            imported_at=imported.get(name),
            expected_hours=known[name].expected_hours if name in known else None,
            note=known[name].note if name in known else None,
            tried_at=known[name].tried_at if name in known else None,
            every_minutes=known[name].every_minutes if name in known else None,
            failed_at=known[name].failed_at if name in known else None,
            undated=frozenset(entity for entity, names in undated.items() if name in names),
        )
        for name in sorted({*spans, *known})
    )

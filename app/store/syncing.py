"""What the store keeps of live sources: how far each is read, when it is due, and that two readings never meet."""

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.store.tables import IMPORTS, SOURCES, SYNC_MARKS

STOPPED = "The reading was stopped before its end; the next one goes on where it was."


class Busy(Exception):
    """Somebody else reads the source at this moment; the message is a sentence that says so."""


@contextmanager
def alone(engine: Engine, source: str) -> Iterator[None]:
    """While it lasts nobody else reads the source; a killed reader leaves nothing behind. Raises Busy."""
    number = int.from_bytes(hashlib.sha256(f"nines sync {source}".encode()).digest()[:8], "big", signed=True)
    busy = Busy(f"{source} is being read by somebody else at this moment: wait until that ends.")
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            if not conn.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar():
                raise busy
            try:
                yield
            finally:
                if not conn.invalidated:
                    conn.execute(sa.select(sa.func.pg_advisory_unlock(number)))
        return
    beside = Path(f"{engine.url.database}-sync-{number & 0xFFFFFFFFFFFF:012x}")
    with closing(sqlite3.connect(beside, timeout=0, isolation_level=None, check_same_thread=False)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as cause:
            raise busy from cause
        yield
        lock.execute("ROLLBACK")


def marks(conn: Connection, source: str) -> dict[str, datetime]:
    """Part of the source → up to when it is read."""
    found = conn.execute(sa.select(SYNC_MARKS.c.part, SYNC_MARKS.c.until).where(SYNC_MARKS.c.source == source))
    return {row.part: row.until for row in found}


def set_marks(conn: Connection, source: str, reached: Mapping[str, datetime]) -> None:
    """Says how far parts of the source are read."""
    table = SYNC_MARKS
    for part, until in sorted(reached.items()):
        here = sa.and_(table.c.source == source, table.c.part == part)
        if not conn.execute(table.update().where(here).values(until=until)).rowcount:
            conn.execute(table.insert().values(source=source, part=part, until=until))


def forget(conn: Connection, source: str, parts: Collection[str]) -> None:
    """Forgets how far these parts of the source were read."""
    if parts:
        conn.execute(SYNC_MARKS.delete().where(SYNC_MARKS.c.source == source, SYNC_MARKS.c.part.in_(parts)))


def begun(
    conn: Connection, source: str, kind: str, at: datetime, *, every_minutes: float | None, expected_hours: float | None
) -> None:
    """A reading begins: the source is known from now on, and what a killed reading left running is said to be over."""
    said = {"kind": kind, "tried_at": at, "every_minutes": every_minutes, "expected_hours": expected_hours}
    said["asked_at"] = None
    if not conn.execute(SOURCES.update().where(SOURCES.c.name == source).values(**said)).rowcount:
        conn.execute(SOURCES.insert().values(name=source, **said))
    left = sa.and_(IMPORTS.c.source == source, IMPORTS.c.kind == "live", IMPORTS.c.status == "running")
    conn.execute(IMPORTS.update().where(left).values(status="stopped", finished_at=at, failure=STOPPED))


def read_to(conn: Connection, source: str, at: datetime) -> None:
    """The source was read successfully, with all that it had at this moment."""
    conn.execute(SOURCES.update().where(SOURCES.c.name == source).values(last_read_at=at))


def failed(conn: Connection, source: str, at: datetime | None) -> None:
    """Says when the source could not be read, or that it could."""
    conn.execute(SOURCES.update().where(SOURCES.c.name == source).values(failed_at=at))


def no_longer_read(conn: Connection, regularly: set[str], configured: set[str]) -> None:
    """Sources that are not to be read regularly any more, or that are not configured, are not due any more."""
    for column, still in ((SOURCES.c.every_minutes, regularly), (SOURCES.c.asked_at, configured)):
        gone = sa.and_(column.is_not(None), SOURCES.c.name.not_in(sorted(still)))
        if conn.execute(sa.select(sa.literal(1)).select_from(SOURCES).where(gone).limit(1)).scalar():
            conn.execute(SOURCES.update().where(gone).values({column: None}))


def due(conn: Connection, now: datetime | None = None) -> frozenset[str]:
    """The sources that the server should read now: their time has come, or something happened there."""
    at = now or datetime.now(UTC)
    known = sa.select(SOURCES.c.name, SOURCES.c.tried_at, SOURCES.c.every_minutes, SOURCES.c.asked_at)
    return frozenset(
        row.name
        for row in conn.execute(
            known.where(sa.or_(SOURCES.c.every_minutes.is_not(None), SOURCES.c.asked_at.is_not(None)))
        )
        if row.asked_at or row.tried_at is None or row.tried_at + timedelta(minutes=row.every_minutes) <= at
    )


def tried(conn: Connection) -> frozenset[str]:
    """The sources of which a reading has ever begun."""
    return frozenset(conn.execute(sa.select(SOURCES.c.name).where(SOURCES.c.tried_at.is_not(None))).scalars())

"""One connection to a warehouse that only reads: what it is told first, how it is asked, and its refusals in words.

A query is asked as a subquery, `SELECT * FROM (…) AS asked`, so that the database itself refuses whatever is no single
SELECT; where it has transactions that only read, it is asked within one.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from data_sources.http import Reason, SourceError

ROWS = 50_000
"""How many rows are held at once."""
_LONGEST = 300
"""Characters of a driver's message that a sentence quotes."""
_CONNECT_SECONDS = 15
_FIRST: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = {milliseconds}"),
        "mysql": ("SET SESSION TRANSACTION READ ONLY",),
        "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
        "oracle": ("SET TRANSACTION READ ONLY",),
        "sqlite": ("PRAGMA query_only = ON",),
        "snowflake": ("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {seconds}",),
        "databricks": ("SET STATEMENT_TIMEOUT = {seconds}",),
    }
)
"""Database → what a connection says before anything else."""
_OURS: Mapping[str, str] = MappingProxyType(
    {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
)
"""The driver where the URL names none."""


class Session:
    """A connection within one transaction."""

    def __init__(self, conn: Connection, where: URL):
        self._conn, self._where = conn, where
        self._cursors: list[Any] = []

    def ask(self, query: str, times: Mapping[str, datetime]) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        """The columns of a query's answer, and its rows chunk by chunk. Raises SourceError, also on the way."""
        result = self._begun(query, times, ROWS)
        return tuple(result.keys()), self._chunks(result)

    def one(self, query: str, times: Mapping[str, datetime]) -> tuple[Sequence[str], Any]:
        """The columns of a query's answer, and its first row. Raises SourceError."""
        result = self._begun(query, times, 1)
        with _answering(self._where):
            return tuple(result.keys()), result.fetchone()

    def close(self) -> None:
        """Lets go of answers that were not read to their end: also those of a connection that is gone."""
        for cursor in self._cursors:
            with suppress(self._conn.dialect.loaded_dbapi.Error):
                cursor.close()

    def _begun(self, query: str, times: Mapping[str, datetime], rows: int) -> CursorResult[Any]:
        bound = [sa.bindparam(name, at, sa.TIMESTAMP(timezone=True)) for name, at in times.items()]
        inner = sa.text(f"{query.strip().rstrip(';')}\n").bindparams(*bound).columns().subquery("asked")
        asked: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(inner)
        with _answering(self._where):
            result = self._conn.execute(asked, execution_options={"yield_per": rows})
        self._cursors.append(result.cursor)
        return result

    def _chunks(self, result: CursorResult[Any]) -> Iterator[Sequence[Any]]:
        chunks = result.partitions()
        while True:
            with _answering(self._where):
                rows = next(chunks, None)
            if rows is None:
                return
            yield rows


@contextmanager
def session(variable: str, timeout_seconds: float, timezone: str | None) -> Iterator[Session]:
    """A connection by the URL that a variable holds. Raises SourceError, without anything of the URL."""
    where = _where(variable)
    engine = None
    try:
        engine = sa.create_engine(where, poolclass=NullPool, hide_parameters=True, connect_args=_patience(where))
        conn = engine.connect()
    except (NoSuchModuleError, ModuleNotFoundError):
        named = where.drivername[:40]
        raise SourceError("configuration", f"The driver of {named} is not installed: see docs/sources.md.") from None
    except Exception as cause:
        said = _said(cause, where)
        raise SourceError("address", f"There is no connection by {variable} ({said}): is it right?") from None
    try:
        with conn:
            with _answering(where):
                _prepare(conn, timeout_seconds, timezone)
            asking = Session(conn, where)
            try:
                yield asking
            finally:
                asking.close()
    finally:
        engine.dispose()


def _where(variable: str) -> URL:
    held = os.environ.get(variable)
    if not held:
        raise SourceError("configuration", f"The environment variable {variable}, which url names, is not set.")
    try:
        where = make_url(held.strip())
    except (ArgumentError, ValueError):
        told = "postgresql://user:password@host/database"
        raise SourceError("configuration", f"{variable} holds no URL of SQLAlchemy, like {told}.") from None
    if where.get_backend_name() == "sqlite" and not Path(where.database or "").is_file():
        raise SourceError("address", f"The file of SQLite that {variable} names does not exist.")
    return where.set(drivername=_OURS.get(where.drivername, where.drivername))


def _patience(where: URL) -> dict[str, Any]:
    known = where.get_backend_name() in ("postgresql", "mysql", "mariadb")
    return {"connect_timeout": _CONNECT_SECONDS} if known and "connect_timeout" not in where.query else {}


def _prepare(conn: Connection, timeout_seconds: float, timezone: str | None) -> None:
    seconds = max(1, round(timeout_seconds))
    for statement in _FIRST.get(conn.dialect.name, ()):
        conn.exec_driver_sql(statement.format(seconds=seconds, milliseconds=seconds * 1_000))
    if timezone and conn.dialect.name == "postgresql":
        conn.execute(sa.text("SELECT set_config('TimeZone', :zone, true)"), {"zone": timezone})


@contextmanager
def _answering(where: URL) -> Iterator[None]:
    """Says in a sentence what the database or its driver refuses."""
    try:
        yield
    except Exception as cause:
        lost = isinstance(cause, DBAPIError) and cause.connection_invalidated
        reason: Reason = "address" if lost else "query"
        what = "The connection was lost" if lost else "The database refuses it"
        raise SourceError(reason, f"{what}: {_said(cause, where)}.") from None


def _said(cause: Exception, where: URL) -> str:
    """The first line of a driver's message without anything of the URL."""
    said = str(cause.orig if isinstance(cause, DBAPIError) else cause).strip().splitlines()
    line = " ".join(said[0].split()) if said else type(cause).__name__
    return _without(where, line)[:_LONGEST].rstrip(" .:")


def _without(where: URL, line: str) -> str:
    """A line with … for whatever the URL holds: a password wherever it stands, the rest where it is a word."""
    rest = [where.username, where.host, where.database, *(one for many in where.query.values() for one in _each(many))]
    for secret in sorted(_spellings(where.password), key=len, reverse=True):
        line = line.replace(secret, "…")
    for word in sorted({spelled for one in rest for spelled in _spellings(one)}, key=len, reverse=True):
        line = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", line)
    return line


def _each(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _spellings(value: Any) -> set[str]:
    """A value, and as addresses write it."""
    plain = str(value or "")
    return {one for one in (plain, quote(plain, safe=""), quote_plus(plain)) if one}

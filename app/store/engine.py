"""Opening the store: SQLite or PostgreSQL, migrated to this release's schema, and the two kinds of transaction."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, RootTransaction
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from app.store.review_tables import METADATA
from app.store.tables import META

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_246_337
"""The advisory lock that writers of a PostgreSQL store take in turn."""
_WAIT_MS = 60_000
_PRAGMAS = (
    f"PRAGMA busy_timeout={_WAIT_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)
WITHIN = "nines_within"
"""The option of a connection that is narrowed (`narrow.py`)."""
WHOLE = "nines_whole"
"""The option of a SELECT that reads past the narrowing: what the store is, and what is seen."""
logging.getLogger("alembic").setLevel(logging.WARNING)


class StoreError(Exception):
    """The store cannot be used; the message is one sentence that says why and what to do."""


def open_store(url: str) -> Engine:
    """The store at a database URL, created and migrated as needed. Raises StoreError with a sentence to show."""
    where = _checked(url)
    shown = where.render_as_string(hide_password=True)
    engine = _engine(where)
    try:
        with engine.connect() as conn:
            found = revisions(conn)
        if found != newest():
            with writing(engine, count=False) as conn:
                migrate(conn)
    except (DBAPIError, OSError) as cause:
        engine.dispose()
        reason = str(cause.orig if isinstance(cause, DBAPIError) else cause).strip().splitlines()
        said = reason[0] if reason else type(cause).__name__
        raise StoreError(f"The store at {shown} cannot be opened ({said}): check NINES_DATABASE_URL.") from cause
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextmanager
def _answering() -> Iterator[None]:
    """Says in a sentence that the database itself failed: gone, locked, full or read-only."""
    try:
        yield
    except DBAPIError as cause:
        if not _gone(cause):
            raise
        raise StoreError(
            f"The store did not answer ({_first_line(cause)}); nothing was changed: look at it, then try again."
        ) from cause


def _gone(cause: DBAPIError) -> bool:
    """Whether the database failed, rather than the statement."""
    read_only = isinstance(cause.orig, psycopg.errors.ReadOnlySqlTransaction)
    return read_only or cause.connection_invalidated or isinstance(cause, (InterfaceError, OperationalError))


def _first_line(cause: DBAPIError) -> str:
    said = str(cause.orig).strip().splitlines()
    return said[0] if said else type(cause.orig).__name__


def _commit(transaction: RootTransaction, sqlite: bool) -> None:
    """Commits. Raises StoreError where the connection broke meanwhile: a server may have kept what it could not
    confirm any more."""
    try:
        transaction.commit()
    except DBAPIError as cause:
        if sqlite or not _gone(cause):
            raise
        raise StoreError(
            f"The store went away while it was keeping this ({_first_line(cause)}), so that nobody knows whether it "
            "did: look before you do it again."
        ) from cause


@contextmanager
def writing(engine: Engine, *, dry: bool = False, count: bool = True) -> Iterator[Connection]:
    """One write at a time: takes the write lock at once, commits at the end, rolls back on an error or when `dry`.

    Each committed write counts `meta.generation` up, so that what is cached of the store can tell that it is old.
    Raises StoreError where the database does not answer, is locked by somebody else or cannot be written, or was lost
    while it committed.
    """
    with _answering(), engine.connect().execution_options(nines_write=True) as conn, conn.begin() as transaction:
        if conn.dialect.name == "postgresql":
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield conn
        if dry:
            transaction.rollback()
            return
        if count:
            _count_up(conn)
        _commit(transaction, conn.dialect.name == "sqlite")


@contextmanager
def spare_moment(engine: Engine) -> Iterator[Connection | None]:
    """A write that nobody waits for and that waits for nobody: None while somebody else writes. It is not counted: it
    changes no fact. Raises StoreError where the database does not answer."""
    with _answering(), engine.connect().execution_options(nines_write=True) as conn:
        sqlite = conn.dialect.name == "sqlite"
        driver: Any = conn.connection.driver_connection
        if sqlite:
            (waits,) = driver.execute("PRAGMA busy_timeout").fetchone()
            driver.execute("PRAGMA busy_timeout=0")
        try:
            transaction = conn.begin()
        except OperationalError:
            transaction = None
        try:
            lock = sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))
            free = transaction and (sqlite or conn.execute(lock).scalar())
            yield conn if free else None
            if transaction:
                transaction.commit()
        finally:
            if transaction:
                transaction.close()
            if sqlite:
                driver.execute(f"PRAGMA busy_timeout={waits}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the store for any number of SELECTs; never waits for writers. Raises StoreError where the
    database does not answer."""
    with _answering(), engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn.execution_options(isolation_level="REPEATABLE READ")
        with conn.begin():
            name, number = _state(conn)
            conn.execution_options(nines_store=name, nines_generation=number)
            yield conn


def identity(conn: Connection) -> tuple[str, int]:
    """Which store it is, and its generation."""
    kept = conn.get_execution_options()
    return (kept["nines_store"], kept["nines_generation"]) if "nines_generation" in kept else _state(conn)


def _state(conn: Connection) -> tuple[str, int]:
    query = sa.select(META.c.name, META.c.value).where(META.c.name.in_(["store", "generation"]))
    found = {row.name: row.value for row in conn.execute(query, execution_options={WHOLE: True})}
    return found.get("store", ""), int(found.get("generation", 0))


def narrowed_to(conn: Connection) -> Any:
    """The limits that a reading connection is narrowed to; None: none. A writer sees everything."""
    options = conn.get_execution_options()
    return None if options.get("nines_write") else options.get(WITHIN)


def generation(conn: Connection) -> int:
    """How many writes the store has seen: what is cached of it holds while this stays the same."""
    kept: int | None = conn.get_execution_options().get("nines_generation")
    if kept is not None:
        return kept
    query = sa.select(META.c.value).where(META.c.name == "generation")
    value = conn.execute(query, execution_options={WHOLE: True}).scalar()
    return int(value or 0)


def migrate(conn: Connection, to: str = "head") -> None:
    """Brings the schema up to date (or to a revision), inside the caller's transaction. Raises StoreError for a store
    that is newer."""
    script = ScriptDirectory(str(MIGRATIONS))
    known = {revision.revision for revision in script.walk_revisions()}
    newer = sorted((revisions(conn) | {to}) - known - {"head"})
    if newer:
        raise StoreError(
            f"The store was written by a newer Nines (its schema is {newer[0]}, not known here): "
            "use that version, or one after it."
        )

    def steps(revision: Any, context: Any) -> Any:
        return script._upgrade_revs(to, revision)

    context = MigrationContext.configure(conn, opts={"fn": steps, "target_metadata": METADATA})
    with Operations.context(context):
        context.run_migrations()
    if not conn.execute(sa.select(META.c.value).where(META.c.name == "store")).scalar():
        conn.execute(META.insert().values(name="store", value=uuid4().hex))


def _count_up(conn: Connection) -> None:
    number = generation(conn) + 1
    if not conn.execute(META.update().where(META.c.name == "generation").values(value=str(number))).rowcount:
        conn.execute(META.insert().values(name="generation", value=str(number)))


def revisions(conn: Connection) -> set[str]:
    """The schema that the store has; nothing where it has none yet."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return set()
    return set(conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalars())


def newest() -> set[str]:
    """The schema of this release."""
    return set(ScriptDirectory(str(MIGRATIONS)).get_heads())


def _checked(url: str) -> URL:
    try:
        where = make_url(_one_host(url))
    except (ArgumentError, ValueError) as cause:
        raise StoreError(
            f"{url!r} is not a database URL: write sqlite:////path/to/nines.db or postgresql://user@host/nines."
        ) from cause
    if where.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return where.set(drivername="postgresql+psycopg")
    if where.get_backend_name() != "sqlite":
        raise StoreError(
            f"The store is SQLite or PostgreSQL, not {where.get_backend_name()}: check NINES_DATABASE_URL."
        )
    if where.database in (None, "", ":memory:"):
        raise StoreError("The store in SQLite is a file, not memory: write sqlite:////path/to/nines.db.")
    return where


def _one_host(url: str) -> str:
    """Several hosts (`postgresql://user@h1:5432,h2:5432/nines`) as SQLAlchemy has them, in the query."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    user, at, hosts = place.rpartition("@")
    if "," not in hosts:
        return url
    database, _, query = path.partition("?")
    named = "&".join(f"host={quote(host if ':' in host else f'{host}:5432', safe='')}" for host in hosts.split(","))
    return f"{scheme}://{user}{at}{slash}{database}?{named}{'&' if query else ''}{query}"


def _engine(where: URL) -> Engine:
    if where.get_backend_name() == "postgresql":
        patient = {"pool_pre_ping": True, "max_overflow": 25, "pool_timeout": 60}
        return sa.create_engine(where, **patient, hide_parameters=True, connect_args={"connect_timeout": 10})
    try:
        Path(str(where.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise StoreError(f"The folder of the store cannot be made ({cause}): check NINES_DATABASE_URL.") from cause
    file = where.set(database=str(Path(str(where.database)).expanduser()))
    engine = sa.create_engine(file, hide_parameters=True, max_overflow=-1)  # a file more open costs next to nothing

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.create_function("nines_inside", 2, _inside, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        write = conn.get_execution_options().get("nines_write", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _inside(listed: str | None, names: str) -> str | None:
    """Of a list in a cell (`a;b`), those that a JSON list names; None where it names none."""
    kept = [name for name in (listed or "").split(";") if name in _named(names)]
    return ";".join(kept) or None


@lru_cache(maxsize=64)
def _named(names: str) -> frozenset[str]:
    return frozenset(json.loads(names))

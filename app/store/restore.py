"""Restoring a backup: everything or nothing, into SQLite or PostgreSQL, whichever of the two it was made from.

manifest = inspect(path)                        # every hash, before anything is touched
restored = restore(engine, path, by=person)     # one transaction; the store then holds the backup and one entry more
"""

import json
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import uuid4

import psycopg
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app.people import Person
from app.records import ENTITIES
from app.store import audit, listing
from app.store.backup import CHUNK, FORMAT, MANIFEST, REMADE, VERSION, BackupError, Manifest, Part, Told, arrow
from app.store.batch import tuples
from app.store.engine import generation, migrate, revisions, writing
from app.store.review_tables import METADATA
from app.store.tables import META

_BLOCK = 32 << 20
"""The most that one row may hold, and what is read at once."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


class Restored(NamedTuple):
    """What became of a backup."""

    manifest: Manifest
    schema: str
    """The schema that the store has now; another than the manifest's where it was migrated."""
    trail: audit.Verified
    """The audit trail as the backup held it."""


def inspect(path: Path, told: Told | None = None) -> Manifest:
    """Reads a backup from end to end and compares every hash. Raises BackupError with what is wrong with it."""
    with _opened(path) as packed:
        manifest = _manifest(path, packed)
        done = 0
        for part in manifest.tables:
            with packed.open(part.file) as member:
                hashed = sha256()
                while chunk := member.read(CHUNK):
                    hashed.update(chunk)
            if hashed.hexdigest() != part.sha256:
                raise BackupError(
                    f"{path} is damaged: its table {part.name} is not what was written. Use another backup."
                )
            done += part.rows
            if told:
                told(f"Checking {part.name}", done, manifest.rows)
    return manifest


def restore(
    engine: Engine, path: Path, *, by: Person, replace: bool = False, despite_trail: bool = False,
    told: Told | None = None,
) -> Restored:  # fmt: skip
    """Makes the store what the backup holds, migrated to this release, in one transaction, with an audit entry.

    Raises NotAllowed, or BackupError where the backup is damaged, is of a newer release, or holds a broken audit trail
    (unless `despite_trail`), or where the store holds facts or a history (unless `replace`). Then nothing has changed.
    """
    by.must("govern", everywhere=True)
    manifest = inspect(path, told)
    with writing(engine) as conn:
        before = _replaced(conn, replace)
        number = max(generation(conn), manifest.generation)
        _clear(conn)
        migrate(conn, manifest.schema)
        with _opened(path) as packed, _fitting(path):
            _load(conn, packed, manifest, told)
        migrate(conn)
        trail = audit.verify(conn)
        _trusted(path, manifest, trail, despite_trail)
        for name, value in (("store", uuid4().hex), ("generation", str(number))):
            conn.execute(META.delete().where(META.c.name == name))
            conn.execute(META.insert().values(name=name, value=value))
        new = {"file": path.name, "made_at": manifest.made_at, "schema": manifest.schema, "rows": manifest.rows}
        found = list(trail.faults) or None
        new |= {"audit": manifest.audit._asdict(), **({"audit_trail_broken": found} if found else {})}
        audit.audit(conn, actor=by.name, action="restore", entity="store", old=before, new=new)
        (schema,) = revisions(conn)
    return Restored(manifest, schema, trail)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip; says in a sentence that it cannot be read."""
    try:
        with zipfile.ZipFile(path) as packed:
            yield packed
    except FileNotFoundError as cause:
        raise BackupError(f"{path} does not exist: name a file that `nines backup` wrote.") from cause
    except (*_BROKEN, KeyError) as cause:
        raise BackupError(
            f"{path} is no backup, or is damaged or cut off: nothing was changed. Use another backup."
        ) from cause


def _manifest(path: Path, packed: zipfile.ZipFile) -> Manifest:
    try:
        said = json.loads(packed.read(MANIFEST))
        if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
            raise ValueError("its manifest is of something else")
        if said.pop("version", None) != VERSION:
            raise BackupError(f"{path} was written by a newer Nines in a form not known here: use that version.")
        manifest = _MANIFEST.validate_python(said)
    except (ValidationError, ValueError) as cause:
        raise BackupError(f"{path} is no backup of Nines: its manifest cannot be read.") from cause
    held = {name for name in packed.namelist() if name != MANIFEST}
    if held != {part.file for part in manifest.tables}:
        raise BackupError(
            f"{path} is damaged: it does not hold the tables that its manifest names. Use another backup."
        )
    return manifest


def _replaced(conn: Connection, replace: bool) -> dict[str, Any] | None:
    """What the store holds and will lose. Raises BackupError where it may not."""
    last = audit.head(conn)
    facts = {entity: count for entity in ENTITIES if (count := listing.count(conn, entity))}
    if not facts and last is not None and last.seq == 0:
        return None
    if not replace:
        raise BackupError(
            f"The store holds {sum(facts.values()):,} facts and {last.seq if last else 0:,} audit entries, which "
            "restoring would replace: make a backup of it, then say --replace; or restore into another store."
        )
    return {"facts": facts, "audit": last._asdict() if last else None}


def _clear(conn: Connection) -> None:
    """Takes away every table of ours, with the functions of their triggers."""
    functions: list[str] = []
    if conn.dialect.name == "postgresql":
        found = conn.exec_driver_sql(
            "SELECT DISTINCT t.tgfoid::regprocedure::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
        )
        functions = list(found.scalars())
    METADATA.drop_all(conn)
    conn.exec_driver_sql("DROP TABLE alembic_version")
    for function in functions:
        conn.exec_driver_sql(f"DROP FUNCTION {function}")


@contextmanager
def _fitting(path: Path) -> Iterator[None]:
    """Says in a sentence that rows do not fit the tables they are for."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, psycopg.Error, pa.ArrowException) as cause:
        raise BackupError(f"{path} does not fit the store ({_words(cause)}); nothing was changed.") from cause


def _load(conn: Connection, packed: zipfile.ZipFile, manifest: Manifest, told: Told | None) -> None:
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    inspector = sa.inspect(conn)
    there = set(inspector.get_table_names()) - REMADE - {"alembic_version"}
    if there != {part.name for part in manifest.tables}:
        different = ", ".join(sorted(there ^ {part.name for part in manifest.tables}))
        raise BackupError(f"The backup and schema {manifest.schema} differ in {different}; nothing was changed.")
    done = 0
    for part in manifest.tables:
        columns = {column["name"] for column in inspector.get_columns(part.name)}
        if columns != set(part.columns):
            raise BackupError(
                f"The columns of {part.name} are not those of schema {manifest.schema}; nothing was changed."
            )
        if conn.exec_driver_sql(f'SELECT 1 FROM "{part.name}" LIMIT 1').first():
            conn.exec_driver_sql(f'DELETE FROM "{part.name}"')
        with packed.open(part.file) as member:
            loaded = _copy(conn, part, member) if conn.dialect.name == "postgresql" else _insert(conn, part, member)
        if loaded != part.rows:
            raise BackupError(
                f"Of {part.name} the backup holds {loaded:,} rows, not {part.rows:,} as it says; nothing was changed."
            )
        done += part.rows
        if told:
            told(f"Restoring {part.name}", done, manifest.rows)


def _copy(conn: Connection, part: Part, member: IO[bytes]) -> int:
    names = ", ".join(f'"{name}"' for name in part.columns)
    driver: Any = conn.connection.driver_connection
    with driver.cursor() as cursor:
        with cursor.copy(f'COPY "{part.name}" ({names}) FROM STDIN (FORMAT csv, HEADER true)') as copy:
            while chunk := member.read(CHUNK):
                copy.write(chunk)
        loaded = int(cursor.rowcount)
        for name, held in part.columns.items():
            if held == "int":
                cursor.execute(
                    f'SELECT setval(counter, (SELECT max("{name}") FROM "{part.name}")) '
                    "FROM (SELECT pg_get_serial_sequence(%s, %s) AS counter) AS found "
                    f'WHERE counter IS NOT NULL AND EXISTS (SELECT 1 FROM "{part.name}")',
                    (f'"{part.name}"', name),
                )
    return loaded


def _insert(conn: Connection, part: Part, member: IO[bytes]) -> int:
    if not part.rows:
        return 0
    names = ", ".join(f'"{name}"' for name in part.columns)
    marks = ", ".join("?" * len(part.columns))
    cursor = conn.connection.cursor()
    reader = pyarrow.csv.open_csv(
        member,
        pyarrow.csv.ReadOptions(block_size=_BLOCK),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(
            column_types={name: arrow(held) for name, held in part.columns.items()},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            include_columns=list(part.columns),
        ),
    )
    loaded = 0
    for batch in reader:
        rows = tuples(pa.Table.from_batches([batch]))
        cursor.executemany(f'INSERT INTO "{part.name}" ({names}) VALUES ({marks})', rows)  # type: ignore[arg-type]
        loaded += batch.num_rows
    return loaded


def _trusted(path: Path, manifest: Manifest, trail: audit.Verified, despite: bool) -> None:
    """Raises BackupError where the audit trail that came along is not the one that was written."""
    cut = manifest.audit.seq > 0 and trail.head != manifest.audit
    if (trail.faults or cut) and not despite:
        said = trail.faults[0] if trail.faults else "its head is not the one that the manifest names"
        raise BackupError(
            f"The audit trail in {path} is broken: {said}. Nothing was changed; use another backup, or, to restore it "
            "all the same and have that written down, say --despite-trail."
        )


def _words(cause: BaseException) -> str:
    said = str(getattr(cause, "orig", None) or cause).strip().splitlines()
    return said[0] if said else type(cause).__name__

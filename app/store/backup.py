"""A backup: one zip that any Nines of this release or a later one restores, into SQLite or PostgreSQL.

In it are `manifest.json` (schema, counts, hashes, the head of the audit trail) and one CSV a table, UTF-8, comma,
header, blank = null, `""` = empty text, instants as microseconds since 1970, JSON as text. It is one snapshot of the
store: writers go on meanwhile. What can be made again by itself (`REMADE`) is left out.
"""

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.store import audit
from app.store.engine import StoreError, identity, reading, revisions
from app.store.review_tables import METADATA

FORMAT, VERSION = "nines-backup", 1
MANIFEST = "manifest.json"
REMADE = frozenset({"drafts", "kept_groups", "kept_sums", "sessions"})
"""Tables of answers that are made anew when they are asked for, of who is signed in just now, and of what is half
typed."""
CHUNK = 1 << 20
_AT_ONCE = 20_000
Told = Callable[[str, int, int], None]
"""Hears what is being done, how many rows are done and of how many."""


class BackupError(StoreError):
    """A backup that cannot be written or restored; the message is one sentence that says why and what to do."""


class Part(NamedTuple):
    """One table in a backup."""

    name: str
    rows: int
    sha256: str
    columns: Mapping[str, str]
    """Name → text, int, double, bool, date or json."""

    @property
    def file(self) -> str:
        return f"tables/{self.name}.csv"


class Manifest(NamedTuple):
    """What a backup says about itself."""

    schema: str
    made_at: str
    store: str
    generation: int
    audit: audit.Head
    tables: tuple[Part, ...]
    """In the order in which they can be loaded."""

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.tables)


def kind(column: sa.Column[Any]) -> str:
    """How a backup holds a column. Raises TypeError for a type that none of the kinds fits."""
    held = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
    kinds: tuple[tuple[type[Any], str], ...] = (
        (sa.JSON, "json"),
        (sa.String, "text"),
        (sa.Boolean, "bool"),
        (sa.Integer, "int"),
        (sa.Float, "double"),
        (sa.Date, "date"),
    )
    for known, name in kinds:
        if isinstance(held, known):
            return name
    raise TypeError(f"{column} is {held!r}: say in app/store/backup.py how a backup holds it")


def backup(engine: Engine, path: Path, told: Told | None = None) -> Manifest:
    """Writes the store as it is now to a new file, which appears when it is complete. Raises BackupError where the file
    exists already, OSError where it cannot be written."""
    if path.exists():
        raise BackupError(f"{path} exists already: a backup never replaces another; choose a new name.")
    handle, part = mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            with reading(engine) as conn, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
                manifest = _write(conn, packed, told)
            stream.flush()
            os.fsync(stream.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
    return manifest


def _write(conn: Connection, packed: zipfile.ZipFile, told: Told | None) -> Manifest:
    last = audit.head(conn)
    if last is None:
        raise BackupError("The head of the audit trail is gone, so no backup is made: `nines check` says more.")
    tables = [table for table in METADATA.sorted_tables if table.name not in REMADE]
    counts = {t.name: conn.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in tables}
    of, done, parts = sum(counts.values()), 0, []
    for table in tables:

        def tell(rows: int, name: str = table.name, before: int = done) -> None:
            if told:
                told(name, before + rows, of)

        parts.append(_table(conn, table, packed, tell))
        done += parts[-1].rows
    store, number = identity(conn)
    (schema,) = revisions(conn)
    made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    manifest = Manifest(schema, made, store, number, last, tuple(parts))
    packed.writestr(MANIFEST, as_json(manifest))
    return manifest


def as_json(manifest: Manifest) -> str:
    """The manifest as the backup holds it."""
    said = manifest._asdict() | {"audit": manifest.audit._asdict(), "tables": [p._asdict() for p in manifest.tables]}
    return json.dumps({"format": FORMAT, "version": VERSION, **said}, indent=1)


class _Hashed(io.RawIOBase):
    """A stream that hashes what goes through it."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self.hash = sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return self._inner.write(data)


def _table(conn: Connection, table: sa.Table, packed: zipfile.ZipFile, tell: Callable[[int], None]) -> Part:
    kinds = {column.name: kind(column) for column in table.c}
    export = _copied if conn.dialect.name == "postgresql" else _selected
    rows = 0
    about = zipfile.ZipInfo(f"tables/{table.name}.csv", datetime.now(UTC).timetuple()[:6])
    about.compress_type = zipfile.ZIP_DEFLATED
    with packed.open(about, "w", force_zip64=True) as member:
        stream = _Hashed(member)
        names = io.StringIO()
        csv.writer(names, lineterminator="\n").writerow(kinds)
        stream.write(names.getvalue().encode())
        for text, rows in export(conn, table.name, kinds):
            stream.write(text)
            tell(rows)
    return Part(table.name, rows, stream.hash.hexdigest(), kinds)


def _copied(conn: Connection, table: str, kinds: Mapping[str, str]) -> Iterator[tuple[bytes, int]]:
    """PostgreSQL writes CSV by itself; a true is `true` here and not `t`."""
    conn.exec_driver_sql("SET LOCAL datestyle TO 'ISO, YMD'")
    conn.exec_driver_sql("SET LOCAL extra_float_digits TO 1")
    cells = ", ".join(f'"{name}"::text' if held in ("bool", "json") else f'"{name}"' for name, held in kinds.items())
    driver: Any = conn.connection.driver_connection
    waiting, size, rows = [], 0, 0
    with driver.cursor() as cursor, cursor.copy(f'COPY (SELECT {cells} FROM "{table}") TO STDOUT (FORMAT csv)') as copy:
        for line in copy:
            waiting.append(bytes(line))
            size, rows = size + len(line), rows + 1
            if size > CHUNK:
                yield b"".join(waiting), rows
                waiting, size = [], 0
    yield b"".join(waiting), rows


_ARROW: Mapping[str, pa.DataType] = {"int": pa.int64(), "double": pa.float64(), "bool": pa.bool_()}


def arrow(held: str) -> pa.DataType:
    """What SQLite's cells of a kind are in columns; dates and JSON are text there."""
    return _ARROW.get(held, pa.string())


def _selected(conn: Connection, table: str, kinds: Mapping[str, str]) -> Iterator[tuple[bytes, int]]:
    names = ", ".join(f'"{name}"' for name in kinds)
    cursor = conn.connection.cursor()
    cursor.execute(f'SELECT {names} FROM "{table}"')
    rows = 0
    while found := cursor.fetchmany(_AT_ONCE):
        rows += len(found)
        columns = [_column(cells, held) for cells, held in zip(zip(*found, strict=True), kinds.values(), strict=True)]
        text = io.BytesIO()
        options = pyarrow.csv.WriteOptions(include_header=False)
        pyarrow.csv.write_csv(pa.table(dict(zip(kinds, columns, strict=True))), text, options)
        yield text.getvalue(), rows
    cursor.close()


def _column(cells: Sequence[Any], held: str) -> pa.Array:
    if held == "bool":
        return pa.array(cells, pa.int8()).cast(pa.bool_())
    return pa.array(cells, arrow(held))

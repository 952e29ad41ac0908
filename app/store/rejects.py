"""Rows that were set aside, kept whole until a later import mends them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.batch import arrow_type, keys
from app.store.tables import FACTS, IMPORTS, REJECTS
from app.store.types import NO_DATE, NO_NUMBER, KeyDate, KeyNumber, Moment, micros

_SOME = 500


class Reject(NamedTuple):
    """One row set aside: where it stood, which value is wrong and why, and the row as it was read."""

    source: str
    entity: str
    file: str
    line: int | None
    column: str | None
    value: str | None
    reason: str
    row: Mapping[str, str | None]


def add_rejects(conn: Connection, run: int, rejects: Iterable[Reject]) -> None:
    """Keeps them with the run that set them aside."""
    rows = [
        {"run": run, **reject._asdict()} | {"row": _clean(dict(reject.row)), "value": _clean(reject.value)}
        for reject in rejects
    ]
    if rows:
        conn.execute(REJECTS.insert(), rows)


def open_keys(conn: Connection, entity: str, source: str, run: int | None) -> pa.Table | None:
    """Key columns and id of the open rejects of earlier runs whose key can be read; None when there are none."""
    table = FACTS[entity]
    found = conn.execute(
        sa.select(REJECTS.c.id, REJECTS.c.row).where(
            REJECTS.c.resolved_by.is_(None),
            REJECTS.c.source == source,
            REJECTS.c.entity == entity,
            REJECTS.c.run < run if run is not None else sa.true(),
        )
    )
    read: list[dict[str, Any]] = []
    for reject, row in found:
        try:
            read.append({"id": reject, **{name: _value(table.c[name], row.get(name)) for name in keys(entity)}})
        except ValueError:
            continue
    if not read:
        return None
    types = [("id", pa.int64()), *((name, arrow_type(table.c[name].type)) for name in keys(entity))]
    return pa.Table.from_pylist(read, pa.schema(types))


def mended(open_rejects: pa.Table, batch: pa.Table) -> set[int]:
    """The ids of those whose key is in the batch."""
    key = [name for name in open_rejects.column_names if name != "id"]
    return set(open_rejects.join(batch.select(key), key, join_type="left semi")["id"].to_pylist())


def resolve(conn: Connection, run: int, source: str, files: Sequence[str], mended: Iterable[int]) -> None:
    """Closes the open rejects of earlier runs that this one mended, by keeping their row or reading their file again.

    `source` is the run's: rows of its file may name others.
    """
    still = sa.and_(REJECTS.c.resolved_by.is_(None), REJECTS.c.run < run)
    alike = REJECTS.c.run.in_(sa.select(IMPORTS.c.id).where(IMPORTS.c.source == source))
    done = REJECTS.update().values(resolved_by=run)
    names, ids = list(files), sorted(mended)
    for start in range(0, len(names), _SOME):
        conn.execute(done.where(still, alike, REJECTS.c.file.in_(names[start : start + _SOME])))
    for start in range(0, len(ids), _SOME):
        conn.execute(done.where(still, REJECTS.c.id.in_(ids[start : start + _SOME])))


def repeated(conn: Connection, run: int) -> set[int]:
    """The open rejects of earlier runs whose very row this run has set aside again, from the same place."""
    mine = sa.select(REJECTS.c.source, REJECTS.c.entity, REJECTS.c.file, REJECTS.c.row).where(REJECTS.c.run == run)
    again = {(row.source, row.entity, row.file, str(sorted(row.row.items()))) for row in conn.execute(mine)}
    found: set[int] = set()
    for source in {key[0] for key in again}:
        earlier = sa.select(REJECTS.c.id, REJECTS.c.entity, REJECTS.c.file, REJECTS.c.row).where(
            REJECTS.c.resolved_by.is_(None), REJECTS.c.source == source, REJECTS.c.run < run
        )
        found |= {
            row.id
            for row in conn.execute(earlier)
            if (source, row.entity, row.file, str(sorted(row.row.items()))) in again
        }
    return found


def _value(column: sa.Column[Any], text: str | None) -> Any:
    """The key's value that a cell holds. Raises ValueError where it cannot be read."""
    text = (text or "").strip()
    if isinstance(column.type, KeyDate):
        return date.fromisoformat(text) if text else NO_DATE
    if isinstance(column.type, KeyNumber):
        return int(text) if text else NO_NUMBER
    if not text:
        raise ValueError(f"{column.name} is blank")
    return micros(datetime.fromisoformat(text)) if isinstance(column.type, Moment) else text


def _clean(value: Any) -> Any:
    """PostgreSQL keeps no NUL in text."""
    if isinstance(value, dict):
        return {_clean(name): _clean(cell) for name, cell in value.items()}
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value

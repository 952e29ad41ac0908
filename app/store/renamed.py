"""Facts whose key names a service or a team: where a source calls it otherwise now, by a changed mapping, the fact that
comes anew takes the place of the one under the former name."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.records import ENTITIES
from app.store.tables import FACTS
from app.store.touched import Touched
from app.store.types import Moment

_NAMED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "impacts": ("service", "services"),
        "services": ("service", "services"),
        "shifts": ("team", "teams"),
        "teams": ("team", "teams"),
    }
)
"""Entity → the column of its key that a mapping may rename, and the field of the mapping."""
_SOME = 100


def clear(
    conn: Connection,
    source: str,
    entity: str,
    batch: pa.Table,
    former: Mapping[str, Mapping[str, set[str]]],
    touched: Touched,
) -> int:
    """Takes away the facts whose place those of a batch take: how many. `former`: as `mappings.former` gives it."""
    column, field = _NAMED.get(entity, ("", ""))
    names = former.get(field, {})
    if not names:
        return 0
    table, key = FACTS[entity], ENTITIES[entity].key
    stale = sorted(_stale(batch, key, column, names), key=str)
    gone = 0
    for start in range(0, len(stale), _SOME):
        same = [
            sa.and_(*(_is(table.c[name], cell) for name, cell in zip(key, row, strict=True)))
            for row in stale[start : start + _SOME]
        ]
        gone += conn.execute(table.delete().where(table.c.source == source, sa.or_(*same))).rowcount
    if gone:
        touched.entities.add((entity, source))
    return gone


def _stale(
    batch: pa.Table, key: tuple[str, ...], column: str, names: Mapping[str, set[str]]
) -> Iterator[tuple[Any, ...]]:
    """The keys under former names of the rows of a batch, but for those that it holds itself."""
    cells = [batch[name].to_pylist() if name in batch.column_names else [None] * batch.num_rows for name in key]
    rows = list(zip(*cells, strict=True))
    here, at = set(rows), key.index(column)
    found = {(*row[:at], old, *row[at + 1 :]) for row in rows for old in names.get(row[at], ())}
    return iter(found - here)


def _is(column: sa.Column[Any], cell: Any) -> sa.ColumnElement[bool]:
    """Equality with a cell of a batch, in which instants are numbers; a blank is kept as a value."""
    if isinstance(column.type, Moment):
        return sa.type_coerce(column, sa.BigInteger()) == sa.literal(cell, sa.BigInteger())
    return column == sa.bindparam(None, cell, type_=column.type)

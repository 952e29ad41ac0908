"""Facts of a test into a store, as an import would."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy.engine import Connection

from app.records import ENTITIES
from app.store.batch import arrow_type
from app.store.sums import refresh
from app.store.tables import FACTS
from app.store.touched import Touched
from app.store.types import micros
from app.store.write import Counts, upsert


def batch(entity: str, facts: Iterable[Any]) -> pa.Table:
    """Facts as the columns of an import."""
    columns: dict[str, list[Any]] = {}
    for fact in facts:
        for name, cell in fact._asdict().items():
            if name != "source":
                columns.setdefault(name, []).append(cell)
    return cells(entity, columns)


def cells(entity: str, columns: Mapping[str, Iterable[Any]]) -> pa.Table:
    """Columns of facts as Python has them, as those of an import."""
    kinds = {name: arrow_type(FACTS[entity].c[name].type) for name in columns}
    return pa.table({name: pa.array([_cell(one) for one in some], kinds[name]) for name, some in columns.items()})


def _cell(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return micros(cell)
    return (";".join(cell) or None) if isinstance(cell, tuple) else cell


def keep(conn: Connection, found: Mapping[str, Iterable[Any]], source: str = "file") -> dict[str, Counts]:
    """One import of facts by entity; those that name a source of their own go to it."""
    touched, counts = Touched(), {}
    for entity in ENTITIES:
        by_source: dict[str, list[Any]] = {}
        for fact in found.get(entity, ()):
            by_source.setdefault(getattr(fact, "source", source), []).append(fact)
        for name, facts in by_source.items():
            counts[entity] = upsert(conn, entity, name, batch(entity, facts), touched)
    refresh(conn, touched)
    return counts

"""Columns as the database wants them: a batch of facts, checked against its table and free of repeated keys."""

from collections.abc import Iterable
from datetime import date
from itertools import repeat
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from app.store.tables import FACTS
from app.store.types import NO_DATE, NO_NUMBER, KeyDate, KeyNumber, Moment


def arrow_type(kind: sa.types.TypeEngine[Any]) -> pa.DataType:
    """What a column of a batch holds for a column of a table."""
    if isinstance(kind, Moment):
        return pa.int64()
    if isinstance(kind, (KeyDate, sa.Date)):
        return pa.date32()
    if isinstance(kind, (KeyNumber, sa.Integer)):
        return pa.int64()
    if isinstance(kind, sa.Boolean):
        return pa.bool_()
    return pa.float64() if isinstance(kind, sa.Double) else pa.string()


def fitted(entity: str, columns: pa.Table) -> pa.Table:
    """The batch in the table's order and types, only the columns it has.

    Raises ValueError for a column that the entity does not have, or lacks a required one.
    """
    table = FACTS[entity]
    strange = set(columns.column_names) - {column.name for column in table.c} - {"source"}
    if strange:
        raise ValueError(f"{entity} has no column {', '.join(sorted(strange))}")
    found: dict[str, pa.ChunkedArray] = {}
    for column in table.c:
        if column.name == "source":
            continue
        blank = {KeyDate: pa.scalar(NO_DATE), KeyNumber: pa.scalar(NO_NUMBER)}.get(type(column.type))
        if column.name in columns.column_names:
            values = columns[column.name].cast(arrow_type(column.type))
            found[column.name] = values if blank is None else values.fill_null(blank)
        elif blank is not None:
            found[column.name] = pa.chunked_array([pa.repeat(blank, columns.num_rows)]).cast(arrow_type(column.type))
        elif not column.nullable:
            raise ValueError(f"{entity} lacks the column {column.name}")
    return pa.table(found)


def keys(entity: str) -> list[str]:
    """The key's columns in the table's order, without source."""
    return [column.name for column in FACTS[entity].primary_key.columns if column.name != "source"]


def last_of_each_key(entity: str, batch: pa.Table) -> pa.Table:
    """Of rows with the same key the last."""
    key = keys(entity)
    numbered = batch.select(key).append_column("row", pa.array(np.arange(batch.num_rows)))
    last = numbered.group_by(key, use_threads=False).aggregate([("row", "max")])["row_max"]
    if len(last) == batch.num_rows:
        return batch
    return batch.take(last.take(pc.sort_indices(last)))


def tuples(batch: pa.Table, *before: str) -> Iterable[tuple[Any, ...]]:
    """The rows as SQLite takes them, each with these values in front: booleans 0 and 1, dates as text, blank None."""
    return zip(*(repeat(value, batch.num_rows) for value in before), *map(_values, batch.columns), strict=True)


def _values(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_date(column.type):
        return [None if day is None else cast(date, day).isoformat() for day in column.to_pylist()]
    if column.null_count and not pa.types.is_string(column.type):
        return cast(list[Any], column.to_pylist())
    return cast(list[Any], column.to_numpy(zero_copy_only=False).tolist())

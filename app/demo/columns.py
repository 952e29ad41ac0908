"""Rows and numpy columns as Arrow tables in the shape of `app/records.py`, `source` first."""

import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime

from app.demo.timeline import Bools, Ints
from app.records import ENTITIES

MOMENT = pa.timestamp("us", tz="UTC")
_PLAIN = {
    AwareDatetime: MOMENT,
    date: pa.date32(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
}


def _arrow(annotation: Any) -> pa.DataType:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _arrow(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return _arrow(next(arg for arg in get_args(annotation) if arg is not type(None)))
    if origin is tuple:
        return pa.list_(pa.string())
    if origin is Literal:
        return pa.string()
    return _PLAIN[annotation]


@cache
def schema(entity: str) -> pa.Schema:
    """The Arrow schema of an entity: `source`, then the record's columns."""
    fields = ENTITIES[entity].record.model_fields
    return pa.schema([("source", pa.string())] + [(name, _arrow(f.rebuild_annotation())) for name, f in fields.items()])


def from_rows(entity: str, source: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """A table of rows; a column that a row does not name is blank, `source` where it does not say otherwise."""
    return pa.Table.from_pylist([{"source": source, **row} for row in rows], schema=schema(entity))


def from_columns(entity: str, source: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    """A table of whole columns; one that is not given is blank."""
    n = len(next(iter(columns.values())))
    whole = {"source": pa.repeat(source, n), **columns}
    return pa.table([whole.get(f.name, pa.nulls(n, f.type)) for f in schema(entity)], schema=schema(entity))


def moments(us: Ints, blank: Bools | None = None) -> pa.Array:
    return pa.array(us, mask=blank).cast(MOMENT)


def pick(names: Sequence[str], index: Ints, blank: Bools | None = None) -> pa.Array:
    """The names at these places."""
    return pa.array(names, pa.string()).take(pa.array(index, mask=blank))


def flags(values: Bools, blank: Bools | None = None) -> pa.Array:
    return pa.array(values, mask=blank)


def numbered(prefix: str, first: int, n: int, width: int) -> pa.Array:
    """`prefix` with running numbers."""
    digits = pc.utf8_lpad(pa.array(np.arange(first, first + n)).cast(pa.string()), width, "0")
    return joined(prefix, digits)


def joined(prefix: str, texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, texts, "")

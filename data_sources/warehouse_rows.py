"""Rows of a database as cells of a fact file, kept in a file of bounded chunks until the store takes them."""

import json
import weakref
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import pyarrow as pa

from data_sources.brought import text
from data_sources.columns import Rule

Cells = tuple[Mapping[str, Any], Any]
"""Columns of cells, and the number of each row."""


class Shape(NamedTuple):
    """Which columns of an answer are read."""

    columns: tuple[tuple[int, Rule], ...]
    """Where each stands, and what it is."""

    @property
    def schema(self) -> Any:
        return pa.schema([(rule.name, pa.string()) for _, rule in self.columns])


def table(shape: Shape, rows: Sequence[Sequence[Any]]) -> Any:
    """Rows as a record batch of cells."""
    arrays = [pa.array([cell(rule, row[at]) for row in rows], pa.string()) for at, rule in shape.columns]
    return pa.record_batch(arrays, schema=shape.schema)


def cell(rule: Rule, value: Any) -> str:
    """A value as a fact file holds it: lists joined by `;`, numbers in full, times with the offset that they have."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    match value:
        case int() if rule.kind == "flag" and value in (0, 1):
            return "true" if value else "false"
        case Decimal() if value.is_finite():
            return format(value, "f")
        case list() | tuple():
            return text([one for one in value if one is not None])
        case dict():
            return text(json.dumps(value, ensure_ascii=False))
        case str() if rule.kind == "names":
            return text(_listed(value))
        case str() if rule.kind not in ("text", "choice"):
            return value
    return text(value)


def _listed(value: str) -> Any:
    """A list that a database gives as JSON, as Snowflake does; otherwise the text."""
    try:
        found = json.loads(value) if value.startswith("[") else None
    except ValueError:
        found = None
    return [str(one) for one in found if one is not None] if isinstance(found, list) else value


class Spool:
    """A file without a name that holds an answer, and is gone with it."""

    def __init__(self, shape: Shape):
        file = TemporaryFile(prefix="nines-")  # noqa: SIM115 - lives as long as the answer
        weakref.finalize(self, file.close)
        self._file, self._writer = file, pa.ipc.new_stream(file, shape.schema)

    def write(self, batch: Any) -> None:
        self._writer.write_batch(batch)

    def chunks(self) -> Iterator[Cells]:
        """What was written, chunk by chunk."""
        self._writer.close()
        self._file.seek(0)
        row = 1
        for batch in pa.ipc.open_stream(self._file):
            yield _numbered(batch, row)
            row += batch.num_rows

    @staticmethod
    def of(shape: Shape, rows: Sequence[Sequence[Any]]) -> Cells:
        """A few rows without a file."""
        return _numbered(table(shape, rows), 1)


def _numbered(batch: Any, first: int) -> Cells:
    cells = dict(zip(batch.schema.names, batch.columns, strict=True))
    return cells, pa.array(range(first, first + batch.num_rows), pa.int64())

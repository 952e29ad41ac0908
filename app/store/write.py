"""Every write of facts: one import is one transaction, in which the daily sums are refreshed too.

How an import goes (`app/ingest.py`):

    engine = open_store(url)                        # app.store.engine
    with writing(engine, dry=dry) as conn:          # app.store.engine: takes the write lock; commits, or rolls back when dry
        run = begin_run(conn, kind="file", source="file", names=["incidents.csv"], actor="cli")
        touched = Touched(run)
        ids = known(conn, "incidents")              # for the checks of references, whatever the source: {"i1", "i2"}
        counts = upsert(conn, "incidents", "file", batch, touched)      # Counts(seen, new, changed, unchanged)
        add_rejects(conn, run, [Reject("file", "incidents", "incidents.csv", 7, "severity", "9", "is above 5", {…})])
        refresh(conn, touched)                      # app.store.sums: once, after the last batch, always
        end_run(conn, run, touched, {"incidents": RunCounts(…)}, files=["incidents.csv"])

A batch is a `pyarrow.Table` of columns named as in the contract (without `source`), any order, blank = null: instants `int64`
(microseconds since 1970, UTC), dates `date32`, booleans `bool`, whole numbers `int64`, numbers `float64`, text `string` (or
large_string, or dictionary of string), lists one `string` joined by `;`. A column that is not there is blank in every row: the
file is the whole fact, so an update blanks it too. Of two rows of one batch with the same key the last one counts.

`Reject.file` and `files` of `end_run` are the same text for the same file ("incidents.csv", "facts.zip/incidents.csv").
An open reject is resolved by a later run that reads the same file for the same source, or that keeps a row with its key.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from app import policy
from app.store import rejects, sums
from app.store.batch import fitted, keys, tuples
from app.store.rejects import Reject, add_rejects
from app.store.tables import AUDIT, FACTS, IMPORTS, POLICIES
from app.store.touched import Touched

__all__ = [
    "Counts",
    "Reject",
    "RunCounts",
    "Touched",
    "add_rejects",
    "audit",
    "begin_run",
    "end_run",
    "known",
    "upsert",
]
_ROWS = 100_000
"""How many rows go to the database at once: bounds the memory of an import."""
_TIMES: Mapping[str, tuple[str, ...]] = {
    "sli": ("slo", "start"),
    "pages": ("triggered_at",),
    "deployments": ("deployed_at",),
    "shifts": ("start", "end"),
}
"""The columns that say which sums a fact is in."""


class Counts(NamedTuple):
    seen: int
    new: int
    changed: int
    unchanged: int


class RunCounts(NamedTuple):
    """What became of an entity's rows in one import."""

    seen: int
    new: int
    changed: int
    unchanged: int
    set_aside: int


def begin_run(conn: Connection, *, kind: str, source: str, names: Sequence[str], actor: str) -> int:
    """Starts the log of one import (kind `file` or `live`) and gives its id."""
    row = dict(kind=kind, source=source, names=list(names), actor=actor, status="running", counts={})
    made = conn.execute(IMPORTS.insert().values(started_at=datetime.now(UTC), **row))
    insert = _dialect(conn).insert(table).from_select(["source", *names], rows).on_conflict_do_nothing()
    return int(conn.execute(insert, execution_options={"preserve_rowcount": True}).rowcount)


def _update_staged(conn: Connection, entity: str, source: str, touched: Touched) -> int:
    """Updates those of the staged rows that differ from the table: how many. Touches where they were and where they are."""
    table, stage = FACTS[entity], _staged(entity)
    names = [column.name for column in stage.c]
    same = sa.and_(table.c.source == source, *(table.c[name] == stage.c[name] for name in keys(entity)))
    rest = [name for name in names if name not in keys(entity)]
    differs = sa.or_(sa.false(), *(table.c[name].is_distinct_from(stage.c[name]) for name in rest))
    times = _TIMES.get(entity, ())
    found = conn.execute(
        sa.select(
            *(sa.type_coerce(t.c[name], _raw(t.c[name])) for t in (table, stage) for name in times), sa.literal(1)
        )
        .select_from(stage.join(table, same))
        .where(differs)
    ).all()
    if not found:
        return 0
    if times:
        ends = zip(*found, strict=True)
        values = [list(column) for column in ends][: 2 * len(times)]
        _touch(touched, entity, source, pa.table(dict(zip(times, values[: len(times)], strict=True))))
        _touch(touched, entity, source, pa.table(dict(zip(times, values[len(times) :], strict=True))))
    changed = sa.select(sa.literal(source), *stage.c).select_from(stage.join(table, same)).where(differs)
    insert = _dialect(conn).insert(table).from_select(["source", *names], changed)
    key = [column.name for column in table.primary_key.columns]
    conn.execute(insert.on_conflict_do_update(index_elements=key, set_={name: insert.excluded[name] for name in rest}))
    return len(found)


def _raw(column: sa.ColumnElement[Any]) -> sa.types.TypeEngine[Any]:
    return sa.Text() if isinstance(column.type, sa.Text) else sa.BigInteger()


def _dialect(conn: Connection) -> Any:
    return postgresql if conn.dialect.name == "postgresql" else sqlite


def _touch(touched: Touched, entity: str, source: str, part: pa.Table) -> None:
    if entity == "sli":
        by = part.select(["slo", "start"]).group_by("slo").aggregate([("start", "min"), ("start", "max")])
        for slo, first, last in zip(*(by[name].to_pylist() for name in ("slo", "start_min", "start_max")), strict=True):
            touched.slo(source, slo, first, last)
    elif entity == "shifts":
        spans = part.select(["start", "end"]).to_pylist()
        for span in spans:
            touched.span(entity, span["start"], span["end"])
    elif entity in _TIMES:
        touched.instants(entity, part[_TIMES[entity][0]].to_numpy())

"""Every write of facts: one import is one transaction, in which the daily sums are refreshed too.

How an import goes (`app/ingest.py`):

    engine = open_store(url)                        # app.store.engine
    with writing(engine, dry=dry) as conn:          # app.store.engine: one writer; commits, or rolls back when dry
        run = begin_run(conn, kind="file", source="file", names=["incidents.csv"], actor="cli")
        touched = Touched(run)
        ids = known(conn, "incidents")              # for the checks of references, whatever the source: {"i1", "i2"}
        counts = upsert(conn, "incidents", "file", batch, touched)      # Counts(seen, new, changed, unchanged)
        add_rejects(conn, run, [Reject("file", "incidents", "incidents.csv", 7, "severity", "9", "is above 5", {…})])
        refresh(conn, touched)                      # app.store.sums: once, after the last batch, always
        end_run(conn, run, touched, {"incidents": RunCounts(…)}, files=["incidents.csv"])

A batch is a `pyarrow.Table` of columns named as in the contract (without `source`), any order, blank = null: instants
`int64` (microseconds since 1970, UTC), dates `date32`, booleans `bool`, whole numbers `int64`, numbers `float64`, text
`string` (or large_string, or dictionary of string), lists one `string` joined by `;`. A column that is not there is
blank in every row: the file is the whole fact, so an update blanks it too. Of two rows of one batch with the same key
the last one counts.

`Reject.file` and `files` of `end_run` are the same text for the same file ("incidents.csv", "facts.zip/incidents.csv").
An open reject is resolved by a later run that reads the same file again, or that keeps a row with its key.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from app import policy
from app.people import Person
from app.store import kept, register_imports, rejects, sums
from app.store.audit import audit
from app.store.batch import fitted, keys, last_of_each_key, tuples
from app.store.rejects import Reject, add_rejects
from app.store.tables import FACTS, IMPORTS, POLICIES
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
    row = {"kind": kind, "source": source, "names": list(names), "actor": actor, "status": "running", "counts": {}}
    made = conn.execute(IMPORTS.insert().values(started_at=datetime.now(UTC), **row))
    key = made.inserted_primary_key
    return int(key[0]) if key else 0


def end_run(
    conn: Connection,
    run: int,
    touched: Touched,
    counts: Mapping[str, RunCounts],
    files: Sequence[str] = (),
    ended: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Ends it: keeps its counts, resolves the rejects that it mended, and leaves one audit entry.

    `ended`: what else the log of a live source keeps (`calls`, `unread`, `failure`, another `status`).
    """
    kept = {entity: count._asdict() for entity, count in counts.items()}
    aside = sum(count.set_aside for count in counts.values())
    done = {"finished_at": datetime.now(UTC), "counts": kept, "status": "set_aside" if aside else "done"}
    conn.execute(IMPORTS.update().where(IMPORTS.c.id == run).values(**{**done, **ended}))
    source, actor = conn.execute(sa.select(IMPORTS.c.source, IMPORTS.c.actor).where(IMPORTS.c.id == run)).one()
    rejects.resolve(conn, run, source, files, touched.resolved)
    audit(conn, actor=actor, action="import", entity="imports", entity_id=str(run), new={"source": source, **kept})


def set_policy(conn: Connection, text: str, *, by: Person, why: str | None = None, at: datetime | None = None) -> None:
    """Puts a policy in force from `at` (now), audited, and makes the sums that it changes anew.

    Raises NotAllowed for somebody who is no admin, ValueError or yaml.YAMLError for a text that is no policy.
    """
    by.must("govern", everywhere=True)
    policy.parse(text)
    since = at or datetime.now(UTC)
    held = sa.select(POLICIES.c.text).where(POLICIES.c.valid_from <= since).order_by(POLICIES.c.valid_from.desc())
    old = conn.execute(held.limit(1)).scalar()
    conn.execute(POLICIES.delete().where(POLICIES.c.valid_from == since))
    conn.execute(POLICIES.insert().values(valid_from=since, text=text, actor=by.name, why=why))
    audit(conn, actor=by.name, action="set", entity="policies", entity_id=since.isoformat(), old=old, new=text, why=why)
    kept.forget_all(conn)
    sums.refresh(conn, Touched())


def known(conn: Connection, entity: str) -> set[str]:
    """The ids of all facts of an entity, whatever their source."""
    name = next(k for k in keys(entity) if k not in ("start", "valid_from"))
    return set(conn.execute(sa.select(FACTS[entity].c[name]).distinct()).scalars())


def upsert(conn: Connection, entity: str, source: str, columns: pa.Table, touched: Touched) -> Counts:
    """Keeps a batch of facts: new ones inserted, those that differ updated, the rest left alone.

    Raises ValueError when the batch does not fit the entity.
    """
    batch = fitted(entity, columns)
    new = changed = 0
    if (entity, source) not in touched.open_rejects:
        touched.open_rejects[entity, source] = rejects.open_keys(conn, entity, source, touched.run)
    waiting = touched.open_rejects[entity, source]
    was = register_imports.before(conn, entity, source, batch)
    batch = register_imports.signed(conn, entity, source, batch)
    for start in range(0, batch.num_rows, _ROWS):
        part = batch.slice(start, _ROWS).combine_chunks()
        inserted, updated = _keep(conn, entity, source, part, touched)
        new, changed = new + inserted, changed + updated
        if waiting is not None:
            touched.resolved |= rejects.mended(waiting, part)
    if new or changed:
        touched.entities.add((entity, source))
        if was is not None:
            register_imports.after(conn, was, touched.run)
    return Counts(columns.num_rows, new, changed, columns.num_rows - new - changed)


def _keep(conn: Connection, entity: str, source: str, part: pa.Table, touched: Touched) -> tuple[int, int]:
    """Inserts what is new, updates what differs: how many of each."""
    if conn.dialect.name != "postgresql":
        new = _insert(conn, entity, source, part)
    elif _copied(conn, entity, source, part, touched):
        new = part.num_rows
    else:
        _stage(conn, entity, last_of_each_key(entity, part))
        new = _insert_staged(conn, entity, source, part.column_names)
    if new:
        _touch(touched, entity, source, part)
    if new == part.num_rows:
        return new, 0
    if conn.dialect.name != "postgresql":
        _stage(conn, entity, last_of_each_key(entity, part))
    return new, _update_staged(conn, entity, source, touched)


def _insert(conn: Connection, entity: str, source: str, part: pa.Table) -> int:
    """Straight into the table, leaving out those whose key is there: how many went in."""
    names = ", ".join(f'"{name}"' for name in ("source", *part.column_names))
    marks = ", ".join("?" * (part.num_columns + 1))
    sql = f'INSERT INTO "{entity}" ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING'
    cursor = conn.connection.cursor()
    cursor.executemany(sql, tuples(part, source))  # type: ignore[arg-type]
    return max(cursor.rowcount, 0)


def _stage(conn: Connection, entity: str, part: pa.Table) -> None:
    """The batch in a table of its own for the time of the transaction, all columns of the entity, without source."""
    columns = [column for column in FACTS[entity].c if column.name != "source"]
    kinds = ", ".join(f'"{c.name}" {c.type.compile(dialect=conn.dialect)}' for c in columns)
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f'CREATE TEMP TABLE IF NOT EXISTS "stage_{entity}" ({kinds}) ON COMMIT DROP')
        conn.exec_driver_sql(f'TRUNCATE "stage_{entity}"')
        _copy(conn, f"stage_{entity}", part)
        return
    conn.exec_driver_sql(f'CREATE TEMP TABLE IF NOT EXISTS "stage_{entity}" ({kinds})')
    conn.exec_driver_sql(f'DELETE FROM "stage_{entity}"')
    names = ", ".join(f'"{name}"' for name in part.column_names)
    marks = ", ".join("?" * part.num_columns)
    sql = f'INSERT INTO "stage_{entity}" ({names}) VALUES ({marks})'
    conn.connection.cursor().executemany(sql, tuples(part))  # type: ignore[arg-type]


def _copy(conn: Connection, table: str, part: pa.Table) -> None:
    text = io.BytesIO()
    pyarrow.csv.write_csv(part, text, pyarrow.csv.WriteOptions(include_header=False))
    names = ", ".join(f'"{name}"' for name in part.column_names)
    driver: Any = conn.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT csv)') as copy:
        copy.write(text.getbuffer())


def _copied(conn: Connection, entity: str, source: str, part: pa.Table, touched: Touched) -> bool:
    """Whether the batch could be copied straight in: for a source that had none of the entity, and no key twice."""
    table = FACTS[entity]
    if (entity, source) not in touched.empty:
        held = sa.select(sa.literal(1)).where(table.c.source == source).limit(1)
        touched.empty[entity, source] = not conn.execute(held).scalar()
    if not touched.empty[entity, source]:
        return False
    driver: Any = conn.connection.driver_connection
    try:
        with driver.transaction():
            _copy(conn, entity, part.add_column(0, "source", pa.repeat(pa.scalar(source), part.num_rows)))
    except psycopg.errors.UniqueViolation:
        touched.empty[entity, source] = False
    return touched.empty[entity, source]


def _staged(entity: str) -> sa.TableClause:
    columns = (sa.column(c.name, c.type) for c in FACTS[entity].c if c.name != "source")
    return sa.table(f"stage_{entity}", *columns)


def _insert_staged(conn: Connection, entity: str, source: str, names: Sequence[str]) -> int:
    table, stage = FACTS[entity], _staged(entity)
    rows = sa.select(sa.literal(source), *(stage.c[name] for name in names))
    insert = _dialect(conn).insert(table).from_select(["source", *names], rows).on_conflict_do_nothing()
    return int(conn.execute(insert, execution_options={"preserve_rowcount": True}).rowcount)


def _update_staged(conn: Connection, entity: str, source: str, touched: Touched) -> int:
    """Updates those of the staged rows that differ from the table: how many. Touches where they were and are."""
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

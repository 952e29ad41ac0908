"""What a file does to the register: a risk or action that it changes gets its next version, kept in the history."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.risk_records import Entry, RiskKey, Treatment, differing
from app.store import register_versions
from app.store.register_tables import ACCEPTANCES, HEADS
from app.store.register_versions import Held
from app.store.tables import IMPORTS


class Before(NamedTuple):
    """The risks or actions of a batch as they were before it."""

    entity: str
    keys: tuple[RiskKey, ...]
    held: dict[RiskKey, Held[Any]]


def before(conn: Connection, entity: str, source: str, batch: pa.Table) -> Before | None:
    """What a batch is about to change; None where it is of another entity, or nothing of it has versions.

    Risks have versions from the first file on, actions from the first form.
    """
    if entity not in register_versions.KINDS:
        return None
    names = batch[register_versions.KINDS[entity].id].to_pylist()
    keys = [RiskKey(source, name) for name in dict.fromkeys(names)]
    if entity == "risks":
        return Before(entity, tuple(keys), {one.key: one for one in register_versions.risks(conn, keys)})
    query = sa.select(HEADS.c.id).where(HEADS.c.entity == entity, HEADS.c.source == source)
    own = {*conn.execute(query).scalars()}
    kept = [key for key in keys if key.id in own]
    if not kept:
        return None
    return Before(entity, tuple(kept), {one.key: one for one in register_versions.actions(conn, kept)})


def signed(conn: Connection, entity: str, source: str, batch: pa.Table) -> pa.Table:
    """The batch; where a risk was accepted here and its row says nothing of that, with what was signed."""
    if entity != "risks":
        return batch
    table = ACCEPTANCES
    query = sa.select(table.c.risk, table.c.approved_by, table.c.valid_until).where(
        table.c.source == source, table.c.approved_at.is_not(None), table.c.revoked_at.is_(None)
    )
    found = {row.risk: row for row in conn.execute(query.order_by(table.c.approved_at, table.c.id))}
    if not found or not {*batch["risk"].to_pylist()} & found.keys():
        return batch
    columns = {}
    names = batch["risk"].to_pylist()
    for column, kind in (("accepted_by", pa.string()), ("accepted_until", pa.date32())):
        empty = pa.nulls(batch.num_rows, kind)
        columns[column] = batch[column].combine_chunks() if column in batch.column_names else empty
    blank = pc.and_(pc.is_null(columns["accepted_by"]), pc.is_null(columns["accepted_until"])).to_pylist()
    at = [found.get(name) if empty else None for name, empty in zip(names, blank, strict=True)]
    by = pa.array([row and row.approved_by for row in at], pa.string())
    until = pa.array([row and row.valid_until for row in at], pa.date32())
    filled = {"accepted_by": pc.coalesce(columns["accepted_by"], by)}
    filled["accepted_until"] = pc.coalesce(columns["accepted_until"], until)
    for column, values in filled.items():
        if column in batch.column_names:
            batch = batch.set_column(batch.column_names.index(column), column, values)
        else:
            batch = batch.append_column(column, values)
    return batch


def after(conn: Connection, was: Before, run: int | None) -> None:
    """Gives what the batch made or changed its next version. The import as a whole has one audit entry."""
    actor = conn.execute(sa.select(IMPORTS.c.actor).where(IMPORTS.c.id == run)).scalar() or "import"
    at = datetime.now(UTC)
    now: Sequence[Held[Entry]] | Sequence[Held[Treatment]]
    now = (register_versions.risks if was.entity == "risks" else register_versions.actions)(conn, was.keys)
    new = [(one.key, one.entry) for one in now if one.key not in was.held]
    register_versions.begin(conn, new, by=actor, at=at)
    for one in now:
        held = was.held.get(one.key)
        if held is not None and differing(held.entry, one.entry):
            register_versions.keep(
                conn, held, one.entry, key=one.key, by=actor, act="import", why=None, at=at, facts=False
            )

"""What a limited person may read of the store: one narrowing behind every SELECT of a connection.

    engine = narrow.within(open_store(url), person.within())    # the engine itself where nothing is limited
    with reading(engine) as conn: ...                           # tables hold what lies within the limits alone

Each SELECT on such a connection is given a WITH that tells anew what every table it reads holds: no reader knows of it,
and none can forget it. Nothing of it stays with the database's connection. What belongs to services or teams outside
the limits, and what belongs to none, is not there; lists of services and SLOs name those inside alone (`sight.py`).
"""

from functools import lru_cache
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import visitors

from app.people import Limit
from app.store import light
from app.store.engine import WHOLE, WITHIN, narrowed_to
from app.store.sight import NARROWED, Sight, look

Limits = frozenset[Limit]
Store = Engine


class NotNarrowed(RuntimeError):
    """A statement that cannot be narrowed was sent on a narrowed connection: it writes, or it is a text."""


def within(engine: Engine, limits: Limits | None) -> Engine:
    """The same store as far as it lies within these limits, for reading; None: all of it."""
    return engine if limits is None else _narrowed(engine, limits)


@lru_cache(maxsize=256)
def _narrowed(engine: Engine, limits: Limits) -> Engine:
    option = engine.execution_options(**{WITHIN: _Within(limits)})
    event.listen(option, "before_execute", _narrow, retval=True)
    event.listen(option, "before_cursor_execute", _refuse_text)
    return option


class _Within(Limits):
    """Limits, and the mark of the sums that were made within them."""

    @property
    def mark(self) -> str:
        said = sorted(repr([sorted(part) if part is not None else None for part in limit]) for limit in self)
        return f"within {sha256(repr(said).encode()).hexdigest()[:16]}: "


def mark(conn: Connection) -> str:
    """What tells sums made within a connection's limits from all others; empty where it is not narrowed."""
    limits = conn.get_execution_options().get(WITHIN)
    return limits.mark if isinstance(limits, _Within) else ""


def _narrow(conn: Connection, statement: Any, many: Any, params: Any, options: Any) -> Any:
    if options.get("nines_write"):
        return statement, many, params
    if not isinstance(statement, (sa.Select, sa.CompoundSelect)):
        raise NotNarrowed("A narrowed connection only reads, and by SELECTs whose tables can be told.")
    if options.get(WHOLE):
        return statement, many, params
    read, made = set(), set()
    for part in visitors.iterate(statement):
        if isinstance(part, sa.Table):
            read.add(part.name)
        elif isinstance(part, sa.CTE):
            made.add(part.name)
    wanted = sorted(read & NARROWED.keys())
    if made & {*wanted}:
        raise NotNarrowed(f"A SELECT has a WITH of a table's own name: {', '.join(sorted(made & {*wanted}))}.")
    sight: Sight = light.cached(conn, "sight", lambda: look(conn, narrowed_to(conn) or frozenset(), mark(conn)))
    return statement.add_cte(*(sight.table(name) for name in wanted)), many, params


def _refuse_text(conn: Connection, cursor: Any, text: str, params: Any, context: Any, many: bool) -> None:
    writes = conn.get_execution_options().get("nines_write")
    if not writes and context.compiled is None and not text.startswith("BEGIN"):
        raise NotNarrowed("A narrowed connection takes no text of SQL: its tables cannot be told.")

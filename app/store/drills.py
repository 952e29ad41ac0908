"""What DR tests left to do, row by row."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Action
from app.store.light import bytewise
from app.store.tables import FACTS


def remedies(conn: Connection) -> tuple[Action, ...]:
    """Every action that came of a DR test, by key."""
    table = FACTS["actions"]
    columns = [table.c[name] for name in Action._fields]
    query = sa.select(*columns).where(table.c.origin == "dr_test").order_by(*bytewise(conn, table))
    return tuple(Action(*row) for row in conn.execute(query))

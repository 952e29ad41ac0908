"""What a risk can be linked to: the latest things of a kind, as far as whoever looks may see them."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.risk_records import LINKED, Link, LinkKind
from app.store.tables import FACTS

MOST = 500
_SHOWN: dict[LinkKind, tuple[str, str]] = {
    "incident": ("title", "detected_at"),
    "slo": ("name", "slo"),
    "dr_test": ("name", "planned_on"),
    "action": ("title", "opened_at"),
    "risk": ("title", "risk"),
}
"""Kind → the columns that name it and order it."""
_LATEST = ("incident", "dr_test", "action")


def offered(conn: Connection, kind: LinkKind) -> list[tuple[Link, str]]:
    """The things of one kind with their titles, at most 500: the latest first where they have a time, else by id."""
    entity, column = LINKED[kind]
    title, order = _SHOWN[kind]
    table = FACTS[entity]
    by = table.c[order].desc() if kind in _LATEST else table.c[order]
    query = sa.select(table.c.source, table.c[column], table.c[title]).order_by(by, table.c[column]).limit(MOST)
    found: dict[Link, str] = {}
    for source, name, words in conn.execute(query):
        found.setdefault(Link(kind=kind, source=source, id=name), words)
    return list(found.items())

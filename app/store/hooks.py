"""Deliveries to webhooks: each is known once it was taken, so that one that comes again changes nothing."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.tables import SOURCES, WEBHOOK_DELIVERIES

_REMEMBERED = timedelta(days=90)
"""For how long a delivery is known; senders try for hours, at most days."""


def first(conn: Connection, source: str, delivery: str, at: datetime) -> bool:
    """Whether this delivery comes for the first time; it is known from now on."""
    table = WEBHOOK_DELIVERIES
    here = sa.and_(table.c.source == source, table.c.delivery == delivery)
    if conn.execute(sa.select(sa.literal(1)).select_from(table).where(here)).scalar():
        return False
    conn.execute(table.delete().where(table.c.at < at - _REMEMBERED))
    conn.execute(table.insert().values(source=source, delivery=delivery, at=at))
    return True


def known(conn: Connection, source: str, kind: str, expected_hours: float | None) -> None:
    """The source is known from now on, also one that is never read."""
    said = {"kind": kind, "expected_hours": expected_hours}
    if not conn.execute(SOURCES.update().where(SOURCES.c.name == source).values(**said)).rowcount:
        conn.execute(SOURCES.insert().values(name=source, **said))


def ask(conn: Connection, source: str, at: datetime) -> None:
    """Something happened there: it is due now. A source that is known."""
    conn.execute(SOURCES.update().where(SOURCES.c.name == source).values(asked_at=at))

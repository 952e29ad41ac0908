"""Who answers calls, and for which teams: what their names are shown by."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.light import cached
from app.store.tables import FACTS


def responders(conn: Connection) -> Mapping[str, tuple[str, ...]]:
    """Everybody who had a shift, with the teams they had it for, then who led an incident and never had one; in the
    order in which they were first seen, so that what tells two of them apart stays."""
    return cached(conn, "responders", lambda: _responders(conn))


def _responders(conn: Connection) -> Mapping[str, tuple[str, ...]]:
    shift, incident = FACTS["shifts"], FACTS["incidents"]
    first = sa.func.min(shift.c.start)
    found: dict[str, tuple[str, ...]] = {}
    for name, team in conn.execute(
        sa.select(shift.c.responder, shift.c.team)
        .group_by(shift.c.responder, shift.c.team)
        .order_by(first, shift.c.responder)
    ):
        found[name] = (*found.get(name, ()), team)
    led = sa.select(incident.c.commander).where(incident.c.commander.is_not(None)).group_by(incident.c.commander)
    for name in conn.execute(led.order_by(sa.func.min(incident.c.detected_at), incident.c.commander)).scalars():
        found.setdefault(name, ())
    return found

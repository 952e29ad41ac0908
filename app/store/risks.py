"""What hangs on risks: their actions, and the incidents of the services that they name."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Action, Incident
from app.metrics.register import Hit
from app.store import register_versions
from app.store.tables import FACTS

_SOME = 500


def actions(conn: Connection) -> list[Action]:
    """The actions that come from risks, whenever they were opened."""
    table = FACTS["actions"]
    columns = [table.c[name] for name in Action._fields]
    query = sa.select(*columns).where(table.c.origin == "risk").order_by(table.c.source, table.c.action)
    return [Action(*row) for row in conn.execute(query)]


def hits(conn: Connection) -> list[Hit]:
    """Every incident that names services, the earliest first."""
    table = FACTS["incidents"]
    query = sa.select(table.c.detected_at, table.c.severity, table.c.services)
    found = conn.execute(query.where(_real(), table.c.services.is_not(None)).order_by(table.c.detected_at))
    return [Hit(*row) for row in found]


def incidents(conn: Connection, services: Sequence[str], start: datetime, stop: datetime, most: int) -> list[Incident]:
    """Incidents on any of these services detected from `start` until before `stop`, the latest first, at most so
    many."""
    if not services:
        return []
    table = FACTS["incidents"]
    listed = sa.literal(";") + sa.type_coerce(table.c.services, sa.Text) + sa.literal(";")
    on = sa.or_(*(listed.contains(f";{name};", autoescape=True) for name in services))
    query = (
        sa.select(*(table.c[name] for name in Incident._fields))
        .where(_real(), table.c.detected_at >= start, table.c.detected_at < stop, on)
        .order_by(table.c.detected_at.desc(), table.c.incident)
        .limit(most)
    )
    wanted = set(services)  # a LIKE of SQLite takes no notice of case
    found = [Incident(*row) for row in conn.execute(query)]
    return [one for one in found if wanted & set(one.services)]


def linked(conn: Connection) -> dict[tuple[str, str], tuple[Incident, ...]]:
    """(source, risk) → the incidents that people linked to it, on whichever services; the latest first."""
    links = {
        (held.key.source, held.key.id): {(to.source, to.id) for to in held.entry.links if to.kind == "incident"}
        for held in register_versions.every_risk(conn)
    }
    wanted = sorted({name for some in links.values() for _, name in some})
    table, found = FACTS["incidents"], dict[tuple[str, str], Incident]()
    for at in range(0, len(wanted), _SOME):
        query = sa.select(*(table.c[name] for name in Incident._fields)).where(
            _real(), table.c.incident.in_(wanted[at : at + _SOME])
        )
        found |= {(one.source, one.incident): one for one in (Incident(*row) for row in conn.execute(query))}
    made = {key: tuple(found[name] for name in some if name in found) for key, some in links.items()}
    return {
        key: tuple(sorted(some, key=lambda one: (one.detected_at, one.incident), reverse=True))
        for key, some in made.items()
        if some
    }


def _real() -> sa.ColumnElement[bool]:
    kind = FACTS["incidents"].c.kind
    return sa.or_(kind.is_(None), kind == "incident")

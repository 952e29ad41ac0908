"""What the store holds of one service: what names it, what follows from that, and its SLOs' sums alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Deployment, Facts, SliSum
from app.metrics.grouping import known
from app.store import light
from app.store.tables import FACTS

INCIDENTS = 400
"""The latest incidents of a service that are read, at most."""
_SUMS = tuple(name for name in SliSum._fields if name not in ("period", "source", "slo"))
_BLANK: Mapping[str, Any] = {"services": (), "kind": "incident"}
Sum = dict[str, Any]


def about(conn: Connection, service: str, as_of: datetime) -> Facts:
    """The facts that name a service, and those that follow from them, as known at as-of: its incidents (the latest
    400) with impacts, postmortems and actions, its DR tests, risks and SLOs."""
    held = light.places(conn)
    incidents = _naming(conn, "incidents", service, "detected_at", as_of)
    tests, risks = _naming(conn, "dr_tests", service), _naming(conn, "risks", service)
    origins = {
        "incident": [one.incident for one in incidents],
        "dr_test": [one.test for one in tests],
        "risk": [one.risk for one in risks],
    }
    slos = tuple(slo for slo in light.whole(conn, "slos") if slo.service == service)
    own = {slo.slo for slo in slos}
    found = Facts(
        policy=held.policy_at(as_of),
        teams=held.teams,
        services=held.services,
        slos=slos,
        exclusions=tuple(
            one for one in light.whole(conn, "exclusions") if service in one.services or own.intersection(one.slos)
        ),
        incidents=tuple(incidents),
        impacts=tuple(_of(conn, "impacts", incidents)),
        postmortems=tuple(_of(conn, "postmortems", incidents)),
        actions=tuple(_actions(conn, origins)),
        dr_tests=tuple(tests),
        risks=tuple(risks),
        watched=light.watched(conn),
        policies=held.policies,
    )
    return known(found, as_of)


def _naming(
    conn: Connection, entity: str, service: str, at: str | None = None, until: datetime | None = None
) -> list[Any]:
    """The facts of an entity whose list of services names this one; by `at`, the latest first, until an instant."""
    table, kind = FACTS[entity], light.RECORDS[entity]
    held = sa.type_coerce(table.c.services, sa.Text)
    names = (sa.literal(";") + held + ";").contains(f";{service};", autoescape=True)
    query = sa.select(*(table.c[name] for name in kind._fields))
    # What does not hold the letters is passed over three times as fast as what is put together first.
    query = query.where(held.contains(service, autoescape=True), names)
    if at is not None:
        query = query.where(table.c[at] <= until).order_by(table.c[at].desc()).limit(INCIDENTS)
    found = _records(kind, conn.execute(query))
    # LIKE knows no case on SQLite; a service's name does.
    return [one for one in found if service in one.services]


def _records(kind: type[Any], rows: Iterable[Any]) -> list[Any]:
    blank = [(at, _BLANK[name]) for at, name in enumerate(kind._fields) if name in _BLANK]
    made = []
    for row in rows:
        cells = list(row)
        for at, value in blank:
            cells[at] = value if cells[at] is None else cells[at]
        made.append(kind(*cells))
    return made


def _of(conn: Connection, entity: str, incidents: Sequence[Any]) -> list[Any]:
    """What belongs to these incidents, found by its key."""
    table, kind = FACTS[entity], light.RECORDS[entity]
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    for one in incidents:
        by_source[one.source].append(one.incident)
    columns = [table.c[name] for name in kind._fields]
    found = []
    for source, names in sorted(by_source.items()):
        query = sa.select(*columns).where(table.c.source == source, table.c.incident.in_(names))
        found += _records(kind, conn.execute(query.order_by(*light.bytewise(conn, table))))
    return found


def _actions(conn: Connection, origins: Mapping[str, Sequence[str]]) -> list[Any]:
    table, kind = FACTS["actions"], light.RECORDS["actions"]
    match = [sa.and_(table.c.origin == name, table.c.origin_id.in_(ids)) for name, ids in origins.items() if ids]
    if not match:
        return []
    query = sa.select(*(table.c[name] for name in kind._fields)).where(sa.or_(*match))
    return _records(kind, conn.execute(query.order_by(*light.bytewise(conn, table))))


def went_wrong(
    conn: Connection, service: str, start: datetime, stop: datetime, blamed: Sequence[str], limit: int = 8
) -> list[Deployment]:
    """The latest deployments of a service that failed, were rolled back or are among those blamed for an incident."""
    table = FACTS["deployments"]
    bad = sa.or_(table.c.status.in_(("failed", "rolled_back")), table.c.deployment.in_(blamed))
    within = sa.and_(table.c.service == service, table.c.deployed_at >= start, table.c.deployed_at < stop)
    query = sa.select(*(table.c[name] for name in Deployment._fields)).where(within, bad)
    return [Deployment(*row) for row in conn.execute(query.order_by(table.c.deployed_at.desc()).limit(limit))]


class Reading(NamedTuple):
    """One reading of a service by another system; `part` and `whole` where it is a share of something."""

    kpi: str
    period: str
    value: float | None
    part: float | None
    whole: float | None
    target: float | None


def readings(conn: Connection, service: str, periods: Sequence[str]) -> list[Reading]:
    """The readings of a service for these periods, by KPI, the latest last."""
    table = FACTS["readings"]
    query = sa.select(*(table.c[name] for name in Reading._fields)).where(
        table.c.scope == f"service:{service}", table.c.period.in_(periods)
    )
    return [Reading(*row) for row in conn.execute(query.order_by(table.c.kpi, table.c.period))]


def deployed(
    conn: Connection, services: Sequence[str], start: datetime, stop: datetime, limit: int = 60
) -> list[Deployment]:
    """The deployments of some services from `start` until before `stop`, the latest ones of many, in order of time."""
    table = FACTS["deployments"]
    within = sa.and_(table.c.service.in_(services), table.c.deployed_at >= start, table.c.deployed_at < stop)
    query = sa.select(*(table.c[name] for name in Deployment._fields)).where(within)
    found = conn.execute(query.order_by(table.c.deployed_at.desc()).limit(limit))
    return sorted((Deployment(*row) for row in found), key=lambda one: (one.deployed_at, one.deployment))

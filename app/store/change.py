"""What the Change page asks of deployments beyond its KPIs: by strategy (a sheet), those that incidents name, and the
list of those that went wrong, by the index of their time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Service
from app.metrics.numbers import EVERYTHING, Ask, Group, Scope
from app.metrics.periods import Period
from app.metrics.rollout import Blame, Shipped
from app.store import folds, light, sheets
from app.store.folds import micro
from app.store.kept import Made
from app.store.pieces import days_cte, of_periods
from app.store.ranges import day_number, day_start, number
from app.store.sheets import Entry, Sheet
from app.store.tables import DEPLOYMENT_DAYS, FACTS, SPANS
from app.store.types import micros, moment

DEPLOYMENT, INCIDENT = FACTS["deployments"], FACTS["incidents"]
_LIVE = DEPLOYMENT.c.status != "failed"
_STATES = {"failed": 0, "rolled_back": 1, "succeeded": 2}


class Stretch(NamedTuple):
    """The deployments that are asked for: from `start` until before `stop`, at most at `as_of` (microseconds), in a
    scope."""

    start: int
    stop: int
    as_of: int
    scope: Scope = Scope()


def shipped(conn: Connection, ask: Ask, learnt: list[Made] | None = None) -> list[Shipped]:
    """Deployments that went live in the question's one period, in scope and as known at as-of, by service and
    strategy."""
    everything = replace(ask, scope=EVERYTHING, by=frozenset())
    within = None if ask.scope == EVERYTHING else {s.service for s in _inside(light.places(conn), ask.scope)}
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for label, amount in sheets.read(conn, STRATEGIES, everything, learnt).get(Group(), {}).items():
        what, strategy, service = label.split(" ", 2)
        if within is None or service in within:
            found[service, strategy][what == "back"] += round(amount)
    return [Shipped(service, strategy or None, *counts) for (service, strategy), counts in found.items()]


def _strategies(conn: Connection, period: Period, as_of: datetime) -> Iterable[Entry]:
    """Labels: `live` or `back` (rolled back), the strategy, and the service, which says what scopes it is in: one group
    of many labels is read faster than many groups of few."""
    for one in folded(conn, Stretch(micros(period.start), micros(period.end), micros(as_of))):
        told = f"{one.strategy or ''} {one.service}"
        yield Entry(None, None, f"live {told}", one.deployments)
        yield Entry(None, None, f"back {told}", one.rolled_back)


STRATEGIES = Sheet("strategies", (frozenset(),), _strategies)


def by_step(conn: Connection, ask: Ask) -> dict[str, tuple[int, int]]:
    """Period → deployments that went live and those of them that were rolled back, in scope, for each of the question's
    periods that has any; mostly from the daily sums."""
    held = light.places(conn)
    within = None if ask.scope == EVERYTHING else sorted(s.service for s in _inside(held, ask.scope))
    gone = {s.service: s.retired_on for s in held.services.values() if s.retired_on is not None}
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for pieces in of_periods(conn, held, ask, "deployments"):
        queries: list[sa.Select[Any]] = []
        days, table = days_cte("days", pieces.stored), DEPLOYMENT_DAYS
        if days is not None:
            still = [sa.or_(table.c.service != name, table.c.day <= day_number(day)) for name, day in gone.items()]
            on = sa.and_(table.c.day >= days.c.first, table.c.day < days.c.after, *still)
            queries.append(_by_step(days.join(table, on), days.c.k, table.c, within))
        if pieces.live:
            until = {name: day_start(day_number(day) + 1, pieces.policy.timezone) for name, day in gone.items()}
            made = folds.deployments(pieces.live, as_of=micros(ask.as_of), retired=until).subquery()
            queries.append(_by_step(made, made.c.k, made.c, within))
        for query in queries:
            for k, live, back in conn.execute(query):
                key = ask.periods[k].key
                counts[key] = [counts[key][0] + live, counts[key][1] + back]
    return {key: (live, back) for key, (live, back) in counts.items()}


def _by_step(source: sa.FromClause, k: sa.ColumnElement[int], of: Any, within: list[str] | None) -> sa.Select[Any]:
    sums: list[Any] = [sa.cast(sa.func.sum(of[name]), sa.BigInteger) for name in ("deployments", "rolled_back")]
    inside = sa.true() if within is None else of.service.in_(within)
    return sa.select(k, *sums).select_from(source).where(inside).group_by(k)


def folded(conn: Connection, of: Stretch) -> list[Shipped]:
    """Deployments that went live, by service and strategy, from the facts alone."""
    keys = (DEPLOYMENT.c.service, DEPLOYMENT.c.strategy)
    back = sa.func.sum(sa.case((DEPLOYMENT.c.status == "rolled_back", 1), else_=0))
    query = sa.select(*keys, sa.func.count(), sa.cast(back, sa.BigInteger))
    return [Shipped(*row) for row in conn.execute(query.where(_asked(conn, of), _LIVE).group_by(*keys))]


def blamed(conn: Connection, of: Stretch) -> list[Blame]:
    """Deployments that incidents name as their cause, once for each such incident, in order of time."""
    known = micro(INCIDENT.c.detected_at) <= number(of.as_of)
    real = sa.func.coalesce(INCIDENT.c.kind, "incident") == "incident"
    same = sa.and_(DEPLOYMENT.c.deployment == INCIDENT.c.caused_by, DEPLOYMENT.c.source.in_(_sources(conn)))
    told = ("source", "incident", "title", "severity", "detected_at")
    query = sa.select(*(DEPLOYMENT.c[name] for name in Blame._fields[:6]), *(INCIDENT.c[name] for name in told))
    query = query.join_from(INCIDENT, DEPLOYMENT, same).where(INCIDENT.c.caused_by.is_not(None), real, known)
    found = [Blame(*row) for row in conn.execute(query.where(_asked(conn, of), _LIVE))]
    homes = _homes(conn, {one.deployment for one in found})
    blames = [
        one
        for one in found
        for home in (homes[one.deployment],)
        if one.source == (one.incident_source if one.incident_source in home else min(home))
    ]
    return sorted(blames, key=lambda one: (one.detected_at, one.incident_source, one.incident))


def _homes(conn: Connection, ids: Collection[str]) -> Mapping[str, set[str]]:
    """Deployment → the sources that know it as one that went live: an incident means that of its own, else that of the
    first by name."""
    sources = _sources(conn)
    if len(sources) == 1:
        return {name: {sources[0]} for name in ids}
    found: defaultdict[str, set[str]] = defaultdict(set)
    keys = (DEPLOYMENT.c.source, DEPLOYMENT.c.deployment)
    for source, name in conn.execute(
        sa.select(*keys).where(DEPLOYMENT.c.source.in_(sources), DEPLOYMENT.c.deployment.in_(sorted(ids)), _LIVE)
    ):
        found[name].add(source)
    return found


def _sources(conn: Connection) -> list[str]:
    spans = sa.select(SPANS.c.source).where(SPANS.c.entity == "deployments")
    return light.cached(conn, "deployment sources", lambda: sorted(conn.execute(spans).scalars()))


class Wanted(NamedTuple):
    """A page of the list of what went wrong."""

    by: str | None = None
    """deployed, state, service, strategy, unplanned, deployment, or incident (those that one names first); None: the
    latest first."""
    down: bool = False
    offset: int = 0
    limit: int | None = None
    blamed: frozenset[tuple[str, str]] = frozenset()
    """(source, id) of those that incidents name."""
    text: str = ""
    """What the deployment's own id holds, case folded; empty: anything."""
    titled: frozenset[tuple[str, str]] = frozenset()
    """(source, id) of those that are found by that text in an incident's title."""
    services: frozenset[str] = frozenset()
    """Services that are found by that text, too."""
    states: frozenset[str] = frozenset()
    """States (`failed`, `rolled_back`, `succeeded`: blamed alone) that are."""
    strategies: frozenset[str] = frozenset()


class Trouble(NamedTuple):
    """A deployment that failed, was rolled back, or is named by an incident."""

    source: str
    deployment: str
    service: str
    deployed_at: Any
    status: str
    strategy: str | None
    unplanned: bool | None
    url: str | None


def troubled(conn: Connection, of: Stretch, wanted: Wanted) -> list[Trouble]:
    """A page of the deployments that went wrong."""
    key: Any = _ORDER.get(wanted.by or "deployed", DEPLOYMENT.c.deployed_at)
    if wanted.by == "incident":
        key = sa.case((_among(wanted.blamed), 0))
    down = wanted.down or wanted.by is None
    order = [key.desc() if down else key.asc()]
    if wanted.by not in (None, "deployed"):
        order = [key.is_(None), *order, DEPLOYMENT.c.deployed_at.desc()]
    query = sa.select(*(DEPLOYMENT.c[name] for name in Trouble._fields)).where(_wrong(conn, of, wanted))
    query = query.order_by(*order, *light.bytewise(conn, DEPLOYMENT)).offset(wanted.offset).limit(wanted.limit)
    return [Trouble(*row) for row in conn.execute(query)]


def count_troubled(conn: Connection, of: Stretch, wanted: Wanted) -> int:
    """How many deployments went wrong, whatever the bounds of the page."""
    query = sa.select(sa.func.count()).select_from(DEPLOYMENT)
    return conn.execute(query.where(_wrong(conn, of, wanted))).scalar_one()


def _wrong(conn: Connection, of: Stretch, wanted: Wanted) -> sa.ColumnElement[bool]:
    found = sa.and_(_asked(conn, of), sa.or_(DEPLOYMENT.c.status != "succeeded", _among(wanted.blamed)))
    return sa.and_(found, sa.or_(_among(wanted.titled), *_holds(wanted))) if wanted.text else found


_ORDER: Mapping[str, Any] = {
    "deployed": DEPLOYMENT.c.deployed_at,
    "state": sa.case(_STATES, value=DEPLOYMENT.c.status),
    "service": DEPLOYMENT.c.service,
    "strategy": DEPLOYMENT.c.strategy,
    "unplanned": DEPLOYMENT.c.unplanned,
    "deployment": DEPLOYMENT.c.deployment,
}


def _among(keys: frozenset[tuple[str, str]]) -> sa.ColumnElement[bool]:
    """Whether a deployment is one of these."""
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    for source, name in sorted(keys):
        by_source[source].append(name)
    parts = [
        sa.and_(DEPLOYMENT.c.source == source, DEPLOYMENT.c.deployment.in_(names))
        for source, names in by_source.items()
    ]
    return sa.or_(sa.false(), *parts)


def _holds(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """What of a deployment itself is found by the text."""
    several = ((DEPLOYMENT.c.service, wanted.services), (DEPLOYMENT.c.status, wanted.states))
    parts = [
        column.in_(sorted(names)) for column, names in (*several, (DEPLOYMENT.c.strategy, wanted.strategies)) if names
    ]
    return [sa.func.lower(DEPLOYMENT.c.deployment).contains(wanted.text, autoescape=True), *parts]


def _asked(conn: Connection, of: Stretch) -> sa.ColumnElement[bool]:
    """The condition that a deployment lies in the stretch and scope, before its service retired."""
    at, service = micro(DEPLOYMENT.c.deployed_at), DEPLOYMENT.c.service
    within = sa.and_(at >= number(of.start), at < number(of.stop), at <= number(of.as_of))
    held = light.places(conn)
    zone = held.policy_at(moment(of.as_of)).timezone
    scope = of.scope
    inside = _inside(held, scope)
    if any(part is not None for part in scope):
        within = sa.and_(within, service.in_(sorted(s.service for s in inside)))
    gone = {s.service: day_start(day_number(s.retired_on) + 1, zone) for s in inside if s.retired_on is not None}
    if not gone:
        return within
    still = [sa.and_(service == name, at < number(until)) for name, until in sorted(gone.items())]
    return sa.and_(within, sa.or_(service.not_in(sorted(gone)), *still))


def _inside(held: light.Places, scope: Scope) -> list[Service]:
    """The services in a scope."""
    return [
        s
        for s in held.services.values()
        if scope.tier in (None, s.tier)
        and scope.product in (None, s.product)
        and scope.team in (None, s.team)
        and scope.service in (None, s.service)
    ]

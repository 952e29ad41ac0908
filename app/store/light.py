"""The low-volume facts, whole, kept in the process until the next write to the store."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import policy as policies_file
from app.metrics import facts
from app.metrics.facts import Deployment, Linked, Span
from app.metrics.impact import SAID
from app.policy import Policy
from app.store.engine import identity, narrowed_to
from app.store.ranges import values
from app.store.tables import FACTS, POLICIES, SOURCES, SPANS
from app.store.types import micros, moment

T = TypeVar("T")
RECORDS: Mapping[str, type[Any]] = {
    "teams": facts.Team,
    "services": facts.Service,
    "slos": facts.Slo,
    "exclusions": facts.Exclusion,
    "incidents": facts.Incident,
    "impacts": facts.Impact,
    "postmortems": facts.Postmortem,
    "actions": facts.Action,
    "shifts": facts.Shift,
    "dr_tests": facts.DrTest,
    "risks": facts.Risk,
    "readings": facts.Reading,
}
"""Entity → the type that the metrics know it by."""
_KEPT = 256
_cache: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock = Lock()


class Places(NamedTuple):
    """What most questions begin with."""

    policies: tuple[tuple[datetime, Policy], ...]
    teams: Mapping[str, facts.Team]
    services: Mapping[str, facts.Service]

    def policy_at(self, at: datetime) -> Policy:
        """The policy in force at an instant; before the first one, the first; with none, the one shipped."""
        held = [policy for since, policy in self.policies if since <= at]
        return held[-1] if held else self.policies[0][1] if self.policies else policies_file.default()


def cached(conn: Connection, name: str, make: Callable[[], T]) -> T:
    """What `make` gives, kept until the next committed write. A writer's own view is never kept."""
    if conn.get_execution_options().get("nines_write"):
        return make()
    key = (str(conn.engine.url), *identity(conn), name, narrowed_to(conn))
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            found: T = _cache[key]
            return found
    made = make()
    with _lock:
        for old in [k for k in _cache if k[:2] == key[:2] and k[2] < key[2]]:
            del _cache[old]
        _cache[key] = made
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return made


def whole(conn: Connection, entity: str) -> tuple[Any, ...]:
    """Every fact of a low-volume entity, by key."""
    return cached(conn, entity, lambda: _whole(conn, entity))


def some(conn: Connection, entity: str, where: sa.ColumnElement[bool]) -> tuple[Any, ...]:
    """The facts of an entity that a condition holds for, by key."""
    return _whole(conn, entity, where)


def _whole(conn: Connection, entity: str, where: sa.ColumnElement[bool] | None = None) -> tuple[Any, ...]:
    table, kind = FACTS[entity], RECORDS[entity]
    names = kind._fields
    query = sa.select(*(table.c[name] for name in names)).order_by(*bytewise(conn, table))
    rows = conn.execute(query if where is None else query.where(where))
    blank = {name: () for name in names if name in ("services", "slos")}
    if entity == "incidents":
        blank["kind"] = "incident"  # type: ignore[assignment]
    spots = [(names.index(name), value) for name, value in blank.items()]
    if not spots:
        return tuple(kind(*row) for row in rows)
    made = []
    for row in rows:
        cells = list(row)
        for spot, value in spots:
            if cells[spot] is None:
                cells[spot] = value
        made.append(kind(*cells))
    return tuple(made)


def detected(conn: Connection, start: datetime, stop: datetime) -> Iterator[facts.Incident]:
    """The incidents detected from `start` until before `stop`, in order of time; kept month by month, since pages look
    at the same months again and again, and at few of them however long the history is."""
    at = FACTS["incidents"].c.detected_at
    begin = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while begin < stop:
        end = (begin + timedelta(days=31)).replace(day=1)
        make = partial(_by_time, conn, sa.and_(at >= begin, at < end))
        month = cached(conn, f"incidents of {begin:%Y-%m}", make)
        yield from (one for one in month if start <= one.detected_at < stop)
        begin = end


def _by_time(conn: Connection, within: sa.ColumnElement[bool]) -> tuple[facts.Incident, ...]:
    return tuple(sorted(_whole(conn, "incidents", within), key=lambda one: (one.detected_at, one.source, one.incident)))


def bytewise(conn: Connection, table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """The key's columns to order by, alike on every database and in Python."""
    text = conn.dialect.name == "postgresql"
    return [sa.collate(c, "C") if text and isinstance(c.type, sa.Text) else c for c in table.primary_key.columns]


def places(conn: Connection) -> Places:
    """Policies, teams and services. Of a team or service that several sources name, the first source by name counts."""
    return cached(conn, "places", lambda: _places(conn))


def _places(conn: Connection) -> Places:
    held = conn.execute(sa.select(POLICIES.c.valid_from, POLICIES.c.text).order_by(POLICIES.c.valid_from))
    services: dict[str, facts.Service] = {}
    teams: dict[str, facts.Team] = {}
    for team in conn.execute(sa.select(*_named("teams")).order_by(*bytewise(conn, FACTS["teams"]))):
        teams.setdefault(team.team, facts.Team(*team))
    for row in conn.execute(sa.select(*_named("services")).order_by(*bytewise(conn, FACTS["services"]))):
        services.setdefault(row.service, facts.Service(*row))
    return Places(tuple((since, policies_file.parse(text)) for since, text in held), teams, services)


def _named(entity: str) -> list[sa.Column[Any]]:
    return [FACTS[entity].c[name] for name in RECORDS[entity]._fields]


def watched(conn: Connection) -> Mapping[str, tuple[Span, ...]]:
    """Entity → one span a source: from its first to its last fact, or to the last reading of a live source."""
    return cached(conn, "watched", lambda: _watched(conn))


def _watched(conn: Connection) -> Mapping[str, tuple[Span, ...]]:
    read = {row.name: row.last_read_at for row in conn.execute(sa.select(SOURCES.c.name, SOURCES.c.last_read_at))}
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for row in conn.execute(sa.select(SPANS).order_by(SPANS.c.entity, SPANS.c.source)):
        last = moment(row.last)
        found[row.entity].append(Span(moment(row.first), max(last, read.get(row.source) or last)))
    incidents = FACTS["incidents"]
    said = sa.select(sa.func.min(incidents.c.detected_at)).where(incidents.c.customer_impact.is_not(None))
    if first := conn.execute(said).scalar():
        found[SAID].append(Span(first, first))
    return {entity: tuple(spans) for entity, spans in found.items()}


def linked(conn: Connection) -> tuple[Linked, ...]:
    """Deployments (not failed) that incidents name, or only point at: the latest before them on their services."""
    return cached(conn, "linked", lambda: tuple(linked_of(conn, whole(conn, "incidents"))))


def linked_of(conn: Connection, incidents: Iterable[facts.Incident]) -> list[Linked]:
    """The same for some incidents."""
    incidents = [incident for incident in incidents if incident.kind == "incident"]
    named = [incident for incident in incidents if incident.caused_by]
    by_id: defaultdict[str, dict[str, Deployment]] = defaultdict(dict)
    wanted = values("wanted", {"id": sa.Text()}, sorted({(incident.caused_by,) for incident in named}))
    table = FACTS["deployments"]
    columns = [table.c[name] for name in Deployment._fields]
    live = table.c.status != "failed"
    if wanted is not None:
        for row in conn.execute(
            sa.select(*columns).join_from(wanted, table, table.c.deployment == wanted.c.id).where(live)
        ):
            by_id[row.deployment][row.source] = Deployment(*row)
    links = []
    for incident in named:
        found = by_id.get(incident.caused_by or "")
        if found:
            links.append(
                Linked(found.get(incident.source) or found[min(found)], incident.source, incident.incident, False)
            )
    reach = timedelta(hours=places(conn).policy_at(datetime.now(UTC)).attribution_hours)
    rest = [incident for incident in incidents if not incident.caused_by]
    spans = []
    for number, incident in enumerate(rest):
        start = incident.started_at or incident.detected_at
        spans += [(number, name, micros(start - reach), micros(start)) for name in incident.services]
    near = values(
        "near", {"k": sa.Integer(), "service": sa.Text(), "start": sa.BigInteger(), "stop": sa.BigInteger()}, spans
    )
    if near is None:
        return links
    at = sa.type_coerce(table.c.deployed_at, sa.BigInteger)
    on = sa.and_(table.c.service == near.c.service, at >= near.c.start, at <= near.c.stop)
    latest: dict[int, Deployment] = {}
    for row in conn.execute(sa.select(near.c.k, *columns).join_from(near, table, on).where(live)):
        number, deployment = row[0], Deployment(*row[1:])
        held = latest.get(number)
        order = (deployment.deployed_at, deployment.deployment, deployment.source)
        if held is None or order > (held.deployed_at, held.deployment, held.source):
            latest[number] = deployment
    links += [Linked(latest[n], i.source, i.incident, True) for n, i in enumerate(rest) if n in latest]
    return links

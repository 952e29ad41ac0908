"""What the store holds of one service: what names it, what follows from that, and its SLOs' sums alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Deployment, Facts, SliSum, SliWindow, Slo
from app.metrics.grouping import known
from app.metrics.numbers import Ask
from app.metrics.slos import Revisions
from app.store import folds, light, windows
from app.store.folds import Range
from app.store.pieces import cut, of_periods, stored_zone
from app.store.ranges import day_number, day_start
from app.store.tables import FACTS, SLI_DAYS
from app.store.types import micros

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
    text = sa.literal(";") + sa.type_coerce(table.c.services, sa.Text) + ";"
    query = sa.select(*(table.c[name] for name in kind._fields)).where(text.contains(f";{service};", autoescape=True))
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


def slo_sums(conn: Connection, slos: Sequence[Slo], service: str, ask: Ask) -> list[SliSum]:
    """The sums of these SLOs of one service in each period, as `Facts.sli_sums`."""
    held, names = light.places(conn), sorted({slo.slo for slo in slos})
    found: list[SliSum] = []
    for pieces in of_periods(conn, held, ask, "sli"):
        last = held.services[service].retired_on if service in held.services else None
        stored, live = pieces.stored, pieces.live
        if last is not None:
            after = day_number(last) + 1
            ends = day_start(after, pieces.policy.timezone)
            stored = [(k, first, min(stop, after)) for k, first, stop in stored]
            live = [(k, start, min(stop, ends)) for k, start, stop in live if start < ends]
        sums = _summed(conn, stored, live, names, micros(ask.as_of))
        found += [
            SliSum(ask.periods[k].key, source, slo, *(cells[name] for name in _SUMS))
            for (k, source, slo), cells in sums.items()
        ]
    return found


def slo_windows(conn: Connection, facts: Facts, ask: Ask) -> list[SliWindow]:
    """Each SLO of `facts` over its own window, which ends with the one period asked, as `Facts.sli_windows`."""
    period, zone, revisions = ask.periods[0], stored_zone(conn), Revisions(facts)
    end = min(period.end, ask.as_of)
    if period.start >= ask.as_of:
        return []
    own = light.places(conn).policy_at(end - timedelta(microseconds=1)).timezone
    windowed = [held for key in revisions if (held := revisions.at(*key, end)) is not None]
    lengths = sorted({slo.window for slo in windowed})
    stored: list[Range] = []
    live: list[Range] = []
    for k, window in enumerate(lengths):
        cut(k, micros(windows.start(window, end, own)), micros(end), zone, (), stored, live)
    wanted = {(lengths.index(slo.window), (slo.source, slo.slo)) for slo in windowed}
    found = []
    for (k, source, slo), sums in _summed(conn, stored, live, sorted({s.slo for s in windowed}), micros(end)).items():
        home = revisions.key(source, slo)
        if home is not None and (k, home) in wanted:
            found.append(
                SliWindow(
                    period.key, *home, lengths[k],
                    sums["rows"] + sums["idle_rows"], sums["longest_row_minutes"],
                    sums["minutes"] + sums["idle_minutes"], sums["good"], sums["total"],
                    sums["excluded_minutes"], sums["excluded_good"], sums["excluded_total"],
                )
            )  # fmt: skip
    return found


def _summed(
    conn: Connection, stored: Sequence[Range], live: Sequence[Range], slos: Sequence[str], before: int
) -> dict[tuple[int, str, str], Sum]:
    """(stretch, source, SLO) → its sums: stored days found one by one by their key, the rest from raw rows."""
    sources = windows.sources(conn)
    if not sources or not slos:
        return {}
    found: dict[tuple[int, str, str], Sum] = {}
    names = (*_SUMS, "longest_row_minutes")
    days = sorted({day for _, first, after in stored for day in range(first, after)})
    table = SLI_DAYS
    if days:
        query = sa.select(table.c.day, table.c.source, table.c.slo, *(table.c[name] for name in names)).where(
            table.c.day.in_(days), table.c.source.in_(sources), table.c.slo.in_(slos)
        )
        for day, source, slo, *cells in conn.execute(query):
            for k, first, after in stored:
                if first <= day < after:
                    _add(found, (k, source, slo), dict(zip(names, cells, strict=True)))
    if live:
        cuts = bool(conn.execute(folds.any_cuts(live)).scalar())
        made = folds.sli(live, sources, before=before, slos=slos, cuts=cuts).subquery()
        for k, source, slo, *cells in conn.execute(sa.select(*(made.c[n] for n in ("k", "source", "slo", *names)))):
            _add(found, (k, source, slo), dict(zip(names, cells, strict=True)))
    return found


def _add(found: dict[tuple[int, str, str], Sum], key: tuple[int, str, str], more: Sum) -> None:
    held = found.get(key)
    if held is None:
        found[key] = more
        return
    for name, cell in more.items():
        held[name] = max(held[name], cell) if name == "longest_row_minutes" else held[name] + cell


def deployed(
    conn: Connection, services: Sequence[str], start: datetime, stop: datetime, limit: int = 60
) -> list[Deployment]:
    """The deployments of some services from `start` until before `stop`, the latest ones of many, in order of time."""
    table = FACTS["deployments"]
    within = sa.and_(table.c.service.in_(services), table.c.deployed_at >= start, table.c.deployed_at < stop)
    query = sa.select(*(table.c[name] for name in Deployment._fields)).where(within)
    found = conn.execute(query.order_by(table.c.deployed_at.desc()).limit(limit))
    return sorted((Deployment(*row) for row in found), key=lambda one: (one.deployed_at, one.deployment))

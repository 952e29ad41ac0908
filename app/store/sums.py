"""The daily sums: made anew, in the transaction of an import, for what it touched; rebuilt and verified as a whole."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.slos import Revisions
from app.policy import Policy
from app.records import ENTITIES
from app.store import folds, kept, light
from app.store.folds import Rules, fingerprint, micro
from app.store.ranges import DAY, day_at, day_of, day_ranges, day_start, number
from app.store.tables import (
    DAY_MARKS,
    DEPLOYMENT_DAYS,
    ENGAGE_DAYS,
    FACTS,
    HOLES,
    LEAD_DAYS,
    META,
    PAGE_DAYS,
    SLI_DAYS,
    SPANS,
)
from app.store.touched import HOUR, Touched
from app.store.types import micros, moment

_DAYS_AT_ONCE = 400
_MANY_SLOS = 1_000
AT = {"sli": "start", "pages": "triggered_at", "deployments": "deployed_at"}


class Difference(NamedTuple):
    """A day whose stored sums are not those of the facts."""

    sums: str
    day: date


def refresh(conn: Connection, touched: Touched) -> None:
    """Makes the sums of what was touched anew; of everything, where the organisation's zone has changed."""
    held = light.places(conn)
    zone = held.policy_at(datetime.now(UTC)).timezone
    _keep_spans(conn, touched.entities)
    kept.forget(conn, touched)
    _count_anew(conn, {entity for entity, _ in touched.entities})
    if _meta(conn, "day_zone") != zone:
        rebuild(conn)
        return
    slos = dict(touched.slos)
    for source, slo, start, end in _cut_holes(conn):
        first, last = slos.get((source, slo), (start, end))
        slos[source, slo] = (min(first, start), max(last, end))
    if slos:
        days = {day for first, last in slos.values() for day in range(day_at(first, zone), day_at(last, zone) + 1)}
        names = {slo for _, slo in slos}
        _refresh_sli(conn, sorted(days), zone, sorted(names) if len(names) <= _MANY_SLOS else None)
    pages = _days(touched.hours.get("pages", ()), zone, _gap(held)) | _days(touched.hours.get("shifts", ()), zone, 0)
    _refresh_pages(conn, sorted(pages | _days_of_other_rules(conn, held, zone)), zone, held)
    _refresh_deployments(conn, sorted(_days(touched.hours.get("deployments", ()), zone, 0)), zone)


def refresh_light(conn: Connection, touched: Touched) -> None:
    """The same for facts that no daily sum is made of, like risks and actions: what is kept of them is forgotten."""
    _keep_spans(conn, touched.entities)
    kept.forget(conn, touched)


def rebuild(conn: Connection) -> None:
    """Makes every sum anew from the facts."""
    kept.forget_all(conn)
    held = light.places(conn)
    zone = held.policy_at(datetime.now(UTC)).timezone
    for table in (SLI_DAYS, PAGE_DAYS, ENGAGE_DAYS, DEPLOYMENT_DAYS, LEAD_DAYS, DAY_MARKS):
        conn.execute(table.delete())
    _keep_spans(conn, {(entity, source) for entity in FACTS for source in _sources(conn, entity)})
    for _ in _cut_holes(conn):
        pass
    _set_meta(conn, "day_zone", zone)
    _set_meta(conn, "page_rules", _rules_text(held))
    _refresh_sli(conn, _all_days(conn, "sli", zone), zone, None)
    _refresh_pages(conn, _all_days(conn, "pages", zone), zone, held)
    _refresh_deployments(conn, _all_days(conn, "deployments", zone), zone)


def verify(conn: Connection) -> list[Difference]:
    """The days whose stored sums differ from what the facts give; empty: the store is right. Folds every fact once."""
    held = light.places(conn)
    zone = _meta(conn, "day_zone") or held.policy_at(datetime.now(UTC)).timezone
    found: set[Difference] = set()
    for name, table, made in _every_fold(conn, held, zone):
        columns = [column.name for column in table.c]
        fresh = {tuple(_rounded(row)) for row in made}
        stored = {tuple(_rounded(row)) for row in conn.execute(sa.select(*(table.c[column] for column in columns)))}
        found |= {Difference(name, day_of(row[0])) for row in fresh ^ stored}
    return sorted(found)


def rules_for(held: light.Places, policy: Policy) -> Rules:
    """What page sums depend on, under one of the policies."""
    zones = {team.team: team.timezone for team in held.teams.values()}
    return Rules(policy, zones, {service.service: service.tier for service in held.services.values()})


def by_policy(days: Iterable[int], zone: str, held: light.Places) -> Iterator[tuple[Policy, list[int]]]:
    """Days, split by what page sums are made by: the policy in force at the end of each."""
    split: defaultdict[str, list[int]] = defaultdict(list)
    policies: dict[str, Policy] = {}
    for day in days:
        policy = held.policy_at(moment(day_start(day + 1, zone) - 1))
        mark = fingerprint(policy)
        policies[mark] = policy
        split[mark].append(day)
    return ((policies[mark], found) for mark, found in split.items())


def _every_fold(conn: Connection, held: light.Places, zone: str) -> Iterator[tuple[str, sa.Table, Iterable[Any]]]:
    byte = conn.dialect.name == "postgresql"
    sources = _sources(conn, "sli")
    days = {entity: _all_days(conn, entity, zone) for entity in AT}

    def made(table: sa.Table, entity: str, fold: Any) -> tuple[str, sa.Table, list[Any]]:
        names = ["k" if column.name == "day" else column.name for column in table.c]
        rows: list[Any] = []
        for some in _chunks(days[entity]):
            query = fold(day_ranges(some, zone)).subquery()
            rows += conn.execute(sa.select(*(query.c[name] for name in names)))
        return entity, table, rows

    yield made(SLI_DAYS, "sli", lambda spans: folds.sli(spans, sources))
    rows: list[Any] = []
    for policy, some in by_policy(days["pages"], zone, held):
        for part in _chunks(some):
            query = folds.pages(day_ranges(part, zone), rules_for(held, policy), bytewise=byte).subquery()
            names = ["k" if column.name == "day" else column.name for column in PAGE_DAYS.c]
            rows += conn.execute(sa.select(*(query.c[name] for name in names)))
    yield "pages", PAGE_DAYS, rows
    yield made(ENGAGE_DAYS, "pages", folds.engaged)
    yield made(DEPLOYMENT_DAYS, "deployments", folds.deployments)
    yield made(LEAD_DAYS, "deployments", folds.leads)


def _count_anew(conn: Connection, entities: set[str]) -> None:
    """Lets PostgreSQL know how many rows there are now: it plans by its last count, and would fold new rows slowly."""
    if conn.dialect.name == "postgresql":
        for entity in sorted(entities & AT.keys()):
            conn.execute(sa.text(f"ANALYZE {entity}"))


def _rounded(row: Iterable[Any]) -> Iterator[Any]:
    return (float(f"{cell:.9g}") if isinstance(cell, float) else cell for cell in row)


def _refresh_sli(conn: Connection, days: Sequence[int], zone: str, slos: Sequence[str] | None) -> None:
    sources = _sources(conn, "sli")
    for some in _chunks(days):
        delete = SLI_DAYS.delete().where(SLI_DAYS.c.day.in_(some))
        if slos is not None:
            delete = delete.where(SLI_DAYS.c.slo.in_(slos))
        conn.execute(delete)
        if sources:
            spans = day_ranges(some, zone)
            cuts = bool(conn.execute(folds.any_cuts(spans)).scalar())
            _put(conn, SLI_DAYS, folds.sli(spans, sources, slos=slos, cuts=cuts))
        _mark(conn, "sli", SLI_DAYS, some)


def _refresh_pages(conn: Connection, days: Sequence[int], zone: str, held: light.Places) -> None:
    for policy, found in by_policy(days, zone, held):
        for some in _chunks(found):
            for table in (PAGE_DAYS, ENGAGE_DAYS):
                conn.execute(table.delete().where(table.c.day.in_(some)))
            spans = day_ranges(some, zone)
            byte = conn.dialect.name == "postgresql"
            _put(conn, PAGE_DAYS, folds.pages(spans, rules_for(held, policy), bytewise=byte))
            _put(conn, ENGAGE_DAYS, folds.engaged(spans))
            _mark(conn, "pages", PAGE_DAYS, some)


def _refresh_deployments(conn: Connection, days: Sequence[int], zone: str) -> None:
    for some in _chunks(days):
        for table in (DEPLOYMENT_DAYS, LEAD_DAYS):
            conn.execute(table.delete().where(table.c.day.in_(some)))
        spans = day_ranges(some, zone)
        _put(conn, DEPLOYMENT_DAYS, folds.deployments(spans))
        _put(conn, LEAD_DAYS, folds.leads(spans))
        _mark(conn, "deployments", DEPLOYMENT_DAYS, some)


def _put(conn: Connection, table: sa.Table, fold: sa.Select[Any]) -> None:
    rows = fold.subquery("fold")
    names = [column.name for column in table.c]
    conn.execute(table.insert().from_select(names, sa.select(*(rows.c["k" if n == "day" else n] for n in names))))


def _mark(conn: Connection, name: str, table: sa.Table, days: Sequence[int]) -> None:
    conn.execute(DAY_MARKS.delete().where(DAY_MARKS.c.sums == name, DAY_MARKS.c.day.in_(days)))
    latest = sa.select(sa.literal(name), table.c.day, sa.func.max(table.c.latest_at)).where(table.c.day.in_(days))
    conn.execute(DAY_MARKS.insert().from_select(["sums", "day", "latest_at"], latest.group_by(table.c.day)))


def _chunks(days: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(days)
    while some := list(islice(rest, _DAYS_AT_ONCE)):
        yield some


def _days(hours: Iterable[int], zone: str, after: int) -> set[int]:
    """The local days that UTC hours lie in, and those in which something begins at most `after` microseconds later."""
    found: set[int] = set()
    for hour in hours:
        found.add(day_at(hour * HOUR, zone))
        found.add(day_at(hour * HOUR + HOUR - 1, zone))
        if after:
            found.add(day_at(hour * HOUR + HOUR - 1 + after, zone))
    return found


def _gap(held: light.Places) -> int:
    policies = [policy for _, policy in held.policies] or [held.policy_at(datetime.now(UTC))]
    return round(max(policy.interruption_seconds for policy in policies) * 1_000_000)


def _all_days(conn: Connection, entity: str, zone: str) -> list[int]:
    """The local days from the first to the last fact that can hold any."""
    at = FACTS[entity].c[AT[entity]]
    hour = (micro(at) + number(0)) // number(HOUR)
    return sorted(_days(conn.execute(sa.select(hour.label("hour")).distinct()).scalars(), zone, 0))


def _sources(conn: Connection, entity: str) -> list[str]:
    return sorted(conn.execute(sa.select(FACTS[entity].c.source).distinct()).scalars())


def _keep_spans(conn: Connection, touched: Iterable[tuple[str, str]]) -> None:
    """The first and the last fact of each entity and source, for what was watched."""
    for entity, source in sorted(touched):
        at = ENTITIES[entity].at
        if at is None:
            continue
        table = FACTS[entity]
        column, where = table.c[at], table.c.source == source
        ends = [_extreme(conn, column, where, order) for order in (column.asc(), column.desc())]
        conn.execute(SPANS.delete().where(SPANS.c.entity == entity, SPANS.c.source == source))
        if ends[0] is None or ends[1] is None:
            continue
        first, last = (
            micros(end) if isinstance(end, datetime) else (end - date(1970, 1, 1)).days * DAY for end in ends
        )
        if entity == "impacts":
            closed = conn.execute(sa.select(sa.func.max(micro(table.c.end))).where(where)).scalar()
            last = max(last, closed or last)
        conn.execute(SPANS.insert().values(entity=entity, source=source, first=first, last=last))


def _extreme(conn: Connection, column: sa.Column[Any], where: sa.ColumnElement[bool], order: Any) -> Any:
    return conn.execute(sa.select(column).where(where, column.is_not(None)).order_by(order).limit(1)).scalar()


def _cut_holes(conn: Connection) -> list[tuple[str, str, int, int]]:
    """Keeps what exclusions cut out of each SLO's rows up to date: (source, slo, first start, last start) of the rows
    that this changes."""
    wanted = set(_holes(conn))
    stored = {tuple(row) for row in conn.execute(sa.select(HOLES))}
    other = wanted ^ stored
    if not other:
        return []
    longest = conn.execute(sa.select(sa.func.max(FACTS["sli"].c.minutes))).scalar() or 0
    conn.execute(HOLES.delete())
    if wanted:
        names = [column.name for column in HOLES.c]
        conn.execute(HOLES.insert(), [dict(zip(names, row, strict=True)) for row in sorted(wanted)])
    return [(source, slo, start - round(longest * 60_000_000), end) for source, slo, start, end in other]


def _holes(conn: Connection) -> Iterator[tuple[str, str, int, int]]:
    exclusions = light.whole(conn, "exclusions")
    if not exclusions:
        return
    defined = _Defined(light.whole(conn, "slos"), light.places(conn).policy_at(datetime.now(UTC)))
    names = {slo.slo for slo in defined.slos}
    for source in _sources(conn, "sli"):
        for name in sorted(names):
            slo = defined.latest(source, name)
            cuts = [e for e in exclusions if slo and (slo.slo in e.slos or slo.service in e.services)]
            open_: list[int] = []
            for start, end in sorted((micros(e.start), micros(e.end)) for e in cuts):
                if open_ and start <= open_[1]:
                    open_[1] = max(open_[1], end)
                    continue
                if open_ and open_[0] < open_[1]:
                    yield source, name, open_[0], open_[1]
                open_ = [start, end]
            if open_ and open_[0] < open_[1]:
                yield source, name, open_[0], open_[1]


class _Defined:
    """The latest revision of each SLO, as the metrics find it."""

    def __init__(self, slos: tuple[Any, ...], policy: Policy) -> None:

        self.slos = slos
        self._revisions = Revisions(slos, policy.timezone)

    def latest(self, source: str, slo: str) -> Any:
        return self._revisions.at(source, slo, datetime(9000, 1, 1, tzinfo=UTC))


def _rules_text(held: light.Places) -> str:
    rules = {
        "policies": [[micros(since), fingerprint(policy)] for since, policy in held.policies],
        "shipped": fingerprint(held.policy_at(datetime.now(UTC))) if not held.policies else "",
        "teams": {team.team: team.timezone for team in held.teams.values()},
        "services": {service.service: service.tier for service in held.services.values()},
    }
    return json.dumps(rules, sort_keys=True)


def _days_of_other_rules(conn: Connection, held: light.Places, zone: str) -> set[int]:
    """The days whose page sums were made by other rules than those that hold now."""
    text = _rules_text(held)
    stored = _meta(conn, "page_rules")
    if stored == text:
        return set()
    _set_meta(conn, "page_rules", text)
    old, new = json.loads(stored or "{}"), json.loads(text)
    found: set[int] = set()
    if (old.get("policies"), old.get("shipped")) != (new["policies"], new["shipped"]):
        same = 0
        for before, after in zip(old.get("policies") or [], new["policies"], strict=False):
            if before != after:
                break
            same += 1
        changed = [since for since, _ in (*(old.get("policies") or [])[same:], *new["policies"][same:])]
        first = day_at(min(changed), zone) if same and changed else -10_000_000
        found |= set(conn.execute(sa.select(PAGE_DAYS.c.day).where(PAGE_DAYS.c.day >= first).distinct()).scalars())
    for column, part in ((PAGE_DAYS.c.team, "teams"), (PAGE_DAYS.c.service, "services")):
        names = _changed(old.get(part) or {}, new[part])
        for start in range(0, len(names), 500):
            some = column.in_(names[start : start + 500])
            found |= set(conn.execute(sa.select(PAGE_DAYS.c.day).where(some).distinct()).scalars())
    return found


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _meta(conn: Connection, name: str) -> str | None:
    return conn.execute(sa.select(META.c.value).where(META.c.name == name)).scalar()


def _set_meta(conn: Connection, name: str, value: str) -> None:
    if not conn.execute(META.update().where(META.c.name == name).values(value=value)).rowcount:
        conn.execute(META.insert().values(name=name, value=value))

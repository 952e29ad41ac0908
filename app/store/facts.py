"""What a question needs of the store: light facts whole, sums for its periods as known at as-of, raw facts for rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import facts as light_facts
from app.metrics.facts import Count, DeploymentSum, Facts, PageSum, SliSum
from app.metrics.numbers import Ask
from app.metrics.periods import local_day
from app.metrics.slos import revisions_of
from app.store import folds, light, windows
from app.store.folds import Range, micro
from app.store.pieces import Pieces, days_cte, merged, of_periods
from app.store.ranges import day_number, day_start, values
from app.store.reviews_exceptions import exceptions
from app.store.sums import rules_for
from app.store.tables import DEPLOYMENT_DAYS, ENGAGE_DAYS, FACTS, LEAD_DAYS, PAGE_DAYS, PAGE_SUMS, SLI_DAYS, SPANS
from app.store.types import micros, moment

LIGHT = ("incidents", "impacts", "postmortems", "actions", "shifts", "dr_tests", "risks", "readings")
RAW: Mapping[str, tuple[type[Any], str]] = {
    "sli": (light_facts.Sli, "start"),
    "pages": (light_facts.Page, "triggered_at"),
    "deployments": (light_facts.Deployment, "deployed_at"),
}
_SLI_SUMS = tuple(name for name in SliSum._fields if name not in ("period", "source", "slo"))
_DEPLOYMENT_SUMS = tuple(name for name in DeploymentSum._fields if name not in ("period", "service"))
_EVENTS = ("sli", "incidents", "impacts", "pages", "deployments", "actions")


def load(conn: Connection, needs: frozenset[str], ask: Ask) -> Facts:
    """The facts of a question. `needs` are names of fields of Facts, or `sli_lookbacks` (which come in `sli_windows`);
    teams, services, slos, exclusions, what was watched and the policies always come."""
    held = light.places(conn)
    found: dict[str, Any] = {name: light.whole(conn, name) for name in LIGHT if name in needs}
    base = _base(conn, held, ask.as_of)
    if not needs:
        return base
    if "linked" in needs:
        found["linked"] = light.linked(conn)
    for name, make in _SUMS.items():
        if name in needs:
            found[name] = tuple(make(conn, held, base, ask))
    if needs & {"sli_windows", "sli_lookbacks"}:
        found["sli_windows"] = tuple(windows.load(conn, held, base, ask, needs))
    for name in RAW:
        if name in needs:
            found[name] = _raw(conn, held, name, ask)
    return Facts(**{**{name: getattr(base, name) for name in _BASE}, **found})


def _base(conn: Connection, held: light.Places, as_of: datetime) -> Facts:
    """What always comes; one and the same from question to question, with what is found out from it alone."""
    policy = held.policy_at(as_of)

    def make() -> Facts:
        return Facts(
            policy=policy,
            teams=held.teams,
            services=held.services,
            slos=light.whole(conn, "slos"),
            exclusions=light.whole(conn, "exclusions"),
            watched=light.watched(conn),
            exceptions=exceptions(conn),
            policies=held.policies,
        )

    return light.cached(conn, f"base {id(policy)}", make)


_BASE = ("policy", "teams", "services", "slos", "exclusions", "watched", "exceptions", "policies")


def bounds(conn: Connection) -> tuple[date, date] | None:
    """The first and the last local day that holds an event; None on a store without any."""
    zone = light.places(conn).policy_at(datetime.now(UTC)).timezone
    spans = sa.select(sa.func.min(SPANS.c.first), sa.func.max(SPANS.c.last)).where(SPANS.c.entity.in_(_EVENTS))
    at = micro(FACTS["dr_tests"].c.executed_at)
    tests = conn.execute(sa.select(sa.func.min(at), sa.func.max(at))).one()
    ends = [end for end in (*conn.execute(spans).one(), *tests) if end is not None]
    return (local_day(moment(min(ends)), zone), local_day(moment(max(ends)), zone)) if ends else None


def _retired(held: light.Places, zone: str) -> tuple[dict[str, int], dict[str, int]]:
    """Retired services: the first microsecond that no longer counts, and the last day that does."""
    last = {s.service: day_number(s.retired_on) for s in held.services.values() if s.retired_on is not None}
    return {name: day_start(day + 1, zone) for name, day in last.items()}, last


def _kept(
    table: sa.Table, spans: Sequence[Range], key: str, last: Mapping[str, int]
) -> tuple[sa.CTE, sa.FromClause, sa.ColumnElement[bool]] | None:
    """Stored days of each stretch, without those after a service retired."""
    days = days_cte("days", spans)
    if days is None:
        return None
    source: sa.FromClause = days.join(table, sa.and_(table.c.day >= days.c.first, table.c.day < days.c.after))
    until = values("retired", {"name": sa.Text(), "last": sa.Integer()}, sorted(last.items()))
    if until is None:
        return days, source, sa.true()
    source = source.outerjoin(until, until.c.name == table.c[key])
    return days, source, sa.or_(until.c.last.is_(None), table.c.day <= until.c.last)


def _added(rows: Iterable[Any], keys: int) -> dict[tuple[Any, ...], list[Any]]:
    """Rows of one key added up; the first `keys` cells are the key."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        key, cells = tuple(row[:keys]), row[keys:]
        held = found.get(key)
        found[key] = list(cells) if held is None else [a + b for a, b in zip(held, cells, strict=True)]
    return found


def _page_sums(conn: Connection, held: light.Places, base: Facts, ask: Ask) -> Iterable[PageSum]:
    names = [*PAGE_SUMS, "late"]
    rows: list[Any] = []
    for pieces in of_periods(conn, held, ask, "pages"):
        until, last = _retired(held, pieces.policy.timezone)
        stored = _kept(PAGE_DAYS, pieces.stored, "service", last)
        if stored is not None:
            days, source, kept = stored
            keys = (days.c.k, PAGE_DAYS.c.team, PAGE_DAYS.c.service)
            sums = [sa.cast(sa.func.sum(PAGE_DAYS.c[n if n != "late" else "waiting"]), sa.BigInteger) for n in names]
            rows += conn.execute(sa.select(*keys, *sums).select_from(source).where(kept).group_by(*keys)).all()
        if pieces.live:
            made = folds.pages(
                pieces.live,
                rules_for(held, pieces.policy),
                as_of=micros(ask.as_of),
                retired=until,
                bytewise=conn.dialect.name == "postgresql",
            ).subquery()
            rows += conn.execute(sa.select(*(made.c[name] for name in ("k", "team", "service", *names)))).all()
    for (k, team, service), cells in _added(rows, 3).items():
        added = dict(zip(names, cells, strict=True))
        due = added["acknowledged"] + added.pop("late")
        yield PageSum(period=ask.periods[k].key, team=team, service=service or None, due=due, **added)


def _deployment_sums(conn: Connection, held: light.Places, base: Facts, ask: Ask) -> Iterable[DeploymentSum]:
    rows: list[Any] = []
    for pieces in of_periods(conn, held, ask, "deployments"):
        until, last = _retired(held, pieces.policy.timezone)
        stored = _kept(DEPLOYMENT_DAYS, pieces.stored, "service", last)
        if stored is not None:
            days, source, kept = stored
            keys = (days.c.k, DEPLOYMENT_DAYS.c.service)
            sums = [sa.cast(sa.func.sum(DEPLOYMENT_DAYS.c[name]), sa.BigInteger) for name in _DEPLOYMENT_SUMS]
            rows += conn.execute(sa.select(*keys, *sums).select_from(source).where(kept).group_by(*keys)).all()
        if pieces.live:
            made = folds.deployments(pieces.live, as_of=micros(ask.as_of), retired=until).subquery()
            rows += conn.execute(sa.select(*(made.c[name] for name in ("k", "service", *_DEPLOYMENT_SUMS)))).all()
    return (DeploymentSum(ask.periods[k].key, service, *cells) for (k, service), cells in _added(rows, 2).items())


def _sli_sums(conn: Connection, held: light.Places, base: Facts, ask: Ask) -> Iterable[SliSum]:
    sources = windows.sources(conn)
    if not sources:
        return
    rows: list[Any] = []
    slos = windows.few(base, ask)
    for pieces in of_periods(conn, held, ask, "sli"):
        zone = pieces.policy.timezone
        gone = _retired_slos(held, base, sources, ask.as_of)
        kinds: dict[str, sa.types.TypeEngine[Any]] = {"source": sa.Text(), "slo": sa.Text(), "last": sa.Integer()}
        until = values("retired", kinds, sorted((*key, last) for key, last in gone.items()))
        days = days_cte("days", pieces.stored)
        if days is not None:
            table = SLI_DAYS
            source: sa.FromClause = days.join(table, sa.and_(table.c.day >= days.c.first, table.c.day < days.c.after))
            kept: sa.ColumnElement[bool] = sa.true() if slos is None else table.c.slo.in_(slos)
            if until is not None:
                pair = sa.and_(until.c.source == table.c.source, until.c.slo == table.c.slo)
                source = source.outerjoin(until, pair)
                kept = sa.and_(kept, sa.or_(until.c.last.is_(None), table.c.day <= until.c.last))
            keys = (days.c.k, table.c.source, table.c.slo)
            sums = [_total(table.c[name]) for name in _SLI_SUMS]
            rows += conn.execute(sa.select(*keys, *sums).select_from(source).where(kept).group_by(*keys)).all()
        if pieces.live:
            ends = {key: day_start(last + 1, zone) for key, last in gone.items()}
            cuts = bool(conn.execute(folds.any_cuts(pieces.live)).scalar())
            made = folds.sli(
                pieces.live, sources, before=micros(ask.as_of), retired=ends, cuts=cuts, slos=slos
            ).subquery()
            rows += conn.execute(sa.select(*(made.c[name] for name in ("k", "source", "slo", *_SLI_SUMS)))).all()
    for (k, source_name, slo), cells in _added(rows, 3).items():
        yield SliSum(ask.periods[k].key, source_name, slo, *cells)


def _total(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    total = sa.func.sum(column)
    return total if isinstance(column.type, sa.Double) else sa.cast(total, sa.BigInteger)


def _retired_slos(
    held: light.Places, base: Facts, sources: Iterable[str], as_of: datetime
) -> dict[tuple[str, str], int]:
    """(source, slo) of SLI rows whose service has retired → the last day that counts."""
    last = {s.service: day_number(s.retired_on) for s in held.services.values() if s.retired_on is not None}
    if not last:
        return {}
    revisions, found = revisions_of(base), {}
    for name in {slo.slo for slo in base.slos if slo.service in last}:
        for source in sources:
            slo = revisions.at(source, name, as_of)
            if slo is not None and slo.service in last:
                found[source, name] = last[slo.service]
    return found


def _in_scope(held: light.Places, ask: Ask, own_team: bool) -> list[tuple[str]] | None:
    """The services that a question is narrowed to; None when it is not narrowed by service."""
    scope = ask.scope
    by_team = scope.team is not None and not own_team
    if scope.tier is None and scope.product is None and scope.service is None and not by_team:
        return None
    return [
        (s.service,)
        for s in held.services.values()
        if (scope.tier is None or s.tier == scope.tier)
        and (scope.product is None or s.product == scope.product)
        and (scope.service is None or s.service == scope.service)
        and (not by_team or s.team == scope.team)
    ]


def _counts(
    conn: Connection,
    held: light.Places,
    ask: Ask,
    sums: str,
    table: sa.Table,
    fold: Callable[..., sa.Select[Any]],
) -> Iterable[Count]:
    """Exact durations: how many of each, split only by the dimensions that the question needs."""
    own_team = "team" in table.c
    wanted = _in_scope(held, ask, own_team)
    if wanted == []:
        return
    split = ask.by & {"tier", "service", "product"} or ("team" in ask.by and not own_team)
    dimensions = [*(["team"] if own_team and "team" in ask.by else []), *(["service"] if split else [])]
    found: defaultdict[tuple[Any, ...], int] = defaultdict(int)

    def add(source: sa.FromClause, part: sa.FromClause, k: sa.ColumnElement[Any], kept: sa.ColumnElement[bool]) -> None:
        names = values("wanted", {"name": sa.Text()}, wanted or [])
        if names is not None:
            source = source.join(names, names.c.name == part.c.service)
        if own_team and ask.scope.team is not None:
            kept = sa.and_(kept, part.c.team == ask.scope.team)
        keys = (k, *(part.c[name] for name in dimensions), part.c.micros)
        total = sa.cast(sa.func.sum(part.c.n), sa.BigInteger)
        for *key, n in conn.execute(sa.select(*keys, total).select_from(source).where(kept).group_by(*keys)).all():
            found[tuple(key)] += n

    for pieces in of_periods(conn, held, ask, sums):
        until, last = _retired(held, pieces.policy.timezone)
        stored = _kept(table, pieces.stored, "service", last)
        if stored is not None:
            days, source, kept = stored
            add(source, table, days.c.k, kept)
        if pieces.live:
            made = fold(pieces.live, as_of=micros(ask.as_of), retired=until).subquery("live")
            add(made, made, made.c.k, sa.true())
    for (k, *where, took), n in found.items():
        place = dict(zip(dimensions, where, strict=True))
        yield Count(ask.periods[k].key, place.get("team"), place.get("service") or None, took / 60_000_000, n)


def _engage_counts(conn: Connection, held: light.Places, base: Facts, ask: Ask) -> Iterable[Count]:
    return _counts(conn, held, ask, "pages", ENGAGE_DAYS, folds.engaged)


def _lead_counts(conn: Connection, held: light.Places, base: Facts, ask: Ask) -> Iterable[Count]:
    return _counts(conn, held, ask, "deployments", LEAD_DAYS, folds.leads)


_SUMS: Mapping[str, Callable[[Connection, light.Places, Facts, Ask], Iterable[Any]]] = {
    "sli_sums": _sli_sums,
    "page_sums": _page_sums,
    "engage_counts": _engage_counts,
    "deployment_sums": _deployment_sums,
    "lead_counts": _lead_counts,
}


def _raw(conn: Connection, held: light.Places, name: str, ask: Ask) -> tuple[Any, ...]:
    """Raw facts of the periods, in order of time; pages with those just before, that an interruption may begin with."""
    kind, at = RAW[name]
    table = FACTS[name]
    policies = [policy for _, policy in held.policies] or [held.policy_at(ask.as_of)]
    gap = round(max(p.interruption_seconds for p in policies) * 1_000_000) if name == "pages" else 0
    stop = micros(ask.as_of) + 1
    spans = merged((micros(p.start) - gap, min(micros(p.end), stop)) for p in ask.periods if micros(p.start) < stop)
    within = values("spans", {"k": sa.BigInteger(), "start": sa.BigInteger(), "stop": sa.BigInteger()}, spans)
    if within is None:
        return ()
    when = micro(table.c[at])
    on = sa.and_(when >= within.c.start, when < within.c.stop)
    if name == "sli":
        on = sa.and_(table.c.source.in_(windows.sources(conn)), on)
    columns = [table.c[field] for field in kind._fields]
    rows = [kind(*row) for row in conn.execute(sa.select(*columns).join_from(within, table, on)).all()]
    place = kind._fields.index(at)
    return tuple(sorted(rows, key=lambda row: (row[place], row[0], row[1])))


__all__ = ["Pieces", "bounds", "load"]

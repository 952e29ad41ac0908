"""The one SELECT behind each daily sum, over raw facts. Used three ways: to refresh the days an import touched, to
rebuild all, and live for days that were not settled at an earlier as-of.

Each takes `spans` (k, start, stop) and groups by `k`: a day's number, or the place of a period. What a sum leaves out
of retired services is told by `retired` (service, until), in microseconds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from app.policy import Policy
from app.store.ranges import number, offset, offsets, time_of_day, values, weekday
from app.store.tables import FACTS, HOLES

Range = tuple[int, int, int]
FOREVER = 2**62
PROGRESSIVE = ("canary", "blue_green", "feature_flag")
_MINUTE = 60_000_000
_CUT = ("minutes", "good", "total", "good_minutes")
_KINDS: Mapping[str, sa.types.TypeEngine[Any]] = {
    "k": sa.BigInteger(),
    "start": sa.BigInteger(),
    "stop": sa.BigInteger(),
}


class Rules(NamedTuple):
    """What page sums depend on beside the pages: by the policy in force, present teams and services."""

    policy: Policy
    zones: Mapping[str, str]
    """Team → zone."""
    tiers: Mapping[str, int]
    """Service → tier."""


def fingerprint(policy: Policy) -> str:
    """What of a policy page sums are made by: sums made by equal ones are interchangeable."""
    tiers = [(tier, held.engage_minutes) for tier, held in sorted(policy.tiers.items())]
    parts = (policy.timezone, policy.hours.model_dump_json(), policy.interruption_seconds, tiers)
    return repr((*parts, policy.engage_minutes_without_tier))


def micro(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """An instant's column as the number it is stored as."""
    return sa.type_coerce(column, sa.BigInteger)


def _spans(rows: Sequence[Range]) -> sa.CTE:
    made = values("spans", _KINDS, rows)
    if made is None:
        raise ValueError("a fold needs at least one stretch of time")
    return made


def any_cuts(spans: Sequence[Range]) -> sa.Select[Any]:
    """Whether an exclusion reaches into any of these stretches of time, or beyond."""
    return sa.select(sa.exists().where(HOLES.c.end > number(min(start for _, start, _ in spans))))


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0), sa.BigInteger)


def _alive(
    source: sa.FromClause, service: sa.ColumnElement[Any], at: sa.ColumnElement[Any], retired: Mapping[str, int]
) -> tuple[sa.FromClause, sa.ColumnElement[bool]]:
    until = values("retired", {"service": sa.Text(), "until": sa.BigInteger()}, sorted(retired.items()))
    if until is None:
        return source, sa.true()
    joined = source.outerjoin(until, until.c.service == service)
    return joined, sa.or_(until.c.until.is_(None), at < until.c.until)


def _pages(spans: Sequence[Range], as_of: int, gap: int, bytewise: bool) -> sa.Subquery:
    """Pages of each stretch of time and of `gap` before it, each with the one before it of its responder that rang."""
    span, page = _spans(spans), FACTS["pages"]
    at, acked = micro(page.c.triggered_at), micro(page.c.acknowledged_at)
    rings = sa.func.coalesce(page.c.channel, "") != "email"
    ids = [sa.collate(c, "C") if bytewise else c for c in (page.c.source, page.c.page)]
    before = sa.func.lag(at).over(partition_by=[span.c.k, page.c.responder, rings], order_by=[at, *ids])
    return (
        sa.select(
            span.c.k,
            span.c.start,
            at.label("at"),
            sa.case((acked <= number(as_of), acked)).label("acked"),
            page.c.responder,
            page.c.team,
            sa.func.coalesce(page.c.service, "").label("service"),
            page.c.actionable,
            rings.label("rings"),
            before.label("before"),
            *(c.label(name) for c, name in zip(ids, ("source", "page"), strict=True)),
        )
        .join_from(span, page, sa.and_(at >= span.c.start - number(gap), at < span.c.stop, at <= number(as_of)))
        .subquery("rung")
    )


def told(
    spans: Sequence[Range],
    rules: Rules,
    *,
    as_of: int = FOREVER,
    retired: Mapping[str, int] | None = None,
    bytewise: bool = False,
) -> sa.Subquery:
    """One row a page: whether an interruption `starts` with it and when that is by its team's clocks (`local`). Those
    of a service that had retired are there, too, and not `alive`."""
    policy = rules.policy
    gap = round(policy.interruption_seconds * 1_000_000)
    rung = _pages(spans, as_of, gap, bytewise)
    first, last = min(start for _, start, _ in spans), max(stop for _, _, stop in spans)
    local = rung.c.at + _team_offset(rung, rules, first, last)
    starts = sa.and_(rung.c.rings, sa.or_(rung.c.before.is_(None), rung.c.at - rung.c.before > number(gap)))
    shift = FACTS["shifts"]
    on_duty = sa.exists(
        sa.select(sa.literal(1))
        .where(shift.c.responder == rung.c.responder)
        .where(micro(shift.c.start) <= rung.c.at, micro(shift.c.end) > rung.c.at)
    )
    allowed = _allowed(rung.c.service, rules)
    source, alive = _alive(rung, rung.c.service, rung.c.at, retired or {})
    return (
        sa.select(
            rung.c.k,
            rung.c.responder,
            rung.c.team,
            rung.c.service,
            rung.c.at,
            rung.c.acked,
            rung.c.actionable,
            local.label("local"),
            allowed.label("allowed"),
            starts.label("starts"),
            sa.case((starts, sa.not_(_business(local, policy))), else_=sa.false()).label("after_hours"),
            sa.case((starts, _night(local, policy)), else_=sa.false()).label("asleep"),
            sa.case((starts, sa.not_(on_duty)), else_=sa.false()).label("without_shift"),
            alive.label("alive"),
            *(rung.c[name] for name in ("rings", "source", "page")),
        )
        .select_from(source)
        .where(rung.c.at >= rung.c.start)
        .subquery("one")
    )


def pages(
    spans: Sequence[Range],
    rules: Rules,
    *,
    as_of: int = FOREVER,
    retired: Mapping[str, int] | None = None,
    bytewise: bool = False,
) -> sa.Select[Any]:
    """k, team, service and their page sums; `late` are those never acknowledged whose target time has passed."""
    every = told(spans, rules, as_of=as_of, retired=retired, bytewise=bytewise)
    one = sa.select(every).where(every.c.alive).subquery("alive")
    waits = one.c.acked.is_(None)
    return sa.select(
        one.c.k,
        one.c.team,
        one.c.service,
        sa.func.count().label("pages"),
        _count(one.c.acked >= one.c.at).label("acknowledged"),
        _count(one.c.acked < one.c.at).label("negative"),
        _count(waits).label("waiting"),
        _count(sa.and_(one.c.acked >= one.c.at, one.c.acked - one.c.at <= one.c.allowed)).label("in_time"),
        _count(one.c.actionable.is_(False)).label("noise"),
        _count(one.c.actionable.is_not(None)).label("marked"),
        *(_count(one.c[name]).label(label) for name, label in _STARTS.items()),
        sa.func.max(sa.case((one.c.acked > one.c.at, one.c.acked), else_=one.c.at)).label("latest_at"),
        _count(sa.and_(waits, one.c.at + one.c.allowed <= number(as_of))).label("late"),
    ).group_by(one.c.k, one.c.team, one.c.service)


_STARTS = {
    "starts": "interruptions",
    "after_hours": "after_hours",
    "asleep": "asleep",
    "without_shift": "without_shift",
}


def _team_offset(rung: sa.Subquery, rules: Rules, first: int, last: int) -> sa.ColumnElement[int]:
    """By zones that agree for so long: there are fewer of those than zones, and each row is held against every one."""

    def agree(zone: str) -> tuple[int, ...]:
        steps = offsets(zone, first, last)
        return (steps[0][1], *(part for step in steps[1:] for part in step))

    usual, alike = rules.policy.timezone, dict[tuple[int, ...], tuple[str, list[str]]]()
    for team, zone in sorted(rules.zones.items()):
        if agree(zone) != agree(usual):
            alike.setdefault(agree(zone), (zone, []))[1].append(team)
    rest = offset(rung.c.at, usual, first, last)
    whens = [(rung.c.team.in_(teams), offset(rung.c.at, zone, first, last)) for zone, teams in alike.values()]
    return sa.case(*whens, else_=rest) if whens else rest


def _allowed(service: sa.ColumnElement[Any], rules: Rules) -> sa.ColumnElement[int]:
    """The target for engaging, in microseconds: of the service's tier, else the one for none."""
    by_tier: dict[int, list[str]] = {}
    for name, tier in sorted(rules.tiers.items()):
        if tier in rules.policy.tiers:
            by_tier.setdefault(tier, []).append(name)
    usual = number(round(rules.policy.engage_minutes_without_tier * _MINUTE))
    whens = [
        (service.in_(names), number(round(rules.policy.tiers[tier].engage_minutes * _MINUTE)))
        for tier, names in by_tier.items()
    ]
    return sa.case(*whens, else_=usual) if whens else usual


def _clock(value: Any) -> sa.ColumnElement[int]:
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return number(seconds * 1_000_000 + value.microsecond)


def _business(local: sa.ColumnElement[Any], policy: Policy) -> sa.ColumnElement[bool]:
    hours, at = policy.hours, time_of_day(local)
    days = weekday(local).in_([number(day) for day in hours.days]) if hours.days else sa.false()
    return sa.and_(days, at >= _clock(hours.start), at < _clock(hours.end))


def _night(local: sa.ColumnElement[Any], policy: Policy) -> sa.ColumnElement[bool]:
    start, end, at = policy.hours.sleep_start, policy.hours.sleep_end, time_of_day(local)
    both = sa.and_ if start <= end else sa.or_
    return both(at >= _clock(start), at < _clock(end))


def engaged(
    spans: Sequence[Range], *, as_of: int = FOREVER, retired: Mapping[str, int] | None = None
) -> sa.Select[Any]:
    """k, team, service, micros, n: how many pages took exactly that long to be acknowledged."""
    span, page = _spans(spans), FACTS["pages"]
    at, acked = micro(page.c.triggered_at), micro(page.c.acknowledged_at)
    within = sa.and_(at >= span.c.start, at < span.c.stop)
    service = sa.func.coalesce(page.c.service, "")
    source, alive = _alive(span.join(page, within), service, at, retired or {})
    one = (
        sa.select(span.c.k, page.c.team, service.label("service"), (acked - at).label("micros"))
        .select_from(source)
        .where(acked >= at, acked <= number(as_of), alive)
        .subquery("one")
    )
    keys = (one.c.k, one.c.team, one.c.service, one.c.micros)
    return sa.select(*keys, sa.func.count().label("n")).group_by(*keys)


def deployments(
    spans: Sequence[Range], *, as_of: int = FOREVER, retired: Mapping[str, int] | None = None
) -> sa.Select[Any]:
    """k, service and their deployment sums."""
    span, table = _spans(spans), FACTS["deployments"]
    at, committed = micro(table.c.deployed_at), micro(table.c.committed_at)
    within = sa.and_(at >= span.c.start, at < span.c.stop, at <= number(as_of))
    source, alive = _alive(span.join(table, within), table.c.service, at, retired or {})
    live = table.c.status != "failed"
    return (
        sa.select(
            span.c.k,
            table.c.service,
            _count(live).label("deployments"),
            _count(table.c.status == "failed").label("failed"),
            _count(table.c.status == "rolled_back").label("rolled_back"),
            _count(sa.and_(live, table.c.unplanned.is_(True))).label("unplanned"),
            _count(sa.and_(live, table.c.unplanned.is_not(None))).label("unplanned_known"),
            _count(sa.and_(live, table.c.strategy.in_(PROGRESSIVE))).label("progressive"),
            _count(sa.and_(live, committed.is_(None))).label("lead_missing"),
            _count(sa.and_(live, committed > at)).label("lead_negative"),
            sa.func.max(at).label("latest_at"),
        )
        .select_from(source)
        .where(alive)
        .group_by(span.c.k, table.c.service)
    )


def leads(spans: Sequence[Range], *, as_of: int = FOREVER, retired: Mapping[str, int] | None = None) -> sa.Select[Any]:
    """k, service, micros, n: how many deployments took exactly that long from commit."""
    span, table = _spans(spans), FACTS["deployments"]
    at, committed = micro(table.c.deployed_at), micro(table.c.committed_at)
    within = sa.and_(at >= span.c.start, at < span.c.stop, at <= number(as_of))
    source, alive = _alive(span.join(table, within), table.c.service, at, retired or {})
    one = (
        sa.select(span.c.k, table.c.service, (at - committed).label("micros"))
        .select_from(source)
        .where(table.c.status != "failed", committed <= at, alive)
        .subquery("one")
    )
    keys = (one.c.k, one.c.service, one.c.micros)
    return sa.select(*keys, sa.func.count().label("n")).group_by(*keys)


def sli(
    spans: Sequence[Range],
    sources: Sequence[str],
    *,
    before: int = FOREVER,
    slos: Sequence[str] | None = None,
    retired: Mapping[tuple[str, str], int] | None = None,
    cuts: bool = True,
) -> sa.Select[Any]:
    """k, source, slo and their sums over rows that start before an instant, with the part that exclusions take out;
    `cuts` false: there are none."""
    span, row = _spans(spans), FACTS["sli"]
    at = micro(row.c.start)
    within = sa.and_(row.c.source.in_(sources), at >= span.c.start, at < span.c.stop, at < number(before))
    source: sa.FromClause = span.join(row, within)
    kept: sa.ColumnElement[bool] = sa.true()
    kinds: dict[str, sa.types.TypeEngine[Any]] = {"source": sa.Text(), "slo": sa.Text(), "until": sa.BigInteger()}
    until = values("retired", kinds, sorted((*key, at) for key, at in (retired or {}).items()))
    if until is not None:
        source = source.outerjoin(until, sa.and_(until.c.source == row.c.source, until.c.slo == row.c.slo))
        kept = sa.or_(until.c.until.is_(None), at < until.c.until)
    if slos is not None:
        kept = sa.and_(kept, row.c.slo.in_(slos))
    keys = (span.c.k, row.c.source, row.c.slo)
    order = (span.c.k, row.c.slo, row.c.source)  # what tells rows apart first: sorts faster
    busy = row.c.total > 0

    def add(amount: sa.ColumnElement[Any], condition: sa.ColumnElement[bool] = busy) -> sa.ColumnElement[float]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, amount))), sa.literal_column("0.0", sa.Double()))

    good_minutes = row.c.minutes * row.c.good / row.c.total
    main = (
        sa.select(
            *keys,
            _count(busy).label("rows"),
            _count(sa.not_(busy)).label("idle_rows"),
            add(row.c.minutes).label("minutes"),
            add(row.c.minutes, sa.not_(busy)).label("idle_minutes"),
            add(row.c.good).label("good"),
            add(row.c.total).label("total"),
            add(good_minutes).label("good_minutes"),
            sa.func.max(row.c.minutes).label("longest_row_minutes"),
            sa.func.max(at).label("latest_at"),
        )
        .select_from(source)
        .where(kept)
        .group_by(*order)
        .subquery("main")
    )
    zero: sa.ColumnElement[float] = sa.literal_column("0.0", sa.Double())
    plain = [*(main.c[name] for name in ("k", "source", "slo", "rows", "idle_rows", "minutes", "idle_minutes"))]
    plain += [main.c[name] for name in ("good", "total", "good_minutes")]
    if not cuts:
        none = [zero.label(f"excluded_{name}") for name in _CUT]
        rest = (main.c.longest_row_minutes, main.c.latest_at)
        return sa.select(*plain, number(0).label("excluded_rows"), *none, *rest)
    length = row.c.minutes * sa.literal_column(str(float(_MINUTE)), sa.Double())
    end = at + length
    low = sa.case((HOLES.c.start > at, HOLES.c.start), else_=at)
    high = sa.case((HOLES.c.end < end, HOLES.c.end), else_=end)
    share = (high - low) / length
    inside = sa.and_(HOLES.c.start <= at, HOLES.c.end >= end)
    hole = sa.and_(HOLES.c.source == row.c.source, HOLES.c.slo == row.c.slo, HOLES.c.start < end, HOLES.c.end > at)
    cut = (
        sa.select(
            *keys,
            _count(inside).label("rows"),
            sa.func.sum(share * row.c.minutes).label("minutes"),
            sa.func.sum(share * row.c.good).label("good"),
            sa.func.sum(share * row.c.total).label("total"),
            sa.func.sum(share * good_minutes).label("good_minutes"),
        )
        .select_from(source.join(HOLES, hole))
        .where(kept, busy)
        .group_by(*order)
        .subquery("cut")
    )
    return sa.select(
        *plain,
        sa.func.coalesce(cut.c.rows, 0).label("excluded_rows"),
        *(sa.func.coalesce(cut.c[name], zero).label(f"excluded_{name}") for name in _CUT),
        main.c.longest_row_minutes,
        main.c.latest_at,
    ).select_from(
        main.outerjoin(cut, sa.and_(cut.c.k == main.c.k, cut.c.source == main.c.source, cut.c.slo == main.c.slo))
    )

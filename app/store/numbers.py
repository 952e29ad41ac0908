"""The numbers of a store: reads or makes the sums of a question, then measures. What the command line and the
pages call."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import Connection

from app.metrics.catalogue import KPIS
from app.metrics.facts import Facts
from app.metrics.measure import horizon, measure, narrow, unfit
from app.metrics.measure import rows as measure_rows
from app.metrics.measure import sums as measure_sums
from app.metrics.numbers import Ask, Group, Number, Row, Scope, Tallies, Tally
from app.metrics.periods import Period
from app.store import kept
from app.store.facts import load
from app.store.kept import Made

_SPLITS = ("tier", "product", "team", "service")
_OWN_TEAM = frozenset({"page_sums", "engage_counts", "shifts"})
"""Facts with a team of their own, which need not be their service's."""


def numbers(conn: Connection, keys: Sequence[str], ask: Ask, learnt: list[Made] | None = None) -> list[Number]:
    """The numbers of these KPIs by period and group. Raises KeyError for a key that the catalogue does not have.

    Sums of periods that are over are added to `learnt`, for `kept.keep`, where they had to be made.
    """
    base = load(conn, frozenset(), ask)
    return measure(keys, base, ask, _sums(conn, keys, base, ask, learnt, wide=True))


def sums(conn: Connection, keys: Sequence[str], ask: Ask, learnt: list[Made] | None = None) -> Mapping[str, Tallies]:
    """KPI → its sums by period and group, before anything is divided: for lists of many groups."""
    return _sums(conn, keys, load(conn, frozenset(), ask), ask, learnt, wide=False)


def totals(conn: Connection, key: str, ask: Ask, learnt: list[Made] | None = None) -> Mapping[str, tuple[float, float]]:
    """Name → its parts and wholes added over the periods of a question that is split by one dimension: for lists
    ordered by a year of many groups."""
    (of,) = ask.by
    base, kpi = load(conn, frozenset(), ask), KPIS[key]
    plan = _plan(base, replace(ask, by=narrow(kpi, ask.by)), bool(kpi.needs & _OWN_TEAM))
    within = plan.within if plan.split == {of} else None
    admits = None if plan.every or within is not None else plan.admits
    added = kept.added(conn, key, plan.split, ask.periods, ask.as_of, of, plan.names, admits)
    if added is not None:
        return added if within is None else {name: sums for name, sums in added.items() if name in within}
    found: dict[str, tuple[float, float]] = {}
    for (_, group), tally in _sums(conn, [key], base, ask, learnt, wide=False)[key].items():
        part, whole = found.get(getattr(group, of), (0.0, 0.0))
        found[getattr(group, of)] = (part + tally.part, whole + tally.whole)
    return found


def rows(conn: Connection, key: str, ask: Ask) -> list[Row]:
    """The facts behind one KPI, one row each; rows of a (period, group) add up to its number."""
    kpi = KPIS[key]
    needs = kpi.row_needs if kpi.row_needs is not None else kpi.needs
    return measure_rows(key, load(conn, needs, ask), ask)


class _Plan(NamedTuple):
    """How kept sums answer a question: split by what, which of their groups, and these by name where they are few."""

    split: frozenset[str]
    admits: Callable[[Group], bool]
    names: tuple[Group, ...] | None
    every: bool
    """Whether all groups are admitted."""
    within: frozenset[str] | None = None
    """Which SLOs, services or teams are admitted, where their names alone say so."""
    implied: Mapping[str, Any] = {}
    """What a question is split by that its one service says already."""


def _sums(
    conn: Connection, keys: Sequence[str], base: Facts, ask: Ask, learnt: list[Made] | None, wide: bool
) -> Mapping[str, Tallies]:
    found: dict[str, dict[tuple[str, Group], Tally]] = {key: {} for key in keys}
    alike: defaultdict[tuple[frozenset[str], bool], list[str]] = defaultdict(list)
    for key in keys:
        kpi = KPIS[key]
        if kpi.measured and not unfit(kpi, ask):
            alike[narrow(kpi, ask.by), bool(kpi.needs & _OWN_TEAM)].append(key)
    missing: defaultdict[tuple[tuple[Period, ...], frozenset[str], bool], list[str]] = defaultdict(list)
    for (by, own_team), some in alike.items():
        asked = replace(horizon(some, ask) if wide else ask, by=by)
        plan = _plan(base, asked, own_team)
        settled = kept.holding(conn, asked.periods, asked.as_of)
        held = kept.read(conn, some, plan.split, list(settled), asked.as_of, plan.names, plan.admits)
        for (key, period), groups in held.items():
            found[key].update(_taken(period, groups, plan, by))
        for key in some:
            lacking = tuple(period for period in asked.periods if (key, period.key) not in held)
            if lacking:
                missing[lacking, by, own_team].append(key)
    for (periods, by, own_team), some in missing.items():
        asked = replace(ask, periods=periods, by=by)
        for key, tallies in _make(conn, some, _plan(base, asked, own_team), asked, learnt).items():
            found[key].update(tallies)
    return found


def _make(
    conn: Connection, keys: Sequence[str], plan: _Plan, ask: Ask, learnt: list[Made] | None
) -> Mapping[str, Tallies]:
    """Sums that are not kept: as asked, or whole where somebody will keep them."""
    needs = frozenset[str]().union(*(KPIS[key].needs for key in keys))
    settled = kept.holding(conn, ask.periods, ask.as_of) if learnt is not None and ask.scope.service is None else {}
    if settled and learnt is not None:
        kept.taught(learnt)
    rest = tuple(period for period in ask.periods if period not in settled)
    found: dict[str, dict[tuple[str, Group], Tally]] = {key: {} for key in keys}
    if rest:
        part = replace(ask, periods=rest)
        for key, tallies in measure_sums(keys, load(conn, needs, part), part).items():
            found[key].update(tallies)
    if settled and learnt is not None:
        part = Ask(tuple(settled), ask.as_of, plan.split)
        for made in whole(keys, load(conn, needs, part), part, settled):
            learnt.append(made)
            found[made.kpi].update(_taken(made.period.key, made.groups, plan, ask.by))
    return found


def whole(keys: Sequence[str], facts: Facts, ask: Ask, settled: Mapping[Period, int]) -> list[Made]:
    """The sums of KPIs over periods that are over, of everything, split as a question is; `facts` are those it
    needs."""
    by_period: dict[tuple[str, str], dict[Group, Tally]] = {(key, p.key): {} for key in keys for p in ask.periods}
    for key, tallies in measure_sums(keys, facts, ask).items():
        for (period, group), tally in tallies.items():
            by_period[key, period][group] = tally
    return [Made(key, ask.by, p, by_period[key, p.key], settled[p]) for key in keys for p in ask.periods]


def _taken(period: str, groups: kept.Groups, plan: _Plan, by: frozenset[str]) -> dict[tuple[str, Group], Tally]:
    """Of kept groups those that a question asks for, named as it names them."""
    other = {**dict.fromkeys(plan.split - by), **plan.implied}
    return {
        (period, group._replace(**other) if other else group): tally
        for group, tally in groups.items()
        if plan.admits(group)
    }


def _plan(base: Facts, ask: Ask, own_team: bool) -> _Plan:
    """What a question is narrowed to becomes what its sums are split by, unless the SLO or service already says it."""
    if ask.scope.service is not None and "slo" not in ask.by:
        return _of_service(base, ask, own_team)
    narrowed = {name: getattr(ask.scope, name) for name in _SPLITS if getattr(ask.scope, name) is not None}
    told = {"tier", "product", "service"} | (set() if own_team else {"team"})
    of_slo = "slo" in ask.by and base.settled
    of_service = "service" in ask.by and "slo" not in ask.by
    said = {name: value for name, value in narrowed.items() if name in told} if of_slo or of_service else {}
    split = ask.by | (narrowed.keys() - said.keys())
    within = _ids(base, Scope(**said), slo=of_slo) if said else None
    if ask.only:
        within = ask.only if within is None else within & ask.only
    finest = next((name for name in ("slo", "service", "team") if name in ask.by), "")
    rest = {name: value for name, value in narrowed.items() if name not in said}

    def admits(group: Group) -> bool:
        if within is not None and getattr(group, finest) not in within:
            return False
        return all(getattr(group, name) == value for name, value in rest.items())

    alone = within if split == {finest} and not rest else None
    names = _named(base, split, rest)
    if alone is not None:
        names = tuple(_of(**{finest: name}) for name in sorted(alone)) if len(alone) <= kept.MANY else None
    return _Plan(frozenset(split), admits, names, within is None and not rest, alone)


def _of_service(base: Facts, ask: Ask, own_team: bool) -> _Plan:
    """A question about one service: its tier and product, and, but for facts with a team of their own, its team."""
    service = base.services.get(ask.scope.service or "")
    said = {"tier", "product", "service"} | (set() if own_team else {"team"})
    rest = {} if ask.scope.team is None or "team" in said else {"team": ask.scope.team}
    inside = service is not None and all(getattr(ask.scope, name) in (None, getattr(service, name)) for name in said)
    split = (ask.by - said) | rest.keys() | {"service"}
    named = {"service": ask.scope.service, **rest}

    def admits(group: Group) -> bool:
        return inside and all(getattr(group, name) == value for name, value in named.items())

    implied = {name: getattr(service, name) for name in ask.by & said} if service is not None else {}
    return _Plan(frozenset(split), admits, _named(base, split, named), False, implied=implied)


def _named(base: Facts, split: Set[str], known: Mapping[str, Any]) -> tuple[Group, ...] | None:
    """Every group that agrees with what is known, where the rest can be one of few; otherwise None."""
    few = {"tier": {s.tier for s in base.services.values()}, "severity": range(1, 6)}
    rest = sorted(split - known.keys())
    if not known or not few.keys() >= {*rest}:
        return None
    choices = product(*((*few[name], None) for name in rest))
    return tuple(_of(**known, **dict(zip(rest, choice, strict=True))) for choice in choices)


def _of(**said: Any) -> Group:
    return Group(**said)


def _ids(base: Facts, scope: Scope, *, slo: bool) -> frozenset[str]:
    """The services in a scope, or their SLOs."""
    found = base.existing.get((scope, slo))
    if found is None:
        wanted = [(name, value) for name, value in scope._asdict().items() if value is not None]
        found = frozenset(
            service.service
            for service in base.services.values()
            if all(getattr(service, name) == value for name, value in wanted)
        )
        if slo:
            found = frozenset(one.slo for one in base.slos if one.service in found)
        base.existing[scope, slo] = found
    return found

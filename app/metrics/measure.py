"""Facts in, numbers out: every KPI goes through here, for pages, packs and the command line alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

from app.metrics import signals
from app.metrics.catalogue import KPIS
from app.metrics.facts import Facts
from app.metrics.grouping import Places, known
from app.metrics.intervals import Interval, Spread, garwood, wilson
from app.metrics.kpi import Kpi
from app.metrics.numbers import Ask, Group, Number, Row, Tallies, Tally
from app.metrics.periods import Period
from app.metrics.verdicts import certain, rule, tier_of, verdict
from app.policy import Target

_DAY = timedelta(days=1)
_NO_SPLIT = frozenset({"tier", "team", "service"})
_NOTHING = Tally()


def horizon(keys: Iterable[str], ask: Ask) -> Ask:
    """The same question over every period that the answer needs: baselines of signals, and months that targets look
    back to."""
    back = {
        target.months_before
        for key in keys
        if (target := _policy_target(key)) is not None and target.months_before is not None
    }
    wanted = {*ask.periods}
    for period in ask.periods:
        wanted.update(period.previous(step) for step in range(1, signals.BASELINE + 1))
        wanted.update(period.months_before(months) for months in back if period.kind not in ("span",))
    return replace(ask, periods=tuple(sorted(wanted)))


def _policy_target(key: str) -> Target | None:
    from app.policy import default

    return default().targets.get(key)


def measure(
    keys: Sequence[str], facts: Facts, ask: Ask, kept: Mapping[str, Tallies] = MappingProxyType({})
) -> list[Number]:
    """The numbers of these KPIs, by period and group, in the order asked. `facts` must reach over `horizon(keys, ask)`,
    but for KPIs whose sums over it are in `kept`: for those, what always comes is enough.

    Raises KeyError for a key that the catalogue does not have.
    """
    facts = known(facts, ask.as_of)
    numbers: list[Number] = []
    for key in keys:
        kpi, narrowed = KPIS[key], _narrowed(KPIS[key], ask)
        wide = replace(horizon([key], ask), by=narrowed.by)
        found = kept[key] if key in kept else _sums(kpi, facts, wide)
        numbers += _Answer(kpi, facts, narrowed, wide, found).numbers()
    return numbers


def sums(keys: Sequence[str], facts: Facts, ask: Ask) -> dict[str, Tallies]:
    """KPI → its sums over the periods of a question, by period and group, before anything is divided."""
    facts = known(facts, ask.as_of)
    return {key: _sums(KPIS[key], facts, _narrowed(KPIS[key], ask)) for key in keys}


def _sums(kpi: Kpi, facts: Facts, ask: Ask) -> Tallies:
    tallies: dict[tuple[str, Group], Tally] = {}
    if not kpi.measured or unfit(kpi, ask):
        return tallies
    for held, part in _by_policy(facts, ask):
        periods = {period.key for period in part.periods}
        if kpi.sums is not None:
            for period, group, tally in kpi.sums(held, part):
                if period in periods:
                    tallies[period, group] = tally
            continue
        for row in kpi.rows(held, part) if kpi.rows else ():
            if row.period in periods:
                add(tallies.setdefault((row.period, row.group), Tally()), row)
    return tallies


def rows(key: str, facts: Facts, ask: Ask) -> list[Row]:
    """The facts behind one KPI, one row each; rows of a (period, group) add up to its number. `facts` holds raw
    facts."""
    kpi = KPIS[key]
    ask = _narrowed(kpi, ask)
    if kpi.rows is None or unfit(kpi, ask):
        return []
    wanted = {period.key for period in ask.periods}
    facts = known(facts, ask.as_of)
    found: list[Row] = []
    for policy_facts, part in _by_policy(facts, ask):
        found += [row for row in kpi.rows(policy_facts, part) if row.period in wanted]
    return found


def add(tally: Tally, row: Row) -> None:
    """Adds one fact's part to a number's sums."""
    if row.reason:
        tally.excluded[row.reason] += 1
    else:
        tally.n += row.n
        tally.part += row.part
        tally.whole += row.whole
        if row.value is not None:
            tally.values[row.value] += 1
    for name, amount in row.extra.items():
        tally.extra[name] += amount


def narrow(kpi: Kpi, by: frozenset[str]) -> frozenset[str]:
    """How far a KPI can be split by some dimensions; what has a service has a product."""
    kept = kpi.dimensions | ({"product"} if "service" in kpi.dimensions else set())
    return frozenset(by & kept) | kpi.always_by


def _narrowed(kpi: Kpi, ask: Ask) -> Ask:
    return replace(ask, by=narrow(kpi, ask.by))


def unfit(kpi: Kpi, ask: Ask) -> str:
    """Why a KPI cannot be narrowed to a scope; empty when it can."""
    scope = ask.scope
    asked = {
        "tier": scope.tier is not None,
        "team": scope.team is not None,
        "service": scope.service is not None or scope.product is not None,
    }
    missing = [dimension for dimension, there in asked.items() if there and dimension not in kpi.dimensions]
    return f"not kept by {' or '.join(missing)}" if missing else ""


def _by_policy(facts: Facts, ask: Ask) -> Iterable[tuple[Facts, Ask]]:
    """The periods of a question, split by the policy that was in force at their end."""
    split: defaultdict[int, list[Period]] = defaultdict(list)
    held = {}
    for period in ask.periods:
        policy = facts.policy_at(min(period.end, ask.as_of) - timedelta(microseconds=1))
        held[id(policy)] = policy
        split[id(policy)].append(period)
    for key, periods in split.items():
        yield replace(facts, policy=held[key]), replace(ask, periods=tuple(periods))


def _every(ask: Ask, places: Places) -> frozenset[Group]:
    """Every group that exists by what a question is split by and narrowed to, whether anything happened in it or
    not."""
    known, key = places.facts.existing, (ask.by, ask.scope)
    if key not in known:
        known[key] = frozenset(_groups(ask.by, places))
    return known[key]


def _groups(by: frozenset[str], places: Places) -> set[Group]:
    facts, found = places.facts, set[Group]()
    if "slo" in by:
        for slo in facts.slos:
            found |= places.groups((slo.service,), slo=slo.slo)
    elif by & _NO_SPLIT:
        severities = (1, 2, 3, 4, 5) if "severity" in by else (None,)
        for severity in severities:
            for service in facts.services:
                found |= places.groups((service,), severity=severity)
            if not by & {"tier", "service"}:
                for team in facts.teams:
                    found |= places.groups((), team=team, severity=severity)
    elif "severity" in by:
        found |= {Group(severity=severity) for severity in (1, 2, 3, 4, 5)}
    return found


class _Answer:
    """One KPI's numbers from the sums of every period and group: each with its interval, verdict and signal."""

    def __init__(self, kpi: Kpi, facts: Facts, ask: Ask, wide: Ask, tallies: Tallies) -> None:
        self.kpi, self.facts, self.ask = kpi, facts, ask
        self.unfit = unfit(kpi, ask)
        self.tallies = tallies
        self.periods = sorted(wide.periods)
        self._values: dict[tuple[str, Group], float | None] = {}
        self._told = {period for period, _ in tallies}
        self._earlier: dict[str, list[Period]] = {}
        self._looked = (
            list(kpi.looked(facts))
            if kpi.looked
            else [span for entity in kpi.watched for span in facts.watched.get(entity, ())]
        )
        self._places = Places(facts, ask)
        self._existing = kpi.exists(self._places) if kpi.exists else None

    def numbers(self) -> list[Number]:
        groups = self._groups()
        return [self._number(period, group) for period in self.ask.periods for group in groups]

    def _groups(self) -> list[Group]:
        """Every group that exists, whether anything happened in it or not."""
        if not self.ask.by:
            return [Group()]
        wanted = {period.key for period in self.ask.periods}
        found = {group for period, group in self.tallies if period in wanted} | _every(self.ask, self._places)
        if self.ask.only:
            finest = next(name for name in ("slo", "service", "team") if name in self.ask.by)
            found = {group for group in found if getattr(group, finest) in self.ask.only}
        return sorted(found, key=lambda g: tuple((part is None, part if part is not None else "") for part in g))

    def _watched(self, period: Period) -> bool:
        stop = min(period.end, self.ask.as_of)
        if stop <= period.start:
            return False
        spans = self._looked
        if self.kpi.takes_stock:
            return any(span.start < stop for span in spans)
        return any(span.start < stop and span.end >= period.start for span in spans)

    def _tally(self, period: Period, group: Group) -> Tally:
        return self.tallies.get((period.key, group), _NOTHING)

    def _value(self, period: Period, group: Group) -> float | None:
        key = (period.key, group)
        if key not in self._values:
            self._values[key] = self._fresh_value(period, group)
        return self._values[key]

    def _fresh_value(self, period: Period, group: Group) -> float | None:
        if not self._begun(period):
            return None
        tally = self._tally(period, group)
        match self.kpi.shape:
            case "count" | "sum":
                if self._existing is not None and group not in self._existing:
                    return None
                if self.kpi.needs_one and tally.excluded and not tally.n:
                    return None
                return tally.part if tally.n or self._watched(period) else None
            case "duration":
                return tally.durations().median
            case "rate":
                whole = self._exposure(period, tally)
                return tally.part / whole if whole > 0 and (tally.n or self._watched(period)) else None
        return tally.part / tally.whole if tally.whole > 0 else None

    def _begun(self, period: Period) -> bool:
        """Whether there can be facts at all: measured, kept by this scope, and begun by as-of."""
        return self.kpi.measured and not self.unfit and period.start < self.ask.as_of

    def _exposure(self, period: Period, tally: Tally) -> float:
        return self.kpi.exposure(period) if self.kpi.exposure else tally.whole

    def _number(self, period: Period, group: Group) -> Number:
        kpi, tally = self.kpi, self._tally(period, group)
        value = self._value(period, group)
        partial = period.end > self.ask.as_of
        policy = self.facts.policy_at(min(period.end, self.ask.as_of) - timedelta(microseconds=1))
        found = rule(kpi, policy, tier_of(self.facts, self.ask, group), group)
        target = self._target(found, period, group, partial)
        op = found.op if found and target is not None else None
        ratio = kpi.shape in ("share", "ratio", "rate") and self._begun(period)
        if kpi.shape == "rate":
            ratio = ratio and (tally.n > 0 or self._watched(period))
        whole = self._exposure(period, tally) if ratio else None
        part = tally.part if ratio or (kpi.shape in ("count", "sum") and value is not None) else None
        durations = tally.durations()
        interval = self._interval(value, tally, group, whole, durations)
        told = self._signal(period, group, value, partial)
        exact = (part, whole) if kpi.shape in ("share", "ratio") else (None, None)
        excluded = dict(tally.excluded)
        return Number(
            kpi=kpi.key,
            period=period.key,
            group=group
            if group.tier is not None
            else group._replace(tier=self.ask.scope.tier if not self.unfit else None),
            value=value,
            unit=kpi.unit,
            numerator=part,
            denominator=whole,
            n=tally.n,
            n_excluded=sum(excluded.values()),
            excluded=excluded,
            coverage=_coverage(tally),
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            mean=durations.mean,
            p90=durations.p90,
            target=target,
            verdict=verdict(value, op, target, *exact),
            certain=certain(op, target, interval) if op and target is not None and value is not None else None,
            signal=told.word,
            partial=partial,
            as_of=self.ask.as_of,
            extra=self._extra(value, tally, group, period, durations),
            limits=(told.limits.low, told.limits.centre, told.limits.high) if told.limits else None,
            since=self._since(period, told.since) if told.word in ("improving", "worsening") else None,
        )

    def _target(self, found: Target | None, period: Period, group: Group, partial: bool) -> float | None:
        if found is None or found.value is not None:
            return found.value if found else None
        if found.factor is None or found.months_before is None or period.kind == "span":
            return None
        if partial and self.kpi.shape in ("sum", "count"):
            return None
        before = self._value(period.months_before(found.months_before), group)
        return None if before is None else found.factor * before

    def _interval(
        self, value: float | None, tally: Tally, group: Group, whole: float | None, durations: Spread
    ) -> Interval | None:
        if value is None:
            return None
        match self.kpi.shape:
            case "share":
                return None if group.slo is not None and self.kpi.takes_stock else wilson(tally.part, tally.whole)
            case "count":
                return garwood(tally.part)
            case "rate":
                found = garwood(tally.part)
                return Interval(found.low / whole, found.high / whole) if whole else None
            case "duration":
                return durations.interval
        return None

    def _extra(
        self, value: float | None, tally: Tally, group: Group, period: Period, durations: Spread
    ) -> dict[str, object]:
        extra: dict[str, object] = dict(self.kpi.extra(tally)) if self.kpi.extra else {}
        if self.kpi.shape == "duration":
            extra["geometric_mean"] = durations.geometric_mean
        if self.kpi.key == "error_budget_remaining" and group.slo is not None:
            from app.metrics.budgets import state

            at = min(period.end - timedelta(microseconds=1), self.ask.as_of)
            extra["state"] = state(value, self.facts, group.slo, at)
        if self.unfit:
            extra["why"] = self.unfit
        elif not self.kpi.measured:
            extra["why"] = "not measured yet"
        return extra

    def _point(self, period: Period, group: Group) -> signals.Point | None:
        value = self._value(period, group)
        if value is None:
            return None
        tally = self._tally(period, group)
        match self._chart(group):
            case "share":
                return signals.Point(value, tally.part, tally.whole)
            case "count":
                stop = min(period.end, self.ask.as_of)
                days = 1.0 if self.kpi.takes_stock else (stop - period.start) / _DAY
                return signals.Point(value, value, days)
        return signals.Point(value)

    def _chart(self, group: Group) -> Literal["share", "count", "duration", "other"]:
        shape = self.kpi.shape
        if shape == "share" and group.slo is not None and self.kpi.takes_stock:
            return "other"
        return shape if shape == "share" or shape == "count" or shape == "duration" else "other"

    def _before(self, period: Period) -> list[Period]:
        """The 12 complete periods before, oldest first."""
        if period.key not in self._earlier:
            self._earlier[period.key] = [period.previous(step) for step in range(signals.BASELINE, 0, -1)]
        return self._earlier[period.key]

    def _signal(self, period: Period, group: Group, value: float | None, partial: bool) -> signals.Signal:
        if value is None or (partial and self.kpi.shape == "sum"):
            return signals.Signal("too_few")
        counted = self.kpi.shape in ("count", "sum")
        if not counted and self._told.isdisjoint(earlier.key for earlier in self._before(period)):
            return signals.Signal("too_few")
        now = self._point(period, group)
        before = [point for earlier in self._before(period) if (point := self._point(earlier, group)) is not None]
        if now is None:
            return signals.Signal("too_few")
        return signals.signal(self._chart(group), before, now, self.kpi.better)

    def _since(self, period: Period, points: int | None) -> str:
        held = [*self._before(period), period]
        return held[-1 - points].key if points and points < len(held) else period.key


def _coverage(tally: Tally) -> float | None:
    """Observed of elapsed for SLOs; rows with the needed fields of all rows otherwise."""
    if tally.elapsed is not None:
        return min(1.0, (tally.seen or 0.0) / tally.elapsed) if tally.elapsed > 0 else None
    used, left_out = tally.n, sum(tally.excluded.values())
    return used / (used + left_out) if used + left_out else None

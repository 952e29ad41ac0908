"""One SLO at a time: what it attained over a period, what its budget still allows, and which promises nobody made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from app.metrics.facts import Exclusion, Facts, Service, Slo
from app.metrics.grouping import Places
from app.metrics.numbers import Ask, Tallies
from app.metrics.periods import local_day
from app.metrics.slos import meets, revisions_of

ID = tuple[str, str]
"""(source, id) of an SLO's definition."""


class Kept(NamedTuple):
    """One SLO over one period; the `all_` pair with nothing taken out by exclusions."""

    period: str
    slo: Slo
    """The revision in force at the period's end."""
    good: float
    total: float
    all_good: float
    all_total: float
    excluded_minutes: float

    @property
    def attained(self) -> float | None:
        """Good of total; None without traffic."""
        return self.good / self.total if self.total > 0 else None

    @property
    def without_exclusions(self) -> float | None:
        return self.all_good / self.all_total if self.all_total > 0 else None

    @property
    def met(self) -> bool | None:
        """Whether it reached its objective, exactly; None without traffic."""
        return meets(self.good, self.total, self.slo.objective) if self.total > 0 else None


def kept_of(sums: Tallies, facts: Facts, ask: Ask) -> Iterator[Kept]:
    """Each SLO over each period that holds rows of it, from the sums of `slos_met` by SLO."""
    revisions, ends = revisions_of(facts), {period.key: min(period.end, ask.as_of) for period in ask.periods}
    for (period, group), tally in sums.items():
        key = revisions.named(group.slo) if group.slo is not None and period in ends else None
        slo = revisions.at(*key, ends[period]) if key is not None else None
        if slo is not None and "all_total" in tally.extra:
            extra = tally.extra
            events = (extra["good"], extra["total"], extra["all_good"], extra["all_total"])
            yield Kept(period, slo, *events, extra["excluded_minutes"])


class Left(NamedTuple):
    """What an SLO's budget still allows over its own window: negative when overspent."""

    amount: float
    unit: Literal["minutes", "events"]
    allowed: float
    """The whole budget, in the same unit."""


def left_of(sums: Tallies, facts: Facts, ask: Ask) -> dict[str, Left]:
    """What each SLO still allows at the end of the one period asked, from the sums of `error_budget_remaining` by SLO:
    minutes where its rows count minutes or slices of time, otherwise events."""
    revisions, ends = revisions_of(facts), {period.key: min(period.end, ask.as_of) for period in ask.periods}
    found = {}
    for (period, group), tally in sums.items():
        key = revisions.named(group.slo) if group.slo is not None and period in ends else None
        slo = revisions.at(*key, ends[period]) if key is not None else None
        if slo is None or tally.whole <= 0:
            continue
        minutes, total = tally.extra["minutes"], tally.extra["total"]
        timed = slo.method == "timeslices" or abs(minutes - total) <= 1e-9 * total
        scale = minutes / total if timed else 1.0
        unit: Literal["minutes", "events"] = "minutes" if timed else "events"
        found[slo.slo] = Left(tally.part * scale, unit, tally.whole * scale)
    return found


def current(facts: Facts, ask: Ask) -> list[Slo]:
    """Every SLO in scope as it stands at as-of, of services that have not retired."""
    places, revisions = Places(facts, ask), revisions_of(facts)
    found = (revisions.at(*key, ask.as_of) for key in revisions)
    return [
        slo
        for slo in found
        if slo is not None and places.groups((slo.service,)) and not places.retired(slo.service, ask.as_of)
    ]


def unpromised(facts: Facts, ask: Ask) -> list[Service]:
    """Services of tier 0 and 1 in scope, not retired, that have no SLO: the most important first."""
    places, promised = Places(facts, ask), {slo.service for slo in facts.slos}
    found = [
        service
        for service in facts.services.values()
        if service.tier <= 1
        and service.service not in promised
        and not places.retired(service.service, ask.as_of)
        and places.groups((service.service,))
    ]
    return sorted(found, key=lambda service: (service.tier, service.name))


def below_floor(facts: Facts, slos: Iterable[Slo]) -> list[tuple[Slo, float]]:
    """Those of some SLOs that promise less than the policy of their tier asks, with the floor: the furthest below it
    first."""
    found = []
    for slo in slos:
        service = facts.services.get(slo.service)
        tier = facts.policy.tiers.get(service.tier) if service else None
        if tier is not None and slo.objective < tier.objective:
            found.append((slo, tier.objective))
    return sorted(found, key=lambda pair: (pair[0].objective - pair[1], pair[0].name))


class Revision(NamedTuple):
    """One change of an objective."""

    slo: Slo
    """As changed."""
    before: float
    on: date


def revised(facts: Facts, ask: Ask) -> list[Revision]:
    """Objectives that changed, the latest first."""
    places = Places(facts, ask)
    by_slo: defaultdict[ID, list[Slo]] = defaultdict(list)
    for slo in facts.slos:
        if places.groups((slo.service,)):
            by_slo[slo.source, slo.slo].append(slo)
    found = []
    today = local_day(ask.as_of, facts.policy.timezone)
    for revisions in by_slo.values():
        ordered = sorted(revisions, key=lambda slo: slo.valid_from or date.min)
        for old, new in pairwise(ordered):
            if old.objective != new.objective and new.valid_from is not None and new.valid_from <= today:
                found.append(Revision(new, old.objective, new.valid_from))
    return sorted(found, key=lambda revision: revision.on, reverse=True)


class Taken(NamedTuple):
    """One approved exclusion, and the part of the periods that it covers."""

    exclusion: Exclusion
    minutes: float


def taken(facts: Facts, ask: Ask) -> Iterator[Taken]:
    """The exclusions that take something out of the SLOs in scope in the periods, the longest first."""
    places = Places(facts, ask)
    homes = {slo.slo: slo.service for slo in facts.slos}
    found = []
    for exclusion in facts.exclusions:
        named: Iterable[str] = (*exclusion.services, *(homes.get(slo, "") for slo in exclusion.slos))
        if not places.groups(named):
            continue
        minutes = sum(
            (high - low) / timedelta(minutes=1)
            for _, low, high in places.overlapping(exclusion.start, min(exclusion.end, ask.as_of))
        )
        if minutes > 0:
            found.append(Taken(exclusion, minutes))
    yield from sorted(found, key=lambda one: (-one.minutes, one.exclusion.exclusion))

"""How changes go out and what becomes of them: failure by strategy and by service, and who ships step by step."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from scipy.special import bdtrc

from app.metrics.change import PROGRESSIVE
from app.metrics.facts import Service
from app.metrics.intervals import wilson
from app.metrics.numbers import Group, Tally
from app.metrics.periods import Period

FEWEST = 10
"""Deployments below which a share of them says nothing of the one who made them."""
_SURE = 0.95
CRITICAL = frozenset({0, 1})
"""The tiers that are asked to ship step by step."""


class Shipped(NamedTuple):
    """Deployments (not failed) of one service by one strategy; None: not said."""

    service: str
    strategy: str | None
    deployments: int
    rolled_back: int


class Blame(NamedTuple):
    """A deployment (not failed) that an incident names as its cause."""

    source: str
    deployment: str
    service: str
    strategy: str | None
    status: str
    deployed_at: datetime
    incident_source: str
    incident: str
    title: str
    severity: int
    detected_at: datetime


class Rate(NamedTuple):
    """Deployments that failed, of all: with a 95 % interval (Wilson)."""

    name: str
    failed: int
    deployments: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.failed / self.deployments

    @property
    def enough(self) -> bool:
        """Whether there are deployments enough to tell anything."""
        return self.deployments >= FEWEST


def by_strategy(shipped: Iterable[Shipped], blames: Iterable[Blame]) -> list[Rate]:
    """Change failure by strategy, the most used first, those that name none last (as ""). A deployment fails once,
    whether it was rolled back or blamed, or both."""
    deployments: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for one in shipped:
        deployments[one.strategy or ""] += one.deployments
        failed[one.strategy or ""] += one.rolled_back
    blamed = {(b.source, b.deployment): b.strategy or "" for b in blames if b.status == "succeeded"}
    failed.update(blamed.values())
    rates = [rate(name, failed[name], whole) for name, whole in deployments.items() if whole]
    return sorted(rates, key=lambda one: (not one.name, -one.deployments, one.name))


def by_step(
    counts: Mapping[str, tuple[int, int]], blames: Iterable[Blame], steps: Sequence[Period]
) -> dict[str, tuple[int, int]]:
    """Period → deployments that went well and those that failed, from those that went live and were rolled back. A
    deployment fails once."""
    blamed = {(one.source, one.deployment): one.deployed_at for one in blames if one.status == "succeeded"}
    failed = Counter(step.key for at in blamed.values() for step in steps if step.start <= at < step.end)
    return {
        key: (live - back - failed[key], back + failed[key]) for key, (live, back) in counts.items() if live or back
    }


def rate(name: str, failed: int, deployments: int) -> Rate:
    """A share with its interval. Raises ZeroDivisionError over nothing."""
    low, high = wilson(failed, deployments) or (0.0, 1.0)
    return Rate(name, failed, deployments, low, high)


def apart(rates: Sequence[Rate]) -> tuple[Rate, Rate] | None:
    """The strategy that fails least and the one that fails most, where chance does not explain the difference: their
    intervals do not meet. None where it may, or where fewer than two say enough."""
    told = [one for one in rates if one.name and one.enough]
    if len(told) < 2:
        return None
    best, worst = min(told, key=lambda one: (one.high, one.name)), max(told, key=lambda one: (one.low, one.name))
    return (best, worst) if best.high < worst.low else None


def by_service(tallies: Mapping[tuple[str, Group], Tally]) -> list[Rate]:
    """Change failure of each service that deployed, from the sums of the KPI split by service; in no order."""
    return [
        rate(group.service, round(tally.part), round(tally.whole))
        for (_, group), tally in tallies.items()
        if group.service is not None and tally.whole
    ]


def worst(rates: Iterable[Rate]) -> list[Rate]:
    """Services that had a failure, by the lower end of their interval: a failure or two among few
    deployments does not come first. Those with too few deployments are left out."""
    told = [one for one in rates if one.enough and one.failed]
    return sorted(told, key=lambda one: (-one.low, -one.failed, one.name))


def beyond_chance(rates: Sequence[Rate], share: float) -> list[Rate]:
    """Those that failed more often than a share explains, in their order: one-sided binomial at 95 %, shared among all
    that have deployments enough, for each of them had a chance to stand out (Bonferroni)."""
    told = [one for one in rates if one.enough]
    return [one for one in told if bdtrc(one.failed - 1, one.deployments, share) * len(told) < 1 - _SURE]


class Steps(NamedTuple):
    """How one service ships."""

    service: str
    tier: int | None
    progressive: int
    deployments: int
    usual: str | None
    """The strategy of most of its deployments; None: not said."""

    @property
    def kept(self) -> bool:
        """Whether at least half went out step by step, as `progressive_delivery` counts it."""
        return 2 * self.progressive >= self.deployments


def steps(shipped: Iterable[Shipped], services: Mapping[str, Service]) -> dict[str, Steps]:
    """Service → how it ships, of every service that deployed."""
    used: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in shipped:
        used[one.service][one.strategy or ""] += one.deployments
    found = {}
    for name, counts in used.items():
        whole = sum(counts.values())
        if whole:
            usual = min(counts, key=lambda strategy: (-counts[strategy], strategy))
            progressive = sum(n for strategy, n in counts.items() if strategy in PROGRESSIVE)
            tier = services[name].tier if name in services else None
            found[name] = Steps(name, tier, progressive, whole, usual or None)
    return found


def at_once(found: Iterable[Steps], tiers: Collection[int] = CRITICAL) -> list[Steps]:
    """The critical services that do not ship step by step, those that ship most otherwise first."""
    behind = [one for one in found if one.tier in tiers and not one.kept]
    return sorted(behind, key=lambda one: (one.progressive - one.deployments, one.tier, one.service))


def per_service(deployments: float, weeks: float, services: int) -> float | None:
    """How often one service ships a week, all taken together; None where none did."""
    return deployments / weeks / services if services and weeks else None

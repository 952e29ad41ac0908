"""Deployments: what each service ships, how, and how it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from app.demo.columns import flags, from_columns, joined, moments, numbered, pick
from app.demo.organisation import FROZEN, RETIRED
from app.demo.stage import Stage
from app.demo.timeline import DAY, HOUR, SECOND, Bools, Floats, Ints, by_month, chance, micros

STATUSES = ("succeeded", "failed", "rolled_back")
STRATEGIES = ("canary", "blue_green", "feature_flag", "rolling", "all_at_once")


@dataclass(frozen=True)
class Ships:
    """All deployments in time order, as columns. `service` indexes the company's services."""

    service: Ints
    at: Ints
    status: Ints
    strategy: Ints
    unplanned: Bools
    lead_hours: Floats
    no_commit: Bools

    def id(self, index: int) -> str:
        return f"dep-{index + 1:06}"

    @cached_property
    def _by_service(self) -> Mapping[int, Ints]:
        order = np.argsort(self.service, kind="stable")
        which, first = np.unique(self.service[order], return_index=True)
        return dict(zip(which.tolist(), np.split(order, first[1:]), strict=True))

    def between(self, service: int, start: int, end: int) -> Ints:
        """The deployments of a service in `[start, end)` that did not fail, in time order."""
        mine = self._by_service.get(service, np.empty(0, dtype=np.int64))
        first, last = np.searchsorted(self.at[mine], (start, end))
        mine = mine[first:last]
        return np.asarray(mine[self.status[mine] != 1], dtype=np.int64)


def ships(stage: Stage) -> Ships:
    """Every deployment."""
    rng = chance("deployments")
    weekday = np.array([1.0, 1.2, 1.2, 1.15, 0.55, 0.04, 0.03])[stage.weekday] * 7 / 5.17
    frozen = np.array(
        [0.15 if d.month == 12 and d.day > 14 else 0.6 if d.month == 11 and d.day > 20 else 1.0 for d in stage.dates]
    )
    growth = np.linspace(0.85, 1.15, stage.days)
    services, days, hours = [], [], []
    for i, s in enumerate(stage.company.services):
        rate = stage.plan.deployments[s.tier] / 7 * rng.uniform(0.6, 1.4) * weekday * frozen * growth
        if s.service == FROZEN:
            rate[-11:] *= 0.2
        if s.service == RETIRED:
            rate[(micros(stage.retired_on) - stage.start) // DAY :] = 0
            rate *= 0.4
        n = rng.poisson(rate)
        services.append(np.full(int(n.sum()), i))
        days.append(np.repeat(np.arange(stage.days), n))
        hours.append(np.clip(rng.normal(13.2, 2.4, int(n.sum())), 7, 22))
    service, day, hour = (np.concatenate(part) for part in (services, days, hours))
    at = np.empty(len(service), dtype=np.int64)
    zone_of = np.array([[c.team for c in stage.company.crews].index(s.team) for s in stage.company.services])[service]
    for t, crew in enumerate(stage.company.crews):
        mine = zone_of == t
        at[mine] = stage.local_to_utc(crew.timezone, day[mine], hour[mine])
    order = np.lexsort((service, at))
    order = order[(at[order] >= stage.start) & (at[order] < stage.end)]
    service, day, at = service[order], day[order], at[order]
    n = len(at)
    strategy = _strategies(stage, rng, service, day)
    risk = by_month(stage.month, 0.08, 0.13, 0.078)[day] * np.where(
        strategy == 4, 1.5, np.where(strategy < 3, 0.85, 1.0)
    )
    unplanned = rng.random(n) < by_month(stage.month, 0.09, 0.16, 0.07)[day]
    draw = rng.random(n)
    status = np.where(draw < risk, 2, np.where(draw > 0.972, 1, 0))
    lead = np.exp(rng.normal(np.log(by_month(stage.month, 26, 34, 19)[day]), 1.0))
    lead = np.where(unplanned, lead / 12 + 0.2, lead)
    lead = np.where(rng.random(n) < 0.001, -0.3, lead)
    return Ships(service, at, status, strategy, unplanned, lead, rng.random(n) < 0.04)


def _strategies(stage: Stage, rng: np.random.Generator, service: Ints, day: Ints) -> Ints:
    """Half of the important services release step by step at first, four in five since it is required."""
    tier = stage.company.tiers
    early = np.where(
        tier < 2, rng.permutation(len(stage.company.services)) % 20 < 10, rng.random(len(stage.company.services)) < 0.25
    )
    late = early | (
        np.array(
            [
                s.service not in ("ledger", "warehouse-gateway", "pricing", "refunds", "event-stream", "notifications")
                for s in stage.company.services
            ]
        )
        & (tier < 2)
    )
    stepwise = np.where(stage.month[day] >= -5, late[service], early[service])
    draw, kind = rng.random(len(service)), rng.choice(3, len(service), p=[0.6, 0.15, 0.25])
    plain = np.where(rng.random(len(service)) < 0.75, 3, 4)
    return np.asarray(np.where(draw < np.where(stepwise, 0.86, 0.18), kind, plain), dtype=np.int64)


def table(stage: Stage, ships: Ships) -> pa.Table:
    n = len(ships.at)
    ids = numbered("dep-", 1, n, 6)
    committed = ships.at - (ships.lead_hours * HOUR).astype(np.int64) // SECOND * SECOND
    return from_columns(
        "deployments",
        "github",
        {
            "deployment": ids,
            "service": pick(stage.company.names, ships.service),
            "deployed_at": moments(ships.at),
            "status": pick(STATUSES, ships.status),
            "strategy": pick(STRATEGIES, ships.strategy, (np.arange(n) * 7919) % 100 < 3),
            "committed_at": moments(committed, ships.no_commit),
            "unplanned": flags(ships.unplanned),
            "url": joined("https://deploys.example.com/", ids),
        },
    )

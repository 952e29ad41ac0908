"""Every promise as its page tells it: what was kept, what is left of its budget, how fast that goes. Read from sums by
SLO, so that a thousand of them cost little more than ten."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from app.metrics import promises
from app.metrics.budgets import excepted, unexcepted
from app.metrics.facts import Service, Slo
from app.metrics.numbers import Ask, Group, Scope, Tally
from app.metrics.periods import Period
from app.metrics.promises import Kept, Left
from app.metrics.review_records import BudgetException
from app.ui import read
from app.ui.choices import Asked
from app.ui.read import State

STATES = {"freeze": 0, "exception": 1, "warn": 2, "ok": 3, "no_data": 4}
"""Of the error-budget policy, the most pressing first."""
_LISTED = ("slos_met", "error_budget_remaining", "burn_rate")
_NOTHING = (0.0, 0.0)
Months = Mapping[tuple[str, str], Kept]
"""(SLO, month) → what was kept."""


class Promise(NamedTuple):
    """One SLO over the chosen period, as far as a list of all of them needs it."""

    slo: Slo
    service: Service | None
    met: bool | None
    """None: not measured."""
    remaining: float | None
    """The share left of its budget, over its own window that ends with the period."""
    state: str
    """Of the error-budget policy."""
    exception: BudgetException | None
    """Who set it aside, and until when."""
    burning: float | None
    """Its burn rate over a day, else three."""


@dataclass(frozen=True)
class Told:
    """And all that its row or its page says."""

    slo: Slo
    service: Service | None
    met: bool | None
    remaining: float | None
    state: str
    exception: BudgetException | None
    burning: float | None
    kept: Kept | None
    coverage: float | None
    """Observed of elapsed time."""
    n: int
    """SLI rows."""
    left: Left | None
    burns: Mapping[str, float]
    """Look-back → burn rate, where its rows are as fine as it."""


def every(asked: Asked) -> tuple[Promise, ...]:
    """Every SLO in scope, the most pressing first."""
    return _every(read.state(), asked)


@lru_cache(maxsize=16)
def _every(of: State, asked: Asked) -> tuple[Promise, ...]:
    facts = read.facts(frozenset(), Ask((), asked.as_of))
    ask = asked.ask(by=("slo",))
    met, budget, burn = (read.totals(key, ask).get for key in _LISTED)
    at, thresholds = standing(asked), facts.policy.budget
    aside = {one.slo for one in facts.exceptions}
    found = []
    for slo, service in current(of, asked.scope, asked.as_of):
        name = slo.slo
        (good, of_), (left, allowed), (spent, usual) = met(name, _NOTHING), budget(name, _NOTHING), burn(name, _NOTHING)
        remaining = left / allowed if allowed > 0 else None
        exception = excepted(facts, name, at) if name in aside else None
        state = "exception" if exception is not None else unexcepted(remaining, thresholds)
        kept = good >= of_ if of_ > 0 else None
        found.append(Promise(slo, service, kept, remaining, state, exception, spent / usual if usual > 0 else None))
    found.sort(key=_pressing)
    return tuple(found)


@lru_cache(maxsize=64)
def current(of: State, scope: Scope, as_of: datetime) -> tuple[tuple[Slo, Service | None], ...]:
    """Every SLO in scope as it stands now, with its service: the same whatever the period."""
    ask = Ask((), as_of, scope=scope)
    facts = read.facts(frozenset(), ask)
    return tuple((slo, facts.services.get(slo.service)) for slo in promises.current(facts, ask))


def standing(asked: Asked) -> datetime:
    """As of when the error-budget policy is told: now, while the period or the one after it lasts; else the period's
    last moment. What a review decides about October in November is to be seen at once."""
    if asked.as_of < asked.period.previous(-1).end:
        return asked.as_of
    return asked.period.end - timedelta(microseconds=1)


def _pressing(one: Promise) -> tuple[int, float, int, str]:
    tier = one.service.tier if one.service else 9
    return STATES[one.state], one.remaining if one.remaining is not None else 1.0, tier, one.slo.name


def told(some: Sequence[Promise], asked: Asked) -> tuple[Told, ...]:
    """Some of them with all that there is to say."""
    return _told(read.state(), tuple(some), asked) if some else ()


@lru_cache(maxsize=32)
def _told(of: State, some: tuple[Promise, ...], asked: Asked) -> tuple[Told, ...]:
    facts = read.facts(frozenset(), Ask((), asked.as_of))
    ask = replace(asked.ask(by=("slo",)), only=frozenset(one.slo.slo for one in some))
    sums = read.sums(("slos_met", "slo_compliance", "error_budget_remaining", "burn_rate"), ask)
    kept = {one.slo.slo: one for one in promises.kept_of(sums["slos_met"], facts, ask)}
    left = promises.left_of(sums["error_budget_remaining"], facts, ask)
    made = []
    for one in some:
        key = (asked.period.key, Group(slo=one.slo.slo))
        seen, burn = sums["slo_compliance"].get(key, Tally()), sums["burn_rate"].get(key, Tally())
        made.append(
            Told(
                **one._asdict(),
                kept=kept.get(one.slo.slo),
                coverage=min(1.0, (seen.seen or 0.0) / seen.elapsed) if seen.elapsed else None,
                n=seen.n,
                left=left.get(one.slo.slo),
                burns=burn.extra,
            )
        )
    return tuple(made)


def months(asked: Asked, slos: Collection[str]) -> Months:
    """What these SLOs kept in each month of the trend."""
    return _months(read.state(), asked, frozenset(slos))


@lru_cache(maxsize=32)
def _months(of: State, asked: Asked, slos: frozenset[str]) -> Months:
    if not slos:
        return {}
    ask = Ask(asked.trend, asked.as_of, frozenset({"slo"}), asked.scope, slos)
    facts = read.facts(frozenset(), Ask((), asked.as_of))
    return {
        (one.slo.slo, one.period): one
        for one in promises.kept_of(read.sums(("slos_met",), ask)["slos_met"], facts, ask)
    }


class Judged(NamedTuple):
    """What became of the SLOs in the months of the trend that are over."""

    measured: frozenset[str]
    """Those with data in any of them."""
    missed: Mapping[str, int]
    """Those that missed → how often."""
    months: tuple["_Month", ...]

    def times(self, slo: str) -> tuple[int, int]:
        """How often one missed, of how often it had data."""
        return self.missed[slo], sum(month.often.get(slo, slo in month.measured) for month in self.months)


def judged(asked: Asked) -> Judged:
    """Which SLOs were met in the months of the trend that are over."""
    return _judged(read.state(), asked.scope, asked.as_of, asked.trend)


@lru_cache(maxsize=16)
def _judged(of: State, scope: Scope, as_of: datetime, trend: tuple[Period, ...]) -> Judged:
    months = tuple(_month(of, scope, as_of, month) for month in trend if month.end <= as_of)
    missed = Counter[str]()
    for month in months:
        missed.update(month.missed)
    return Judged(frozenset[str]().union(*(month.measured for month in months)), missed, months)


class _Month(NamedTuple):
    """The SLOs of one month."""

    measured: frozenset[str]
    """Those that had data."""
    missed: Mapping[str, int]
    """Those of them that missed → how often: several sources may promise under one id."""
    often: Mapping[str, int]
    """Those of them that several sources promise → how many."""


@lru_cache(maxsize=128)
def _month(of: State, scope: Scope, as_of: datetime, month: Period) -> _Month:
    """One month, for every trend that holds it."""
    totals = read.totals("slos_met", Ask((month,), as_of, frozenset({"slo"}), scope))
    measured = {slo: (round(part), round(whole)) for slo, (part, whole) in totals.items() if whole}
    return _Month(
        frozenset(measured),
        {slo: whole - part for slo, (part, whole) in measured.items() if part < whole},
        {slo: whole for slo, (_, whole) in measured.items() if whole > 1},
    )

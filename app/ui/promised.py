"""Every promise as its page tells it: what was kept, what is left of its budget, how fast that goes. Read from sums by
SLO, so that a thousand of them cost little more than ten."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from app.metrics import promises
from app.metrics.budgets import excepted, state
from app.metrics.facts import Service, Slo
from app.metrics.numbers import Ask, Group, Tally
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


@dataclass(frozen=True)
class Promise:
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
class Told(Promise):
    """And all that its row or its page says."""

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
    met, budget, burn = (read.totals(key, ask) for key in _LISTED)
    found, at = [], standing(asked)
    for slo in promises.current(facts, asked.ask()):
        (good, of_), (left, allowed), (spent, usual) = (sums.get(slo.slo, _NOTHING) for sums in (met, budget, burn))
        remaining = left / allowed if allowed > 0 else None
        found.append(
            Promise(
                slo,
                facts.services.get(slo.service),
                good >= of_ if of_ > 0 else None,
                remaining,
                state(remaining, facts, slo.slo, at),
                excepted(facts, slo.slo, at),
                spent / usual if usual > 0 else None,
            )
        )
    return tuple(sorted(found, key=_pressing))


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
                **vars(one),
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


def judged(asked: Asked) -> Mapping[str, tuple[int, int]]:
    """SLO → in how many months of the trend that are over it was met, of how many with data."""
    return _judged(read.state(), asked)


@lru_cache(maxsize=16)
def _judged(of: State, asked: Asked) -> Mapping[str, tuple[int, int]]:
    over = [month for month in asked.trend if month.end <= asked.as_of]
    totals = read.totals("slos_met", asked.ask(*over, by=("slo",))) if over else {}
    return {slo: (round(part), round(whole)) for slo, (part, whole) in totals.items() if whole}

"""Every promise as its page tells it: what was kept, what is left of its budget, how fast that goes. Read from sums by
SLO, so that a thousand of them cost little more than ten."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from app.metrics import promises
from app.metrics.budgets import state
from app.metrics.facts import Service, Slo
from app.metrics.numbers import Ask, Group, Tally
from app.metrics.promises import Kept, Left
from app.ui import read
from app.ui.choices import Asked
from app.ui.read import State

STATES = {"freeze": 0, "exception": 1, "warn": 2, "ok": 3, "no_data": 4}
"""Of the error-budget policy, the most pressing first."""
_KEYS = ("slos_met", "slo_compliance", "error_budget_remaining", "burn_rate")
_NOTHING = Tally()
Months = Mapping[tuple[str, str], Kept]
"""(SLO, month) → what was kept."""


@dataclass(frozen=True)
class Promise:
    """One SLO over the chosen period."""

    slo: Slo
    service: Service | None
    kept: Kept | None
    coverage: float | None
    """Observed of elapsed time."""
    n: int
    """SLI rows."""
    remaining: float | None
    """The share left of its budget, over its own window that ends with the period."""
    state: str
    """Of the error-budget policy."""
    left: Left | None
    burning: float | None
    """Its burn rate over a day, else three."""
    burns: Mapping[str, float]
    """Look-back → burn rate, where its rows are as fine as it."""


def every(asked: Asked) -> tuple[Promise, ...]:
    """Every SLO in scope, the most pressing first."""
    return _every(read.state(), asked)


@lru_cache(maxsize=16)
def _every(of: State, asked: Asked) -> tuple[Promise, ...]:
    ask = asked.ask(by=("slo",))
    facts = read.facts(frozenset(), Ask((), asked.as_of))
    sums = read.sums(_KEYS, ask)
    period = asked.period.key
    kept = {one.slo.slo: one for one in promises.kept_of(sums["slos_met"], facts, ask)}
    left = promises.left_of(sums["error_budget_remaining"], facts, ask)
    found = []
    for slo in promises.current(facts, asked.ask()):
        group = Group(slo=slo.slo)
        seen, budget, burn = (sums[key].get((period, group), _NOTHING) for key in _KEYS[1:])
        remaining = budget.part / budget.whole if budget.whole > 0 else None
        found.append(
            Promise(
                slo=slo,
                service=facts.services.get(slo.service),
                kept=kept.get(slo.slo),
                coverage=min(1.0, (seen.seen or 0.0) / seen.elapsed) if seen.elapsed else None,
                n=seen.n,
                remaining=remaining,
                state=state(remaining, facts),
                left=left.get(slo.slo),
                burning=burn.part / burn.whole if burn.whole > 0 else None,
                burns=burn.extra,
            )
        )
    return tuple(sorted(found, key=_pressing))


def _pressing(one: Promise) -> tuple[int, float, int, str]:
    tier = one.service.tier if one.service else 9
    return STATES[one.state], one.remaining if one.remaining is not None else 1.0, tier, one.slo.name


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
    return {group.slo: (round(part), round(whole)) for group, (part, whole) in totals.items() if group.slo and whole}

"""All services to choose from, the worst first, with a sentence that says how many need looking at."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from app.metrics import service as of_service
from app.metrics.facts import Facts, Service
from app.metrics.grouping import Places
from app.metrics.numbers import Ask, Scope
from app.metrics.service import Standing
from app.ui import read
from app.ui.choices import Asked
from app.ui.read import State

_COUNTED = ("customer_impact_minutes", "major_incidents")
_KEYS = ("slos_met", "error_budget_remaining", *_COUNTED)


@dataclass(frozen=True)
class All:
    """The services in scope."""

    standings: tuple[Standing, ...]
    """Those not retired, the worst first."""
    retired: int
    facts: Facts

    def team(self, service: Service) -> str:
        """Its owner's name."""
        known = self.facts.teams.get(service.team)
        return known.name or known.team if known else service.team

    def sentence(self, asked: Asked) -> str:
        """How many services there are and how many need looking at."""
        if not self.standings:
            return "No service is known here."
        spent = sum(bool(one.spent) for one in self.standings)
        hurt = sum(bool(one.impact) for one in self.standings)
        known = any(one.impact is not None for one in self.standings)
        measured = any(one.measured for one in self.standings)
        whole = len(self.standings)
        parts = []
        if measured:
            parts.append(f"{spent or 'none'} {'has' if spent == 1 else 'have'} spent an error budget")
        if known:
            parts.append(f"{hurt or 'none'} touched customers in {asked.words}")
        said = f"{whole:,} service{'s' if whole != 1 else ''}"
        return f"{said}: {', '.join(parts)}." if parts else f"{said}; nothing is known of {asked.words}."


def shown(asked: Asked) -> All:
    """Every service in scope, with its numbers of the period."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> All:
    alive, retired = _inside(of, asked.scope, asked.as_of)
    totals = {key: read.totals(key, asked.ask(by=("service",))) for key in _KEYS}
    watched = {number.kpi for number in read.numbers(_COUNTED, asked.ask()) if number.value is not None}
    facts = read.facts(frozenset(), Ask((), asked.as_of))
    return All(tuple(of_service.standings(alive, totals, watched)), retired, facts)


@lru_cache(maxsize=64)
def _inside(of: State, scope: Scope, as_of: datetime) -> tuple[tuple[Service, ...], int]:
    """The services in scope that have not retired, and how many have: the same whatever the period."""
    ask = Ask((), as_of, scope=scope)
    facts = read.facts(frozenset(), ask)
    places = Places(facts, ask)
    inside = [service for service in facts.services.values() if places.groups((service.service,))]
    alive = tuple(service for service in inside if not places.retired(service.service, as_of))
    return alive, len(inside) - len(alive)

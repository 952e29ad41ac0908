"""Who plays and when: the company of one size on its timeline, handed to every part of the story."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from app.demo.organisation import SERVICES, TEAMS, Crew, Promise, Serv, mail, slos
from app.demo.plan import SMALL, Plan
from app.demo.timeline import Floats, Ints, Timeline, back, chance


@dataclass(frozen=True)
class Company:
    """Teams, services and promises, and the ways to find one."""

    crews: tuple[Crew, ...] = TEAMS
    services: tuple[Serv, ...] = SERVICES
    promises: tuple[Promise, ...] = field(default_factory=slos)

    @cached_property
    def by_name(self) -> dict[str, Serv]:
        return {s.service: s for s in self.services}

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(s.service for s in self.services)

    @cached_property
    def place(self) -> dict[str, int]:
        """Service → where it stands in `services`, as columns keep it."""
        return {name: n for n, name in enumerate(self.names)}

    @cached_property
    def tiers(self) -> Ints:
        return np.array([s.tier for s in self.services], dtype=np.int64)

    @cached_property
    def temper(self) -> Floats:
        """How much more than its like each service breaks; at home all are alike."""
        drawn = np.exp(chance("temper").normal(-0.25, 0.75, len(self.services)))
        return np.where([not s.market for s in self.services], 1.0, drawn)

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Everybody who is ever on duty, team by team."""
        return tuple(mail(person) for crew in self.crews for person in crew.people)

    @cached_property
    def _crews(self) -> dict[str, Crew]:
        return {crew.team: crew for crew in self.crews}

    @property
    def size(self) -> float:
        """How much more happens to it than to the small company; teams look after their own, so it grows slower."""
        return float((len(self.services) / len(SERVICES)) ** 0.75)

    def crew_of(self, service: str) -> Crew:
        return self._crews[self.by_name[service].team]

    @cached_property
    def _near(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for s in self.services:
            found.setdefault((s.product, s.market), []).append(s.service)
        return found

    def beside(self, service: str) -> list[str]:
        """The services of the same product and market, itself included."""
        own = self.by_name[service]
        return self._near[own.product, own.market]

    def people_of(self, service: str) -> tuple[str, ...]:
        """The people of the team behind a service."""
        return self.crew_of(service).people


@dataclass(frozen=True)
class Stage(Timeline):
    company: Company = field(default_factory=Company)
    plan: Plan = SMALL

    @cached_property
    def retired_on(self) -> date:
        """The day the old checkout went away: soon after the new one's launch."""
        return back(self.last, 7).replace(day=15)

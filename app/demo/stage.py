"""Who plays and when: the company of one size on its timeline, handed to every part of the story."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from app.demo.organisation import SERVICES, TEAMS, Crew, Promise, Serv, mail, slos
from app.demo.timeline import Ints, Timeline, back


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

    def beside(self, service: str) -> list[str]:
        """The services of the same product and market, itself included."""
        own = self.by_name[service]
        return [s.service for s in self.services if (s.product, s.market) == (own.product, own.market)]

    def people_of(self, service: str) -> tuple[str, ...]:
        """The people of the team behind a service."""
        return self.crew_of(service).people


@dataclass(frozen=True)
class Stage(Timeline):
    company: Company = field(default_factory=Company)

    @cached_property
    def retired_on(self) -> date:
        """The day the old checkout went away: soon after the new one's launch."""
        return back(self.last, 7).replace(day=15)

"""Where a fact counts: in which period, and in which groups of which scope."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property

from app.metrics.facts import Facts, Service, Span
from app.metrics.numbers import Ask, Group
from app.metrics.periods import Period, local_day, midnight

ALL = Group()
_COMPANY = frozenset({ALL})
PLACED = frozenset({"tier", "team", "service", "product"})
"""What a fact has by its service, or a team of its own."""
_OF_SERVICE = frozenset({"tier", "service", "product"})


class Places:
    """The periods and groups of one question."""

    def __init__(self, facts: Facts, ask: Ask) -> None:
        self.facts = facts
        self.ask = ask
        self.by = ask.by
        self.scope = ask.scope
        self.periods = sorted(ask.periods)
        self._starts = [period.start for period in self.periods]
        self._ends = [period.end for period in self.periods]
        self._known: dict[tuple[tuple[str, ...], str | None, int | None, str | None], frozenset[Group]] = {}
        self._split = bool(ask.by & PLACED) or any(part is not None for part in ask.scope)

    def period(self, at: datetime) -> str | None:
        """The key of the period that holds an instant."""
        place = bisect_right(self._starts, at) - 1
        return self.periods[place].key if place >= 0 and at < self._ends[place] else None

    def overlapping(self, start: datetime, end: datetime) -> Iterable[tuple[Period, datetime, datetime]]:
        """The periods that share time with [start, end), with the shared stretch."""
        place = max(0, bisect_right(self._starts, start) - 1)
        while place < len(self.periods) and self._starts[place] < end:
            low, high = max(start, self._starts[place]), min(end, self._ends[place])
            if low < high:
                yield self.periods[place], low, high
            place += 1

    def moment(self, period: Period) -> datetime:
        """When an as-of number of this period is taken: at its end, or at as-of where that is earlier."""
        return min(period.end, self.ask.as_of)

    @cached_property
    def begun(self) -> tuple[Period, ...]:
        """The periods that have begun at as-of."""
        return tuple(period for period in self.periods if period.start < self.ask.as_of)

    def alive(self, services: Iterable[str], at: datetime) -> tuple[str, ...] | None:
        """The services not yet retired at an instant; None when all of some named ones are: the fact does not count."""
        named = tuple(services)
        if self._retiring.isdisjoint(named):
            return named
        left = tuple(name for name in named if not self.retired(name, at))
        return None if named and not left else left

    @cached_property
    def _retiring(self) -> frozenset[str]:
        """The services that retire on some day."""
        return frozenset(one.service for one in self.facts.services.values() if one.retired_on is not None)

    def retired(self, service: str, at: datetime) -> bool:
        """Whether a service had retired: the day of `retired_on` still counts."""
        known = self.facts.services.get(service)
        if known is None or known.retired_on is None:
            return False
        return local_day(at, self.facts.policy.timezone) > known.retired_on

    def groups(
        self,
        services: Iterable[str],
        *,
        team: str | None = None,
        severity: int | None = None,
        slo: str | None = None,
    ) -> frozenset[Group]:
        """The groups that a fact on these services counts in, once each; empty when out of scope.

        A fact on several services counts in the tier, team and service of each; one on unknown services in the company
        alone. `team` is the fact's own team (pages, shifts) and then goes before the services'.
        """
        key = (tuple(services), team, severity if "severity" in self.by else None, slo if "slo" in self.by else None)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._groups(*key)
        return found

    def _groups(
        self, services: tuple[str, ...], team: str | None, severity: int | None, slo: str | None
    ) -> frozenset[Group]:
        if not self._split:
            return frozenset({Group(severity=severity, slo=slo)})
        found: set[Group] = set()
        known: list[Service | None] = [self.facts.services[name] for name in services if name in self.facts.services]
        for service in known or ([None] if team is not None else []):
            group = self._group(service, team, severity, slo)
            if group is not None:
                found.add(group)
        return frozenset(found)

    def _group(self, service: Service | None, team: str | None, severity: int | None, slo: str | None) -> Group | None:
        team = team if team is not None else service.team if service else None
        scope = self.scope
        if scope.team is not None and team != scope.team:
            return None
        if scope.tier is not None and (service is None or service.tier != scope.tier):
            return None
        if scope.product is not None and (service is None or service.product != scope.product):
            return None
        if scope.service is not None and (service is None or service.service != scope.service):
            return None
        if service is None and self.by & _OF_SERVICE:
            return None
        if service is not None and service.product is None and "product" in self.by:
            return None
        return Group(
            tier=service.tier if service and "tier" in self.by else None,
            team=team if "team" in self.by else None,
            service=service.service if service and "service" in self.by else None,
            severity=severity,
            slo=slo,
            product=service.product if service and "product" in self.by else None,
        )

    def placed(self, team: str | None, service: str | None) -> frozenset[Group]:
        """The groups of a count that the store has already narrowed to the scope: team or service may be grouped
        away."""
        if not self.by & PLACED:
            return _COMPANY
        return self.groups((service,) if service else (), team=team)

    def ends(self, day: date) -> datetime:
        """The instant at which a local day has ended."""
        return midnight(date.fromordinal(day.toordinal() + 1), self.facts.policy.timezone)


_TIMED = (
    "incidents",
    "impacts",
    "postmortems",
    "actions",
    "shifts",
    "dr_tests",
    "sli",
    "pages",
    "deployments",
    "linked",
)


def _begun(spans: Iterable[Span], as_of: datetime) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.start <= as_of)


def known(facts: Facts, as_of: datetime) -> Facts:
    """The facts as they were known at an instant: later ones do not exist, later times inside one are blank."""
    if not any(getattr(facts, name) for name in _TIMED) and all(
        span.start <= as_of for spans in facts.watched.values() for span in spans
    ):
        return facts

    def past(at: datetime | None) -> datetime | None:
        return at if at is not None and at <= as_of else None

    return replace(
        facts,
        incidents=tuple(
            i
            if max(i.detected_at, i.mitigated_at or i.detected_at, i.resolved_at or i.detected_at) <= as_of
            else i._replace(
                acknowledged_at=past(i.acknowledged_at),
                mitigated_at=past(i.mitigated_at),
                resolved_at=past(i.resolved_at),
            )
            for i in facts.incidents
            if i.detected_at <= as_of
        ),
        impacts=tuple(
            i if i.end is None or i.end <= as_of else i._replace(end=None) for i in facts.impacts if i.start <= as_of
        ),
        postmortems=tuple(
            p._replace(
                drafted_at=past(p.drafted_at), completed_at=past(p.completed_at), reviewed_at=past(p.reviewed_at)
            )
            for p in facts.postmortems
        ),
        actions=tuple(
            a._replace(
                closed_at=past(a.closed_at),
                cancelled_at=past(a.cancelled_at),
                outcome=a.outcome if past(a.closed_at) else None,
            )
            for a in facts.actions
            if a.opened_at <= as_of
        ),
        shifts=tuple(s if s.end <= as_of else s._replace(end=as_of) for s in facts.shifts if s.start <= as_of),
        dr_tests=tuple(
            t if t.executed_at is None or t.executed_at <= as_of else t._replace(executed_at=None, result=None)
            for t in facts.dr_tests
        ),
        sli=tuple(s for s in facts.sli if s.start < as_of),
        pages=tuple(
            p if p.acknowledged_at is None or p.acknowledged_at <= as_of else p._replace(acknowledged_at=None)
            for p in facts.pages
            if p.triggered_at <= as_of
        ),
        deployments=tuple(d for d in facts.deployments if d.deployed_at <= as_of),
        linked=tuple(link for link in facts.linked if link.deployment.deployed_at <= as_of),
        watched={name: held for name, spans in facts.watched.items() if (held := _begun(spans, as_of))},
    )

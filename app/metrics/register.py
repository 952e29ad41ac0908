"""The risk register as it stood at a moment: levels, acceptances, reviews, actions.

What is odd in it tells `risk_findings`, from what forms keep beside the facts.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple

from app.metrics import dr, losses
from app.metrics.facts import Facts, Risk
from app.metrics.grouping import Places
from app.metrics.lessons import Owed, owed
from app.metrics.numbers import Ask
from app.metrics.periods import local_day
from app.metrics.risks import open_at, score

SOON_DAYS = 30
"""An acceptance that ends within so many days is about to run out."""
Acceptance = Literal["none", "live", "ending", "ran_out", "unsigned", "endless"]
"""Unsigned: to be accepted, by nobody yet. Endless: signed without a last day."""
Which = Literal["inherent", "current", "target"]


class Level(NamedTuple):
    """A cell of the matrix."""

    likelihood: int
    impact: int

    @property
    def score(self) -> int:
        """Likelihood x impact, 1-25."""
        return self.likelihood * self.impact


@dataclass(frozen=True)
class Standing:
    """One risk as it stood."""

    risk: Risk
    open: bool
    above: bool
    """Above the appetite line."""
    acceptance: Acceptance
    review_overdue: bool
    actions: tuple[Owed, ...]
    loss: float | None
    """In an average year, money; None: not stated."""

    @cached_property
    def current(self) -> Level:
        return Level(self.risk.likelihood, self.risk.impact)

    @cached_property
    def inherent(self) -> Level | None:
        return _level(self.risk.inherent_likelihood, self.risk.inherent_impact)

    @cached_property
    def target(self) -> Level | None:
        return _level(self.risk.target_likelihood, self.risk.target_impact)

    def level(self, which: Which) -> Level | None:
        """Where it lies in the matrix; None where that is not stated."""
        return self.current if which == "current" else self.inherent if which == "inherent" else self.target

    @property
    def at_target(self) -> bool | None:
        """Whether it has come down to its target; None without one."""
        return None if self.target is None else self.current.score <= self.target.score

    @property
    def lowered(self) -> bool:
        """Whether it has come down from its inherent level."""
        return self.inherent is not None and self.current.score < self.inherent.score

    @property
    def working(self) -> tuple[Owed, ...]:
        """Its actions that are not done."""
        return tuple(one for one in self.actions if one.state in ("open", "overdue"))


def _level(likelihood: int | None, impact: int | None) -> Level | None:
    return None if likelihood is None or impact is None else Level(likelihood, impact)


def day_of(facts: Facts, moment: datetime) -> date:
    """The local day that a moment ends: at midnight, the day before."""
    return local_day(moment - timedelta(microseconds=1), facts.policy.timezone)


def register(facts: Facts, ask: Ask) -> list[Standing]:
    """Every risk in scope that somebody had identified by as-of, the highest level first, then the dearest."""
    places, day = Places(facts, ask), day_of(facts, ask.as_of)
    running = local_day(ask.as_of, facts.policy.timezone)
    actions = defaultdict(list)
    for action in facts.actions:
        if action.origin == "risk":
            actions[action.origin_id].append(owed(facts, action, ask.as_of))
    found = [
        _standing(places, risk, day, running, actions.get(risk.risk, ()))
        for risk in facts.risks
        if (risk.identified_on is None or risk.identified_on <= day) and places.groups(risk.services)
    ]
    return sorted(found, key=lambda one: (-one.current.score, -(one.loss or 0.0), one.risk.risk, one.risk.source))


def _standing(places: Places, risk: Risk, day: date, running: date, actions: Sequence[Owed]) -> Standing:
    """`running` is the day that had not ended."""
    return Standing(
        risk=risk,
        open=open_at(risk, day),
        above=score(risk) > places.facts.policy.risk.appetite,
        acceptance=acceptance(risk, running, day),
        review_overdue=risk.review_on is not None and risk.review_on < running,
        actions=tuple(actions),
        loss=losses.expected(risk),
    )


def acceptance(risk: Risk, running: date, day: date) -> Acceptance:
    """The state of a risk's acceptance, which holds to the end of its last day, while a day is running; `day` is that
    day, or at midnight the one that ends."""
    if risk.accepted_until is not None and risk.accepted_until < running:
        return "ran_out"
    if risk.accepted_by is None:
        return "unsigned" if risk.treatment == "accept" or risk.accepted_until is not None else "none"
    if risk.accepted_until is None:
        return "endless"
    return "ending" if risk.accepted_until <= day + timedelta(SOON_DAYS) else "live"


def without_action(found: Iterable[Standing]) -> list[Standing]:
    """Open risks to be mitigated, transferred or avoided for which there is no action that was not cancelled."""
    return [
        one
        for one in found
        if one.open and one.risk.treatment != "accept" and all(action.state == "cancelled" for action in one.actions)
    ]


def cells(found: Iterable[Standing], which: Which) -> Mapping[Level, int]:
    """How many risks lie in each cell of the matrix; those that do not state this level are in none."""
    counts: defaultdict[Level, int] = defaultdict(int)
    for one in found:
        level = one.level(which)
        if level is not None:
            counts[level] += 1
    return counts


def gaps(facts: Facts, ask: Ask) -> list[str]:
    """Services of tier 0-1 whose recovery was not tested in time, and that no open risk names; none where no DR test is
    known."""
    day = day_of(facts, ask.as_of)
    named = {name for risk in facts.risks if open_at(risk, day) for name in risk.services}
    return sorted({row.id for row in dr.dr_coverage(facts, ask) if not row.part and row.id not in named})


class Since(NamedTuple):
    """What has changed between two moments."""

    ran_out: int
    reviews: int
    identified: int
    closed: int


def since(facts: Facts, ask: Ask, until: datetime) -> Since:
    """What ran out, fell due, was found and was closed after as-of, up to `until`, in scope."""
    places, first, last = Places(facts, ask), day_of(facts, ask.as_of), day_of(facts, until)
    ran_out = reviews = identified = closed = 0
    for risk in facts.risks:
        if not places.groups(risk.services):
            continue
        if open_at(risk, last):
            ran_out += _ended(places, risk.accepted_until, ask.as_of, until)
            reviews += _ended(places, risk.review_on, ask.as_of, until)
        identified += risk.identified_on is not None and first < risk.identified_on <= last
        closed += risk.closed_on is not None and first < risk.closed_on <= last and open_at(risk, first)
    return Since(ran_out, reviews, identified, closed)


def _ended(places: Places, day: date | None, after: datetime, until: datetime) -> bool:
    return day is not None and after < places.ends(day) <= until


class Hit(NamedTuple):
    """One incident, and the services that it names."""

    at: datetime
    severity: int
    services: tuple[str, ...]


class Hits:
    """Incidents, the earliest first, to be counted for any stretch of time."""

    def __init__(self, found: Sequence[Hit]) -> None:
        self._times = [hit.at for hit in found]
        self._severities = [hit.severity for hit in found]
        self._by_service: defaultdict[str, list[int]] = defaultdict(list)
        for at, hit in enumerate(found):
            for name in dict.fromkeys(hit.services):
                self._by_service[name].append(at)

    def of(
        self, risks: Iterable[Risk], start: datetime, stop: datetime, severe: int
    ) -> dict[tuple[str, str], tuple[int, int]]:
        """(source, risk) → incidents on any of its services from `start` until before `stop`, each once, and how many
        of them were of severity 1 to `severe`."""
        first, after = bisect_left(self._times, start), bisect_left(self._times, stop)
        found = {}
        for risk in risks:
            touched = {at for name in risk.services for at in self._between(name, first, after)}
            found[risk.source, risk.risk] = len(touched), sum(self._severities[at] <= severe for at in touched)
        return found

    def _between(self, service: str, first: int, after: int) -> Sequence[int]:
        places = self._by_service.get(service, ())
        return places[bisect_left(places, first) : bisect_left(places, after)]

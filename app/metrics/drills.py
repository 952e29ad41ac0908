"""DR tests one by one: what became of each, how fast services came back, what is proven, claimed, owed and never
tried."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import inf
from typing import Literal, NamedTuple

from app.metrics import intervals
from app.metrics.dr import executed, target_minutes
from app.metrics.facts import Action, DrTest, Facts, Risk
from app.metrics.grouping import Places
from app.metrics.lessons import ID, Owed, owed
from app.metrics.numbers import EVERYTHING, Ask, Row
from app.metrics.periods import Period, containing, local_day
from app.metrics.risks import open_at, score

State = Literal["passed", "partial", "failed", "no_result", "overdue", "planned", "postponed", "cancelled"]
Proven = Literal["never", "lapsed", "due", "current"]
Doubt = Literal["", "failed", "partial", "paper"]
DONE: tuple[State, ...] = ("passed", "partial", "failed", "no_result")
STATES: tuple[State, ...] = (*DONE, "overdue", "postponed", "cancelled", "planned")
KINDS = ("full_scale", "failover", "game_day", "functional", "backup_restore", "walkthrough", "tabletop")
"""What proves most comes first."""
_PAPER = frozenset({"walkthrough", "tabletop"})
"""Kinds in which nothing is switched, restored or started."""
DUE_SOON = timedelta(days=60)


class Time(NamedTuple):
    """Minutes that it took against those that it might take."""

    achieved: float | None
    target: float | None
    """Of the test, else of its services, else of their tiers; None: none is known."""

    @property
    def met(self) -> bool | None:
        """Whether it was fast enough; None where either is not known."""
        return None if self.achieved is None or self.target is None else self.achieved <= self.target

    @property
    def ratio(self) -> float | None:
        """How many times the target it took; None where either is not known."""
        if self.achieved is None or self.target is None:
            return None
        return self.achieved / self.target if self.target else (inf if self.achieved else 0.0)


class Drill(NamedTuple):
    """One test and what became of it by as-of."""

    test: DrTest
    state: State
    rto: Time
    rpo: Time

    @property
    def id(self) -> ID:
        return self.test.source, self.test.test

    @property
    def lacks(self) -> tuple[str, ...]:
        """What a passed test cannot show for itself: evidence, attestation; nothing for any other test."""
        if self.state != "passed":
            return ()
        there = {"evidence": self.test.evidence_url, "attestation": self.test.attested_by}
        return tuple(name for name, shown in there.items() if not shown)

    @property
    def own_word(self) -> bool:
        """Whether whoever led the test attested it too."""
        return self.state in DONE and self.test.lead is not None and self.test.attested_by == self.test.lead


def state(test: DrTest, today: date) -> State:
    """What became of a test by as-of, which is on the day `today`; a planned day holds to its end."""
    if executed(test):
        results: dict[str | None, State] = {"passed": "passed", "partial": "partial", "failed": "failed"}
        return results.get(test.result, "no_result")
    if test.status == "postponed":
        return "postponed"
    if test.status == "cancelled":
        return "cancelled"
    return "overdue" if test.planned_on < today else "planned"


def drills(facts: Facts, as_of: datetime) -> list[Drill]:
    """Every test, whenever it was or will be, by planned day."""
    today = local_day(as_of, facts.policy.timezone)
    found = [
        Drill(
            test,
            state(test, today),
            Time(test.rto_achieved_minutes, target_minutes(facts, test, "rto_minutes")),
            Time(test.rpo_achieved_minutes, target_minutes(facts, test, "rpo_minutes")),
        )
        for test in facts.dr_tests
    ]
    return sorted(found, key=lambda one: (one.test.planned_on, one.test.name, one.test.source, one.test.test))


def in_scope(facts: Facts, ask: Ask, found: Iterable[Drill]) -> list[Drill]:
    """Those that count in the scope: not on services that had all retired when it was done, or was to be done."""
    places = Places(facts, ask)
    retired = {name for name, service in facts.services.items() if service.retired_on is not None}
    kept = []
    for one in found:
        services: tuple[str, ...] | None = one.test.services
        if not retired.isdisjoint(one.test.services):
            at = one.test.executed_at if one.state in DONE else None
            services = places.alive(
                one.test.services, at or places.ends(one.test.planned_on) - timedelta(microseconds=1)
            )
        if services is not None and (ask.scope == EVERYTHING or places.groups(services)):
            kept.append(one)
    return kept


def done_within(found: Iterable[Drill], start: datetime, stop: datetime) -> list[Drill]:
    """Those carried out from `start` until before `stop`, the latest first."""
    done = [
        (one.test.executed_at, one)
        for one in found
        if one.test.executed_at is not None and start <= one.test.executed_at < stop and one.state in DONE
    ]
    return [one for _, one in sorted(done, key=lambda pair: (pair[0], pair[1].id), reverse=True)]


def worst(found: Iterable[Drill], which: Literal["rto", "rpo"]) -> list[Drill]:
    """Those whose time and its target are known, the furthest beyond the target first."""
    known = [(ratio, one) for one in found if (ratio := getattr(one, which).ratio) is not None]
    return [one for _, one in sorted(known, key=lambda pair: (-pair[0], pair[1].test.planned_on, pair[1].id))]


class Calendar(NamedTuple):
    """What was planned when, and what became of it."""

    months: tuple[Period, ...]
    kinds: tuple[str, ...]
    """Kinds with any test in these months, what proves most first."""
    cells: Mapping[tuple[str, str], Counter[State]]
    """(kind, month's key) → how many tests of each state were planned for it."""

    @property
    def states(self) -> Counter[State]:
        """How many tests of each state there are in all."""
        return sum(self.cells.values(), Counter())


def months_around(last: Period, ahead: int = 6, back: int = 12) -> tuple[Period, ...]:
    """So many months up to this one, and those ahead of it."""
    found = [last.previous(step) for step in range(back - 1, -1, -1)]
    while len(found) < back + ahead:
        found.append(containing(found[-1].after, "month", last.zone))
    return tuple(found)


def calendar(found: Iterable[Drill], months: Sequence[Period]) -> Calendar:
    """The tests planned for these months. A test stands in the month it was planned for, whenever it was done."""
    cells: defaultdict[tuple[str, str], Counter[State]] = defaultdict(Counter)
    keys = {(month.first.year, month.first.month): month.key for month in months}
    for one in found:
        key = keys.get((one.test.planned_on.year, one.test.planned_on.month))
        if key is not None:
            cells[one.test.kind, key][one.state] += 1
    held = {kind for kind, _ in cells}
    order = {kind: at for at, kind in enumerate(KINDS)}
    return Calendar(tuple(months), tuple(sorted(held, key=lambda kind: (order.get(kind, 99), kind))), dict(cells))


class Passed(NamedTuple):
    """Tests of one kind that passed, among those with a result."""

    kind: str
    part: float
    whole: float

    @property
    def interval(self) -> intervals.Interval | None:
        """Wilson, 95 %."""
        return intervals.wilson(self.part, self.whole)

    def against(self, target: float | None) -> Literal["met", "missed", "unsure", "no_target"]:
        """Whether the share reaches the target; unsure where its range lies on both sides."""
        between = self.interval
        if target is None or between is None:
            return "no_target"
        return "met" if between.low >= target else "missed" if between.high < target else "unsure"


def by_kind(found: Iterable[Drill]) -> list[Passed]:
    """Of tests that were carried out, those that passed by kind of test; what proves most first."""
    parts: Counter[str] = Counter()
    wholes: Counter[str] = Counter()
    for one in found:
        if one.state in ("passed", "partial", "failed"):
            parts[one.test.kind] += one.state == "passed"
            wholes[one.test.kind] += 1
    order = {kind: at for at, kind in enumerate(KINDS)}
    return [Passed(kind, parts[kind], wholes[kind]) for kind in sorted(wholes, key=lambda k: (order.get(k, 99), k))]


class Proof(NamedTuple):
    """How one service is known to come back."""

    service: str
    name: str
    tier: int
    state: Proven
    tested_at: datetime | None
    """Its last test; None: never tested."""
    lapses_on: date | None
    """The local day on which that proof is too old."""
    planned_on: date | None
    """When it is to be tested next; None: no test is planned."""
    last: Drill | None
    doubt: Doubt = ""
    """Why a test in time proves little: its last result, or that it was talked through on paper alone."""


def proofs(rows: Iterable[Row], facts: Facts, found: Sequence[Drill], as_of: datetime) -> list[Proof]:
    """The rows behind `dr_coverage` at as-of, a service each: never tested first, then by when the proof lapses."""
    done: defaultdict[str, list[tuple[datetime, Drill]]] = defaultdict(list)
    following: dict[str, date] = {}
    for one in found:
        for name in one.test.services:
            if one.state in DONE and one.test.executed_at is not None:
                done[name].append((one.test.executed_at, one))
            elif one.state == "planned":
                following[name] = min(one.test.planned_on, following.get(name, one.test.planned_on))
    made = []
    for row in rows:
        service = facts.services.get(row.id)
        tier = facts.policy.tiers.get(service.tier) if service else None
        if service is None or tier is None or tier.test_interval_days is None:
            continue
        lapses_at = row.at + timedelta(days=tier.test_interval_days) if row.at is not None else None
        proven: Proven = "never"
        if lapses_at is not None:
            proven = "lapsed" if not row.part else "due" if lapses_at <= as_of + DUE_SOON else "current"
        made.append(
            Proof(
                service.service, service.name, service.tier, proven, row.at,
                local_day(lapses_at, facts.policy.timezone) if lapses_at else None,
                following.get(service.service), next((one for at, one in done[row.id] if at == row.at), None),
                _doubt(done[row.id], as_of - timedelta(days=tier.test_interval_days)) if row.part else "",
            )
        )  # fmt: skip
    return sorted(made, key=lambda one: (one.lapses_on or date.min, one.tier, one.name.casefold(), one.service))


def _doubt(done: Sequence[tuple[datetime, Drill]], since: datetime) -> Doubt:
    """What is doubtful about the tests of one service since an instant: the last with a result, then their kinds."""
    recent = [(at, one) for at, one in done if at >= since]
    judged = [(at, one) for at, one in recent if one.state != "no_result"]
    last = max(judged, key=lambda pair: (pair[0], pair[1].id), default=None)
    if last is not None and last[1].state in ("failed", "partial"):
        return "failed" if last[1].state == "failed" else "partial"
    return "paper" if recent and all(one.test.kind in _PAPER for _, one in recent) else ""


class Remedy(NamedTuple):
    """One action that a test called for."""

    owed: Owed
    drill: Drill


def remedies(facts: Facts, actions: Iterable[Action], found: Iterable[Drill], as_of: datetime) -> list[Remedy]:
    """The actions that came of these tests: overdue first, then open, then ended; the longest due first in each."""
    tests = {one.test.test: one for one in found}
    made = [
        Remedy(owed(facts, action, as_of), tests[action.origin_id])
        for action in actions
        if action.origin == "dr_test" and action.origin_id in tests
    ]
    order = {"overdue": 0, "open": 1}
    return sorted(
        made,
        key=lambda one: (order.get(one.owed.state, 2), one.owed.due_on or date.max, one.owed.action.action),
    )


def risks_of(facts: Facts, test: DrTest, as_of: datetime) -> list[Risk]:
    """The risks open at as-of on a service of the test, the greatest first."""
    today = local_day(as_of, facts.policy.timezone)
    here = [risk for risk in facts.risks if open_at(risk, today) and set(risk.services) & set(test.services)]
    return sorted(here, key=lambda risk: (-score(risk), risk.risk))

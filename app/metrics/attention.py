"""What waits for a person: overdue actions, acceptances that ran out, reviews and tests that are due, services that
suffer most.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import nsmallest
from typing import Literal, NamedTuple

from app.metrics.dr import executed
from app.metrics.facts import Facts
from app.metrics.grouping import Places
from app.metrics.numbers import Ask, Number
from app.metrics.periods import local_day
from app.metrics.risks import open_at, score

AHEAD_DAYS = 30
"""How far ahead something counts as due soon."""
Kind = Literal[
    "acceptance_expired", "review_overdue", "action_overdue", "test_overdue", "acceptance_expiring", "test_due"
]
KINDS: tuple[Kind, ...] = (
    "acceptance_expired",
    "review_overdue",
    "action_overdue",
    "test_overdue",
    "acceptance_expiring",
    "test_due",
)
"""The most pressing first."""


_JUDGED = ("slos_met", "customer_impact_minutes", "major_incidents")


class Waiting(NamedTuple):
    """One thing that waits: for whom, since or until which day."""

    kind: Kind
    entity: str
    source: str
    id: str
    title: str
    on: date
    owner: str | None
    origin: str | None = None
    """Of an action: what it came from, as `incident INC-12`."""
    url: str | None = None
    weight: int = 0
    """Of a risk: likelihood x impact."""


def waiting(facts: Facts, ask: Ask) -> list[Waiting]:
    """Everything in scope that waits for somebody at as-of, the most pressing kind first, within it the
    longest overdue first."""
    places = Places(facts, ask)
    today = local_day(ask.as_of, facts.policy.timezone)
    found = [*_risks(facts, places, today), *_actions(facts, places, ask.as_of), *_tests(facts, places, today)]
    return sorted(found, key=lambda thing: (KINDS.index(thing.kind), thing.on, -thing.weight, thing.id))


def _risks(facts: Facts, places: Places, today: date) -> Iterator[Waiting]:
    soon = today + timedelta(AHEAD_DAYS)
    for risk in facts.risks:
        if not open_at(risk, today) or not places.groups(risk.services):
            continue
        about = ("risks", risk.source, risk.risk, risk.title)
        if risk.accepted_until is not None and risk.accepted_until <= soon:
            kind: Kind = "acceptance_expired" if risk.accepted_until < today else "acceptance_expiring"
            yield Waiting(kind, *about, risk.accepted_until, risk.accepted_by or risk.owner, weight=score(risk))
        if risk.review_on is not None and risk.review_on < today:
            yield Waiting("review_overdue", *about, risk.review_on, risk.owner, weight=score(risk))


def _actions(facts: Facts, places: Places, as_of: datetime) -> Iterator[Waiting]:
    services: dict[tuple[str, str], tuple[str, ...]] = {
        **{("incident", incident.incident): incident.services for incident in facts.incidents},
        **{("risk", risk.risk): risk.services for risk in facts.risks},
        **{("dr_test", test.test): test.services for test in facts.dr_tests},
    }
    for action in facts.actions:
        due = action.due_on or action.original_due_on
        if due is None or action.closed_at is not None or action.cancelled_at is not None or places.ends(due) > as_of:
            continue
        if places.groups(services.get((action.origin, action.origin_id), ())):
            origin = f"{action.origin.replace('_', ' ').replace('dr ', 'DR ')} {action.origin_id}"
            about = ("actions", action.source, action.action, action.title)
            yield Waiting("action_overdue", *about, due, action.owner, origin, action.url, -(action.priority or 5))


def _tests(facts: Facts, places: Places, today: date) -> Iterator[Waiting]:
    soon = today + timedelta(AHEAD_DAYS)
    for test in facts.dr_tests:
        if executed(test) or test.status == "cancelled" or test.planned_on > soon or not places.groups(test.services):
            continue
        kind: Kind = "test_overdue" if test.planned_on < today else "test_due"
        yield Waiting(kind, "dr_tests", test.source, test.test, test.name, test.planned_on, test.lead)


@dataclass(frozen=True)
class Suffering:
    """A service with what makes it one of the worst."""

    service: str
    frozen: tuple[Number, ...] = ()
    """Its SLOs without budget, the most overspent first."""
    missed: Number | None = None
    """SLOs met over the period, where not all were."""
    impact: Number | None = None
    """Minutes of customer impact, where there were any."""
    majors: Number | None = None
    key: tuple[float, ...] = field(default=(), repr=False)


def suffering(
    left: Mapping[str, float],
    sums: Mapping[str, Mapping[str, tuple[float, float]]],
    homes: Mapping[str, str],
    most: int = 3,
) -> list[str]:
    """The services that `worst` would name first, from sums: `left` is what each SLO has left of its budget, `sums`
    are parts and wholes of SLOs met, customer impact and severe incidents by service, `homes` each SLO's service."""
    spent = Counter(homes[slo] for slo, rest in left.items() if rest <= 0 and slo in homes)
    found: dict[str, dict[str, tuple[float, float]]] = {service: {} for service in spent}
    for key, totals in sums.items():
        for service, total in totals.items():
            found.setdefault(service, {})[key] = total
    ranked = []
    for service, by_key in found.items():
        (met, of), (impact, _), (majors, _) = (by_key.get(key, (0.0, 0.0)) for key in _JUDGED)
        share = met / of if of > 0 else 1.0
        if spent[service] or share < 1 or impact or majors:
            ranked.append((_rank(spent[service], impact, share), service))
    return [service for _, service in nsmallest(most, ranked)]


def worst(
    budgets: Iterable[Number], by_service: Sequence[Number], homes: Mapping[str, str], most: int = 3
) -> list[Suffering]:
    """The services that suffer most: those with spent budgets first, then by customer impact, then by SLOs missed.

    `budgets` are error budgets by SLO, `homes` each SLO's service, `by_service` the other numbers by service. A service
    without a reason is not listed.
    """
    spent: dict[str, list[Number]] = {}
    for number in budgets:
        home = homes.get(number.group.slo or "")
        if home is not None and number.value is not None and number.value <= 0:
            spent.setdefault(home, []).append(number)
    found: dict[str, dict[str, Number]] = {service: {} for service in spent}
    for number in by_service:
        if number.group.service is not None and number.value is not None:
            found.setdefault(number.group.service, {})[number.kpi] = number
    listed = [_suffering(service, numbers, spent.get(service, [])) for service, numbers in found.items()]
    reasons = [one for one in listed if one.frozen or one.missed or one.impact or one.majors]
    return sorted(reasons, key=lambda one: (one.key, one.service))[:most]


def _rank(spent: int, minutes: float, share: float) -> tuple[float, ...]:
    return (-float(bool(spent)), -minutes, share, -spent)


def _suffering(service: str, numbers: Mapping[str, Number], spent: list[Number]) -> Suffering:
    met, impact, majors = (numbers.get(key) for key in _JUDGED)
    missed = met if met is not None and met.value is not None and met.value < 1 else None
    hit = impact if impact is not None and impact.value else None
    severe = majors if majors is not None and majors.value else None
    minutes = hit.value if hit is not None and hit.value is not None else 0.0
    share = missed.value if missed is not None and missed.value is not None else 1.0
    frozen = tuple(sorted(spent, key=lambda number: number.value if number.value is not None else 0.0))
    return Suffering(service, frozen, missed, hit, severe, _rank(len(frozen), minutes, share))


def changed(numbers: Iterable[Number]) -> list[Number]:
    """The numbers with a real change, worsening ones first, the most recent first within."""
    told = [number for number in numbers if number.value is not None and number.signal in ("worsening", "improving")]
    worse = sorted((n for n in told if n.signal == "worsening"), key=lambda n: n.since or n.period, reverse=True)
    better = sorted((n for n in told if n.signal == "improving"), key=lambda n: n.since or n.period, reverse=True)
    return worse + better

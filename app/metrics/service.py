"""One service: what its incidents did to it, what proves that it would come back, what could hurt it and what is being
done; and how services stand beside one another."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from app.metrics import impact, lessons
from app.metrics.drills import Drill, done_within, drills, in_scope
from app.metrics.facts import Facts, Incident, Risk, Service
from app.metrics.lessons import Owed, Toll
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import between, local_day
from app.metrics.risks import open_at, score


def toll(facts: Facts, incident: Incident, service: str, as_of: datetime) -> Toll:
    """What an incident did to one service: minutes of customer impact on it and their cost; an incident that touched
    customers through other services alone gives it 0 minutes."""
    alone = Facts(
        policy=facts.policy,
        services=facts.services,
        incidents=(incident,),
        impacts=tuple(
            one for one in facts.impacts if (one.source, one.incident) == (incident.source, incident.incident)
        ),
    )
    spans = impact.windows(alone, as_of)
    if not spans:
        return Toll(None, None)
    zone = facts.policy.timezone
    first, last = min(span.start for span in spans), max(max(span.stop, span.start) for span in spans)
    whole = between(local_day(first, zone), local_day(last, zone), "span", zone)
    ask = Ask(whole, as_of, scope=Scope(service=service))
    minutes = sum(row.part for row in impact.customer_impact_minutes(alone, ask))
    priced = [row.part for row in impact.downtime_cost(alone, ask) if not row.reason]
    return Toll(minutes, sum(priced) if priced else None)


def severities(found: Sequence[Incident], ask: Ask) -> dict[int, list[int]]:
    """Severity → how many of these incidents were detected in each period of the question, in its order."""
    counts: Counter[tuple[int, int]] = Counter()
    for one in found:
        for at, period in enumerate(ask.periods):
            if period.start <= one.detected_at < period.end:
                counts[one.severity, at] += 1
    return {
        severity: [counts[severity, at] for at in range(len(ask.periods))]
        for severity in sorted({severity for severity, _ in counts})
    }


class Return(NamedTuple):
    """What is known of whether a service would come back."""

    done: tuple[Drill, ...]
    """Tests carried out, the latest first."""
    ahead: Drill | None
    """The next one planned."""
    overdue: tuple[Drill, ...]
    """The longest overdue first."""
    lapses_on: date | None
    """The local day on which its last test is too old; None where nothing was tested or its tier asks for no tests."""
    asked: bool
    """Whether the policy asks for tests of its tier."""

    @property
    def passed(self) -> Drill | None:
        """The latest test that passed."""
        return next((drill for drill in self.done if drill.state == "passed"), None)


def in_time(drill: Drill) -> bool | None:
    """Whether every achieved time met its target; None where no time can be compared."""
    told = [time.met for time in (drill.rto, drill.rpo) if time.met is not None]
    return all(told) if told else None


def back(facts: Facts, service: Service, as_of: datetime) -> Return:
    """The DR tests of a service, by when they were carried out or are planned."""
    ask = Ask((), as_of, scope=Scope(service=service.service))
    found = in_scope(facts, ask, drills(facts, as_of))
    done = done_within(found, datetime.min.replace(tzinfo=UTC), as_of + timedelta(microseconds=1))
    tier = facts.policy.tiers.get(service.tier)
    days = tier.test_interval_days if tier else None
    last = done[0].test.executed_at if done else None
    return Return(
        tuple(done),
        next((one for one in found if one.state == "planned"), None),
        tuple(one for one in found if one.state == "overdue"),
        local_day(last + timedelta(days), facts.policy.timezone) if last is not None and days is not None else None,
        days is not None,
    )


def open_risks(facts: Facts, as_of: datetime) -> list[Risk]:
    """The risks that are open today, the weightiest first."""
    today = local_day(as_of, facts.policy.timezone)
    found = [risk for risk in facts.risks if open_at(risk, today)]
    return sorted(found, key=lambda risk: (-score(risk), risk.risk))


def actions(facts: Facts, as_of: datetime) -> list[Owed]:
    """Every action that followed from its incidents, risks and DR tests; the open ones first, the longest due first."""
    found = [lessons.owed(facts, action, as_of) for action in facts.actions]
    return sorted(
        found, key=lambda one: (one.state not in ("overdue", "open"), one.due_on or date.max, one.action.action)
    )


class Standing(NamedTuple):
    """How a service stands over a period, for a list of all; None: no data."""

    service: Service
    measured: int | None
    """SLOs with data in the period."""
    met: int | None
    spent: int | None
    """SLOs without error budget."""
    impact: float | None
    severe: int | None

    @property
    def pressing(self) -> tuple[float, ...]:
        """Sorts the worst first: spent budgets, then customer impact, then missed SLOs, then severe incidents."""
        missed = (self.measured or 0) - (self.met or 0)
        return (-float(bool(self.spent)), -(self.impact or 0.0), -missed, -(self.severe or 0), self.service.tier)


def standings(
    services: Iterable[Service], totals: Mapping[str, Mapping[str, tuple[float, float]]], watched: Container[str]
) -> list[Standing]:
    """Every service with its parts and wholes of `slos_met`, `error_budget_remaining`, `customer_impact_minutes` and
    `major_incidents` by service, the worst first. Nothing of the last two is zero where they were watched."""
    made = []
    for service in services:
        (met, of), (left, budgets), (hit, _), (severe, _) = (
            totals[key].get(service.service, (0.0, 0.0))
            for key in ("slos_met", "error_budget_remaining", "customer_impact_minutes", "major_incidents")
        )
        made.append(
            Standing(
                service,
                round(of) or None,
                round(met) if of else None,
                round(budgets - left) if budgets else None,
                hit if "customer_impact_minutes" in watched else None,
                round(severe) if "major_incidents" in watched else None,
            )
        )
    return sorted(made, key=lambda one: (one.pressing, one.service.name.casefold(), one.service.service))

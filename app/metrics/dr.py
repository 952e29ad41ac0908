"""Would we come back, and how do we know: DR tests, their times, and which services have been tested."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.metrics.facts import DrTest, Facts
from app.metrics.grouping import Places
from app.metrics.kpi import Kpi
from app.metrics.numbers import Ask, Group, Row


def executed(test: DrTest) -> bool:
    """Whether a test was carried out by as-of; one marked postponed or cancelled was not."""
    return test.executed_at is not None and test.status not in ("postponed", "cancelled")


def _row(
    test: DrTest,
    period: str,
    *,
    group: Group,
    at: datetime,
    part: float = 0,
    whole: float = 0,
    reason: str = "",
) -> Row:
    return Row(
        period, group, "dr_tests", test.source, test.test, test.name, at, part, whole, None, reason, test.evidence_url
    )


def _executed_in(facts: Facts, ask: Ask) -> Iterator[tuple[Places, DrTest, datetime, str, tuple[str, ...]]]:
    places = Places(facts, ask)
    for test in facts.dr_tests:
        if not executed(test) or test.executed_at is None:
            continue
        period = places.period(test.executed_at)
        services = places.alive(test.services, test.executed_at)
        if period and services is not None:
            yield places, test, test.executed_at, period, services


def dr_pass_rate(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Tests passed among those executed with a result, by executed_at."""
    for places, test, at, period, services in _executed_in(facts, ask):
        reason = "" if test.result else "no result yet"
        for group in places.groups(services):
            passed = float(test.result == "passed")
            yield _row(test, period, group=group, at=at, part=passed, whole=not reason, reason=reason)


def dr_on_plan(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Tests executed by as-of among those planned for a day that is past, by planned_on."""
    places = Places(facts, ask)
    for test in facts.dr_tests:
        due = places.ends(test.planned_on)
        at = due - timedelta(microseconds=1)
        period = places.period(at)
        services = places.alive(test.services, at)
        if period is None or services is None:
            continue
        reason = "" if due <= ask.as_of else "planned day is not past"
        for group in places.groups(services):
            part = 0.0 if reason else float(executed(test))
            yield _row(test, period, group=group, at=at, part=part, whole=not reason, reason=reason)


def target_minutes(facts: Facts, test: DrTest, which: str) -> float | None:
    """The RTO or RPO a test had to meet: its own, else the tightest that its services have of their own, else the
    tightest of their tiers; None when none is known. `which` is `rto_minutes` or `rpo_minutes`."""
    own: float | None = getattr(test, which)
    if own is not None:
        return own
    services = [facts.services[name] for name in test.services if name in facts.services]
    of_services: list[float] = [value for s in services if (value := getattr(s, which)) is not None]
    if of_services:
        return min(of_services)
    tiers = [facts.policy.tiers[s.tier] for s in services if s.tier in facts.policy.tiers]
    return min((float(getattr(tier, which)) for tier in tiers), default=None)


def rto_rpo_met(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Executed tests whose every achieved time meets its target, among those with an achieved time, by executed_at."""
    for places, test, at, period, services in _executed_in(facts, ask):
        achieved = [
            (value, target_minutes(facts, test, f"{which}_minutes"))
            for which in ("rto", "rpo")
            if (value := getattr(test, f"{which}_achieved_minutes")) is not None
        ]
        if not achieved:
            reason = "no achieved time"
        else:
            reason = "" if any(target is not None for _, target in achieved) else "no target is known"
        met = not reason and all(target is None or value <= target for value, target in achieved)
        for group in places.groups(services):
            yield _row(test, period, group=group, at=at, part=float(met), whole=not reason, reason=reason)


def dr_coverage(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Tier 0-1 services with an executed test within their tier's interval, among all of them, as-of."""
    places = Places(facts, ask)
    tests = [(test.executed_at, test) for test in facts.dr_tests if executed(test) and test.executed_at is not None]
    if not facts.dr_tests:
        return
    for period in places.begun:
        moment = places.moment(period)
        last: dict[str, datetime] = {}
        for at, test in tests:
            for name in test.services if at <= moment else ():
                last[name] = max(at, last.get(name, at))
        for service in facts.services.values():
            tier = facts.policy.tiers.get(service.tier)
            interval = tier.test_interval_days if tier else None
            if interval is None or places.retired(service.service, moment - timedelta(microseconds=1)):
                continue
            tested = last.get(service.service)
            part = float(tested is not None and tested >= moment - timedelta(days=interval))
            for group in places.groups((service.service,)):
                yield Row(period.key, group, "services", "", service.service, service.name, tested, part, 1)


KPIS = (
    Kpi(
        key="dr_pass_rate",
        name="DR tests passed",
        question="Would we come back?",
        category="Resilience",
        unit="share",
        shape="share",
        better="higher",
        at="executed_at",
        formula="tests passed / tests executed with a result",
        cadence="quarterly",
        needs=frozenset({"dr_tests"}),
        rows=dr_pass_rate,
        target="≥ 90 %",
    ),
    Kpi(
        key="dr_on_plan",
        name="DR tests on plan",
        question="Do we test what we planned to?",
        category="Resilience",
        unit="share",
        shape="share",
        better="higher",
        at="planned_on",
        formula="tests executed by as-of / tests planned for a day that is past (postponed and cancelled "
        "were not executed)",
        cadence="quarterly",
        needs=frozenset({"dr_tests"}),
        rows=dr_on_plan,
        target="≥ 90 %",
    ),
    Kpi(
        key="rto_rpo_met",
        name="RTO and RPO met",
        question="Would we come back fast enough?",
        category="Resilience",
        unit="share",
        shape="share",
        better="higher",
        at="executed_at",
        formula="executed tests whose every achieved time meets its target / executed tests with an achieved time",
        cadence="quarterly",
        needs=frozenset({"dr_tests"}),
        rows=rto_rpo_met,
        target="≥ 95 %",
    ),
    Kpi(
        key="dr_coverage",
        name="DR coverage",
        question="How do we know that we would come back?",
        category="Resilience",
        unit="share",
        shape="share",
        better="higher",
        at="as-of",
        formula="tier 0-1 services with an executed test within 180 (tier 0) or 365 (tier 1) days / tier 0-1 services",
        cadence="quarterly",
        needs=frozenset({"dr_tests"}),
        rows=dr_coverage,
        target="100 %",
    ),
)

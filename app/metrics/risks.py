"""What could hurt us and waits for a decision: risks above appetite, reviews and acceptances overdue."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from app.metrics.facts import Facts, Risk
from app.metrics.grouping import Places
from app.metrics.kpi import Kpi
from app.metrics.numbers import Ask, Group, Row
from app.metrics.periods import local_day


def open_at(risk: Risk, day: date) -> bool:
    """Whether a risk was open on a day: identified on a day that has begun (or no day known) and not closed by then;
    one
    closed on no known day never counts."""
    if risk.identified_on is not None and risk.identified_on > day:
        return False
    if risk.closed_on is not None:
        return risk.closed_on > day
    return risk.status == "open"


def open_risks(facts: Facts, ask: Ask) -> Iterator[tuple[Places, str, Risk, datetime]]:
    """(places, period key, risk, moment) of every risk open at the end of a period that has begun, in scope or not."""
    places = Places(facts, ask)
    for period in places.begun:
        moment = places.moment(period)
        day = local_day(moment - timedelta(microseconds=1), facts.policy.timezone)
        for risk in facts.risks:
            if open_at(risk, day):
                yield places, period.key, risk, moment


def score(risk: Risk) -> int:
    """Likelihood x impact, 1-25."""
    return risk.likelihood * risk.impact


def risks_above_appetite(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Risks open at the end of the period whose likelihood x impact lies above the appetite line."""
    return (
        _row(risk, period, group, moment)
        for places, period, risk, moment in open_risks(facts, ask)
        if score(risk) > facts.policy.risk.appetite
        for group in places.groups(risk.services)
    )


def overdue(places: Places, risk: Risk, moment: datetime) -> bool:
    """Whether the review date or the acceptance of a risk is a day that has ended."""
    return any(day is not None and places.ends(day) <= moment for day in (risk.review_on, risk.accepted_until))


def risk_reviews_overdue(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Risks open at the end of the period whose review_on, or whose accepted_until, is a day that has ended."""
    return (
        _row(risk, period, group, moment)
        for places, period, risk, moment in open_risks(facts, ask)
        if overdue(places, risk, moment)
        for group in places.groups(risk.services)
    )


def _row(risk: Risk, period: str, group: Group, moment: datetime) -> Row:
    title = f"{risk.title} ({risk.likelihood} x {risk.impact})"
    return Row(period, group, "risks", risk.source, risk.risk, title, moment, 1)


KPIS = (
    Kpi(
        key="risks_above_appetite",
        name="Risks above appetite",
        question="What could hurt us more than we accept?",
        category="Resilience",
        unit="count",
        shape="count",
        better="lower",
        at="as-of",
        formula="open risks with likelihood x impact above the appetite line (default 12)",
        needs=frozenset({"risks"}),
        watched=frozenset({"risks"}),
        rows=risks_above_appetite,
        target="0",
    ),
    Kpi(
        key="risk_reviews_overdue",
        name="Risk reviews overdue",
        question="Which risks have we stopped looking at?",
        category="Resilience",
        unit="count",
        shape="count",
        better="lower",
        at="as-of",
        formula="open risks whose review_on, or whose accepted_until, is a day that has ended",
        needs=frozenset({"risks"}),
        watched=frozenset({"risks"}),
        rows=risk_reviews_overdue,
        target="0",
    ),
)

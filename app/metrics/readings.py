"""KPIs that come as readings: spend and reviews are measured; of the others this release keeps the readings, and their
numbers say "not measured yet"."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Literal

from app.metrics import periods
from app.metrics.facts import Facts, Reading
from app.metrics.grouping import PLACED, Places
from app.metrics.kpi import Kpi, Unit
from app.metrics.numbers import Ask, Group, Row, Scope
from app.metrics.periods import Period


def _from_readings(
    key: str,
    name: str,
    question: str,
    category: str,
    unit: Unit,
    better: Literal["higher", "lower", "inside"],
    formula: str,
    target: str,
) -> Kpi:
    """A KPI made from readings, which this release keeps but does not measure yet."""
    return Kpi(
        key=key,
        name=name,
        question=question,
        category=category,
        unit=unit,
        shape="ratio",
        better=better,
        at="period",
        formula=formula,
        target=target,
    )


def _said(key: str, amounts: Callable[[float, float], tuple[float, float]]) -> Callable[[Facts, Ask], Iterator[Row]]:
    """What makes rows of a KPI's readings: `amounts` gives part and whole of the number from those of a reading.

    A reading counts in the group of its own scope alone: units of one service are not those of another, so they do not
    add up.
    """

    def rows(facts: Facts, ask: Ask) -> Iterator[Row]:
        told: defaultdict[str, dict[str, list[Reading]]] = defaultdict(dict)
        for one in facts.readings:
            if one.kpi == key:
                told[one.scope].setdefault(one.period, []).append(one)
        places = Places(facts, ask)
        for scope, by_period in told.items():
            for period in places.begun:
                groups = _groups(scope, places, period)
                for one in _of(period, by_period) if groups else ():
                    known = one.part is not None and one.whole is not None
                    part, whole = amounts(one.part or 0.0, one.whole or 0.0) if known else (0.0, 0.0)
                    reason = "" if known else "no part and whole"
                    named = f"{one.kpi} {one.period} {scope}"
                    for group in groups:
                        yield Row(
                            period.key, group, "readings", one.source, named, named, None, part, whole, reason=reason
                        )

    return rows


def _groups(scope: str, places: Places, period: Period) -> frozenset[Group]:
    """The groups that a reading of a scope counts in: those of exactly that scope."""
    kind, _, name = scope.partition(":")
    asked = {field for field in Scope._fields if getattr(places.scope, field) is not None}
    split = (places.by & PLACED) | asked
    if kind == "service":
        there = "service" in split and places.alive((name,), period.start) is not None
        return places.groups((name,)) if there else frozenset()
    if split != ({kind} - {"org"}):
        return frozenset()
    value: Any = int(name) if kind == "tier" and name.isdecimal() else name
    if asked and getattr(places.scope, kind) != value:
        return frozenset()
    return frozenset({Group(**({kind: value} if kind in places.by else {}))})


def _of(period: Period, told: dict[str, list[Reading]]) -> list[Reading]:
    """A period's own readings; without, those of the months in it."""
    return told.get(period.key) or [one for key in told if _inside(key, period) for one in told[key]]


def review_participation(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row a reading of the whole organisation: owners present of owners invited. Of a period that reviews held here
    tell of, nobody else's readings count; a period's own reading counts alone, else those of the periods in it."""
    groups = Places(facts, ask).groups(())
    told: dict[str, list[Reading]] = {}
    for one in facts.readings:
        if (one.kpi, one.scope) == ("review_participation", "org") and one.part is not None and one.whole is not None:
            told.setdefault(one.period, []).append(one)
    own = {key: [one for one in some if one.source == "app"] or some for key, some in told.items()}
    for period in ask.periods:
        if period.start >= ask.as_of:
            continue
        for one in _of(period, own):
            for group in groups:
                yield Row(
                    period.key,
                    group,
                    "readings",
                    one.source,
                    f"{one.kpi} {one.period}",
                    f"Review of {one.period}",
                    None,
                    one.part or 0.0,
                    one.whole or 0.0,
                )


def _inside(key: str, period: Period) -> bool:
    """Whether a month lies within a longer period."""
    try:
        found = periods.parse(key, period.zone)
    except ValueError:
        return False
    return found.kind == "month" and period.first <= found.first and found.after <= period.after


KPIS = (
    _from_readings(
        "toil",
        "Toil",
        "How much of the time goes into repetitive work?",
        "On-call",
        "share",
        "lower",
        "hours on toil / hours",
        "≤ 50 %, then ≤ 40 %",
    ),
    _from_readings(
        "automation_coverage",
        "Automation coverage",
        "How much of the common work is automated?",
        "On-call",
        "share",
        "higher",
        "automated tasks / common tasks",
        "rising",
    ),
    _from_readings(
        "latency_p95",
        "Latency p95",
        "Are we fast for most?",
        "Capacity and cost",
        "ms",
        "lower",
        "readings, against each one's target",
        "≤ target",
    ),
    _from_readings(
        "latency_p99",
        "Latency p99",
        "Are we fast for the unlucky?",
        "Capacity and cost",
        "ms",
        "lower",
        "readings, against each one's target",
        "≤ target",
    ),
    _from_readings(
        "capacity_headroom",
        "Capacity headroom",
        "Is there room for the peak?",
        "Capacity and cost",
        "share",
        "higher",
        "(capacity − peak) / capacity",
        "≥ 20 %",
    ),
    Kpi(
        key="unit_cost",
        name="Unit cost",
        question="What does a unit cost us?",
        category="Capacity and cost",
        unit="money",
        shape="ratio",
        better="lower",
        at="period",
        formula="spend / units",
        target="not rising",
        needs=frozenset({"readings"}),
        rows=_said("unit_cost", lambda spend, units: (spend, units)),
    ),
    Kpi(
        key="budget_variance",
        name="Budget variance",
        question="Are we on budget?",
        category="Capacity and cost",
        unit="share",
        shape="ratio",
        better="inside",
        at="period",
        formula="(actual − forecast) / forecast",
        target="within ± 10 %",
        needs=frozenset({"readings"}),
        rows=_said("budget_variance", lambda actual, forecast: (actual - forecast, forecast)),
    ),
    _from_readings(
        "patch_compliance",
        "Patch compliance",
        "Are we patched in time?",
        "Resilience",
        "share",
        "higher",
        "patched in time / due",
        "≥ 95 %",
    ),
    _from_readings(
        "stakeholder_satisfaction",
        "Stakeholder satisfaction",
        "Are the people we serve content?",
        "Program",
        "score",
        "higher",
        "Σ scores / responses (1-5)",
        "≥ 4.2",
    ),
    Kpi(
        key="review_participation",
        name="Review participation",
        question="Do owners come to the review?",
        category="Program",
        unit="share",
        shape="share",
        better="higher",
        at="period",
        formula="service owners present / invited",
        target="≥ 80 %",
        dimensions=frozenset(),
        needs=frozenset({"readings"}),
        rows=review_participation,
    ),
    _from_readings("retention", "Retention", "Do people stay?", "Program", "share", "higher", "readings", "per policy"),
    _from_readings(
        "engagement", "Engagement", "Are people engaged?", "Program", "score", "higher", "readings", "per policy"
    ),
    _from_readings(
        "hiring_on_plan",
        "Hiring on plan",
        "Is the team complete?",
        "Program",
        "share",
        "higher",
        "readings",
        "per policy",
    ),
    _from_readings(
        "capability_maturity",
        "Capability maturity",
        "Is the practice growing up?",
        "Program",
        "score",
        "higher",
        "readings",
        "per policy",
    ),
)

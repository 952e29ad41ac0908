"""KPIs that come as readings from other systems. This release keeps the readings; their numbers say "not
measured yet"."""

from typing import Literal

from app.metrics.kpi import Kpi, Unit


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
    _from_readings(
        "unit_cost",
        "Unit cost",
        "What does a unit cost us?",
        "Capacity and cost",
        "money",
        "lower",
        "spend / units",
        "not rising",
    ),
    _from_readings(
        "budget_variance",
        "Budget variance",
        "Are we on budget?",
        "Capacity and cost",
        "share",
        "inside",
        "(actual − forecast) / forecast",
        "within ± 10 %",
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
    _from_readings(
        "review_participation",
        "Review participation",
        "Do owners come to the review?",
        "Program",
        "share",
        "higher",
        "service owners present / invited",
        "≥ 80 %",
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

"""Every KPI of the contract, in its order. Each is described where its formula is; `docs/metrics.md` is
written from here."""

from collections.abc import Mapping
from types import MappingProxyType

from app.metrics import budgets, change, dr, impact, incidents, learning, losses, oncall, readings, risks, slos
from app.metrics.kpi import Kpi

_ORDER = (
    "slo_compliance",
    "slos_met",
    "error_budget_remaining",
    "burn_rate",
    "customer_impact_minutes",
    "major_incidents",
    "repeat_incident_rate",
    "time_to_restore",
    "time_to_detect",
    "time_to_engage",
    "engaged_in_time",
    "postmortem_on_time",
    "postmortem_drafted_on_time",
    "actions_on_time",
    "action_effectiveness",
    "change_failure_rate",
    "rollback_rate",
    "deployment_frequency",
    "change_lead_time",
    "recovery_time",
    "rework_rate",
    "progressive_delivery",
    "toil",
    "automation_coverage",
    "alert_noise",
    "on_call_load",
    "after_hours_share",
    "sleep_share",
    "latency_p95",
    "latency_p99",
    "capacity_headroom",
    "unit_cost",
    "budget_variance",
    "dr_pass_rate",
    "dr_on_plan",
    "rto_rpo_met",
    "dr_coverage",
    "patch_compliance",
    "stakeholder_satisfaction",
    "review_participation",
    "retention",
    "engagement",
    "hiring_on_plan",
    "capability_maturity",
    "risks_above_appetite",
    "risk_reviews_overdue",
    "expected_annual_loss",
    "downtime_cost",
)
_FOUND = {
    kpi.key: kpi
    for noun in (slos, budgets, impact, incidents, oncall, learning, change, dr, risks, losses, readings)
    for kpi in noun.KPIS
}
KPIS: Mapping[str, Kpi] = MappingProxyType({key: _FOUND[key] for key in _ORDER})

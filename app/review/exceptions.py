"""What somebody is asked about before a review: a missed target, a real worsening, something overdue. Nothing else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.charts import wording
from app.metrics.attention import Waiting
from app.metrics.catalogue import KPIS
from app.metrics.kpi import Kpi
from app.metrics.numbers import Group, Number
from app.metrics.review_records import Step
from app.policy import Policy
from app.review.snapshot import Exceptional, Names

STEPS: Mapping[Step, tuple[str, ...]] = {
    "slos": ("slo_compliance", "slos_met", "error_budget_remaining"),
    "incidents": (
        "customer_impact_minutes", "major_incidents", "time_to_restore", "time_to_detect", "repeat_incident_rate",
        "postmortem_on_time", "actions_on_time", "downtime_cost",
    ),
    "on_call": (
        "on_call_load", "after_hours_share", "sleep_share", "alert_noise", "time_to_engage", "engaged_in_time",
    ),
    "change": (
        "change_failure_rate", "rollback_rate", "recovery_time", "deployment_frequency", "change_lead_time",
        "rework_rate", "progressive_delivery",
    ),
    "dr": ("dr_pass_rate", "dr_on_plan", "rto_rpo_met", "dr_coverage"),
    "risks": ("risks_above_appetite", "risk_reviews_overdue", "expected_annual_loss"),
}  # fmt: skip
"""The numbers that stand at each step of the agenda, the first ones first."""
_OVERDUE = {
    "acceptance_expired": "the acceptance of {title} ran out on {on}",
    "review_overdue": "the review of {title} was due on {on}",
    "action_overdue": "{title} was due on {on}",
    "test_overdue": "the test {title} was planned for {on} and has not been carried out",
}


def subject(number: Number) -> str:
    """What comments on a number are kept under, for ever: `number:time_to_restore:tier=0`."""
    group = ";".join(f"{name}={value}" for name, value in number.group._asdict().items() if value is not None)
    return f"number:{number.kpi}:{group}"


def of_numbers(
    step: Step, numbers: Mapping[str, Sequence[Number]], names: Names, policy: Policy
) -> tuple[Exceptional, ...]:
    """The exceptions among the numbers of a step: of the organisation, of tiers where those have targets of their own,
    and SLOs without budget. The severest first."""
    keys = set(STEPS.get(step, ()))
    whole = [number for number in numbers.get("", ()) if number.kpi in keys]
    judged = {number.kpi for number in whole if number.verdict != "no_target"}
    tiers = [
        n
        for n in numbers.get("tier", ())
        if n.kpi in keys - judged and n.group.tier is not None and wording.verdict_key(n) == "missed"
    ]
    found = [one for number in (*whole, *tiers) if (one := _of(number, KPIS[number.kpi], names, policy)) is not None]
    if "error_budget_remaining" in keys:
        budgets = [n for n in numbers.get("slo", ()) if n.kpi == "error_budget_remaining"]
        found += _spent(budgets, names, policy)
    return tuple(sorted(found, key=lambda one: not one.severe))


def _of(number: Number, kpi: Kpi, names: Names, policy: Policy) -> Exceptional | None:
    if number.value is None:
        return None
    missed = wording.verdict_key(number) == "missed"
    worse = number.signal == "worsening"
    if not (missed or worse):
        return None
    op = policy.targets[number.kpi].op if number.kpi in policy.targets else ""
    said = f"{kpi.name}{_where(number.group, names)}: {wording.amount(number, op, policy.currency)}"
    if missed and number.target is not None:
        aim = wording.target(number.target, number.unit, op, number.value, policy.currency)
        said += f" (target {aim})"
    if worse:
        said += f"; {wording.signal(number)}"
    return Exceptional(subject(number), "missed" if missed else "signal", f"{said}.", None, severe=missed)


def _spent(budgets: Iterable[Number], names: Names, policy: Policy) -> list[Exceptional]:
    spent = [n for n in budgets if n.value is not None and n.value <= policy.budget.freeze]
    found = []
    for number in sorted(spent, key=lambda one: one.value if one.value is not None else 0.0):
        slo = number.group.slo or ""
        service = names.service_of.get(slo, "")
        team = names.team_of.get(service, "")
        home, name = names.services.get(service, service), names.slos.get(slo, slo)
        of = f" of {home}" if home and home not in name else ""
        over = -(number.value or 0.0)
        beyond = f": {wording.value(over, 'share')} more than it allows" if over > 0 else ""
        text = f"{name}{of} has spent its error budget{beyond}."
        found.append(Exceptional(subject(number), "missed", text, names.teams.get(team, team) or None, severe=True))
    return found


def _where(group: Group, names: Names) -> str:
    if group.tier is not None:
        return f", tier {group.tier}"
    if group.service is not None:
        return f", {names.services.get(group.service, group.service)}"
    return f", {names.teams.get(group.team, group.team)}" if group.team is not None else ""


def overdue(waiting: Iterable[Waiting]) -> Iterator[tuple[Step, Exceptional]]:
    """What is overdue, with the step of the agenda that it belongs to."""
    for one in waiting:
        words = _OVERDUE.get(one.kind)
        if words is None:
            continue
        title = f"“{one.title}”" if one.kind != "test_overdue" else one.title
        text = wording.capital(words.format(title=title, on=wording.day(one.on))) + "."
        yield (
            _step(one),
            Exceptional(f"{one.entity}:{one.source}/{one.id}", "overdue", text, one.owner, severe=True),
        )


def _step(one: Waiting) -> Step:
    if one.entity == "risks":
        return "risks"
    if one.entity == "dr_tests":
        return "dr"
    origin = (one.origin or "").split(" ")[0]
    steps: Mapping[str, Step] = {"incident": "incidents", "risk": "risks", "DR": "dr", "review": "last_time"}
    return steps.get(origin, "incidents")

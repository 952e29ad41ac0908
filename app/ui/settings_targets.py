"""Settings: what is promised and wanted, by the policy in force: tiers, targets, deadlines, risk."""

from collections.abc import Sequence

from app.charts import wording
from app.metrics.catalogue import KPIS
from app.policy import Policy, Target
from app.ui import read
from app.ui.markup import Markup, Part, el, join

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def shown(policy: Policy) -> Markup:
    """All of it."""
    return join(_tiers(policy), _targets(policy), _rules(policy), _risk(policy))


def _tiers(policy: Policy) -> Markup:
    counts = read.directory().by_tier
    rows = [
        (
            f"Tier {tier}",
            f"{counts.get(tier, 0):,}",
            f"{held.objective * 100:.6g} %",
            wording.duration(held.rto_minutes),
            wording.duration(held.rpo_minutes),
            wording.duration(held.engage_minutes),
            f"{held.test_interval_days:,} days" if held.test_interval_days else "none",
        )
        for tier, held in sorted(policy.tiers.items())
    ]
    rest = f"Pages of a service without a tier: taken within {wording.duration(policy.engage_minutes_without_tier)}."
    return _section(
        "Tiers",
        "What a service of a tier promises, where it promises nothing of its own",
        _table(
            ("", "Services", "Objective", "Back within (RTO)", "Data lost (RPO)", "Call taken", "Tested every"), rows
        ),
        el("p", rest, cls="muted small"),
    )


def _targets(policy: Policy) -> Markup:
    rows = [
        (kpi.name, _wanted(kpi.unit, policy.targets[key], policy), kpi.cadence)
        for key, kpi in KPIS.items()
        if key in policy.targets
    ]
    free = [kpi.name for key, kpi in KPIS.items() if key not in policy.targets and kpi.measured]
    told = el("p", f"Without a target of the policy: {wording.listed(free)}.", cls="muted small") if free else None
    return _section("Targets", "What a number is held against", _table(("", "Target", "Cadence"), rows), told)


def _wanted(unit: str, target: Target, policy: Policy) -> str:
    if target.value is not None:
        if target.op == "within":
            return f"within ±{wording.value(target.value, unit, currency=policy.currency)}"
        return wording.target(target.value, unit, target.op, currency=policy.currency)
    change = round(((target.factor or 1.0) - 1) * 100)
    return f"{change:+d} % on {target.months_before or 12} months before".replace("-", "−")


def _rules(policy: Policy) -> Markup:
    hours, budget = policy.hours, policy.budget
    days = _days(hours.days)
    facts = (
        ("Time zone", policy.timezone),
        ("Currency", policy.currency),
        ("Business hours", f"{hours.start:%H:%M} to {hours.end:%H:%M}, {days}"),
        ("Sleep", f"{hours.sleep_start:%H:%M} to {hours.sleep_end:%H:%M}"),
        ("Severe incidents", f"severity 1 to {policy.major_severity}"),
        ("Error budget", f"warned at {budget.warn * 100:g} % left, frozen at {budget.freeze * 100:g} %"),
        (
            "Postmortem",
            f"drafted in {policy.postmortem_draft_hours:g} hours, completed in {policy.postmortem_days:g} days",
        ),
        ("Repeat", f"the same cause within {policy.repeat_days:g} days"),
        ("Blamed deployment", f"the latest within {policy.attribution_hours:g} hours"),
        ("One interruption", f"pages at most {policy.interruption_seconds:g} seconds apart"),
    )
    body = el("dl", *(el("div", el("dt", name), el("dd", said)) for name, said in facts), cls="across")
    return _section("Rules", "How things are counted", body)


def _days(days: Sequence[int]) -> str:
    """ "Monday to Friday", "Monday and Wednesday"."""
    found = sorted(set(days))
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{_DAYS[found[0]]} to {_DAYS[found[-1]]}"
    return wording.listed([_DAYS[day] for day in found]) or "no day"


def _risk(policy: Policy) -> Markup:
    risk = policy.risk
    rows = [(f"Level {at + 1}", risk.likelihood[at], risk.impact[at]) for at in range(4, -1, -1)]
    said = f"Likelihood × impact above {risk.appetite} is above appetite and needs a decision"
    return _section("Risk", said, _table(("", "Likelihood", "Impact"), rows))


def _section(title: str, sub: str, *body: Part) -> Markup:
    return el("section", el("h2", title), el("p", sub, cls="sub"), *body, cls="card section")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = el("tr", *(el("th", name, scope="col") for name in heads))
    body = (el("tr", el("th", row[0], scope="row"), *(el("td", cell) for cell in row[1:])) for row in rows)
    table = el("table", el("thead", head), el("tbody", join(*body)), cls="rows tight")
    return el("div", table, cls="scroll", tabindex="0")

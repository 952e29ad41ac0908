"""Is that good: the target that applies to a number, and whether the number, and its interval, meet it."""

from fractions import Fraction

from app.metrics.facts import Facts
from app.metrics.intervals import Interval
from app.metrics.kpi import Kpi
from app.metrics.numbers import Ask, Group, Verdict
from app.policy import Policy, Target


def tier_of(facts: Facts, ask: Ask, group: Group) -> int | None:
    """The one tier that a group lies in, if it does."""
    if group.tier is not None or ask.scope.tier is not None:
        return group.tier if group.tier is not None else ask.scope.tier
    name = group.service or ask.scope.service
    if name is None and group.slo is not None:
        name = facts.homes.get(group.slo)
    service = facts.services.get(name or "")
    return service.tier if service else None


def rule(kpi: Kpi, policy: Policy, tier: int | None, group: Group) -> Target | None:
    """The numeric rule that applies to a group; None where the target is only "falling" or "rising", or is of other
    tiers."""
    promised = policy.tiers.get(tier) if tier is not None else None
    if kpi.key == "slo_compliance":
        return Target(op=">=", value=promised.objective) if promised else None
    if kpi.key == "time_to_engage":
        return Target(op="<=", value=promised.engage_minutes) if promised else None
    if kpi.key == "time_to_restore" and not (tier == 0 and group.severity == 1):
        return None
    if kpi.key == "error_budget_remaining" and group.slo is None:
        return None
    return policy.targets.get(kpi.key)


def reaches(value: float, op: str, target: float, *, part: float | None = None, whole: float | None = None) -> bool:
    """Whether a value meets its target, compared exactly; a share by its part and whole."""
    goal = Fraction(str(target))
    exact = Fraction(str(part)) / Fraction(str(whole)) if part is not None and whole else Fraction(str(value))
    match op:
        case ">=":
            return exact >= goal
        case "<=":
            return exact <= goal
        case ">":
            return exact > goal
        case "<":
            return exact < goal
    return abs(exact) <= goal


def certain(op: str, target: float, interval: Interval | None) -> bool | None:
    """Whether the whole interval lies on one side of the target; None without an interval."""
    if interval is None:
        return None
    low, high = interval
    match op:
        case ">=":
            return low >= target or high < target
        case "<=":
            return high <= target or low > target
        case ">":
            return low > target or high <= target
        case "<":
            return high < target or low >= target
    return -target <= low <= high <= target or low > target or high < -target


def verdict(
    value: float | None, op: str | None, target: float | None, part: float | None, whole: float | None
) -> Verdict:
    """`no_data`, `no_target`, `met` or `missed`, by the value."""
    if value is None:
        return "no_data"
    if op is None or target is None:
        return "no_target"
    return "met" if reaches(value, op, target, part=part, whole=whole) else "missed"

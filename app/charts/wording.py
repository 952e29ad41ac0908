"""Numbers in words: verdicts, signals, changes, periods, dates, and the finding that titles a chart."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.charts.amounts import NO_DATA, duration, exact, target, value
from app.charts.theme import VerdictKey
from app.metrics import periods
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Number

__all__ = (
    "NO_DATA", "amount", "capital", "change", "day", "duration", "exact", "finding", "gap", "instant", "interval",
    "listed", "period", "period_in", "period_short", "sample", "signal", "target", "value", "verdict", "verdict_key",
    "verdict_word",
)  # fmt: skip

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
NOUNS = {
    "slo_compliance": ("observed minute", "observed minutes"),
    "slos_met": ("SLO", "SLOs"),
    "error_budget_remaining": ("SLO", "SLOs"),
    "burn_rate": ("SLO", "SLOs"),
    "customer_impact_minutes": ("impact window", "impact windows"),
    "downtime_cost": ("impact window", "impact windows"),
    "engaged_in_time": ("page", "pages"),
    "time_to_engage": ("page", "pages"),
    "alert_noise": ("judged page", "judged pages"),
    "on_call_load": ("interruption", "interruptions"),
    "after_hours_share": ("interruption", "interruptions"),
    "sleep_share": ("interruption", "interruptions"),
    "postmortem_on_time": ("postmortem", "postmortems"),
    "postmortem_drafted_on_time": ("postmortem", "postmortems"),
    "actions_on_time": ("action", "actions"),
    "action_effectiveness": ("judged action", "judged actions"),
    "change_failure_rate": ("deployment", "deployments"),
    "rollback_rate": ("deployment", "deployments"),
    "deployment_frequency": ("deployment", "deployments"),
    "change_lead_time": ("deployment", "deployments"),
    "recovery_time": ("deployment", "deployments"),
    "rework_rate": ("deployment", "deployments"),
    "progressive_delivery": ("service", "services"),
    "dr_coverage": ("service", "services"),
    "dr_pass_rate": ("test", "tests"),
    "dr_on_plan": ("planned test", "planned tests"),
    "rto_rpo_met": ("test", "tests"),
    "risks_above_appetite": ("risk", "risks"),
    "risk_reviews_overdue": ("risk", "risks"),
    "expected_annual_loss": ("risk", "risks"),
    "major_incidents": ("incident", "incidents"),
    "repeat_incident_rate": ("incident", "incidents"),
    "time_to_restore": ("incident", "incidents"),
    "time_to_detect": ("incident", "incidents"),
}
"""What a KPI's rows are called: one, several."""
_VERDICTS: dict[VerdictKey, str] = {
    "met": "met", "missed": "missed", "unsure": "cannot tell", "no_data": NO_DATA, "no_target": "no target",
}  # fmt: skip
_CHANGED = {"improving": "a real improvement", "worsening": "a real worsening", "steady": "within the usual range"}


def amount(number: Number, op: str = "", currency: str = "EUR") -> str:
    """A number's value as a tile shows it: it agrees with the target beside it."""
    return value(number.value, number.unit, number.target, op, currency)


def interval(number: Number, currency: str = "EUR") -> str:
    """ "between 12 % and 77 %"; empty where there is no interval."""
    if number.low is None or number.high is None:
        return ""
    low, high = (value(end, number.unit, number.target, "", currency) for end in (number.low, number.high))
    return f"between {low} and {high}"


def sample(number: Number) -> str:
    """What a number was made from: "2 of 5 deployments", "from 1 incident"; "no incidents" where there was none."""
    one, several = NOUNS.get(number.kpi, ("row", "rows"))
    if number.n == 0:
        return f"no {several}"
    whole, part = number.denominator, number.numerator
    if number.unit == "share" and whole == number.n and part is not None and part == int(part):
        return f"{part:,.0f} of {number.n:,} {one if number.n == 1 else several}"
    if number.kpi == "slo_compliance":
        one, several = "row", "rows"
    return f"from {number.n:,} {one if number.n == 1 else several}"


def verdict_key(number: Number) -> VerdictKey:
    """The verdict as shown: `unsure` where the interval lies on both sides of the target.

    What is taken stock of is counted whole, not sampled: no overdue review is none, whatever the interval says.
    """
    sampled = number.kpi not in KPIS or not KPIS[number.kpi].takes_stock
    if number.verdict in ("met", "missed") and number.certain is False and sampled:
        return "unsure"
    return number.verdict


def verdict(number: Number) -> str:
    """ "met", "missed", "cannot tell", "no data" or "no target"."""
    return _VERDICTS[verdict_key(number)]


def verdict_word(key: VerdictKey) -> str:
    """The word for a verdict."""
    return _VERDICTS[key]


def signal(number: Number) -> str:
    """ "no real change", "real improvement since March 2026", "too few months to tell", or "no data"."""
    if number.value is None:
        return NO_DATA
    if number.signal == "steady":
        return "no real change"
    if number.signal == "too_few":
        return f"too few {kinds(number.period)} to tell"
    what = "improvement" if number.signal == "improving" else "worsening"
    return f"real {what} since {period(number.since or number.period)}"


def change(now: Number, before: Number, currency: str = "EUR") -> str:
    """The change in words: "38 min less than in October last year, within the usual range"."""
    when = period_in(before.period, now.period)
    if now.value is None or before.value is None:
        return f"{NO_DATA} {when if before.value is None else period_in(now.period, now.period)} to compare with"
    moved = now.value - before.value
    verb = "a signal needs more " + kinds(now.period) if now.signal == "too_few" else _CHANGED[now.signal]
    if moved == 0:
        return f"the same as {when}, {verb}"
    if now.unit == "share" and abs(moved) < 0.00005:
        return f"about the same as {when}, {verb}"
    return f"{gap(moved, now.unit, currency)} than {when}, {verb}"


def gap(moved: float, unit: str, currency: str = "EUR") -> str:
    """A difference in words: "38 min less", "3 fewer", "4.2 points more"; never a zero for what is not one."""
    size = float(f"{abs(moved):.12g}")
    if unit == "share":
        shown = exact(size, "share") if size < 0.0005 else f"{size * 100:.1f}".removesuffix(".0")
        points = shown.removesuffix(" %")
        return f"{points} {'point' if points == '1' else 'points'} {'more' if moved > 0 else 'less'}"
    fewer = "fewer" if unit == "count" else "less"
    return f"{value(size, unit, 0.0, '', currency)} {'more' if moved > 0 else fewer}"


def finding(name: str, numbers: Sequence[Number]) -> str:
    """A trend chart's title: "Restore time: no real change since March". Told by the last period that is over."""
    over = [number for number in numbers if not number.partial] or list(numbers)
    if not any(number.value is not None for number in over):
        return f"{name}: {NO_DATA}"
    last = over[-1]
    if last.value is None:
        return f"{name}: {NO_DATA} {period_in(last.period, last.period)}"
    if last.signal == "too_few":
        return f"{name}: too few {kinds(last.period)} to tell"
    if last.signal != "steady":
        return f"{name}: {last.signal} since {_since(last.since or last.period, last.period)}"
    first = last
    for number in reversed(over):
        if number.value is not None and number.signal != "steady":
            break
        first = number if number.value is not None else first
    if first is last and len(over) > 1:
        return f"{name}: no real change {period_in(last.period, last.period)}"
    return f"{name}: no real change since {_since(first.period, last.period)}"


def _since(key: str, latest: str) -> str:
    """A period's name, a month of the same year without its year."""
    return MONTHS[int(key[5:]) - 1] if _is_month(key) and key[:4] == latest[:4] else period(key)


def _is_month(key: str) -> bool:
    return len(key) == 7 and key[4] == "-" and key[5:].isdigit()


@lru_cache(maxsize=4096)
def period(key: str) -> str:
    """A period's name: "October 2026", "Q4 2026", "week 41 of 2026", "31 October 2026"; anything else as it is."""
    if ".." in key:
        first, last = key.split("..")
        return f"{period(first)} to {period(last)}"
    try:
        found = periods.parse(key)
    except ValueError:
        return key
    year = found.first.year
    match found.kind:
        case "month":
            return f"{MONTHS[found.first.month - 1]} {year}"
        case "quarter":
            return f"{key[5:]} {year}"
        case "week":
            return f"week {int(key[6:])} of {key[:4]}"
        case "day":
            return f"{found.first.day} {MONTHS[found.first.month - 1]} {year}"
        case _:
            return key


@lru_cache(maxsize=4096)
def period_short(key: str) -> tuple[str, str]:
    """A period for an axis, and the year that stands under it: ("Oct", "2026"), ("W41", "2026"), ("31 Oct", "2026")."""
    try:
        found = periods.parse(key)
    except ValueError:
        return key, ""
    match found.kind:
        case "month":
            return MONTHS[found.first.month - 1][:3], key[:4]
        case "quarter" | "week":
            return key[5:], key[:4]
        case "day":
            return f"{found.first.day} {MONTHS[found.first.month - 1][:3]}", key[:4]
        case _:
            return key, ""


def period_in(key: str, now: str) -> str:
    """A period as seen from another: "in October last year", "in September", "in Q4 2024", "on 31 October 2026"."""
    if ".." in key:
        return f"from {period(key)}"
    before = "on" if len(key) == 10 else "in"
    if _is_month(key) and now[:4].isdigit():
        years = int(now[:4]) - int(key[:4])
        month = MONTHS[int(key[5:]) - 1]
        return f"in {month}" + ("" if years == 0 else " last year" if years == 1 else f" {key[:4]}")
    return f"{before} {period(key)}"


def kinds(key: str) -> str:
    """What periods of this kind are called: "months", "weeks", "periods"."""
    try:
        return {"span": "periods"}.get(periods.parse(key).kind, f"{periods.parse(key).kind}s")
    except ValueError:
        return "periods"


def day(on: date) -> str:
    """A date: "31 Oct 2026"."""
    return f"{on.day} {MONTHS[on.month - 1][:3]} {on.year}"


def instant(at: datetime, zone: str = "UTC") -> str:
    """An instant in the organisation's zone: "31 Oct 2026 23:55"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local.date())} {local:%H:%M}"


def listed(names: Sequence[str]) -> str:
    """Names as a person says them: "a", "a and b", "a, b and c"; empty for none."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]

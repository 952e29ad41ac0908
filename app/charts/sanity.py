"""What is stated of a risk against what happened, in sentences."""

from app.charts import losses
from app.charts.theme import VerdictKey
from app.metrics.intervals import Interval
from app.metrics.sanity import Each, Often, Verdict
from app.metrics.simulation import Range

VERDICTS: dict[Verdict, tuple[VerdictKey, str]] = {
    "too_low": ("missed", "stated too low"),
    "too_high": ("missed", "stated too high"),
    "maybe_too_low": ("unsure", "too low, if they were this risk"),
    "agrees": ("met", "agrees"),
    "too_few": ("no_data", "too few to tell"),
    "partly": ("no_data", "downtime is only a part of it"),
    "nothing": ("no_data", "nothing to hold it against"),
}


def often(found: Often) -> str:
    """How often it is said to happen, and how often it did."""
    stated = f"Stated {_rates(Interval(*found.stated))} a year"
    if found.verdict == "nothing":
        return f"{stated}; it names no service and no incident is linked to it: nothing to hold it against."
    within = f"in {_years(found.seen.years)}"
    rates = f"({_rates(found.rate)} a year)"
    _, word = VERDICTS[found.verdict]
    match found.verdict:
        case "too_high" if found.events:
            where = "on its services or linked to it" if found.seen.linked else "on its services"
            return f"{stated}; even all {_many(found.events)} {where} {within} {rates} are fewer: {word}."
        case "too_high":
            return f"{stated}; no incident hit its services {within} {rates}: {word}."
        case "maybe_too_low":
            hit = f"{_many(found.events, 'severe incident')} hit its services {within} {rates}"
            return f"{stated}; {hit}: {word}."
    happened = f"{found.events:,} happened" if found.events else "none that is linked to it happened"
    return f"{stated}; {happened} {within} {rates}: {word}."


def each(found: Each, currency: str) -> str:
    """What it is said to cost each time, and what incidents cost in downtime."""
    stated = f"Stated {_money(found.stated, currency)} each"
    first, last = (losses.money(cost, currency) for cost in (found.costs[0], found.costs[-1]))
    cost = f"{first} to {last}" if len(found.costs) > 1 and first != last else first
    whose = "severe incidents of its services" if found.verdict == "maybe_too_low" else "incidents"
    whose = whose if len(found.costs) > 1 else whose.replace("incidents", "incident")
    _, word = VERDICTS[found.verdict]
    many = f"{len(found.costs):,} {whose} cost {cost} in downtime alone"
    more = f"{found.above:,}" if found.above else "none"
    return f"{stated}; {many}, {more} of them more than stated: {word}."


def _rates(found: Interval) -> str:
    low, high = (f"{end:.2g}" if end < 100 else f"{end:,.0f}" for end in found)
    return low if low == high else f"{low} to {high}"


def _money(found: Range, currency: str) -> str:
    low, high = (losses.money(end, currency) for end in found)
    return low if low == high else f"{losses.short(found.low, currency)} to {high}"


def _years(years: float) -> str:
    if years < 1:
        return f"{max(1, round(years * 12))} months" if round(years * 12) != 1 else "1 month"
    shown = f"{years:.1f}".removesuffix(".0")
    return f"{shown} year{'s' if shown != '1' else ''}"


def _many(count: int, noun: str = "incident") -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"

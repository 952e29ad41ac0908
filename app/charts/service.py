"""What is said and drawn of one service: the sentence on top of its page, and its incidents by month."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.findings import named
from app.charts.headline import count
from app.metrics.numbers import Number


class Told(NamedTuple):
    """What the finding of a service's page is told from."""

    name: str
    period: str
    """In words."""
    partial: bool
    promised: int
    """Its SLOs."""
    measured: int
    """Those with data in the period."""
    kept: int
    impact: Number
    cost: Number
    incidents: int | None
    """Detected in the period; None where nobody was looking."""
    frozen: Sequence[str] = ()
    """Names of SLOs without budget, the most overspent first."""
    warned: Sequence[str] = ()
    above: int = 0
    """Open risks above appetite."""
    overdue: int = 0
    """Overdue actions."""
    drills: str = ""
    """passed, slow, lapsed, failed (none passed) or never; empty: nothing is to be said."""
    drilled_on: date | None = None
    retired_on: date | None = None
    currency: str = "EUR"
    excepted: Sequence[str] = ()
    """SLOs for which an approver has set the error-budget policy aside."""


def finding(told: Told) -> str:
    """Whether it keeps its promises, what hurt it, and what is owed today."""
    parts = [_retired(told), _promises(told), _hurt(told), _today(told), _back(told)]
    return " ".join(part for part in parts if part)


def _retired(told: Told) -> str:
    return f"Retired on {wording.day(told.retired_on)}." if told.retired_on else ""


def _promises(told: Told) -> str:
    when = f"in {told.period}" + (" so far" if told.partial else "")
    if not told.promised:
        return f"{told.name} has promised nothing: it has no SLO."
    if not told.measured:
        first = f"No promise of {told.name} was measured {when}"
    elif told.measured == 1:
        first = f"{told.name} {'kept' if told.kept else 'broke'} its one promise {when}"
    elif told.kept == told.measured:
        which = "both promises" if told.measured == 2 else f"all {told.measured:,} promises"
        first = f"{told.name} kept {which} {when}"
    else:
        first = f"{told.name} kept {told.kept or 'none'} of {told.measured:,} promises {when}"
    broke = []
    if told.frozen:
        broke.append(f"{named(told.frozen)} {'is' if len(told.frozen) == 1 else 'are'} out of budget and frozen")
    if told.excepted:
        broke.append(f"the error-budget policy is set aside for {named(told.excepted)}")
    if told.warned:
        broke.append(f"{named(told.warned)} {'is' if len(told.warned) == 1 else 'are'} about to break")
    return f"{'; '.join([first, *broke])}."


def _hurt(told: Told) -> str:
    some = told.incidents or 0
    by = f"{count(some)} incident{'s' if some != 1 else ''}"
    if told.impact.value:
        cost = (
            f", which cost {wording.value(told.cost.value, 'money', currency=told.currency)}" if told.cost.value else ""
        )
        who = f" in {by}" if some else ""
        return f"Customers were affected for {wording.duration(told.impact.value)}{who}{cost}."
    if told.incidents is None:
        return ""
    if told.impact.value == 0:
        return f"{wording.capital(by)}, and customers were not affected." if some else "It had no incident."
    return f"{wording.capital(by)}; nothing says whether customers were affected." if some else "It had no incident."


def _today(told: Told) -> str:
    parts = []
    if told.above:
        parts.append(f"{count(told.above)} risk{'s are' if told.above != 1 else ' is'} above appetite")
    if told.overdue:
        parts.append(f"{count(told.overdue)} action{'s are' if told.overdue != 1 else ' is'} overdue")
    return f"Today {wording.listed(parts)}." if parts else ""


def _back(told: Told) -> str:
    on = f" on {wording.day(told.drilled_on)}" if told.drilled_on else ""
    return {
        "passed": f"It last proved to come back{on}.",
        "slow": f"It last came back{on}, but too slowly.",
        "lapsed": f"The last proof that it comes back,{on}, is too old.",
        "failed": "No DR test of it ever passed.",
        "never": "Nobody ever tested that it comes back.",
    }.get(told.drills, "")


def incidents(
    months: Sequence[str],
    split: Mapping[int, Sequence[int]],
    names: Mapping[int, str],
    major: int,
    partial: frozenset[int] = frozenset(),
) -> Chart:
    """Incidents by month, stacked by severity: the two worst, all others as one."""
    worst = sorted(split)[:3] if len(split) <= 3 else sorted(split)[:2]
    rest = [severity for severity in sorted(split) if severity not in worst]
    series = [
        Series(f"{at} {names[at]}" if at in names else f"Severity {at}", tuple(float(n) for n in split[at]))
        for at in worst
    ]
    if rest:
        added = zip(*(split[at] for at in rest), strict=True)
        series.append(Series("lower", tuple(float(sum(counts)) for counts in added), "context"))
    whole = sum(sum(row) for row in split.values())
    severe = sum(sum(row) for severity, row in split.items() if severity <= major)
    title = f"{whole:,} incident{'s' if whole != 1 else ''} in {len(months)} months, {severe or 'none'} severe"
    return Chart(
        "bar",
        title if whole else "Incidents: none",
        "Incidents by month of detection and severity",
        "count",
        tuple(months) if whole else (),
        tuple(series),
        partial=partial,
        empty=f"No incident on this service is known of these {len(months)} months.",
    )

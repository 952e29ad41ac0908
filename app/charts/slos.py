"""Charts of SLOs: tier by month, the compliance matrix, what is left of error budgets."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.theme import VerdictKey
from app.metrics.numbers import Number

_STATES: dict[str, VerdictKey] = {"ok": "met", "warn": "unsure", "freeze": "missed", "exception": "missed"}
_EMPTY = "No SLO data in these periods. Import slos and sli, or connect a source that measures them."


class Budget(NamedTuple):
    """What is left of one SLO's error budget: a share, negative when overspent; None without data."""

    name: str
    remaining: float | None
    state: str
    """ok, warn, freeze, exception or no_data."""
    said: str = ""
    """What is left in minutes or events a person understands."""


def tiers_by_month(numbers: Sequence[Number]) -> Chart:
    """SLOs met, a row for each tier, a cell for each month; from `slos_met` by tier."""
    rows = {f"Tier {tier}": tier for tier in sorted({n.group.tier for n in numbers if n.group.tier is not None})}
    x = _periods(numbers)
    cells = {(number.group.tier, number.period): number for number in numbers}
    series = tuple(_row(name, [cells.get((tier, key)) for key in x]) for name, tier in rows.items())
    return Chart(
        "heat", _tiers_finding(rows, cells, x), "Share of SLOs met, by tier and month", "share", x, series,
        target=_only({number.target for number in numbers}), target_op=">=", partial=_partial(numbers, x), empty=_EMPTY,
    )  # fmt: skip


def compliance_matrix(numbers: Sequence[Number], names: Mapping[str, str]) -> Chart:
    """Each SLO's attained level, a row for each SLO in the order of `names` (key → name), a cell for each month."""
    x = _periods(numbers)
    cells = {(number.group.slo, number.period): number for number in numbers}
    series = tuple(_row(name, [cells.get((slo, key)) for key in x]) for slo, name in names.items())
    last = _latest(numbers, x)
    judged = [cells[slo, last] for slo in names if (slo, last) in cells and cells[slo, last].value is not None]
    kept = sum(number.verdict == "met" for number in judged)
    title = f"{kept} of {len(judged)} SLOs kept {wording.period_in(last, last)}" if judged else "SLOs: no data"
    return Chart(
        "heat", title, "Attained level, by SLO and month", "share", x, series, target_op=">=",
        partial=_partial(numbers, x), empty=_EMPTY,
    )  # fmt: skip


def budget_bars(budgets: Sequence[Budget]) -> Chart:
    """What is left of each SLO's error budget, least first."""
    order = sorted(budgets, key=lambda one: (one.remaining is None, one.remaining or 0.0))
    known = [one for one in order if one.remaining is not None]
    spent = sum(1 for one in known if one.remaining is not None and one.remaining <= 0)
    title = "Error budgets: no data"
    if known:
        what = "no SLO has" if spent == 0 else f"{spent} of {len(known)} SLOs {'has' if spent == 1 else 'have'}"
        title = f"Error budgets: {what} spent all of it"
    said = tuple(
        wording.NO_DATA if one.remaining is None
        else wording.value(one.remaining, "share", 0.0) + (f", {one.said}" if one.said else "")
        for one in order
    )  # fmt: skip
    series = Series(
        "left", tuple(one.remaining for one in order), "main", said,
        tuple(_STATES.get(one.state, "no_data") for one in order),
    )  # fmt: skip
    return Chart(
        "bar", title, "Share of the error budget left, by SLO over its own window", "share",
        tuple(one.name for one in order), (series,), horizontal=True, empty=_EMPTY,
    )  # fmt: skip


def _row(name: str, numbers: Sequence[Number | None]) -> Series:
    return Series(
        name,
        tuple(number.value if number else None for number in numbers),
        "main",
        tuple(_said(number) for number in numbers),
        tuple(wording.verdict_key(number) if number else "no_data" for number in numbers),
    )


def _said(number: Number | None) -> str:
    if number is None or number.value is None:
        return wording.NO_DATA
    shown = f"{wording.amount(number, '>=')} ({wording.sample(number)})"
    if number.target is None:
        return shown
    return f"{shown}, target {wording.target(number.target, number.unit, '>=', number.value)}"


def _tiers_finding(rows: Mapping[str, int], cells: Mapping[tuple[int | None, str], Number], x: Sequence[str]) -> str:
    last = _latest(list(cells.values()), x)
    known = {t: cells[t, last] for t in rows.values() if (t, last) in cells and cells[t, last].value is not None}
    if not known:
        return "SLOs met: no data"
    when = wording.period_in(last, last)
    below = {tier: wording.verdict_key(number) for tier, number in known.items() if number.verdict == "missed"}
    if not below:
        return f"SLOs met: every tier on target {when}"
    sure = [tier for tier, key in below.items() if key == "missed"]
    named = [str(tier) for tier in sure or below]
    said = f"SLOs met: {'tier' if len(named) == 1 else 'tiers'} {wording.listed(named)} below target {when}"
    return said if sure else f"{said}, too few SLOs to be sure"


def _periods(numbers: Sequence[Number]) -> tuple[str, ...]:
    return tuple(sorted({number.period for number in numbers}))


def _latest(numbers: Sequence[Number], x: Sequence[str]) -> str:
    """The last period that is over, else the last."""
    over = {number.period for number in numbers if not number.partial}
    return max(over, default=x[-1] if x else "")


def _partial(numbers: Sequence[Number], x: Sequence[str]) -> frozenset[int]:
    return frozenset(x.index(number.period) for number in numbers if number.partial)


def _only(targets: set[float | None]) -> float | None:
    return targets.pop() if len(targets) == 1 else None

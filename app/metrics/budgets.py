"""Which promises are about to break: error budgets left and burn rates, per SLO."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from app.metrics.facts import Facts, SliWindow, Slo
from app.metrics.grouping import Places
from app.metrics.kpi import SERVICE_DIMENSIONS, Kpi
from app.metrics.numbers import Ask, Row
from app.metrics.periods import local_day
from app.metrics.review_records import BudgetException
from app.metrics.slos import meets, revisions_of
from app.policy import Budget as Thresholds

LOOKBACKS = {"1h": 60, "6h": 360, "1d": 1440, "3d": 4320}
"""Burn-rate look-backs in minutes."""


class Budget(NamedTuple):
    """One SLO's error budget over a stretch of time, in the SLI's own unit (events, or slices)."""

    allowed: float
    """Bad events that the objective allows: (1 − objective) x total."""
    spent: float
    """Bad events that were."""

    @property
    def remaining(self) -> float:
        """The share left; negative when overspent."""
        return (self.allowed - self.spent) / self.allowed


def budget(row: SliWindow, objective: float) -> Budget | None:
    """The budget of a window with the excluded time taken out; None without traffic."""
    total = row.total - row.excluded_total
    if total <= 0:
        return None
    return Budget((1 - objective) * total, max(0.0, total - (row.good - row.excluded_good)))


def excepted(facts: Facts, slo: str, at: datetime) -> BudgetException | None:
    """The signed exception that sets an SLO's error-budget policy aside at an instant: the one that holds longest."""
    day = local_day(at, facts.policy_at(at).timezone)
    held = [
        one
        for one in facts.exceptions
        if one.slo == slo and one.since <= at and day <= one.until and (one.ended_at is None or at < one.ended_at)
    ]
    return max(held, key=lambda one: (one.until, one.since), default=None)


def state(remaining: float | None, facts: Facts, slo: str, at: datetime) -> str:
    """The error-budget policy's word at an instant: ok, warn, freeze, exception or no_data."""
    return "exception" if excepted(facts, slo, at) is not None else unexcepted(remaining, facts.policy.budget)


def unexcepted(remaining: float | None, thresholds: Thresholds) -> str:
    """The same where nobody set the policy aside."""
    if remaining is None:
        return "no_data"
    return "freeze" if remaining <= thresholds.freeze else "warn" if remaining <= thresholds.warn else "ok"


def _windows(facts: Facts, ask: Ask) -> Iterator[tuple[SliWindow, Slo, Places]]:
    places, revisions = Places(facts, ask), revisions_of(facts)
    moments = {period.key: places.moment(period) for period in places.begun}
    for row in facts.sli_windows:
        slo = revisions.at(row.source, row.slo, moments[row.period]) if row.period in moments else None
        if slo is not None and not places.retired(slo.service, moments[row.period] - timedelta(microseconds=1)):
            yield row, slo, places


def error_budget_remaining(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an SLO: by SLO what is left of what was allowed, otherwise part 1 where anything is left."""
    for row, slo, places in _windows(facts, ask):
        if row.window != slo.window:
            continue
        found = budget(row, slo.objective)
        good, total = row.good - row.excluded_good, row.total - row.excluded_total
        # Nothing left is spent to the last event: exactly at the objective there is no budget left.
        some = found is not None and meets(good, total, slo.objective) and not _at(good, total, slo.objective)
        for group in places.groups((slo.service,), slo=slo.slo):
            if found is None:
                part, whole = 0.0, 0.0
            elif group.slo is not None:
                part, whole = found.allowed - found.spent, found.allowed
            else:
                part, whole = float(some), 1.0
            yield Row(
                row.period,
                group,
                "slos",
                row.source,
                row.slo,
                slo.name,
                None,
                part,
                whole,
                reason="" if found else "no traffic in the window",
                extra={
                    "excluded_minutes": row.excluded_minutes,
                    **(
                        {"minutes": row.minutes - row.excluded_minutes, "total": total} if group.slo is not None else {}
                    ),
                },
            )


def _at(good: float, total: float, objective: float) -> bool:
    return abs(good - objective * total) <= 1e-9 * total and Fraction(str(good)) == Fraction(str(objective)) * Fraction(
        str(total)
    )


def burn_rate(facts: Facts, ask: Ask) -> Iterator[Row]:
    """One row an SLO: bad share over the look-back of a day, over the bad share that the objective allows; the other
    look-backs stand in `extra`, each where the rows are as fine as it."""
    rates: defaultdict[tuple[str, str, str], dict[str, SliWindow]] = defaultdict(dict)
    named: dict[tuple[str, str, str], tuple[Slo, Places]] = {}
    for row, slo, places in _windows(facts, ask):
        if row.window in LOOKBACKS:
            rates[row.period, row.source, row.slo][row.window] = row
            named[row.period, row.source, row.slo] = (slo, places)
    for key, by_window in rates.items():
        slo, places = named[key]
        burns: dict[str, tuple[float, float]] = {}
        for window, minutes in LOOKBACKS.items():
            found = by_window.get(window)
            spent = budget(found, slo.objective) if found and 0 < found.longest_row_minutes <= minutes else None
            if spent is not None:
                burns[window] = (spent.spent, spent.allowed)
        used = next((w for w in ("1d", "3d") if w in burns), None)
        part, whole = burns[used] if used else (0.0, 0.0)
        for group in places.groups((slo.service,), slo=slo.slo):
            yield Row(
                key[0],
                group,
                "slos",
                key[1],
                key[2],
                slo.name,
                None,
                part,
                whole,
                reason="" if used else "no data in the look-back",
                extra={window: spent / allowed for window, (spent, allowed) in burns.items()},
            )


_SLO = SERVICE_DIMENSIONS | {"slo"}
KPIS = (
    Kpi(
        key="error_budget_remaining",
        name="Error budget left",
        question="Which promises are about to break?",
        category="Reliability",
        unit="share",
        shape="share",
        better="higher",
        at="as-of",
        formula="per SLO over its own window: (SLI − objective) / (1 − objective), never clamped; "
        "of several SLOs: those with any budget left / SLOs with data",
        dimensions=_SLO,
        needs=frozenset({"sli_windows"}),
        rows=error_budget_remaining,
        extra=lambda tally: {"excluded_minutes": tally.extra["excluded_minutes"]},
        target="per SLO > 0",
    ),
    Kpi(
        key="burn_rate",
        name="Burn rate",
        question="How fast is the budget going right now?",
        category="Reliability",
        unit="ratio",
        shape="ratio",
        better="lower",
        at="as-of",
        formula="per SLO: (1 − SLI over the look-back) / (1 − objective); look-backs 1 h, 6 h, 1 d, 3 d "
        "where the data is "
        "fine enough; the value is that of 1 d, else 3 d",
        cadence="daily",
        dimensions=_SLO,
        always_by=frozenset({"slo"}),
        needs=frozenset({"sli_lookbacks"}),
        rows=burn_rate,
        extra=lambda tally: dict(tally.extra),
        target="< 1",
    ),
)

"""What the filter bar offers and what an address means: labels to periods and scopes, and back. Pure; the widgets are
in `filters.py`.

An address holds labels a person can read (`period=October 2026`, `tier=Tier 0`); it may as well hold keys
(`period=2026-10`, `tier=0`, `service=checkout`), which are turned into labels.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.charts import wording
from app.metrics import periods
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import Period

SPANS = (3, 6, 12, 24)
BEFORE, YEAR = "Period before", "Same period last year"
AGAINST = (BEFORE, YEAR)
ALL = {"tier": "All tiers", "product": "All products", "team": "All teams", "service": "All services"}
_MONTHS_SHOWN = 60


@dataclass(frozen=True)
class Asked:
    """The whole state of the filter bar: what a page answers for."""

    period: Period
    against: Period
    """What the period is compared with."""
    scope: Scope
    as_of: datetime
    zone: str
    scope_words: tuple[str, ...] = ()
    """What it is narrowed to, in words; empty: everything."""

    def ask(self, *wanted: Period, by: Sequence[str] = ()) -> Ask:
        """The question over these periods (none: the chosen one), in the chosen scope. Periods must not overlap."""
        return Ask(wanted or (self.period,), self.as_of, frozenset(by), self.scope)

    @property
    def trend(self) -> tuple[Period, ...]:
        """The months of a trend: 12 that end with the period's last one that has begun, 24 where the period is
        longer than 12."""
        last = min(self.period.after - timedelta(1), periods.local_day(self.as_of, self.zone))
        end = periods.containing(max(last, self.period.first), "month", self.zone)
        count = 24 if self.period.days > 366 else 12
        return tuple(end.previous(step) for step in range(count - 1, -1, -1))

    @property
    def partial(self) -> bool:
        """Whether the period is not over."""
        return self.period.end > self.as_of

    @property
    def words(self) -> str:
        """The period in words: "October 2026", "12 months to October 2026"."""
        return period_words(self.period)

    @property
    def scoped(self) -> str:
        """What it is narrowed to, in words; empty: everything."""
        return ", ".join(self.scope_words)


def period_words(period: Period) -> str:
    """A period in words, a span by its months."""
    if period.kind != "span":
        return wording.period(period.key)
    last = period.after - timedelta(1)
    return f"{_months_in(period)} months to {wording.period(f'{last:%Y-%m}')}"


def _months_in(period: Period) -> int:
    return (period.after.year - period.first.year) * 12 + period.after.month - period.first.month


def span(months: int, last: Period) -> Period:
    """The span of so many months that ends with a month."""
    first = last.previous(months - 1)
    return periods.between(first.first, last.after - timedelta(1), "span", last.zone)[0]


def latest_month(today: date, last_fact: date | None, zone: str) -> Period:
    """The month shown unless another is chosen: the last complete one, or the last with facts where they end
    before it."""
    complete = periods.containing(today, "month", zone).previous()
    if last_fact is None or last_fact >= complete.first:
        return complete
    return periods.containing(last_fact, "month", zone)


def period_choices(latest: Period, first_fact: date | None, today: date) -> dict[str, Period]:
    """Label → period, in the order of the list: the latest month first, then presets, this month, months,
    quarters, years."""
    zone = latest.zone
    start = max(min(first_fact or latest.first, latest.first), latest.previous(_MONTHS_SHOWN).first)
    current = periods.containing(today, "month", zone)
    choices = {f"Latest month: {wording.period(latest.key)}": latest}
    choices |= {f"Last {months} months": span(months, latest) for months in SPANS}
    months = list(periods.between(start, latest.first, "month", zone))
    if current.first > latest.first:
        months.append(current)
    for kind in ("month", "quarter", "year"):
        found = months if kind == "month" else periods.between(start, latest.first, kind, zone)
        prefix = "Year " if kind == "year" else ""
        choices |= {f"{prefix}{wording.period(period.key)}": period for period in reversed(found)}
    return choices


def compared_with(period: Period, label: str) -> Period:
    """The period to compare with: the one before, or the same a year earlier."""
    if period.kind != "span":
        return period.months_before(12) if label == YEAR else period.previous()
    last = periods.containing(period.after - timedelta(1), "month", period.zone)
    months = _months_in(period)
    return span(months, last.previous(12 if label == YEAR else months))


def named(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Label → id: a name alone where it is the only one, otherwise with its id."""
    often = Counter(name for _, name in pairs)
    return {name if often[name] == 1 else f"{name} ({key})": key for key, name in pairs}


def label_of(said: str, labels: Mapping[str, object], keys: Mapping[str, str]) -> str | None:
    """The label that an address means by a label or a key, whatever the case; None when it means nothing offered."""
    if said in labels:
        return said
    if said in keys:
        return keys[said]
    folded = said.strip().casefold()
    return next((label for label in labels if label.casefold() == folded), None) or next(
        (label for key, label in keys.items() if key.casefold() == folded), None
    )

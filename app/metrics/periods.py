"""Calendar periods, cut in the organisation's zone: `2026-10`, `2026-Q4`, `2026-W41`, `2026`, `2026-10-31`."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["day", "week", "month", "quarter", "year", "span"]
KINDS: tuple[Kind, ...] = ("month", "quarter", "week", "year", "day")
_KEY = re.compile(r"^(\d{4})(?:-(?:Q([1-4])|W(\d{2})|(\d{2})(?:-(\d{2}))?))?$")


@dataclass(frozen=True, order=True)
class Period:
    """Half-open: from the start of `first` to the start of `after`, local dates, cut in `zone`."""

    first: date
    after: date
    kind: Kind
    key: str
    zone: str = "UTC"

    @property
    def start(self) -> datetime:
        """The first instant, UTC."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after, UTC."""
        return midnight(self.after, self.zone)

    @property
    def days(self) -> int:
        return (self.after - self.first).days

    @lru_cache(maxsize=65_536)  # noqa: B019 - a handful of small frozen values
    def previous(self, steps: int = 1) -> "Period":
        """The period of the same kind `steps` before; after, when negative."""
        if self.kind == "span":
            length = self.after - self.first
            first = self.first - steps * length
            return Period(first, first + length, "span", f"{first}..{first + length - timedelta(1)}", self.zone)
        at = self.first
        if self.kind in ("day", "week"):
            at -= timedelta(steps * (7 if self.kind == "week" else 1))
        else:
            at = _months(at, -steps * {"month": 1, "quarter": 3, "year": 12}[self.kind])
        return containing(at, self.kind, self.zone)

    def months_before(self, months: int) -> "Period":
        """The period of the same kind that many months before: of a week, the one that many months' weeks before."""
        if self.kind == "week":
            return self.previous(round(months * 52 / 12))
        return containing(_months(self.first, -months), self.kind, self.zone)


@lru_cache(maxsize=16_384)
def midnight(day: date, zone: str) -> datetime:
    """The instant, UTC, at which a local day starts. Where midnight does not exist, the first instant that does."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def local_day(at: datetime, zone: str) -> date:
    """The local date of an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def _months(day: date, months: int) -> date:
    whole = day.year * 12 + day.month - 1 + months
    last = (date(whole // 12 + whole % 12 // 11, (whole % 12 + 1) % 12 + 1, 1) - timedelta(1)).day
    return date(whole // 12, whole % 12 + 1, min(day.day, last))


@lru_cache(maxsize=65_536)
def containing(day: date, kind: Kind, zone: str = "UTC") -> Period:
    """The period of this kind that holds a local day."""
    match kind:
        case "day":
            return Period(day, day + timedelta(1), kind, day.isoformat(), zone)
        case "week":
            first = day - timedelta(day.weekday())
            year, week, _ = first.isocalendar()
            return Period(first, first + timedelta(7), kind, f"{year}-W{week:02}", zone)
        case "month":
            first = day.replace(day=1)
            return Period(first, _months(first, 1), kind, f"{first:%Y-%m}", zone)
        case "quarter":
            first = date(day.year, day.month - (day.month - 1) % 3, 1)
            return Period(first, _months(first, 3), kind, f"{day.year}-Q{first.month // 3 + 1}", zone)
        case "year":
            return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1), kind, str(day.year), zone)
        case "span":
            raise ValueError("a span has no calendar: name its first and last day")


def parse(key: str, zone: str = "UTC") -> Period:
    """The period a key names. Raises ValueError with a sentence that says what to write instead."""
    match = _KEY.match(key.strip())
    try:
        if not match:
            raise ValueError(key)
        year, quarter, week, month, day = match.groups()
        if quarter:
            return containing(date(int(year), int(quarter) * 3 - 2, 1), "quarter", zone)
        if week:
            return containing(date.fromisocalendar(int(year), int(week), 1), "week", zone)
        if day:
            return containing(date(int(year), int(month), int(day)), "day", zone)
        if month:
            return containing(date(int(year), int(month), 1), "month", zone)
        return containing(date(int(year), 1, 1), "year", zone)
    except ValueError as cause:
        raise ValueError(
            f"{key!r} names no period: write 2026-10 (month), 2026-Q4, 2026-W41, 2026 or 2026-10-31"
        ) from cause


def between(first: date, last: date, kind: Kind, zone: str = "UTC") -> tuple[Period, ...]:
    """The periods of this kind that hold the days from `first` to `last`, both included. Empty when last is before
    first."""
    if last < first:
        return ()
    if kind == "span":
        return (Period(first, last + timedelta(1), "span", f"{first}..{last}", zone),)
    periods = [containing(first, kind, zone)]
    while periods[-1].after <= last:
        periods.append(containing(periods[-1].after, kind, zone))
    return tuple(periods)

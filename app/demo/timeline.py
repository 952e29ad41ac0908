"""When the demo's story happens: everything is told relative to yesterday, in whole calendar months before it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Instants inside the demo are microseconds since 1970 UTC, as in the store."""

BAD_QUARTER = (-8, -7, -6)
"""Months, counted back from yesterday's (0), in which the express checkout launch goes badly."""
MENDED = -5
"""From this month on: canaries are required, teams are reorganised, things get better."""
EPOCH = date(1970, 1, 1)


def micros(day: date) -> int:
    """Midnight UTC of a day, in microseconds."""
    return (day - EPOCH).days * DAY


def instant(us: int | float) -> datetime:
    """The aware UTC datetime of microseconds, to the whole second."""
    return datetime.fromtimestamp(int(us) // SECOND, UTC)


def back(day: date, months: int) -> date:
    """The first day of the month that many months before a day's month."""
    whole = day.year * 12 + day.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)


@dataclass(frozen=True)
class Timeline:
    """The days that the demo covers: whole months from `years` ago, up to and with yesterday."""

    today: date
    years: int = 2

    @property
    def last(self) -> date:
        return self.today - timedelta(1)

    @cached_property
    def first(self) -> date:
        return back(self.last, 12 * self.years)

    @cached_property
    def days(self) -> int:
        return (self.today - self.first).days

    @property
    def start(self) -> int:
        return micros(self.first)

    @property
    def end(self) -> int:
        """The first microsecond of today: nothing has happened from here on."""
        return micros(self.today)

    @cached_property
    def dates(self) -> tuple[date, ...]:
        return tuple(self.first + timedelta(n) for n in range(self.days))

    @cached_property
    def midnights(self) -> Ints:
        return self.start + np.arange(self.days, dtype=np.int64) * DAY

    @cached_property
    def month(self) -> Ints:
        """For each day, the months that it lies back: 0 is yesterday's month, -1 the one before."""
        return np.array([self.back_of(day) for day in self.dates], dtype=np.int64)

    @cached_property
    def weekday(self) -> Ints:
        return (np.arange(self.days, dtype=np.int64) + self.first.weekday()) % 7

    @cached_property
    def season(self) -> Floats:
        """Traffic of each day against a plain weekday two years ago: week, year, growth, a sale in late November."""
        of_year = np.array([day.timetuple().tm_yday for day in self.dates])
        yearly = 1 + 0.12 * np.cos(2 * np.pi * (of_year - 345) / 365.25)
        peak = 0.55 * np.exp(-(((of_year - 335) / 14.0) ** 2))
        weekly = np.array([0.96, 0.94, 0.95, 1.0, 1.08, 1.14, 1.1])[self.weekday]
        growth = 1 + 0.2 * np.arange(self.days) / 365.25
        return np.asarray((yearly + peak) * weekly * growth, dtype=np.float64)

    def back_of(self, day: date) -> int:
        return (day.year - self.last.year) * 12 + day.month - self.last.month

    def index(self, us: int) -> int:
        """The day an instant lies in, counted from the first."""
        return (us - self.start) // DAY

    def ago(self, days: int, hour: float = 0) -> int:
        """The instant that many days before today's midnight, plus hours."""
        return self.end - days * DAY + int(hour * HOUR)

    def offsets(self, zone: str) -> Ints:
        """For each day, local time minus UTC at noon, in microseconds."""
        return _offsets(zone, self.first, self.days)

    def local_to_utc(self, zone: str, day: Ints, hour: Floats) -> Ints:
        """Instants, to the second, of local hours on days given by index."""
        seconds = (hour * 3600).astype(np.int64)
        return np.asarray(self.midnights[day] + seconds * SECOND - self.offsets(zone)[day], dtype=np.int64)


@lru_cache(maxsize=128)
def _offsets(zone: str, first: date, days: int) -> Ints:
    tz, noon = ZoneInfo(zone), datetime.combine(first, time(12))
    found = ((noon + timedelta(n)).replace(tzinfo=tz).utcoffset() for n in range(days))
    return np.array([round((offset or timedelta()).total_seconds()) * SECOND for offset in found], dtype=np.int64)


def chance(name: str) -> np.random.Generator:
    """A stream of random numbers of its own for each part of the story, so that parts do not move each other."""
    return np.random.default_rng([20260, crc32(name.encode())])


def by_month(month: Ints, calm: float, bad: float, mended: float) -> Floats:
    """A rate for each day: before the bad quarter, in it, and since."""
    found = np.where(np.isin(month, BAD_QUARTER), bad, np.where(month >= MENDED, mended, calm))
    return np.asarray(found, dtype=np.float64)


def mood(month: int, calm: float, bad: float, mended: float) -> float:
    """`by_month` of one month."""
    return bad if month in BAD_QUARTER else mended if month >= MENDED else calm

"""Stretches of time as SQL: lists of values, local days, local time of day. No time functions of a database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.metrics.periods import local_day, midnight
from app.store.types import micros, moment

DAY = 86_400_000_000
"""Microseconds."""
_EPOCH = date(1970, 1, 1)
_WHOLE = 200_000
"""Days added so that integer division never meets a negative number."""


def values(name: str, columns: Mapping[str, sa.types.TypeEngine[Any]], rows: Sequence[Sequence[Any]]) -> sa.CTE | None:
    """A small table written into the statement itself; None when it would be empty."""
    if not rows:
        return None
    head = [sa.column(column, kind) for column, kind in columns.items()]
    return sa.values(*head, name=f"{name}_values", literal_binds=True).data([tuple(row) for row in rows]).cte(name)


def ranges(rows: Iterable[tuple[int, int, int]]) -> sa.CTE | None:
    """Stretches of time `(k, start, stop)`, in microseconds, half-open; what a fold groups by is `k`."""
    kinds: dict[str, sa.types.TypeEngine[Any]] = {
        "k": sa.BigInteger(),
        "start": sa.BigInteger(),
        "stop": sa.BigInteger(),
    }
    return values("ranges", kinds, list(rows))


def day_number(day: date) -> int:
    """Whole days since 1970."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    return _EPOCH + timedelta(number)


def day_at(at: int, zone: str) -> int:
    """The number of the local day that holds an instant in microseconds."""
    return day_number(local_day(moment(at), zone))


def day_start(number: int, zone: str) -> int:
    """The first microsecond of a local day."""
    return micros(midnight(day_of(number), zone))


def day_ranges(days: Iterable[int], zone: str) -> list[tuple[int, int, int]]:
    """Each local day as a stretch of time, `k` its number."""
    return [(day, day_start(day, zone), day_start(day + 1, zone)) for day in sorted(days)]


def number(value: int) -> sa.ColumnElement[int]:
    """A whole number written into the statement."""
    return sa.literal_column(str(value), sa.BigInteger())


@lru_cache(maxsize=4096)
def _changes(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """When a zone's offset changes within a UTC year: (from that instant, the offset), in microseconds; the year's
    first instant is always the first."""
    info = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(info).utcoffset() or timedelta()

    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = [(micros(at), offset(at) // timedelta(microseconds=1))]
    while at < end:
        later = min(at + timedelta(1), end)
        low, high = at, later
        if offset(low) != offset(high):
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if middle <= low:
                    break
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append((micros(high), offset(high) // timedelta(microseconds=1)))
        at = later
    return tuple(found)


def offsets(zone: str, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """A zone's offsets for instants from `first` to `last`: (from that instant, the offset), in microseconds."""
    years = range(moment(first).year, moment(last).year + 1)
    steps = [step for year in years for step in _changes(zone, year)]
    kept: list[tuple[int, int]] = []
    for since, amount in steps:
        if not kept or kept[-1][1] != amount:
            kept.append((since, amount))
    while len(kept) > 1 and kept[1][0] <= first:
        kept.pop(0)
    return (kept[0], *(step for step in kept[1:] if step[0] <= last))


def offset(at: sa.ColumnElement[Any], zone: str, first: int, last: int) -> sa.ColumnElement[int]:
    """A zone's offset in microseconds at an instant, for instants from `first` to `last`."""
    kept = offsets(zone, first, last)
    if len(kept) == 1:
        return number(kept[0][1])
    whens = [(at >= number(since), number(amount)) for since, amount in reversed(kept[1:])]
    return sa.case(*whens, else_=number(kept[0][1]))


def time_of_day(local: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Microseconds since local midnight by the wall clock, of a local instant (instant + offset)."""
    return (local + number(_WHOLE * DAY)) % number(DAY)


def weekday(local: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """0 Monday to 6 Sunday, of a local instant. 1970 began on a Thursday; the days added are 3 short of whole weeks."""
    whole = (local + number(_WHOLE * DAY)) // number(DAY)
    return (whole + number((3 - _WHOLE) % 7)) % number(7)

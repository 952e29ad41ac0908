"""Text to instants and days: RFC 3339 with an offset, or local time in a zone that the import names."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1970, 2100
_FIRST = 0
_AFTER = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
_FIRST_DAY = 0
_AFTER_DAY = (date(LAST_YEAR + 1, 1, 1) - date(1970, 1, 1)).days
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?)?([Zz]|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
Parsed = tuple[Any, dict[int, str]]
"""An array with null where a cell is bad or blank, and row → reason (read after the column's name) for the bad."""


def instants(cells: Any, zone: ZoneInfo | None) -> Parsed:
    """Microseconds since 1970, UTC (int64), of a column of trimmed cells (null: blank).

    Without an offset a time is read in `zone`: one that the clocks skip is refused, one that they repeat is the first
    of the two. Digits beyond microseconds are cut off.
    """
    try:
        micros = pc.cast(pc.cast(cells, pa.timestamp("us", "UTC")), pa.int64())
    except pa.ArrowInvalid:
        return _one_by_one(cells, lambda text: instant(text, zone), pa.int64())
    if _within(micros, _FIRST, _AFTER):
        return micros, {}
    return _one_by_one(cells, lambda text: instant(text, zone), pa.int64())


def days(cells: Any) -> Parsed:
    """Dates (date32) of a column of trimmed cells (null: blank)."""
    try:
        dates = pc.cast(cells, pa.date32())
    except pa.ArrowInvalid:
        return _one_by_one(cells, day, pa.date32())
    if _within(pc.cast(dates, pa.int32()), _FIRST_DAY, _AFTER_DAY):
        return dates, {}
    return _one_by_one(cells, day, pa.date32())


def instant(text: str, zone: ZoneInfo | None) -> int | str:
    """One instant as microseconds since 1970, or the reason why it is none."""
    found = _INSTANT.fullmatch(text)
    if not found:
        return "has no time of day: write 2026-10-03T09:15:00Z" if _DAY.fullmatch(text) else _NOT_A_TIME
    year, month, dom, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int(((found[7] or "") + "000000")[:6])
    if second == 60:
        return "has a second 60: leap seconds are not kept, write :59"
    try:
        local = datetime(year, month, dom, hour, minute, second, fraction)  # noqa: DTZ001
    except ValueError as cause:
        return f"is no time of the calendar: {cause}"
    offset = found[8]
    if offset is None:
        if zone is None:
            return _NO_OFFSET
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) != local:
            return f"does not exist in {zone.key}: the clocks went forward over it"
    elif offset in "Zz":
        at = local.replace(tzinfo=UTC)
    else:
        hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
        if hours > 23 or minutes > 59:
            return f"has an impossible offset, {offset}"
        shift = timedelta(hours=hours, minutes=minutes)
        try:
            at = local.replace(tzinfo=timezone(-shift if offset[0] == "-" else shift)).astimezone(UTC)
        except OverflowError:
            return _OUT_OF_REACH
    micros = (at - EPOCH) // timedelta(microseconds=1)
    return micros if _FIRST <= micros < _AFTER else _OUT_OF_REACH


def day(text: str) -> date | str:
    """One date, or the reason why it is none."""
    found = _DAY.fullmatch(text)
    if not found:
        return "is not a date: write 2026-10-31"
    try:
        on = date(*(int(part) for part in found.groups()))
    except ValueError as cause:
        return f"is no day of the calendar: {cause}"
    return on if FIRST_YEAR <= on.year <= LAST_YEAR else _OUT_OF_REACH


_NO_OFFSET = (
    "has no offset: write 2026-10-03T09:15:00Z or +01:00, or name the zone of the file with --timezone, that of a "
    "source by timezone"
)
_NOT_A_TIME = "is not a time: write 2026-10-03T09:15:00Z, or +01:00 in place of Z"
_OUT_OF_REACH = f"is out of reach: only the years {FIRST_YEAR} to {LAST_YEAR} are kept"


def _within(numbers: Any, first: int, after: int) -> bool:
    ends = pc.min_max(numbers).as_py()
    return ends["min"] is None or (ends["min"] >= first and ends["max"] < after)


def _one_by_one(cells: Any, parse: Any, kind: Any) -> Parsed:
    values: list[Any] = []
    reasons: dict[int, str] = {}
    for row, text in enumerate(cells.to_pylist()):
        value = None if text is None else parse(text)
        if isinstance(value, str):
            reasons[row] = value
            value = None
        values.append(value)
    return pa.array(values, kind), reasons

"""Which part of a question the stored sums answer, and which part must be summed from raw facts: edges of days, days
that were not settled at as-of, days whose sums were made by other rules than the period's."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.numbers import Ask
from app.policy import Policy
from app.store.engine import narrowed_to
from app.store.folds import Range, fingerprint
from app.store.light import Places
from app.store.ranges import day_at, day_start
from app.store.tables import DAY_MARKS, META
from app.store.types import micros, moment

_ONE = timedelta(microseconds=1)


class Pieces(NamedTuple):
    """For one policy: days `(k, first, after)` that stored sums answer, stretches `(k, start, stop)` to fold live."""

    policy: Policy
    stored: list[Range]
    live: list[Range]


def stored_zone(conn: Connection) -> str | None:
    """The zone that days were cut in; None on a store without sums."""
    return conn.execute(sa.select(META.c.value).where(META.c.name == "day_zone")).scalar()


def of_periods(conn: Connection, held: Places, ask: Ask, sums: str) -> list[Pieces]:
    """The pieces of a question's periods, by the policy in force at the end of each; `k` is the place of the period.

    Pages that a reader does not see may begin an interruption that goes on with one that they see: within limits, pages
    are folded."""
    folded = sums == "pages" and narrowed_to(conn) is not None
    zone, as_of = stored_zone(conn), micros(ask.as_of)
    limit = as_of if sums == "sli" else as_of + 1
    unsettled = _unsettled(conn, as_of) if sums == "pages" else set()
    split: defaultdict[str, Pieces] = defaultdict()
    marks = {fingerprint(policy) for _, policy in held.policies}
    for k, period in enumerate(ask.periods):
        start, stop = micros(period.start), min(micros(period.end), limit)
        if start >= stop:
            continue
        policy = held.policy_at(min(period.end, ask.as_of) - _ONE)
        mark = fingerprint(policy)
        pieces = split.setdefault(mark, Pieces(policy, [], []))
        apart = set(unsettled)
        if sums == "pages" and zone is not None:
            first, last = day_at(start, zone), day_at(stop - 1, zone)
            slowest = max(policy.engage_minutes_without_tier, *(tier.engage_minutes for tier in policy.tiers.values()))
            apart.update(range(day_at(as_of - round(slowest * 60_000_000), zone), last + 1))
            if len(marks) > 1:
                days = range(first, last + 1)
                apart.update(d for d in days if fingerprint(held.policy_at(moment(day_start(d + 1, zone) - 1))) != mark)
        usable = zone is not None and zone == policy.timezone and not folded
        cut(k, start, stop, zone if usable else None, apart, pieces.stored, pieces.live)
    return list(split.values())


def cut(
    k: int, start: int, stop: int, zone: str | None, apart: Iterable[int], stored: list[Range], live: list[Range]
) -> None:
    """Splits one stretch of time into runs of whole stored days and the rest; `apart` are days to fold live."""
    if start >= stop:
        return
    if zone is None:
        live.append((k, start, stop))
        return
    first = day_at(start, zone)
    if day_start(first, zone) < start:
        first += 1
    after = day_at(stop, zone)
    if first >= after:
        live.append((k, start, stop))
        return
    if start < day_start(first, zone):
        live.append((k, start, day_start(first, zone)))
    at = first
    for day in sorted(day for day in set(apart) if first <= day < after):
        if at < day:
            stored.append((k, at, day))
        live.append((k, day_start(day, zone), day_start(day + 1, zone)))
        at = day + 1
    if at < after:
        stored.append((k, at, after))
    if day_start(after, zone) < stop:
        live.append((k, day_start(after, zone), stop))


def merged(spans: Iterable[tuple[int, int]]) -> list[Range]:
    """Stretches of time without overlaps, numbered."""
    found: list[list[int]] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], stop)
        elif start < stop:
            found.append([start, stop])
    return [(k, start, stop) for k, (start, stop) in enumerate(found)]


def _unsettled(conn: Connection, as_of: int) -> set[int]:
    """The days whose page sums depend on something later than as-of."""
    later = sa.select(DAY_MARKS.c.day).where(DAY_MARKS.c.sums == "pages", DAY_MARKS.c.latest_at > as_of)
    return set(conn.execute(later).scalars())


def days_cte(name: str, rows: Sequence[Range]) -> sa.CTE | None:
    """Runs of days `(k, first, after)` as a table."""
    from app.store.ranges import values

    return values(name, {"k": sa.BigInteger(), "first": sa.Integer(), "after": sa.Integer()}, rows)

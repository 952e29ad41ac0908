"""What became of what earlier reviews decided and asked for."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import periods
from app.metrics.periods import Period, local_day
from app.metrics.review_records import Followed, Outcome
from app.store import light
from app.store.review_tables import REVIEWS
from app.store.reviews_actions import promised
from app.store.reviews_decisions import decisions

_ORDER: dict[Outcome, int] = {"late": 0, "open": 1, "done": 2, "dropped": 3}


def followed(conn: Connection, before: str, today: date) -> tuple[Followed, ...]:
    """Decisions to be carried out and actions of every earlier review of the kind that `before` is of (month or
    quarter), that were open at the last one of them or changed since: the late first, then by due date."""
    this = periods.parse(before)
    earlier = dict(_earlier(conn, this))
    if not earlier:
        return ()
    last = max(earlier, key=lambda key: earlier[key].first)
    since = _day_of(conn, last)
    found = [
        Followed(
            one.period, "decision", str(one.id), one.what, one.decided_by, one.due,
            outcome(one.due, one.done_on, one.dropped_on, today), one.done_on or one.dropped_on, one.reason,
        )
        for one in decisions(conn)
        if one.period in earlier and one.due is not None
    ] + [
        Followed(
            one.period, "action", f"{one.source}/{one.action}", one.title, one.owner, one.due,
            outcome(one.due, one.done_on, one.dropped_on, today), one.done_on or one.dropped_on, one.reason,
        )
        for one in promised(conn)
        if one.period in earlier
    ]  # fmt: skip
    kept = [one for one in found if one.period == last or one.on is None or one.on >= since]
    return tuple(sorted(kept, key=lambda one: (_ORDER[one.outcome], one.due or date.max, one.period, one.id)))


def outcome(due: date | None, done_on: date | None, dropped_on: date | None, today: date) -> Outcome:
    """How it stands: late is open past its day."""
    if dropped_on is not None:
        return "dropped"
    if done_on is not None:
        return "done"
    return "late" if due is not None and due < today else "open"


def _earlier(conn: Connection, this: Period) -> Iterable[tuple[str, Period]]:
    for key in conn.execute(sa.select(REVIEWS.c.period)).scalars():
        period = periods.parse(key)
        if period.kind == this.kind and period.first < this.first:
            yield key, period


def _day_of(conn: Connection, period: str) -> date:
    """The local day on which a review was closed; else held, else planned."""
    query = sa.select(REVIEWS.c.closed_at, REVIEWS.c.held_at, REVIEWS.c.opened_at).where(REVIEWS.c.period == period)
    row = conn.execute(query).one()
    at = row.closed_at or row.held_at or row.opened_at
    return local_day(at, light.places(conn).policy_at(at).timezone)

"""What the pages of reviews know: the reviews themselves, what was frozen, what would be frozen now, and the trends."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from app.metrics import periods
from app.metrics.numbers import Ask, Group
from app.metrics.periods import local_day
from app.metrics.review_records import Attendee, Comment, Decision, Followed, Note, Promised, Review
from app.metrics.review_trends import Counted, kept, on_time
from app.people import NotAllowed
from app.review import freeze, snapshot
from app.review.build import NotReviewable
from app.review.snapshot import Frozen, Snapshot
from app.store import audit, reviews
from app.store.engine import reading
from app.ui import read, who
from app.ui.read import State

_OWN = ("reviews", "decisions", "deliveries")
"""What the audit trail calls the writes that change no number."""


class Told(NamedTuple):
    """One review with all that was said in it."""

    review: Review
    people: tuple[Attendee, ...]
    comments: tuple[Comment, ...]
    notes: tuple[Note, ...]
    decisions: tuple[Decision, ...]
    actions: tuple[Promised, ...]
    followed: tuple[Followed, ...]
    """What earlier reviews decided and asked for, as it stands today."""
    missing: tuple[str, ...]
    """What stands in the way of closing."""

    @property
    def key(self) -> str:
        return self.review.period


def refused(act: str = "write") -> str:
    """Why whoever looks may not write reviews, or sign; empty: they may."""
    try:
        who.person().must("approve" if act == "approve" else "write", everywhere=True)
    except NotAllowed as why:
        return str(why)
    return ""


def zone() -> str:
    return read.directory().policy.timezone


def today() -> date:
    """The local day of the organisation."""
    return local_day(read.now(), zone())


def listing() -> tuple[Review, ...]:
    """Every review, the latest first."""
    return _listing(read.state())


@lru_cache(maxsize=8)
def _listing(of: State) -> tuple[Review, ...]:
    with reading(read.opened(of.url)) as conn:
        return reviews.listing(conn)


def told(period: str) -> Told | None:
    """The review of a period; None where nobody has planned one."""
    return _told(read.state(), period, today())


@lru_cache(maxsize=16)
def _told(of: State, period: str, on: date) -> Told | None:
    with reading(read.opened(of.url)) as conn:
        one = reviews.review(conn, period)
        if one is None:
            return None
        return Told(
            one,
            reviews.people(conn, period),
            reviews.comments(conn, period),
            reviews.notes(conn, period),
            reviews.decisions(conn, period),
            reviews.promised(conn, period),
            reviews.followed(conn, period, on),
            reviews.missing(conn, period),
        )


def frozen(period: str) -> Frozen | None:
    """What is frozen of a period; None where nothing is. Raises StoreError where it is not what was kept."""
    return _frozen(read.state(), period)


@lru_cache(maxsize=8)
def _frozen(of: State, period: str) -> Frozen | None:
    with reading(read.opened(of.url)) as conn:
        kept_, minutes = reviews.snapshot(conn, period), reviews.minutes(conn, period)
    if kept_ is None:
        return None
    if minutes is None:
        return Frozen(_parsed(kept_[0]), kept_[1])
    return Frozen(_parsed(kept_[0]), kept_[1], snapshot.read_minutes(minutes[0]), minutes[1])


_parsed = lru_cache(maxsize=16)(snapshot.read)


def prepared(period: str) -> Snapshot | str:
    """What a freeze would keep now; where there can be no review (yet), why not. Made anew only when facts change, not
    when somebody comments or decides."""
    of = read.state()
    with reading(read.opened(of.url)) as conn:
        facts = audit.latest(conn, _OWN)
    return _prepared(of.url, period, facts, read.moment().date())


@lru_cache(maxsize=8)
def _prepared(url: str, period: str, facts: int, on: date) -> Snapshot | str:
    try:
        return freeze.prepared(who.whole(url), period, who.person().name)
    except NotReviewable as why:
        return str(why)


class Trend(NamedTuple):
    """How one review came out."""

    period: str
    met: Counted
    """Targets that were met, of those that could be told."""
    carried: Counted
    """Decisions and actions carried out on time, of those whose day has come."""


def trends() -> tuple[Trend, ...]:
    """Of the frozen reviews, the earliest first."""
    return _trends(read.state(), today())


@lru_cache(maxsize=8)
def _trends(of: State, on: date) -> tuple[Trend, ...]:
    found = []
    with reading(read.opened(of.url)) as conn:
        decisions = [(one.period, one.due, one.done_on, one.dropped_on) for one in reviews.decisions(conn)]
        actions = [(one.period, one.due, one.done_on, one.dropped_on) for one in reviews.promised(conn)]
        for one in reversed(reviews.listing(conn)):
            text = reviews.snapshot(conn, one.period) if one.frozen is not None else None
            if text is None:
                continue
            ends = [rest for period, *rest in (*decisions, *actions) if period == one.period]
            whole = [number for number in _parsed(text[0]).numbers.get("", ()) if number.group == Group()]
            found.append(Trend(one.period, kept(number.verdict for number in whole), on_time(ends, on)))
    return tuple(found)


def called(subject: str) -> str:
    """How an SLO or a risk (`source/id`) is called; as it was written where it is no more."""
    return _called(read.state()).get(subject, subject)


@lru_cache(maxsize=4)
def _called(of: State) -> Mapping[str, str]:
    facts = read.facts(frozenset({"risks"}), Ask((), read.moment()))
    risks = {f"{one.source}/{one.risk}": f"{one.risk} · {one.title}" for one in facts.risks}
    return risks | {slo.slo: slo.name for slo in facts.slos}


def planned(offered: int = 6) -> Sequence[str]:
    """The periods that a review can be planned for: the latest months and quarters that have none, the last complete
    month first."""
    taken = {one.period for one in listing()}
    now = local_day(read.now(), zone())
    month, quarter = periods.containing(now, "month"), periods.containing(now, "quarter")
    months = [month.previous(step).key for step in (1, 0, *range(2, offered))]
    return [key for key in (*months, quarter.previous().key, quarter.key) if key not in taken]


def held_since(one: Review) -> datetime:
    return one.held_at or one.opened_at


def owners() -> Sequence[str]:
    """Who could be invited as an owner of services: those who manage teams that have some."""
    return _owners(read.state())


@lru_cache(maxsize=8)
def _owners(of: State) -> Sequence[str]:
    with reading(read.opened(of.url)) as conn:
        return reviews.managers(conn)

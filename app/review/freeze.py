"""The acts of a review that need the numbers: prepare it, freeze it, close it, and read what was kept."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.engine import Engine

from app.charts import wording
from app.metrics import periods
from app.metrics.periods import local_day
from app.metrics.review_records import Review
from app.metrics.risk_records import Invalid
from app.people import Person
from app.review import snapshot
from app.review.build import Progress, build
from app.review.restate import differs, restated
from app.review.snapshot import Frozen, Minutes, Restated, Snapshot
from app.store import light, reviews
from app.store.engine import generation, reading, writing
from app.store.kept import Made, keep

LOOKED_BACK = 6
"""So many earlier reviews of the kind are held against the facts of today."""


class NotFrozen(LookupError):
    """A review that has no snapshot in force; the message says what to do."""


def prepared(
    engine: Engine,
    period: str,
    by: str,
    *,
    whole: bool = False,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Snapshot:
    """The snapshot that a freeze would keep now, with the comments so far and what became of earlier reviews; not
    `whole`: what pages show of it. Raises NotReviewable."""
    now, learnt = (at or datetime.now(UTC)).replace(microsecond=0), list[Made]()
    with reading(engine) as conn:
        count = generation(conn)
        today = local_day(now, light.places(conn).policy_at(now).timezone)
        made = build(
            conn,
            period,
            by=by,
            at=now,
            comments=reviews.comments(conn, period),
            earlier=reviews.followed(conn, period, today),
            restated=restatements(conn, period, progress),
            whole=whole,
            learnt=learnt,
            progress=progress,
        )
    keep(engine, count, learnt)
    return made


def freeze(
    engine: Engine,
    by: Person,
    period: str,
    version: int,
    *,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> Frozen:
    """Keeps the numbers of a period for ever. Raises Invalid outside preparation, Conflict where somebody changed the
    review meanwhile, NotAllowed, ValueError."""
    by.must("write", everywhere=True)
    made = prepared(engine, period, by.name, whole=True, at=at, progress=progress)
    text = snapshot.text(made)
    with writing(engine) as conn:
        reviews.keep_snapshot(conn, by, period, version, text, snapshot.digest(text), at=at)
    return Frozen(made, snapshot.digest(text))


def close(engine: Engine, by: Person, period: str, version: int, *, at: datetime | None = None) -> Frozen:
    """Ends a review: its minutes are kept for ever. Raises Invalid that names each action without owner or date,
    NotAllowed."""
    by.must("write", everywhere=True)
    now = (at or datetime.now(UTC)).replace(microsecond=0)
    with writing(engine) as conn:
        held = reviews.review(conn, period)
        kept = reviews.snapshot(conn, period)
        if held is None or kept is None:
            raise Invalid({"": f"The numbers of {wording.period(period)} are not frozen: freeze them first."})
        minutes = Minutes(
            period=period,
            snapshot=kept[1],
            chair=held.chair,
            on=held.on,
            closed_at=now,
            closed_by=by.name,
            attendees=reviews.people(conn, period),
            notes=tuple(reviews.notes(conn, period)),
            decisions=tuple(reviews.decisions(conn, period)),
            actions=tuple(reviews.promised(conn, period)),
        )
        text = snapshot.text(minutes)
        reviews.close(conn, by, period, version, text, snapshot.digest(text), at=now)
    return Frozen(snapshot.read(kept[0]), kept[1], minutes, snapshot.digest(text))


def frozen(conn: Connection, period: str, number: int | None = None) -> Frozen:
    """What was kept of a period: the snapshot in force (or one by its number), and the minutes of a closed review.

    Raises NotFrozen where there is none, StoreError where a kept text does not fit its hash.
    """
    kept = reviews.snapshot(conn, period, number)
    if kept is None:
        there = reviews.review(conn, period) is not None
        what = f"nines review {'freeze' if there else 'open'} {period}"
        state = "is not frozen" if there else "has no review"
        raise NotFrozen(f"{wording.capital(wording.period(period))} {state}: {what}")
    minutes = reviews.minutes(conn, period) if number is None else None
    if minutes is None:
        return Frozen(snapshot.read(kept[0]), kept[1])
    return Frozen(snapshot.read(kept[0]), kept[1], snapshot.read_minutes(minutes[0]), minutes[1])


def restatements(conn: Connection, period: str, progress: Progress | None = None) -> tuple[Restated, ...]:
    """The numbers of earlier frozen reviews of the same kind that are others now, the latest review first; not what a
    review in between has told already, unless it has moved again."""
    earlier = _earlier(conn, period)
    found: list[Restated] = []
    for place, one in enumerate(earlier):
        if progress is not None:
            progress(0.0, f"Holding {wording.period(one.period)} against the facts of today")
        kept = snapshot.read((reviews.snapshot(conn, one.period) or ("", ""))[0])
        told = _told(conn, earlier[:place], one.period)
        found += [
            now
            for now in restated(conn, kept)
            if not any(
                (before.kpi, before.was.group) == (now.kpi, now.was.group) and not differs(before.now, now.now)
                for before in told
            )
        ]
    return tuple(found)


def _earlier(conn: Connection, period: str) -> list[Review]:
    this = periods.parse(period)
    return [
        one
        for one in reviews.listing(conn)
        if one.frozen is not None
        and (found := periods.parse(one.period)).kind == this.kind
        and found.first < this.first
    ][:LOOKED_BACK]


def _told(conn: Connection, between: Sequence[Review], period: str) -> list[Restated]:
    """What the reviews since have said of a period."""
    found = []
    for one in between:
        kept = reviews.snapshot(conn, one.period)
        if kept is not None:
            found += [told for told in snapshot.read(kept[0]).restated if told.period == period]
    return found


def of(review: Review) -> str:
    """A review's state in words."""
    words = {"planned": "planned", "preparation": "in preparation", "held": "being held", "closed": "closed"}
    return words[review.state] + (", numbers frozen" if review.state == "preparation" and review.frozen else "")

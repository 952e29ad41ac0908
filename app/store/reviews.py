"""Reviews of a month or quarter: planned, in preparation, held, closed; what was frozen, and who was there.

What was frozen and the minutes are texts that are kept for ever, each with its hash: none is changed or taken away, and
reading one that does not fit its hash raises StoreError.
"""

from datetime import date, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import periods
from app.metrics.review_records import AGENDA, Comment, Note, Review, Step
from app.metrics.risk_records import Invalid
from app.metrics.risk_rules import sentence
from app.people import Person
from app.store import reviews_participation
from app.store.engine import StoreError
from app.store.register_saving import Desk
from app.store.review_tables import COMMENTS, MINUTES, NOTES, REVIEWS, SNAPSHOTS
from app.store.reviews_actions import ask, change_action, close_action, drop_action, promised
from app.store.reviews_decisions import (
    change_decision,
    decide,
    decisions,
    drop_decision,
    finish_decision,
    sign_decision,
)
from app.store.reviews_exceptions import exceptions
from app.store.reviews_followed import followed
from app.store.reviews_people import managers, set_people
from app.store.reviews_saving import (
    Head,
    as_fields,
    desk,
    expect,
    head_of,
    in_state,
    keep_version,
    last_version,
    made,
    people,
    row_of,
    save,
    steps,
    told,
)

__all__ = [
    "ask",
    "change",
    "change_action",
    "change_decision",
    "close",
    "close_action",
    "comment",
    "comments",
    "decide",
    "decisions",
    "drop_action",
    "drop_decision",
    "exceptions",
    "finish_decision",
    "followed",
    "hold",
    "keep_snapshot",
    "listing",
    "managers",
    "minutes",
    "missing",
    "note",
    "notes",
    "open_",
    "people",
    "prepare",
    "promised",
    "reopen",
    "review",
    "set_people",
    "sign_decision",
    "snapshot",
]
_LONGEST = 20_000


def listing(conn: Connection) -> tuple[Review, ...]:
    """Every review, the latest period first; a quarter before its months."""
    found = [made(row) for row in conn.execute(sa.select(REVIEWS))]
    return tuple(sorted(found, key=_order, reverse=True))


def _order(one: Review) -> tuple[date, date]:
    period = periods.parse(one.period)
    return period.after, period.first


def review(conn: Connection, period: str) -> Review | None:
    """The review of a period; None where nobody has planned one."""
    row = conn.execute(sa.select(REVIEWS).where(REVIEWS.c.period == period)).first()
    return made(row) if row is not None else None


def open_(
    conn: Connection,
    by: Person,
    period: str,
    *,
    chair: str | None = None,
    on: date | None = None,
    agenda: tuple[Step, ...] | None = None,
    at: datetime | None = None,
) -> Review:
    """Plans the review of a month or quarter. Raises Invalid where its key is none, or it has one already."""
    here = desk(conn, by, at)
    key = _key(period)
    if review(conn, key) is not None:
        raise Invalid({"period": f"There is a review of {key} already."})
    values = {"chair": _name(chair), "on": on, "agenda": steps(agenda)}
    row = {"period": key, "state": "planned", **values, "version": 1, "changed_at": here.at, "changed_by": by.name}
    conn.execute(REVIEWS.insert().values(**row, opened_at=here.at, opened_by=by.name))
    keep_version(here, "reviews", key, 1, {**values, **as_fields(())})
    told(here, "reviews", key, "open", None, {name: value for name, value in values.items() if value is not None})
    return made(row_of(conn, key))


def _key(period: str) -> str:
    try:
        found = periods.parse(period)
    except ValueError as cause:
        raise Invalid({"period": "Name a month or a quarter: 2026-10, 2026-Q4."}) from cause
    if found.kind not in ("month", "quarter"):
        raise Invalid({"period": "A review is of a month or a quarter: 2026-10, 2026-Q4."})
    return found.key


def _name(name: str | None, field: str = "chair") -> str | None:
    return sentence(field, name, "The name", 200) if name and name.strip() else None


def change(
    conn: Connection, by: Person, period: str, version: int, *, at: datetime | None = None, **fields: Any
) -> Review:
    """Changes `chair`, `on` or `agenda`; where nothing differs, nothing is written."""
    here = desk(conn, by, at)
    row = row_of(conn, period, lock=True)
    in_state(row, "planned", "preparation", "held")
    strange = fields.keys() - {"chair", "on", "agenda"}
    if strange:
        raise Invalid({min(strange): "That is not changed here."})
    values = dict(fields)
    if "chair" in values:
        values["chair"] = _name(values["chair"])
    if "agenda" in values:
        values["agenda"] = steps(values["agenda"])
    head = head_of(conn, row)
    expect(conn, head, version, values)
    if all(head.fields[name] == value for name, value in values.items()):
        return made(row)
    return save(here, row, "change", values)


def prepare(conn: Connection, by: Person, period: str, version: int, *, at: datetime | None = None) -> Review:
    """Begins the preparation: from here on, owners are asked for their comments."""
    here = desk(conn, by, at)
    row = row_of(conn, period, lock=True)
    expect(conn, head_of(conn, row), version, {})
    in_state(row, "planned")
    return save(here, row, "prepare", {"state": "preparation"})


def keep_snapshot(
    conn: Connection, by: Person, period: str, version: int, text: str, digest: str, *, at: datetime | None = None
) -> int:
    """Freezes: keeps a snapshot under the next number, for ever, and puts it in force. Its number.

    Raises Invalid outside preparation and where one is in force already, StoreError where the hash is not that of the
    text.
    """
    here = desk(conn, by, at)
    row = row_of(conn, period, lock=True)
    expect(conn, head_of(conn, row), version, {})
    in_state(row, "preparation")
    if row.frozen is not None:
        raise Invalid({"": "Its numbers are frozen already: re-open it with a reason to freeze them anew."})
    number = _keep(here, SNAPSHOTS, period, text, digest)
    save(here, row, "freeze", {"frozen": number}, told_too={"hash": digest})
    return number


def hold(conn: Connection, by: Person, period: str, version: int, *, at: datetime | None = None) -> Review:
    """Starts the meeting on the frozen numbers."""
    here = desk(conn, by, at)
    row = row_of(conn, period, lock=True)
    expect(conn, head_of(conn, row), version, {})
    in_state(row, "preparation")
    if row.frozen is None:
        raise Invalid({"": "Its numbers are not frozen: freeze them first, so that everybody speaks of the same."})
    return save(here, row, "hold", {"state": "held", "held_at": here.at})


def reopen(conn: Connection, by: Person, period: str, version: int, why: str, *, at: datetime | None = None) -> Review:
    """Back to preparation, with a reason: no snapshot is in force any more. Those that were kept stay."""
    here = desk(conn, by, at)
    said = sentence("why", why, "The reason")
    row = row_of(conn, period, lock=True)
    expect(conn, head_of(conn, row), version, {})
    if row.state == "planned" or (row.state == "preparation" and row.frozen is None):
        raise Invalid({"": "There is nothing to re-open: nothing was frozen."})
    values = {"state": "preparation", "frozen": None, "minutes": None, "closed_at": None, "closed_by": None}
    return save(here, row, "reopen", values | {"held_at": None}, why=said)


def missing(conn: Connection, period: str) -> tuple[str, ...]:
    """What stands in the way of closing, a sentence each: actions without an owner or a due date."""
    found = []
    for one in promised(conn, period):
        lacks = [word for word, value in (("an owner", one.owner), ("a due date", one.due)) if not value]
        if lacks and one.done_on is None and one.dropped_on is None:
            found.append(f"“{one.title}” has no {' and no '.join(word.split(' ', 1)[1] for word in lacks)}.")
    return tuple(found)


def close(
    conn: Connection,
    by: Person,
    period: str,
    version: int,
    minutes_text: str,
    digest: str,
    *,
    at: datetime | None = None,
) -> Review:
    """Closes it: the minutes are kept for ever, and who was there becomes a reading of `review_participation`.

    Raises Invalid that names each action without an owner or a due date.
    """
    here = desk(conn, by, at)
    row = row_of(conn, period, lock=True)
    expect(conn, head_of(conn, row), version, {})
    in_state(row, "held")
    if lacking := missing(conn, period):
        raise Invalid({"": " ".join(lacking) + " Every action needs an owner and a due date before a review closes."})
    number = _keep(here, MINUTES, period, minutes_text, digest)
    reviews_participation.keep(here, period, people(conn, period))
    values = {"state": "closed", "minutes": number, "closed_at": here.at, "closed_by": by.name}
    return save(here, row, "close", values, told_too={"hash": digest})


def _keep(here: Desk, table: sa.Table, period: str, text: str, digest: str) -> int:
    if sha256(text.encode()).hexdigest() != digest:
        raise StoreError("The hash is not that of the text, so nothing was kept: do it again.")
    query = sa.select(sa.func.max(table.c.number)).where(table.c.period == period)
    number = int(here.conn.execute(query).scalar() or 0) + 1
    row = {"period": period, "number": number, "kept_at": here.at, "kept_by": here.by.name}
    here.conn.execute(table.insert().values(**row, hash=digest, text=text))
    return number


def snapshot(conn: Connection, period: str, number: int | None = None) -> tuple[str, str] | None:
    """The snapshot in force, or one by its number: its text and its hash; None where there is none.

    Raises StoreError where the text is not what was kept.
    """
    return _kept(conn, SNAPSHOTS, "frozen", period, number)


def minutes(conn: Connection, period: str) -> tuple[str, str] | None:
    """The minutes in force and their hash; None while the review is not closed. Raises StoreError like `snapshot`."""
    return _kept(conn, MINUTES, "minutes", period, None)


def _kept(conn: Connection, table: sa.Table, force: str, period: str, number: int | None) -> tuple[str, str] | None:
    query = sa.select(table.c.text, table.c.hash, table.c.number).where(table.c.period == period)
    if number is None:
        current = sa.select(REVIEWS.c[force]).where(REVIEWS.c.period == period).scalar_subquery()
        query = query.where(table.c.number == current)
    else:
        query = query.where(table.c.number == number)
    found = conn.execute(query).first()
    if found is None:
        return None
    if sha256(found.text.encode()).hexdigest() != found.hash:
        what = "snapshot" if table is SNAPSHOTS else "minutes"
        raise StoreError(
            f"The {what} {found.number} of the review of {period} is not what was kept (its hash differs): somebody "
            "changed it in the database. Restore the store from a backup."
        )
    return found.text, found.hash


def comment(conn: Connection, by: Person, period: str, subject: str, text: str, *, at: datetime | None = None) -> int:
    """Says something about a number or an item of the period; it stays with it. Its id."""
    here = desk(conn, by, at)
    said = sentence("text", text, "The comment")
    about = sentence("subject", subject, "What it is about")
    in_state(row_of(conn, period), "planned", "preparation", "held")
    row = {"period": period, "subject": about, "text": said, "actor": by.name, "at": here.at}
    key = conn.execute(COMMENTS.insert().values(**row)).inserted_primary_key
    number = int(key[0]) if key else 0
    told(here, "reviews", period, "comment", None, {"comment": number, "subject": about, "text": said})
    return number


def comments(conn: Connection, period: str) -> tuple[Comment, ...]:
    """What was said about the period's numbers and items, in that order."""
    table = COMMENTS
    query = sa.select(table.c.id, table.c.subject, table.c.text, table.c.actor, table.c.at)
    return tuple(Comment(*row) for row in conn.execute(query.where(table.c.period == period).order_by(table.c.id)))


def note(
    conn: Connection, by: Person, period: str, step: Step, version: int, text: str, *, at: datetime | None = None
) -> int:
    """What is noted at a step, in place of what was; version 0: nothing was yet. The version that it has
    now; an empty text takes it away."""
    here = desk(conn, by, at)
    in_state(row_of(conn, period, lock=True), "preparation", "held")
    if step not in AGENDA:
        raise Invalid({"step": f"There is no step {step}."})
    said = sentence("text", text, "The note", _LONGEST) if text.strip() else ""
    where = (NOTES.c.period == period, NOTES.c.step == step)
    old = conn.execute(sa.select(NOTES).where(*where).with_for_update()).first()
    name = f"{period}/{step}"
    if old is not None:
        head = Head(
            "review_notes", name, f"the notes on {AGENDA[step]}", old.version, old.changed_at, old.changed_by,
            {"text": old.text},
        )  # fmt: skip
        expect(conn, head, version, {"text": said})
        if old.text == said:
            return int(old.version)
    elif version:
        raise Invalid({"": "There are no notes at this step (any more): look again."})
    if old is None and not said:
        return 0
    now = last_version(conn, "review_notes", name) + 1
    values = {"text": said, "version": now, "changed_at": here.at, "changed_by": by.name}
    if old is None:
        conn.execute(NOTES.insert().values(period=period, step=step, **values))
    elif not said:
        conn.execute(NOTES.delete().where(*where))
    else:
        conn.execute(NOTES.update().where(*where).values(**values))
    keep_version(here, "review_notes", name, now, {"text": said})
    told(here, "reviews", period, "note", {step: old.text} if old is not None else None, {step: said})
    return now if said else 0


def notes(conn: Connection, period: str) -> tuple[Note, ...]:
    """What was noted, in the order of the agenda's template."""
    table, order = NOTES, list(AGENDA)
    query = sa.select(table.c.step, table.c.text, table.c.changed_by, table.c.changed_at, table.c.version)
    found = [Note(*row) for row in conn.execute(query.where(table.c.period == period))]
    return tuple(sorted((one for one in found if one.step in order), key=lambda one: order.index(one.step)))

"""The outbox of digests: one row for each content of a review and each place that it goes to.

    waiting → sending → sent | failed | waiting (another try, later) | unsure

Whoever sends claims the row first, and commits: no two senders claim the same. Where a claim is over and nobody has
written down what became of it, the digest may have been sent or not. Such a row is `unsure` and is never sent again
unless a person says so. Call everything that writes inside `writing(engine, count=False)`: no number depends on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.people import Person
from app.store.audit import audit, clean
from app.store.engine import identity
from app.store.tables import AUDIT, DELIVERIES
from app.store.types import Moment

Channel = Literal["email", "slack", "teams"]
State = Literal["waiting", "sending", "sent", "failed", "unsure"]
How = Literal["new", "failed", "again"]
"""Which rows are to be sent that were handled before: none; those that failed; those of which nobody knows too, or,
where there is none of either, those that were sent."""
_TO_SEND: Mapping[How, frozenset[State]] = {
    "new": frozenset(), "failed": frozenset({"failed"}), "again": frozenset({"failed", "unsure"}),
}  # fmt: skip
FRESH = timedelta(days=2)
"""For how long after it was closed a review's digest is sent by itself."""
_REVIEWS = sa.table("reviews", sa.column("period"), sa.column("state"), sa.column("closed_at", Moment()))
_CRASHED = "Whoever was sending it stopped before it was known whether it arrived."
_RESTORED = "The store was restored from a backup: it may have been sent after the backup was made."


class Delivery(NamedTuple):
    """One row, without what only its sender knows."""

    id: int
    period: str
    content: str
    """The digest of the snapshot and minutes that it tells of."""
    channel: Channel
    address: str
    """A mail address, or what a webhook is called: its host and a fingerprint."""
    state: State
    copy: int
    """Counts how often it was asked to be sent once more after it was sent."""
    attach: bool
    attempts: int
    error: str | None
    message_id: str | None
    """Of a mail, the same for each try of one copy."""
    asked_at: datetime
    asked_by: str
    next_at: datetime | None
    sent_at: datetime | None


class Place(NamedTuple):
    """Where a digest goes."""

    channel: Channel
    address: str
    domain: str = ""
    """Of mail: what follows the @ in a message's id."""


def ask(
    conn: Connection, period: str, content: str, places: Sequence[Place], *, by: Person, now: datetime,
    how: How = "new", attach: bool = False,
) -> None:  # fmt: skip
    """Has a digest sent to these places, unless it was asked for before; `how`: which of those to send again. Audited.
    Raises NotAllowed."""
    by.must("write", everywhere=True)
    held = {(one.channel, one.address): one for one in rows(conn, period, content)}
    known = [found for place in places if (found := held.get((place.channel, place.address)))]
    again = _again(known, how)
    for place in places:
        found = held.get((place.channel, place.address))
        if found is None:
            _insert(conn, period, content, place, by, now, attach)
        elif found in again:
            _reset(conn, found, place, by, now, attach)


def _again(known: Iterable[Delivery], how: How) -> list[Delivery]:
    rows = list(known)
    found = [one for one in rows if one.state in _TO_SEND[how]]
    if how == "again" and not found and all(one.state == "sent" for one in rows):
        return rows
    return found


def _insert(conn: Connection, period: str, content: str, place: Place, by: Person, now: datetime, attach: bool) -> None:
    row = {
        "period": period, "content": content, "channel": place.channel, "address": place.address, "state": "waiting",
        "copy": 1, "attach": attach, "attempts": 0, "message_id": _message_id(conn, period, content, place, 1),
        "asked_at": now, "asked_by": by.name, "next_at": now,
    }  # fmt: skip
    made = conn.execute(DELIVERIES.insert().values(**row))
    key = made.inserted_primary_key
    _log(conn, by.name, "ask", int(key[0]) if key else 0, None, _told(row))


def _reset(conn: Connection, found: Delivery, place: Place, by: Person, now: datetime, attach: bool) -> None:
    """What is sent once more after it was sent is another mail; otherwise it keeps its id, so that a mail server that
    got it before can tell."""
    copy = found.copy + (found.state == "sent")
    made = _message_id(conn, found.period, found.content, place, copy)
    values = {
        "state": "waiting", "copy": copy, "attach": attach, "attempts": 0, "error": None, "claim": None,
        "claimed_until": None, "message_id": found.message_id if copy == found.copy else made,
        "asked_at": now, "asked_by": by.name, "next_at": now, "sent_at": None,
    }  # fmt: skip
    done = DELIVERIES.update().where(DELIVERIES.c.id == found.id, DELIVERIES.c.state == found.state)
    if conn.execute(done.values(**values)).rowcount:
        _log(conn, by.name, "ask again", found.id, _told(found._asdict()), _told(found._asdict() | values))


def settle(conn: Connection, now: datetime) -> None:
    """Writes down of which rows nobody knows whether they were sent: those whose claim is over, and those that a backup
    brought back."""
    table = DELIVERIES
    restored = _restored_since(conn)
    for row in conn.execute(sa.select(table).where(table.c.state.in_(("waiting", "sending")))).all():
        if restored is not None and row.asked_at < restored:
            _unsure(conn, row, _RESTORED)
        elif row.state == "sending" and row.claimed_until < now:
            _unsure(conn, row, _CRASHED)


def _restored_since(conn: Connection) -> datetime | None:
    """When the store was last restored, if that was after the oldest row that is not done was asked for."""
    table = DELIVERIES
    oldest = conn.execute(sa.select(sa.func.min(table.c.asked_at)).where(table.c.state.in_(("waiting", "sending"))))
    first = oldest.scalar()
    return None if first is None else _restored(conn, first)


def _restored(conn: Connection, since: datetime) -> datetime | None:
    of = (AUDIT.c.at > since, AUDIT.c.action == "restore", AUDIT.c.entity == "store")
    found: datetime | None = conn.execute(sa.select(sa.func.max(AUDIT.c.at)).where(*of)).scalar()
    return found


def _unsure(conn: Connection, row: Any, why: str) -> None:
    where = (
        DELIVERIES.c.id == row.id,
        DELIVERIES.c.state == row.state,
        DELIVERIES.c.claim.is_not_distinct_from(row.claim),
    )
    done = DELIVERIES.update().where(*where).values(state="unsure", error=why, next_at=None)
    if conn.execute(done).rowcount:
        _log(
            conn, row.asked_by, "unsure", row.id, {"state": row.state}, _told(row._asdict() | {"state": "unsure"}), why
        )


def give_up(conn: Connection, period: str, content: str, places: Sequence[Place] | None = None) -> None:
    """Gives up what waits and would tell of what is not so any more, or goes to none of the places there are."""
    table = DELIVERIES
    known = None if places is None else {(place.channel, place.address) for place in places}
    for row in conn.execute(sa.select(table).where(table.c.period == period, table.c.state == "waiting")).all():
        if row.content != content:
            why = "The review was changed before this was sent."
        elif known is not None and (row.channel, row.address) not in known:
            why = "Nothing is sent there any more: the settings name it no longer."
        else:
            continue
        done = table.update().where(table.c.id == row.id, table.c.state == "waiting")
        if conn.execute(done.values(state="failed", error=why, next_at=None)).rowcount:
            _log(
                conn,
                row.asked_by,
                "give up",
                row.id,
                {"state": row.state},
                _told(row._asdict() | {"state": "failed"}),
                why,
            )


def claim(conn: Connection, number: int, now: datetime, until: datetime) -> str | None:
    """Makes a row that waits one's own until then: the word to record with; None where somebody else has it, or it
    is not due. Commit before anything is sent."""
    word, table = uuid4().hex, DELIVERIES
    due = (table.c.id == number, table.c.state == "waiting", table.c.next_at <= now)
    values = {"state": "sending", "claim": word, "claimed_until": until, "attempts": table.c.attempts + 1}
    return word if conn.execute(table.update().where(*due).values(**values)).rowcount else None


def record(
    conn: Connection, number: int, word: str, state: State, now: datetime, *, why: str | None = None,
    next_at: datetime | None = None,
) -> None:  # fmt: skip
    """Writes down what became of a claimed row, audited. It counts after the claim is over too, as long as nobody has
    it sent again."""
    table = DELIVERIES
    mine = (table.c.id == number, table.c.claim == word, table.c.state.in_(("sending", "unsure")))
    values = {"state": state, "error": clean(why), "next_at": next_at, "sent_at": now if state == "sent" else None}
    if not conn.execute(table.update().where(*mine).values(**values)).rowcount:
        return
    row = conn.execute(sa.select(table).where(table.c.id == number)).one()
    done = {"sent": "send", "waiting": "fail", "failed": "fail"}.get(state, state)
    _log(conn, row.asked_by, done, number, {"state": "sending"}, _told(row._asdict()), why)


def rows(conn: Connection, period: str, content: str | None = None) -> list[Delivery]:
    """What was asked for of a period, of one content or of each, in the order in which it was."""
    table = DELIVERIES
    columns = [table.c[name] for name in Delivery._fields]
    of = [table.c.period == period, *([table.c.content == content] if content is not None else [])]
    return [Delivery(*row) for row in conn.execute(sa.select(*columns).where(*of).order_by(table.c.id))]


def due(conn: Connection, now: datetime) -> tuple[str, ...]:
    """The periods of which something is to be sent, or to be settled, now."""
    table = DELIVERIES
    waits = sa.and_(table.c.state == "waiting", table.c.next_at <= now)
    over = sa.and_(table.c.state == "sending", table.c.claimed_until < now)
    found = conn.execute(sa.select(table.c.period).where(sa.or_(waits, over)).distinct()).scalars()
    return tuple(sorted(found))


def just_closed(conn: Connection, now: datetime) -> tuple[str, ...]:
    """The reviews that were closed lately and of which nothing was asked for since. Not those that a backup brought
    back: their digest may have been sent."""
    closed = _closed(conn, now - FRESH)
    restored = _restored(conn, min(at for _, at in closed)) if closed else None
    found = []
    for period, at in closed:
        asked = sa.select(sa.literal(1)).where(DELIVERIES.c.period == period, DELIVERIES.c.asked_at >= at).limit(1)
        if (restored is None or at > restored) and not conn.execute(asked).scalar():
            found.append(period)
    return tuple(found)


def _closed(conn: Connection, since: datetime) -> list[tuple[str, datetime]]:
    """The reviews that were closed since then."""
    table = _REVIEWS
    lately = (table.c.state == "closed", table.c.closed_at >= since)
    query = sa.select(table.c.period, table.c.closed_at).where(*lately).order_by(table.c.period)
    return [(period, at) for period, at in conn.execute(query)]


def _message_id(conn: Connection, period: str, content: str, place: Place, copy: int) -> str | None:
    """The same for the same store, content, address and copy."""
    if place.channel != "email":
        return None
    said = "\n".join((identity(conn)[0], period, content, place.address, str(copy)))
    return f"<nines.{sha256(said.encode()).hexdigest()[:40]}@{place.domain or 'localhost'}>"


_TOLD = ("period", "channel", "address", "state", "copy", "attach", "attempts", "message_id")


def _told(row: Any) -> dict[str, Any]:
    """What the audit trail keeps of a row."""
    return {name: row[name] for name in _TOLD}


def _log(conn: Connection, actor: str, action: str, number: int, old: Any, new: Any, why: str | None = None) -> None:
    audit(conn, actor=actor, action=action, entity="deliveries", entity_id=str(number), old=old, new=new, why=why)

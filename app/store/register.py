"""Writing the risk register: every change of a risk itself, each one version, one audit entry, one transaction.

    with writing(engine) as conn:
        saved = register.edit(conn, by, key, version, {"owner": "ana@example.org"})

`version` is the one that was read. A write raises NotAllowed, Unknown, Invalid (field → sentence) or Conflict, and then
nothing has changed. `at` is the instant of the write, now unless given.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import risk_rules
from app.metrics.risk_records import (
    LINKED,
    RATING,
    Conflict,
    Entry,
    Invalid,
    Link,
    RiskKey,
    Saved,
    Unknown,
)
from app.metrics.risk_rules import ENTRY_ACTS, ENTRY_FIELDS, sentence
from app.people import Person
from app.store import register_versions
from app.store.register_saving import (
    APP,
    Desk,
    change_risk,
    desk,
    held_risk,
    not_after,
    result,
    reviews_of,
    save,
    told,
)
from app.store.register_tables import COMMENTS, REVIEWS, VERSIONS
from app.store.tables import FACTS

__all__ = [
    "Conflict",
    "Invalid",
    "Saved",
    "Unknown",
    "assess",
    "check_links",
    "close",
    "comment",
    "create",
    "edit",
    "link",
    "reopen",
    "review",
    "undo",
    "unlink",
]
_NUMBERED = re.compile(r"R-(\d+)")
_NOT_UNDONE: Mapping[str, str] = {
    "create": "It was made by this change: close it instead.",
    "approve": "It was accepted by this change: revoke the acceptance instead.",
    "revoke": "An acceptance was revoked by this change: propose it anew instead.",
    "import": "It came from a file: mend the file, or edit the risk.",
    "undo": "The change before was taken back by this one: make it anew instead.",
}


def create(
    conn: Connection, by: Person, fields: Mapping[str, Any], *, why: str | None = None, at: datetime | None = None
) -> Saved:
    """A new, open risk of the source `app`; without an id in the fields it gets the next one, R-0001. Version 1."""
    here = desk(conn, by, "create", at)
    risk_rules.only(fields, ENTRY_FIELDS | {"risk", "links"}, ENTRY_ACTS)
    name = str(fields.get("risk") or "").strip() or _next(conn)
    whole = {"identified_on": here.today, **fields, "risk": name, "status": "open"}
    new = risk_rules.made(Entry, whole)
    risk_rules.check_entry(new, None, here.places.services, here.today, why)
    table = FACTS["risks"]
    if conn.execute(sa.select(sa.literal(1)).where(table.c.risk == new.risk).limit(1)).scalar():
        raise Invalid({"risk": f"A risk {new.risk} is known already: choose another id, or edit that one."})
    check_links(conn, new.links)
    here.may_touch(new.services or ())
    key = RiskKey(APP, new.risk)
    return result(save(here, None, new, key=key, act="create", why=why))


def _next(conn: Connection) -> str:
    table = FACTS["risks"]
    names = conn.execute(sa.select(table.c.risk).where(table.c.risk.like("R-%"))).scalars()
    used = [int(found[1]) for name in names if (found := _NUMBERED.fullmatch(name))]
    return f"R-{max(used, default=0) + 1:04}"


def edit(
    conn: Connection,
    by: Person,
    key: RiskKey,
    version: int,
    fields: Mapping[str, Any],
    *,
    why: str | None = None,
    at: datetime | None = None,
) -> Saved:
    """Some fields of a risk; a changed rating needs a reason. Where nothing differs, nothing is written."""
    here = desk(conn, by, "edit", at)
    risk_rules.only(fields, ENTRY_FIELDS, ENTRY_ACTS)
    held = change_risk(here, key, version, changing(here, fields, why), act="edit", why=_said(why), always=False)
    return result(held)


def changing(here: Desk, fields: Mapping[str, Any], why: str | None) -> Callable[[Entry], Entry]:
    """What these fields make of a risk. The change raises Invalid."""

    def change(old: Entry) -> Entry:
        new = risk_rules.changed(old, fields)
        risk_rules.check_entry(new, old, here.places.services, here.today, why)
        return new

    return change


def assess(
    conn: Connection,
    by: Person,
    key: RiskKey,
    version: int,
    fields: Mapping[str, Any],
    why: str,
    *,
    at: datetime | None = None,
) -> Saved:
    """A rating: levels and money ranges, those that are given; kept in the history even where it confirms what was.

    A level that a sheet had stated against the matrix is dropped.
    """
    here = desk(conn, by, "assess", at)
    risk_rules.only(fields, {*RATING}, {})
    said = sentence("why", why, "The reason")
    change = changing(here, {**fields, "stated_level": None}, said)
    return result(change_risk(here, key, version, change, act="assess", why=said))


def review(
    conn: Connection,
    by: Person,
    key: RiskKey,
    version: int,
    *,
    note: str,
    on: date | None = None,
    next_on: date | None = None,
    at: datetime | None = None,
) -> Saved:
    """Somebody looked at it, today unless another day is given; the next review is due by the policy's interval for its
    level, or sooner on `next_on`. A review of an earlier day than the latest one moves no date."""
    here = desk(conn, by, "review", at)
    day, said = on or here.today, sentence("note", note, "The note")
    not_after(day, here.today, "on", "The day of the review")
    held = held_risk(here, key)
    due = day + timedelta(here.policy.risk.band(held.entry.likelihood * held.entry.impact).review_days)
    if next_on is not None and not day < next_on <= due:
        raise Invalid(
            {"next_on": f"The next review is due after {day} and by {due} at this level: choose a day between."}
        )
    due = next_on or due
    earlier = [one for one in reviews_of(conn, key).get(key, ()) if one.undone_at is None]

    def change(old: Entry) -> Entry:
        _must_be_open(old)
        if earlier and earlier[0].on > day:
            return old
        return old.model_copy(update={"review_on": due})

    more = {"on": day.isoformat(), "note": said}
    saved = change_risk(here, key, version, change, act="review", why=said, more=more)
    row = {"on": day, "actor": by.name, "note": said, "next_on": due, "at": here.at, "version": saved.version}
    conn.execute(REVIEWS.insert().values(source=key.source, risk=key.id, **row))
    return result(saved)


def close(
    conn: Connection,
    by: Person,
    key: RiskKey,
    version: int,
    *,
    reason: str,
    on: date | None = None,
    at: datetime | None = None,
) -> Saved:
    """The risk is no more, as of today or an earlier day."""
    here = desk(conn, by, "close", at)
    day, said = on or here.today, sentence("reason", reason, "The reason")
    not_after(day, here.today, "on", "The day it was closed")

    def change(old: Entry) -> Entry:
        _must_be_open(old)
        if old.identified_on is not None and day < old.identified_on:
            raise Invalid({"on": f"The day it was closed is before {old.identified_on}, when it was identified."})
        return old.model_copy(update={"status": "closed", "closed_on": day})

    return result(change_risk(here, key, version, change, act="close", why=said))


def reopen(
    conn: Connection, by: Person, key: RiskKey, version: int, *, reason: str, at: datetime | None = None
) -> Saved:
    """The risk is back: open, with the rating and the review date that it had."""
    here = desk(conn, by, "reopen", at)
    said = sentence("reason", reason, "The reason")

    def change(old: Entry) -> Entry:
        if old.status == "open":
            raise Invalid({"": "The risk is open already."})
        return old.model_copy(update={"status": "open", "closed_on": None})

    return result(change_risk(here, key, version, change, act="reopen", why=said))


def link(conn: Connection, by: Person, key: RiskKey, version: int, to: Link, *, at: datetime | None = None) -> Saved:
    """Ties the risk to an incident, an SLO, a DR test, an action or another risk that there is; twice is once."""
    here = desk(conn, by, "link", at)

    def change(old: Entry) -> Entry:
        if to.kind == "risk" and (to.source, to.id) == key:
            raise Invalid({"links": "A risk is not linked to itself."})
        check_links(conn, [to])
        return old if to in old.links else old.model_copy(update={"links": (*old.links, to)})

    return result(change_risk(here, key, version, change, act="link", always=False))


def unlink(conn: Connection, by: Person, key: RiskKey, version: int, to: Link, *, at: datetime | None = None) -> Saved:
    """Takes a link away; one that is not there is no error."""
    here = desk(conn, by, "unlink", at)

    def change(old: Entry) -> Entry:
        return old.model_copy(update={"links": tuple(one for one in old.links if one != to)})

    return result(change_risk(here, key, version, change, act="unlink", always=False))


def check_links(conn: Connection, links: Sequence[Link]) -> None:
    """Raises Invalid for a link to what there is not."""
    for one in links:
        entity, column = LINKED[one.kind]
        table = FACTS[entity]
        there = sa.select(sa.literal(1)).where(table.c.source == one.source, table.c[column] == one.id).limit(1)
        if not conn.execute(there).scalar():
            what = one.kind.replace("slo", "SLO").replace("dr_test", "DR test")
            raise Invalid({"links": f"There is no {what} {one.id} of the source {one.source}."})


def comment(conn: Connection, by: Person, key: RiskKey, text: str, *, at: datetime | None = None) -> int:
    """Says something about a risk: the comment's id. It changes nothing of the risk, so it takes no version."""
    here = desk(conn, by, "comment", at)
    said = sentence("text", text, "The comment", 20_000)
    held_risk(here, key)
    row = {"source": key.source, "risk": key.id, "at": here.at, "actor": by.name, "text": said}
    made = conn.execute(COMMENTS.insert().values(**row)).inserted_primary_key
    number = int(made[0]) if made else 0
    told(here, "risks", key, "comment", {}, None, {"comment": number, "text": said})
    return number


def undo(conn: Connection, by: Person, key: RiskKey, version: int, *, at: datetime | None = None) -> Saved:
    """Takes back the last change of a risk, as a change of its own; only if nobody changed it since: `version` is the
    one that the change made. Acceptances, imports and what was taken back already stay: Invalid says what to do."""
    here = desk(conn, by, "undo", at)
    held = held_risk(here, key)
    register_versions.expect(conn, held, version, lambda old: old)
    table = VERSIONS
    mine = sa.and_(table.c.entity == "risks", table.c.source == key.source, table.c.id == key.id)
    act = conn.execute(sa.select(table.c.act).where(mine, table.c.version == version)).scalar()
    if act is None or version == 1:
        raise Invalid({"": "Nothing has changed since it came in: there is nothing to undo."})
    if act in _NOT_UNDONE:
        raise Invalid({"": _NOT_UNDONE[act]})
    before = register_versions.at_version(conn, held, version - 1)
    if before is None:
        raise Unknown(f"What {key.id} was before is not known.")
    why = f"undoes version {version}"
    done = REVIEWS.update().where(REVIEWS.c.source == key.source, REVIEWS.c.risk == key.id)
    if act == "review":
        conn.execute(done.where(REVIEWS.c.version == version).values(undone_at=here.at))
    return result(save(here, held, before, key=key, act="undo", why=why, more={"undoes": version}))


def _must_be_open(old: Entry) -> None:
    if old.status != "open":
        raise Invalid({"": "The risk is closed: reopen it first."})


def _said(why: str | None) -> str | None:
    return sentence("why", why, "The reason") if why and why.strip() else None

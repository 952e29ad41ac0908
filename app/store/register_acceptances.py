"""Accepting a risk: somebody asks, somebody else signs for the level as it is, until the end of a day.

What was signed also stands on the risk itself (`accepted_by`, `accepted_until`), so that every number follows it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import acceptances, losses
from app.metrics.acceptances import Judged
from app.metrics.facts import Risk
from app.metrics.risk_records import Acceptance, Entry, Invalid, RiskKey, Saved, Unknown
from app.metrics.risk_rules import sentence
from app.people import NotAllowed, Person
from app.store import register_versions
from app.store.register_saving import Desk, change_risk, desk, forget, held_risk, result, told
from app.store.register_tables import ACCEPTANCES


def of(conn: Connection, keys: Iterable[RiskKey] | None = None) -> dict[RiskKey, list[Acceptance]]:
    """Risk → its acceptances, in the order in which they were asked for; of every risk, or of these."""
    table, found = ACCEPTANCES, dict[RiskKey, list[Acceptance]]()
    query = sa.select(*(table.c[name] for name in Acceptance._fields)).order_by(table.c.asked_at, table.c.id)
    if keys is not None:
        query = query.where(sa.or_(sa.false(), *(_of(key) for key in keys)))
    for row in conn.execute(query):
        one = Acceptance(*row)
        found.setdefault(one.key, []).append(one)
    return found


def _of(key: RiskKey) -> sa.ColumnElement[bool]:
    return sa.and_(ACCEPTANCES.c.source == key.source, ACCEPTANCES.c.risk == key.id)


def fact(key: RiskKey, entry: Entry) -> Risk:
    """The risk as the metrics know it."""
    fields = {name: getattr(entry, name) for name in Risk._fields if name != "source"}
    return Risk(**{**fields, "source": key.source, "services": entry.services or ()})


def propose(
    conn: Connection,
    by: Person,
    key: RiskKey,
    version: int,
    *,
    reason: str,
    valid_until: date,
    conditions: str | None = None,
    at: datetime | None = None,
) -> int:
    """Asks that a risk be accepted at the level that it has: the acceptance's id. The risk itself keeps its version."""
    here = desk(conn, by, "propose", at)
    said = sentence("reason", reason, "The reason")
    terms = sentence("conditions", conditions, "The conditions") if (conditions or "").strip() else None
    if valid_until < here.today:
        raise Invalid({"valid_until": "The last day is over already: choose a coming one."})
    held = held_risk(here, key)
    entry = register_versions.expect(conn, held, version, lambda old: old)
    _must_be_open(entry)
    if acceptances.waiting(_judged(here, key, entry)):
        raise Invalid({"": "An acceptance of this risk waits for a decision already."})
    row = {
        "source": key.source,
        "risk": key.id,
        "asked_by": by.name,
        "asked_at": here.at,
        "reason": said,
        "conditions": terms,
        "valid_until": valid_until,
        **_level(key, entry),
    }
    made = conn.execute(ACCEPTANCES.insert().values(**row)).inserted_primary_key
    number = int(made[0]) if made else 0
    shown = {"acceptance": number, "reason": said, "valid_until": valid_until.isoformat(), **_level(key, entry)}
    told(here, "risks", key, "propose", {}, said, shown | ({"conditions": terms} if terms else {}))
    forget(here, "risks", key.source)
    return number


def approve(
    conn: Connection,
    by: Person,
    acceptance: int,
    version: int,
    *,
    note: str | None = None,
    at: datetime | None = None,
) -> Saved:
    """Signs what somebody else asked for, at the level that it has now; `version` is the risk's, as it was read.

    Raises NotAllowed for one's own request, Invalid where it is decided, its last day is over or the level has risen
    above what was asked for.
    """
    here = desk(conn, by, "approve", at)
    words = sentence("note", note, "The note") if (note or "").strip() else None
    one, judged = _found(here, acceptance)
    if one.asked_by.casefold() == by.name.casefold():
        raise NotAllowed("Nobody approves their own request: somebody else must sign this acceptance.")
    _must_wait(judged)

    def change(old: Entry) -> Entry:
        _must_be_open(old)
        if old.likelihood * old.impact > one.score:
            raise Invalid({"": "The level has risen above what was asked for: decline it, and ask anew."})
        return old.model_copy(update={"accepted_by": by.name, "accepted_until": one.valid_until})

    more = {"acceptance": acceptance, "asked_by": one.asked_by}
    saved = change_risk(here, one.key, version, change, act="approve", why=words or one.reason, more=more)
    level = _level(one.key, saved.entry)
    _update(here, acceptance, approved_by=by.name, approved_at=here.at, note=words, **level)
    return result(saved)


def decline(
    conn: Connection, by: Person, acceptance: int, version: int, *, why: str, at: datetime | None = None
) -> Saved:
    """Says no to what somebody else asked for. The risk itself keeps its version."""
    here = desk(conn, by, "approve", at)
    said = sentence("why", why, "The reason")
    one, judged = _found(here, acceptance)
    if one.asked_by.casefold() == by.name.casefold():
        raise NotAllowed("This is your own request: withdraw it instead.")
    _must_wait(judged)
    held = held_risk(here, one.key)
    register_versions.expect(conn, held, version, lambda old: old)
    _update(here, acceptance, declined_by=by.name, declined_at=here.at, declined_why=said)
    told(here, "risks", one.key, "decline", {}, said, {"acceptance": acceptance, "asked_by": one.asked_by})
    return result(held)


def revoke(
    conn: Connection, by: Person, acceptance: int, version: int, *, why: str, at: datetime | None = None
) -> Saved:
    """Takes back an acceptance that holds, which an approver may, or a request that waits, which its asker may.

    The risk is no longer accepted then, unless its file says so.
    """
    pending = conn.execute(sa.select(ACCEPTANCES.c.approved_at).where(ACCEPTANCES.c.id == acceptance)).first()
    asked = pending is not None and pending.approved_at is None
    here = desk(conn, by, "withdraw" if asked else "approve", at)
    said = sentence("why", why, "The reason")
    one, judged = _found(here, acceptance)
    if asked and one.asked_by.casefold() != by.name.casefold():
        raise NotAllowed(f"The request is {one.asked_by}'s: they may withdraw it; an approver may decline it.")
    if judged.state not in ("proposed", "active", "risen"):
        raise Invalid({"": f"This acceptance is over already: it is {judged.state}."})

    def change(old: Entry) -> Entry:
        if (old.accepted_by, old.accepted_until) != (one.approved_by, one.valid_until):
            return old
        return old.model_copy(update={"accepted_by": None, "accepted_until": None})

    if asked:
        held = held_risk(here, one.key)
        register_versions.expect(conn, held, version, lambda old: old)
        told(here, "risks", one.key, "withdraw", {}, said, {"acceptance": acceptance})
    else:
        more = {"acceptance": acceptance}
        held = change_risk(here, one.key, version, change, act="revoke", why=said, more=more)
    _update(here, acceptance, revoked_by=by.name, revoked_at=here.at, revoked_why=said)
    return result(held)


def _found(here: Desk, acceptance: int) -> tuple[Acceptance, Judged]:
    query = sa.select(*(ACCEPTANCES.c[name] for name in Acceptance._fields)).where(ACCEPTANCES.c.id == acceptance)
    row = here.conn.execute(query).first()
    if row is None:
        raise Unknown(f"There is no acceptance {acceptance} (any more).")
    one = Acceptance(*row)
    entry = held_risk(here, one.key).entry
    judged = next((each for each in _judged(here, one.key, entry) if each.acceptance.id == acceptance), None)
    if judged is None:
        raise Unknown(f"The acceptance {acceptance} was asked for later than {here.at.isoformat()}.")
    return one, judged


def _judged(here: Desk, key: RiskKey, entry: Entry) -> list[Judged]:
    found = of(here.conn, [key]).get(key, [])
    return acceptances.judged(found, entry.likelihood * entry.impact, here.at, here.policy.timezone)


def _must_wait(judged: Judged) -> None:
    if judged.state == "expired":
        raise Invalid({"": "Its last day is over: ask anew with a coming one."})
    if judged.state != "proposed":
        raise Invalid({"": f"It is decided already: it is {judged.state}."})


def _must_be_open(entry: Entry) -> None:
    if entry.status != "open":
        raise Invalid({"": "The risk is closed: there is nothing to accept."})


def _level(key: RiskKey, entry: Entry) -> dict[str, Any]:
    return {
        "likelihood": entry.likelihood,
        "impact": entry.impact,
        "inherent_likelihood": entry.inherent_likelihood,
        "inherent_impact": entry.inherent_impact,
        "loss": losses.expected(fact(key, entry)),
    }


def _update(here: Desk, acceptance: int, **values: Any) -> None:
    here.conn.execute(ACCEPTANCES.update().where(ACCEPTANCES.c.id == acceptance).values(**values))

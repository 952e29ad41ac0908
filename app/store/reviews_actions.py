"""What reviews asked for: actions of the origin `review`, facts like all others, with versions of their own."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import risk_rules
from app.metrics.periods import local_day
from app.metrics.review_records import AGENDA, Promised, Step
from app.metrics.risk_records import Invalid, RiskKey, Saved, Treatment, Unknown
from app.metrics.risk_rules import sentence
from app.people import Person
from app.store import actions, light, register_versions
from app.store.register_saving import APP
from app.store.register_tables import HEADS, VERSIONS
from app.store.register_versions import Held
from app.store.review_tables import ACTIONS
from app.store.reviews_saving import desk, in_state, row_of
from app.store.tables import FACTS

CHANGED = frozenset({"title", "owner", "due_on", "url", "priority"})
"""The fields of an action that a review changes."""


def promised(conn: Connection, period: str | None = None) -> tuple[Promised, ...]:
    """The actions that the review of a period asked for, or every review, by when it did."""
    table, step, head = FACTS["actions"], ACTIONS, HEADS
    same = sa.and_(step.c.source == table.c.source, step.c.action == table.c.action)
    own = sa.and_(head.c.entity == "actions", head.c.source == table.c.source, head.c.id == table.c.action)
    names = ("source", "action", "origin_id", "title", "owner", "due_on", "opened_at", "closed_at", "cancelled_at")
    query = (
        sa.select(*(table.c[name] for name in names), table.c.url, step.c.step, head.c.version)
        .select_from(table.outerjoin(step, same).outerjoin(head, own))
        .where(table.c.origin == "review")
        .order_by(table.c.opened_at, table.c.source, table.c.action)
    )
    rows = conn.execute(query if period is None else query.where(table.c.origin_id == period)).all()
    reasons = _reasons(conn) if any(row.cancelled_at for row in rows) else {}
    return tuple(_promised(conn, row, reasons) for row in rows)


def _promised(conn: Connection, row: Any, reasons: Mapping[RiskKey, str]) -> Promised:
    held, key = light.places(conn), RiskKey(row.source, row.action)

    def day(at: datetime | None) -> date | None:
        return local_day(at, held.policy_at(at).timezone) if at is not None else None

    dropped = day(row.cancelled_at)
    return Promised(
        row.source,
        row.action,
        row.origin_id,
        row.title,
        row.owner,
        row.due_on,
        row.opened_at,
        None if dropped else day(row.closed_at),
        dropped,
        reasons.get(key) if dropped else None,
        row.version or 1,
        row.step if row.step in AGENDA else "decisions",
        row.url,
    )


def _reasons(conn: Connection) -> dict[RiskKey, str]:
    """Action → why it was dropped."""
    query = sa.select(VERSIONS.c.source, VERSIONS.c.id, VERSIONS.c.why).where(
        VERSIONS.c.entity == "actions", VERSIONS.c.act == "cancel", VERSIONS.c.why.is_not(None)
    )
    return {RiskKey(row.source, row.id): row.why for row in conn.execute(query.order_by(VERSIONS.c.version))}


def ask(
    conn: Connection,
    by: Person,
    period: str,
    *,
    step: Step,
    title: str,
    owner: str | None = None,
    due: date | None = None,
    url: str | None = None,
    at: datetime | None = None,
) -> RiskKey:
    """Asks for something: a new action of the source `app`. Owner and due date may come until the review closes."""
    here = desk(conn, by, at)
    in_state(row_of(conn, period, lock=True), "preparation", "held")
    if step not in AGENDA:
        raise Invalid({"step": f"There is no step {step}."})
    name = actions.next_name(conn, f"{period}-R")
    new = risk_rules.made(
        Treatment,
        {
            "action": name, "origin": "review", "origin_id": period, "title": title, "owner": owner, "due_on": due,
            "original_due_on": due, "opened_at": here.at, "url": url,
        },
    )  # fmt: skip
    risk_rules.check_treatment(new, None, here.today)
    key = RiskKey(APP, name)
    conn.execute(ACTIONS.insert().values(source=APP, action=name, step=step))
    actions.saved(here, None, new, key, "add", None)
    return key


def change_action(
    conn: Connection,
    by: Person,
    action: RiskKey,
    version: int,
    fields: Mapping[str, Any],
    *,
    why: str | None = None,
    at: datetime | None = None,
) -> Saved:
    """Some of `title`, `owner`, `due_on`, `url`, `priority`; where nothing differs, nothing is written. The first due
    date stays what it was."""
    here = desk(conn, by, at)
    risk_rules.only(fields, CHANGED, {"closed_at": "close the action", "cancelled_at": "drop the action"})
    return actions.changed(here, _held(conn, action), version, fields, why)


def close_action(
    conn: Connection, by: Person, action: RiskKey, version: int, *, why: str | None = None, at: datetime | None = None
) -> Saved:
    """It is done."""
    here = desk(conn, by, at)
    return actions.done(here, _held(conn, action), version, why)


def drop_action(
    conn: Connection, by: Person, action: RiskKey, version: int, why: str, *, at: datetime | None = None
) -> Saved:
    """It will not be done, and why."""
    here = desk(conn, by, at)
    said = sentence("why", why, "The reason")
    return actions.dropped(here, _held(conn, action), version, said)


def _held(conn: Connection, action: RiskKey) -> Held[Treatment]:
    found = register_versions.action(conn, action, lock=True)
    if found is None or found.entry.origin != "review":
        raise Unknown(f"There is no action {action.id} of the source {action.source} that a review asked for.")
    return found

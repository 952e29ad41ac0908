"""Writing what is done about a risk: its actions with their plans, each with versions of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import risk_rules
from app.metrics.risk_records import Invalid, RiskKey, Saved, Treatment
from app.metrics.risk_rules import ACTION_FIELDS, sentence
from app.people import Person
from app.store import actions, register_versions
from app.store.register_saving import APP, Desk, desk, held_action, held_risk
from app.store.register_versions import Held
from app.store.tables import FACTS

Outcome = Literal["effective", "ineffective"]


def add(
    conn: Connection,
    by: Person,
    risk: RiskKey,
    fields: Mapping[str, Any],
    *,
    why: str | None = None,
    at: datetime | None = None,
) -> Saved:
    """A new action against a risk, opened now, of the source `app`, version 1. The risk itself does not change."""
    here = desk(conn, by, "add_action", at)
    risk_rules.only(fields, ACTION_FIELDS | {"action"}, {})
    held = held_risk(here, risk)
    if held.entry.status != "open":
        raise Invalid({"": "The risk is closed: reopen it first."})
    name = str(fields.get("action") or "").strip() or actions.next_name(conn, f"{risk.id}-A")
    whole = {**fields, "action": name, "origin": "risk", "origin_id": risk.id, "opened_at": here.at}
    new = risk_rules.made(Treatment, whole | {"original_due_on": fields.get("due_on")})
    risk_rules.check_treatment(new, None, here.today)
    table = FACTS["actions"]
    if conn.execute(sa.select(sa.literal(1)).where(table.c.action == new.action).limit(1)).scalar():
        raise Invalid({"action": f"An action {new.action} is known already: choose another id, or change that one."})
    return actions.saved(here, None, new, RiskKey(APP, new.action), "add", why)


def change(
    conn: Connection,
    by: Person,
    action: RiskKey,
    version: int,
    fields: Mapping[str, Any],
    *,
    why: str | None = None,
    at: datetime | None = None,
) -> Saved:
    """Some fields of an action; where nothing differs, nothing is written. The first due date stays what it was."""
    here = desk(conn, by, "change", at)
    risk_rules.only(fields, ACTION_FIELDS, {"closed_at": "close the action", "cancelled_at": "cancel the action"})
    return actions.changed(here, _open(here, action), version, fields, why)


def close(
    conn: Connection,
    by: Person,
    action: RiskKey,
    version: int,
    *,
    outcome: Outcome | None = None,
    why: str | None = None,
    at: datetime | None = None,
) -> Saved:
    """The action is done; whether it helped may be said now or later."""
    here = desk(conn, by, "close", at)
    said = {"outcome": outcome} if outcome is not None else None
    return actions.done(here, _open(here, action), version, why, said)


def cancel(
    conn: Connection, by: Person, action: RiskKey, version: int, *, why: str, at: datetime | None = None
) -> Saved:
    """The action will not be done."""
    here = desk(conn, by, "cancel", at)
    said = sentence("why", why, "The reason")
    return actions.dropped(here, _open(here, action), version, said)


def _open(here: Desk, action: RiskKey) -> Held[Treatment]:
    """The action, once its risk is locked, so that nobody changes it meanwhile."""
    held = held_action(here, action)
    risks = [one.key for one in register_versions.named_risk(here.conn, held.entry.origin_id)]
    for key in risks[:1]:
        held_risk(here, key)
    return held_action(here, action)

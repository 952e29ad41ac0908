"""What becomes of an action that is kept with versions, be it of a risk or of a review: changed, done, dropped.

Whoever calls has asked who writes, and holds the action locked.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import risk_rules
from app.metrics.risk_records import Invalid, RiskKey, Saved, Treatment
from app.metrics.risk_rules import sentence
from app.store import register_versions
from app.store.register_saving import Desk, changes, forget, result, told
from app.store.register_versions import Held
from app.store.tables import FACTS


def next_name(conn: Connection, start: str) -> str:
    """The first name with this beginning and a number that no action has, whatever its source."""
    table = FACTS["actions"]
    taken = {
        *conn.execute(sa.select(table.c.action).where(table.c.action.startswith(start, autoescape=True))).scalars()
    }
    number = 1
    while f"{start}{number}" in taken:
        number += 1
    return f"{start}{number}"


def changed(here: Desk, held: Held[Treatment], version: int, fields: Mapping[str, Any], why: str | None) -> Saved:
    """Some fields; where nothing differs, nothing is written. The first due date stays what it was."""

    def change(old: Treatment) -> Treatment:
        new = risk_rules.changed(old, fields)
        if new.due_on is not None and old.due_on is None and old.original_due_on is None:
            new = new.model_copy(update={"original_due_on": new.due_on})
        risk_rules.check_treatment(new, old, here.today)
        return new

    new = register_versions.expect(here.conn, held, version, change)
    return saved(here, held, new, held.key, "change", why) if changes(held.entry, new) else result(held)


def done(
    here: Desk, held: Held[Treatment], version: int, why: str | None, fields: Mapping[str, Any] | None = None
) -> Saved:
    """It is done; `fields`: what is said with that."""
    new = register_versions.expect(
        here.conn, held, version, lambda old: _pending(old).model_copy(update={"closed_at": here.at})
    )
    return saved(here, held, risk_rules.changed(new, fields) if fields else new, held.key, "close", why)


def dropped(here: Desk, held: Held[Treatment], version: int, why: str) -> Saved:
    """It will not be done."""
    new = register_versions.expect(
        here.conn, held, version, lambda old: _pending(old).model_copy(update={"cancelled_at": here.at})
    )
    return saved(here, held, new, held.key, "cancel", why)


def _pending(old: Treatment) -> Treatment:
    if old.closed_at is not None or old.cancelled_at is not None:
        raise Invalid({"": "The action is done or cancelled already."})
    return old


def saved(here: Desk, held: Held[Treatment] | None, new: Treatment, key: RiskKey, act: str, why: str | None) -> Saved:
    """Keeps an action's next version, with its audit entry, and forgets what was kept of actions."""
    said = sentence("why", why, "The reason") if why and why.strip() else None
    kept = register_versions.keep(here.conn, held, new, key=key, by=here.by.name, act=act, why=said, at=here.at)
    told(here, "actions", key, act, changes(held.entry if held else None, new), said)
    forget(here, "actions", key.source)
    return result(kept)

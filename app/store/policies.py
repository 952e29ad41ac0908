"""The policy with its history: which one was in force from when, who set it and why."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.people import Person
from app.policy import understood
from app.store.people import Outdated
from app.store.tables import POLICIES
from app.store.write import set_policy


class Dated(NamedTuple):
    """One policy that was set."""

    valid_from: datetime
    """In force from then until the next one; the first also before."""
    text: str
    actor: str
    why: str | None


def history(conn: Connection) -> tuple[Dated, ...]:
    """Every policy that was ever set, the latest first; none: the one shipped has always held."""
    rows = conn.execute(sa.select(*(POLICIES.c[name] for name in Dated._fields)).order_by(POLICIES.c.valid_from.desc()))
    return tuple(Dated(*row) for row in rows)


def change(conn: Connection, text: str, of: datetime | None, *, by: Person, why: str) -> None:
    """Puts a policy in force from now on. `of` is when the one that it was made from came into force; None: the one
    shipped.

    Raises NotAllowed for somebody who is no admin, NotAPolicy, and Outdated where another one was set meanwhile.
    """
    by.must("govern", everywhere=True)
    understood(text)
    latest = next(iter(history(conn)), None)
    if (latest.valid_from if latest else None) != of:
        who = latest.actor if latest else "somebody"
        raise Outdated(f"{who} has set another policy meanwhile: see what it changed, then decide.")
    set_policy(conn, text, by=by, why=why)

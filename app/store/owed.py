"""What somebody still owes: open actions with what they came from, tests to come, risks. Read by what is open, not by
what there ever was."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Facts
from app.metrics.grouping import known
from app.metrics.numbers import Ask
from app.store import light
from app.store.facts import load
from app.store.tables import FACTS


def owed(conn: Connection, as_of: datetime) -> Facts:
    """The facts that `attention.waiting` needs: actions that were open, the incidents they came from, tests that were
    not executed, every risk; as known at as-of."""
    actions, incidents, tests = (FACTS[name] for name in ("actions", "incidents", "dr_tests"))
    open_ = sa.and_(
        actions.c.opened_at <= as_of,
        *(sa.or_(column.is_(None), column > as_of) for column in (actions.c.closed_at, actions.c.cancelled_at)),
        sa.or_(actions.c.due_on.is_not(None), actions.c.original_due_on.is_not(None)),
    )
    origins = sa.select(actions.c.origin_id).where(open_, actions.c.origin == "incident")
    planned = sa.or_(tests.c.executed_at.is_(None), tests.c.executed_at > as_of)
    of_tests = sa.select(actions.c.origin_id).where(open_, actions.c.origin == "dr_test")
    base = load(conn, frozenset({"risks"}), Ask((), as_of))
    found = {
        "actions": light.some(conn, "actions", open_),
        "incidents": light.some(conn, "incidents", incidents.c.incident.in_(origins)),
        "dr_tests": light.some(conn, "dr_tests", sa.or_(planned, tests.c.test.in_(of_tests))),
    }
    return known(Facts(**{**vars(base), **found}), as_of)

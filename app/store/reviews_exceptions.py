"""Error-budget exceptions that approvers have signed: facts of every question about promises."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.review_records import BudgetException
from app.store.review_tables import DECISIONS


def exceptions(conn: Connection) -> tuple[BudgetException, ...]:
    """Every one that was ever signed, by when it was."""
    table = DECISIONS
    names = ("subject", "signed_at", "until", "signed_by", "decided_by", "why", "period", "dropped_at")
    query = sa.select(*(table.c[name] for name in names)).where(
        table.c.kind == "budget_exception", table.c.signed_at.is_not(None)
    )
    return tuple(BudgetException(*row) for row in conn.execute(query.order_by(table.c.signed_at, table.c.id)))

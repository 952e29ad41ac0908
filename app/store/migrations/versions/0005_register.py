"""The risk register: versions, assessments, reviews, comments, acceptances.

Revision ID: 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "int": sa.Integer(),
    "bigint": sa.BigInteger(),
    "double": sa.Double(),
    "date": sa.Date(),
    "json": sa.JSON(),
}


def _table(name: str, key: str, columns: str) -> None:
    """Columns as `name type`, those that are never blank with `!` behind."""
    made: list[Any] = []
    for words in columns.split(", "):
        column, kind = words.split(" ")
        made.append(sa.Column(column, _TYPES[kind.rstrip("!")], nullable=not kind.endswith("!")))
    op.create_table(name, *made, sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}"))


def upgrade() -> None:
    _table(
        "register_heads",
        "entity source id",
        "entity text!, source text!, id text!, version int!, changed_at bigint!, changed_by text!, extra json!",
    )
    _table(
        "register_versions",
        "entity source id version",
        "entity text!, source text!, id text!, version int!, at bigint!, actor text!, act text!, why text, "
        "changes json!, entry json!",
    )
    _table(
        "register_assessments",
        "source risk version",
        "source text!, risk text!, version int!, at bigint!, actor text!, why text, likelihood int!, impact int!, "
        "inherent_likelihood int, inherent_impact int, target_likelihood int, target_impact int, "
        "events_per_year_low double, events_per_year_high double, loss_low double, loss_high double",
    )
    _table(
        "register_reviews",
        "id",
        "id int!, source text!, risk text!, on date!, actor text!, note text!, next_on date!, at bigint!, "
        "version int!, undone_at bigint",
    )
    _table(
        "register_comments",
        "id",
        "id int!, source text!, risk text!, at bigint!, actor text!, text text!",
    )
    _table(
        "acceptances",
        "id",
        "id int!, source text!, risk text!, asked_by text!, asked_at bigint!, reason text!, valid_until date!, "
        "likelihood int!, impact int!, conditions text, inherent_likelihood int, inherent_impact int, loss double, "
        "approved_by text, approved_at bigint, note text, declined_by text, declined_at bigint, declined_why text, "
        "revoked_by text, revoked_at bigint, revoked_why text",
    )
    for name in ("register_reviews", "register_comments", "acceptances"):
        op.create_index(f"ix_{name}_source_risk", name, ["source", "risk"])
    op.create_index("ix_audit_entity_entity_id", "audit", ["entity", "entity_id"])

"""Monthly and quarterly reviews: what was frozen, said, decided and asked for.

Revision ID: 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TYPES: dict[str, Any] = {
    "text": sa.Text(),
    "int": sa.Integer(),
    "bigint": sa.BigInteger(),
    "bool": sa.Boolean(),
    "date": sa.Date(),
    "json": sa.JSON(),
}
_STAMP = "version int!, changed_at bigint!, changed_by text!"
_KEPT = "period text!, number int!, kept_at bigint!, kept_by text!, hash text!, text text!"


def _table(name: str, key: str, columns: str) -> None:
    """Columns as `name type`, those that are never blank with `!` behind."""
    made: list[Any] = []
    for words in columns.split(", "):
        column, kind = words.split(" ")
        made.append(sa.Column(column, _TYPES[kind.rstrip("!")], nullable=not kind.endswith("!")))
    op.create_table(name, *made, sa.PrimaryKeyConstraint(*key.split(), name=f"pk_{name}"))


def upgrade() -> None:
    _table(
        "reviews",
        "period",
        f"period text!, state text!, chair text, on date, agenda json!, {_STAMP}, opened_at bigint!, "
        "opened_by text!, frozen int, minutes int, held_at bigint, closed_at bigint, closed_by text",
    )
    _table("review_snapshots", "period number", _KEPT)
    _table("review_minutes", "period number", _KEPT)
    _table("review_people", "period name", "period text!, name text!, place int!, owner bool!, present bool")
    _table("review_comments", "id", "id int!, period text!, subject text!, text text!, actor text!, at bigint!")
    _table("review_notes", "period step", f"period text!, step text!, text text!, {_STAMP}")
    _table(
        "review_decisions",
        "id",
        "id int!, period text!, step text!, kind text!, what text!, why text!, decided_by text!, recorded_by text!, "
        "at bigint!, until date, subject text, acceptance int, due date, done_on date, dropped_on date, "
        f"dropped_at bigint, reason text, signed_by text, signed_at bigint, {_STAMP}",
    )
    _table("review_actions", "source action", "source text!, action text!, step text!")
    _table(
        "review_versions",
        "entity id version",
        "entity text!, id text!, version int!, at bigint!, actor text!, entry json!",
    )
    for name in ("review_comments", "review_decisions"):
        op.create_index(f"ix_{name}_period", name, ["period"])

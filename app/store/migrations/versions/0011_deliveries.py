"""Digests that were asked for, and what became of them.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("period", "content", "channel", "address", "state")),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("attach", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("message_id", sa.Text()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("claim", sa.Text()),
        sa.Column("claimed_until", sa.BigInteger()),
        sa.Column("sent_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index(
        "ix_deliveries_period_content_channel_address",
        "deliveries",
        ["period", "content", "channel", "address"],
        unique=True,
    )
    op.create_index("ix_deliveries_state", "deliveries", ["state"])

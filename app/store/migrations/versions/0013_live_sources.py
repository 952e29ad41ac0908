"""How far live sources are read, and what their readings were.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sync_marks",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "part", name="pk_sync_marks"),
    )
    op.add_column("sources", sa.Column("tried_at", sa.BigInteger()))
    op.add_column("sources", sa.Column("every_minutes", sa.Double()))
    op.add_column("imports", sa.Column("calls", sa.BigInteger()))
    op.add_column("imports", sa.Column("unread", sa.JSON()))
    op.add_column("imports", sa.Column("failure", sa.Text()))

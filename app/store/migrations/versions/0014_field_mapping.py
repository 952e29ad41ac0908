"""What live sources call things, what that means here, and whether their last reading failed.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_values",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "field", "value")),
        sa.Column("ours", sa.Text()),
        sa.Column("own", sa.Text()),
        sa.Column("former", sa.JSON()),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "field", "value", name="pk_seen_values"),
    )
    op.create_table(
        "mappings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "field", "theirs")),
        sa.Column("ours", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "field", "theirs", name="pk_mappings"),
    )
    op.add_column("sources", sa.Column("failed_at", sa.BigInteger()))

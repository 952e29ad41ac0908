"""Sums of KPIs over periods that are over.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("kpi", "split", "period")
    op.create_table(
        "kept_sums",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_sums"),
    )
    op.create_index("ix_kept_sums_split_kpi_period", "kept_sums", ["split", "kpi", "period"], unique=True)
    op.create_table(
        "kept_groups",
        sa.Column("sums", sa.Integer(), nullable=False),
        sa.Column("grp", sa.Text(), nullable=False),
        sa.Column("part", sa.Double(), nullable=False),
        sa.Column("whole", sa.Double(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sums", "grp", name="pk_kept_groups"),
        sqlite_with_rowid=False,
    )

"""The tables of the field mapping: what live sources call things, and what people say that means here."""

import sqlalchemy as sa

from app.store.tables import METADATA
from app.store.types import Moment

__all__ = ["MAPPINGS", "METADATA", "SEEN_VALUES"]

SEEN_VALUES = sa.Table(
    "seen_values",
    METADATA,
    *(sa.Column(name, sa.Text(), primary_key=True) for name in ("source", "field", "value")),
    sa.Column("ours", sa.Text()),
    sa.Column("own", sa.Text()),
    sa.Column("former", sa.JSON(none_as_null=True)),
    sa.Column("rows", sa.BigInteger(), nullable=False),
    sa.Column("samples", sa.JSON(), nullable=False),
    sa.Column("seen_at", Moment(), nullable=False),
    sa.Column("run", sa.Integer(), nullable=False),
)
"""What live sources call things: what the last reading that had a value took it for, what it means without the mapping
edited in the app, what it was taken for before, how many rows of that reading had it, and some of them for people."""
MAPPINGS = sa.Table(
    "mappings",
    METADATA,
    *(sa.Column(name, sa.Text(), primary_key=True) for name in ("source", "field", "theirs")),
    sa.Column("ours", sa.Text()),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.Column("changed_at", Moment(), nullable=False),
    sa.Column("changed_by", sa.Text(), nullable=False),
)
"""The field mapping as edited in the app, over that of `sources.yaml`; `ours` null: taken back. `version` counts the
edits of one field of a source, so that two people do not overwrite each other."""

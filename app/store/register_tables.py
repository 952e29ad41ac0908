"""The tables of the risk register: what stands beside risks and their actions, every version of them, and the acts."""

from typing import Any

import sqlalchemy as sa

from app.store.mapping_tables import METADATA
from app.store.tables import AUDIT
from app.store.types import Moment

__all__ = ["ACCEPTANCES", "ASSESSMENTS", "COMMENTS", "HEADS", "METADATA", "REVIEWS", "VERSIONS"]


def _text(name: str, blank: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=blank)


def _key(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True)


def _at(name: str, blank: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Moment(), nullable=blank)


def _level(name: str, blank: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=blank)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True)


HEADS = sa.Table(
    "register_heads",
    METADATA,
    *(_key(name) for name in ("entity", "source", "id")),
    _level("version", blank=False),
    _at("changed_at"),
    _text("changed_by"),
    sa.Column("extra", sa.JSON(), nullable=False),
)
"""Risks and actions: the version in force, and the fields that no fact file has. Without a row, it is version 1 and
has none."""
VERSIONS = sa.Table(
    "register_versions",
    METADATA,
    *(_key(name) for name in ("entity", "source", "id")),
    _key("version", sa.Integer),
    _at("at"),
    *(_text(name) for name in ("actor", "act")),
    _text("why", blank=True),
    sa.Column("changes", sa.JSON(), nullable=False),
    sa.Column("entry", sa.JSON(), nullable=False),
)
"""Every version, whole, and what it changed of the one before."""
ASSESSMENTS = sa.Table(
    "register_assessments",
    METADATA,
    *(_key(name) for name in ("source", "risk")),
    _key("version", sa.Integer),
    _at("at"),
    _text("actor"),
    _text("why", blank=True),
    *(_level(name, blank=False) for name in ("likelihood", "impact")),
    *(_level(name) for name in ("inherent_likelihood", "inherent_impact", "target_likelihood", "target_impact")),
    *(
        sa.Column(name, sa.Double())
        for name in ("events_per_year_low", "events_per_year_high", "loss_low", "loss_high")
    ),
)
"""Every rating, whole."""
REVIEWS = sa.Table(
    "register_reviews",
    METADATA,
    _id(),
    *(_text(name) for name in ("source", "risk")),
    sa.Column("on", sa.Date(), nullable=False),
    *(_text(name) for name in ("actor", "note")),
    sa.Column("next_on", sa.Date(), nullable=False),
    _at("at"),
    _level("version", blank=False),
    _at("undone_at", blank=True),
    sa.Index(None, "source", "risk"),
)
COMMENTS = sa.Table(
    "register_comments",
    METADATA,
    _id(),
    *(_text(name) for name in ("source", "risk")),
    _at("at"),
    *(_text(name) for name in ("actor", "text")),
    sa.Index(None, "source", "risk"),
)
ACCEPTANCES = sa.Table(
    "acceptances",
    METADATA,
    _id(),
    *(_text(name) for name in ("source", "risk", "asked_by")),
    _at("asked_at"),
    _text("reason"),
    sa.Column("valid_until", sa.Date(), nullable=False),
    *(_level(name, blank=False) for name in ("likelihood", "impact")),
    _text("conditions", blank=True),
    *(_level(name) for name in ("inherent_likelihood", "inherent_impact")),
    sa.Column("loss", sa.Double()),
    _text("approved_by", blank=True),
    _at("approved_at", blank=True),
    _text("note", blank=True),
    _text("declined_by", blank=True),
    _at("declined_at", blank=True),
    _text("declined_why", blank=True),
    _text("revoked_by", blank=True),
    _at("revoked_at", blank=True),
    _text("revoked_why", blank=True),
    sa.Index(None, "source", "risk"),
)
"""What was asked, of which level, and what became of it. Whether it holds is derived when it is read."""
sa.Index("ix_audit_entity_entity_id", AUDIT.c.entity, AUDIT.c.entity_id)

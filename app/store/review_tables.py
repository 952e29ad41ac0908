"""The tables of monthly and quarterly reviews: the review, what was frozen of its period, and what was said in it."""

from typing import Any

import sqlalchemy as sa

from app.store.register_tables import METADATA
from app.store.types import Moment

__all__ = [
    "ACTIONS",
    "COMMENTS",
    "DECISIONS",
    "METADATA",
    "MINUTES",
    "NOTES",
    "PEOPLE",
    "REVIEWS",
    "SNAPSHOTS",
    "VERSIONS",
]


def _text(name: str, blank: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=blank)


def _key(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True)


def _at(name: str, blank: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Moment(), nullable=blank)


def _day(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Date())


def _number(name: str, blank: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=blank)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True)


def _stamp() -> list[sa.Column[Any]]:
    return [_number("version"), _at("changed_at"), _text("changed_by")]


def _kept(name: str) -> sa.Table:
    """Texts that are kept for ever, numbered: none is ever changed or taken away."""
    return sa.Table(
        name, METADATA, _key("period"), _key("number", sa.Integer), _at("kept_at"), _text("kept_by"), _text("hash"),
        _text("text"),
    )  # fmt: skip


REVIEWS = sa.Table(
    "reviews",
    METADATA,
    _key("period"),
    _text("state"),
    _text("chair", blank=True),
    _day("on"),
    sa.Column("agenda", sa.JSON(), nullable=False),
    *_stamp(),
    _at("opened_at"),
    _text("opened_by"),
    _number("frozen", blank=True),
    _number("minutes", blank=True),
    _at("held_at", blank=True),
    _at("closed_at", blank=True),
    _text("closed_by", blank=True),
)
"""`frozen` and `minutes` are the numbers of the texts in force."""
SNAPSHOTS = _kept("review_snapshots")
MINUTES = _kept("review_minutes")
PEOPLE = sa.Table(
    "review_people",
    METADATA,
    _key("period"),
    _key("name"),
    _number("place"),
    sa.Column("owner", sa.Boolean(), nullable=False),
    sa.Column("present", sa.Boolean()),
)
COMMENTS = sa.Table(
    "review_comments",
    METADATA,
    _id(),
    *(_text(name) for name in ("period", "subject", "text", "actor")),
    _at("at"),
    sa.Index(None, "period"),
)
NOTES = sa.Table("review_notes", METADATA, _key("period"), _key("step"), _text("text"), *_stamp())
DECISIONS = sa.Table(
    "review_decisions",
    METADATA,
    _id(),
    *(_text(name) for name in ("period", "step", "kind", "what", "why", "decided_by", "recorded_by")),
    _at("at"),
    _day("until"),
    _text("subject", blank=True),
    _number("acceptance", blank=True),
    _day("due"),
    _day("done_on"),
    _day("dropped_on"),
    _at("dropped_at", blank=True),
    _text("reason", blank=True),
    _text("signed_by", blank=True),
    _at("signed_at", blank=True),
    *_stamp(),
    sa.Index(None, "period"),
)
"""`acceptance`: the one of the register that an acceptance decided about. A budget exception holds from `signed_at`
until the end of `until`, or until it was dropped."""
ACTIONS = sa.Table("review_actions", METADATA, _key("source"), _key("action"), _text("step"))
"""At which step an action was asked for; the action itself is a fact with versions, like those of the register."""
VERSIONS = sa.Table(
    "review_versions",
    METADATA,
    *(_key(name) for name in ("entity", "id")),
    _key("version", sa.Integer),
    _at("at"),
    _text("actor"),
    sa.Column("entry", sa.JSON(), nullable=False),
)
"""Every version of a review, a note or a decision, so that a conflict can say what each side changed."""

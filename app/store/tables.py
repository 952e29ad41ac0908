"""The tables: one an entity, made from the records' annotations; the daily sums; what the store keeps about itself."""

import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime

from app.records import ENTITIES, Entity
from app.store.types import KeyDate, KeyNumber, Moment, Names

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)
HIGH_VOLUME = ("sli", "pages")
_KEY_ORDER: Mapping[str, tuple[str, ...]] = {"sli": ("start", "slo")}
"""Where another order of the key's columns than the contract's makes an index needless."""
_INDEXES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "pages": (("triggered_at",),),
    "deployments": (("deployed_at",), ("service", "deployed_at")),
    "incidents": (("detected_at",),),
    "impacts": (("start",),),
    "shifts": (("responder", "start"),),
}


def _plain(annotation: Any) -> Any:
    """What is left of an annotation without None and its constraints."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
            (annotation,) = (part for part in typing.get_args(annotation) if part is not type(None))
        else:
            return annotation


def _type(annotation: Any, key: bool, required: bool) -> sa.types.TypeEngine[Any]:
    plain = _plain(annotation)
    if typing.get_origin(plain) is tuple:
        return Names()
    if plain is bool:
        return sa.Boolean()
    if plain is int:
        return KeyNumber() if key and not required else sa.Integer()
    if plain is float:
        return sa.Double()
    if plain is date:
        return KeyDate() if key and not required else sa.Date()
    if plain in (AwareDatetime, datetime):
        return Moment()
    return sa.Text()


def _columns(entity: Entity) -> list[sa.Column[Any]]:
    hints = typing.get_type_hints(entity.record, include_extras=True)
    columns: list[sa.Column[Any]] = [sa.Column("source", sa.Text(), primary_key=True)]
    for name, field in entity.record.model_fields.items():
        key, required = name in entity.key, field.is_required()
        columns.append(
            sa.Column(name, _type(hints[name], key, required), primary_key=key, nullable=not (key or required))
        )
    return columns


def _fact_table(entity: Entity) -> sa.Table:
    columns = {column.name: column for column in _columns(entity)}
    key = ("source", *_KEY_ORDER.get(entity.name, entity.key))
    ordered = [columns[name] for name in key] + [column for name, column in columns.items() if name not in key]
    table = sa.Table(entity.name, METADATA, *ordered, sqlite_with_rowid=entity.name not in HIGH_VOLUME)
    for names in _INDEXES.get(entity.name, ()):
        sa.Index(None, *(table.c[name] for name in names))
    return table


FACTS: Mapping[str, sa.Table] = MappingProxyType({name: _fact_table(entity) for name, entity in ENTITIES.items()})
"""Entity → its table: columns named as in the contract, the key (source, …) first."""


def _number(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _key(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), primary_key=True)


# Daily sums. `day` is whole days since 1970 in the organisation's zone; a blank service is ''. `latest_at` is the
# latest instant (microseconds) that a row depends on: as of any instant from then on the row holds.

SLI_DAYS = sa.Table(
    "sli_days",
    METADATA,
    _key("day", sa.Integer),
    _key("source"),
    _key("slo"),
    *(_number(name) for name in ("rows", "idle_rows")),
    *(_number(name, sa.Double) for name in ("minutes", "idle_minutes", "good", "total", "good_minutes")),
    _number("excluded_rows"),
    *(_number(name, sa.Double) for name in ("excluded_minutes", "excluded_good", "excluded_total")),
    _number("excluded_good_minutes", sa.Double),
    _number("longest_row_minutes", sa.Double),
    _number("latest_at"),
    sqlite_with_rowid=False,
)
PAGE_SUMS = (
    "pages",
    "acknowledged",
    "negative",
    "waiting",
    "in_time",
    "noise",
    "marked",
    "interruptions",
    "after_hours",
    "asleep",
    "without_shift",
)
PAGE_DAYS = sa.Table(
    "page_days",
    METADATA,
    _key("day", sa.Integer),
    _key("team"),
    _key("service"),
    *(_number(name) for name in PAGE_SUMS),
    _number("latest_at"),
    sqlite_with_rowid=False,
)
ENGAGE_DAYS = sa.Table(
    "engage_days",
    METADATA,
    _number("day", sa.Integer),
    _number("team", sa.Text),
    _number("service", sa.Text),
    _number("micros"),
    _number("n"),
    sa.Index(None, "day"),
)
DEPLOYMENT_DAYS = sa.Table(
    "deployment_days",
    METADATA,
    _key("day", sa.Integer),
    _key("service"),
    *(_number(name) for name in ("deployments", "failed", "rolled_back", "unplanned", "unplanned_known")),
    *(_number(name) for name in ("progressive", "lead_missing", "lead_negative")),
    _number("latest_at"),
    sqlite_with_rowid=False,
)
LEAD_DAYS = sa.Table(
    "lead_days",
    METADATA,
    _number("day", sa.Integer),
    _number("service", sa.Text),
    _number("micros"),
    _number("n"),
    sa.Index(None, "day"),
)
DAY_MARKS = sa.Table(
    "day_marks", METADATA, _key("sums"), _key("day", sa.Integer), _number("latest_at"), sqlite_with_rowid=False
)
"""Per kind of sum and day, the largest `latest_at`: which days must be summed from raw facts for an earlier as-of."""
HOLES = sa.Table(
    "holes",
    METADATA,
    _key("source"),
    _key("slo"),
    _key("start", sa.BigInteger),
    sa.Column("end", sa.BigInteger(), nullable=False),
    sqlite_with_rowid=False,
)
"""What exclusions cut out of the rows of each SLO: the union, disjoint, microseconds. `source` is the SLI rows' own."""

# Sums of KPIs over periods that are over, made when first asked for (`kept.py`); forgotten when their facts change.

KEPT_SUMS = sa.Table(
    "kept_sums",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    *(sa.Column(name, sa.Text(), nullable=False) for name in ("kpi", "split", "period")),
    *(_number(name) for name in ("ends", "since")),
    sa.Column("made_by", sa.Text(), nullable=False),
    sa.Index(None, "split", "kpi", "period", unique=True),
)
"""One KPI over one period, split by some dimensions: it holds as of any instant from `since` on."""
KEPT_GROUPS = sa.Table(
    "kept_groups",
    METADATA,
    _key("sums", sa.Integer),
    _key("grp"),
    *(_number(name, sa.Double) for name in ("part", "whole")),
    _number("n"),
    sa.Column("rest", sa.Text(), nullable=False),
    sqlite_with_rowid=False,
)
"""What each group gives to it; a group that is not there gives nothing."""

# What the store keeps about itself.

IMPORTS = sa.Table(
    "imports",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("started_at", Moment(), nullable=False),
    sa.Column("finished_at", Moment()),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("names", sa.JSON(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("status", sa.Text(), nullable=False),
    sa.Column("counts", sa.JSON(), nullable=False),
    sa.Column("calls", sa.BigInteger()),
    sa.Column("unread", sa.JSON(none_as_null=True)),
    sa.Column("failure", sa.Text()),
)
"""Of a live source also: how often it was asked, sentences on what could not be read, and why the reading ended."""
REJECTS = sa.Table(
    "rejects",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("run", sa.Integer(), sa.ForeignKey("imports.id"), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("entity", sa.Text(), nullable=False),
    sa.Column("file", sa.Text(), nullable=False),
    sa.Column("line", sa.BigInteger()),
    sa.Column("column", sa.Text()),
    sa.Column("value", sa.Text()),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("row", sa.JSON(), nullable=False),
    sa.Column("resolved_by", sa.Integer(), sa.ForeignKey("imports.id")),
    sa.Index(None, "run"),
    sa.Index(None, "resolved_by", "source", "entity"),
)
SOURCES = sa.Table(
    "sources",
    METADATA,
    _key("name"),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("last_read_at", Moment()),
    sa.Column("expected_hours", sa.Double()),
    sa.Column("note", sa.Text()),
    sa.Column("tried_at", Moment()),
    sa.Column("every_minutes", sa.Double()),
    sa.Column("failed_at", Moment()),
    sa.Column("asked_at", Moment()),
)
"""Live sources, and how often (in hours) any source is expected to bring something: later than that, it is late.
`every_minutes`: how often the server reads it by itself; `tried_at`: when a reading last began; `asked_at`: since when
it is to be read because something happened there; `failed_at`: when the last reading began, where it could not read all
of it."""
SYNC_MARKS = sa.Table(
    "sync_marks",
    METADATA,
    _key("source"),
    _key("part"),
    sa.Column("until", Moment(), nullable=False),
)
"""How far each part of a live source is read; what comes before is in the store."""
POLICIES = sa.Table(
    "policies",
    METADATA,
    sa.Column("valid_from", Moment(), primary_key=True),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("why", sa.Text()),
)
GRANTS = sa.Table(
    "grants",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "subject", "role")),
    *(sa.Column(name, sa.JSON(none_as_null=True)) for name in ("products", "teams")),
    sa.Column("member_of", sa.JSON(), nullable=False),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.Column("changed_at", Moment(), nullable=False),
    sa.Column("changed_by", sa.Text(), nullable=False),
)
"""Who is given which role, within which limits (`people.py`); what it was before is in the audit trail."""
AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("at", Moment(), nullable=False),
    sa.Column("actor", sa.Text(), nullable=False),
    sa.Column("action", sa.Text(), nullable=False),
    sa.Column("entity", sa.Text(), nullable=False),
    sa.Column("entity_id", sa.Text()),
    sa.Column("old", sa.JSON(none_as_null=True)),
    sa.Column("new", sa.JSON(none_as_null=True)),
    sa.Column("why", sa.Text()),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("previous", sa.Text(), nullable=False),
    sa.Column("hash", sa.Text(), nullable=False),
    sa.Index(None, "at"),
    sa.Index(None, "seq", unique=True),
)
"""Append-only: triggers refuse changes. A chain (`audit.py`): `hash` covers the row and `previous`, the hash before."""
AUDIT_HEAD = sa.Table(
    "audit_head",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("hash", sa.Text(), nullable=False),
)
"""One row: the last entry of the chain."""
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("session", sa.Text(), primary_key=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("groups", sa.JSON(), nullable=False),
    sa.Column("issued_at", Moment(), nullable=False),
    sa.Column("ended_at", Moment()),
    sa.Column("id_token", sa.Text()),
    sa.Index(None, "issued_at"),
)
"""Who signed in: by the digest of what their browser holds, with the groups that the provider named. The provider's
token is what ends the session there too."""
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("person", sa.Text(), primary_key=True),
    sa.Column("form", sa.Text(), primary_key=True),
    sa.Column("at", Moment(), nullable=False),
    sa.Column("content", sa.JSON(), nullable=False),
    sa.Index(None, "at"),
)
"""What somebody has typed into a form and not saved yet: by name, case folded."""
DELIVERIES = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    *(sa.Column(name, sa.Text(), nullable=False) for name in ("period", "content", "channel", "address", "state")),
    sa.Column("copy", sa.Integer(), nullable=False),
    sa.Column("attach", sa.Boolean(), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False),
    sa.Column("error", sa.Text()),
    sa.Column("message_id", sa.Text()),
    sa.Column("asked_at", Moment(), nullable=False),
    sa.Column("asked_by", sa.Text(), nullable=False),
    sa.Column("next_at", Moment()),
    sa.Column("claim", sa.Text()),
    sa.Column("claimed_until", Moment()),
    sa.Column("sent_at", Moment()),
    sa.Index(None, "period", "content", "channel", "address", unique=True),
    sa.Index(None, "state"),
)
"""Digests that were asked for, one a place they go to, and what became of them (`deliveries.py`)."""
WEBHOOK_DELIVERIES = sa.Table(
    "webhook_deliveries",
    METADATA,
    _key("source"),
    _key("delivery"),
    sa.Column("at", Moment(), nullable=False),
    sa.Index(None, "at"),
)
"""What was delivered to the webhooks of sources: one that comes again is known (`hooks.py`)."""
META = sa.Table(
    "meta", METADATA, sa.Column("name", sa.Text(), primary_key=True), sa.Column("value", sa.Text(), nullable=False)
)
"""`generation` (counts every write), and what the daily sums were last made by (`day_zone`, `page_rules`)."""
SPANS = sa.Table(
    "spans",
    METADATA,
    _key("entity"),
    _key("source"),
    sa.Column("first", sa.BigInteger(), nullable=False),
    sa.Column("last", sa.BigInteger(), nullable=False),
)
"""From the first to the last fact that a source gave of an entity (microseconds), kept by each import."""

"""What a freeze keeps of a period: policy, numbers, what stands behind them, charts, words and open items, as one text
that vouches for itself.

Everything that a pack shows comes from here. The text is canonical JSON (sorted keys, no spaces), so that the same
snapshot is the same bytes; its hash is SHA-256 of it. Fields are only ever added, with a default: a snapshot of an
older release is read as it was kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any, Literal

from pydantic import TypeAdapter

from app.charts.description import Chart
from app.charts.faces import Face
from app.metrics.numbers import Number
from app.metrics.review_records import Attendee, Comment, Decision, Note, Promised, Step
from app.metrics.review_records import Followed as Followed

FORMAT = 1
SPLITS = ("", "tier", "team", "service", "slo", "severity")
"""What the numbers of a snapshot are split by: "" is the organisation."""
Cell = str | int | float | bool | None
"""Of a table; a day is written 2026-10-31."""
Why = Literal["late", "mended", "removed", "policy", "catalogue", "release", "unknown"]
"""Why a number moved: facts that came late, were mended or taken away; another policy; services, SLOs or exclusions
that were changed; another release of Nines; or nothing that was kept says why."""


@dataclass(frozen=True)
class Column:
    """One column of a table; `unit` is a KPI's unit, "text", "date" or "verdict"."""

    name: str
    unit: str = "text"


@dataclass(frozen=True)
class Table:
    """Rows of plain values: numbers as numbers, None for what is not known."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    """What to say where it has no rows."""
    more: int = 0
    """How many rows there are beyond those kept."""


@dataclass(frozen=True)
class Exceptional:
    """One thing of a section that somebody is asked about."""

    subject: str
    """What it is, for ever: `number:KPI:GROUP`, `actions:SOURCE/ID`, `risks:SOURCE/ID`, `dr_tests:SOURCE/ID`."""
    kind: Literal["missed", "signal", "overdue"]
    text: str
    """One sentence that stands alone."""
    owner: str | None = None
    """Who is asked; None: the chair."""
    severe: bool = False
    """A missed target of which the interval leaves no doubt, or something overdue: shown first."""


@dataclass(frozen=True)
class Section:
    """One step of the agenda, as shown: its finding first."""

    step: Step
    title: str
    finding: str
    """The most important thing to know of it, one sentence: a slide's title."""
    sentences: tuple[str, ...] = ()
    exceptions: tuple[Exceptional, ...] = ()
    """The severest first."""
    kpis: tuple[str, ...] = ()
    """The numbers that stand on it, in order: those of the organisation in `Snapshot.numbers[""]`."""
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    faces: tuple[Face, ...] = ()
    """What the tiles of its numbers say, in words, in the order of `kpis`."""


@dataclass(frozen=True)
class Behind:
    """The identity of the rows behind one KPI's numbers of the period."""

    rows: int
    single: Mapping[str, str] = field(default_factory=dict)
    """`SERVICE<tab>ENTITY:SOURCE/ID` → the digest of what it gave; kept where there are not too many."""
    by_service: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """`SERVICE<tab>ENTITY` → how many rows, and the digest of all; otherwise."""


@dataclass(frozen=True)
class Restated:
    """A number of a frozen review that is another one now."""

    period: str
    kpi: str
    name: str
    group: str
    """In words: "tier 0"; "" for the organisation."""
    unit: str
    was: Number
    now: Number
    why: tuple[Why, ...]
    said: str
    """Why, in one sentence."""


@dataclass(frozen=True)
class Names:
    """How things are called."""

    services: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    slos: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, int] = field(default_factory=dict)
    """Service → its tier."""
    team_of: Mapping[str, str] = field(default_factory=dict)
    service_of: Mapping[str, str] = field(default_factory=dict)
    """SLO → its service."""


@dataclass(frozen=True)
class Snapshot:
    """A period as it was known when it was frozen."""

    period: str
    title: str
    """"October 2026"."""
    first: date
    last: date
    """Its first and last local day."""
    as_of: datetime
    frozen_at: datetime
    frozen_by: str
    release: str
    """Which release of Nines counted."""
    zone: str
    currency: str
    policy: str
    """The whole policy in force at the period's end, as YAML."""
    headline: tuple[str, ...]
    """The sentences of the Overview."""
    numbers: Mapping[str, tuple[Number, ...]]
    """Split (one of SPLITS) → the period's numbers, as `nines kpi` gives them, in the catalogue's order."""
    trend: tuple[Number, ...]
    """Of the organisation: every KPI over the twelve periods before and this one, in order."""
    sections: tuple[Section, ...]
    """By the agenda, but for what is decided in the meeting."""
    behind: Mapping[str, Behind] = field(default_factory=dict)
    """KPI → the rows behind its numbers."""
    catalogue: Mapping[str, str] = field(default_factory=dict)
    """`services:ID`, `slos:ID`, `exclusions:ID` → the digest of what was known of it."""
    names: Names = Names()
    comments: tuple[Comment, ...] = ()
    earlier: tuple[Followed, ...] = ()
    """What earlier reviews decided and asked for, and how it stood."""
    restated: tuple[Restated, ...] = ()
    """Numbers of earlier frozen reviews that had moved."""
    sources: tuple[str, ...] = ()
    """How fresh each source was, a sentence each."""
    format: int = FORMAT


@dataclass(frozen=True)
class Minutes:
    """What closing a review keeps beside its snapshot."""

    period: str
    snapshot: str
    """The hash of the snapshot that was looked at."""
    chair: str | None
    on: date | None
    closed_at: datetime
    closed_by: str
    attendees: tuple[Attendee, ...] = ()
    notes: tuple[Note, ...] = ()
    decisions: tuple[Decision, ...] = ()
    actions: tuple[Promised, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True)
class Frozen:
    """A snapshot with its hash, and the minutes of its review once that is closed."""

    snapshot: Snapshot
    hash: str
    minutes: Minutes | None = None
    minutes_hash: str = ""


def text(kept: Snapshot | Minutes) -> str:
    """The canonical text that is kept."""
    plain = _adapter("snapshot" if isinstance(kept, Snapshot) else "minutes").dump_python(kept, mode="json")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(kept: str) -> str:
    """The hash of a kept text."""
    return sha256(kept.encode()).hexdigest()


def read(kept: str) -> Snapshot:
    """The snapshot that a text holds. Raises ValueError where it holds none."""
    found: Snapshot = _adapter("snapshot").validate_json(kept)
    return found


def read_minutes(kept: str) -> Minutes:
    """The minutes that a text holds. Raises ValueError where it holds none."""
    found: Minutes = _adapter("minutes").validate_json(kept)
    return found


@cache
def _adapter(what: Literal["snapshot", "minutes"]) -> TypeAdapter[Any]:
    return TypeAdapter({"snapshot": Snapshot, "minutes": Minutes}[what])

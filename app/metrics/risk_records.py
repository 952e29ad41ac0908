"""What the risk register holds: a risk with what forms add to it, its treatment, and the acts around it.

An `Entry` is a risk of the contract and, beside it, what no fact file has; a `Treatment` is an action of the contract
and its plan. Both are kept whole with every version, so that a conflict can say what each side changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Ge, Le
from pydantic import AfterValidator, StringConstraints

from app.records import Action, Amount, Level, Record, Risk, Text

LinkKind = Literal["incident", "slo", "dr_test", "action", "risk"]
LINKED: Mapping[LinkKind, tuple[str, str]] = MappingProxyType(
    {
        "incident": ("incidents", "incident"),
        "slo": ("slos", "slo"),
        "dr_test": ("dr_tests", "test"),
        "action": ("actions", "action"),
        "risk": ("risks", "risk"),
    }
)
"""Kind of link → the entity that it points at, and its id's column."""
MOST_TAGS = 20


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("is no web address: begin it with https://")
    return text


def _tag(text: str) -> str:
    if ";" in text:
        raise ValueError("holds a semicolon: give each tag by itself")
    return text


Url = Annotated[Text, AfterValidator(_url)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), AfterValidator(_tag)]
Factor = Annotated[float, Ge(0), Le(1)]
"""What is left: 0.4 of the events, 1 is no change."""


class RiskKey(NamedTuple):
    """Which risk, or which action: its source and its id there."""

    source: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.id}"


class Link(Record):
    """One thing that a risk has to do with."""

    kind: LinkKind
    source: Text
    id: Text

    def __str__(self) -> str:
        """As a cell of a sheet holds it: `incident:jira/INC-12`; what would divide it otherwise is written as %3B."""
        return f"{self.kind}:{_quoted(self.source)}/{_quoted(self.id)}"

    @classmethod
    def read(cls, text: str) -> "Link":
        """The link that a cell names. Raises ValueError with what to write instead."""
        kind, colon, rest = text.strip().partition(":")
        source, slash, name = rest.partition("/")
        if not (colon and slash and kind in LINKED and source and name):
            raise ValueError(f"{text!r} is no link: write incident:jira/INC-12, of {', '.join(LINKED)}")
        return cls(kind=kind, source=_unquoted(source), id=_unquoted(name))


_DIVIDES = (("%", "%25"), (";", "%3B"), ("/", "%2F"))


def _quoted(text: str) -> str:
    for mark, code in _DIVIDES:
        text = text.replace(mark, code)
    return text


def _unquoted(text: str) -> str:
    for mark, code in reversed(_DIVIDES):
        text = text.replace(code, mark)
    return text


class Entry(Risk):
    """A risk with what forms add to it."""

    tags: tuple[Tag, ...] = ()
    evidence_url: Url | None = None
    """Where it is shown that what is said is so."""
    stated_level: Text | None = None
    """A level that a sheet stated beside likelihood and impact, where it contradicts them."""
    links: tuple[Link, ...] = ()


class Treatment(Action):
    """An action against a risk with its plan: what it costs and what is expected of it."""

    cost: Amount | None = None
    """Money, once."""
    events_factor: Factor | None = None
    loss_factor: Factor | None = None
    to_likelihood: Level | None = None
    to_impact: Level | None = None
    """The level that the risk is to come down to by it."""
    evidence_url: Url | None = None


RATING = (
    "inherent_likelihood", "inherent_impact", "likelihood", "impact", "target_likelihood", "target_impact",
    "events_per_year_low", "events_per_year_high", "loss_low", "loss_high",
)  # fmt: skip
"""The fields that an assessment states."""
OWN = ("tags", "evidence_url", "stated_level", "links")
"""What an entry has and no fact file."""
PLAN = ("cost", "events_factor", "loss_factor", "to_likelihood", "to_impact", "evidence_url")
"""What a treatment has and no fact file."""
BY_ACTS = ("risk", "status", "closed_on", "accepted_by", "accepted_until", "links")
"""Fields that no form edits: they follow from acts of their own."""
EDITABLE = tuple(name for name in Entry.model_fields if name not in BY_ACTS)
ACTION_EDITABLE = tuple(
    name
    for name in Treatment.model_fields
    if name not in ("action", "origin", "origin_id", "opened_at", "original_due_on", "closed_at", "cancelled_at")
)


class Saved(NamedTuple):
    """What a write made of a risk or an action, for the next write of the same form."""

    key: RiskKey
    version: int


class Change(NamedTuple):
    """One version: who made it of the one before, when, how and why."""

    version: int
    at: datetime
    by: str
    act: str
    why: str | None
    fields: Mapping[str, tuple[Any, Any]]
    """Field → (before, after), as JSON has them; those that changed alone."""


class Assessment(NamedTuple):
    """One rating, whole."""

    version: int
    at: datetime
    by: str
    why: str | None
    likelihood: int
    impact: int
    inherent_likelihood: int | None = None
    inherent_impact: int | None = None
    target_likelihood: int | None = None
    target_impact: int | None = None
    events_per_year_low: float | None = None
    events_per_year_high: float | None = None
    loss_low: float | None = None
    loss_high: float | None = None


class Review(NamedTuple):
    """Somebody looked at it on a day, and when the next look is due."""

    id: int
    on: date
    by: str
    note: str
    next_on: date
    at: datetime
    version: int
    undone_at: datetime | None = None


class Comment(NamedTuple):
    id: int
    at: datetime
    by: str
    text: str


class Acceptance(NamedTuple):
    """Somebody asked that a risk be borne as it is until the end of a day, and what became of it."""

    id: int
    source: str
    risk: str
    asked_by: str
    asked_at: datetime
    reason: str
    valid_until: date
    likelihood: int
    impact: int
    conditions: str | None = None
    inherent_likelihood: int | None = None
    inherent_impact: int | None = None
    loss: float | None = None
    """What it cost in an average year, by the ranges then stated; None: not stated."""
    approved_by: str | None = None
    approved_at: datetime | None = None
    note: str | None = None
    declined_by: str | None = None
    declined_at: datetime | None = None
    declined_why: str | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None
    revoked_why: str | None = None

    @property
    def key(self) -> RiskKey:
        return RiskKey(self.source, self.risk)

    @property
    def score(self) -> int:
        """Likelihood x impact of what was accepted, 1-25."""
        return self.likelihood * self.impact


class Invalid(ValueError):
    """What was given cannot be kept: field → what to mend, in a sentence. '' stands for the whole."""

    def __init__(self, fields: Mapping[str, str]):
        self.fields = dict(fields)
        super().__init__(" ".join(self.fields.values()))


class Unknown(LookupError):
    """There is no such risk, action or acceptance (any more); the message says which."""


@dataclass(frozen=True)
class Clash:
    """One field, as three sides have it."""

    base: Any
    """As it was when the form was opened; None too where that version is not known."""
    mine: Any
    theirs: Any
    """As it is now."""

    @property
    def both(self) -> bool:
        """Whether both sides changed it, and not to the same."""
        return bool(self.mine != self.base and self.theirs != self.base and self.mine != self.theirs)


class Conflict(Exception):
    """Somebody changed it since it was read. Nothing was saved; the message says who and when."""

    def __init__(self, key: RiskKey, version: int, by: str, at: datetime, fields: Mapping[str, Clash]):
        self.key, self.version, self.by, self.at = key, version, by, at
        self.fields: Mapping[str, Clash] = dict(fields)
        """Every field that one side changed."""
        super().__init__(
            f"{by} changed {key.id} since you opened it: nothing was saved. Look at both, then save again."
        )

    @property
    def clashes(self) -> tuple[str, ...]:
        """The fields that both sides changed, differently; empty: saving again loses nothing."""
        return tuple(name for name, clash in self.fields.items() if clash.both)


def differing(old: Record | None, new: Record | None) -> dict[str, tuple[Any, Any]]:
    """Field → (before, after) where two records of one kind differ; against None: what is not blank."""
    one = new if new is not None else old
    if one is None:
        return {}
    found = {}
    for name in type(one).model_fields:
        before = getattr(old, name) if old is not None else None
        after = getattr(new, name) if new is not None else None
        if (before or None) != (after or None) or (before == 0) != (after == 0):
            found[name] = (before, after)
    return found


LABELS: Mapping[str, str] = MappingProxyType(
    {
        "risk": "The id", "title": "The title", "category": "The category", "services": "Services",
        "owner": "The owner", "status": "The status", "inherent_likelihood": "Inherent likelihood",
        "inherent_impact": "Inherent impact", "likelihood": "Likelihood", "impact": "Impact",
        "target_likelihood": "Target likelihood", "target_impact": "Target impact", "treatment": "The treatment",
        "review_on": "The review date", "identified_on": "The day it was identified",
        "closed_on": "The day it was closed", "accepted_by": "Accepted by", "accepted_until": "Accepted until",
        "events_per_year_low": "Events a year, at least", "events_per_year_high": "Events a year, at most",
        "loss_low": "Loss each time, at least", "loss_high": "Loss each time, at most",
        "description": "The description", "response": "The response", "tags": "Tags", "evidence_url": "The evidence",
        "stated_level": "The stated level", "links": "Links", "action": "The action", "priority": "The priority",
        "opened_at": "The day it was opened", "due_on": "The due date", "original_due_on": "The first due date",
        "closed_at": "The time it was closed", "cancelled_at": "The time it was cancelled", "outcome": "The outcome",
        "url": "The address", "cost": "The cost", "events_factor": "Events left", "loss_factor": "Loss left",
        "to_likelihood": "The likelihood to reach", "to_impact": "The impact to reach", "source": "The source",
        "origin": "The origin", "origin_id": "The risk",
    }
)  # fmt: skip
"""Field → how a sentence or a form calls it."""

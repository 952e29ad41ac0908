"""What a review of a month or quarter holds beside its frozen numbers: who was there, what was said, decided and
promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

State = Literal["planned", "preparation", "held", "closed"]
STATES: tuple[State, ...] = ("planned", "preparation", "held", "closed")
"""In their order: planned, in preparation, being held (its numbers are frozen), closed (its minutes are too)."""
Step = Literal["headline", "last_time", "slos", "incidents", "on_call", "change", "dr", "risks", "decisions"]
AGENDA: Mapping[Step, str] = MappingProxyType(
    {
        "headline": "Headline",
        "last_time": "Decisions and actions of last time",
        "slos": "SLOs and error budgets",
        "incidents": "Incidents and learning",
        "on_call": "On-call",
        "change": "Change",
        "dr": "DR tests",
        "risks": "Risks",
        "decisions": "Decisions and actions",
    }
)
"""Every step, in the order of the template, and how it is called."""
DecisionKind = Literal["decision", "budget_exception", "acceptance"]
"""What is decided: anything; that an SLO's error-budget policy is set aside until a day; that a risk is accepted."""
Outcome = Literal["open", "done", "late", "dropped"]
"""How a decision or an action of an earlier review stands: late is open past its day."""


@dataclass(frozen=True)
class Review:
    """One review, as it is."""

    period: str
    """`2026-10` or `2026-Q4`."""
    state: State
    chair: str | None
    on: date | None
    """The day it is planned for, or was held on."""
    agenda: tuple[Step, ...]
    version: int
    opened_at: datetime
    opened_by: str
    frozen: int | None = None
    """The number of the snapshot in force; None: not frozen (any more)."""
    held_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


class Attendee(NamedTuple):
    """Somebody invited. `owner`: invited as the owner of services, which `review_participation` counts."""

    name: str
    owner: bool
    present: bool | None
    """None: nobody has said."""


class Comment(NamedTuple):
    """What somebody said about one number or item of a period; it stays with it."""

    id: int
    subject: str
    """What it is about, as `Exception_.subject` names it."""
    text: str
    by: str
    at: datetime


class Note(NamedTuple):
    """What was noted at a step of the meeting."""

    step: Step
    text: str
    by: str
    at: datetime
    version: int


@dataclass(frozen=True)
class Decision:
    """What was decided, why and by whom."""

    id: int
    period: str
    """Of the review that decided it."""
    step: Step
    kind: DecisionKind
    what: str
    why: str
    decided_by: str
    at: datetime
    until: date | None = None
    """The last day that it holds; of exceptions and acceptances always."""
    subject: str | None = None
    """The SLO of a budget exception; `source/risk` of an acceptance."""
    due: date | None = None
    """By when it is to be carried out; None: it holds as it stands."""
    done_on: date | None = None
    dropped_on: date | None = None
    reason: str | None = None
    """Why it was dropped."""
    version: int = 1
    recorded_by: str | None = None
    """Who wrote it down, who never signs it."""
    signed_by: str | None = None
    """The approver who signed a budget exception or an acceptance; None: it has no effect (yet)."""
    signed_at: datetime | None = None
    acceptance: int | None = None
    """The acceptance in the risk register that it is about."""

    @property
    def needs_signing(self) -> bool:
        """Whether an approver has to sign it before it has any effect."""
        return self.kind != "decision" and self.signed_by is None and self.dropped_on is None


class BudgetException(NamedTuple):
    """An error-budget policy that is set aside: it holds from when it was signed until the end of a day."""

    slo: str
    since: datetime
    until: date
    signed_by: str
    decided_by: str
    why: str
    period: str
    """Of the review that decided it."""
    ended_at: datetime | None = None
    """When it was taken back."""


class Promised(NamedTuple):
    """An action that a review asked for."""

    source: str
    action: str
    period: str
    title: str
    owner: str | None
    due: date | None
    opened_at: datetime
    done_on: date | None = None
    dropped_on: date | None = None
    reason: str | None = None
    version: int = 1
    step: Step = "decisions"
    url: str | None = None


@dataclass(frozen=True)
class Followed:
    """A decision or an action of an earlier review, as it stood."""

    period: str
    kind: Literal["decision", "action"]
    id: str
    text: str
    who: str | None
    due: date | None
    outcome: Outcome
    on: date | None
    """The day it was done or dropped."""
    reason: str | None = None

"""The question and the answer: what is asked of a KPI (`Ask`) and what comes back (`Number`)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from app.metrics.intervals import Durations, Spread
from app.metrics.periods import Period

DIMENSIONS = ("tier", "team", "service", "severity", "slo")
Verdict = Literal["met", "missed", "no_data", "no_target"]
SignalWord = Literal["improving", "worsening", "steady", "too_few"]


class Scope(NamedTuple):
    """What a question is narrowed to. None: everything."""

    tier: int | None = None
    product: str | None = None
    team: str | None = None
    service: str | None = None


EVERYTHING = Scope()


class Group(NamedTuple):
    """Which part of the whole a number is of. None: not split by this."""

    tier: int | None = None
    team: str | None = None
    service: str | None = None
    severity: int | None = None
    slo: str | None = None
    product: str | None = None
    """Of sums that the store keeps alone: questions are narrowed to a product, not split by it."""


@dataclass(frozen=True)
class Ask:
    """Numbers of these periods, split by `by`, narrowed to `scope`, as known at `as_of`."""

    periods: tuple[Period, ...]
    as_of: datetime
    by: frozenset[str] = frozenset()
    """A subset of DIMENSIONS."""
    scope: Scope = EVERYTHING
    only: frozenset[str] = frozenset()
    """Of what it is split by (SLOs, else services, else teams) these ids alone; empty: all."""


class Row(NamedTuple):
    """What one fact gives to one number. Rows of one (period, group) add up to it: parts, wholes, or the list of
    values."""

    period: str
    group: Group
    entity: str
    source: str
    id: str
    title: str
    at: datetime | None
    part: float = 0
    whole: float = 0
    value: float | None = None
    """A duration's minutes (or hours, as the KPI's unit says)."""
    reason: str = ""
    """Why this fact is left out; empty: used."""
    url: str | None = None
    n: int = 1
    """How much it counts in the number's n: 0 for what only serves the denominator, like a shift."""
    extra: Mapping[str, float] = {}


def _counts() -> defaultdict[Any, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Tally:
    """The sums behind one number: rows or stored sums, added."""

    part: float = 0
    whole: float = 0
    n: int = 0
    values: defaultdict[float, int] = field(default_factory=_counts)
    """Durations: value → how many."""
    excluded: defaultdict[str, int] = field(default_factory=_counts)
    """Why facts were left out, and how many."""
    extra: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    seen: float | None = None
    """Observed, where coverage is not rows: minutes of SLOs."""
    elapsed: float | None = None
    spread: Spread | None = None
    """Durations as statistics, where the values themselves are no longer at hand."""

    def durations(self) -> Spread:
        """The statistics of its durations."""
        if self.spread is None:
            self.spread = Durations(self.values).spread()
        return self.spread


Tallies = Mapping[tuple[str, Group], Tally]
"""(period key, group) → the sums of it."""


@dataclass(frozen=True)
class Number:
    """One number with all that makes it honest. The JSON of `nines kpi` is `as_json()`."""

    kpi: str
    period: str
    group: Group
    value: float | None
    unit: str
    numerator: float | None = None
    denominator: float | None = None
    n: int = 0
    n_excluded: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    """Reason → how many facts were left out."""
    coverage: float | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    p90: float | None = None
    target: float | None = None
    verdict: Verdict = "no_data"
    certain: bool | None = None
    signal: SignalWord = "too_few"
    partial: bool = False
    as_of: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[float, float, float] | None = None
    """(lower limit, centre, upper limit) of the chart that gave the signal, in the value's unit; None when too few."""
    since: str | None = None
    """With a signal: the first period of the run that makes it."""

"""What a KPI is: its words, its shape and the functions that make it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from app.metrics.facts import Facts, Span
from app.metrics.grouping import Places
from app.metrics.numbers import Ask, Group, Row, Tally
from app.metrics.periods import Period

Shape = Literal["share", "count", "sum", "duration", "rate", "ratio"]
"""How rows become a value. share: parts / wholes, Wilson. count: Σ part, Garwood. rate: count / exposure, Garwood.
sum: Σ part, no interval. ratio: Σ part / Σ whole, no interval. duration: median of values, order statistics."""
Unit = Literal["share", "count", "minutes", "hours", "money", "per_week", "ratio", "ms", "score"]
Sums = Iterable[tuple[str, Group, Tally]]
SERVICE_DIMENSIONS = frozenset({"tier", "team", "service"})

FACT_FILES: Mapping[str, str] = MappingProxyType(
    {
        "sli_sums": "sli",
        "sli_windows": "sli",
        "sli_lookbacks": "sli",
        "page_sums": "pages",
        "engage_counts": "pages",
        "deployment_sums": "deployments",
        "lead_counts": "deployments",
        "linked": "deployments",
    }
)
"""What a sum is made from; every other need is a fact file by its own name."""


@dataclass(frozen=True)
class Kpi:
    """One KPI. `at` says what puts a fact into a period; "as-of" ones are taken at each period's end."""

    key: str
    name: str
    """On a tile: "Time to restore"."""
    question: str
    """In an executive's words."""
    category: str
    unit: Unit
    shape: Shape
    better: Literal["higher", "lower", "inside"]
    at: str
    formula: str
    cadence: str = "monthly"
    dimensions: frozenset[str] = SERVICE_DIMENSIONS
    always_by: frozenset[str] = frozenset()
    """Dimensions it is split by even when not asked: a burn rate exists per SLO alone."""
    needs: frozenset[str] = frozenset()
    """Fields of Facts that numbers are made from (sums, where there are sums)."""
    row_needs: frozenset[str] | None = None
    """Fields of Facts that `rows` needs, where they differ."""
    watched: frozenset[str] = frozenset()
    """Entities that must have been watched for a zero to be a zero: of counts and of sums of minutes or money."""
    looked: Callable[[Facts], Iterable[Span]] | None = None
    """When somebody was looking, where facts alone do not say so: an incident may say nothing of customers."""
    needs_one: bool = False
    """Of sums: unknown, not zero, where facts were there and every one had to be left out."""
    exists: Callable[[Places], set[Group]] | None = None
    """The groups that can have a number at all: services without a cost have no cost of downtime. None: every one."""
    rows: Callable[[Facts, Ask], Iterable[Row]] | None = None
    """The facts behind it, one row each; rows of a (period, group) add up to the number."""
    sums: Callable[[Facts, Ask], Sums] | None = None
    """From stored sums; where None, numbers are made by adding `rows`."""
    exposure: Callable[[Period], float] | None = None
    """The denominator of a rate that is known from the calendar alone."""
    extra: Callable[[Tally], Mapping[str, float | str | None]] | None = None
    target: str = ""
    """The default target in words."""

    @property
    def entities(self) -> frozenset[str]:
        """What its numbers are made from: where a source of one of these is late, so is the number."""
        if not self.measured:
            return frozenset({"readings"})
        found = made_of(self.needs)
        return found | {"slos"} if "sli" in found else found

    @property
    def measured(self) -> bool:
        """Whether this release computes it; if not, its number is always "no data"."""
        return self.rows is not None

    @property
    def takes_stock(self) -> bool:
        """Whether it is taken at the end of each period rather than summed over it."""
        return self.at == "as-of"


def made_of(needs: Iterable[str]) -> frozenset[str]:
    """The entities behind fields of Facts."""
    found = frozenset(FACT_FILES.get(name, name) for name in needs)
    return found | {"incidents"} if "linked" in needs else found


def share_of(part: float, whole: float) -> float | None:
    """A share; None over nothing."""
    return part / whole if whole else None

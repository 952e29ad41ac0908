"""Every KPI: its question, unit, formula, what it is made from and the function that makes it. The one list of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from app.metrics.facts import Facts
from app.metrics.numbers import Ask, Group, Row, Tally

Shape = Literal["share", "count", "sum", "duration", "rate", "ratio", "reading"]
"""How rows become a value. share: parts / wholes, Wilson. count: Σ part, Garwood. rate: count / exposure, Garwood. sum: Σ part, no
interval. ratio: Σ part / Σ whole, no interval. duration: median of values. reading: comes with readings, not measured yet."""
Unit = Literal["share", "count", "minutes", "hours", "money", "per_week", "ratio", "ms", "score"]
Sums = Iterable[tuple[str, Group, Tally]]


@dataclass(frozen=True)
class Kpi:
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
    """What puts a fact into a period: a column in words, or "as-of"."""
    formula: str
    cadence: str = "monthly"
    dimensions: frozenset[str] = frozenset({"tier", "team", "service"})
    needs: frozenset[str] = frozenset()
    """Fields of Facts that numbers are made from (sums, where there are sums)."""
    row_needs: frozenset[str] = frozenset()
    """Fields of Facts that `rows` needs (raw)."""
    watched: frozenset[str] = frozenset()
    """Entities that must have been watched for a zero to be a zero; counts and sums of minutes or money alone."""
    rows: Callable[[Facts, Ask], Iterable[Row]] | None = None
    sums: Callable[[Facts, Ask], Sums] | None = None
    """From stored sums; where None, numbers are made by adding `rows`."""

    @property
    def measured(self) -> bool:
        """Whether this release computes it; if not, its number is always "no data"."""
        return self.rows is not None


KPIS: Mapping[str, Kpi] = MappingProxyType({})

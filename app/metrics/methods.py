"""The same rows by the three budgeting methods of OpenSLO: all events alike, slices good or bad, slices by their share.

A slice is a row here, and counts by its minutes: rows of one length are slices of one weight.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.metrics.slos import meets
from app.metrics.spend import Stretch


class Counted(NamedTuple):
    """One SLO by one method."""

    part: float
    whole: float
    objective: float

    @property
    def value(self) -> float:
        """Good of all."""
        return self.part / self.whole

    @property
    def left(self) -> float:
        """The share of the budget left; negative when overspent."""
        return (self.value - self.objective) / (1 - self.objective)


def occurrences(rows: Sequence[Stretch], objective: float) -> Counted | None:
    """Good events of all events; None without traffic."""
    return _counted([(row.total - row.bad, row.total) for row in rows], objective)


def timeslices(rows: Sequence[Stretch], objective: float, slice_objective: float) -> Counted | None:
    """Minutes of rows that were good enough of all minutes; a row is good when its own share of good events reaches
    the slice's objective. Rows without traffic are left out."""
    busy = [row for row in rows if row.total > 0]
    return _counted(
        [(row.minutes * meets(row.total - row.bad, row.total, slice_objective), row.minutes) for row in busy], objective
    )


def ratio_timeslices(rows: Sequence[Stretch], objective: float) -> Counted | None:
    """The mean of the rows' shares of good events, by their minutes; rows without traffic are left out."""
    busy = [row for row in rows if row.total > 0]
    return _counted([(row.minutes * (1 - row.bad / row.total), row.minutes) for row in busy], objective)


def _counted(pairs: Sequence[tuple[float, float]], objective: float) -> Counted | None:
    whole = sum(of for _, of in pairs)
    return Counted(sum(part for part, _ in pairs), whole, objective) if whole > 0 else None

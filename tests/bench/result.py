"""One comparison as one line."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

HEADING = f"{'':<40} {'Nines':>9} {'bare':>9}"


class Result(NamedTuple):
    """Interleaved runs, in `unit`; what counts is the ratio of their medians."""

    what: str
    ours: Sequence[float]
    bare: Sequence[float]
    unit: str
    target: float | None
    """None: nothing was promised."""
    at_least: bool = False

    @property
    def ratio(self) -> float:
        return median(self.ours) / median(self.bare)

    def line(self) -> str:
        said = f"ratio {self.ratio:.2f}"
        if self.target is not None:
            met = self.ratio >= self.target if self.at_least else self.ratio <= self.target
            said += f", at {'least' if self.at_least else 'most'} {self.target:.2f}: {'met' if met else 'MISSED'}"
        return (
            f"{self.what:<40} {short(median(self.ours)):>9} {short(median(self.bare)):>9} {self.unit:<7} {said}   "
            f"({len(self.ours)} runs, {short(min(self.ours))} to {short(max(self.ours))})"
        )


def short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def spread(seconds: Sequence[float]) -> str:
    return f"{short(median(seconds))} s ({len(seconds)} clicks, {short(min(seconds))} to {short(max(seconds))})"

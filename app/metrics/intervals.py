"""How far a number could be off: Wilson for shares, Garwood for counts, order statistics for medians. All 95 %,
two-sided."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from math import exp, fsum, log, sqrt
from typing import NamedTuple

from scipy.special import bdtr, gammaincinv

_Z = 1.959963984540054
_TAIL = 0.025


class Interval(NamedTuple):
    low: float
    high: float


def wilson(part: float, whole: float) -> Interval | None:
    """Wilson's score interval of a share (Wilson 1927); None over nothing."""
    if whole <= 0:
        return None
    share = part / whole
    spread = 1 + _Z * _Z / whole
    centre = (share + _Z * _Z / (2 * whole)) / spread
    half = _Z * sqrt(max(share * (1 - share), 0) / whole + _Z * _Z / (4 * whole * whole)) / spread
    return Interval(0.0 if part <= 0 else max(0.0, centre - half), 1.0 if part >= whole else min(1.0, centre + half))


@lru_cache(maxsize=4096)
def garwood(count: float) -> Interval:
    """The exact interval of a Poisson count (Garwood 1936)."""
    low = float(gammaincinv(count, _TAIL)) if count > 0 else 0.0
    return Interval(low, float(gammaincinv(count + 1, 1 - _TAIL)))


def median_ranks(n: int) -> tuple[int, int] | None:
    """The ranks (from 1) of the two order statistics that enclose the median with at least 95 % (binomial); None
    below 6 values."""
    if n < 6:
        return None
    rank = max(0, int((n - _Z * sqrt(n)) / 2) - 2)
    while 2 * bdtr(rank, n, 0.5) <= 2 * _TAIL:
        rank += 1
    return (rank, n + 1 - rank) if rank else None


class Spread(NamedTuple):
    """What is told of durations; None where there are none, or too few."""

    n: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None
    """The order-statistic interval of the median."""
    mean: float | None = None
    p90: float | None = None
    geometric_mean: float | None = None

    @property
    def interval(self) -> Interval | None:
        return None if self.low is None or self.high is None else Interval(self.low, self.high)


class Durations:
    """Exact statistics of durations kept as value → how many."""

    def __init__(self, counts: Mapping[float, int]) -> None:
        self._values = sorted(counts)
        self._ends = list(accumulate(counts[value] for value in self._values))
        self._counts = counts
        self.n = self._ends[-1] if self._ends else 0

    def _at(self, rank: int) -> float:
        return self._values[bisect_right(self._ends, rank)]

    def quantile(self, q: float) -> float | None:
        """Linear between the order statistics at q·(n−1); None without values."""
        if not self.n:
            return None
        place = q * (self.n - 1)
        below = int(place)
        low, high = self._at(below), self._at(min(below + 1, self.n - 1))
        return low + (high - low) * (place - below)

    @property
    def mean(self) -> float | None:
        """The arithmetic mean; None without values."""
        return fsum(value * n for value, n in self._counts.items()) / self.n if self.n else None

    @property
    def geometric_mean(self) -> float | None:
        """exp of the mean logarithm; None without values or where a value is 0, of which there is no logarithm."""
        if not self.n or self._values[0] <= 0:
            return None
        return exp(fsum(log(value) * n for value, n in self._counts.items()) / self.n)

    @property
    def interval(self) -> Interval | None:
        """Order-statistic interval of the median; None below 6 values."""
        ranks = median_ranks(self.n)
        return Interval(self._at(ranks[0] - 1), self._at(ranks[1] - 1)) if ranks else None

    def spread(self) -> Spread:
        """All of them at once."""
        low, high = self.interval or (None, None)
        return Spread(self.n, self.quantile(0.5), low, high, self.mean, self.quantile(0.9), self.geometric_mean)

    def at_most(self, limit: float) -> int:
        """How many values are at most `limit`."""
        place = bisect_left(self._values, limit)
        if place < len(self._values) and self._values[place] == limit:
            place += 1
        return self._ends[place - 1] if place else 0

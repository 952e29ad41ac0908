"""Yearly losses, simulated: what a bad year costs, and what a year would cost after treatments.

Each risk draws from random streams of its own, named by its key: leaving one out, or changing one, leaves the draws
of all others alone, and the same seed gives the same years. So two registers are compared year by year, and what
differs is the treatment, not chance. Years are independent, and so are risks: a common cause that hits several at
once makes bad years worse than is said here.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik, gammaincinv, stdtrit

from app.metrics.intervals import Interval, wilson

YEARS = 100_000
SEED = 20_261_101
PERCENTILES = (0.5, 0.9, 0.95, 0.99)
_Z = 1.6448536269514722
"""The standard normal's 95th percentile: a 90 % range reaches so many standard deviations to either side."""
_MOST_EVENTS = 100_000_000
"""More events than this are not drawn: fewer years are, and the error says so."""
_BLOCK_EVENTS = 1_000_000
"""About so many events are held at once."""
_FEW, _MANY = 1_000.0, 10_000.0
"""Above so many events in one year (the more the more skewed one loss is), their sum is drawn at once."""
_GRAINS = 1024.0
"""A unit of money has so many."""
_BLOCK = 16_384
"""So many years at once stay in the processor's cache."""
_WIDE = 8.0
"""Beyond this spread of the logarithm a loss does not fit into single precision."""
_THREADS = 2
_CAP = 1e15
_BATCHES = 20
_TAIL = 0.025
_LARGEST_EXPONENT = 700.0

Years = NDArray[np.float64]
Progress = Callable[[float], None]


class Range(NamedTuple):
    """A 90 % range: the 5th and 95th percentile of a lognormal; low = high: fixed at that."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The mean of the logarithm. The range must not begin at zero."""
        return (math.log(self.low) + math.log(self.high)) / 2

    @property
    def spread(self) -> float:
        """The standard deviation of the logarithm; 0 where the range is fixed."""
        return 0.0 if self.low == self.high else (math.log(self.high) - math.log(self.low)) / (2 * _Z)

    @property
    def mean(self) -> float | None:
        """In closed form; None where it is too large for a number."""
        if self.low == self.high:
            return self.low
        power = self.middle + self.spread**2 / 2
        return math.exp(power) if power < _LARGEST_EXPONENT else None


class Exposure(NamedTuple):
    """One risk in money: its key names its random streams."""

    key: str
    events: Range
    """A year."""
    loss: Range
    """Each time."""

    @property
    def mean(self) -> float:
        """Of a year, in closed form: a compound Poisson sum whose rate is drawn by itself has the product of the
        means."""
        rate, loss = self.events.mean, self.loss.mean
        return math.inf if rate is None or loss is None else rate * loss


class Change(NamedTuple):
    """What a treatment does to one risk: events a year and loss each time, as factors. 1: nothing."""

    events: float = 1.0
    loss: float = 1.0


UNTOUCHED = Change()


class Percentile(NamedTuple):
    """What a year costs at most with this probability, and the 95 % interval that the simulation leaves."""

    p: float
    value: float | None
    """None: too few years to tell."""
    low: float | None = None
    high: float | None = None


class Exceedance(NamedTuple):
    """The probability that a year costs more than this, and its 95 % interval."""

    loss: float
    probability: float
    low: float
    high: float


class Moved(NamedTuple):
    """How far a figure moves, with the 95 % interval that the simulation leaves; None: too few years to tell."""

    by: float | None
    low: float | None = None
    high: float | None = None

    @property
    def certain(self) -> bool:
        """Whether it is more than the noise of the simulation."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def years_for(exposures: Sequence[Exposure], years: int = YEARS) -> int:
    """How many years to simulate: fewer where very many events a year would have to be drawn; at least 1."""
    each = sum(min(_rate(one), _limit(one.loss)) for one in exposures)
    return max(1, min(years, int(_MOST_EVENTS / each))) if each > 0 else years


def _rate(one: Exposure) -> float:
    mean = one.events.mean
    return _CAP if mean is None else mean


def simulate(
    exposures: Iterable[Exposure],
    years: int = YEARS,
    seed: int = SEED,
    progress: Progress | None = None,
    like: tuple[Iterable[Exposure], Years] = ((), np.zeros(0)),
) -> Years:
    """What each of so many years costs, all risks together. `progress` hears of the share done. `like` are risks whose
    years (as many, of the same seed) are known: then what differs alone is drawn, and the years come out the same."""
    wanted, known = set(exposures), set(like[0])
    total = like[1].copy() if known else np.zeros(years)
    differs = sorted(wanted ^ known)
    with ThreadPoolExecutor(_THREADS) as pool:  # numpy draws without the interpreter's lock
        for at in range(0, len(differs), 2 * _THREADS):
            some = differs[at : at + 2 * _THREADS]
            for one, found in zip(some, pool.map(lambda one: yearly(one, years, seed), some), strict=True):
                total += found if one in wanted else -found
            if progress is not None:
                progress(min(at + 2 * _THREADS, len(differs)) / len(differs))
    return total


def changed(exposures: Sequence[Exposure], changes: Mapping[str, Change], before: Years, seed: int = SEED) -> Years:
    """The same years after treatments (by key of the risk): the draws of risks that are not treated stay."""
    after = before.copy()
    for one in sorted(exposures):
        change = changes.get(one.key)
        if change is not None and change != UNTOUCHED:
            after -= yearly(one, len(before), seed) - yearly(one, len(before), seed, change)
    # What is left of a year that costs nothing any more is rounding.
    after[after < 1e-9 * before] = 0.0
    return after


def yearly(one: Exposure, years: int, seed: int = SEED, change: Change = UNTOUCHED) -> Years:
    """What one risk costs in each year. Fewer events than stated are those events thinned out, more of them come on
    top; so the years before and after a treatment differ by the treatment alone. To a thousandth of a unit of money,
    in binary: so years add up exactly, in whatever order."""
    found = np.zeros(years)
    if one.events.high <= 0 or change.events <= 0:
        return found
    streams = _Streams(one.key, seed)
    limit, at = _limit(one.loss), 0
    while at < years:
        stop = min(years, at + min(_BLOCK, max(1, int(_BLOCK_EVENTS / max(1.0, min(_rate(one), limit))))))
        rates = _lognormal(one.events, stop - at, streams.rates)
        found[at:stop] = _losses(one.loss, rates, limit, streams, change)
        at = stop
    return np.rint(found * (change.loss * _GRAINS)) / _GRAINS


class _Streams:
    """A risk's own random numbers, one stream a purpose: how many are drawn of one moves no other."""

    def __init__(self, key: str, seed: int) -> None:
        words = np.frombuffer(sha256(key.encode()).digest(), dtype=np.uint32)
        own = np.random.SeedSequence([seed, *(int(word) for word in words)]).spawn(8)
        made = [np.random.Generator(np.random.SFC64(one)) for one in own]
        self.rates, self.counts, self.losses, self.kept, self.more, self.more_losses = made[:6]
        self.many, self.more_many = made[6:]


def _lognormal(of: Range, size: int, stream: np.random.Generator) -> Years:
    if of.low == of.high:
        return np.full(size, min(of.low, _CAP))
    drawn = stream.standard_normal(size)
    drawn *= of.spread
    drawn += of.middle
    return np.minimum(np.exp(drawn, out=drawn), _CAP)


def _losses(loss: Range, rates: Years, limit: float, streams: _Streams, change: Change) -> Years:
    """The losses of a block of years, before their own factor."""
    kept = streams.kept if change.events < 1 else None
    found = _summed(loss, streams.counts.poisson(rates), limit, streams.losses, streams.many, kept, change.events)
    if change.events > 1:
        more = streams.more.poisson(np.minimum(rates * (change.events - 1), _CAP))
        found += _summed(loss, more, limit, streams.more_losses, streams.more_many)
    return found


def _summed(
    loss: Range,
    counts: NDArray[Any],
    limit: float,
    stream: np.random.Generator,
    many: np.random.Generator,
    kept: np.random.Generator | None = None,
    share: float = 1.0,
) -> Years:
    """The sum of so many losses in each year; with `kept` each event stays with probability `share`."""
    large = np.flatnonzero(counts > limit)
    if len(large):
        sums = _sum_of_many(loss, counts[large] * (share if kept is not None else 1.0), many)
        counts[large] = 0
    where = np.flatnonzero(counts)
    number = counts[where]
    at = where if not len(number) or number.max() == 1 else np.repeat(where, number)
    each: NDArray[Any]
    if loss.low == loss.high:
        each, scale = np.ones(len(at), dtype=np.float32), loss.low
    else:
        each, scale = stream.standard_normal(len(at), dtype=np.float32), math.exp(loss.middle)
        if loss.spread > _WIDE:
            each = each.astype(np.float64)
        each *= each.dtype.type(loss.spread)
        np.exp(each, out=each)
    if kept is not None:
        each *= kept.random(len(at), dtype=np.float32) < share
    found: Years = np.bincount(at, weights=each, minlength=len(counts)).astype(np.float64, copy=False)
    found *= scale
    if len(large):
        found[large] = sums
    return found


def _limit(loss: Range) -> float:
    """Above so many events the sum of a year is drawn at once: its skewness is below 1 then, or there are very many."""
    return min(max(_shape(loss)[1] ** 2, _FEW), _MANY)


def _shape(loss: Range) -> tuple[float, float]:
    """Of one loss: standard deviation over mean, and skewness."""
    square = math.expm1(min(loss.spread**2, _LARGEST_EXPONENT / 4))
    ratio = math.sqrt(square)
    return ratio, (square + 3) * ratio


def _sum_of_many(loss: Range, counts: Years, stream: np.random.Generator) -> Years:
    """The sum of very many losses, as a shifted gamma of the same mean, spread and skewness."""
    ratio, skewness = _shape(loss)
    mean, even = loss.mean or 0.0, stream.random(len(counts))
    if ratio == 0:
        return counts * mean
    root = np.sqrt(np.maximum(counts, 1))
    shape = 4 * (root / skewness) ** 2
    beside = (gammaincinv(shape, even) - shape) / np.sqrt(shape)
    found: Years = np.maximum(counts * mean * (1 + ratio * beside / root), 0.0)
    return found


def percentile(ordered: Years, p: float) -> Percentile:
    """The p-th percentile of sorted years as an order statistic, with the 95 % interval by order statistics (binomial).

    None where that interval would reach the dearest year that was drawn, or the cheapest: a maximum is no percentile.
    """
    n = len(ordered)
    low, high = (_rank(n, p, tail) for tail in (_TAIL, 1 - _TAIL))
    if low < 1 or high + 1 >= n:
        return Percentile(p, None)
    at = min(max(math.ceil(p * n - 1e-9), 1), n)
    value, *ends = (float(ordered[rank - 1]) for rank in (at, low, high + 1))
    return Percentile(p, value, *ends)


def _rank(n: int, p: float, tail: float) -> int:
    """The smallest count whose binomial probability, at most that many of n below the percentile, reaches `tail`."""
    at = max(0, math.ceil(float(bdtrik(tail, n, p)) - 1e-9))
    return at - 1 if at > 0 and float(bdtr(at - 1, n, p)) >= tail else at


def percentiles(ordered: Years) -> tuple[Percentile, ...]:
    """P50, P90, P95 and P99 of sorted years."""
    return tuple(percentile(ordered, p) for p in PERCENTILES)


def exceedance(ordered: Years, losses: Sequence[float]) -> tuple[Exceedance, ...]:
    """The probability that a year costs more than each of these, with Wilson's interval."""
    n = len(ordered)
    over = n - np.searchsorted(ordered, np.asarray(losses, dtype=float), side="right")
    return tuple(
        Exceedance(float(loss), int(count) / n, *(wilson(int(count), n) or Interval(0.0, 1.0)))
        for loss, count in zip(losses, over, strict=True)
    )


def quantile_moved(before: Years, after: Years, p: float) -> Moved:
    """How far a percentile moves between the same years before and after, by batches of years (Student's t of their
    differences); None where a batch holds too few years beyond the percentile."""
    n = len(before) // _BATCHES * _BATCHES
    if n * min(p, 1 - p) < 10 * _BATCHES:
        return Moved(None)
    rank = min(max(math.ceil(p * n / _BATCHES) - 1, 0), n // _BATCHES - 1)
    was, now = (np.partition(part[:n].reshape(_BATCHES, -1), rank, axis=1)[:, rank] for part in (before, after))
    steps = now - was
    at = min(max(math.ceil(p * len(before) - 1e-9) - 1, 0), len(before) - 1)
    by = float(np.partition(after, at)[at] - np.partition(before, at)[at])
    half = float(stdtrit(_BATCHES - 1, 1 - _TAIL)) * float(steps.std(ddof=1)) / math.sqrt(_BATCHES)
    return Moved(by, by - half, by + half)


def probability_moved(before: Years, after: Years, loss: float) -> Moved:
    """How far the probability of a year dearer than `loss` moves between the same years before and after."""
    n = len(before)
    steps = (after > loss).astype(np.int8) - (before > loss).astype(np.int8)
    by = float(steps.mean())
    half = 1.96 * math.sqrt(max(float(np.square(steps, dtype=np.float64).mean()) - by * by, 0.0) / n)
    return Moved(by, by - half, by + half)


def spaced(ordered: Years, points: int = 72) -> Iterator[float]:
    """Amounts for a curve, evenly spaced on a log axis: from where nine in ten of the years that cost anything lie
    above, to where ten years of all lie above; none where no year costs anything."""
    n = len(ordered)
    costly = ordered[np.searchsorted(ordered, 0.0, side="right") :]
    if len(costly) <= 20:
        return
    low, high = float(costly[len(costly) // 10]), float(ordered[n - 11])
    if high <= low:
        yield low
        return
    yield from (float(x) for x in np.geomspace(low, high, points))

"""Better, worse or just noise: process-behaviour charts over the 12 complete periods before, one kind for each shape
of data.

Poisson limits for counts, binomial limits for shares (both at the two-sided 0.27 % of three sigma), XmR limits on
logarithms for
durations, XmR otherwise (Wheeler, "Making Sense of Data": mean ± 2.66 x mean moving range). A signal is a point
beyond the limits,
or eight in a row on one side of the centre.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log
from typing import Literal, NamedTuple

from scipy.special import bdtr, bdtrik, pdtr, pdtrik

BASELINE = 12
FEWEST = 6
RUN = 8
_TAIL = 0.00135
_SMALLEST = 1 / 60
"""Minutes: a duration of zero is drawn at one second on a logarithmic chart."""


class Point(NamedTuple):
    """One period: its value, and what it is made of (a count and its exposure, or a part and its whole)."""

    value: float
    part: float = 0
    whole: float = 0


class Limits(NamedTuple):
    low: float
    centre: float
    high: float


class Signal(NamedTuple):
    word: Literal["improving", "worsening", "steady", "too_few"]
    limits: Limits | None = None
    since: int | None = None
    """How many points before the last one the run began; 0 for a single point beyond the limits."""


def xmr(values: Sequence[float]) -> Limits:
    """Natural process limits of individual values: mean ± 2.66 x mean moving range. Needs at least two values."""
    mean = sum(values) / len(values)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    reach = 2.66 * sum(ranges) / len(ranges)
    return Limits(mean - reach, mean, mean + reach)


def beyond(value: float, limits: Limits) -> int:
    """+1 above the upper limit, -1 below the lower, 0 within; on a limit is within."""
    slack = 1e-9 * max(abs(limits.high), abs(limits.low), 1e-12)
    return (value > limits.high + slack) - (value < limits.low - slack)


def longest_run(values: Sequence[float], centre: float) -> int:
    """How many values at the end lie on one side of the centre: positive above, negative below; on the centre ends
    it."""
    run, slack = 0, 1e-9 * abs(centre)
    for value in reversed(values):
        side = (value > centre + slack) - (value < centre - slack)
        if side == 0 or run * side < 0:
            break
        run += side
    return run


def poisson_limits(expected: float) -> Limits:
    """The smallest and largest count that chance alone gives with an expected count (0.135 % beyond each)."""
    high = 0.0 if expected <= 0 else max(0.0, float(-(-pdtrik(1 - _TAIL, expected) // 1)))
    low = 0.0 if pdtr(0, expected) > _TAIL else float(-(-pdtrik(_TAIL, expected) // 1))
    return Limits(low, expected, high)


def binomial_limits(share: float, n: float) -> Limits:
    """The smallest and largest share that chance alone gives in n tries (0.135 % beyond each)."""
    if n <= 0 or share <= 0 or share >= 1:
        return Limits(share, share, share)
    tries = int(n)
    high = tries if bdtr(tries - 1, tries, share) < 1 - _TAIL else float(-(-bdtrik(1 - _TAIL, tries, share) // 1))
    low = 0.0 if bdtr(0, tries, share) > _TAIL else float(-(-bdtrik(_TAIL, tries, share) // 1))
    return Limits(low / n, share, high / n)


def _limits(shape: str, before: Sequence[Point], now: Point) -> Limits:
    match shape:
        case "count":
            part, exposure = sum(p.part for p in before), sum(p.whole for p in before)
            # Nothing in the baseline is not a rate of zero: the limits are those of half an event, as Jeffreys has it.
            found = poisson_limits(max(part, 0.5) / exposure * now.whole)
            return found._replace(centre=part / exposure * now.whole)
        case "share":
            part, whole = sum(p.part for p in before), sum(p.whole for p in before)
            found = binomial_limits(part / whole if 0 < part < whole else (part + 0.5) / (whole + 1), now.whole)
            return found._replace(centre=part / whole)
        case "duration":
            logs = xmr([log(p.value) for p in before])
            return Limits(*(exp(limit) for limit in logs))
    return xmr([p.value for p in before])


def signal(
    shape: Literal["count", "share", "duration", "other"],
    before: Sequence[Point],
    now: Point,
    better: Literal["higher", "lower", "inside"],
) -> Signal:
    """What the last period says against the complete periods before it (oldest first; the last 12 are used)."""
    before = before[-BASELINE:]
    if len(before) < FEWEST:
        return Signal("too_few")
    if shape == "duration":
        before = [p._replace(value=max(p.value, _SMALLEST)) for p in before]
        now = now._replace(value=max(now.value, _SMALLEST))
    limits = _limits(shape, before, now)
    # A count's centre follows its exposure: compare rates, so that a short February does not look like a fall.
    by_exposure = shape == "count" and now.whole > 0
    centre = limits.centre / now.whole if by_exposure else limits.centre
    side = beyond(now.value, limits)
    run = longest_run([p.part / p.whole if by_exposure else p.value for p in (*before, now)], centre)
    since = 0
    if not side and abs(run) >= RUN:
        side, since = (1 if run > 0 else -1), abs(run) - 1
    if not side:
        return Signal("steady", limits)
    if better == "inside":
        return Signal("worsening" if abs(now.value) > abs(limits.centre) else "improving", limits, since)
    return Signal("improving" if (side > 0) == (better == "higher") else "worsening", limits, since)

"""What a risk costs in an average year, from the 90 % ranges somebody stated: in closed form, nothing simulated."""

import math
from collections.abc import Iterable

from app.metrics.facts import Risk

_Z = 1.6448536269514722
"""The standard normal's 95th percentile: a 90 % range reaches so many standard deviations to either side."""
_LARGEST = 700.0
"""Beyond this exponent a mean is no number any more."""


def mean(low: float | None, high: float | None) -> float | None:
    """The mean of a lognormal whose 5th and 95th percentile these are; low = high: fixed at that.

    None where an end is blank, the range runs backwards, or it begins at zero and ends above it: no lognormal does.
    """
    if low is None or high is None or low < 0 or high < low:
        return None
    if low == high:
        return low
    if low == 0:
        return None
    spread = (math.log(high) - math.log(low)) / (2 * _Z)
    middle = (math.log(low) + math.log(high)) / 2 + spread**2 / 2
    return math.exp(middle) if middle < _LARGEST else None


def events(risk: Risk) -> float | None:
    """How often a risk happens in an average year; None where nobody stated it."""
    return mean(risk.events_per_year_low, risk.events_per_year_high)


def each(risk: Risk) -> float | None:
    """What it costs each time on average, money; None where nobody stated it."""
    return mean(risk.loss_low, risk.loss_high)


def expected(risk: Risk) -> float | None:
    """What a risk costs in an average year: events a year x loss each. The mean of a compound Poisson sum whose rate is
    drawn by itself is the product of the means."""
    rate, loss = events(risk), each(risk)
    return None if rate is None or loss is None else rate * loss


def total(risks: Iterable[Risk]) -> float | None:
    """What they cost together in an average year; None where none is stated. Means add up however risks hang
    together."""
    known = [loss for risk in risks if (loss := expected(risk)) is not None]
    return math.fsum(known) if known else None

"""What risks cost, from the 90 % ranges somebody stated: in an average year in closed form, in a bad one simulated."""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

from app.metrics.facts import Facts, Risk
from app.metrics.kpi import Kpi
from app.metrics.numbers import Ask, Row
from app.metrics.risks import open_risks
from app.metrics.simulation import Exposure, Range

KEY = "expected_annual_loss"
_TOO_WIDE = "a range too wide to have a mean"


@lru_cache(maxsize=8192)
def stated(low: float | None, high: float | None) -> Range | None:
    """A 90 % range somebody stated; None where an end is blank or it is no range of a lognormal (`why_not`)."""
    return None if low is None or high is None or _wrong(low, high) else Range(low, high)


def _wrong(low: float | None, high: float | None) -> str:
    """Why no lognormal has these as its 5th and 95th percentile; empty where one has, or both are the same."""
    if low is None and high is None:
        return "no range given"
    if low is None or high is None:
        return "half a range given"
    if low < 0 or high < low:
        return "a range that runs backwards"
    if low == 0 < high:
        return "a range that begins at nothing"
    return "" if Range(low, high).mean is not None else _TOO_WIDE


@lru_cache(maxsize=8192)
def mean(low: float | None, high: float | None) -> float | None:
    """The mean of a lognormal whose 5th and 95th percentile these are; low = high: fixed at that. None where an end
    is blank, the range runs backwards, or it begins at zero and ends above it: no lognormal does."""
    found = stated(low, high)
    return None if found is None else found.mean


def events(risk: Risk) -> float | None:
    """How often a risk happens in an average year; None where nobody stated it."""
    return mean(risk.events_per_year_low, risk.events_per_year_high)


def each(risk: Risk) -> float | None:
    """What it costs each time on average, money; None where nobody stated it."""
    return mean(risk.loss_low, risk.loss_high)


def key(risk: Risk) -> str:
    """What names a risk in a simulation, and in an address."""
    return f"{risk.source}/{risk.risk}"


def exposure(risk: Risk) -> Exposure | None:
    """A risk in money, for a simulation; None where it has no expected loss."""
    rate, loss = stated(risk.events_per_year_low, risk.events_per_year_high), stated(risk.loss_low, risk.loss_high)
    return None if rate is None or loss is None or expected(risk) is None else Exposure(key(risk), rate, loss)


def exposures(risks: Iterable[Risk]) -> tuple[Exposure, ...]:
    """Those of the risks that are stated in money, in one order."""
    return tuple(sorted(one for risk in risks if (one := exposure(risk)) is not None))


def why_not(risk: Risk) -> str:
    """Why a risk has no expected loss; empty where it has one."""
    wrong = _wrong(risk.events_per_year_low, risk.events_per_year_high) or _wrong(risk.loss_low, risk.loss_high)
    return wrong or ("" if expected(risk) is not None else _TOO_WIDE)


def expected(risk: Risk) -> float | None:
    """What a risk costs in an average year: events a year x loss each. The mean of a compound Poisson sum whose rate is
    drawn by itself is the product of the means."""
    rate, loss = events(risk), each(risk)
    product = None if rate is None or loss is None else rate * loss
    return product if product is not None and math.isfinite(product) else None


def expected_range(risk: Risk) -> tuple[float, float] | None:
    """What a risk costs in an average year if it happens as rarely, or as often, as its stated range allows; None
    where it is not stated in money."""
    one = exposure(risk)
    loss = None if one is None else one.loss.mean
    return None if one is None or loss is None else (one.events.low * loss, one.events.high * loss)


def total(risks: Iterable[Risk]) -> float | None:
    """What they cost together in an average year; None where none is stated. Means add up however risks hang
    together."""
    known = [loss for risk in risks if (loss := expected(risk)) is not None]
    return math.fsum(known) if known else None


def expected_annual_loss(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Risks open at the end of the period, each with what it costs in an average year."""
    for places, period, risk, moment in open_risks(facts, ask):
        loss, reason = expected(risk) or 0.0, why_not(risk)
        for group in places.groups(risk.services):
            yield Row(period, group, "risks", risk.source, risk.risk, risk.title, moment, loss, reason=reason)


KPIS = (
    Kpi(
        key=KEY,
        name="Expected annual loss",
        question="What do our risks cost in a year?",
        category="Resilience",
        unit="money",
        shape="sum",
        better="lower",
        at="as-of",
        formula=(
            "Σ over open risks of mean events a year x mean loss each: the means of the lognormals whose 5th and 95th "
            "percentile are the stated 90 % ranges (low = high: fixed). P90, P95 and P99 of a year are simulated: "
            "Poisson events at a rate drawn from its range, each loss drawn from its range, summed over risks"
        ),
        needs=frozenset({"risks"}),
        watched=frozenset({"risks"}),
        rows=expected_annual_loss,
        needs_one=True,
        target="per policy",
    ),
)

"""What a risk is said to do against what incidents did: how often, and what they cost.

An incident that somebody linked to a risk was that risk; one that only hit a service the risk names may have been.
So the linked are the least that happened, and all of them the most: what is stated is too low where the least
says so, too high where the most does, and too low "if they were it" where severe incidents say so that nobody linked.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from scipy.special import bdtrc

from app.metrics import losses
from app.metrics.facts import Risk
from app.metrics.intervals import Interval, garwood
from app.metrics.simulation import Range

Verdict = Literal["too_low", "maybe_too_low", "too_high", "agrees", "too_few", "partly", "nothing"]
"""`nothing`: the risk names no service and no incident is linked, so there is nothing to hold it against; `partly`:
downtime alone lies below the stated loss, and of the rest nothing is known."""
FEWEST = 3
"""So many events at least for two ranges that overlap to agree, rather than to be too few."""
SHORTEST = 0.25
"""So many years at least must have been watched."""
_TAIL = 0.025
_BEYOND = 0.05
"""The share of losses that a stated 90 % range leaves above its high end."""


class Seen(NamedTuple):
    """How many incidents there were in the time that was watched."""

    years: float
    linked: int = 0
    """To this risk, by somebody."""
    shared: int = 0
    """Not linked, on any service that the risk names."""
    severe: int = 0
    """Of those, severe."""


class Often(NamedTuple):
    """How often it happens: as stated, and as seen."""

    stated: Range
    seen: Seen
    events: int
    """What is held against it."""
    rate: Interval
    """The exact Poisson interval of what was seen, a year."""
    verdict: Verdict


class Each(NamedTuple):
    """What it costs each time: as stated, and the downtime cost of incidents."""

    stated: Range
    costs: tuple[float, ...]
    """From small to large."""
    above: int
    """How many lie above the stated range."""
    verdict: Verdict


def often(risk: Risk, seen: Seen) -> Often | None:
    """Whether the stated events a year contradict what was seen; None where none are stated."""
    stated = losses.stated(risk.events_per_year_low, risk.events_per_year_high)
    if stated is None:
        return None
    if not seen.linked and not risk.services:
        return Often(stated, seen, 0, Interval(0.0, 0.0), "nothing")
    if seen.years < SHORTEST:
        return Often(stated, seen, seen.linked, _rate(seen.linked, max(seen.years, 1e-9)), "too_few")
    least, most = _rate(seen.linked, seen.years), _rate(seen.linked + seen.shared, seen.years)
    if least.low > stated.high:
        return Often(stated, seen, seen.linked, least, "too_low")
    if risk.services and most.high < stated.low:
        return Often(stated, seen, seen.linked + seen.shared, most, "too_high")
    severe = seen.linked + seen.severe
    if seen.severe and _rate(severe, seen.years).low > stated.high:
        return Often(stated, seen, severe, _rate(severe, seen.years), "maybe_too_low")
    return Often(stated, seen, seen.linked, least, "agrees" if seen.linked >= FEWEST else "too_few")


def _rate(count: int, years: float) -> Interval:
    found = garwood(count)
    return Interval(found.low / years, found.high / years)


def each(risk: Risk, costs: Sequence[float], linked: bool) -> Each | None:
    """Whether the stated loss contradicts what incidents cost in downtime (`linked`: somebody said they were this
    risk). None where no loss is stated, or no cost is known; and where nobody linked them, unless they speak against
    it.

    Too low where so many lie above the stated range that chance leaves less than 2.5 % (binomial). Never too high:
    downtime is a part of what an incident costs.
    """
    stated = losses.stated(risk.loss_low, risk.loss_high)
    if stated is None or not costs:
        return None
    above, below = sum(cost > stated.high for cost in costs), sum(cost < stated.low for cost in costs)
    verdict: Verdict = "agrees" if len(costs) >= FEWEST else "too_few"
    if _unlikely(above, len(costs)):
        verdict = "too_low" if linked else "maybe_too_low"
    elif not linked:
        return None
    elif _unlikely(below, len(costs)):
        verdict = "partly"
    return Each(stated, tuple(sorted(costs)), above, verdict)


def _unlikely(beyond: int, of: int) -> bool:
    """Whether chance leaves so many beyond one end of a 90 % range too seldom."""
    return beyond > 0 and float(bdtrc(beyond - 1, of, _BEYOND)) < _TAIL

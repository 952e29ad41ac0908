"""What a treatment would buy: the matrix, an average year and bad years after it, against what it costs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from app.metrics import bad_years, losses, simulation
from app.metrics.bad_years import Outcome
from app.metrics.facts import Risk
from app.metrics.register import Level, Standing
from app.metrics.simulation import UNTOUCHED, Change, Exceedance, Moved, Percentile
from app.policy import RiskPolicy, Tolerance


class Treatment(NamedTuple):
    """What somebody plans to do about a risk. A factor says how often it still happens, or what it still costs each
    time (0.5: half); where there is none, the level to reach says it, by the policy's scales; neither: nothing."""

    risk: str
    """As `losses.key` names it."""
    cost: float | None = None
    frequency_factor: float | None = None
    loss_factor: float | None = None
    target_likelihood: int | None = None
    target_impact: int | None = None


class Bought(NamedTuple):
    """What one treatment alone takes off an average year, in closed form."""

    treatment: Treatment
    risk: Risk
    change: Change
    before: float
    after: float

    @property
    def reduction(self) -> float:
        """Money a year; negative where it makes things worse."""
        return self.before - self.after

    @property
    def ratio(self) -> float | None:
        """Money a year for each unit of money spent; None without a cost."""
        return self.reduction / self.treatment.cost if self.treatment.cost else None


def together(treatments: Iterable[Treatment]) -> dict[str, Treatment]:
    """Risk → all that is planned about it as one: costs add up (one that is not known leaves the sum unknown), factors
    multiply, of several levels to reach the lowest counts."""
    by_risk: defaultdict[str, list[Treatment]] = defaultdict(list)
    for one in treatments:
        by_risk[one.risk].append(one)
    return {risk: _one(risk, some) for risk, some in by_risk.items()}


def _one(risk: str, some: Sequence[Treatment]) -> Treatment:
    costs = [one.cost for one in some]
    return Treatment(
        risk,
        None if None in costs else sum(cost for cost in costs if cost is not None),
        _product([one.frequency_factor for one in some]),
        _product([one.loss_factor for one in some]),
        min((one.target_likelihood for one in some if one.target_likelihood is not None), default=None),
        min((one.target_impact for one in some if one.target_impact is not None), default=None),
    )


def _product(factors: Sequence[float | None]) -> float | None:
    known = [factor for factor in factors if factor is not None]
    return prod(known) if known else None


def change(one: Treatment, risk: Risk, scales: RiskPolicy) -> Change:
    """What a treatment does to events a year and loss each time."""
    return Change(
        _factor(one.frequency_factor, one.target_likelihood, risk.likelihood, scales.events_per_year),
        _factor(one.loss_factor, one.target_impact, risk.impact, scales.loss),
    )


def _factor(said: float | None, target: int | None, now: int, scale: Sequence[float]) -> float:
    if said is not None:
        return said
    return 1.0 if target is None else scale[target - 1] / scale[now - 1]


def to_target(found: Iterable[Standing]) -> list[Treatment]:
    """For each open risk that is stated in money and not yet at its target: to bring it there, at no known cost."""
    return [
        Treatment(
            losses.key(one.risk),
            target_likelihood=min(one.target.likelihood, one.risk.likelihood),
            target_impact=min(one.target.impact, one.risk.impact),
        )
        for one in found
        if one.open
        and one.loss is not None
        and one.target is not None
        and (one.target.likelihood < one.risk.likelihood or one.target.impact < one.risk.impact)
    ]


def bought(treatments: Iterable[Treatment], risks: Iterable[Risk], scales: RiskPolicy) -> list[Bought]:
    """What each treatment alone takes off an average year, the most first; none for risks not stated in money."""
    by_key = {losses.key(risk): risk for risk in risks}
    wanted = together(treatments).values()
    found = (alone(one, by_key[one.risk], scales) for one in wanted if one.risk in by_key)
    return sorted((one for one in found if one is not None), key=lambda one: (-one.reduction, one.treatment.risk))


def alone(one: Treatment, risk: Risk, scales: RiskPolicy) -> Bought | None:
    """What a treatment takes off an average year of its risk; None where that is not stated in money."""
    before = losses.expected(risk)
    if before is None:
        return None
    made = change(one, risk, scales)
    return Bought(one, risk, made, before, before * made.events * made.loss)


class Step(NamedTuple):
    """A percentile before and after, and how far it moves over the same years."""

    before: Percentile
    after: Percentile
    moved: Moved


class Crossing(NamedTuple):
    """A point of the tolerance before and after."""

    point: Tolerance
    before: Exceedance
    after: Exceedance
    moved: Moved


@dataclass(frozen=True, eq=False)
class Compared:
    """A register before and after treatments, over the same simulated years."""

    before: Outcome
    after: Outcome
    treatments: tuple[Bought, ...]
    steps: tuple[Step, ...]
    crossings: tuple[Crossing, ...]

    @property
    def reduction(self) -> float:
        """Of an average year, in closed form."""
        return sum(one.reduction for one in self.treatments)

    @property
    def cost(self) -> float | None:
        """Of all; None where one is not known."""
        costs = [one.treatment.cost for one in self.treatments]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    @property
    def ratio(self) -> float | None:
        """Money a year for each unit of money spent; None without a cost."""
        return self.reduction / self.cost if self.cost else None


def compare(before: Outcome, treatments: Sequence[Bought], tolerance: Sequence[Tolerance]) -> Compared:
    """The same years without and with these treatments."""
    changes = {one.treatment.risk: one.change for one in treatments if one.change != UNTOUCHED}
    after = bad_years.treated(before, changes)
    steps = (
        Step(was, now, simulation.quantile_moved(before.years, after.years, was.p))
        for was, now in zip(before.percentiles, after.percentiles, strict=True)
    )
    crossings = (
        Crossing(
            point,
            before.beyond(point.loss),
            after.beyond(point.loss),
            simulation.probability_moved(before.years, after.years, point.loss),
        )
        for point in tolerance
    )
    return Compared(before, after, tuple(treatments), tuple(steps), tuple(crossings))


def cells(found: Iterable[Standing], treatments: Iterable[Treatment]) -> Mapping[Level, int]:
    """How many risks lie in each cell of the matrix with these treatments."""
    planned = together(treatments)
    counts: defaultdict[Level, int] = defaultdict(int)
    for one in found:
        to = planned.get(losses.key(one.risk))
        level = one.current
        if to is not None:
            level = Level(to.target_likelihood or level.likelihood, to.target_impact or level.impact)
        counts[level] += 1
    return counts

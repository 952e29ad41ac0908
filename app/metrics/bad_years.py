"""What the years of a register cost: percentiles and the loss exceedance curve, simulated once for the same risks."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from threading import RLock

import numpy as np

from app.metrics import losses, simulation
from app.metrics.facts import Risk
from app.metrics.numbers import Ask, Group, Number, Row
from app.metrics.simulation import Change, Exceedance, Exposure, Percentile, Progress, Years

_KEPT = 16
"""So many registers are remembered, the latest: about two megabytes each."""
_NAMES = {0.5: "p50", 0.9: "p90", 0.95: "p95", 0.99: "p99"}


@dataclass(frozen=True, eq=False)
class Outcome:
    """The simulated years of some risks."""

    exposures: tuple[Exposure, ...]
    years: Years
    """What each costs, in the order drawn: the same year of two outcomes is the same luck."""
    seed: int

    @cached_property
    def ordered(self) -> Years:
        """The cheapest year first."""
        return np.sort(self.years)

    @cached_property
    def risks(self) -> frozenset[Exposure]:
        """Those that were simulated, in no order."""
        return frozenset(self.exposures)

    @property
    def mean(self) -> float:
        """In closed form."""
        return fsum(one.mean for one in self.exposures)

    @cached_property
    def percentiles(self) -> tuple[Percentile, ...]:
        """P50, P90, P95 and P99, with their error."""
        return simulation.percentiles(self.ordered)

    @cached_property
    def curve(self) -> tuple[Exceedance, ...]:
        """How likely a year is that costs more than this, from small to large, as far as ten years did; empty where
        none costs anything."""
        found = simulation.exceedance(self.ordered, list(simulation.spaced(self.ordered)))
        return tuple(one for one in found if one.probability * len(self.years) > 9.5)

    def beyond(self, loss: float) -> Exceedance:
        """How likely a year is that costs more than this."""
        return simulation.exceedance(self.ordered, [loss])[0]


_held: OrderedDict[tuple[tuple[Exposure, ...], int, int], Outcome] = OrderedDict()
_one_at_a_time = RLock()


def known(exposures: tuple[Exposure, ...], years: int = simulation.YEARS, seed: int = simulation.SEED) -> bool:
    """Whether the years of these risks are at hand, so that nobody has to wait."""
    return (exposures, years, seed) in _held


def outcome(
    exposures: Iterable[Exposure],
    years: int = simulation.YEARS,
    seed: int = simulation.SEED,
    progress: Progress | None = None,
) -> Outcome:
    """The years of these risks: simulated, or remembered. `progress` hears of the share done."""
    key = (tuple(sorted(exposures)), years, seed)
    found = _held.get(key)
    if found is not None:
        return found
    with _one_at_a_time:  # whoever asks for the same waits for it, instead of doing it again
        found = _held.get(key)
        if found is None:
            found = _held[key] = _drawn(key[0], simulation.years_for(key[0], years), seed, progress)
            while len(_held) > _KEPT:
                _held.popitem(last=False)
        return found


def _drawn(exposures: tuple[Exposure, ...], years: int, seed: int, progress: Progress | None) -> Outcome:
    """The years of risks, from those of the most alike that are remembered: a month more or less changes few risks."""
    wanted = frozenset(exposures)
    alike = [one for one in _held.values() if one.seed == seed and len(one.years) == years]
    most = min(alike, key=lambda one: len(one.risks ^ wanted), default=None)
    like = (most.risks, most.years) if most and len(most.risks ^ wanted) < len(wanted) else None
    if like is None:
        return Outcome(exposures, simulation.simulate(exposures, years, seed, progress), seed)
    return Outcome(exposures, simulation.simulate(exposures, years, seed, progress, like), seed)


def treated(before: Outcome, changes: Mapping[str, Change]) -> Outcome:
    """The same years after treatments (by key of the risk)."""
    after = tuple(
        one._replace(events=_times(one.events, changes[one.key].events), loss=_times(one.loss, changes[one.key].loss))
        if one.key in changes
        else one
        for one in before.exposures
    )
    return Outcome(after, simulation.changed(before.exposures, changes, before.years, before.seed), before.seed)


def _times(of: simulation.Range, factor: float) -> simulation.Range:
    return simulation.Range(of.low * factor, of.high * factor)


def told(
    numbers: Sequence[Number],
    rows: Iterable[Row],
    risks: Iterable[Risk],
    ask: Ask,
    progress: Progress | None = None,
) -> list[Number]:
    """The numbers, those of expected annual loss with mean, P90 and (in extra) the other percentiles and the error of
    each. `rows` are those behind them, `risks` those that they name."""
    priced = {(risk.source, risk.risk): one for risk in risks if (one := losses.exposure(risk)) is not None}
    behind: defaultdict[tuple[str, Group], set[Exposure]] = defaultdict(set)
    for row in rows:
        if not row.reason:
            group = row.group if row.group.tier is not None else row.group._replace(tier=ask.scope.tier)
            behind[row.period, group].add(priced[row.source, row.id])
    return [
        _with_years(number, outcome(behind[number.period, number.group], progress=progress))
        if number.kpi == losses.KEY and number.value is not None
        else number
        for number in numbers
    ]


def _with_years(number: Number, found: Outcome) -> Number:
    extra: dict[str, float | int | None] = {}
    p90 = None
    for one in found.percentiles:
        name = _NAMES[one.p]
        if one.p == 0.9:
            p90 = one.value
        else:
            extra[name] = one.value
        extra |= {f"{name}_low": one.low, f"{name}_high": one.high}
    extra |= {"years": len(found.years), "seed": found.seed}
    return replace(number, mean=number.value, p90=p90, extra={**number.extra, **extra})

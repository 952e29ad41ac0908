"""What the Change page says and draws: its finding, deployments and incidents on one time line, rates with ranges."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.charts import wording
from app.charts.description import Chart, Limits, Series
from app.charts.headline import count
from app.charts.svg_timeline import PILE
from app.metrics.benchmarks import LATEST, Band
from app.metrics.numbers import Number
from app.metrics.rollout import FEWEST, Blame, Rate

STRATEGIES: Mapping[str, str] = {
    "canary": "canary",
    "blue_green": "blue/green",
    "feature_flag": "feature flag",
    "rolling": "rolling",
    "all_at_once": "all at once",
    "": "not said",
}
_EMPTY = "No deployment in this period. Import deployments.csv, or connect a source that has them."
_CHANGE = {"steady": "no real change", "improving": "a real improvement", "worsening": "a real worsening"}


class Safely(NamedTuple):
    """What the finding of the page is told from."""

    period: str
    """In words."""
    frequency: Number
    failure: Number
    recovery: Number
    apart: tuple[Rate, Rate] | None = None
    """The strategies that fail least and most, where they can be told apart."""
    worst: Rate | None = None
    """The service with the worst change failure, where chance does not explain it."""
    at_once: int = 0
    """Critical services that do not ship step by step."""
    partial: bool = False


def safely(told: Safely) -> str:
    """How much is shipped, how often it hurts, how fast it is mended, and where to look."""
    when = wording.capital(told.period) + (", so far" if told.partial else "")
    failure = told.failure
    if told.frequency.value is None:
        return f"{when}: no deployments are known, and nobody was looking."
    shipped = round(told.frequency.numerator or 0)
    if not shipped or failure.value is None:
        return f"{when}: nothing was deployed." if not shipped else f"{when}: {_many(shipped)}."
    hurt = round(failure.numerator or 0)
    if hurt:
        share = wording.value(failure.value, "share", failure.target, "<=")
        said = f"{share} of {shipped:,} deployments failed" if shipped > 1 else "the one deployment failed"
    else:
        said = f"none of {shipped:,} deployments failed" if shipped > 1 else "the one deployment did not fail"
    said += f" ({_CHANGE[failure.signal]})" if failure.signal in _CHANGE else ""
    parts = [said, _recovered(told.recovery)]
    first = f"{when}: {'; '.join(part for part in parts if part)}."
    rest = _rest(told)
    return f"{first} {rest}" if rest else first


def _many(shipped: int) -> str:
    return f"{shipped:,} deployments" if shipped != 1 else "one deployment"


def _recovered(number: Number) -> str:
    if number.value is None or not number.n:
        return ""
    took = wording.duration(number.value)
    what = "the one that caused an incident was" if number.n == 1 else f"half of the {number.n:,} that hurt were"
    return f"{what} mended within {took}"


def _rest(told: Safely) -> str:
    parts = []
    if told.apart is not None:
        best, worst = told.apart
        parts.append(
            f"{STRATEGIES.get(best.name, best.name)} fails less than {STRATEGIES.get(worst.name, worst.name)} "
            f"({wording.value(best.share, 'share')} against {wording.value(worst.share, 'share')})"
        )
    if told.worst is not None:
        parts.append(f"{told.worst.name} fails most, {told.worst.failed:,} of {told.worst.deployments:,}")
    if told.at_once:
        do = "does" if told.at_once == 1 else "do"
        parts.append(
            f"{count(told.at_once)} critical service{'' if told.at_once == 1 else 's'} {do} not ship step by step"
        )
    return f"{wording.capital('; '.join(parts))}." if parts else ""


def benchmark(band: Band | None, year: int = LATEST) -> str:
    """A band with the year of its survey: "DORA 2023: high"; empty without one."""
    return f"DORA {year}: {band}" if band else ""


class Step(NamedTuple):
    """One bar of the time line; None: nobody was looking."""

    period: str
    well: float | None
    failed: float | None
    over: bool = True


def timeline(steps: Sequence[Step], blames: Sequence[Blame], at: Sequence[int], keys: Sequence[str]) -> Chart:
    """Deployments by day, week or month, failed ones told apart, and above them the incidents they caused.

    `at` says for each blame in which step its incident was detected; `keys` what a click on it opens.
    """
    x = tuple(step.period for step in steps)
    kind = wording.kinds(x[-1]).removesuffix("s") if x else "day"
    failed = round(sum(step.failed or 0 for step in steps))
    whole = failed + round(sum(step.well or 0 for step in steps))
    return Chart(
        "timeline", _timeline_title(whole, len({(b.source, b.deployment) for b in blames}), len(at)),
        f"Deployments by {kind}, and above them the incidents they caused; failed: rolled back, or blamed for one",
        "count", x,
        (
            Series("failed", tuple(step.failed for step in steps)),
            Series("went well", tuple(step.well for step in steps)),
            _lane(x, blames, at, keys),
        ),
        partial=frozenset(place for place, step in enumerate(steps) if not step.over), empty=_EMPTY,
    )  # fmt: skip


def _timeline_title(whole: int, guilty: int, incidents: int) -> str:
    if not whole:
        return "Deployments: none"
    if not guilty:
        return f"No incident names one of {whole:,} deployments as its cause" if whole > 1 else "One deployment"
    which = f"{incidents:,} incident{'s' if incidents != 1 else ''}"
    return f"{guilty:,} of {whole:,} deployments caused {which}" if incidents else f"{whole:,} deployments"


def _lane(x: Sequence[str], blames: Sequence[Blame], at: Sequence[int], keys: Sequence[str]) -> Series:
    """A dot for each incident; where they would not stand in their place, a column for each step."""
    per = [0] * len(x)
    for place in at:
        per[place] += 1
    if max(per, default=0) > PILE:
        said = tuple(f"{many:,} incident{'s' if many != 1 else ''}" for many in per)
        return Series("incidents", tuple(float(many) or None for many in per), "comparison", said)
    words = tuple(f"{one.title} (severity {one.severity}), after {one.deployment}" for one in blames)
    values = tuple(float(one.severity) for one in blames)
    return Series("incidents", values, "comparison", words, at=tuple(float(one) for one in at), keys=tuple(keys))


def strategies(rates: Sequence[Rate], target: float | None, told: tuple[Rate, Rate] | None) -> Chart:
    """Change failure by strategy with its range: a hollow point where there are too few to tell."""
    names = [wording.capital(STRATEGIES.get(one.name, one.name)) for one in rates]
    title = "Failure by strategy: no strategy is certain to differ"
    if told is not None:
        best, worst = (STRATEGIES.get(one.name, one.name) for one in told)
        title = f"{wording.capital(best)} fails less often than {worst}"
    elif sum(one.enough for one in rates if one.name) < 2:
        title = "Failure by strategy: too few to tell"
    return _ranged(rates, names, title, target)


def services(rates: Sequence[Rate], names: Mapping[str, str], target: float | None, above: int, silent: int) -> Chart:
    """Change failure of the worst services with its range; `above` are beyond the target and beyond chance, `silent`
    more have too few deployments to be told."""
    shown = [names.get(one.name, one.name) for one in rates]
    title = "No service failed often enough to be told"
    if rates and target is not None:
        beyond = f"{wording.target(target, 'share')} target"
        title = (
            f"{wording.capital(count(above))} service{'s' if above != 1 else ''} above the {beyond}, beyond chance"
            if above
            else f"No service is above the {beyond} beyond chance"
        )
    elif rates:
        title = f"{shown[0]} fails most often"
    chart = _ranged(rates, shown, title, target)
    sub = "Share of deployments that failed, by the lower end of its 95 % range"
    if silent:
        sub += f"; {silent:,} with fewer than {FEWEST} deployments left out"
    empty = "No service with ten deployments or more had one that failed." if silent else _EMPTY
    return replace(
        chart, subtitle=sub, empty=empty, series=(chart.series[0]._replace(keys=tuple(one.name for one in rates)),)
    )


def _ranged(rates: Sequence[Rate], names: Sequence[str], title: str, target: float | None) -> Chart:
    said = tuple(
        f"{wording.value(one.share, 'share')} of {one.deployments:,}"
        if one.enough
        else f"{one.failed:,} of {one.deployments:,}, too few"
        for one in rates
    )
    return Chart(
        "interval", title, "Share rolled back or blamed for an incident, with its 95 % range", "share", tuple(names),
        (Series("failed", tuple(one.share for one in rates), labels=said),), target=target,
        target_op="<=" if target is not None else "",
        limits=Limits(
            tuple(one.low for one in rates), tuple(one.share for one in rates), tuple(one.high for one in rates)
        ),
        partial=frozenset(at for at, one in enumerate(rates) if not one.enough), empty=_EMPTY,
    )  # fmt: skip


def failure(chart: Chart, suspected: Sequence[float | None]) -> Chart:
    """The trend of change failure, and beside it what it would be if the suspects had failed, too."""
    return replace(
        chart,
        series=(*chart.series, Series("with suspects", tuple(suspected), "comparison")),
        subtitle=f"{chart.subtitle}; with suspects: an incident without a cause followed",
    )

"""Charts of incidents: how often, how long, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.trend import constant_target, limits, partial, signals
from app.metrics import periods
from app.metrics.numbers import Number

_EMPTY = "No incidents in these periods. Import incidents, or connect a source that has them."


class Duration(NamedTuple):
    """How long one incident (or page) took, and when that counts."""

    at: datetime
    minutes: float
    said: str
    """What a hover says: "INC-12 Checkout slow: 95 min"."""
    key: str = ""
    """What a click opens."""


def by_severity(
    total: Sequence[Number], split: Mapping[int, Sequence[float | None]], names: Mapping[int, str], title: str = ""
) -> Chart:
    """Counts by period, stacked by severity: the three worst, all others as one; limits and signals are of the total.

    `split` holds for each severity a count for each number of `total`.
    """
    worst = sorted(split)[:3] if len(split) <= 3 else sorted(split)[:2]
    rest = [severity for severity in sorted(split) if severity not in worst]
    series = [Series(wording.capital(names.get(at, f"Severity {at}")), tuple(split[at])) for at in worst]
    if rest:
        series.append(
            Series("Lower", tuple(_sum(counts) for counts in zip(*(split[at] for at in rest), strict=True)), "context")
        )
    if not split:
        series = [Series("Incidents", tuple(number.value for number in total))]
    return Chart(
        "bar", title or wording.finding("Incidents", total), _band("Incidents by month and severity", total), "count",
        tuple(number.period for number in total), tuple(series), limits=limits(total), signals=signals(total),
        partial=partial(total), empty=_EMPTY,
    )  # fmt: skip


def durations(
    name: str,
    medians: Sequence[Number],
    each: Sequence[Duration],
    zone: str = "UTC",
    op: str = "<=",
    what: str = "incident",
) -> Chart:
    """Every duration as a point on a log axis, and each period's median as a bar through them.

    A duration of nothing stands at the foot of the axis; one outside the periods of `medians` is left out.
    """
    x = tuple(number.period for number in medians)
    spans = [periods.parse(key, zone) for key in x]
    placed = sorted(
        ((at - 0.5 + (one.at - span.start) / (span.end - span.start), one)
         for at, span in enumerate(spans) for one in each if span.start <= one.at < span.end),
        key=lambda pair: (pair[0], pair[1].key, pair[1].minutes),
    )  # fmt: skip
    points = Series(
        f"each {what}", tuple(one.minutes for _, one in placed), "context", tuple(one.said for _, one in placed),
        at=tuple(at for at, _ in placed), keys=tuple(one.key for _, one in placed),
    )  # fmt: skip
    said = tuple(_median(number, op) for number in medians)
    middle = Series("median", tuple(number.value for number in medians), "main", said)
    return Chart(
        "points", wording.finding(name, medians), f"A point for each {what}, a bar for each median; log axis",
        "minutes", x, (points, middle), target=constant_target(medians), target_op=op, signals=signals(medians),
        partial=partial(medians), log=any(one.minutes > 0 for one in each), empty=_EMPTY,
    )  # fmt: skip


def causes(counts: Sequence[tuple[str, int]], most: int = 8) -> Chart:
    """Causes by how many incidents they made, most first, the tail as one; each says the share of all so far."""
    order = sorted(counts, key=lambda pair: (-pair[1], pair[0]))
    if len(order) > most:
        tail = order[most - 1 :]
        order = [*order[: most - 1], (f"{len(tail)} other causes", sum(count for _, count in tail))]
    whole = sum(count for _, count in order)
    said, so_far = [], 0
    for _, count in order:
        so_far += count
        said.append(f"{count:,} · {wording.value(so_far / whole, 'share')} so far" if whole else "0")
    chart = Chart(
        "bar", "Causes: no data", "Incidents by cause, with the share of all so far", "count",
        tuple(name for name, _ in order), (Series("incidents", tuple(float(n) for _, n in order), labels=tuple(said)),),
        horizontal=True, empty="No incident in these periods names its cause. Fill the column cause of incidents.",
    )  # fmt: skip
    if not whole:
        return chart
    name, count = order[0]
    return replace(
        chart,
        title=f"{wording.capital(name)} was behind {wording.value(count / whole, 'share')} of {whole:,} incidents",
    )


def _median(number: Number, op: str) -> str:
    if number.value is None:
        return wording.NO_DATA
    return f"median {wording.amount(number, op)} ({wording.sample(number)})"


def _sum(counts: Sequence[float | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _band(text: str, numbers: Sequence[Number]) -> str:
    return f"{text}, band: the usual range" if any(number.limits for number in numbers) else text

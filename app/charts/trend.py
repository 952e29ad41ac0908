"""A KPI over time, from its numbers: the chart that states its finding, and the sparkline of a tile."""

from collections.abc import Mapping, Sequence

from app.charts import wording
from app.charts.description import Chart, Kind, Limits, Mark, Series, Signal
from app.metrics.kpi import FACT_FILES, Kpi
from app.metrics.numbers import Number
from app.records import ENTITIES

_OPS = {"higher": ">=", "lower": "<=", "inside": "within"}
"""Which file fills the sums that a KPI is made from."""
_DRAWN = {
    "share": "Share",
    "count": "Number",
    "sum": "Sum",
    "duration": "Median",
    "rate": "Rate",
    "ratio": "Ratio",
    "reading": "As read",
}


def trend(
    kpi: Kpi, numbers: Sequence[Number], before: Sequence[Number] = (), *, before_name: str = "a year before",
    op: str = "", currency: str = "EUR", marks: Mapping[str, str] | None = None, name: str = "", subtitle: str = "",
    empty: str = "",
) -> Chart:  # fmt: skip
    """One KPI, a number for each period in order; `before` holds those compared with, in the same order.

    Bars for counts and sums, lines otherwise, durations on a log axis. `marks` are period key → title of an annotation.
    """
    x, op = tuple(number.period for number in numbers), op or _OPS[kpi.better]
    series = [
        Series(name or kpi.name, _values(numbers), "main", tuple(_said(number, op, currency) for number in numbers))
    ]
    if before:
        old = (*_values(before), *([None] * len(x)))[: len(x)]
        series.append(Series(before_name, old, "comparison"))
    kind: Kind = "bar" if kpi.shape in ("count", "sum") else "line"
    return Chart(
        kind,
        wording.finding(name or kpi.name, numbers),
        subtitle or _subtitle(kpi, numbers),
        kpi.unit,
        x,
        tuple(series),
        target=constant_target(numbers),
        target_op=op,
        limits=limits(numbers),
        signals=signals(numbers),
        marks=tuple(Mark(at, title) for at, key in enumerate(x) if (title := (marks or {}).get(key))),
        partial=partial(numbers),
        log=kpi.shape == "duration" and any(value for value in _values(numbers)),
        currency=currency,
        empty=empty or missing(kpi),
    )


def spark(numbers: Sequence[Number], op: str = "", currency: str = "EUR", log: bool = False) -> Chart:
    """The sparkline of a tile: 12 or 24 numbers, in order, with their signals."""
    name = numbers[-1].kpi.replace("_", " ") if numbers else ""
    return Chart(
        "spark",
        wording.finding(wording.capital(name), numbers),
        "",
        numbers[-1].unit if numbers else "count",
        tuple(number.period for number in numbers),
        (Series(name, _values(numbers)),),
        target=constant_target(numbers),
        target_op=op,
        signals=signals(numbers),
        partial=partial(numbers),
        log=log,
        currency=currency,
    )


def constant_target(numbers: Sequence[Number]) -> float | None:
    """The target that all these numbers share, None where there is none or it moves."""
    targets = {number.target for number in numbers if number.target is not None}
    return targets.pop() if len(targets) == 1 else None


def limits(numbers: Sequence[Number]) -> Limits | None:
    """The limits of each number, as a band; of shares within 0 and 1, beyond which there is nothing."""
    if not any(number.limits for number in numbers):
        return None
    edges = [number.limits or (None, None, None) for number in numbers]
    low, centre, high = zip(*edges, strict=True)
    if all(number.unit == "share" and (number.value or 0) <= 1 for number in numbers):
        low, high = (tuple(None if one is None else min(max(one, 0.0), 1.0) for one in edge) for edge in (low, high))
    return Limits(low, centre, high)


def signals(numbers: Sequence[Number]) -> tuple[Signal, ...]:
    """Where a number is told to be improving or worsening."""
    return tuple(
        Signal(at, number.signal)
        for at, number in enumerate(numbers)
        if number.value is not None and (number.signal == "improving" or number.signal == "worsening")
    )


def partial(numbers: Sequence[Number]) -> frozenset[int]:
    """Which of the periods are not over."""
    return frozenset(at for at, number in enumerate(numbers) if number.partial)


def missing(kpi: Kpi) -> str:
    """What is missing where a KPI has no data, and what would bring it."""
    if not kpi.measured:
        return f"{kpi.name} is not measured yet."
    needs = kpi.watched or {FACT_FILES.get(name, name) for name in kpi.needs | (kpi.row_needs or frozenset())}
    names = [name for name in ENTITIES if name in needs]
    if "actions" in names:
        names = ["actions"]
    files = wording.listed([f"{name}.csv" for name in names])
    what = f" Import {files}, or connect a source that has them." if files else ""
    return f"{kpi.name}: no data in these periods.{what}"


def _values(numbers: Sequence[Number]) -> tuple[float | None, ...]:
    return tuple(number.value for number in numbers)


def _said(number: Number, op: str, currency: str) -> str:
    if number.value is None:
        return wording.NO_DATA
    parts = [f"{wording.amount(number, op, currency)} ({wording.sample(number)})", wording.interval(number, currency)]
    parts.append("" if number.verdict == "no_target" else wording.verdict(number))
    return ", ".join(part for part in parts if part)


def _subtitle(kpi: Kpi, numbers: Sequence[Number]) -> str:
    drawn = "Share" if kpi.shape == "ratio" and kpi.unit == "share" else _DRAWN[kpi.shape]
    parts = [f"{drawn} by {wording.kinds(numbers[-1].period).removesuffix('s')}" if numbers else drawn]
    if kpi.shape == "duration":
        parts.append("log axis")
    if any(number.limits for number in numbers):
        parts.append("band: the usual range")
    return ", ".join(parts)

"""Charts with every edge the data may have, named once."""

from dataclasses import replace

from app.charts.description import Chart, Limits, Mark, Series, Signal
from app.metrics.kpi import Kpi
from app.metrics.numbers import Group, Number

MONTHS = tuple(f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13))
RESTORE = Kpi(
    "time_to_restore", "Time to restore", "How fast?", "Incidents", "minutes", "duration", "lower", "end", "median",
    row_needs=frozenset({"incidents"}),
)  # fmt: skip
COUNT = replace(RESTORE, key="major_incidents", name="Severity 1-2", unit="count", shape="count")


def line(**changes: object) -> Chart:
    """Twelve months in minutes: a gap in May, a signal in March, June to November within limits, December not over."""
    values = (30.0, 40.0, 300.0, 50.0, None, 45.0, 60.0, 55.0, 70.0, 65.0, 58.0, 20.0)
    chart = Chart(
        "line", "Restore time: no real change since April", "Median by month", "minutes", MONTHS[:12],
        (Series("Time to restore", values),), target=60.0, target_op="<=",
        limits=Limits((None,) * 5 + (20.0,) * 7, (None,) * 5 + (50.0,) * 7, (None,) * 5 + (120.0,) * 7),
        signals=(Signal(2, "worsening"),), marks=(Mark(7, "Checkout moved"),), partial=frozenset({11}),
    )  # fmt: skip
    return replace(chart, **changes)  # type: ignore[arg-type]


def bar(**changes: object) -> Chart:
    """Four months of counts in a stack of two, compared with the year before; the last is not over."""
    chart = Chart(
        "bar", "Incidents", "Number by month", "count", MONTHS[:4],
        (
            Series("Critical", (1.0, 0.0, 2.0, 1.0)),
            Series("Lower", (4.0, 3.0, None, 1.0), "context"),
            Series("a year before", (6.0, 6.0, None, 2.0), "comparison"),
        ),
        partial=frozenset({3}),
    )  # fmt: skip
    return replace(chart, **changes)  # type: ignore[arg-type]


def heat() -> Chart:
    """Two tiers by three months: one cell of each verdict, and one without data."""
    return Chart(
        "heat", "SLOs met", "Share", "share", MONTHS[:3],
        (
            Series("Tier 0", (1.0, 0.8, None), verdicts=("met", "missed", "no_data")),
            Series("Tier 1", (0.9, 1.0, 0.5), verdicts=("unsure", "met", "no_target")),
        ),
        target=0.95, target_op=">=",
    )  # fmt: skip


def points() -> Chart:
    """Three incidents in two months and the medians of those months, on a log axis."""
    each = Series(
        "each incident", (5.0, 90.0, 600.0), "context", ("A", "B", "C"), at=(-0.25, 0.0, 1.2), keys=("A", "B", "C")
    )
    return Chart(
        "points", "Restore time", "A point each", "minutes", MONTHS[:2], (each, Series("median", (47.5, 600.0))),
        target=60.0, target_op="<=", log=True,
    )  # fmt: skip


def rows() -> Chart:
    """Budgets left, one overspent, one without data."""
    return Chart(
        "bar", "Error budgets", "Share left", "share", ("Checkout", "Search", "Login"),
        (Series("left", (-0.35, 0.7, None), "main", ("−35 %", "70 %", "no data"), ("missed", "met", "no_data")),),
        horizontal=True,
    )  # fmt: skip


def empty() -> Chart:
    """No data at all, and what would bring it."""
    return line(series=(Series("", (None,) * 12),), limits=None, signals=(), empty="Import incidents.")


ALL = {"line": line(), "log": line(log=True), "bar": bar(), "heat": heat(), "points": points(), "rows": rows(),
       "empty": empty(), "spark": line(kind="spark")}  # fmt: skip


def numbers(*values: float | None, kpi: Kpi = RESTORE, **given: object) -> list[Number]:
    """A number for each value, from January 2025 on."""
    return [
        Number(kpi.key, key, Group(), value, kpi.unit, n=0 if value is None else 4, **given)  # type: ignore[arg-type]
        for key, value in zip(MONTHS, values, strict=False)
    ]

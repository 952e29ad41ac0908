"""Charts of every kind, with every edge that they may have, and the words that mean harm in them."""

from datetime import date, timedelta

from app.charts import losses, slos
from app.charts.description import Chart, Series, Span
from app.metrics.simulation import Exceedance, Percentile
from app.policy import Tolerance

PERIODS = tuple(f"{2025 + (9 + step) // 12}-{(9 + step) % 12 + 1:02}" for step in range(13))
"""2025-10 to 2026-10."""
SILENT = "2026-03"
"""A month of which nothing is known."""
LONG = "Customer-facing checkout and payments orchestration platform"
"""A service's name of 60 letters."""
HOSTILE = (
    '<img src="x" onerror="window.hit=1"><script>window.hit=1</script>',
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+9)",
    "\x1b[31mred\x07 \x08\x7f\x85 \u202egpj.exe\u202c \u2066hidden\u2069 \ufffe",
    "</style></title></textarea>]]>&amp; #let x = 1 *bold* _under_ $ x^2 $ @label `raw` \\ https://evil.example/x",
    "w" * 300,
    " ".join(["a very long sentence that goes on and on"] * 12),
)
SERVICES = {"checkout": LONG, "search": "Search", "evil": HOSTILE[0], "sum": HOSTILE[1], "turned": HOSTILE[5]}


def stack() -> Chart:
    """Two series on each other and the year before, without a value in March; October is not over."""
    values: list[tuple[float | None, ...]] = [
        tuple(None if key == SILENT else float(5 + (at * size) % 7) for at, key in enumerate(PERIODS))
        for size in (3, 5, 2)
    ]
    return Chart(
        "bar", "Sleeping hours: no real change since May", "Interruptions by month", "count", PERIODS,
        (
            Series("Sleeping hours", values[0]), Series(HOSTILE[5], values[1], "context"),
            Series("a year before", values[2], "comparison"),
        ),
        target=9.0, target_op="<=", partial=frozenset({12}),
    )  # fmt: skip


def rows() -> Chart:
    """Lying bars with long and hostile names, one without a value, one below zero."""
    budgets = [
        slos.Budget(name, value, state, "3 min")
        for name, value, state in zip(
            SERVICES.values(), (0.62, 0.11, -1.4, None, 0.9), ("ok", "warn", "freeze", "no_data", "ok"), strict=True
        )
    ]
    return slos.budget_bars(budgets)


def points() -> Chart:
    return Chart(
        "points", "Time to restore: no real change since March", "Each incident, median by month, log axis", "minutes",
        PERIODS[-3:],
        (
            Series("each incident", (5.0, 90.0, 600.0), "context", ("A", HOSTILE[5], "C"), at=(-0.25, 0.0, 1.2)),
            Series("median", (47.5, None, 600.0), at=(0.0, 1.0, 2.0)),
        ),
        target=60.0, target_op="<=", log=True,
    )  # fmt: skip


def dumbbells() -> Chart:
    return Chart(
        "dumbbell", "2 of 3 tests took longer than allowed", "The worst 3 of 9; tick: the target, log axis", "minutes",
        (LONG, HOSTILE[0], "Search, failover"),
        (
            Series("achieved", (250.0, 35.0, None), labels=("4 h 10 min of 1 h", "35 min of 1 h", "no data"),
                   verdicts=("missed", "met", "no_data")),
            Series("target", (60.0, 60.0, 240.0), "comparison"),
        ),
        log=True,
    )  # fmt: skip


def burndown() -> Chart:
    x = tuple((date(2026, 10, 1) + timedelta(step)).isoformat() for step in range(10))
    left = (1.0, 0.9, 0.85, None, None, 0.6, 0.55, 0.2, -0.1, -0.2)
    return Chart(
        "burndown", "Checkout has spent its error budget", "Share of the budget left", "share", x,
        (Series("left", left), Series("evenly spent", tuple(1 - step / 9 for step in range(10)), "comparison")),
        target=0.0, spans=(Span(2.0, 2.5, "incident", HOSTILE[1], badge="1"),), levels=((0.25, "warning"),),
    )  # fmt: skip


def curve() -> Chart:
    points = tuple(
        Exceedance(10.0**power, 0.9 / 3**at, 0.8 / 3**at, 1.0 / 3**at) for at, power in enumerate((4, 5, 6, 7))
    )
    told = losses.Told(
        412_000.0, (Percentile(0.5, 2e4, 1.9e4, 2.1e4), Percentile(0.9, 9e5, 8.5e5, 9.6e5)), points,
        ((Tolerance(probability=0.05, loss=2e6), Exceedance(2e6, 0.07, 0.06, 0.08)),), 12, 100_000, "EUR",
    )  # fmt: skip
    return losses.curve(told)

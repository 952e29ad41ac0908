"""The simulated years of a register, for pages: percentiles of a number, and its years with a bar while they run."""

from collections.abc import Sequence

from app.charts import wording
from app.metrics import losses
from app.metrics.numbers import Ask, Number
from app.store.engine import reading
from app.store.losses import with_years
from app.ui import read


def told(numbers: Sequence[Number], ask: Ask) -> Sequence[Number]:
    """The numbers of a question, those of expected annual loss with the percentiles of their years."""
    if not any(number.kpi == losses.KEY and number.value is not None for number in numbers):
        return numbers
    with reading(read.opened(read.state().url)) as conn:
        return with_years(conn, numbers, ask)


def words(number: Number, currency: str) -> str | None:
    """What the bad years of a number cost, with the error of each; None for other numbers, and without data."""
    if number.kpi != losses.KEY or "years" not in number.extra:
        return None
    said = [
        _percentile(often, value, number.extra[f"{name}_low"], number.extra[f"{name}_high"], currency)
        for often, name, value in (
            ("ten", "p90", number.p90),
            ("twenty", "p95", number.extra["p95"]),
            ("a hundred", "p99", number.extra["p99"]),
        )
    ]
    return f"{'; '.join(said)} (of {number.extra['years']:,} simulated years)"


def _percentile(often: str, value: float | None, low: float | None, high: float | None, currency: str) -> str:
    if value is None or low is None or high is None:
        return f"one year in {often}: too few years to tell"
    amount = wording.value(value, "money", currency=currency)
    return f"one year in {often} costs more than {amount} (± {spread(value, low, high)})"


def spread(value: float, low: float, high: float) -> str:
    """How far a simulated amount may be off: "0.4 %" of it, "0 %" where it is nothing."""
    share = max(value - low, high - value) / value if value else 0.0
    return wording.value(share, "share")

"""What a register costs, from the store: expected annual loss with the percentiles of its simulated years."""

from collections.abc import Sequence

from sqlalchemy import Connection

from app.metrics import bad_years, losses
from app.metrics.measure import rows
from app.metrics.numbers import Ask, Number
from app.metrics.simulation import Progress
from app.store.facts import load


def with_years(conn: Connection, numbers: Sequence[Number], ask: Ask, progress: Progress | None = None) -> list[Number]:
    """The numbers of a question, those of expected annual loss with the percentiles of their years; the others, and
    those without data, as they are. What has been simulated since the process began is remembered."""
    if not any(number.kpi == losses.KEY and number.value is not None for number in numbers):
        return list(numbers)
    facts = load(conn, frozenset({"risks"}), ask)
    return bad_years.told(numbers, rows(losses.KEY, facts, ask), facts.risks, ask, progress)

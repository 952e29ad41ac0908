"""The simulated years of a register, for pages: percentiles of a number, and its years with a bar while they run."""

from collections.abc import Sequence

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

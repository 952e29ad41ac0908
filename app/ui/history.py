"""Numbers for tiles and trends: of the chosen period, of what it is compared with, and of the months of the trend."""

from collections.abc import Sequence
from typing import NamedTuple

from app.metrics.numbers import Number
from app.metrics.periods import Period
from app.ui import read
from app.ui.choices import Asked


class History(NamedTuple):
    """One KPI: now, before, and month by month."""

    now: Number
    before: Number
    trend: tuple[Number, ...]


def history(keys: Sequence[str], asked: Asked) -> dict[str, History]:
    """KPI key → its numbers, in as few questions as their periods allow."""
    months = {*asked.trend, *(period for period in (asked.period, asked.against) if period.kind == "month")}
    found: dict[tuple[str, Period], Number] = {}
    asks = [tuple(sorted(months)), *((period,) for period in (asked.period, asked.against) if period not in months)]
    for periods in asks:
        by_key = {period.key: period for period in periods}
        for number in read.numbers(keys, asked.ask(*periods)):
            found[number.kpi, by_key[number.period]] = number
    return {
        key: History(
            found[key, asked.period], found[key, asked.against], tuple(found[key, month] for month in asked.trend)
        )
        for key in keys
    }

"""When an error budget will be spent, or be there again: four weeks in a row of the last year, drawn at random, are
replayed day by day while old days leave a rolling window. In a row, because a bad day seldom comes alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import dropwhile
from typing import Literal, NamedTuple

import numpy as np

RECENT_DAYS = 364
ENOUGH_DAYS = 14
"""Of the recent days, so many must have traffic."""
_ROW_DAYS, _SHORT_ROW_DAYS = 28, 7
"""Replayed in a row; the short one where there are fewer than three of the long."""
FURTHEST_DAYS = 90
REPLAYS = 400
_TENTH = 0.1
_NOTHING = 1e-12
"""Of a budget: less is a sum's rounding, not budget."""


class Day(NamedTuple):
    """Events (or slices) of one day, after exclusions; total 0 for none."""

    on: date
    total: float
    bad: float


class Forecast(NamedTuple):
    """What nine of ten replays say."""

    state: Literal["too_few", "over", "lasts", "spends", "spent"]
    """`over`: a calendar window that ends here; `lasts`: spent in fewer than a tenth of the replays."""
    known: int
    """Recent days with traffic."""
    reach: int = 0
    """How many days back they go."""
    in_row: int = 0
    """So many days are replayed in a row."""
    until: date | None = None
    """The last day looked at."""
    first: date | None = None
    """The day by which a tenth of the replays have spent it (of `spent`: have it again); None: never so many."""
    last: date | None = None
    """The day by which nine tenths have."""
    share: float = 0.0
    """Of the replays that have by the last day."""
    low: tuple[float, ...] = ()
    """Left at the end of each day to come, in all but the worst tenth of the replays."""
    middle: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


def forecast(
    window: Sequence[Day], recent: Sequence[Day], objective: float, *, rolling: bool, ends: date | None = None
) -> Forecast:
    """What becomes of the budget of a window of whole days. `window` has its days in order, days without data with
    total 0; `recent` are the days up to now, which are replayed; a calendar
    window grows until before `ends`, a rolling one loses its oldest day for each that comes, and is looked at for its
    own length, at most 90 days."""
    lived = list(dropwhile(lambda day: day.total <= 0, recent[-RECENT_DAYS:]))
    known = sum(day.total > 0 for day in lived)
    if known < ENOUGH_DAYS or not window or sum(day.total for day in window) <= 0:
        return Forecast("too_few", known, len(recent[-RECENT_DAYS:]))
    today = window[-1].on
    steps = min(len(window), FURTHEST_DAYS) if rolling else ((ends - today).days - 1 if ends else 0)
    if steps <= 0:
        return Forecast("over", known)
    in_row = _ROW_DAYS if len(lived) >= 3 * _ROW_DAYS else _SHORT_ROW_DAYS
    left = _replayed(window, lived, in_row, objective, rolling, steps)
    now = _left(sum(day.total for day in window), sum(day.bad for day in window), objective)
    gone = now <= _NOTHING
    turned = left > _NOTHING if gone else left <= _NOTHING
    reached = np.maximum.accumulate(turned, axis=1).mean(axis=0)
    days = [today + timedelta(step + 1) for step in range(steps)]
    share = float(reached[-1])
    low, middle, high = (tuple(map(float, row)) for row in np.quantile(left, [_TENTH, 0.5, 1 - _TENTH], axis=0))
    return Forecast(
        "spent" if gone else "spends" if share >= _TENTH else "lasts",
        known,
        len(lived),
        in_row,
        days[-1],
        _by(reached, days, _TENTH),
        _by(reached, days, 1 - _TENTH),
        share,
        low,
        middle,
        high,
    )


def _left(total: float, bad: float, objective: float) -> float:
    return 1 - bad / ((1 - objective) * total)


def _by(reached: np.ndarray, days: Sequence[date], share: float) -> date | None:
    """The first day by which so many replays have turned."""
    places = np.flatnonzero(reached >= share - 1e-9)
    return days[int(places[0])] if len(places) else None


def _replayed(
    window: Sequence[Day], lived: Sequence[Day], in_row: int, objective: float, rolling: bool, steps: int
) -> np.ndarray:
    """The share left at the end of each day to come (columns) in each replay (rows). The same every time."""
    begins = np.random.default_rng(28).integers(0, len(lived) - in_row + 1, (REPLAYS, -(-steps // in_row), 1))
    drawn = (begins + np.arange(in_row)).reshape(REPLAYS, -1)[:, :steps]
    past = np.array([[day.total for day in window], [day.bad for day in window]])
    coming = np.array([[day.total for day in lived], [day.bad for day in lived]])[:, drawn]
    sums = past.sum(axis=1)[:, None, None] + coming.cumsum(axis=2)
    if rolling:
        gone = past.cumsum(axis=1)[:, :steps]
        sums = sums - np.pad(gone, ((0, 0), (0, steps - gone.shape[1])), mode="edge")[:, None, :]
    total, bad = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, 1 - bad / ((1 - objective) * total), 1.0)


def came(window: Sequence[Day], after: Sequence[Day], objective: float, *, rolling: bool) -> list[float | None]:
    """What was left at the end of each day after the window, by what was measured since: a rolling window loses its
    oldest day for each. None on a day without traffic, and where no traffic is left in the window."""
    every, found = [*window, *after], []
    for at in range(len(window), len(every)):
        held = every[at - len(window) + 1 if rolling else 0 : at + 1]
        total = sum(day.total for day in held)
        known = every[at].total > 0 and total > 0
        found.append(_left(total, sum(day.bad for day in held), objective) if known else None)
    return found

"""Axes for every renderer: where values stand, which ticks are named and how, how wide a text is."""

from collections.abc import Iterable
from functools import lru_cache
from math import ceil, floor, inf, isfinite, log10
from typing import NamedTuple

from app.charts import wording
from app.charts.amounts import MINUS
from app.charts.description import Chart

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 7200, 14400, 43200, 86400)
_LOG_MINUTES = ((1 / 60, 1 / 6, 1, 10, 60, 600, 1440, 10080, 43200), (0.5, 2, 5, 30, 120, 240, 2880, 20160))
_LOG_BETWEEN = (3, 4, 15, 20, 45, 90, 180, 360)
_LETTERS = {
    **dict.fromkeys("iljtfrI.,:;'|!()[] ", 0.3),
    **dict.fromkeys("mwMW%@—…", 0.85),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&", 0.62),
    **dict.fromkeys("0123456789", 0.52),
}


class Scale(NamedTuple):
    """The value axis: from `low` to `high`, with named ticks."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def share(self, value: float) -> float:
        """How far up a value stands, 0 to 1; held to the ends."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = log10(low), log10(high), log10(at)
        return (at - low) / (high - low)


def scale(chart: Chart, wanted: int = 4) -> Scale:
    """The value axis of a chart: bars and counts from zero, a log axis where asked, shares as near as they lie."""
    stacked = chart.kind == "bar"
    rows = [series.values for series in chart.series if not (stacked and series.role == "comparison")]
    tops = [value for row in rows for value in row if value is not None]
    if stacked:
        tops = [sum(value for value in at if value is not None and value > 0) for at in zip(*rows, strict=True)]
        tops += [value for row in rows for value in row if value is not None and value < 0]
        tops += [value for one in chart.series if one.role == "comparison" for value in one.values if value is not None]
    if chart.target is not None:
        tops.append(chart.target)
        if chart.target_op == "within":
            tops.append(-chart.target)
    if chart.limits:
        edges = [value for edge in (chart.limits.low, chart.limits.high) for value in edge if value is not None]
        tops += [value for value in edges if value >= 0 or min(tops, default=0) < 0]
    tops = [value for value in tops if isfinite(value)]
    if chart.log and (positive := [value for value in tops if value > 0]):
        return _log(min(positive), max(positive), chart.unit)
    if not tops:
        return Scale(0, 1, ())
    low, high = min(tops), max(tops)
    if stacked or chart.unit == "count" or (low >= 0 and low < 0.5 * high):
        low, high = min(low, 0), max(high, 0)
    return _linear(low, high, chart.unit, wanted, chart.currency)


def _linear(low: float, high: float, unit: str, wanted: int, currency: str) -> Scale:
    if low == high:
        low, high = (low - abs(low) * 0.05, high + abs(high) * 0.05) if low else (0, 1)
        if unit == "share" and high <= 1.05:
            high = min(high, 1.0)
    step = _step((high - low) / wanted, unit)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    values = [at * step for at in range(first, max(last, first + 1) + 1)]
    if unit == "share" and high <= 1 and values[-1] > 1:
        values = [value for value in values if value <= 1 + 1e-9]
        values += [] if values and abs(values[-1] - 1) < 1e-9 else [1.0]
    return Scale(values[0], values[-1], tuple((value, _tick(value, unit, step, currency)) for value in values))


def _step(rough: float, unit: str) -> float:
    if unit == "minutes" and rough >= 1:
        return next((step for step in _MINUTES if step >= rough), 0) or _decimal_step(rough / 1440) * 1440
    step = _decimal_step(rough)
    return max(step, 1) if unit == "count" else step


def _decimal_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(size for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9)) * power


def _tick(value: float, unit: str, step: float, currency: str) -> str:
    if unit == "minutes":
        return wording.value(value, unit)
    if unit == "money":
        return wording.value(round(value, 9), unit, currency=currency).removesuffix(f" {currency}")
    size, per = (100, " %") if unit == "share" else (1, {"hours": " h", "ms": " ms"}.get(unit, ""))
    digits = max(0, -floor(log10(step * size) + 1e-9))
    shown = round(value * size, digits)
    return f"{MINUS if shown < 0 else ''}{abs(shown):,.{digits}f}{per}"


def _log(low: float, high: float, unit: str) -> Scale:
    per = 60 if unit == "hours" else 1
    if unit in ("minutes", "hours"):
        many, more = ([value / per for value in values] for values in _LOG_MINUTES)
    else:
        powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
        many, more = [10.0**power for power in powers], [size * 10.0**power for power in powers for size in (2, 5)]
    every = sorted([*many, *more])
    bottom = max((value for value in every if value <= low), default=low)
    top = min((value for value in every if value >= high), default=high)
    if bottom == top:
        top = min((value for value in every if value > top), default=top * 10)
    inside = [value for value in many if bottom <= value <= top]
    if len(inside) < 3:
        inside = [value for value in every if bottom <= value <= top]
    if len(inside) < 3 and unit in ("minutes", "hours"):
        between = [value / per for value in _LOG_BETWEEN if bottom < value / per < top]
        inside = sorted([*inside, *between])
    ticks = tuple((value, _log_name(value * per, unit)) for value in _spread(inside, log10(top / bottom)))
    return Scale(bottom, top, ticks, log=True)


def _spread(values: list[float], span: float) -> list[float]:
    """Without those that stand too near another on a log axis; the ends stay."""
    kept = values[:1]
    for value in values[1:]:
        near = log10(value / kept[-1]) < 0.15 * span
        if near and value == values[-1] and len(kept) > 1:
            kept[-1] = value
        elif not near:
            kept.append(value)
    return kept


def _log_name(value: float, unit: str) -> str:
    if unit not in ("minutes", "hours"):
        return wording.value(round(value, 9), unit)
    if value in (45, 90):
        return f"{value:.0f} min"
    for size, name in ((1440, "d"), (60, "h"), (1, "min")):
        if value >= size:
            return f"{value / size:.0f} {name}"
    return f"{value * 60:.0f} s"


@lru_cache(maxsize=8192)
def width(text: str, size: float = 12) -> float:
    """About how wide a text stands, in px; rather too wide than too narrow."""
    return size * 1.04 * sum(_LETTERS.get(letter, 0.55) for letter in text)


@lru_cache(maxsize=4096)
def shortened(text: str, room: float, size: float = 12) -> str:
    """The text, cut with … where it would stand wider than the room."""
    if width(text, size) <= room:
        return text
    kept = text[: _most_letters(room, size)]
    while kept and width(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _most_letters(room: float, size: float) -> int:
    """No more letters than this fit into the room, however narrow they are."""
    return max(int(6 * room / size), 1) + 1


def wrapped(text: str, room: float, size: float, most: int = 2) -> tuple[str, ...]:
    """The text in lines that fit the room, at most so many; the last is cut with … where it must be."""
    lines = [""]
    for word in " ".join(text.split())[: (most + 1) * _most_letters(room, size)].split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size) <= room or not lines[-1] or len(lines) == most:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(shortened(line, room, size) for line in lines if line)


@lru_cache(maxsize=512)
def names(x: tuple[str, ...], room: float, size: float = 12) -> tuple[tuple[int, str, str], ...]:
    """Which x are named on the axis when each has so much room: (index, name, year beneath where it begins or "")."""
    short = [wording.period_short(key) for key in x]
    widest = max((width(name, size) for name, _ in short), default=0) + 10
    every = next((step for step in (1, 2, 3, 4, 6, 12, 24, 48, 96) if step * room >= widest), len(x) or 1)
    last = len(x) - 1
    shown = [at for at in range(len(x)) if (last - at) % every == 0]
    named: list[tuple[int, str, str]] = []
    year, year_end = "", -inf
    for at in shown:
        name, its_year = short[at]
        begins = its_year if its_year != year and at * room > year_end else ""
        if begins:
            year, year_end = its_year, at * room + width(its_year, size) + 6
        named.append((at, name, begins))
    return tuple(named)


def apart(places: Iterable[float], least: float, low: float, high: float) -> list[float]:
    """The places moved to stand at least so far apart, in their order, between low and high while there is room."""
    wanted = list(places)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    put = [wanted[at] for at in order]
    for at in range(1, len(put)):
        put[at] = max(put[at], put[at - 1] + least)
    if put and put[-1] > high:
        put[-1] = high
        for at in range(len(put) - 2, -1, -1):
            put[at] = min(put[at], put[at + 1] - least)
    placed = [0.0] * len(put)
    for at, where in zip(order, put, strict=True):
        placed[at] = max(where, low)
    return placed


def runs(values: Iterable[float | None]) -> list[list[int]]:
    """The indices that have a value, in unbroken runs: a gap parts them."""
    found: list[list[int]] = [[]]
    for at, value in enumerate(values):
        if value is not None:
            found[-1].append(at)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]

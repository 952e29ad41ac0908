"""The burn-down of one error budget, with what happened on it and what is to come, and its words."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from app.charts import wording
from app.charts.description import Chart, Limits, Series, Span
from app.metrics.forecasts import ENOUGH_DAYS, REPLAYS, Forecast
from app.metrics.periods import local_day, midnight
from app.metrics.spend import DayLeft

_EMPTY = "Nothing of this SLO was measured in its window. Import sli, or connect a source that measures it."
_DAY = timedelta(1)
_UNITS = {"w": "week", "M": "month", "Q": "quarter", "Y": "year"}


class Happened(NamedTuple):
    """What touched the SLO in its window."""

    start: datetime
    stop: datetime
    kind: Literal["incident", "deployment", "exclusion", "revision"]
    said: str
    key: str = ""
    """What a click on it opens."""
    badge: str = ""


class Ahead(NamedTuple):
    """The days after the window: what the forecast says of them, and what came."""

    days: tuple[date, ...]
    forecast: Forecast
    came: tuple[float | None, ...] = ()


def share(value: float | None) -> str:
    """A share of a budget; never rounded across zero."""
    return wording.value(value, "share", 0.0)


def window_words(window: str) -> str:
    """A window as a stretch of time: "28 days", "the calendar quarter"."""
    if window.endswith("d"):
        return f"{window[:-1]} day{'s' if window != '1d' else ''}"
    return f"the calendar {_UNITS.get(window[-1], window)}"


def left_short(left: float) -> str:
    """What is left of a budget, or how far it is overspent: "12 % left", "12 % over"."""
    return f"{share(-left)} over" if left < 0 else f"{share(left)} left"


def left_words(left: float) -> str:
    """What is left of a budget in words."""
    if left < 0:
        return f"The error budget is overspent by {share(-left)}"
    return f"{share(left)} of the error budget is left" if left > 0 else "The error budget is spent to the last of it"


def burndown(
    days: Sequence[DayLeft], window: str, left: float | None, ahead: Ahead, happened: Sequence[Happened],
    levels: Sequence[tuple[float, str]], zone: str,
) -> Chart:  # fmt: skip
    """What was left of a budget at the end of each day of its window, and is to be after it; `levels` are the heights
    that the policy names."""
    x = tuple(day.on.isoformat() for day in days) + tuple(day.isoformat() for day in ahead.days)
    after = len(ahead.days)
    fan = ahead.forecast
    fans = [_padded(row, len(days), after) for row in (fan.low, fan.middle, fan.high)]
    labels = tuple(_said(day) for day in days) + tuple(_expected(ahead, at) for at in range(after))
    series = [Series("left", (*(day.left for day in days), *([None] * after)), labels=labels)]
    if any(value is not None for value in ahead.came):
        came = (*([None] * len(days)), *ahead.came, *([None] * (after - len(ahead.came))))
        series.append(Series("what came", came, "comparison", tuple("" if v is None else share(v) for v in came)))
    gaps = [Span(at, at + 1, "gap", "no data") for at, day in enumerate(days) if day.left is None and left is not None]
    begin, stop = (midnight(days[0].on, zone), midnight(days[-1].on + _DAY, zone)) if days else (None, None)
    spans = [
        Span(_place(max(one.start, begin), days[0].on, zone), _place(min(one.stop, stop), days[0].on, zone), *one[2:])
        for one in happened
        if begin is not None and stop is not None and one.start < stop and one.stop >= begin
    ]
    subtitle = f"Share of the budget of {window_words(window)} left at the end of each day"
    subtitle += "; the band holds eight of ten replays of what may come" if fan.low else ""
    title = "Error budget: no data"
    if left is not None:
        title = f"{left_words(left)}; {outlook_short(fan)}" if fan.state != "over" else left_words(left)
    return Chart(
        "burndown", title, subtitle, "share", x,
        tuple(series), 0.0, "", Limits(*fans) if fan.low else None, spans=(*gaps, *spans), levels=tuple(levels),
        empty=_EMPTY,
    )  # fmt: skip


def _padded(row: Sequence[float], before: int, after: int) -> tuple[float | None, ...]:
    return (*([None] * before), *row[:after], *([None] * (after - len(row))))


def _place(at: datetime, first: date, zone: str) -> float:
    """Where an instant stands, in days from the beginning of the first."""
    on = local_day(at, zone)
    begin = midnight(on, zone)
    return (on - first).days + (at - begin) / (midnight(on + _DAY, zone) - begin)


def _said(day: DayLeft) -> str:
    if day.left is None:
        return wording.NO_DATA
    part = f", measured {wording.value(day.covered, 'share')} of the day" if day.covered < 0.9995 else ""
    return f"{left_short(day.left)}, the day spent {share(day.spent)}{part}"


def _expected(ahead: Ahead, at: int) -> str:
    if at >= len(ahead.forecast.low):
        return wording.NO_DATA
    low, high = share(ahead.forecast.low[at]), share(ahead.forecast.high[at])
    said = f"expected: {low} left" if low == high else f"expected: {low} to {high} left"
    came = ahead.came[at] if at < len(ahead.came) else None
    return said if came is None else f"{said}; what came: {left_short(came)}"


def outlook_short(found: Forecast) -> str:
    """When it will be spent, or be there again, in a few words."""
    first, last, until = (day and wording.day(day) for day in (found.first, found.last, found.until))
    match found.state:
        case "too_few":
            return "too few days to tell how long it lasts"
        case "over":
            return "its window ends here"
        case "lasts":
            return f"it should last beyond {until}"
        case "spends":
            if first == last:
                return f"at this rate it is spent on {first}"
            return f"it may be spent {f'between {first} and {last}' if last else f'from {first} on'}"
        case _:
            if first is None:
                return f"it should not be back by {until}"
            if first == last:
                return f"at this rate it is back on {first}"
            return f"it may be back {f'between {first} and {last}' if last else f'from {first} on'}"


def outlook(found: Forecast, rolling: bool) -> tuple[str, str]:
    """When it will be spent, or be there again: the answer, and how sure it is."""
    days = f"{found.known} of the last {found.reach} days {'has' if found.known == 1 else 'have'} traffic"
    if found.state == "too_few":
        return "Too few days to tell", f"{days}; {ENOUGH_DAYS} are needed to say how fast it goes."
    if found.state == "over":
        return "Its window ends here", "A new budget begins with the next one."
    first, last, until = (day and wording.day(day) for day in (found.first, found.last, found.until))
    back = found.state == "spent"
    if found.state == "lasts":
        said = f"Not before {until}"
    elif first is None:
        said = f"Not by {until}"
    elif first == last:
        said = f"On {first}"
    else:
        said = f"Between {first} and {last}" if last else f"On {first} at the earliest"
    sure = {0.0: "None", 1.0: "All"}.get(found.share, wording.value(found.share, "share"))
    how = "while old days leave the window" if rolling else "until the window ends"
    return said, (
        f"{sure} of {REPLAYS} replays {'have it back' if back else 'spend it'} by {until}: each repeats some "
        f"{found.in_row} days in a row of the last {found.reach}, {how}. What those days did not have is not foreseen."
    )

"""Charts of on-call: when people are called, which teams carry most, whether the noise falls; and the finding."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.charts import wording
from app.charts.description import Chart, Limits, Series
from app.charts.findings import named
from app.charts.headline import count
from app.charts.trend import missing, partial, trend
from app.metrics.calls import Week, When
from app.metrics.catalogue import KPIS
from app.metrics.fairness import Shares
from app.metrics.numbers import Number

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST = 10
"""Rows of a chart of teams: the rest is in the table."""
_EMPTY = "No page by push, sms or phone in these periods. Import pages, or connect the tool that calls people."
_NO_DUTY = "Load is per person-week on call: import shifts.csv, or connect the tool that keeps the rota."


class Sustained(NamedTuple):
    """What the finding of the On-call page is told from."""

    period: str
    """In words."""
    load: Number
    over: Sequence[tuple[str, Number]]
    """Teams surely above the target and their load, the highest first."""
    teams: int
    """Teams whose load is known."""
    after: Number
    sleep: Number
    noise: Number
    uneven: Sequence[str] = ()
    """Teams in which one person carries more than duty and chance explain."""
    unfit: str = ""
    """What of the scope load is not kept by."""
    partial: bool = False


def sustained(told: Sustained) -> str:
    """Whether the load is sustainable and fair, and whether the noise falls."""
    when = wording.capital(told.period) + (", so far" if told.partial else "")
    if not told.after.n and told.load.value is None and told.noise.value is None:
        return f"{when}: no interruption is known, and nobody was looking."
    first = "; ".join(part for part in (_load(told), _teams(told)) if part)
    rest = [_hours(told), _fair(told), _noise(told)]
    return " ".join([f"{when}: {first}.", *(f"{wording.capital(part)}." for part in rest if part)])


def _load(told: Sustained) -> str:
    number, calls = told.load, told.after.n
    if number.value is None:
        said = f"{calls:,} interruption{'s' if calls != 1 else ''}"
        if told.unfit:
            return f"{said} (load is not kept by {told.unfit})"
        return f"{said}, and no shift to hold them against"
    shown = wording.amount(number, "<=").removesuffix(" a week")
    said = f"{shown} interruption{'s' if shown != '1' else ''} a person-week"
    if number.target is not None:
        goal = wording.target(number.target, number.unit, "", number.value).removesuffix(" a week")
        side = "within" if number.verdict == "met" else "above"
        said += f", {side} the target of {goal}" if number.certain is not False else f", close to the target of {goal}"
    return said + _change(number)


def _teams(told: Sustained) -> str:
    if told.teams < 2 or told.load.target is None:
        return ""
    if not told.over:
        return "no team is surely above it"
    team, most = told.over[0]
    load = wording.amount(most, "<=").removesuffix(" a week")
    if len(told.over) == 1:
        return f"{team} carries more, {load}"
    return f"{count(len(told.over))} of {told.teams:,} teams carry more, {team} the most with {load}"


def _hours(told: Sustained) -> str:
    if told.after.value is None or told.sleep.value is None:
        return ""
    after, sleep = wording.amount(told.after, "<="), wording.amount(told.sleep, "<=")
    return f"{after} came outside working hours, {sleep} in sleeping hours"


def _fair(told: Sustained) -> str:
    if not told.uneven:
        return ""
    return f"in {named(told.uneven)} one person carries more than their duty explains"


def _noise(told: Sustained) -> str:
    if told.noise.value is None:
        return "nobody said which pages were needed" if told.noise.n_excluded else ""
    return f"{wording.amount(told.noise, '<=')} of judged pages needed nobody{_change(told.noise)}"


def _change(number: Number) -> str:
    if number.signal == "steady":
        return " (no real change)"
    if number.signal == "too_few":
        return ""
    since = "" if number.since in (None, number.period) else f" since {wording.period(number.since or '')}"
    return f" (a real {'improvement' if number.signal == 'improving' else 'worsening'}{since})"


def loads(numbers: Sequence[Number], names: Mapping[str, str]) -> Chart:
    """The teams that carry most for each person-week, each with its range and held against the target; the finding
    is of all. `names`: team → the name that stands in its row; a click names the team."""
    known = sorted(
        (number for number in numbers if number.value is not None and number.group.team is not None),
        key=lambda number: -(number.value or 0.0),
    )
    shown = known[:MOST]
    goal = next((number.target for number in known if number.target is not None), None)
    rows = tuple(names.get(number.group.team or "", number.group.team or "") for number in shown)
    which = f"The {len(shown)} most loaded of {len(known):,} teams" if len(known) > len(shown) else "By team"
    series = Series(
        "interruptions a person-week",
        tuple(number.value for number in shown),
        labels=tuple(_per_week(number) for number in shown),
        verdicts=tuple(wording.verdict_key(number) for number in shown),
        keys=tuple(number.group.team or "" for number in shown),
    )
    edges = [(number.low, number.value, number.high) for number in shown]
    low, middle, high = zip(*edges, strict=True) if edges else ((), (), ())
    return Chart(
        "interval", _above(known), f"{which}: interruptions a person-week with their 95 % range", "per_week", rows,
        (series,), target=goal, target_op="<=", limits=Limits(low, middle, high), empty=_NO_DUTY,
    )  # fmt: skip


def _per_week(number: Number) -> str:
    return wording.amount(number, "<=").removesuffix(" a week")


def _above(known: Sequence[Number]) -> str:
    if not known:
        return "Load by team: no data"
    keys = [wording.verdict_key(number) for number in known]
    over, unsure = keys.count("missed"), keys.count("unsure")
    if not {"met", "missed", "unsure"} & {*keys}:
        return "Load by team"
    said = f"{over:,} of {len(known):,} teams are above target" if over != 1 else f"1 of {len(known):,} teams is above"
    if over == 1:
        said += " target"
    if not over:
        said = f"None of {len(known):,} teams is surely above target" if len(known) > 1 else "Not surely above target"
    return said + (f", {unsure:,} cannot be told" if unsure else "")


def shares(found: Mapping[str, Shares], names: Mapping[str, str]) -> Chart:
    """Each team's share of all interruptions against its share of all duty, the widest apart first."""
    order = sorted(found.values(), key=lambda one: (-abs(one.beyond), one.team))[:MOST]
    rows = tuple(names.get(one.team, one.team) for one in order)
    said = tuple(f"{_share(one.load)} on {_share(one.duty)}" for one in order)
    keys = tuple(one.team for one in order)
    series = (
        Series("share of interruptions", tuple(one.load for one in order), labels=said, keys=keys),
        Series("share of duty", tuple(one.duty for one in order), "comparison"),
    )
    which = f"The {len(order)} furthest apart of {len(found):,} teams. " if len(found) > len(order) else ""
    title = "Load against duty: no data"
    if order:
        most = max(order, key=lambda one: one.beyond)
        who = names.get(most.team, most.team)
        title = f"{who} carries {_share(most.load)} of the load on {_share(most.duty)} of the duty"
    return Chart(
        "dumbbell", title, f"{which}Dot: share of all interruptions; tick: share of all person-weeks on call", "share",
        rows, series, empty=_NO_DUTY,
    )  # fmt: skip


def _share(value: float) -> str:
    """A part of all: of many teams each has little, so below a tenth one digit more."""
    return wording.value(value, "share") if value >= 0.1 or value == 0 else f"{value * 100:.1f} %"


def when(parts: Sequence[When | None], sleep: Sequence[Number]) -> Chart:
    """Interruptions by month as a stack: in sleeping hours, otherwise off, in business hours. `sleep` are the numbers
    of `sleep_share` of the same months, which the finding is of."""
    asleep = tuple(one.asleep if one else None for one in parts)
    off = tuple(one.off if one else None for one in parts)
    business = tuple(one.business if one else None for one in parts)
    series = (
        Series("Sleeping hours", asleep, labels=_of(parts, asleep)),
        Series("Otherwise off", off, labels=_of(parts, off)),
        Series("Working hours", business, "context", labels=_of(parts, business)),
    )
    return Chart(
        "bar", wording.finding("Share in sleeping hours", sleep),
        "Interruptions by month, by the clocks of each team", "count", tuple(number.period for number in sleep),
        series, partial=partial(sleep), empty=_EMPTY,
    )  # fmt: skip


def _of(parts: Sequence[When | None], values: Sequence[int | None]) -> tuple[str, ...]:
    return tuple(
        wording.NO_DATA if one is None or value is None else f"{value:,} of {one.whole:,}"
        for one, value in zip(parts, values, strict=True)
    )


def week(found: Week, period: str) -> Chart:
    """Interruptions by weekday and hour of a period."""
    x = tuple(f"{hour:02}" for hour in range(24))
    series = tuple(
        Series(
            name,
            tuple(float(found.hours.get((day, hour), 0)) for hour in range(24)) if found.whole else (None,) * 24,
            labels=tuple(_calls(found.hours.get((day, hour), 0), hour) for hour in range(24)),
        )
        for day, name in enumerate(DAYS)
    )
    return Chart(
        "heat", _busiest(found), f"Interruptions of {period} by hour of the week, each in its team's own zone", "count",
        x, series, empty=_EMPTY,
    )  # fmt: skip


def _calls(many: int, hour: int) -> str:
    return f"{many:,} interruption{'s' if many != 1 else ''} from {hour:02}:00 to {(hour + 1) % 24:02}:00"


def _busiest(found: Week) -> str:
    day, weekend = found.busiest, found.share(5, 6)
    if day is None or weekend is None:
        return "Hours of the week: no data"
    most = found.share(day) or 0.0
    return f"{DAYS[day]} has most calls, {_share(most)}; the weekend has {_share(weekend)}"


def engage(medians: Sequence[Number], op: str) -> Chart:
    """Time to engage by month: the median, and the time within which nine in ten were taken."""
    chart = trend(KPIS["time_to_engage"], medians, op=op, subtitle="Minutes from page to acknowledgement, log axis")
    longest = Series("nine in ten", tuple(number.p90 for number in medians), "comparison")
    return replace(chart, series=(chart.series[0]._replace(name="median"), longest), limits=None)


def noise(numbers: Sequence[Number], op: str) -> Chart:
    """Alert noise by month between its bounds: as if no page that nobody judged were noise, and as if all were."""
    chart = trend(KPIS["alert_noise"], numbers, op=op)
    least, most = ([_bound(number, name) for number in numbers] for name in ("least", "most"))
    limits = Limits(tuple(least), (None,) * len(numbers), tuple(most)) if any(b is not None for b in least) else None
    return replace(
        chart,
        subtitle="Share of judged pages that needed nobody, by month; band: had none or all of the unjudged been noise",
        limits=limits,
        empty=missing(KPIS["alert_noise"]),
    )


def _bound(number: Number, name: str) -> float | None:
    said = number.extra.get(name)
    return said if isinstance(said, float) and number.value is not None else None

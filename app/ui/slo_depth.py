"""One SLO in depth: its budget day by day, what spent it, how long it lasts, and what other methods would say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from app.charts import wording
from app.charts.burndown import Ahead, Happened, burndown, share
from app.charts.description import Chart
from app.metrics import forecasts, methods, spend
from app.metrics.facts import Deployment, Facts, Incident, Slo
from app.metrics.forecasts import Day, Forecast
from app.metrics.grouping import known
from app.metrics.methods import Counted
from app.metrics.numbers import Ask
from app.metrics.periods import Kind, Period, containing, local_day, midnight
from app.metrics.promises import Revision, Taken, revised
from app.metrics.slos import revisions_of
from app.metrics.spend import DayLeft, Hit, Part, Spend, Stretch
from app.policy import Policy
from app.store import one_slo
from app.store.engine import reading
from app.ui import read
from app.ui.choices import Asked
from app.ui.read import State

NUMBERED = 5
"""So many incidents are told one by one."""
_LEARNT = timedelta(days=56)
"""What is usual is learnt from so many days before the end, or from the window where that is longer."""
_ONE, _MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
_KINDS: Mapping[str, Kind] = {"w": "week", "M": "month", "Q": "quarter", "Y": "year"}


@dataclass(frozen=True)
class Depth:
    """One SLO over its own window, which ends with the period."""

    slo: Slo
    window: "Window"
    rolling: bool
    spend: Spend | None
    """None without traffic."""
    without: Spend | None
    """The same with nothing taken out by exclusions."""
    timed: bool
    """Whether its budget is minutes; otherwise events."""
    scale: float
    """From the SLI's own unit to that one."""
    days: tuple[DayLeft, ...]
    forecast: Forecast
    after: tuple[date, ...]
    """The days that the forecast speaks of."""
    came: tuple[float | None, ...]
    """What was left at the end of those that were measured since."""
    counted: Mapping[str, Counted | None]
    """By each budgeting method that its rows can tell."""
    slice_objective: float | None
    """The share of good events that makes a slice good, where the SLO says it."""
    longest: float
    """The minutes of the longest row."""
    whole: float | None
    """Of a calendar window that is not over: what is left of the budget of all of it, at this traffic."""
    incidents: Mapping[tuple[str, str], Incident]
    hits: tuple[Hit, ...]
    deployments: tuple[Deployment, ...]
    """Those in the window that incidents name."""
    exclusions: tuple[Taken, ...]
    revisions: tuple[Revision, ...]
    policy: Policy

    def amount(self, bad: float) -> str:
        """A part of the budget in minutes or failures a person understands."""
        if self.timed:
            return wording.duration(bad * self.scale)
        return wording.value(float(round(bad)) if abs(bad) >= 10 else round(bad, 1), "count")


def depth(asked: Asked, source: str, slo: str) -> Depth | None:
    """One SLO in depth over its window that ends with the period asked; None for one that nobody defined."""
    return _depth(read.state(), asked.period, asked.as_of, source, slo)


@lru_cache(maxsize=64)
def _depth(of: State, period: Period, as_of: datetime, source: str, name: str) -> Depth | None:
    facts = read.facts(frozenset(), Ask((), as_of))
    facts = replace(facts, slos=tuple(one for one in facts.slos if one.slo == name))
    revisions, end = revisions_of(facts), min(period.end, as_of)
    slo = revisions.at(source, name, end)
    if slo is None:
        return None
    zone = facts.policy_at(end - _ONE).timezone
    begin = one_slo.start(slo.window, end, zone)
    first, stop = min(begin, end - _LEARNT), min(as_of, end + (end - begin) + timedelta(1))
    with reading(read.opened(of.url)) as conn:
        feeding = [one for one in one_slo.sources(conn) if revisions.key(one, name) == (slo.source, slo.slo)]
        rows = one_slo.rows(conn, feeding, name, first, stop)
        holes = one_slo.holes(conn, feeding, name)
        long_ago, lately = local_day(end, zone) - timedelta(forecasts.RECENT_DAYS), local_day(first, zone)
        history = one_slo.days(conn, feeding, name, long_ago, lately + timedelta(1))
        incidents, impacts = one_slo.touching(conn, slo.service, first, end)
        facts = known(replace(facts, incidents=incidents, impacts=impacts), as_of)
        named = one_slo.deployments(conn, [one.caused_by for one in facts.incidents if one.caused_by])
        slice_objective = one_slo.slice_objective(conn, slo)
    every = spend.stretches(rows, holes)
    return _made(facts, slo, Window(begin, end, zone), every, history, named, slice_objective, as_of)


class Window(NamedTuple):
    """Where a budget is counted, and by whose days."""

    begin: datetime
    end: datetime
    zone: str

    @property
    def days(self) -> list[date]:
        first, last = local_day(self.begin, self.zone), local_day(self.end - _ONE, self.zone)
        return [first + timedelta(at) for at in range((last - first).days + 1)]


def _made(
    facts: Facts, slo: Slo, window: Window, every: list[Stretch], history: list[Day], named: tuple[Deployment, ...],
    slice_objective: float | None, as_of: datetime,
) -> Depth:  # fmt: skip
    begin, end, zone = window
    rows = [row for row in every if begin <= row.start < end]
    past = [row for row in every if row.start < end]
    hits = spend.hits(facts, slo.service, as_of)
    found = spend.spend(rows, slo.objective, hits, *spend.usual(past, hits, zone))
    minutes, total = sum(row.minutes for row in rows if row.total > 0), sum(row.total for row in rows)
    timed = slo.method == "timeslices" or abs(minutes - total) <= 1e-9 * total
    rolling, days = slo.window.endswith("d"), window.days
    if begin > midnight(days[0], zone) and (not rows or local_day(rows[0].start, zone) > days[0]):
        del days[0]  # A window that begins within a day: nothing of that day lies in it.
    closes = None if rolling else containing(days[-1], _KINDS[slo.window[-1]], zone)
    recent = [days[-1] - timedelta(at) for at in range(forecasts.RECENT_DAYS - 1, -1, -1)]
    of_days = spend.by_day(rows, days, zone)
    known_days = {day.on: day for day in history}
    lately = [known_days.get(day.on, day) for day in spend.by_day(past, recent, zone)]
    ahead = forecasts.forecast(of_days, lately, slo.objective, rolling=rolling, ends=closes.after if closes else None)
    after = tuple(days[-1] + timedelta(at + 1) for at in range(len(ahead.low)))
    over = [day for day in after if midnight(day + timedelta(1), zone) <= as_of]
    came = spend.by_day([row for row in every if row.start >= end], over, zone)
    of = (closes.end - begin) / (end - begin) if closes else 1.0
    return Depth(
        slo=slo,
        window=window,
        rolling=rolling,
        spend=found,
        without=spend.spend([row.whole for row in rows], slo.objective, (), None),
        timed=timed,
        scale=minutes / total if timed and total > 0 else 1.0,
        days=tuple(spend.burndown(rows, slo.objective, days, zone)),
        forecast=ahead,
        after=after,
        came=tuple(forecasts.came(of_days, came, slo.objective, rolling=rolling)),
        counted=_counted(slo, rows, slice_objective),
        slice_objective=slice_objective,
        longest=max((row.stop - row.start for row in rows), default=timedelta()) / timedelta(minutes=1),
        whole=1 - found.spent / (found.allowed * of) if found and of > 1.0001 else None,
        incidents={(one.source, one.incident): one for one in facts.incidents},
        hits=tuple(hits),
        deployments=tuple(one for one in named if begin <= one.deployed_at < end),
        exclusions=tuple(spend.excluded(facts, slo, begin, end)),
        revisions=tuple(revised(facts, Ask((), as_of))),
        policy=facts.policy,
    )


def _counted(slo: Slo, rows: list[Stretch], slice_objective: float | None) -> Mapping[str, Counted | None]:
    """The SLO by each method that its rows can tell."""
    if slo.method == "timeslices":
        return {"timeslices": methods.occurrences(rows, slo.objective)}
    return {
        "occurrences": methods.occurrences(rows, slo.objective),
        "timeslices": methods.timeslices(rows, slo.objective, slice_objective or slo.objective),
        "ratio_timeslices": methods.ratio_timeslices(rows, slo.objective),
    }


def chart(page: Depth) -> Chart:
    """The burn-down with what happened on it."""
    numbers = {(part.source, part.incident): str(at + 1) for at, part in enumerate(numbered(page))}
    happened = [Happened(*hit[2:], "incident", _incident_said(page, hit), "|".join(hit[:2])) for hit in page.hits]
    first: set[tuple[str, str]] = set()
    for place, hit in enumerate(page.hits):
        if hit[:2] in numbers and hit[:2] not in first:
            first.add(hit[:2])
            happened[place] = happened[place]._replace(badge=numbers[hit[:2]])
    zone = page.window.zone
    happened += [
        Happened(one.deployed_at, one.deployed_at, "deployment", f"Deployment {one.deployment} of {one.service}, "
        f"named by an incident, {wording.instant(one.deployed_at, zone)}")
        for one in page.deployments
    ]  # fmt: skip
    happened += [
        Happened(one.exclusion.start, one.exclusion.end, "exclusion", f"Taken out: {one.exclusion.reason}, approved by "
        f"{one.exclusion.approved_by}")
        for one in page.exclusions
    ]  # fmt: skip
    happened += [
        Happened(at, at, "revision", f"objective {wording.target(one.slo.objective, 'share', '>=')}")
        for one in page.revisions
        if (at := midnight(one.on, zone)) > page.window.begin
    ]
    rule = page.policy.budget
    levels = [(rule.freeze, f"frozen at {share(rule.freeze)}"), (rule.warn, f"warning at {share(rule.warn)}")]
    return burndown(
        page.days, page.slo.window, page.spend.left if page.spend else None,
        Ahead(page.after, page.forecast, page.came), happened, levels, zone,
    )  # fmt: skip


def numbered(page: Depth) -> tuple[Part, ...]:
    """The incidents that are told one by one: those that spent most."""
    parts = page.spend.parts if page.spend else ()
    return tuple(part for part in parts if part.bad > 0)[:NUMBERED]


def _incident_said(page: Depth, hit: Hit) -> str:
    one = page.incidents.get((hit.source, hit.incident))
    title = one.title if one else hit.incident
    return (
        f"{title}: {wording.instant(hit.start, page.window.zone)}, {wording.duration((hit.stop - hit.start) / _MINUTE)}"
    )

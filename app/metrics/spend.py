"""Where one SLO's error budget went: day by day, and by incident, adding up to the whole.

The rule is told in docs/decisions/budget-spend.md: what a row lost beyond the usual is its incidents', but never more
than everything that fell into their time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from app.metrics.facts import Facts, Sli, Slo
from app.metrics.forecasts import Day
from app.metrics.incidents import end, minutes, real
from app.metrics.periods import local_day, midnight
from app.metrics.promises import Taken

Times = tuple[datetime, datetime]
ENOUGH_DAYS = 7
"""Days without an incident that tell what is usual."""
_QUARTILE = 0.75


class Stretch(NamedTuple):
    """One SLI row, and what is left of it after exclusions."""

    start: datetime
    stop: datetime
    all_total: float
    all_bad: float
    left: float
    """The share of its time that no exclusion takes out."""
    open: tuple[Times, ...]
    """That time."""

    @property
    def total(self) -> float:
        return self.all_total * self.left

    @property
    def bad(self) -> float:
        return self.all_bad * self.left

    @property
    def minutes(self) -> float:
        """Of the time that is left."""
        return minutes(self.start, self.stop) * self.left

    @property
    def whole(self) -> "Stretch":
        """The same with nothing taken out."""
        return self._replace(left=1.0, open=((self.start, self.stop),))


class Hit(NamedTuple):
    """A stretch of time in which an incident touched the SLO's service."""

    source: str
    incident: str
    start: datetime
    stop: datetime


class Part(NamedTuple):
    """What one incident spent of a budget, in the SLI's own unit, and for how long it touched the measured time."""

    source: str
    incident: str
    bad: float
    minutes: float


class Spend(NamedTuple):
    """A budget and where it went, in the SLI's own unit (events, or slices): the parts, `everyday`, `cut` and
    `unexplained` add up to `spent`."""

    total: float
    allowed: float
    spent: float
    parts: tuple[Part, ...]
    """By incident, the largest first; those that took nothing too."""
    everyday: float
    """Lost within the usual level."""
    cut: float
    """Beyond the usual in rows that an exclusion takes out by the share of their time alone: what failed in the
    excluded time may still stand in the rest of the row."""
    unexplained: float
    """Beyond the usual with no incident in its time; where the usual is not known, all that time does not explain."""
    usual: float | None
    """The bad share that a day without an incident stays within; None with too few such days."""
    quiet: int
    """Days without an incident that told it."""

    @property
    def left(self) -> float:
        """The share of the budget left; negative when overspent."""
        return (self.allowed - self.spent) / self.allowed

    @property
    def attained(self) -> float:
        """Good of all."""
        return (self.total - self.spent) / self.total

    @property
    def by_incidents(self) -> float | None:
        """The share of what was spent that incidents took; None where nothing was spent."""
        return sum(part.bad for part in self.parts) / self.spent if self.spent > 0 else None


def stretches(rows: Iterable[Sli], holes: Mapping[str, Sequence[Times]]) -> list[Stretch]:
    """The rows with what exclusions leave of them; `holes` (source of the rows → disjoint excluded times)."""
    found = []
    for row in sorted(rows, key=lambda row: row.start):
        stop = row.start + timedelta(minutes=row.minutes)
        cuts = sorted(
            (max(a, row.start), min(b, stop)) for a, b in holes.get(row.source, ()) if a < stop and b > row.start
        )
        edges = [row.start, *(edge for cut in cuts for edge in cut), stop]
        kept = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)
        taken = sum((b - a for a, b in cuts), timedelta())
        left = 1.0 if not cuts else max(0.0, 1 - taken / timedelta(minutes=row.minutes))
        found.append(Stretch(row.start, stop, row.total, max(0.0, row.total - row.good), left, kept))
    return found


def hits(facts: Facts, service: str, as_of: datetime) -> list[Hit]:
    """When incidents touched a service: their impact windows on it; of an incident without any impact row, from its
    start (else detection) to its end on each service it names. What is still open ends at as-of."""
    incidents = {(one.source, one.incident): one for one in real(facts)}
    found, described = [], set()
    for impact in facts.impacts:
        key = (impact.source, impact.incident)
        described.add(key)
        if key in incidents and impact.service == service:
            found.append(Hit(*key, impact.start, as_of if impact.end is None else min(impact.end, as_of)))
    for key, one in incidents.items():
        if key not in described and service in one.services:
            found.append(Hit(*key, one.started_at or one.detected_at, min(end(one) or as_of, as_of)))
    return sorted((hit for hit in found if hit.start < hit.stop), key=lambda hit: (hit.start, hit.source, hit.incident))


def usual(rows: Iterable[Stretch], touched: Sequence[Hit], zone: str) -> tuple[float | None, int]:
    """The bad share that three of four days without an incident stay within, and how many such days there were; None
    with fewer than seven."""
    days: defaultdict[date, list[Stretch]] = defaultdict(list)
    for row in rows:
        days[local_day(row.start, zone)].append(row)
    levels = []
    for held in days.values():
        total = sum(row.total for row in held)
        if total > 0 and not any(hit.start < row.stop and hit.stop > row.start for row in held for hit in touched):
            levels.append(sum(row.bad for row in held) / total)
    if len(levels) < ENOUGH_DAYS:
        return None, len(levels)
    levels.sort()
    at = _QUARTILE * (len(levels) - 1)
    low = int(at)
    high = min(low + 1, len(levels) - 1)
    return levels[low] + (levels[high] - levels[low]) * (at - low), len(levels)


def spend(
    rows: Sequence[Stretch], objective: float, touched: Sequence[Hit], level: float | None, quiet: int = 0
) -> Spend | None:
    """Where the budget of these rows went; `level` is the usual bad share. None without traffic."""
    total = sum(row.total for row in rows)
    if total <= 0:
        return None
    bad: defaultdict[tuple[str, str], float] = defaultdict(float)
    time: defaultdict[tuple[str, str], float] = defaultdict(float)
    everyday = cut = unexplained = 0.0
    for row in rows:
        shares = _shares(row, touched)
        covered = sum(shares.values())
        if level is None:
            usually, taken = 0.0, row.bad * covered
        else:
            usually = min(row.bad, level * row.total)
            taken = min(row.bad - usually, row.total * covered)
        everyday += usually
        rest = row.bad - usually - taken
        cut += rest if row.left < 1 else 0.0
        unexplained += 0.0 if row.left < 1 else rest
        for key, share in shares.items():
            bad[key] += taken * share / covered if covered else 0.0
            time[key] += share * row.minutes
    parts = [Part(*key, amount, time[key]) for key, amount in bad.items()]
    return Spend(
        total,
        (1 - objective) * total,
        sum(row.bad for row in rows),
        tuple(sorted(parts, key=lambda part: (-part.bad, part.source, part.incident))),
        everyday,
        cut,
        unexplained,
        level,
        quiet,
    )


def _shares(row: Stretch, touched: Sequence[Hit]) -> dict[tuple[str, str], float]:
    """The share of a row's measured time that falls to each incident near it: moments that several share are split
    evenly, excluded ones are nobody's."""
    near = [hit for hit in touched if hit.start < row.stop and hit.stop > row.start]
    whole = sum((b - a for a, b in row.open), timedelta())
    found = {(hit.source, hit.incident): 0.0 for hit in near}
    if not near or not whole:
        return found
    for low, high in row.open:
        inside = {min(max(at, low), high) for hit in near for at in (hit.start, hit.stop)}
        for a, b in pairwise(sorted({low, high, *inside})):
            there = {(hit.source, hit.incident) for hit in near if hit.start <= a and hit.stop >= b}
            for key in there:
                found[key] += (b - a) / whole / len(there)
    return found


class DayLeft(NamedTuple):
    """One day of a burn-down."""

    on: date
    left: float | None
    """The share of the budget left at its end; None on a day without any row."""
    spent: float | None
    """The share that the day spent."""
    covered: float
    """The share of the day's minutes that rows cover."""


def burndown(
    rows: Sequence[Stretch], objective: float, days: Sequence[date], zone: str, of: float = 1.0
) -> list[DayLeft]:
    """What is left of the rows' budget at the end of each day; `of` is how many times larger the budget of the whole
    window is than that of the rows (1: of what was observed). A day without traffic keeps what there was; a day
    without rows is no data."""
    allowed = (1 - objective) * sum(row.total for row in rows) * of
    held: defaultdict[date, list[Stretch]] = defaultdict(list)
    for row in rows:
        held[local_day(row.start, zone)].append(row)
    left, found = 1.0, []
    for day in days:
        of_day = held.get(day, [])
        length = minutes(midnight(day, zone), midnight(day + timedelta(1), zone))
        covered = min(1.0, sum(minutes(row.start, row.stop) for row in of_day) / length)
        spent = sum(row.bad for row in of_day) / allowed if allowed > 0 else 0.0
        left -= spent
        known = bool(of_day) and allowed > 0
        found.append(DayLeft(day, left if known else None, spent if known else None, covered))
    return found


def coverage(days: Sequence[DayLeft]) -> float:
    """The share of the days' time that rows cover, every day alike."""
    return sum(day.covered for day in days) / len(days) if days else 0.0


def by_day(rows: Iterable[Stretch], days: Sequence[date], zone: str) -> list[Day]:
    """The total and bad of each day, 0 where there is no row."""
    total: defaultdict[date, float] = defaultdict(float)
    bad: defaultdict[date, float] = defaultdict(float)
    for row in rows:
        on = local_day(row.start, zone)
        total[on] += row.total
        bad[on] += row.bad
    return [Day(on, total.get(on, 0.0), bad.get(on, 0.0)) for on in days]


def excluded(facts: Facts, slo: Slo, begin: datetime, stop: datetime) -> list[Taken]:
    """The approved exclusions that reach into an SLO's stretch of time, in order of time, with their minutes in it."""
    return [
        Taken(one, minutes(max(one.start, begin), min(one.end, stop)))
        for one in sorted(facts.exclusions, key=lambda one: (one.start, one.exclusion))
        if (slo.slo in one.slos or slo.service in one.services) and one.start < stop and one.end > begin
    ]

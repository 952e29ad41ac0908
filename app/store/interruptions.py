"""Interruptions by the hour of the week, what silence would spare, and how the people of a team share them: sheets,
kept by the month. Who it was leaves this file for the pages' `privacy` alone.

All are folded from raw pages by the one definition of an interruption in `folds`; daily sums know neither the hour nor
the person.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.fairness import Carried
from app.metrics.numbers import Ask
from app.metrics.periods import Period
from app.policy import Policy
from app.store import folds, light, sheets
from app.store.folds import Range, micro
from app.store.kept import Made
from app.store.ranges import DAY, day_number, day_start, number, offset, time_of_day, weekday
from app.store.sheets import Amounts, Entry, Sheet
from app.store.sums import rules_for
from app.store.tables import FACTS
from app.store.types import micros

_HOUR = DAY // 24
_MINUTE = 60_000_000
_HUSH = "hush "
"""Before the services of a label of what silence spares, which are told apart by a line break."""


def week(conn: Connection, ask: Ask, learnt: list[Made] | None = None) -> "Calls":
    """The interruptions of the question's one period, in scope, as known at as-of."""
    amounts: defaultdict[str, float] = defaultdict(int)
    for found in sheets.read(conn, HOURS, ask, learnt).values():
        for label, amount in found.items():
            amounts[label] += amount
    return Calls(amounts)


class Calls:
    """Interruptions by the hour of the week, by the clocks of each team."""

    def __init__(self, amounts: Amounts) -> None:
        self.hours: Mapping[tuple[int, int], int] = {
            divmod(int(label), 24): round(amount)
            for label, amount in sorted(amounts.items())
            if not label.startswith(_HUSH)
        }
        """(weekday from Monday 0, hour) → how many; one that is not there had none."""
        self._hush = {label: amount for label, amount in amounts.items() if label.startswith(_HUSH)}

    @property
    def whole(self) -> int:
        return sum(self.hours.values())

    def left(self, silenced: Collection[str]) -> int:
        """Interruptions that would still have been, had these services kept quiet what was marked not actionable."""
        quiet = {*silenced}
        return self.whole + round(
            sum(amount for label, amount in self._hush.items() if quiet.issuperset(_services(label)))
        )


def _services(label: str) -> list[str]:
    return label.removeprefix(_HUSH).split("\n")


def _hours(conn: Connection, period: Period, as_of: datetime) -> Iterable[Entry]:
    """Labels: the hour of the week (0-167), and what changes where services are silenced: `hush`, those services.

    A page begins an interruption where none rang within the gap before it. Were some services silenced, it would begin
    one if it still rang and all within the gap before it did not. So with A, the services of what rang within the gap
    before it, where all of that was marked not actionable, it gives +1 as soon as all of A are silenced, and, where it
    is itself so marked, -1 as soon as its own service is, too. These amounts add up, whatever is silenced.
    """
    span, policy = _span(period, as_of), _policy(conn, period, as_of)
    if span[1] >= span[2]:
        return
    gap = round(policy.interruption_seconds * 1_000_000)
    one = _told(conn, (0, span[1] - gap, span[2]), policy, as_of)
    hour = weekday(one.c.local) * number(24) + time_of_day(one.c.local) // number(_HOUR)
    quiet = sa.case((sa.and_(one.c.actionable.is_(False), one.c.service != ""), 1), else_=0)
    begins = sa.case((one.c.starts, 1), else_=0)
    counts = sa.case((sa.and_(one.c.alive, one.c.at >= number(span[1])), 1), else_=0)
    rows = conn.execute(
        sa.select(one.c.responder, one.c.at, one.c.team, one.c.service, hour, quiet, begins, counts)
        .where(one.c.rings)
        .order_by(one.c.responder, one.c.at, one.c.source, one.c.page)
    )
    for _, rang in groupby(rows, lambda row: row[0]):
        yield from _spared(rang, gap)


def _spared(rang: Iterable[Sequence[Any]], gap: int) -> Iterator[Entry]:
    """What the pages of one person give, in the order in which they rang."""
    near: deque[tuple[int, str]] = deque()
    """(when, service, or "" where it cannot be silenced) of those within the gap."""
    for _, at, team, service, hour, quiet, begins, counts in rang:
        while near and at - near[0][0] > gap:
            near.popleft()
        before = {name for _, name in near}
        near.append((at, service if quiet else ""))
        if not counts:
            continue
        named = service or None
        if begins:
            yield Entry(team, named, str(hour), 1)
        if "" in before:
            continue
        after = before | {service} if quiet else None
        if after == before:
            continue
        if before:
            yield Entry(team, named, _label(before), 1)
        if after:
            yield Entry(team, named, _label(after), -1)


def _label(services: Iterable[str]) -> str:
    return _HUSH + "\n".join(sorted(services))


HOURS = Sheet(
    "on_call_hours",
    tuple(frozenset(names.split()) for names in ("", "tier", "team", "product", "service", "service team")),
    _hours,
    own_team=True,
)


def carried(conn: Connection, ask: Ask, learnt: list[Made] | None = None) -> list[Carried]:
    """One row a team and person with interruptions or duty in the question's one period. Duty is the union of a
    person's shifts in the team, up to as-of. Of one team or of all: duty is kept by nothing else."""
    people: dict[tuple[str, str], dict[str, float]] = {}
    asked = replace(ask, by=frozenset({"team"}))
    for group, amounts in sheets.read(conn, PEOPLE, asked, learnt).items():
        for label, amount in amounts.items():
            what, _, who = label.partition(" ")
            people.setdefault((group.team or "", who), {})[what] = amount
    rows = [
        Carried(team, round(had.get("n", 0)), round(had.get("squared", 0)), had.get("micros", 0) / _MINUTE, who)
        for (team, who), had in people.items()
    ]
    return sorted(rows, key=lambda one: (one.team, -one.interruptions, -one.duty_minutes, one.squared))


def _people(conn: Connection, period: Period, as_of: datetime) -> Iterable[Entry]:
    """Labels: `n`, `squared` (of each day in the organisation's zone) and `micros` (of duty), and the person."""
    span, policy = _span(period, as_of), _policy(conn, period, as_of)
    if span[1] >= span[2]:
        return
    one = _told(conn, span, policy, as_of)
    local = one.c.at + offset(one.c.at, period.zone, span[1], span[2])
    day = (
        sa.select(one.c.team, one.c.responder, sa.func.count().label("n"))
        .where(one.c.starts, one.c.alive)
        .group_by(one.c.team, one.c.responder, local // number(DAY))
        .subquery("day")
    )
    calls = sa.select(day.c.team, day.c.responder, _total(day.c.n), _total(day.c.n * day.c.n))
    for team, who, n, squared in conn.execute(calls.group_by(day.c.team, day.c.responder)):
        yield Entry(team, None, f"n {who}", n)
        yield Entry(team, None, f"squared {who}", squared)
    for team, who, duty in conn.execute(_duty(span)):
        yield Entry(team, None, f"micros {who}", duty)


def _duty(span: Range) -> sa.Select[Any]:
    """team, responder and the microseconds of their shifts in the team, each moment once."""
    table, (_, start, stop) = FACTS["shifts"], span
    begins, ends = micro(table.c.start), micro(table.c.end)
    shift = (
        sa.select(
            table.c.team,
            table.c.responder,
            sa.case((begins < number(start), number(start)), else_=begins).label("begins"),
            sa.case((ends > number(stop), number(stop)), else_=ends).label("ends"),
        )
        .where(begins < number(stop), ends > number(start))
        .subquery("shift")
    )
    covered = sa.func.max(shift.c.ends).over(
        partition_by=[shift.c.team, shift.c.responder], order_by=[shift.c.begins, shift.c.ends], rows=(None, -1)
    )
    seen = sa.select(shift, covered.label("covered")).subquery("seen")
    since = sa.case((seen.c.covered > seen.c.begins, seen.c.covered), else_=seen.c.begins)
    fresh = sa.case((seen.c.ends > since, seen.c.ends - since), else_=number(0))
    keys = (seen.c.team, seen.c.responder)
    return sa.select(*keys, _total(fresh)).group_by(*keys)


PEOPLE = Sheet("on_call_people", (frozenset({"team"}),), _people, own_team=True)


def _span(period: Period, as_of: datetime) -> Range:
    return (0, micros(period.start), min(micros(period.end), micros(as_of) + 1))


def _policy(conn: Connection, period: Period, as_of: datetime) -> Policy:
    """The one in force at the end."""
    return light.places(conn).policy_at(min(period.end, as_of) - timedelta(microseconds=1))


def _told(conn: Connection, span: Range, policy: Policy, as_of: datetime) -> sa.Subquery:
    """Every page of a stretch of time, by the rules of a policy."""
    held = light.places(conn)
    gone = {one.service: one.retired_on for one in held.services.values() if one.retired_on is not None}
    return folds.told(
        [span],
        rules_for(held, policy),
        as_of=micros(as_of),
        retired={name: day_start(day_number(day) + 1, policy.timezone) for name, day in gone.items()},
        bytewise=conn.dialect.name == "postgresql",
    )


def _total(amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)

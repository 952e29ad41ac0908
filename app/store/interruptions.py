"""Interruptions of one period by the hour of the week, and by how the people of a team share them. Nobody is named:
who it was does not leave the database.

Both are folded from raw pages by the one definition of an interruption in `folds`; daily sums know neither the hour nor
the person.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.fairness import Carried
from app.metrics.numbers import Ask, Scope
from app.store import folds, light
from app.store.folds import Range, micro
from app.store.ranges import DAY, day_number, day_start, number, time_of_day, weekday
from app.store.sums import rules_for
from app.store.tables import FACTS
from app.store.types import micros

_HOUR = DAY // 24
_MINUTE = 60_000_000


class Hour(NamedTuple):
    """Interruptions of one hour of the week, by the clocks of each team."""

    weekday: int
    """0 Monday to 6 Sunday."""
    hour: int
    interruptions: int
    left: int
    """Had the silenced services kept quiet what was marked not actionable."""


def hours(conn: Connection, ask: Ask, silenced: Sequence[str] = ()) -> list[Hour]:
    """The hours of the week that hold an interruption of the question's one period, in scope, as known at as-of."""
    held = light.places(conn)
    one = _told(conn, held, ask, silenced)
    if one is None:
        return []
    left = one.c.still_starts if silenced else one.c.starts
    day, hour = weekday(one.c.local).label("day"), (time_of_day(one.c.local) // number(_HOUR)).label("hour")
    rows = conn.execute(
        sa.select(day, hour, _count(one.c.starts), _count(left))
        .where(sa.or_(one.c.starts, left), *_within(one, held, ask.scope))
        .group_by(day, hour)
        .order_by(day, hour)
    )
    return [Hour(at, of, many, rest) for at, of, many, rest in rows]


def carried(conn: Connection, ask: Ask) -> list[Carried]:
    """One row a team and person with interruptions or duty in the question's one period, without saying who. Duty is
    the union of a person's shifts in the team, up to as-of."""
    held = light.places(conn)
    one = _told(conn, held, ask, ())
    if one is None:
        return []
    day = (
        sa.select(one.c.team, one.c.responder, sa.func.count().label("n"))
        .where(one.c.starts, *_within(one, held, ask.scope))
        .group_by(one.c.team, one.c.responder, one.c.at // number(DAY))
        .subquery("day")
    )
    none = number(0)
    load = sa.select(day.c.team, day.c.responder, day.c.n, (day.c.n * day.c.n).label("squared"), none.label("micros"))
    both = sa.union_all(load, _duty(ask, none)).subquery("both")
    person = (
        sa.select(both.c.team, *(_total(both.c[name]).label(name) for name in ("n", "squared", "micros")))
        .group_by(both.c.team, both.c.responder)
        .order_by(both.c.team, sa.desc("n"), sa.desc("micros"))
    )
    return [Carried(team, n, squared, duty / _MINUTE) for team, n, squared, duty in conn.execute(person)]


def _duty(ask: Ask, none: sa.ColumnElement[int]) -> sa.Select[tuple[str, str, int, int, int]]:
    """team, responder and the microseconds of each shift that no earlier one of theirs in the team covers."""
    table, (_, start, stop) = FACTS["shifts"], _span(ask)
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
    duty = sa.select(seen.c.team, seen.c.responder, none.label("n"), none.label("squared"), fresh.label("micros"))
    return duty if ask.scope.team is None else duty.where(seen.c.team == ask.scope.team)


def _span(ask: Ask) -> Range:
    (period,) = ask.periods
    return (0, micros(period.start), min(micros(period.end), micros(ask.as_of) + 1))


def _told(conn: Connection, held: light.Places, ask: Ask, silenced: Sequence[str]) -> sa.Subquery | None:
    """Every page of the period, by the rules of the policy in force at its end; None before it has begun."""
    span = _span(ask)
    if span[1] >= span[2]:
        return None
    (period,) = ask.periods
    policy = held.policy_at(min(period.end, ask.as_of) - timedelta(microseconds=1))
    gone = {one.service: one.retired_on for one in held.services.values() if one.retired_on is not None}
    return folds.told(
        [span],
        rules_for(held, policy),
        as_of=micros(ask.as_of),
        retired={name: day_start(day_number(day) + 1, policy.timezone) for name, day in gone.items()},
        bytewise=conn.dialect.name == "postgresql",
        silenced=silenced,
    )


def _within(one: sa.Subquery, held: light.Places, scope: Scope) -> list[sa.ColumnElement[bool]]:
    """What a page must be to lie in a scope: its own team goes before its service's."""
    said = [] if scope.team is None else [one.c.team == scope.team]
    if scope.tier is None and scope.product is None and scope.service is None:
        return said
    services = [
        name
        for name, service in held.services.items()
        if scope.tier in (None, service.tier)
        and scope.product in (None, service.product)
        and scope.service in (None, name)
    ]
    return [*said, one.c.service.in_(services)]


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return _total(sa.case((condition, 1), else_=0))


def _total(amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)

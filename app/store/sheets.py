"""Sheets: labelled amounts over one month that are no KPI, kept beside the sums of KPIs and by the same rules (`kept`).

A sheet says how one month folds, in one pass over everything, into entries of a team, a service, a label and an amount;
amounts add up over months and over groups. A question over a quarter or a year is answered by adding its months: those
that are over are kept, the rest is folded live. Who declares a sheet also says what its labels mean.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from app.metrics.facts import Service
from app.metrics.grouping import Places
from app.metrics.numbers import EVERYTHING, Ask, Group, Scope, Tally
from app.metrics.periods import Period, between
from app.store import kept, light
from app.store.facts import load
from app.store.kept import Groups, Made

_OF_SERVICE = frozenset({"tier", "product", "service"})
Amounts = Mapping[str, float]


class Entry(NamedTuple):
    """What one team and service, or what is known of them, give to one label."""

    team: str | None
    """A team of its own, which goes before that of the service."""
    service: str | None
    label: str
    amount: float


class Sheet(NamedTuple):
    """One declaration."""

    key: str
    """Its name among kept sums; `kept.SHEETS` says what it is made of."""
    splits: tuple[frozenset[str], ...]
    """The ways in which it is kept, the coarsest first: a question takes the first that can tell it."""
    fold: Callable[[Connection, Period, datetime], Iterable[Entry]]
    """The entries of a stretch of time as known at an instant."""
    own_team: bool = False
    """Whether entries have a team of their own, so that a service does not say the team."""


def read(conn: Connection, sheet: Sheet, ask: Ask, learnt: list[Made] | None = None) -> dict[Group, Amounts]:
    """Group → label → amount of the question's one period, in its scope and as known at as-of. The groups are those of
    the split that was read: at least as fine as the question's `by`. What had to be made of months that are over is
    added to `learnt`, for `kept.keep`."""
    (period,) = ask.periods
    split, names = _plan(light.places(conn).services, sheet, ask)
    parts = [part for part in _months(period) if part.start <= ask.as_of]
    settled = kept.holding(conn, {period, *parts}, ask.as_of)
    if len(parts) > 1 and period in settled:
        ready = kept.read(conn, [sheet.key], split, [period], ask.as_of, names)
        if ready:
            return _wanted(ready.values(), names)
    held = kept.read(conn, [sheet.key], split, [part for part in parts if part in settled], ask.as_of, names)
    pieces: list[Groups] = list(held.values())
    for part in parts:
        if (sheet.key, part.key) in held:
            continue
        if part in settled and learnt is not None:
            kept.taught(learnt)
            made = make(conn, sheet, part, ask.as_of, settled[part])
            learnt += made
            pieces += [one.groups for one in made if one.split == split]
        else:
            pieces.append(_folded(conn, sheet, part, ask, [(split, ask.scope)])[split])
    found = _wanted(pieces, names)
    if learnt is not None and names is None and len(parts) > 1 and period in settled:
        kept.taught(learnt)
        whole = {group: _tally(amounts) for group, amounts in found.items()}
        learnt.append(Made(sheet.key, split, period, whole, settled[period]))
    return found


def make(conn: Connection, sheet: Sheet, period: Period, as_of: datetime, since: int) -> list[Made]:
    """A sheet over one period that is over, in all its splits."""
    found = _folded(conn, sheet, period, Ask((period,), as_of), [(split, EVERYTHING) for split in sheet.splits])
    return [Made(sheet.key, split, period, groups, since) for split, groups in found.items()]


def _folded(
    conn: Connection, sheet: Sheet, period: Period, ask: Ask, wanted: Sequence[tuple[frozenset[str], Scope]]
) -> dict[frozenset[str], Groups]:
    """One pass, added up in each split, each within a scope."""
    sums: defaultdict[tuple[str | None, str | None], defaultdict[str, float]] = defaultdict(lambda: defaultdict(int))
    for team, service, label, amount in sheet.fold(conn, period, ask.as_of):
        sums[team, service][label] += amount
    facts = load(conn, frozenset(), ask)
    found: dict[frozenset[str], Groups] = {}
    for split, scope in wanted:
        places = Places(facts, Ask((period,), ask.as_of, split, scope))
        groups: defaultdict[Group, Tally] = defaultdict(Tally)
        for (team, service), amounts in sums.items():
            for group in places.groups((service,) if service else (), team=team):
                _add(groups[group].extra, amounts)
        found[split] = {group: _tally(tally.extra) for group, tally in groups.items()}
    return found


def _tally(amounts: Amounts) -> Tally:
    tally = Tally()
    tally.extra.update((label, amount) for label, amount in amounts.items() if amount)
    return tally


def _add(to: defaultdict[str, float], amounts: Amounts) -> None:
    for label, amount in amounts.items():
        to[label] += amount


def _wanted(pieces: Iterable[Groups], names: Sequence[Group] | None) -> dict[Group, Amounts]:
    """Pieces added up, of these groups alone."""
    only = None if names is None else {*names}
    found: defaultdict[Group, defaultdict[str, float]] = defaultdict(lambda: defaultdict(int))
    for groups in pieces:
        for group, tally in groups.items():
            if only is None or group in only:
                _add(found[group], tally.extra)
    return dict(found)


def _plan(services: Mapping[str, Service], sheet: Sheet, ask: Ask) -> tuple[frozenset[str], tuple[Group, ...] | None]:
    """The split that answers a question, and which of its groups lie in the scope; None: all of them."""
    narrowed: dict[str, Any] = {name: value for name, value in ask.scope._asdict().items() if value is not None}
    told = _OF_SERVICE if sheet.own_team else _OF_SERVICE | {"team"}
    wanted = ask.by | narrowed.keys()
    split = next(one for one in sheet.splits if wanted <= (one | told if "service" in one else one))
    if not narrowed:
        return split, None
    own = {name: value for name, value in narrowed.items() if name in split - {"service"}}
    if "service" not in split:
        return split, (Group(**own),) if split == own.keys() else None
    said = {name: value for name, value in narrowed.items() if name not in own}
    within = [
        name
        for name, service in sorted(services.items())
        if all(getattr(service, dimension) == value for dimension, value in said.items())
    ]
    return split, tuple(Group(service=name, **own) for name in within)


def _months(period: Period) -> Sequence[Period]:
    """The calendar months that a period consists of; itself, where it does not."""
    if period.first.day != 1 or period.after.day != 1:
        return (period,)
    return between(period.first, period.after - timedelta(1), "month", period.zone)

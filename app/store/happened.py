"""Incidents of a stretch of time, or one of them, with what hangs on them: read by their time and id, so that a page of
a month costs a month's worth however long the history is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Facts, Incident
from app.metrics.grouping import known
from app.metrics.numbers import Ask
from app.store import light
from app.store.facts import load
from app.store.tables import FACTS

REACH = timedelta(days=92)
"""How far before and after chains of repeats are looked for."""
_INCIDENTS, _IMPACTS, _ACTIONS, _POSTMORTEMS = (
    FACTS[name].c for name in ("incidents", "impacts", "actions", "postmortems")
)
_AT_ONCE = 500
_ONE = timedelta(microseconds=1)


def around(conn: Connection, start: datetime, stop: datetime, as_of: datetime) -> Facts:
    """The incidents detected from `start` until before `stop`, and those of a quarter before and after, with which
    they may form chains of repeats; as known at as-of."""
    table = _INCIDENTS
    low, high = start - REACH, min(stop + REACH, as_of + _ONE)
    ended = sa.and_(table.detected_at < low, sa.or_(table.resolved_at >= low, table.mitigated_at >= low))
    before = light.cached(conn, f"incidents across {low}", lambda: light.some(conn, "incidents", ended))
    found = {(i.source, i.incident): i for i in (*before, *light.detected(conn, low, high))}
    named = sorted({i.repeat_of for i in found.values() if i.repeat_of} - {i.incident for i in found.values()})
    for begin in range(0, len(named), _AT_ONCE):
        more = light.some(conn, "incidents", table.incident.in_(named[begin : begin + _AT_ONCE]))
        found |= {(i.source, i.incident): i for i in more}
    return _with(load(conn, frozenset(), Ask((), as_of)), as_of, incidents=tuple(found.values()))


def one(conn: Connection, incident: str, source: str | None, as_of: datetime) -> tuple[Incident, Facts] | None:
    """An incident by its id (of several sources: of this one, where it is named), with those around it, its impacts,
    postmortem and actions, and the deployment it points at; as known at as-of. None: nobody knows it."""
    base = load(conn, frozenset(), Ask((), as_of))
    found = _with(base, as_of, incidents=light.some(conn, "incidents", _INCIDENTS.incident == incident)).incidents
    chosen = next((one for one in found if source in (None, "", one.source)), None)
    if chosen is None:
        return None
    facts = around(conn, chosen.detected_at, chosen.detected_at + timedelta(microseconds=1), as_of)
    actions = sa.and_(_ACTIONS.origin == "incident", _ACTIONS.origin_id == incident)
    return chosen, _with(
        facts,
        as_of,
        impacts=light.some(conn, "impacts", _IMPACTS.incident == incident),
        postmortems=light.some(conn, "postmortems", _POSTMORTEMS.incident == incident) or _any_postmortem(conn),
        actions=light.some(conn, "actions", actions),
        linked=tuple(light.linked_of(conn, [chosen])),
    )


def hanging(conn: Connection, incidents: Sequence[Incident], as_of: datetime) -> Facts:
    """Some incidents with their impacts and postmortems; as known at as-of."""
    ids = sorted({one.incident for one in incidents})
    found: dict[str, list[Any]] = {"impacts": [], "postmortems": []}
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        found["impacts"] += light.some(conn, "impacts", _IMPACTS.incident.in_(some))
        found["postmortems"] += light.some(conn, "postmortems", _POSTMORTEMS.incident.in_(some))
    base = load(conn, frozenset(), Ask((), as_of))
    return _with(base, as_of, incidents=tuple(incidents), **{name: tuple(rows) for name, rows in found.items()})


def owing(conn: Connection, as_of: datetime) -> Facts:
    """The open actions of incidents, the incidents behind them, and the severe ones whose postmortem is not completed;
    as known at as-of. Where none is owed, one postmortem says that somebody brings them."""
    base = load(conn, frozenset(), Ask((), as_of))
    open_ = sa.and_(
        _ACTIONS.origin == "incident",
        *(sa.or_(column.is_(None), column > as_of) for column in (_ACTIONS.closed_at, _ACTIONS.cancelled_at)),
    )
    origins = sa.select(_ACTIONS.origin_id).where(open_)
    completed = sa.select(_POSTMORTEMS.incident).where(
        _POSTMORTEMS.source == _INCIDENTS.source,
        _POSTMORTEMS.incident == _INCIDENTS.incident,
        _POSTMORTEMS.completed_at <= as_of,
    )
    severe = sa.and_(_INCIDENTS.severity <= base.policy.major_severity, ~completed.exists())
    waiting = sa.or_(_POSTMORTEMS.completed_at.is_(None), _POSTMORTEMS.completed_at > as_of)
    return _with(
        base,
        as_of,
        actions=light.some(conn, "actions", open_),
        incidents=light.some(conn, "incidents", sa.or_(severe, _INCIDENTS.incident.in_(origins))),
        postmortems=light.some(conn, "postmortems", waiting) or _any_postmortem(conn),
    )


def on(conn: Connection, services: Iterable[str], as_of: datetime) -> Facts:
    """The incidents on any of some services, in the order of their keys; as known at as-of."""
    every = light.whole(conn, "incidents")
    places = light.cached(conn, "incidents by service", lambda: _by_service(every))
    found = sorted({at for name in services for at in places.get(name, ())})
    return _with(load(conn, frozenset(), Ask((), as_of)), as_of, incidents=tuple(every[at] for at in found))


def _by_service(incidents: Sequence[Incident]) -> Mapping[str, Sequence[int]]:
    """Service → where its incidents stand."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for at, incident in enumerate(incidents):
        for name in incident.services:
            found[name].append(at)
    return found


def latest_before(conn: Connection, stop: datetime, as_of: datetime, most: int) -> tuple[Incident, ...]:
    """The last incidents detected before an instant, the latest first: at most so many."""
    table = FACTS["incidents"]
    last = sa.select(table.c.detected_at).where(table.c.detected_at < stop, table.c.detected_at <= as_of)
    edge = sa.select(sa.func.min(last.order_by(table.c.detected_at.desc()).limit(most).subquery().c.detected_at))
    since = conn.execute(edge).scalar()
    if since is None:
        return ()
    within = sa.and_(table.c.detected_at >= since, table.c.detected_at < stop, table.c.detected_at <= as_of)
    found = _with(load(conn, frozenset(), Ask((), as_of)), as_of, incidents=light.some(conn, "incidents", within))
    return tuple(sorted(found.incidents, key=lambda one: (one.detected_at, one.incident), reverse=True))


def _with(base: Facts, as_of: datetime, **found: Any) -> Facts:
    return known(replace(base, **found), as_of)


def _any_postmortem(conn: Connection) -> tuple[Any, ...]:
    first = sa.select(_POSTMORTEMS.incident).order_by(_POSTMORTEMS.source, _POSTMORTEMS.incident).limit(1)
    return light.some(conn, "postmortems", _POSTMORTEMS.incident == first.scalar_subquery())[:1]

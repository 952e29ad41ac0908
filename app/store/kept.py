"""Sums of KPIs over periods that are over: made when first asked for, kept for whoever asks next, forgotten in the
transaction that changes a fact they are made of.

A period that is over changes no more with the clock, but by what is written: so its sums hold as of any instant from
`since` on, the latest that the store knew when they were made. They are those of `app.metrics.measure.sums`, split by
some dimensions ("tier", "slo", none …) and never narrowed; a question that is narrowed to tier 0 reads the group of
tier 0. Nobody needs them: what is not kept is made from the daily sums and the facts. Those made within a reader's
limits (`narrow.py`) are kept apart, and read within the same limits alone.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from app import metrics, policy
from app.metrics.catalogue import KPIS
from app.metrics.intervals import Spread
from app.metrics.kpi import made_of
from app.metrics.numbers import Group, Tally
from app.metrics.periods import Period
from app.store import light
from app.store.engine import generation, spare_moment
from app.store.folds import micro
from app.store.narrow import mark
from app.store.tables import DAY_MARKS, FACTS, KEPT_GROUPS, KEPT_SUMS
from app.store.touched import HOUR, Touched
from app.store.types import micros

Groups = Mapping[Group, Tally]
_INSTANTS: Mapping[str, tuple[str, ...]] = {
    "incidents": ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at"),
    "impacts": ("start", "end"),
    "postmortems": ("drafted_at", "completed_at", "reviewed_at"),
    "actions": ("opened_at", "closed_at", "cancelled_at"),
    "dr_tests": ("executed_at",),
}
"""When something of a low-volume fact became known; of the others the days say it."""
_LOCAL = ("sli", "pages", "deployments", "shifts")
"""Entities whose facts count from their own time on."""
_REACH = timedelta(days=32)
"""How far back a fact of these may count at most: the hours before an incident in which a deployment is blamed."""
_ALWAYS = ("teams", "services", "slos", "exclusions")
"""Entities that every number may depend on."""
SHEETS: Mapping[str, frozenset[str]] = {
    "on_call_hours": frozenset({"pages"}),
    "on_call_people": frozenset({"pages", "shifts"}),
    "strategies": frozenset({"deployments"}),
}
"""Sheets (`sheets.py`), which are kept by the same rules → the entities that they are made of."""
MANY = 500
"""How many groups or sums are named to the database at most."""


class Made(NamedTuple):
    """The sums of one KPI over one period, by group."""

    kpi: str
    split: frozenset[str]
    period: Period
    groups: Groups
    since: int


class Unmade(Exception):
    """Sums would have to be made that are not kept."""


class Untaught(list[Made]):
    """Stands for the list of what is learnt where nothing is to be made: `taught` raises Unmade."""


def taught(learnt: list[Made]) -> None:
    """Before anything is made that the list shall hold. Raises Unmade."""
    if isinstance(learnt, Untaught):
        raise Unmade


def read(
    conn: Connection,
    keys: Sequence[str],
    split: frozenset[str],
    periods: Sequence[Period],
    as_of: datetime,
    names: Sequence[Group] | None = None,
    admits: Callable[[Group], bool] = lambda group: True,
) -> dict[tuple[str, str], Groups]:
    """(KPI, period key) → its sums by group, where they are kept and hold: of groups that are admitted, and of
    `names` alone where they are told."""
    if not periods:
        return {}
    found: dict[int, dict[Group, Tally]] = {}
    answer: dict[tuple[str, str], Groups] = {}
    for number, kpi, period in conn.execute(_holding(keys, split, periods, as_of)):
        answer[kpi, period] = found[number] = {}
    groups = KEPT_GROUPS
    wanted = [_name(group, split) for group in names] if names is not None and len(names) <= MANY else None
    for ids in _some(sorted(found)):
        query = sa.select(groups).where(groups.c.sums.in_(ids))
        if wanted is not None:
            query = query.where(groups.c.grp.in_(wanted))
        for number, name, part, whole, n, rest in conn.execute(query).all():
            group = _group(name, split)
            if admits(group):
                found[number][group] = _tally(part, whole, n, rest)
    return answer


def added(
    conn: Connection,
    kpi: str,
    split: frozenset[str],
    periods: Sequence[Period],
    as_of: datetime,
    of: str,
    names: Sequence[Group] | None = None,
    admits: Callable[[Group], bool] | None = None,
) -> dict[str, tuple[float, float]] | None:
    """Name of a dimension (`of`) → its parts and wholes added over the periods, of groups that are admitted (None: of
    all), and of `names` alone where they are told and few; None where not all of the periods are kept."""
    ids = list(conn.execute(_holding([kpi], split, periods, as_of)).scalars())
    if len(ids) < len(periods) or not holding(conn, periods, as_of).keys() >= {*periods}:
        return None
    if not ids:
        return {}
    groups = KEPT_GROUPS
    query = sa.select(groups.c.grp, groups.c.part, groups.c.whole).where(groups.c.sums == ids[0])
    if len(ids) > 1:
        total = sa.select(groups.c.grp, sa.func.sum(groups.c.part), sa.func.sum(groups.c.whole))
        query = total.where(groups.c.sums.in_(ids)).group_by(groups.c.grp)
    if names is not None and len(names) <= MANY:
        query = query.where(groups.c.grp.in_([_name(group, split) for group in names]))
    rows = conn.execute(query).all()
    if admits is None and split == {of}:
        return {_only(name): (part, whole) for name, part, whole in rows}
    found: dict[str, tuple[float, float]] = {}
    for name, part, whole in rows:
        group = _group(name, split)
        if admits is None or admits(group):
            before = found.get(getattr(group, of), (0.0, 0.0))
            found[getattr(group, of)] = (before[0] + part, before[1] + whole)
    return found


def _holding(keys: Sequence[str], split: frozenset[str], periods: Sequence[Period], as_of: datetime) -> sa.Select[Any]:
    table = KEPT_SUMS
    return sa.select(table.c.id, table.c.kpi, table.c.period).where(
        table.c.split == text(split),
        table.c.kpi.in_(keys),
        table.c.period.in_([period.key for period in periods]),
        table.c.since <= micros(as_of),
        table.c.made_by == made_by(),
    )


def holding(conn: Connection, periods: Iterable[Period], as_of: datetime) -> dict[Period, int]:
    """The periods whose sums could be kept if they were made as of an instant, and from when on they hold."""
    last = light.cached(conn, "latest instant", lambda: _latest(conn))
    at = micros(as_of)
    if last > at:
        return {}
    places = light.places(conn)
    slowest = max(
        limit
        for held in [found for _, found in places.policies] or [places.policy_at(as_of)]
        for limit in (held.engage_minutes_without_tier, *(tier.engage_minutes for tier in held.tiers.values()))
    )
    settled = {period: max(last, micros(period.end + timedelta(minutes=slowest))) for period in periods}
    return {period: since for period, since in settled.items() if since <= at}


def keep(engine: Engine, of: int, made: Sequence[Made]) -> bool:
    """Keeps sums that were made of one generation of the store: whether it did. Not while somebody else writes, and
    not what a write since then may have changed: it can be made again."""
    if not made:
        return True
    try:
        with spare_moment(engine) as conn:
            if conn is None or generation(conn) != of:
                return False
            _keep(conn, made)
    except OperationalError as cause:
        logging.getLogger(__name__).warning("sums could not be kept: %s", cause.orig)
        return False
    return True


def _keep(conn: Connection, made: Sequence[Made]) -> None:
    table = KEPT_SUMS
    split: defaultdict[tuple[str, str], dict[str, Made]] = defaultdict(dict)
    for one in made:
        split[mark(conn) + text(one.split), one.kpi][one.period.key] = one  # two questions may have made the same
    for (dimensions, kpi), by_period in split.items():
        periods, some = list(by_period), by_period.values()
        here = sa.and_(table.c.split == dimensions, table.c.kpi == kpi, table.c.period.in_(periods))
        _delete(conn, here)
        same = {"kpi": kpi, "split": dimensions, "made_by": made_by()}
        conn.execute(
            table.insert(),
            [same | {"period": one.period.key, "ends": micros(one.period.end), "since": one.since} for one in some],
        )
        ids = {period: number for number, period in conn.execute(sa.select(table.c.id, table.c.period).where(here))}
        rows = [
            (ids[one.period.key], _name(group, one.split), tally.part, tally.whole, tally.n, _rest(tally))
            for one in some
            for group, tally in one.groups.items()
        ]
        sign = "?" if conn.dialect.name == "sqlite" else "%s"
        if rows:
            conn.exec_driver_sql(f"INSERT INTO kept_groups VALUES ({', '.join([sign] * 6)})", rows)


def forget(conn: Connection, touched: Touched) -> None:
    """Forgets what the facts of a write may have changed; in the same transaction."""
    entities = {entity for entity, _ in touched.entities}
    if entities & {*_ALWAYS}:
        forget_all(conn)
        return
    for entity in sorted(entities):
        keys = [key for key, kpi in KPIS.items() if entity in made_of(kpi.needs)]
        keys += [key for key, entities in SHEETS.items() if entity in entities]
        if not keys:
            continue
        gone: sa.ColumnElement[bool] = KEPT_SUMS.c.kpi.in_(keys)
        first = _first(touched, entity) if entity in _LOCAL else None
        if first is not None:
            gone = sa.and_(gone, KEPT_SUMS.c.ends > first)
        _delete(conn, gone)


def _delete(conn: Connection, which: sa.ColumnElement[bool]) -> None:
    conn.execute(KEPT_GROUPS.delete().where(KEPT_GROUPS.c.sums.in_(sa.select(KEPT_SUMS.c.id).where(which))))
    conn.execute(KEPT_SUMS.delete().where(which))


def forget_all(conn: Connection) -> None:
    """Forgets everything: teams, services, promises or the policy are others now."""
    conn.execute(KEPT_GROUPS.delete())
    conn.execute(KEPT_SUMS.delete())


@lru_cache(maxsize=1)
def made_by() -> str:
    """What sums are made by: the formulas and folds of this release and the policy it ships. Those made by others do
    not hold."""
    folders = (Path(metrics.__file__).parent, Path(__file__).parent)
    texts = [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.py"))]
    return sha256(b"\0".join([*texts, policy.default().model_dump_json().encode()])).hexdigest()[:16]


def _first(touched: Touched, entity: str) -> int | None:
    """The instant from which on facts were touched, less what they reach back; None where it is not known."""
    starts = [first for first, _ in touched.slos.values()] if entity == "sli" else []
    hours = touched.hours.get(entity)
    if hours:
        starts.append(min(hours) * HOUR)
    reach = _REACH if entity == "deployments" else timedelta(hours=1)
    return min(starts) - reach // timedelta(microseconds=1) if starts else None


def _latest(conn: Connection) -> int:
    """The latest instant that any fact speaks of, of those that numbers of past periods may depend on."""
    ends = [conn.execute(sa.select(sa.func.max(DAY_MARKS.c.latest_at))).scalar() or 0]
    for entity, names in _INSTANTS.items():
        table = FACTS[entity]
        found = conn.execute(sa.select(*(sa.func.max(micro(table.c[name])) for name in names))).one()
        ends += [end for end in found if end is not None]
    return max(ends)


def text(split: Iterable[str]) -> str:
    """What sums are split by, as it is kept."""
    return " ".join(sorted(split))


def _name(group: Group, split: Iterable[str]) -> str:
    return _json([getattr(group, name) for name in sorted(split)])


def _only(name: str) -> str:
    """The one part of a group's name: thousands of them are looked at, and few are escaped."""
    return name[2:-2] if name[1] == '"' and "\\" not in name else json.loads(name)[0]


@lru_cache(maxsize=65_536)
def _group(name: str, split: frozenset[str]) -> Group:
    return Group(**dict(zip(sorted(split), json.loads(name), strict=True)))


def _rest(tally: Tally) -> str:
    spread = tally.durations() if tally.values else tally.spread
    parts: dict[str, Any] = {
        "excluded": dict(tally.excluded),
        "extra": dict(tally.extra),
        "seen": tally.seen,
        "elapsed": tally.elapsed,
        "spread": list(spread) if spread else None,
    }
    kept = {name: value for name, value in parts.items() if value is not None and value != {}}
    return _json(kept) if kept else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tally(part: float, whole: float, n: int, rest: str) -> Tally:
    tally = Tally(part, whole, n)
    if rest:
        said = json.loads(rest)
        tally.excluded.update(said.get("excluded", {}))
        tally.extra.update(said.get("extra", {}))
        tally.seen, tally.elapsed = said.get("seen"), said.get("elapsed")
        tally.spread = Spread(*said["spread"]) if "spread" in said else None
    return tally


def _some(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + MANY] for start in range(0, len(ids), MANY))

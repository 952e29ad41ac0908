"""Risks and their actions with their versions: reading one to change it, and keeping what it became.

A risk or action that no form ever touched has no row here: it is version 1, as its file has it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.risk_records import (
    OWN,
    PLAN,
    RATING,
    Clash,
    Conflict,
    Entry,
    RiskKey,
    Treatment,
    Unknown,
    differing,
)
from app.records import ENTITIES, Record
from app.store import light
from app.store.register_tables import ASSESSMENTS, HEADS, VERSIONS
from app.store.tables import FACTS

T = TypeVar("T", bound=Record)
Named = Literal["risks", "actions"]
_SOME = 500


class Kind(NamedTuple):
    """An entity that has versions."""

    entity: Named
    record: type[Record]
    id: str
    extra: tuple[str, ...]
    """Fields that no fact file has."""


RISKS = Kind("risks", Entry, "risk", OWN)
ACTIONS = Kind("actions", Treatment, "action", PLAN)
KINDS: Mapping[str, Kind] = {kind.entity: kind for kind in (RISKS, ACTIONS)}


@dataclass(frozen=True)
class Held(Generic[T]):
    """One risk or action as it is, and since when."""

    key: RiskKey
    entry: T
    version: int
    changed_at: datetime | None = None
    """None: as its file brought it, before anybody kept when."""
    changed_by: str | None = None


def risk(conn: Connection, key: RiskKey, *, lock: bool = False) -> Held[Entry] | None:
    """A risk as it is; `lock`: until the end of the transaction nobody else changes it."""
    return next(iter(_held(conn, RISKS, Entry, [key], lock)), None)


def risks(conn: Connection, keys: Sequence[RiskKey], *, lock: bool = False) -> list[Held[Entry]]:
    """Those of these risks that there are, in the order of source and id, in which they are locked too."""
    return _held(conn, RISKS, Entry, keys, lock)


def actions(conn: Connection, keys: Sequence[RiskKey]) -> list[Held[Treatment]]:
    """Those of these actions that there are, in the order of source and id."""
    return _held(conn, ACTIONS, Treatment, keys, False)


def action(conn: Connection, key: RiskKey, *, lock: bool = False) -> Held[Treatment] | None:
    """An action as it is, whatever it comes from."""
    return next(iter(_held(conn, ACTIONS, Treatment, [key], lock)), None)


def named_risk(conn: Connection, name: str) -> list[Held[Entry]]:
    """The risks of one id, of whatever source: an action names its risk by the id alone."""
    return _made(conn, RISKS, Entry, FACTS["risks"].c.risk == name, HEADS.c.id == name)


def every_risk(conn: Connection) -> list[Held[Entry]]:
    """The whole register, by source and id; kept until the next write."""
    return list(light.cached(conn, "every risk", lambda: tuple(_made(conn, RISKS, Entry, sa.true(), sa.true()))))


def actions_of_risks(conn: Connection, risk: str | None = None) -> list[Held[Treatment]]:
    """The actions that come from risks, which are kept until the next write, or from the risk of one id; a later one
    after an earlier one."""
    table = FACTS["actions"]
    where: sa.ColumnElement[bool] = table.c.origin == "risk"
    if risk is not None:
        where = sa.and_(where, table.c.origin_id == risk)
        own = sa.select(table.c.action).where(where)
        return _in_time(_made(conn, ACTIONS, Treatment, where, HEADS.c.id.in_(own)))
    return list(
        light.cached(
            conn, "actions of risks", lambda: tuple(_in_time(_made(conn, ACTIONS, Treatment, where, sa.true())))
        )
    )


def _in_time(found: Iterable[Held[Treatment]]) -> list[Held[Treatment]]:
    return sorted(found, key=lambda one: (one.entry.opened_at, one.key))


def _held(conn: Connection, kind: Kind, record: type[T], keys: Sequence[RiskKey], lock: bool) -> list[Held[T]]:
    table, found = FACTS[kind.entity], list[Held[T]]()
    wanted = sorted(set(keys))
    for source, group in groupby(wanted, key=lambda key: key.source):
        names = [key.id for key in group]
        for start in range(0, len(names), _SOME):
            some = names[start : start + _SOME]
            here = sa.and_(table.c.source == source, table.c[kind.id].in_(some))
            if lock:
                order = _bytewise(conn, table.c[kind.id])
                conn.execute(sa.select(table.c.source).where(here).order_by(order).with_for_update()).all()
            heads = sa.and_(HEADS.c.source == source, HEADS.c.id.in_(some))
            found += _made(conn, kind, record, here, heads)
    return sorted(found, key=lambda one: one.key)


def _bytewise(conn: Connection, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.collate(column, "C") if conn.dialect.name == "postgresql" else column


def _made(
    conn: Connection, kind: Kind, record: type[T], where: sa.ColumnElement[bool], heads: sa.ColumnElement[bool]
) -> list[Held[T]]:
    table = FACTS[kind.entity]
    names = [name for name in record.model_fields if name not in kind.extra]
    held = {
        RiskKey(row.source, row.id): row
        for row in conn.execute(sa.select(HEADS).where(HEADS.c.entity == kind.entity, heads))
    }
    found = []
    query = sa.select(table.c.source, *(table.c[name] for name in names)).where(where)
    for source, *values in conn.execute(query.order_by(table.c.source, table.c[kind.id])):
        fields = dict(zip(names, values, strict=True))
        key = RiskKey(source, fields[kind.id])
        head = held.get(key)
        entry = record.model_validate(fields | (head.extra if head else {}))
        if head is None:
            found.append(Held(key, entry, 1))
        else:
            found.append(Held(key, entry, head.version, head.changed_at, head.changed_by))
    return found


def at_version(conn: Connection, held: Held[T], version: int) -> T | None:
    """What it was at an earlier version; None where that is not known."""
    if version == held.version:
        return held.entry
    kind = _kind(held.entry)
    row = conn.execute(sa.select(VERSIONS.c.entry).where(*_of(VERSIONS, kind, held.key), VERSIONS.c.version == version))
    found = row.scalar()
    return None if found is None else type(held.entry).model_validate(found)


def expect(conn: Connection, held: Held[T], version: int, change: Callable[[T], T]) -> T:
    """What a change makes of it. Raises Conflict where it is no longer at the version that was read, Unknown where it
    never was."""
    if held.version == version:
        return change(held.entry)
    base = at_version(conn, held, version)
    if base is None or held.changed_at is None or held.changed_by is None:
        raise Unknown(f"{held.key.id} was never at version {version}: open it again.")
    mine = change(base)
    theirs, own = differing(base, held.entry), differing(base, mine)
    fields = {
        name: Clash(getattr(base, name), getattr(mine, name), getattr(held.entry, name))
        for name in type(base).model_fields
        if name in theirs or name in own
    }
    raise Conflict(held.key, held.version, held.changed_by, held.changed_at, fields)


def keep(
    conn: Connection,
    held: Held[T] | None,
    new: T,
    *,
    key: RiskKey,
    by: str,
    act: str,
    why: str | None,
    at: datetime,
    facts: bool = True,
) -> Held[T]:
    """Keeps the next version; `facts` False: the fact itself is written already, by an import."""
    kind = _kind(new)
    changes = differing(held.entry if held else None, new)
    if held is not None and held.changed_at is None:
        _first(conn, kind, held, at)
    version = held.version + 1 if held else 1
    if facts:
        _write(conn, kind, key, new, new_one=held is None)
    extra = new.model_dump(mode="json", include=set(kind.extra), exclude_none=True)
    row = {"version": version, "changed_at": at, "changed_by": by, "extra": extra}
    if held is None:
        conn.execute(HEADS.insert().values(**_names(kind, key), **row))
    else:
        conn.execute(HEADS.update().where(*_of(HEADS, kind, key)).values(**row))
    conn.execute(VERSIONS.insert().values(**_version(kind, key, new, version, by, act, why, at, changes)))
    if isinstance(new, Entry) and (held is None or act == "assess" or changes.keys() & {*RATING}):
        conn.execute(ASSESSMENTS.insert().values(**_rating(key, new, version, by, why, at)))
    return Held(key, new, version, at, by)


def begin(conn: Connection, made: Sequence[tuple[RiskKey, T]], *, by: str, at: datetime) -> None:
    """Version 1 of what an import has just made, many at once."""
    heads, versions, rated = [], [], []
    for key, new in made:
        kind = _kind(new)
        extra = new.model_dump(mode="json", include=set(kind.extra), exclude_none=True)
        heads.append({**_names(kind, key), "version": 1, "changed_at": at, "changed_by": by, "extra": extra})
        versions.append(_version(kind, key, new, 1, by, "import", None, at, differing(None, new)))
        if isinstance(new, Entry):
            rated.append(_rating(key, new, 1, by, None, at))
    for table, rows in ((HEADS, heads), (VERSIONS, versions), (ASSESSMENTS, rated)):
        if rows:
            conn.execute(table.insert(), rows)


def _first(conn: Connection, kind: Kind, held: Held[T], at: datetime) -> None:
    """Version 1 of what a file brought before anybody kept versions of it."""
    row = {"version": 1, "changed_at": at, "changed_by": "import", "extra": {}}
    conn.execute(HEADS.insert().values(**_names(kind, held.key), **row))
    conn.execute(VERSIONS.insert().values(**_version(kind, held.key, held.entry, 1, "import", "import", None, at, {})))


def _version(
    kind: Kind,
    key: RiskKey,
    entry: Record,
    version: int,
    by: str,
    act: str,
    why: str | None,
    at: datetime,
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        **_names(kind, key),
        "version": version,
        "at": at,
        "actor": by,
        "act": act,
        "why": why,
        "changes": {name: [plain(before), plain(after)] for name, (before, after) in changes.items()},
        "entry": entry.model_dump(mode="json", exclude_none=True),
    }


def _rating(key: RiskKey, entry: Entry, version: int, by: str, why: str | None, at: datetime) -> dict[str, Any]:
    about = {"source": key.source, "risk": key.id, "version": version, "at": at, "actor": by, "why": why}
    return about | {name: getattr(entry, name) for name in RATING}


def _write(conn: Connection, kind: Kind, key: RiskKey, new: Record, *, new_one: bool) -> None:
    table = FACTS[kind.entity]
    values = {name: getattr(new, name) for name in ENTITIES[kind.entity].record.model_fields}
    if new_one:
        conn.execute(table.insert().values(source=key.source, **values))
        return
    del values[kind.id]
    conn.execute(table.update().where(table.c.source == key.source, table.c[kind.id] == key.id).values(**values))


def plain(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, Record):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _kind(entry: Record) -> Kind:
    return RISKS if isinstance(entry, Entry) else ACTIONS


def _names(kind: Kind, key: RiskKey) -> dict[str, str]:
    return {"entity": kind.entity, "source": key.source, "id": key.id}


def _of(table: sa.Table, kind: Kind, key: RiskKey) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in _names(kind, key).items())

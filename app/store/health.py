"""What Data health tells of a store: how many facts, in which month, and what is odd about them. Looking takes a pass
over every fact, so the last look is kept until the next write, for a day."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from app.metrics.periods import between
from app.store import coverage, kept, light, quality
from app.store.coverage import Key
from app.store.engine import generation, reading, spare_moment
from app.store.facts import bounds
from app.store.quality import Example, Finding
from app.store.tables import META

_NAME = "health"
_HOLDS = timedelta(days=1)
"""Some oddities come with time alone: an incident that has not ended for a month."""


class Health(NamedTuple):
    """One look at the store."""

    held: Mapping[Key, int]
    """(entity, source) → facts."""
    months: Mapping[str, Mapping[Key, int]]
    """Month → facts in it."""
    findings: tuple[Finding, ...]


def health(conn: Connection, now: datetime) -> Health:
    """The last look, where it holds; otherwise a new one."""
    return _kept(conn, now) or look(conn, now)


def look(conn: Connection, now: datetime) -> Health:
    """Counts and findings by the facts themselves."""
    ends = bounds(conn)
    months = between(*ends, "month", light.places(conn).policy_at(now).timezone) if ends else ()
    by_month: dict[str, dict[Key, int]] = {month.key: {} for month in months}
    for key, counts in coverage.by_month(conn, months).items():
        for month, count in zip(months, counts, strict=True):
            by_month[month.key][key] = count
    return Health(coverage.held(conn), by_month, quality.findings(conn, now))


def stale(conn: Connection, now: datetime) -> bool:
    """Whether the next reader would have to wait for a new look."""
    return bounds(conn) is not None and _kept(conn, now) is None


def keep(engine: Engine, now: datetime) -> bool:
    """Looks, and keeps what was seen: whether it did. Not while somebody else writes."""
    with reading(engine) as conn:
        of = generation(conn)
        text = json.dumps(
            {"of": of, "at": now.isoformat(), "by": kept.made_by(), **_plain(look(conn, now))}, default=int
        )
    try:
        with spare_moment(engine) as conn:
            if conn is None or generation(conn) != of:
                return False
            if not conn.execute(META.update().where(META.c.name == _NAME).values(value=text)).rowcount:
                conn.execute(META.insert().values(name=_NAME, value=text))
    except OperationalError:
        return False
    return True


def _kept(conn: Connection, now: datetime) -> Health | None:
    text = conn.execute(sa.select(META.c.value).where(META.c.name == _NAME)).scalar()  # not there within limits
    said: dict[str, Any] = json.loads(text) if text else {}
    if said.get("of") != generation(conn) or said.get("by") != kept.made_by():
        return None
    if not timedelta() <= now - datetime.fromisoformat(said["at"]) < _HOLDS:
        return None
    findings = tuple(
        Finding(kind, entity, column, facts, tuple(Example(*one) for one in examples), earlier)
        for kind, entity, column, facts, examples, earlier in said["findings"]
    )
    return Health(_counts(said["held"]), {month: _counts(rows) for month, rows in said["months"].items()}, findings)


def _plain(health: Health) -> dict[str, Any]:
    def rows(counts: Mapping[Key, int]) -> list[Any]:
        return [[*key, count] for key, count in counts.items()]

    months = {month: rows(counts) for month, counts in health.months.items()}
    return {"held": rows(health.held), "months": months, "findings": health.findings}


def _counts(rows: list[Any]) -> dict[Key, int]:
    return {(entity, source): count for entity, source, count in rows}

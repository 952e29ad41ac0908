"""What is odd about the facts that were kept: each kind of oddity with how many facts, and the first of them.

A row that cannot be is set aside when it is read (`rejects`); these could be kept, but some number leaves them out, or
counts them for the company alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.records import ENTITIES
from app.store.tables import DEPLOYMENT_DAYS, FACTS, PAGE_DAYS, SLI_DAYS, SPANS
from app.store.types import EPOCH, micros

SHOWN = 100
"""How many of each are named."""
OPEN_DAYS = 30
"""An incident without an end that was detected longer ago is more likely to lack its end than to last."""
SILENT_DAYS = 35
"""An SLO without a row in the last days that any SLO has rows for is silent."""
_CRITICAL_TIER = 1
_BACKWARDS = {
    "incidents": (("started_at", "detected_at"), ("detected_at", "acknowledged_at")),
    "pages": (("triggered_at", "acknowledged_at"), ("triggered_at", "resolved_at")),
    "deployments": (("committed_at", "deployed_at"),),
    "actions": (("opened_at", "closed_at"),),
}
"""Entity → pairs (earlier, later) that should not run backwards."""
_SUMMED = {
    ("pages", "triggered_at", "acknowledged_at"): PAGE_DAYS.c.negative,
    ("deployments", "committed_at", "deployed_at"): DEPLOYMENT_DAYS.c.lead_negative,
}
"""Pairs that the daily sums count: nothing is read where they count none."""
_HAPPENED = ("sli", "incidents", "impacts", "pages", "deployments")
"""Entities whose facts cannot lie in the future."""


class Example(NamedTuple):
    source: str
    """Empty where it is of no one source."""
    id: str
    said: str


class Finding(NamedTuple):
    """One kind of oddity."""

    kind: str
    """unknown_link, backwards, no_end, impact_no_end, no_start, no_service, slo_no_data, slo_silent, no_slo, future,
    differs, no_result."""
    entity: str
    column: str | None
    facts: int
    """How many facts of the entity."""
    examples: tuple[Example, ...]
    earlier: str | None = None
    """Of `backwards`: the column that should come first."""


def findings(conn: Connection, now: datetime) -> tuple[Finding, ...]:
    """Everything odd, as known at an instant; empty when nothing is."""
    found = (
        *_unknown_links(conn),
        *_backwards(conn),
        *_incidents(conn, now),
        *_slos(conn),
        *_future(conn, now),
        *_differing(conn),
        *_tests(conn, now),
    )
    return tuple(finding for finding in found if finding.facts)


def _unknown_links(conn: Connection) -> Iterator[Finding]:
    """Optional links to what nobody knows; an example is a name, with how many facts name it."""
    for entity in ENTITIES.values():
        for column, target in entity.links.items():
            known = set(conn.execute(sa.select(FACTS[target].c[ENTITIES[target].key[0]]).distinct()).scalars())
            named: Counter[tuple[str, str]] = Counter()
            facts = 0
            for source, value, count in conn.execute(_named(entity.name, column)):
                names = value if isinstance(value, tuple) else (value,)
                unknown = [name for name in names if name not in known]
                facts += count if unknown else 0
                for name in unknown:
                    named[source, name] += count
            most = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN]
            examples = (Example(source, name, f"{count:,}") for (source, name), count in most)
            yield Finding("unknown_link", entity.name, column, facts, tuple(examples))


def _named(entity: str, column: str) -> sa.Select[Any]:
    """Source, what a link column says, in how many facts. Of pages by the daily sums, where they keep it."""
    if entity == "pages" and column in PAGE_DAYS.c:
        cell = PAGE_DAYS.c[column]
        return sa.select(sa.literal(""), cell, sa.func.sum(PAGE_DAYS.c.pages)).where(cell != "").group_by(cell)
    table = FACTS[entity]
    cell = table.c[column]
    return sa.select(table.c.source, cell, sa.func.count()).where(cell.is_not(None)).group_by(table.c.source, cell)


def _backwards(conn: Connection) -> Iterator[Finding]:
    for entity, pairs in _BACKWARDS.items():
        table = FACTS[entity]
        for earlier, later in pairs:
            summed = _SUMMED.get((entity, earlier, later))
            if summed is not None and not conn.execute(sa.select(sa.func.sum(summed))).scalar():
                continue
            odd = table.c[later] < table.c[earlier]
            found = _facts(conn, "backwards", entity, later, odd, _two(later, earlier))
            yield found._replace(earlier=earlier)


def _two(later: str, earlier: str) -> Callable[[Any], str]:
    return lambda row: f"{later} {_at(row[later])}, {earlier} {_at(row[earlier])}"


def _one(column: str) -> Callable[[Any], str]:
    return lambda row: _at(row[column])


def _incidents(conn: Connection, now: datetime) -> Iterator[Finding]:
    table, impacts = FACTS["incidents"], FACTS["impacts"]
    real = sa.func.coalesce(table.c.kind, "incident") == "incident"
    open_ = sa.and_(table.c.mitigated_at.is_(None), table.c.resolved_at.is_(None))
    old = table.c.detected_at < now - timedelta(days=OPEN_DAYS)
    yield _facts(conn, "no_end", "incidents", "resolved_at", sa.and_(real, open_, old), _one("detected_at"))
    ended = sa.exists().where(
        table.c.source == impacts.c.source,
        table.c.incident == impacts.c.incident,
        sa.or_(table.c.mitigated_at.is_not(None), table.c.resolved_at.is_not(None)),
    )
    lasting = sa.and_(impacts.c.end.is_(None), ended)
    yield _facts(conn, "impact_no_end", "impacts", "end", lasting, _one("start"))
    unstarted = sa.and_(real, table.c.started_at.is_(None))
    yield _facts(conn, "no_start", "incidents", "started_at", unstarted, _one("detected_at"))
    unplaced = sa.and_(real, table.c.services.is_(None), ~sa.exists().where(impacts.c.incident == table.c.incident))
    yield _facts(conn, "no_service", "incidents", "services", unplaced, _one("title"))


def _slos(conn: Connection) -> Iterator[Finding]:
    slos, services = FACTS["slos"], FACTS["services"]
    defined = {row.slo: row for row in conn.execute(sa.select(slos.c.source, slos.c.slo, slos.c.name, slos.c.service))}
    last = conn.execute(sa.select(sa.func.max(SLI_DAYS.c.day))).scalar()
    lately: set[str] = set()
    if last is not None:
        days = sa.select(SLI_DAYS.c.slo).where(SLI_DAYS.c.day > last - SILENT_DAYS).distinct()
        lately = set(conn.execute(days).scalars())
    quiet = sorted(defined.keys() - lately)
    seen: dict[str, int] = {}
    if quiet and last is not None:
        ends = sa.select(SLI_DAYS.c.slo, sa.func.max(SLI_DAYS.c.day)).group_by(SLI_DAYS.c.slo)
        seen = {slo: day for slo, day in conn.execute(ends) if slo in defined and slo not in lately}
    never = [Example(defined[slo].source, slo, defined[slo].name) for slo in quiet if slo not in seen]
    first_day = EPOCH.date()
    silent = [Example(defined[slo].source, slo, f"{first_day + timedelta(seen[slo])}") for slo in quiet if slo in seen]
    yield _of("slo_no_data", "slos", "slo", never)
    yield _of("slo_silent", "slos", "slo", silent)
    if not defined:
        return
    bare = sa.select(services.c.source, services.c.service, services.c.tier).where(
        services.c.tier <= _CRITICAL_TIER,
        services.c.retired_on.is_(None),
        services.c.service.not_in(sa.select(slos.c.service)),
    )
    found = conn.execute(bare.order_by(services.c.tier, services.c.service))
    yield _of("no_slo", "services", "service", [Example(source, name, f"tier {tier}") for source, name, tier in found])


def _future(conn: Connection, now: datetime) -> Iterator[Finding]:
    late = sa.select(SPANS.c.entity).where(SPANS.c.entity.in_(_HAPPENED), SPANS.c.last > micros(now)).distinct()
    for entity in sorted(conn.execute(late).scalars()):
        at = str(ENTITIES[entity].at)
        yield _facts(conn, "future", entity, at, FACTS[entity].c[at] > now, _one(at))


def _differing(conn: Connection) -> Iterator[Finding]:
    """Services that two sources tell differently: tier or team."""
    services = FACTS["services"]
    told: dict[str, list[Any]] = {}
    for row in conn.execute(sa.select(services.c.source, services.c.service, services.c.tier, services.c.team)):
        told.setdefault(row.service, []).append(row)
    odd = [
        Example("", name, "; ".join(f"{row.source}: tier {row.tier}, {row.team}" for row in rows))
        for name, rows in sorted(told.items())
        if len({(row.tier, row.team) for row in rows}) > 1
    ]
    yield _of("differs", "services", "tier", odd)


def _tests(conn: Connection, now: datetime) -> Iterator[Finding]:
    tests = FACTS["dr_tests"]
    odd = sa.and_(tests.c.executed_at <= now, tests.c.result.is_(None))
    yield _facts(conn, "no_result", "dr_tests", "result", odd, _one("name"))


def _of(kind: str, entity: str, column: str, examples: list[Example]) -> Finding:
    return Finding(kind, entity, column, len(examples), tuple(examples[:SHOWN]))


def _facts(
    conn: Connection, kind: str, entity: str, column: str, odd: sa.ColumnElement[bool], said: Callable[[Any], str]
) -> Finding:
    """The facts of an entity that a condition holds for: how many, and the first."""
    table = FACTS[entity]
    count = conn.execute(sa.select(sa.func.count()).select_from(table).where(odd)).scalar_one()
    examples: Iterable[Example] = ()
    if count:
        rows = conn.execute(sa.select(table).where(odd).order_by(*table.primary_key.columns).limit(SHOWN)).mappings()
        examples = [Example(row["source"], _id(entity, row), said(row)) for row in rows]
    return Finding(kind, entity, column, count, tuple(examples))


def _id(entity: str, row: Any) -> str:
    return ", ".join(_at(row[name]) for name in ENTITIES[entity].key if row[name] is not None)


def _at(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)

"""How many facts there are, of which entity, from which source, in which month."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.periods import Period
from app.records import ENTITIES
from app.store.tables import FACTS, PAGE_DAYS, SLI_DAYS, SPANS
from app.store.types import EPOCH

Key = tuple[str, str]
"""(entity, source)"""


def held(conn: Connection) -> dict[Key, int]:
    """(entity, source) → how many facts, in the order of the entities; those without any are not in it."""
    found: dict[Key, int] = {}
    for entity in ENTITIES:
        source, count = _counted(conn, entity)
        query = sa.select(source, count).group_by(source).order_by(source)
        found |= {(entity, name): int(number) for name, number in conn.execute(query) if number}
    return found


def by_month(conn: Connection, months: Sequence[Period]) -> dict[Key, tuple[int, ...]]:
    """(entity, source) → how many facts in each of these months, which follow each other. Of entities with a time."""
    found: dict[Key, list[int]] = {}
    for entity, declared in ENTITIES.items():
        if declared.at is None or not months:
            continue
        for source, at, count in conn.execute(_monthly(conn, entity, declared.at, months)):
            found.setdefault((entity, source), [0] * len(months))[at] += int(count)
    return {key: tuple(counts) for key, counts in found.items()}


def _counted(conn: Connection, entity: str) -> tuple[sa.ColumnElement[str], sa.ColumnElement[Any]]:
    """Source, and how many facts of it: of the high-volume entities by the daily sums, where they tell."""
    if entity == "sli":
        return SLI_DAYS.c.source, sa.func.sum(SLI_DAYS.c.rows + SLI_DAYS.c.idle_rows)
    if entity == "pages" and (only := _only_source_of_pages(conn)):
        return sa.literal(only).label("source"), sa.func.sum(PAGE_DAYS.c.pages)
    return FACTS[entity].c.source, sa.func.count()


def _only_source_of_pages(conn: Connection) -> str | None:
    """The one source that gives pages: their daily sums know of none. None where there are several, or no pages."""
    sources = list(conn.execute(sa.select(SPANS.c.source).where(SPANS.c.entity == "pages")).scalars())
    return sources[0] if len(sources) == 1 else None


def _monthly(conn: Connection, entity: str, at: str, months: Sequence[Period]) -> sa.Select[Any]:
    """Source, which of the months, how many: from the daily sums where they tell, else by an index on time."""
    first_day = EPOCH.date()
    days = [(month.first - first_day).days for month in (*months, months[-1].previous(-1))]
    if entity == "sli":
        return _cut(SLI_DAYS.c.source, SLI_DAYS.c.day, days, sa.func.sum(SLI_DAYS.c.rows + SLI_DAYS.c.idle_rows))
    if entity == "pages" and (only := _only_source_of_pages(conn)):
        return _cut(sa.literal(only), PAGE_DAYS.c.day, days, sa.func.sum(PAGE_DAYS.c.pages))
    table = FACTS[entity]
    if isinstance(table.c[at].type, sa.Date):
        starts: list[Any] = [month.first for month in (*months, months[-1].previous(-1))]
    else:
        starts = [month.start for month in (*months, months[-1].previous(-1))]
    return _cut(table.c.source, table.c[at], starts, sa.func.count())


def _cut(source: Any, at: sa.Column[Any], starts: Sequence[Any], count: sa.ColumnElement[Any]) -> sa.Select[Any]:
    which = sa.case(*((at < start, place) for place, start in enumerate(starts[1:])), else_=len(starts)).label("month")
    named = source.label("source")
    inner = at >= starts[0], at < starts[-1]
    return sa.select(named, which, count).where(*inner).group_by(named, which)

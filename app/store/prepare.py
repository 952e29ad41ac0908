"""Keeps, ahead of the first question, the sums and sheets that every page asks: each month that is over, split in the
ways that pages split it. Nobody needs it: a page makes what is missing by itself, more slowly."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.metrics.catalogue import KPIS
from app.metrics.kpi import Kpi
from app.metrics.measure import narrow
from app.metrics.numbers import Ask
from app.metrics.periods import Period, between
from app.store import change, health, interruptions, kept, sheets
from app.store.engine import generation, reading
from app.store.facts import bounds, load
from app.store.light import places
from app.store.numbers import whole
from app.store.tables import KEPT_SUMS
from app.store.types import micros

_BY_SEVERITY = frozenset({"major_incidents", "time_to_restore", "time_to_detect"})
SPLITS: Mapping[frozenset[str], frozenset[str]] = {
    frozenset(): frozenset(KPIS),
    frozenset({"severity", "tier"}): frozenset(KPIS),
    **{frozenset({name}): frozenset(KPIS) for name in ("tier", "team", "product", "service", "slo", "severity")},
    **{frozenset({"tier", name}): frozenset(KPIS) for name in ("team", "product")},
    **{frozenset({"severity", name}): _BY_SEVERITY for name in ("team", "product", "service")},
    **{frozenset({"severity", "tier", name}): _BY_SEVERITY for name in ("team", "product")},
    frozenset({"service", "team"}): frozenset({"alert_noise"}),
}
"""How pages split numbers, by themselves or by what they are narrowed to → which numbers."""
SHEETS = (interruptions.HOURS, interruptions.PEOPLE, change.STRATEGIES)
_FINEST = frozenset({"tier", "team", "product", "service"})
_AT_ONCE = 6
"""Months whose facts are held at once."""


def prepare(engine: Engine, as_of: datetime, told: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Keeps what is missing of the months that are over, the latest first, then a look at the store's health; tells how
    many months of how many are done. Gives how many were: fewer than there are where somebody else writes, which makes
    it stop."""
    with reading(engine) as conn:
        months, stale = lacking(conn, as_of), health.stale(conn, as_of)
    told(0, len(months))
    for start in range(0, len(months), _AT_ONCE):
        some = months[start : start + _AT_ONCE]
        with reading(engine) as conn:
            of = generation(conn)
            made = _made(conn, some, as_of)
        if not kept.keep(engine, of, made):
            return start
        told(min(start + _AT_ONCE, len(months)), len(months))
    if stale:
        health.keep(engine, as_of)
    return len(months)


def due(conn: Connection, as_of: datetime) -> bool:
    """Whether there is anything to prepare."""
    return bool(lacking(conn, as_of)) or health.stale(conn, as_of)


def lacking(conn: Connection, as_of: datetime) -> list[Period]:
    """The months that are over whose sums are not all kept, the latest first."""
    ends = bounds(conn)
    if ends is None:
        return []
    months = between(ends[0], ends[1], "month", places(conn).policy_at(as_of).timezone)
    settled = kept.holding(conn, months, as_of)
    wanted = sum(len(_kpis(split)) for split in SPLITS) + sum(len(sheet.splits) for sheet in SHEETS)
    table = KEPT_SUMS
    held = sa.select(table.c.period, sa.func.count().label("n")).where(
        table.c.since <= micros(as_of),
        table.c.made_by == kept.made_by(),
        sa.or_(
            *(_is(split, _kpis(split)) for split in SPLITS), *(_is(s, [one.key]) for one in SHEETS for s in one.splits)
        ),
    )
    found = {row.period: row.n for row in conn.execute(held.group_by(table.c.period))}
    return [month for month in reversed(months) if month in settled and found.get(month.key, 0) < wanted]


def _is(split: frozenset[str], keys: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(KEPT_SUMS.c.split == kept.text(split), KEPT_SUMS.c.kpi.in_(keys))


def _made(conn: Connection, months: Sequence[Period], as_of: datetime) -> list[kept.Made]:
    settled = kept.holding(conn, months, as_of)
    needs = frozenset[str]().union(*(KPIS[key].needs for split in SPLITS for key in _kpis(split)))
    facts = load(conn, needs, Ask(tuple(months), as_of, _FINEST))
    asks = [(split, Ask(tuple(months), as_of, split)) for split in SPLITS]
    made = [one for split, ask in asks for one in whole(_kpis(split), facts, ask, settled)]
    for month in months:
        for sheet in SHEETS:
            made += sheets.make(conn, sheet, month, as_of, settled[month])
    return made


def _kpis(split: frozenset[str]) -> list[str]:
    """The KPIs that can be split so."""
    return [key for key, kpi in KPIS.items() if key in SPLITS[split] and kpi.measured and _fits(kpi, split)]


def _fits(kpi: Kpi, split: frozenset[str]) -> bool:
    return narrow(kpi, split) == split

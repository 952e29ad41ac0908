"""What one SLO's page needs of the high-volume facts: its own SLI rows, and what touched its service meanwhile."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.facts import Deployment, Impact, Incident, Sli, Slo
from app.metrics.forecasts import Day
from app.store.folds import micro
from app.store.light import cached
from app.store.ranges import day_number, day_of, number, values
from app.store.tables import FACTS, HOLES, SLI_DAYS, SPANS
from app.store.types import micros, moment
from app.store.windows import sources, start

__all__ = ("days", "deployments", "holes", "rows", "slice_objective", "sources", "start", "touching")
_LONGEST = timedelta(days=90)
"""An incident detected longer before a stretch of time is not looked for in it, nor one detected longer after."""


def rows(conn: Connection, of: Sequence[str], slo: str, begin: datetime, stop: datetime) -> list[Sli]:
    """The SLI rows of one SLO from these sources that start from `begin` until before `stop`.

    Their key is (source, start, slo): the starts there are are walked first, so that a store of thousands of SLOs
    answers as fast as one of ten.
    """
    table = FACTS["sli"]
    found: list[Sli] = []
    for source in of:
        first = sa.select(sa.func.min(micro(table.c.start)).label("at")).where(
            table.c.source == source, micro(table.c.start) >= number(micros(begin))
        )
        starts = first.cte("starts", recursive=True)
        after = (
            sa.select(sa.func.min(micro(table.c.start)))
            .where(table.c.source == source, micro(table.c.start) > starts.c.at)
            .correlate(starts)
            .scalar_subquery()
        )
        starts = starts.union_all(sa.select(after).where(starts.c.at < number(micros(stop))))
        columns = [table.c[name] for name in Sli._fields]
        here = sa.and_(table.c.source == source, micro(table.c.start) == starts.c.at, table.c.slo == slo)
        query = sa.select(*columns).join_from(starts, table, here).where(starts.c.at < number(micros(stop)))
        found += [Sli(*row) for row in conn.execute(query)]
    return sorted(found, key=lambda row: (row.start, row.source))


def days(conn: Connection, of: Sequence[str], slo: str, first: date, after: date) -> list[Day]:
    """What each stored day from `first` until before `after` holds of one SLO, with the excluded time taken out; days
    without rows are not among them."""
    wanted = values("wanted", {"day": sa.Integer()}, [(at,) for at in range(day_number(first), day_number(after))])
    if wanted is None:
        return []
    table = SLI_DAYS
    total = sa.func.sum(table.c.total - table.c.excluded_total)
    good = sa.func.sum(table.c.good - table.c.excluded_good)
    here = sa.and_(table.c.day == wanted.c.day, table.c.source.in_(of), table.c.slo == slo)
    query = sa.select(table.c.day, total, good).join_from(wanted, table, here).group_by(table.c.day)
    found = conn.execute(query.order_by(table.c.day))
    return [Day(day_of(day), whole, max(0.0, whole - part)) for day, whole, part in found]


def holes(conn: Connection, of: Sequence[str], slo: str) -> Mapping[str, list[tuple[datetime, datetime]]]:
    """Source → the disjoint times that approved exclusions cut out of one SLO's rows."""
    found: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    query = sa.select(HOLES.c.source, HOLES.c.start, HOLES.c.end).where(HOLES.c.source.in_(of), HOLES.c.slo == slo)
    for source, low, high in conn.execute(query.order_by(HOLES.c.source, HOLES.c.start)):
        found[source].append((moment(low), moment(high)))
    return found


def touching(
    conn: Connection, service: str, begin: datetime, stop: datetime
) -> tuple[tuple[Incident, ...], tuple[Impact, ...]]:
    """The incidents that may have touched a service between two instants: by an impact on it, or by naming it. Of
    each all its impacts, so that one who knows it has none can tell."""
    incident, impact = FACTS["incidents"], FACTS["impacts"]
    low, high = begin - _LONGEST, stop + _LONGEST
    by_impact = sa.select(impact.c.source, impact.c.incident).where(
        impact.c.service == service,
        impact.c.start >= low,
        impact.c.start < stop,
        sa.or_(impact.c.end.is_(None), impact.c.end > begin),
    )
    named = sa.literal(";") + sa.type_coerce(incident.c.services, sa.Text) + ";"
    ended = sa.func.coalesce(micro(incident.c.mitigated_at), micro(incident.c.resolved_at))
    by_name = sa.select(incident.c.source, incident.c.incident).where(
        incident.c.detected_at >= low,
        incident.c.detected_at < high,
        sa.or_(ended.is_(None), ended > number(micros(begin))),
        sa.func.coalesce(micro(incident.c.started_at), micro(incident.c.detected_at)) < number(micros(stop)),
        named.contains(f";{service};", autoescape=True),
    )
    keys = [tuple(row) for row in conn.execute(sa.union(by_impact, by_name))]
    if not keys:
        return (), ()
    incidents = [Incident(*_whole(row)) for row in _of(conn, incident, Incident._fields, keys)]
    impacts = [Impact(*row) for row in _of(conn, impact, Impact._fields, keys)]
    return (
        tuple(sorted(incidents, key=lambda one: (one.detected_at, one.source, one.incident))),
        tuple(sorted(impacts, key=lambda one: (one.start, one.source, one.incident, one.service))),
    )


def _of(conn: Connection, table: sa.Table, names: Iterable[str], keys: Sequence[tuple[str, str]]) -> Iterable[Any]:
    """The rows of these incidents, by (source, incident)."""
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    for source, incident in keys:
        by_source[source].append(incident)
    for source, some in by_source.items():
        here = sa.and_(table.c.source == source, table.c.incident.in_(some))
        yield from conn.execute(sa.select(*(table.c[name] for name in names)).where(here))


def _whole(row: Any) -> list[Any]:
    """An incident's cells with its blanks as the metrics know them."""
    blanks = {"services": (), "kind": "incident"}
    return [
        blanks.get(name) if cell is None and name in blanks else cell
        for name, cell in zip(Incident._fields, row, strict=True)
    ]


def deployments(conn: Connection, ids: Iterable[str]) -> tuple[Deployment, ...]:
    """The deployments of these ids, of any source, in order of time."""
    wanted = sorted(set(ids))
    if not wanted:
        return ()
    known = cached(
        conn,
        "deployment sources",
        lambda: list(conn.execute(sa.select(SPANS.c.source).where(SPANS.c.entity == "deployments")).scalars()),
    )
    table = FACTS["deployments"]
    here = sa.and_(table.c.source.in_(known), table.c.deployment.in_(wanted))
    query = sa.select(*(table.c[name] for name in Deployment._fields)).where(here)
    return tuple(sorted((Deployment(*row) for row in conn.execute(query)), key=lambda d: (d.deployed_at, d.deployment)))


def slice_objective(conn: Connection, slo: Slo) -> float | None:
    """The share of good events that makes a slice of one revision of an SLO good; None where it does not say."""
    table = FACTS["slos"]
    here = sa.and_(table.c.source == slo.source, table.c.slo == slo.slo)
    found = conn.execute(sa.select(table.c.valid_from, table.c.slice_objective).where(here))
    return {row.valid_from: row.slice_objective for row in found}.get(slo.valid_from)

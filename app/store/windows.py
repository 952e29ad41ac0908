"""Good and total of each SLO over its own window and over the burn-rate look-backs, ending where each period does."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.budgets import LOOKBACKS
from app.metrics.facts import Facts, SliWindow
from app.metrics.numbers import EVERYTHING, Ask
from app.metrics.periods import Kind, containing, local_day
from app.metrics.slos import revisions_of
from app.store import folds
from app.store.folds import Range
from app.store.light import Places, cached
from app.store.pieces import cut, days_cte, stored_zone
from app.store.tables import SLI_DAYS, SPANS
from app.store.types import micros

_UNITS: dict[str, Kind] = {"w": "week", "M": "month", "Q": "quarter", "Y": "year"}
_FEW = 500
_ADDED = ("rows", "idle_rows", "minutes", "idle_minutes", "good", "total")
_CUT = ("excluded_minutes", "excluded_good", "excluded_total")


def sources(conn: Connection) -> list[str]:
    """The sources that gave SLI rows."""
    found = sa.select(SPANS.c.source).where(SPANS.c.entity == "sli").order_by(SPANS.c.source)
    return cached(conn, "sli sources", lambda: list(conn.execute(found).scalars()))


def start(window: str, end: datetime, zone: str) -> datetime:
    """Where a window that ends at an instant begins: so many times 24 hours before, or with the calendar unit that
    holds the last moment before."""
    if window.endswith("d"):
        return end - timedelta(days=int(window[:-1]))
    return containing(local_day(end - timedelta(microseconds=1), zone), _UNITS[window[-1]], zone).start


def few(base: Facts, ask: Ask) -> list[str] | None:
    """The SLOs that a question is narrowed to, where they are few; None: all are read."""
    if "slo" in ask.by and ask.only:
        found = set(ask.only)
    elif ask.scope != EVERYTHING or ("service" in ask.by and ask.only):
        services = {
            service.service
            for service in base.services.values()
            if all(value is None or getattr(service, name) == value for name, value in ask.scope._asdict().items())
        }
        if "service" in ask.by and ask.only:
            services &= ask.only
        found = {slo.slo for slo in base.slos if slo.service in services}
    else:
        return None
    return sorted(found) if len(found) <= _FEW else None


def load(conn: Connection, held: Places, base: Facts, ask: Ask, needs: frozenset[str]) -> Iterable[SliWindow]:
    """One row a begun period, SLO and window that holds any SLI row: its own where `needs` has `sli_windows`, each
    look-back where it has `sli_lookbacks`. Those read raw rows, so they are not read where nobody asks for them."""
    known, slos = sources(conn), few(base, ask)
    if not known or not base.slos:
        return
    zone, revisions = stored_zone(conn), revisions_of(base)
    wanted: defaultdict[int, set[tuple[str, str] | None]] = defaultdict(set)
    spans: dict[tuple[str, str, int, int], int] = {}
    for period in ask.periods:
        end = min(period.end, ask.as_of)
        if period.start >= ask.as_of:
            continue
        own = held.policy_at(end - timedelta(microseconds=1)).timezone
        lookbacks = LOOKBACKS if "sli_lookbacks" in needs else {}
        reaches = {name: end - timedelta(minutes=minutes) for name, minutes in lookbacks.items()}
        for name, begin in reaches.items():
            k = spans.setdefault((period.key, name, micros(begin), micros(end)), len(spans))
            wanted[k].add(None)
        for key in revisions if "sli_windows" in needs else ():
            slo = revisions.at(*key, end)
            if slo is not None and slo.window not in reaches:
                place = (period.key, slo.window, micros(start(slo.window, end, own)), micros(end))
                wanted[spans.setdefault(place, len(spans))].add(key)
    stored: list[Range] = []
    live: list[Range] = []
    for (_, _, begin_at, end_at), k in spans.items():
        cut(k, begin_at, end_at, zone, (), stored, live)
    names = {k: (period_key, window) for (period_key, window, _, _), k in spans.items()}
    totals: dict[tuple[int, tuple[str, str]], list[Any]] = {}
    for k, source, slo_id, *cells in _rows(conn, stored, live, known, slos):
        definition = revisions.key(source, slo_id)
        if definition is None or not wanted[k] & {None, definition}:
            continue
        found = totals.get((k, definition))
        if found is not None:
            cells = [max(found[0], cells[0]), *(a + b for a, b in zip(found[1:], cells[1:], strict=True))]
        totals[k, definition] = list(cells)
    for (k, definition), (longest, rows, idle_rows, minutes, idle_minutes, *rest) in totals.items():
        period_key, window = names[k]
        yield SliWindow(period_key, *definition, window, rows + idle_rows, longest, minutes + idle_minutes, *rest)


def _rows(
    conn: Connection, stored: list[Range], live: list[Range], known: list[str], slos: list[str] | None
) -> Iterable[Any]:
    days = days_cte("days", stored)
    if days is not None:
        table = SLI_DAYS
        within = sa.and_(table.c.day >= days.c.first, table.c.day < days.c.after)
        if slos is not None:
            within = sa.and_(within, table.c.slo.in_(slos))
        keys = (days.c.k, table.c.source, table.c.slo)
        sums = [
            sa.func.sum(table.c[name])
            if isinstance(table.c[name].type, sa.Double)
            else sa.cast(sa.func.sum(table.c[name]), sa.BigInteger)
            for name in (*_ADDED, *_CUT)
        ]
        longest = sa.func.max(table.c.longest_row_minutes)
        yield from conn.execute(sa.select(*keys, longest, *sums).join_from(days, table, within).group_by(*keys)).all()
    if live:
        cuts = bool(conn.execute(folds.any_cuts(live)).scalar())
        made = folds.sli(live, known, cuts=cuts, slos=slos).subquery()
        columns = ("k", "source", "slo", "longest_row_minutes", *_ADDED, *_CUT)
        yield from conn.execute(sa.select(*(made.c[name] for name in columns))).all()

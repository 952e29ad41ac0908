"""The numbers of a store: loads what a question needs, then measures. What the command line and the pages call."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from app.metrics.catalogue import KPIS
from app.metrics.measure import horizon, measure
from app.metrics.measure import rows as measure_rows
from app.metrics.numbers import Ask, Number, Row
from app.store.facts import load


def numbers(conn: Connection, keys: Sequence[str], ask: Ask) -> list[Number]:
    """The numbers of these KPIs by period and group. Raises KeyError for a key that the catalogue does not have."""
    kpis = [KPIS[key] for key in keys]
    by = ask.by.union(*(kpi.always_by for kpi in kpis))
    needs = frozenset[str]().union(*(kpi.needs for kpi in kpis))
    return measure(keys, load(conn, needs, replace(horizon(keys, ask), by=by)), ask)


def rows(conn: Connection, key: str, ask: Ask) -> list[Row]:
    """The facts behind one KPI, one row each; rows of a (period, group) add up to its number."""
    kpi = KPIS[key]
    needs = kpi.row_needs if kpi.row_needs is not None else kpi.needs
    return measure_rows(key, load(conn, needs, ask), ask)

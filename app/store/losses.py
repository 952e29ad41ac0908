"""What a register costs, from the store: expected annual loss with its simulated years, and what incidents cost."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from app.metrics import bad_years, losses
from app.metrics.facts import Impact, Incident
from app.metrics.measure import rows
from app.metrics.numbers import Ask, Number
from app.metrics.simulation import Progress
from app.store.facts import load
from app.store.risks import incidents
from app.store.tables import FACTS


def with_years(conn: Connection, numbers: Sequence[Number], ask: Ask, progress: Progress | None = None) -> list[Number]:
    """The numbers of a question, those of expected annual loss with the percentiles of their years; the others, and
    those without data, as they are. What has been simulated since the process began is remembered."""
    if not any(number.kpi == losses.KEY and number.value is not None for number in numbers):
        return list(numbers)
    facts = load(conn, frozenset({"risks"}), ask)
    return bad_years.told(numbers, rows(losses.KEY, facts, ask), facts.risks, ask, progress)


_MANY = 400
"""More incidents than these are not weighed one by one."""


def severe(
    conn: Connection, services: Sequence[str], start: datetime, stop: datetime, severity: int
) -> tuple[tuple[Incident, ...], tuple[Impact, ...]]:
    """Incidents of severity 1 to `severity` on any of these services detected from `start` until before `stop`, the
    latest first, with their impact windows."""
    every = incidents(conn, services, start, stop, _MANY)
    found = tuple(one for one in every if one.severity <= severity)
    return with_impacts(conn, found)


def with_impacts(conn: Connection, found: Sequence[Incident]) -> tuple[tuple[Incident, ...], tuple[Impact, ...]]:
    """These incidents, of no other kind, with their impact windows."""
    real = tuple(one._replace(kind="incident") for one in found)  # a blank is one
    if not real:
        return (), ()
    table, keys = FACTS["impacts"], {(one.source, one.incident) for one in real}
    query = sa.select(*(table.c[name] for name in Impact._fields)).where(
        table.c.incident.in_(sorted({incident for _, incident in keys}))
    )
    impacts = (Impact(*row) for row in conn.execute(query))
    return real, tuple(one for one in impacts if (one.source, one.incident) in keys)

"""Filling an empty store with the demo organisation, by the same road as every import."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app import policy
from app.demo import markets, risk_story
from app.demo.company import planned
from app.demo.plan import Plan, sized
from app.demo.risks import tolerating
from app.demo.stage import Stage
from app.demo.timeline import Timeline, instant
from app.people import local
from app.records import ENTITIES
from app.store.engine import writing
from app.store.sums import refresh
from app.store.tables import FACTS, SOURCES
from app.store.write import RunCounts, Touched, begin_run, end_run, set_policy, upsert


class Step(NamedTuple):
    """Where the filling is."""

    name: str
    """An entity, or `PREPARING` or `SUMMING`."""
    place: int
    """From 1 to `of`."""
    of: int
    rows: int = 0
    """Written of it so far."""
    about: int = 0
    """How many there will be; 0 where it does not take long."""


PREPARING, SUMMING = "the story", "the sums of each day"
Progress = Callable[[Step], None]
"""Told when a step begins and after each batch."""
_ACTOR = "demo"
_EXPECTED = {"datadog": 48, "pagerduty": 48, "github": 96, "jira": 96, "grc": 24 * 31}
"""Source → within how many hours it is expected to bring something new."""


class NotEmpty(ValueError):
    """The store holds facts; the message says so in one sentence."""


def fill(
    engine: Engine, size: str | Plan = "small", today: date | None = None, progress: Progress | None = None
) -> Mapping[str, int]:
    """Writes the demo organisation's facts up to yesterday in one transaction: how many rows of each entity.

    The size is a name of `plan.SIZES` or a plan of one's own; `today` is the present UTC day unless given. Raises
    NotEmpty for a store that holds facts, ValueError for a size there is not.
    """
    today, plan = today or datetime.now(UTC).date(), size if isinstance(size, Plan) else sized(size)
    steps = [PREPARING, *ENTITIES, SUMMING]

    def tell(name: str) -> None:
        if progress:
            step = Step(name, steps.index(name) + 1, len(steps), written[name], plan.about.get(name, 0))
            progress(step)

    written: Counter[str] = Counter()
    with writing(engine) as conn:
        _refuse_facts(conn)
        tell(PREPARING)
        since = instant(Timeline(today, plan.years).start)
        set_policy(conn, policy.dump(tolerating()), by=local(_ACTOR), why="The shipped defaults, adopted", at=since)
        run = begin_run(conn, kind="file", source=_ACTOR, names=["demo"], actor=_ACTOR)
        touched = Touched(run)
        for entity, table in planned(today, plan):
            for source in pc.unique(table["source"]).to_pylist():
                batch = _batch(table.filter(pc.equal(table["source"], source)))
                upsert(conn, entity, source, batch, touched)
                written[entity] += batch.num_rows
                tell(entity)
        tell(SUMMING)
        risk_story.tell(conn, Stage(today, plan.years, markets.company(plan.countries), plan))
        refresh(conn, touched)
        rows = [{"name": name, "kind": "file", "expected_hours": hours} for name, hours in _EXPECTED.items()]
        conn.execute(SOURCES.insert(), rows)
        counts = {entity: RunCounts(written[entity], written[entity], 0, 0, 0) for entity in written}
        end_run(conn, run, touched, counts)
    return dict(written)


def _refuse_facts(conn: Connection) -> None:
    for entity in ENTITIES:
        if conn.execute(sa.select(sa.literal(1)).select_from(FACTS[entity]).limit(1)).scalar():
            raise NotEmpty(
                f"The store holds {entity} already: the demo fills an empty store only, so name another one."
            )


def _batch(table: pa.Table) -> pa.Table:
    """The columns as the store takes them: instants as whole microseconds, lists as one text."""
    columns = {}
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.int64())
        elif pa.types.is_list(field.type):
            column = pc.binary_join(column, ";")
        if field.name != "source":
            columns[field.name] = column
    return pa.table(columns)

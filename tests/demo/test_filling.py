"""The demo goes into an empty store, whole, and into no other."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.demo import NotEmpty, fill
from app.demo.company import facts
from app.demo.filling import PREPARING, SUMMING, Step
from app.records import ENTITIES
from app.store.engine import open_store
from app.store.freshness import sources
from app.store.tables import FACTS, IMPORTS

TODAY = date(2026, 11, 23)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path}/demo.db")
    yield engine
    engine.dispose()


def test_an_empty_store_holds_every_fact_afterwards(store: Engine) -> None:
    told = facts(TODAY)
    steps: list[Step] = []

    written = fill(store, today=TODAY, progress=steps.append)

    assert written == {entity: len(rows) for entity, rows in told.items()}
    assert {step.name: step.rows for step in steps if step.rows} == written
    assert [steps[0].name, steps[-1].name] == [PREPARING, SUMMING]
    assert [step.place for step in steps] == sorted(step.place for step in steps)
    assert steps[-1].place == steps[-1].of
    with store.connect() as conn:
        for entity in ENTITIES:
            assert conn.execute(sa.select(sa.func.count()).select_from(FACTS[entity])).scalar() == len(told[entity])
        run = conn.execute(sa.select(IMPORTS)).one()
    assert (run.source, run.status) == ("demo", "done")


def test_a_store_that_holds_facts_is_refused_and_unchanged(store: Engine) -> None:
    fill(store, today=TODAY)

    with pytest.raises(NotEmpty, match="holds teams already"):
        fill(store, today=TODAY)

    with store.connect() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(IMPORTS)).scalar() == 1


def test_one_source_alone_is_late_on_the_morning_after(store: Engine) -> None:
    fill(store, today=TODAY)

    with store.connect() as conn:
        late = [source.name for source in sources(conn) if source.late_by(datetime(2026, 11, 23, 9, tzinfo=UTC))]

    assert late == ["jira"]

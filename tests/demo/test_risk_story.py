"""The demo's register has a past that ends where the facts are, the same for the same day."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.demo import fill
from app.demo.company import facts
from app.metrics.risk_records import RiskKey
from app.store import register_reads
from app.store.engine import open_store, reading
from app.store.register_reads import Listed
from app.store.register_tables import ACCEPTANCES, ASSESSMENTS, COMMENTS, HEADS, REVIEWS, VERSIONS
from app.store.register_versions import every_risk

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def _filled(folder: Path) -> Engine:
    engine = open_store(f"sqlite:///{folder}/demo.db")
    fill(engine, today=TODAY)
    return engine


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = _filled(tmp_path_factory.mktemp("demo"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def rows(store: Engine) -> dict[RiskKey, Listed]:
    with reading(store) as conn:
        return {row.key: row for row in register_reads.listed(conn, NOW)}


def test_the_past_ends_with_the_facts_and_each_version_follows_the_one_before(store: Engine) -> None:
    planned = {str(row["risk"]): row for row in facts(TODAY)["risks"]}
    with reading(store) as conn:
        versions = conn.execute(
            sa.select(VERSIONS).where(VERSIONS.c.entity == "risks").order_by(VERSIONS.c.version)
        ).all()
        held = {one.key.id: one for one in every_risk(conn)}

    assert held.keys() == planned.keys()
    for name, one in held.items():
        own = [row for row in versions if row.id == name]
        assert [row.version for row in own] == list(range(1, one.version + 1))
        assert [row.at for row in own] == sorted(row.at for row in own)
        assert own[-1].entry == one.entry.model_dump(mode="json", exclude_none=True)
        fact = {field: tuple(value) if isinstance(value, list) else value for field, value in planned[name].items()}
        assert fact == {field: getattr(one.entry, field) for field in fact if field != "source"} | {
            field: fact[field] for field in fact if field == "source"
        }


def test_there_is_something_of_everything_to_look_at(store: Engine, rows: dict[RiskKey, Listed]) -> None:
    found = Counter(finding.key for row in rows.values() for finding in row.findings)
    with reading(store) as conn:
        stories = {key.id: register_reads.story(conn, key, NOW) for key in rows if len(key.id) == 7}
        waiting = register_reads.waiting(conn, NOW)

    states = Counter(one.state for story in stories.values() if story for one in story.acceptances)
    assert {"proposed", "active", "risen", "expired", "revoked", "declined", "replaced"} <= states.keys()
    told = {"acceptance_expired", "acceptance_risen", "acceptance_waiting", "review_overdue", "incident_since_review"}
    assert told <= found.keys()
    assert [held.key.id for _, held in waiting] == ["RISK-04"]
    first = stories["RISK-01"]
    assert first is not None
    assert len(first.assessments) >= 2
    assert first.reviews
    assert first.links
    assert first.comments
    assert first.row.was is not None
    assert any(action.entry.cost for story in stories.values() if story for action in story.actions)
    assert all(
        one.acceptance.asked_by != one.acceptance.approved_by
        for story in stories.values()
        if story
        for one in story.acceptances
    )


def test_the_same_day_gives_the_same_past(store: Engine, tmp_path: Path) -> None:
    again = _filled(tmp_path)

    for table in (VERSIONS, ASSESSMENTS, REVIEWS, COMMENTS, ACCEPTANCES, HEADS):
        mine = table.c.id.like("RISK-__") if table in (VERSIONS, HEADS) else sa.true()
        query = sa.select(table).where(mine).order_by(*table.primary_key.columns)
        with reading(store) as one, reading(again) as other:
            assert one.execute(query).all() == other.execute(query).all()
    again.dispose()

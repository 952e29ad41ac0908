"""What DR tests left to do, from both databases."""

from datetime import UTC, date, datetime

from sqlalchemy.engine import Engine

from app.metrics.facts import Action
from app.store.drills import remedies
from app.store.engine import reading, writing
from tests.store.keeping import keep

OPENED = datetime(2026, 10, 6, 9, tzinfo=UTC)


def test_only_actions_of_dr_tests_come_back_whole_and_by_key(engine: Engine) -> None:
    late = Action("file", "B", "dr_test", "T1", "Add a replica", OPENED, "Ann", 1, date(2026, 11, 1))
    done = Action("file", "A", "dr_test", "T2", "Write it down", OPENED, closed_at=OPENED, outcome="effective")
    other = Action("file", "C", "review", "R1", "Ask finance", OPENED)

    with writing(engine) as conn:
        keep(conn, {"actions": [late, other, done]})

    with reading(engine) as conn:
        assert remedies(conn) == (done, late)


def test_a_store_without_actions_has_none(engine: Engine) -> None:
    with reading(engine) as conn:
        assert remedies(conn) == ()

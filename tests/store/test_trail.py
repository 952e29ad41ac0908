"""Searching the audit trail, and reading it a page at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.store import trail
from app.store.audit import audit
from app.store.engine import reading, writing
from app.store.tables import AUDIT
from app.store.trail import Wanted

ENTRIES = [
    ("ana", "edit", "risks", "R-1", {"title": "Straße 100%"}, "Reviewed"),
    ("ben", "edit", "risks", "R-2", {"title": "plain"}, None),
    ("ana", "set", "policies", None, "currency: USD", "The Group reports in dollars"),
    ("eve", "import", "imports", "7", {"source": "jira"}, None),
]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    for actor, action, entity, key, new, why in ENTRIES:
        with writing(engine) as conn:
            audit(conn, actor=actor, action=action, entity=entity, entity_id=key, new=new, why=why)
    return engine


def found(engine: Engine, wanted: Wanted) -> list[int]:
    with reading(engine) as conn:
        numbers = [entry.seq for entry in trail.page(conn, wanted, 10)]
        assert trail.count(conn, wanted) == len(numbers)
        assert [entry.seq for entry in trail.each(conn, wanted)] == numbers
    return numbers


def test_every_field_is_searched_and_filters_add_up(filled: Engine) -> None:
    expected = {
        Wanted(): [4, 3, 2, 1],
        Wanted(text="straße"): [1],
        Wanted(text="100%"): [1],
        Wanted(text="PLAIN"): [2],
        Wanted(text="group dollars"): [3],
        Wanted(text="r-2"): [2],
        Wanted(text="%"): [1],
        Wanted(text="_"): [],
        Wanted(actor="ana"): [3, 1],
        Wanted(actor="ana", entity="risks"): [1],
        Wanted(action="import"): [4],
        Wanted(actor="ANA"): [],
    }

    assert {wanted: found(filled, wanted) for wanted in expected} == expected


def test_dates_are_half_open(filled: Engine) -> None:
    with reading(filled) as conn:
        times = list(conn.execute(sa.select(AUDIT.c.at).order_by(AUDIT.c.seq)).scalars())

    assert found(filled, Wanted(start=times[2])) == [4, 3]
    assert found(filled, Wanted(before=times[2])) == [2, 1]
    assert found(filled, Wanted(start=datetime.now(UTC) + timedelta(1))) == []


def test_pages_follow_one_another_without_gap_or_repetition(filled: Engine) -> None:
    def pages() -> Iterator[list[int]]:
        below = None
        with reading(filled) as conn:
            while rows := trail.page(conn, Wanted(), 3, below):
                yield [row.seq for row in rows]
                below = rows[-1].seq

    assert list(pages()) == [[4, 3, 2], [1]]


def test_what_there_is_to_choose_from(filled: Engine) -> None:
    with reading(filled) as conn:
        everybody, ana = trail.choices(conn), trail.choices(conn, "ana")

    assert everybody.actors == ("ana", "ben", "eve")
    assert (ana.actions, ana.entities) == (("edit", "set"), ("policies", "risks"))

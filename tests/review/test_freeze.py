"""A frozen review stays what it was, byte by byte; the next one says what has moved since, once."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app.metrics.catalogue import KPIS
from app.metrics.risk_records import Invalid
from app.people import NotAllowed, Person, Role
from app.review import freeze, snapshot
from app.review.pack import FORMS, make
from app.review.snapshot import Frozen
from app.store import reviews
from app.store.engine import StoreError, open_store, reading, writing
from app.store.review_tables import SNAPSHOTS
from tests.review.test_build import ANN, FILES, bring

OCTOBER_AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
NOVEMBER_AT = datetime(2026, 12, 2, 9, tzinfo=UTC)
LATE = "\ni3,Late,2,2026-10-20T09:00:00Z,2026-10-20T11:00:00Z,search,false\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    bring(opened, tmp_path, **FILES)
    yield opened
    opened.dispose()


def frozen(engine: Engine, period: str, at: datetime) -> Frozen:
    with writing(engine) as conn:
        opened = reviews.open_(conn, ANN, period, chair="ann", at=at)
        prepared = reviews.prepare(conn, ANN, period, opened.version, at=at)
    return freeze.freeze(engine, ANN, period, prepared.version, at=at)


def kept(engine: Engine, period: str) -> Frozen:
    with reading(engine) as conn:
        return freeze.frozen(conn, period)


def test_late_facts_change_neither_the_snapshot_nor_a_byte_of_its_pack(engine: Engine, tmp_path: Path) -> None:
    first = frozen(engine, "2026-10", OCTOBER_AT)
    packs = {form: make(kept(engine, "2026-10"), form) for form in FORMS}

    bring(engine, tmp_path, incidents=FILES["incidents"].splitlines()[0] + LATE)

    assert kept(engine, "2026-10") == first
    assert {form: make(kept(engine, "2026-10"), form) for form in FORMS} == packs


def test_the_next_review_tells_each_restatement_once(engine: Engine, tmp_path: Path) -> None:
    frozen(engine, "2026-10", OCTOBER_AT)
    bring(engine, tmp_path, incidents=FILES["incidents"].splitlines()[0] + LATE)

    november = frozen(engine, "2026-11", NOVEMBER_AT)

    told = {(one.kpi, one.group): one for one in november.snapshot.restated}
    assert told["major_incidents", ""].said == "1 fact came late."
    assert all(one.period == "2026-10" for one in november.snapshot.restated)
    step = next(section for section in november.snapshot.sections if section.step == "last_time")
    assert [table.title for table in step.tables][-1] == "Restated since they were frozen"
    december = frozen(engine, "2026-12", NOVEMBER_AT + timedelta(31))
    assert not [one for one in december.snapshot.restated if one.period == "2026-10"]


def test_closing_keeps_minutes_and_demands_an_owner_and_a_date(engine: Engine) -> None:
    frozen(engine, "2026-10", OCTOBER_AT)
    with writing(engine) as conn:
        held = reviews.review(conn, "2026-10")
        assert held is not None
        held = reviews.hold(conn, ANN, "2026-10", held.version, at=OCTOBER_AT)
        asked = reviews.ask(conn, ANN, "2026-10", step="risks", title="Add a second provider", at=OCTOBER_AT)
    with pytest.raises(Invalid, match="Add a second provider"):
        freeze.close(engine, ANN, "2026-10", held.version, at=OCTOBER_AT)

    with writing(engine) as conn:
        due = OCTOBER_AT.date() + timedelta(9)
        reviews.change_action(conn, ANN, asked, 1, {"owner": "bob", "due_on": due}, at=OCTOBER_AT)
        held = reviews.review(conn, "2026-10")
        assert held is not None
    closed = freeze.close(engine, ANN, "2026-10", held.version, at=OCTOBER_AT)

    assert closed.minutes is not None
    assert [one.title for one in closed.minutes.actions] == ["Add a second provider"]
    assert closed.minutes.snapshot == closed.hash
    assert kept(engine, "2026-10") == closed
    later = frozen(engine, "2026-11", NOVEMBER_AT)
    assert [(one.text, one.outcome) for one in later.snapshot.earlier] == [("Add a second provider", "late")]


def test_a_viewer_freezes_nothing(engine: Engine) -> None:
    vera = Person("vera", frozenset({Role.VIEWER}))
    with writing(engine) as conn:
        opened = reviews.open_(conn, ANN, "2026-10", at=OCTOBER_AT)
        prepared = reviews.prepare(conn, ANN, "2026-10", opened.version, at=OCTOBER_AT)

    with pytest.raises(NotAllowed):
        freeze.freeze(engine, vera, "2026-10", prepared.version, at=OCTOBER_AT)

    with reading(engine) as conn, pytest.raises(freeze.NotFrozen, match="nines review freeze 2026-10"):
        freeze.frozen(conn, "2026-10")


def test_the_command_line_opens_freezes_lists_and_packs(sqlite_nines: Callable[..., Any], tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    assert sqlite_nines("import", *(tmp_path / f"{name}.csv" for name in FILES)).code == 0
    assert "nines review open" in sqlite_nines("review", "freeze", "2026-10").err
    assert sqlite_nines("review", "open", "2026-10", "--chair", "ann", "--on", "2026-11-03").code == 0
    assert "nines review freeze 2026-10" in sqlite_nines("review", "pack", "2026-10").err
    assert sqlite_nines("review", "freeze", "2026-10").code == 0

    said = sqlite_nines("review", "list").out
    made = sqlite_nines("review", "pack", "2026-10", "--format", "xlsx,html", "--out", tmp_path / "pack")

    assert "2026-10" in said
    assert "numbers frozen" in said
    assert made.code == 0
    assert sorted(one.name for one in (tmp_path / "pack").iterdir()) == ["review-2026-10.html", "review-2026-10.xlsx"]
    assert sqlite_nines("review", "pack", "2026-10", "--format", "docx").code == 2
    live = sqlite_nines("kpi", "--from", "2026-10", "--to", "2026-10", "--by", "tier", "--format", "json").out
    then = sqlite_nines("kpi", "--review", "2026-10", "--by", "tier", "--format", "json").out
    assert _without_as_of(live, {"tier"}) == _without_as_of(then, {"tier"})


def _without_as_of(text: str, by: set[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return [one | {"as_of": None} for one in found if by & KPIS[one["kpi"]].dimensions]


def test_a_text_that_was_tampered_with_is_not_read(engine: Engine) -> None:
    first = frozen(engine, "2026-10", OCTOBER_AT)
    assert snapshot.digest(snapshot.text(first.snapshot)) == first.hash

    with writing(engine) as conn:
        conn.execute(SNAPSHOTS.update().values(text=snapshot.text(first.snapshot).replace("Checkout", "Checkin")))

    with reading(engine) as conn, pytest.raises(StoreError, match="snapshot"):
        freeze.frozen(conn, "2026-10")

"""A limited person's store is one that holds what they may see and nothing else."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.demo.filling import fill
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Ask
from app.metrics.periods import containing
from app.people import Limit, Person, Reach, Role
from app.records import ENTITIES
from app.store import health, interruptions, kept, narrow, numbers, register, register_actions
from app.store.engine import open_store, reading, writing
from app.store.register_tables import COMMENTS, HEADS, VERSIONS
from app.store.sight import KNOWN, NARROWED, OPEN
from app.store.tables import FACTS, KEPT_SUMS, META, METADATA
from tests.filled import NOW, TODAY
from tests.store import register_case, visible

VIEWER = frozenset({Role.VIEWER})
SHOP = Person("ana", VIEWER, products=frozenset({"Shop"}))
PAYERS = Person("ana", VIEWER, teams=frozenset({"payments", "search"}))
EITHER = Person(
    "ana",
    VIEWER,
    reaches=(
        Reach(VIEWER, Limit(products=frozenset({"Delivery"}))),
        Reach(VIEWER, Limit(frozenset({"Shop"}), frozenset({"payments"}))),
    ),
)
MONTHS = tuple(containing(date(2026, 10, 1), "month", "UTC").previous(step) for step in range(3, -2, -1))
BY: tuple[frozenset[str], ...] = (frozenset(), frozenset({"tier"}), frozenset({"team"}), frozenset({"service"}))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The demo organisation."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('full')}/demo.db")
    fill(engine, today=TODAY)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def facts(full: Engine) -> visible.Facts:
    return visible.everything(full)


def found(engine: Engine, person: Person, key: str) -> list[Any]:
    """A KPI's numbers by everything that it is split by, and its rows, so that they can be compared."""
    with reading(narrow.within(engine, person.within())) as conn:
        splits = [by for by in BY if by <= KPIS[key].dimensions]
        said: list[Any] = [numbers.numbers(conn, [key], Ask(MONTHS, NOW, by)) for by in splits]
        rows = numbers.rows(conn, key, Ask(MONTHS, NOW)) if KPIS[key].measured else []
        return [*plain(said), *sorted(plain(rows), key=str)]


def plain(value: Any) -> Any:
    """Values with fractions to nine digits: how sums add up depends on the order."""
    match value:
        case float():
            return f"{value:.9g}"
        case list() | tuple():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
    return plain(vars(value)) if hasattr(value, "__dict__") else value


@pytest.mark.parametrize("person", [PAYERS, EITHER], ids=["teams", "either"])
def test_the_numbers_and_rows_of_a_limited_person_are_those_of_a_store_of_what_they_may_see(
    full: Engine, facts: visible.Facts, person: Person, tmp_path: Path
) -> None:
    other = open_store(f"sqlite:///{tmp_path}/seen.db")
    visible.store(visible.seen(facts, person), full, other)
    everybody = Person("bob", VIEWER)

    wrong = [key for key in KPIS if found(full, person, key) != found(other, everybody, key)]

    assert not wrong
    other.dispose()


def test_every_table_of_facts_and_every_number_is_of_what_is_seen_on_either_database(
    full: Engine, facts: visible.Facts, engine: Engine, tmp_path: Path
) -> None:
    few = {name: [row for row in rows if _recent(row)] for name, rows in facts.items()}
    visible.store(few, full, engine)

    for person in (SHOP, PAYERS, EITHER, Person("eve", VIEWER, teams=frozenset())):
        wanted, got = visible.seen(few, person), visible.everything(narrow.within(engine, person.within()))
        wrong = [name for name in ENTITIES if _sorted(got[name]) != _sorted(wanted[name])]
        assert not wrong, person
    other = open_store(f"sqlite:///{tmp_path}/seen.db")
    visible.store(visible.seen(few, SHOP), full, other)
    assert [key for key in KPIS if found(engine, SHOP, key) != found(other, Person("bob", VIEWER), key)] == []
    other.dispose()
    assert all(wanted == [] for wanted in visible.seen(few, Person("eve", VIEWER, teams=frozenset())).values())


def _recent(row: visible.Row) -> bool:
    at = row.get("triggered_at") or row.get("deployed_at") or (row.get("start") if "slo" in row else None)
    return at is None or at >= MONTHS[-1].start


def _sorted(rows: Any) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)


def test_no_table_is_forgotten() -> None:
    assert NARROWED.keys() | OPEN == METADATA.tables.keys()
    assert not NARROWED.keys() & OPEN


def test_sums_made_within_limits_are_kept_and_found_within_the_same_limits_alone(
    full: Engine, facts: visible.Facts, tmp_path: Path
) -> None:
    other = open_store(f"sqlite:///{tmp_path}/kept.db")
    visible.store({name: rows if name != "sli" else [] for name, rows in facts.items()}, full, other)
    ask = Ask(MONTHS[:2], NOW)

    def asked(person: Person) -> tuple[list[Any], int, bool]:
        seen = narrow.within(other, person.within())
        made: list[kept.Made] = []
        with reading(seen) as conn:
            found = numbers.numbers(conn, ["major_incidents", "on_call_load"], ask, made)
            interruptions.week(conn, Ask(MONTHS[:1], NOW), made)
            of = conn.execute(sa.select(META.c.value).where(META.c.name == "generation")).scalar_one()
        return found, len(made), kept.keep(seen, int(of), made)

    first = [asked(person) for person in (SHOP, PAYERS, Person("bob", VIEWER))]
    again = [asked(person) for person in (SHOP, PAYERS, Person("bob", VIEWER))]

    assert all(count and kept_ for _, count, kept_ in first)
    assert [(numbers_, count) for numbers_, count, _ in again] == [(numbers_, 0) for numbers_, _, _ in first]
    assert len({str(plain(numbers_)) for numbers_, _, _ in first}) == 3
    with writing(other) as conn:
        assert {row[0].split(":")[0] for row in conn.execute(sa.select(KEPT_SUMS.c.split))} != {""}
        kept.forget_all(conn)
        assert not conn.execute(sa.select(sa.func.count()).select_from(KEPT_SUMS)).scalar()
    other.dispose()


def test_what_the_store_keeps_about_itself_is_not_there_within_limits(full: Engine) -> None:
    assert health.keep(full, NOW)
    with reading(full) as conn:
        whole = health.health(conn, NOW)
    with reading(narrow.within(full, SHOP.within())) as conn:
        part = health.health(conn, NOW)
        names = set(conn.execute(sa.select(META.c.name)).scalars())

    assert names <= {*KNOWN}
    assert 0 < part.held["services", "cmdb"] < whole.held["services", "cmdb"]
    assert not any(entity in ("imports", "rejects") for entity, _ in part.held)


@pytest.mark.parametrize("statement", [sa.text("SELECT * FROM sli"), FACTS["services"].delete(), "SELECT * FROM sli"])
def test_what_cannot_be_narrowed_is_refused(full: Engine, statement: Any) -> None:
    with reading(narrow.within(full, SHOP.within())) as conn, pytest.raises(narrow.NotNarrowed):
        conn.exec_driver_sql(statement) if isinstance(statement, str) else conn.execute(statement)


def test_nobody_without_limits_pays_for_those_of_others(full: Engine) -> None:
    assert narrow.within(full, None) is full
    narrowed = narrow.within(full, SHOP.within())
    assert narrowed is narrow.within(full, SHOP.within())
    assert narrowed.pool is full.pool
    assert not full.dispatch.before_execute


def test_what_the_register_keeps_beside_a_risk_is_seen_with_it_and_whole_versions_where_all_of_it_is(
    engine: Engine,
) -> None:
    register_case.fill(engine)
    with writing(engine) as conn:
        for key in (register_case.FIRE, register_case.FLOOD):
            register.comment(conn, register_case.ANA, key, "Seen")
        saved = register.create(conn, register_case.ANA, register_case.NEW | {"services": ["shop", "pay"]})
        register_actions.add(conn, register_case.ANA, saved.key, {"title": "Second line"})

    def told(person: Person) -> tuple[set[str], set[str], set[str]]:
        with reading(narrow.within(engine, person.within())) as conn:
            comments = set(conn.execute(sa.select(COMMENTS.c.risk)).scalars())
            heads, versions = (set(conn.execute(sa.select(t.c.entity, t.c.id)).all()) for t in (HEADS, VERSIONS))
            return comments, {entity for entity, _ in heads}, {id for _, id in versions}

    till = told(Person("pos", VIEWER, products=frozenset({"till"})))
    both = told(Person("all", VIEWER, products=frozenset({"till", "web"})))

    assert till[0] == {"FLOOD"}
    assert till[1] == {"risks", "actions"}, "the risk on both services is seen with either"
    assert saved.key.id not in till[2], "its whole versions name a service that is not seen"
    assert both[0] == {"FIRE", "FLOOD"}
    assert saved.key.id in both[2]

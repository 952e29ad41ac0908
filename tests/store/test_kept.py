"""Kept sums answer as the facts do, and are forgotten when the facts change."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import demo, policy
from app.metrics.catalogue import KPIS
from app.metrics.facts import Incident, Page, Service, Team
from app.metrics.numbers import Ask, Number, Scope
from app.metrics.periods import Period, between
from app.people import local
from app.store import kept
from app.store.engine import generation, open_store, reading, spare_moment, writing
from app.store.numbers import numbers, sums, totals
from app.store.prepare import prepare
from app.store.tables import KEPT_GROUPS, KEPT_SUMS
from app.store.write import set_policy
from tests.filled import TODAY
from tests.store.keeping import keep

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MONTHS = tuple(between(date(2026, 6, 1), date(2026, 11, 30), "month", "UTC"))
MEASURED = [key for key, kpi in KPIS.items() if kpi.measured]


def answered(engine: Engine, ask: Ask, keys: list[str] = MEASURED) -> list[Number]:
    """The numbers, and what had to be made for them is kept."""
    made: list[kept.Made] = []
    with reading(engine) as conn:
        of = generation(conn)
        found = numbers(conn, keys, ask, made)
    assert kept.keep(engine, of, made)
    return found


def asked_of_facts(engine: Engine, ask: Ask, keys: list[str] = MEASURED) -> list[Number]:
    """The numbers by the facts alone."""
    with writing(engine, dry=True) as conn:
        kept.forget_all(conn)
        return numbers(conn, keys, ask)


def held(engine: Engine) -> set[tuple[str, str]]:
    with reading(engine) as conn:
        return {(row.kpi, row.period) for row in conn.execute(sa.select(KEPT_SUMS))}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo organisation, its months prepared."""
    path = tmp_path_factory.mktemp("kept") / "demo.db"
    engine = open_store(f"sqlite:///{path}")
    demo.fill(engine, today=TODAY)
    prepare(engine, NOW)
    engine.dispose()
    return path


@pytest.fixture
def company(filled: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(filled, tmp_path / "demo.db")
    engine = open_store(f"sqlite:///{tmp_path}/demo.db")
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("by", "scope"),
    [
        ("", Scope()),
        ("tier", Scope()),
        ("severity", Scope(tier=0)),
        ("team service", Scope()),
        ("service", Scope(team="payments", tier=0)),
        ("slo", Scope(product="Shop")),
        ("slo tier", Scope(team="payments")),
        ("", Scope(product="Shop")),
        ("", Scope(tier=1, team="payments")),
        ("tier", Scope(service="checkout")),
    ],
)
def test_kept_sums_answer_as_the_facts_do(company: Engine, by: str, scope: Scope) -> None:
    ask = Ask(MONTHS, NOW, frozenset(by.split()), scope)

    first, again, facts = answered(company, ask), answered(company, ask), asked_of_facts(company, ask)

    assert any(number.value is not None for number in facts)
    assert first == facts
    assert again == facts


@pytest.mark.parametrize("scope", [Scope(), Scope(tier=0), Scope(team="payments"), Scope(service="checkout")])
@pytest.mark.parametrize("months", [1, 3])
def test_kept_totals_are_the_sums_of_their_periods(company: Engine, scope: Scope, months: int) -> None:
    ask = Ask(MONTHS[:months], NOW, frozenset({"slo"}), scope)
    expected: dict[str | None, tuple[float, float]] = {}

    with reading(company) as conn:
        found = totals(conn, "slos_met", ask)
        for (_, group), tally in sums(conn, ["slos_met"], ask)["slos_met"].items():
            part, whole = expected.get(group.slo, (0.0, 0.0))
            expected[group.slo] = (part + tally.part, whole + tally.whole)

    assert found
    assert found == expected


def test_ids_narrow_what_a_question_is_split_by(company: Engine) -> None:
    ask = Ask(MONTHS, NOW, frozenset({"slo"}))
    every = answered(company, ask, ["slos_met"])
    names = frozenset(sorted({number.group.slo for number in every if number.group.slo})[:3])

    few = answered(company, replace(ask, only=names), ["slos_met"])

    assert few == [number for number in every if number.group.slo in names]
    assert len(few) == 3 * len(MONTHS)


def test_sums_are_those_that_numbers_divide(company: Engine) -> None:
    ask = Ask(MONTHS[:3], NOW, frozenset({"slo"}))

    with reading(company) as conn:
        added = sums(conn, ["error_budget_remaining"], ask)["error_budget_remaining"]
        told = numbers(conn, ["error_budget_remaining"], ask)

    assert {(n.period, n.group): n.value for n in told if n.value is not None} == {
        key: tally.part / tally.whole for key, tally in added.items() if tally.whole > 0
    }


def test_every_month_that_is_over_is_prepared_once(company: Engine) -> None:
    steps: list[tuple[int, int]] = []

    done = prepare(company, NOW, lambda *step: steps.append(step))

    assert (done, steps) == (0, [(0, 0)])
    assert {period for _, period in held(company)} >= {month.key for month in MONTHS[:-1]}
    assert "2026-11" not in {period for _, period in held(company)}, "a month that is not over changes with the clock"


def facts_of(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(
            conn,
            {
                "teams": [Team("file", "web", timezone="UTC")],
                "services": [Service("shop", "Shop", 0, "web")],
                "incidents": [incident("A", day(7, 5)), incident("B", day(9, 5))],
                "pages": [page("P", day(7, 5)), page("Q", day(9, 5))],
            },
        )


def day(month: int, number: int) -> datetime:
    return datetime(2026, month, number, 10, tzinfo=UTC)


def incident(name: str, at: datetime) -> Incident:
    return Incident("file", name, name, 1, at, resolved_at=at + timedelta(hours=1), services=("shop",))


def page(name: str, at: datetime) -> Page:
    return Page("file", name, at, "ann", "web", "shop", at + timedelta(minutes=4))


KEYS = ["major_incidents", "time_to_engage"]


def test_a_write_forgets_what_it_may_have_changed_and_no_more(engine: Engine) -> None:
    facts_of(engine)
    ask = Ask(MONTHS, NOW)
    answered(engine, ask, KEYS)
    before = held(engine)

    with writing(engine) as conn:
        keep(conn, {"pages": [page("R", day(9, 20))]})

    gone = before - held(engine)
    assert {kpi for kpi, _ in gone} == {"time_to_engage"}
    assert {period for _, period in gone} == {"2026-09", "2026-10"}, "a page counts from its own time on"
    assert answered(engine, ask, KEYS) == asked_of_facts(engine, ask, KEYS)


@pytest.mark.parametrize("entity", ["incidents", "services"])
def test_a_number_is_new_after_a_write(engine: Engine, entity: str) -> None:
    facts_of(engine)
    ask = Ask(MONTHS, NOW, frozenset({"tier"}))
    before = answered(engine, ask, KEYS)
    facts = {"incidents": [incident("C", day(8, 5))], "services": [Service("shop", "Shop", 1, "web")]}

    with writing(engine) as conn:
        keep(conn, {entity: facts[entity]})

    assert answered(engine, ask, KEYS) != before
    assert answered(engine, ask, KEYS) == asked_of_facts(engine, ask, KEYS)


def test_a_new_policy_forgets_everything(engine: Engine) -> None:
    facts_of(engine)
    answered(engine, Ask(MONTHS, NOW), KEYS)

    with writing(engine) as conn:
        set_policy(conn, Path(policy.__file__).with_name("policy.yaml").read_text("utf-8"), by=local("ann"))

    assert held(engine) == set()
    with reading(engine) as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(KEPT_GROUPS)).scalar() == 0


def test_nothing_is_kept_as_of_a_time_before_facts_that_the_store_holds(engine: Engine) -> None:
    facts_of(engine)

    answered(engine, Ask(MONTHS, day(8, 20)), KEYS)

    assert held(engine) == set()


def test_what_is_kept_does_not_answer_for_an_earlier_time(engine: Engine) -> None:
    facts_of(engine)
    answered(engine, Ask(MONTHS, NOW), KEYS)
    early = Ask(MONTHS, day(9, 1))

    assert answered(engine, early, KEYS) == asked_of_facts(engine, early, KEYS)
    assert [n.value for n in answered(engine, early, ["major_incidents"])][:4] == [None, 1, 0, 0]


def test_a_page_that_may_still_be_answered_in_time_is_not_settled(engine: Engine) -> None:
    facts_of(engine)
    over: Period = MONTHS[4]

    with reading(engine) as conn:
        assert kept.holding(conn, [over], over.end + timedelta(minutes=59)) == {}
        assert over in kept.holding(conn, [over], over.end + timedelta(minutes=61))


def test_nobody_waits_for_sums_to_be_kept(engine: Engine) -> None:
    facts_of(engine)
    made: list[kept.Made] = []
    with reading(engine) as conn:
        of = generation(conn)
        numbers(conn, KEYS, Ask(MONTHS, NOW), made)

    with writing(engine), spare_moment(engine) as nothing:
        assert nothing is None
    with writing(engine) as conn:
        keep(conn, {"pages": [page("S", day(7, 6))]})

    assert made
    assert not kept.keep(engine, of, made), "the store has changed since"
    assert held(engine) == set()

"""Sheets answer as their folds do, add up over months, and are forgotten when their facts change."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import demo
from app.metrics.facts import Deployment, Page, Service, Shift, Team
from app.metrics.numbers import Ask, Group, Scope
from app.metrics.periods import Period, between, parse
from app.store import change, interruptions, kept, sheets
from app.store.change import Stretch
from app.store.engine import generation, open_store, reading, writing
from app.store.facts import load
from app.store.numbers import numbers
from app.store.prepare import SHEETS, lacking, prepare
from app.store.sheets import Amounts, Sheet
from app.store.tables import KEPT_SUMS
from app.store.types import micros
from tests.filled import TODAY
from tests.store.keeping import keep

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
QUARTER, OCTOBER, WEEK = parse("2026-Q3"), parse("2026-10"), parse("2026-W41")
UNFINISHED = between(date(2026, 10, 1), date(2026, 11, 30), "span", "UTC")[0]
SCOPES = [
    Scope(),
    Scope(tier=0),
    Scope(product="Shop"),
    Scope(team="payments"),
    Scope(service="checkout"),
    Scope(tier=1, team="payments"),
    Scope(tier=0, product="Shop"),
    Scope(service="no such service"),
]
HOURS, PEOPLE, STRATEGIES = interruptions.HOURS, interruptions.PEOPLE, change.STRATEGIES
Answer = dict[Group, dict[str, float]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo organisation, its months prepared."""
    path = tmp_path_factory.mktemp("sheets") / "demo.db"
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


def plain(found: dict[Group, Amounts]) -> Answer:
    """Without what is zero."""
    some = {group: {label: amount for label, amount in held.items() if amount} for group, held in found.items()}
    return {group: held for group, held in some.items() if held}


def answered(engine: Engine, sheet: Sheet, ask: Ask) -> tuple[Answer, list[kept.Made]]:
    """The answer, and what had to be made for it, which is kept."""
    made: list[kept.Made] = []
    with reading(engine) as conn:
        of = generation(conn)
        found = plain(sheets.read(conn, sheet, ask, made))
    assert kept.keep(engine, of, made)
    return found, made


def live(engine: Engine, sheet: Sheet, ask: Ask) -> Answer:
    """The answer by the facts alone."""
    with writing(engine, dry=True) as conn:
        kept.forget_all(conn)
        return plain(sheets.read(conn, sheet, ask))


def test_what_sheets_are_made_of_is_known_where_it_is_forgotten() -> None:
    assert {sheet.key for sheet in SHEETS} == kept.SHEETS.keys()


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_kept_strategies_are_those_of_the_facts(company: Engine, scope: Scope) -> None:
    ask = Ask((QUARTER,), NOW, scope=scope)
    stretch = Stretch(micros(QUARTER.start), micros(QUARTER.end), micros(NOW), scope)

    made: list[kept.Made] = []
    with reading(company) as conn:
        found, facts = change.shipped(conn, ask, made), change.folded(conn, stretch)

    assert [one.period for one in made] == [QUARTER], "the months were there"
    assert sorted(found, key=str) == sorted(facts, key=str)
    assert bool(facts) == (scope.service != "no such service")


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_kept_hours_are_those_of_the_facts(company: Engine, scope: Scope) -> None:
    ask = Ask((QUARTER,), NOW, scope=scope)

    first, made = answered(company, HOURS, ask)

    assert first == answered(company, HOURS, ask)[0] == live(company, HOURS, ask)
    assert all(one.period == QUARTER for one in made), "the months were there"


@pytest.mark.parametrize("scope", [Scope(), Scope(team="payments")], ids=str)
def test_kept_people_are_those_of_the_facts(company: Engine, scope: Scope) -> None:
    ask = Ask((QUARTER,), NOW, frozenset({"team"}), scope)

    first = answered(company, PEOPLE, ask)[0]

    assert first == answered(company, PEOPLE, ask)[0] == live(company, PEOPLE, ask)
    assert {group.team for group in first} >= {"payments"}


@pytest.mark.parametrize("period", [OCTOBER, QUARTER, UNFINISHED, WEEK], ids=lambda period: period.key)
@pytest.mark.parametrize("scope", SCOPES[:-1], ids=str)
def test_the_hours_hold_the_interruptions_of_the_kpi(company: Engine, period: Period, scope: Scope) -> None:
    ask = Ask((period,), NOW, scope=scope)

    with reading(company) as conn:
        calls = interruptions.week(conn, ask)
        (share,) = numbers(conn, ["after_hours_share"], ask)

    assert calls.whole == share.n > 0


def test_the_strategies_hold_the_deployments_of_the_kpi(company: Engine) -> None:
    ask = Ask((QUARTER,), NOW)

    with reading(company) as conn:
        (rolled,) = numbers(conn, ["rollback_rate"], ask)
        found = change.shipped(conn, ask)

    assert sum(one.deployments for one in found) == rolled.denominator
    assert sum(one.rolled_back for one in found) == rolled.numerator


def _left(pages: list[Page], quiet: set[str], start: datetime) -> int:
    """Interruptions that are left, one page after the other."""
    rang = sorted((page.responder, page.triggered_at, page.page) for page in pages if page.channel != "email")
    by_id = {page.page: page for page in pages}
    count = 0
    for _, of in groupby(rang, lambda one: one[0]):
        before: datetime | None = None
        for _, at, name in of:
            if by_id[name].actionable is False and by_id[name].service in quiet:
                continue
            if at >= start and (before is None or at - before > timedelta(seconds=60)):
                count += 1
            before = at
    return count


def test_silence_spares_what_is_found_by_counting_page_by_page(company: Engine) -> None:
    with reading(company) as conn:
        months = tuple(between(date(2026, 9, 1), date(2026, 10, 31), "month", "UTC"))
        pages = list(load(conn, frozenset({"pages"}), Ask(months, NOW)).pages)
        calls = interruptions.week(conn, Ask((OCTOBER,), NOW))
    noisy = Counter(p.service for p in pages if p.actionable is False and p.service).most_common(6)
    names = [name for name, _ in noisy]

    for some in (names[:1], names[:3], names, names[3:]):
        left = _left([p for p in pages if p.triggered_at < OCTOBER.end], {*some}, OCTOBER.start)
        assert calls.left(some) == left < calls.whole


@pytest.mark.parametrize(
    ("sheet", "by"), [(HOURS, ""), (PEOPLE, "team"), (STRATEGIES, "")], ids=["hours", "people", "strategies"]
)
def test_months_add_up_to_the_span(company: Engine, sheet: Sheet, by: str) -> None:
    months = between(QUARTER.first, QUARTER.after - timedelta(1), "month", "UTC")
    added: dict[Group, Counter[str]] = {}

    for month in months:
        for group, amounts in answered(company, sheet, Ask((month,), NOW, frozenset(by.split())))[0].items():
            added.setdefault(group, Counter()).update(amounts)

    whole = answered(company, sheet, Ask((QUARTER,), NOW, frozenset(by.split())))[0]
    assert whole == plain({group: dict(held) for group, held in added.items()})


def test_a_month_that_is_over_is_made_once_in_every_split(company: Engine) -> None:
    with writing(company) as conn:
        kept.forget_all(conn)

    _, first = answered(company, HOURS, Ask((OCTOBER,), NOW, scope=Scope(team="payments")))
    _, again = answered(company, HOURS, Ask((OCTOBER,), NOW, scope=Scope(tier=0, team="payments")))

    assert {one.split for one in first} == {*HOURS.splits}
    assert again == []


def test_a_month_that_is_not_over_is_not_kept(company: Engine) -> None:
    _, made = answered(company, HOURS, Ask((parse("2026-11"),), NOW))

    assert made == []


def test_months_without_sheets_are_prepared(company: Engine) -> None:
    with writing(company) as conn:
        kept._delete(conn, KEPT_SUMS.c.kpi == "strategies")
    with reading(company) as conn:
        before = lacking(conn, NOW)

    prepare(company, NOW)

    with reading(company) as conn:
        assert OCTOBER in before
        assert lacking(conn, NOW) == []


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 10, tzinfo=UTC)


def facts_of(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(
            conn,
            {
                "teams": [Team("file", "web", timezone="UTC"), Team("file", "pay", timezone="UTC")],
                "services": [Service("shop", "Shop", 0, "web")],
                "pages": [
                    Page("file", "A", at(7, 5), "ann", "web", "shop"),
                    Page("file", "B", at(9, 5), "ann", "pay", "shop"),
                    Page("file", "C", at(9, 6), "ann", "pay", "unknown"),
                ],
                "shifts": [Shift("file", "web", "ann", at(7, 1), at(7, 8))],
                "deployments": [
                    Deployment("file", "D", "shop", at(7, 5), "succeeded", "canary"),
                    Deployment("file", "E", "unknown", at(7, 6), "rolled_back"),
                ],
            },
        )


YEAR = parse("2026")


def test_a_page_counts_for_its_own_team_and_an_unknown_service_for_no_tier(engine: Engine) -> None:
    facts_of(engine)

    wholes = []
    with reading(engine) as conn:
        for scope in (Scope(), Scope(tier=0), Scope(team="web"), Scope(team="pay"), Scope(tier=0, team="pay")):
            wholes.append(interruptions.week(conn, Ask((YEAR,), at(11, 20), scope=scope)).whole)
        company = change.shipped(conn, Ask((YEAR,), at(11, 20)))
        tier = change.shipped(conn, Ask((YEAR,), at(11, 20), scope=Scope(tier=0)))

    assert wholes == [3, 2, 1, 2, 1]
    assert sorted(tuple(one) for one in company) == [("shop", "canary", 1, 0), ("unknown", None, 1, 1)]
    assert [tuple(one) for one in tier] == [("shop", "canary", 1, 0)]


@pytest.mark.parametrize(
    ("write", "gone"),
    [
        ({"pages": [Page("file", "N", at(9, 7), "bob", "web", "shop")]}, {"on_call_hours", "on_call_people"}),
        ({"shifts": [Shift("file", "web", "bob", at(9, 1), at(9, 2))]}, {"on_call_people"}),
        ({"deployments": [Deployment("file", "N", "shop", at(9, 7), "succeeded")]}, {"strategies"}),
    ],
    ids=["pages", "shifts", "deployments"],
)
def test_a_write_forgets_what_it_may_have_changed(
    engine: Engine, write: dict[str, list[object]], gone: set[str]
) -> None:
    facts_of(engine)
    asks: list[tuple[Sheet, Ask]] = [
        (HOURS, Ask((YEAR,), NOW)),
        (PEOPLE, Ask((YEAR,), NOW, frozenset({"team"}))),
        (STRATEGIES, Ask((YEAR,), NOW)),
    ]
    for sheet, ask in asks:
        answered(engine, sheet, ask)
    before = _held(engine)

    with writing(engine) as conn:
        keep(conn, write)

    forgotten = before - _held(engine)
    assert {key for key, _ in forgotten} == gone
    assert ("strategies", "2026-10") in forgotten or "strategies" not in gone
    assert not any(period < "2026-08" for _, period in forgotten), "it counts from its own time on"
    for sheet, ask in asks:
        assert answered(engine, sheet, ask)[0] == live(engine, sheet, ask)


def _held(engine: Engine) -> set[tuple[str, str]]:
    with reading(engine) as conn:
        return {(row.kpi, row.period) for row in conn.execute(sa.select(KEPT_SUMS))}

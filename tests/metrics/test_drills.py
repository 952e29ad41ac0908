"""What became of each DR test, how fast it was, and what is proven, by hand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf

import pytest

from app.metrics import drills
from app.metrics.dr import dr_coverage, dr_pass_rate
from app.metrics.drills import Drill, Passed, Proof, Time
from app.metrics.facts import Action, DrTest, Facts, Risk, Service
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import parse

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SERVICES = {
    "shop": Service("shop", "Shop", 0, "web"),
    "mail": Service("mail", "Mail", 1, "web", rto_minutes=30),
    "docs": Service("docs", "Docs", 3, "web"),
    "gone": Service("gone", "Gone", 0, "web", retired_on=date(2026, 1, 31)),
}


def drill_test(name: str, on: date = date(2026, 10, 5), result: str | None = "passed", **more: object) -> DrTest:
    """A test carried out at nine on its planned day; without a result: only planned."""
    told: dict[str, object] = {"kind": "failover", "services": ("shop",), **more}
    if result is not None:
        told = {"executed_at": datetime(on.year, on.month, on.day, 9, tzinfo=UTC), "result": result} | told
    return DrTest("file", name, name, planned_on=on, **told)  # type: ignore[arg-type]


def facts(*tests: DrTest, **more: object) -> Facts:
    return Facts(services=SERVICES, dr_tests=tests, **more)  # type: ignore[arg-type]


def found(*tests: DrTest) -> list[Drill]:
    return drills.drills(facts(*tests), NOW)


def proofs(*tests: DrTest) -> dict[str, Proof]:
    held = facts(*tests)
    rows = dr_coverage(held, Ask((parse("2026-11"),), NOW))
    return {one.service: one for one in drills.proofs(rows, held, found(*tests), NOW)}


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "passed"),
        ({"result": "partial"}, "partial"),
        ({"result": "failed"}, "failed"),
        ({"result": None, "executed_at": NOW}, "no_result"),
        ({"status": "postponed"}, "postponed"),
        ({"status": "cancelled"}, "cancelled"),
        ({"result": None, "on": TODAY - timedelta(1)}, "overdue"),
        ({"result": None, "on": TODAY}, "planned"),
        ({"result": None, "on": TODAY - timedelta(1), "status": "postponed"}, "postponed"),
    ],
)
def test_what_became_of_a_test(given: dict[str, object], state: str) -> None:
    (one,) = found(drill_test("T", **given))  # type: ignore[arg-type]

    assert one.state == state


def test_the_target_is_the_tests_own_then_its_services_then_its_tiers() -> None:
    own = drill_test("own", rto_minutes=10, rto_achieved_minutes=11, services=("mail",))
    service = drill_test("service", rto_achieved_minutes=30, services=("mail", "shop"))
    tier = drill_test("tier", rpo_achieved_minutes=16)

    by_name = {one.test.name: one for one in found(own, service, tier)}

    assert by_name["own"].rto == (11, 10)
    assert by_name["own"].rto.met is False
    assert by_name["service"].rto == (30, 30)
    assert by_name["service"].rto.met is True
    assert by_name["tier"].rpo == (16, 15)
    assert by_name["tier"].rto.met is None, "nothing was achieved, which is neither met nor missed"


def test_the_worst_is_furthest_beyond_its_target_and_unknown_times_are_left_out() -> None:
    tests = [
        drill_test("half", rto_minutes=60, rto_achieved_minutes=30),
        drill_test("twice", rto_minutes=60, rto_achieved_minutes=120),
        drill_test("never zero", rto_minutes=0, rto_achieved_minutes=1),
        drill_test("unknown", rto_minutes=60),
    ]

    assert [one.test.name for one in drills.worst(found(*tests), "rto")] == ["never zero", "twice", "half"]
    assert Time(1, 0).ratio == inf
    assert Time(0, 0).ratio == 0


def test_a_test_on_services_that_had_all_retired_counts_nowhere() -> None:
    after, before = drill_test("after", services=("gone",)), drill_test("before", date(2026, 1, 31), services=("gone",))
    both = drill_test("both", services=("gone", "shop"))
    held = facts(after, before, both)

    kept = drills.in_scope(held, Ask((), NOW), found(after, before, both))

    assert [one.test.name for one in kept] == ["before", "both"]


def test_the_scope_keeps_the_tests_of_its_services() -> None:
    shop, mail, unknown = (
        drill_test("shop"),
        drill_test("mail", services=("mail",)),
        drill_test("?", services=("elsewhere",)),
    )
    held, every = facts(shop, mail, unknown), found(shop, mail, unknown)

    assert len(drills.in_scope(held, Ask((), NOW), every)) == 3
    assert [one.test.name for one in drills.in_scope(held, Ask((), NOW, scope=Scope(tier=1)), every)] == ["mail"]


def test_a_test_stands_in_the_month_it_was_planned_for_whenever_it_was_done() -> None:
    late = drill_test("late", date(2026, 9, 30), executed_at=datetime(2026, 10, 2, tzinfo=UTC))
    months = drills.months_around(parse("2026-10"), ahead=1, back=2)

    made = drills.calendar(found(late, drill_test("next", date(2026, 11, 30), None, kind="tabletop")), months)

    assert [month.key for month in made.months] == ["2026-09", "2026-10", "2026-11"]
    assert made.kinds == ("failover", "tabletop")
    assert made.cells == {("failover", "2026-09"): Counter(passed=1), ("tabletop", "2026-11"): Counter(planned=1)}
    assert made.states == Counter(passed=1, planned=1)


def test_a_year_has_twelve_months_and_six_ahead() -> None:
    months = drills.months_around(parse("2026-10"))

    assert (months[0].key, months[11].key, months[-1].key, len(months)) == ("2025-11", "2026-10", "2027-04", 18)


def test_kinds_add_up_to_the_pass_rate() -> None:
    tests = [
        drill_test("a"), drill_test("b", result="failed"), drill_test("c", result="partial", kind="tabletop"),
        drill_test("d", result=None, executed_at=NOW), drill_test("e", status="postponed"),
        drill_test("f", kind="tabletop", services=("shop", "mail")), drill_test("g", services=("gone",)),
    ]  # fmt: skip
    held, ask = facts(*tests), Ask((parse("2026-10"),), NOW)
    rows = [row for row in dr_pass_rate(held, ask) if not row.reason]

    month = ask.periods[0]
    made = drills.by_kind(drills.done_within(drills.in_scope(held, ask, found(*tests)), month.start, month.end))

    assert made == [Passed("failover", 1, 2), Passed("tabletop", 1, 2)]
    assert sum(one.part for one in made) == sum(row.part for row in rows) == 2
    assert sum(one.whole for one in made) == sum(row.whole for row in rows) == 4


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(1, 2, "unsure"), (5, 8, "missed"), (60, 60, "met"), (0, 0, "no_target")],
)
def test_a_kind_falls_short_only_where_its_range_does(part: float, whole: float, said: str) -> None:
    assert Passed("failover", part, whole).against(0.9) == said


def test_proof_lapses_with_the_tiers_interval() -> None:
    made = proofs(drill_test("shop", date(2026, 7, 5)), drill_test("mail", date(2025, 11, 1), services=("mail",)))

    assert set(made) == {"shop", "mail"}, "tier 3 need not be tested, what retired is gone"
    assert made["shop"].state == "due"
    assert made["shop"].lapses_on == date(2027, 1, 1), "180 days after 5 July"
    assert made["mail"].state == "lapsed", "more than 365 days ago"
    assert made["mail"].lapses_on == date(2026, 11, 1)


def test_what_was_never_tested_comes_first_with_the_day_it_is_planned_for() -> None:
    made = proofs(drill_test("shop"), drill_test("m2", date(2027, 2, 1), None, services=("mail",)),
                  drill_test("m1", date(2026, 12, 1), None, services=("mail",)))  # fmt: skip

    assert list(made) == ["mail", "shop"]
    assert made["mail"] == Proof("mail", "Mail", 1, "never", None, None, date(2026, 12, 1), None)
    assert made["shop"].state == "current"
    assert made["shop"].planned_on is None


@pytest.mark.parametrize(
    ("tests", "doubt"),
    [
        ([drill_test("a", date(2026, 9, 1)), drill_test("b", result="failed")], "failed"),
        ([drill_test("a", date(2026, 9, 1), "failed"), drill_test("b")], ""),
        ([drill_test("a", result="partial"), drill_test("b", date(2026, 11, 1), None, executed_at=NOW)], "partial"),
        ([drill_test("a", kind="tabletop")], "paper"),
        ([drill_test("a", date(2026, 9, 1)), drill_test("b", kind="tabletop")], ""),
        ([drill_test("a", date(2026, 1, 1)), drill_test("b", kind="walkthrough")], "paper"),
    ],
)
def test_a_test_in_time_may_prove_little(tests: list[DrTest], doubt: str) -> None:
    assert proofs(*tests)["shop"].doubt == doubt


def test_a_passed_test_lacks_what_it_cannot_show() -> None:
    shown = drill_test("a", evidence_url="https://e", attested_by="Bo", lead="Ann")
    own = drill_test("b", evidence_url="https://e", attested_by="Ann", lead="Ann")
    by_name = {one.test.name: one for one in found(shown, own, drill_test("c"), drill_test("d", result="failed"))}

    assert by_name["a"].lacks == by_name["d"].lacks == ()
    assert by_name["c"].lacks == ("evidence", "attestation")
    assert (by_name["a"].own_word, by_name["b"].own_word) == (False, True)


def test_actions_of_tests_come_overdue_first_and_those_of_others_not() -> None:
    opened = datetime(2026, 10, 6, tzinfo=UTC)

    def action(name: str, due: date | None, origin_id: str = "T", **more: object) -> Action:
        return Action("file", name, "dr_test", origin_id, name, opened, due_on=due, **more)  # type: ignore[arg-type]

    actions = [
        action("closed", date(2026, 10, 20), closed_at=NOW),
        action("open", date(2026, 12, 1)),
        action("late", date(2026, 11, 1)),
        action("later", date(2026, 11, 2)),
        action("elsewhere", date(2026, 11, 1), "X"),
        Action("file", "incident", "incident", "T", "of an incident", opened),
    ]

    made = drills.remedies(facts(drill_test("T")), actions, found(drill_test("T")), NOW)

    assert [(one.owed.action.title, one.owed.state) for one in made] == [
        ("late", "overdue"), ("later", "overdue"), ("open", "open"), ("closed", "closed_late"),
    ]  # fmt: skip
    assert made[0].drill.test.name == "T"


def test_risks_of_a_test_are_the_open_ones_on_its_services_the_greatest_first() -> None:
    def risk(name: str, likelihood: int, *services: str, status: str = "open") -> Risk:
        return Risk("file", name, name, "technology", "Ann", status, likelihood, 3, "mitigate", services)

    risks = (
        risk("low", 1, "shop"),
        risk("high", 4, "shop"),
        risk("other", 5, "mail"),
        risk("shut", 5, "shop", status="closed"),
    )

    assert [one.risk for one in drills.risks_of(replace(facts(), risks=risks), drill_test("T"), NOW)] == ["high", "low"]

"""What waits for a person, which services suffer, what has changed."""

from datetime import UTC, date, datetime

from app.metrics.attention import changed, waiting, worst
from app.metrics.facts import Action, DrTest, Facts, Incident, Risk, Service
from app.metrics.numbers import Ask, Group, Number, Scope

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SERVICES = {
    "checkout": Service("checkout", "Checkout", 0, "pay"),
    "search": Service("search", "Search", 2, "web"),
}


def risk(name: str, **more: object) -> Risk:
    return Risk("grc", name, name, "technology", "vp", "open", 4, 4, "mitigate", ("checkout",), **more)  # type: ignore[arg-type]


def kinds(facts: Facts, scope: Scope | None = None) -> list[tuple[str, str]]:
    return [(thing.kind, thing.id) for thing in waiting(facts, Ask((), NOW, scope=scope or Scope()))]


def test_an_acceptance_holds_to_the_end_of_its_day() -> None:
    facts = Facts(
        services=SERVICES,
        risks=(
            risk("ended", accepted_until=date(2026, 11, 22)),
            risk("today", accepted_until=date(2026, 11, 23)),
            risk("far", accepted_until=date(2027, 5, 1)),
        ),
    )

    assert kinds(facts) == [("acceptance_expired", "ended"), ("acceptance_expiring", "today")]


def test_closed_risks_wait_for_nobody() -> None:
    closed = risk("closed", review_on=date(2026, 1, 1), closed_on=date(2026, 2, 1))._replace(status="closed")

    assert kinds(Facts(services=SERVICES, risks=(closed,))) == []


def test_an_action_is_overdue_after_its_day_and_only_while_open() -> None:
    def action(name: str, **more: object) -> Action:
        return Action("jira", name, "incident", "INC-1", name, datetime(2026, 9, 1, tzinfo=UTC), **more)  # type: ignore[arg-type]

    facts = Facts(
        services=SERVICES,
        incidents=(Incident("pd", "INC-1", "x", 1, NOW, services=("checkout",)),),
        actions=(
            action("late", due_on=date(2026, 11, 22)),
            action("moved", due_on=date(2026, 12, 22), original_due_on=date(2026, 10, 1)),
            action("today", due_on=date(2026, 11, 23)),
            action("closed", due_on=date(2026, 10, 1), closed_at=NOW),
            action("cancelled", due_on=date(2026, 10, 1), cancelled_at=NOW),
            action("undated"),
        ),
    )

    assert kinds(facts) == [("action_overdue", "late")]
    assert kinds(facts, Scope(tier=0)) == [("action_overdue", "late")]
    assert kinds(facts, Scope(tier=2)) == []


def test_tests_planned_for_a_past_day_are_overdue_and_near_ones_due() -> None:
    def test(name: str, planned: date, **more: object) -> DrTest:
        return DrTest("grc", name, name, "failover", ("checkout",), planned, **more)  # type: ignore[arg-type]

    facts = Facts(
        services=SERVICES,
        dr_tests=(
            test("past", date(2026, 10, 1)),
            test("done", date(2026, 10, 1), executed_at=datetime(2026, 10, 1, tzinfo=UTC), status="executed"),
            test("cancelled", date(2026, 10, 1), status="cancelled"),
            test("near", date(2026, 12, 1)),
            test("far", date(2027, 3, 1)),
        ),
    )

    assert kinds(facts) == [("test_overdue", "past"), ("test_due", "near")]


def number(kpi: str, value: float | None, service: str | None = None, **more: object) -> Number:
    return Number(kpi, "2026-10", Group(service=service, slo=more.pop("slo", None)), value, "share", **more)  # type: ignore[arg-type]


def test_a_service_without_budget_is_worse_than_one_with_impact() -> None:
    found = worst(
        [number("error_budget_remaining", -0.4, slo="s1"), number("error_budget_remaining", 0.4, slo="c1")],
        [
            number("customer_impact_minutes", 90.0, "checkout"),
            number("slos_met", 1.0, "checkout"),
            number("slos_met", 0.5, "search", numerator=1, denominator=2),
        ],
        {"s1": "search", "c1": "checkout"},
    )

    assert [one.service for one in found] == ["search", "checkout"]
    assert found[0].frozen
    assert found[0].missed
    assert not found[1].frozen
    assert found[1].missed is None


def test_a_service_without_a_reason_is_not_among_the_worst() -> None:
    assert worst([], [number("slos_met", 1.0, "checkout"), number("major_incidents", 0.0, "checkout")], {}) == []


def test_a_service_without_data_is_not_among_the_worst() -> None:
    assert (
        worst(
            [number("error_budget_remaining", None, slo="c1")],
            [number("slos_met", None, "checkout")],
            {"c1": "checkout"},
        )
        == []
    )


def test_worsening_comes_before_improving_and_no_data_is_no_change() -> None:
    found = changed(
        [
            number("a", 1.0, signal="improving", since="2026-10"),
            number("b", 1.0, signal="worsening", since="2026-02"),
            number("c", 1.0, signal="worsening", since="2026-09"),
            number("d", None, signal="worsening"),
            number("e", 1.0, signal="steady"),
        ]
    )

    assert [one.kpi for one in found] == ["c", "b", "a"]

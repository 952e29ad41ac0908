"""One service: what incidents did to it, whether it would come back, what is being done; and services side by side."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.metrics import service
from app.metrics.facts import Action, DrTest, Facts, Impact, Incident, Risk, Service
from app.metrics.lessons import Toll
from app.metrics.numbers import Ask
from app.metrics.periods import parse

AT = datetime(2026, 10, 5, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHOP = Service("shop", "Shop", 0, "web", downtime_cost_per_minute=100, rto_minutes=30)
MAIL = Service("mail", "Mail", 1, "web", downtime_cost_per_minute=7)
PLAIN = Service("plain", "Plain", 3, "web")
SERVICES = {one.service: one for one in (SHOP, MAIL, PLAIN)}
ONE = Incident("file", "A", "Slow", 1, AT, services=("shop", "mail", "plain"))


def _impact(name: str, start: int, stop: int, share: float | None = None) -> Impact:
    return Impact("file", "A", name, AT + start * MINUTE, AT + stop * MINUTE, "outage", share)


@pytest.mark.parametrize(
    ("impacts", "name", "toll"),
    [
        # 0-40 and 20-60 are 60 min; 40 at the whole price, 20 at half of it.
        ((_impact("shop", 0, 40), _impact("shop", 20, 60, 0.5)), "shop", Toll(60, 5000)),
        ((_impact("shop", 0, 40), _impact("mail", 0, 90)), "shop", Toll(40, 4000)),
        ((_impact("mail", 0, 90),), "shop", Toll(0, None)),
        ((_impact("plain", 0, 90),), "plain", Toll(90, None)),
        ((), "shop", Toll(None, None)),
    ],
)
def test_an_incident_took_of_a_service_what_it_did_to_that_one(
    impacts: tuple[Impact, ...], name: str, toll: Toll
) -> None:
    facts = Facts(services=SERVICES, incidents=(ONE,), impacts=impacts)

    assert service.toll(facts, ONE, name, NOW) == toll


def test_what_happened_to_other_incidents_is_not_its_toll() -> None:
    other = ONE._replace(incident="B")
    facts = Facts(services=SERVICES, incidents=(ONE, other), impacts=(_impact("shop", 0, 40)._replace(incident="B"),))

    assert service.toll(facts, ONE, "shop", NOW) == Toll(None, None)


def test_incidents_are_counted_by_severity_and_month_of_detection() -> None:
    found = [ONE, ONE._replace(severity=3), ONE._replace(detected_at=datetime(2026, 9, 30, 23, 59, tzinfo=UTC))]
    ask = Ask((parse("2026-09"), parse("2026-10")), NOW)

    assert service.severities(found, ask) == {1: [1, 1], 3: [0, 1]}


def _test(
    name: str, on: date, at: datetime | None = None, result: str | None = None, took: float | None = None
) -> DrTest:
    return DrTest("file", name, name, "failover", ("shop",), on, at, result, rto_achieved_minutes=took)


def test_the_last_test_that_passed_and_the_day_on_which_it_is_too_old() -> None:
    tests = (
        _test("old", date(2026, 3, 1), datetime(2026, 3, 1, 12, tzinfo=UTC), "passed", 29),
        _test("new", date(2026, 9, 1), datetime(2026, 9, 1, 12, tzinfo=UTC), "failed", 31),
        _test("missed", date(2026, 11, 22)),
        _test("next", date(2026, 11, 23)),
        _test("later", date(2027, 3, 1)),
        _test("mail", date(2026, 10, 1), AT, "passed")._replace(services=("mail",)),
    )

    found = service.back(Facts(services=SERVICES, dr_tests=tests), SHOP, NOW)

    assert [one.test.test for one in found.done] == ["new", "old"]
    assert found.passed is not None
    assert found.passed.test.test == "old"
    assert [service.in_time(one) for one in found.done] == [False, True], "30 min are its own RTO"
    assert found.ahead is not None
    assert found.ahead.test.test == "next", "a day that is not over is no day missed"
    assert [one.test.test for one in found.overdue] == ["missed"]
    assert found.lapses_on == date(2027, 2, 28), "180 days after 1 September in tier 0"


def test_a_service_nobody_tested_has_no_day_to_lapse() -> None:
    found = service.back(Facts(services=SERVICES), PLAIN, NOW)

    assert (found.done, found.passed, found.ahead, found.lapses_on, found.asked) == ((), None, None, None, False)
    assert service.back(Facts(services=SERVICES), SHOP, NOW).asked


def test_no_time_that_can_be_compared_is_neither_in_time_nor_late() -> None:
    tests = (_test("a", date(2026, 9, 1), AT, "passed"),)

    (only,) = service.back(Facts(services=SERVICES, dr_tests=tests), SHOP, NOW).done

    assert service.in_time(only) is None


def test_open_risks_stand_by_weight_and_open_actions_before_done_ones() -> None:
    risk = Risk("file", "R1", "Fire", "site", "Cy", "open", 2, 2, "mitigate", ("shop",))
    action = Action("file", "T1", "incident", "A", "Mend", AT, due_on=date(2026, 12, 1))
    facts = Facts(
        services=SERVICES,
        incidents=(ONE,),
        risks=(risk, risk._replace(risk="R2", impact=5), risk._replace(risk="R3", status="closed")),
        actions=(
            action._replace(action="T0", closed_at=AT + MINUTE),
            action,
            action._replace(action="T2", due_on=date(2026, 10, 20)),
            action._replace(action="T3", due_on=None),
        ),
    )

    assert [one.risk for one in service.open_risks(facts, NOW)] == ["R2", "R1"]
    assert [(one.action.action, one.state) for one in service.actions(facts, NOW)] == [
        ("T2", "overdue"),
        ("T1", "open"),
        ("T3", "open"),
        ("T0", "closed"),
    ]


def test_services_stand_the_worst_first_and_what_is_unknown_is_not_zero() -> None:
    totals = {
        "slos_met": {"shop": (2.0, 2.0), "mail": (1.0, 2.0)},
        "error_budget_remaining": {"shop": (2.0, 2.0), "mail": (1.0, 2.0)},
        "customer_impact_minutes": {"shop": (90.0, 0.0)},
        "major_incidents": {},
    }

    first, second, third = service.standings(SERVICES.values(), totals, {"customer_impact_minutes"})

    assert (first.service, first.spent, first.met, first.measured, first.impact) == (MAIL, 1, 1, 2, 0.0)
    assert (second.service, second.spent, second.impact) == (SHOP, 0, 90.0), "a spent budget goes before minutes"
    assert third == service.Standing(PLAIN, None, None, None, 0.0, None), "impact was watched; the rest was not"

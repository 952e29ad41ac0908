"""What is read of one service alone: no more than names it, and the same sums as those of all."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app.metrics.facts import (
    Action,
    Deployment,
    DrTest,
    Exclusion,
    Impact,
    Incident,
    Postmortem,
    Risk,
    Service,
    Sli,
    Slo,
)
from app.store import one_service
from app.store.engine import reading, writing
from tests.store.keeping import keep

AT = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SERVICES = [Service("shop", "Shop", 0, "red"), Service("SHOP", "Loud", 0, "red"), Service("pay", "Pay", 1, "red")]
SERVICES += [Service("gone", "Gone", 1, "red", retired_on=date(2026, 9, 30)), Service("sh%p", "Odd", 1, "red")]
SLOS = [
    Slo("file", "a", "shop", "Shop answers", "availability", 0.99, "28d", "occurrences"),
    Slo("file", "b", "shop", "Shop is fast", "latency", 0.9, "1M", "occurrences"),
    Slo("file", "p", "pay", "Pay answers", "availability", 0.99, "28d", "occurrences"),
    Slo("file", "g", "gone", "Gone answers", "availability", 0.99, "28d", "occurrences"),
]
SLI = [
    Sli("file", slo, datetime(2026, month, day, 1, tzinfo=UTC), 60.0, 90.0 - day, 100.0)
    for slo in ("a", "b", "p", "g")
    for month in (9, 10)
    for day in (1, 5, 12, 30)
]
INCIDENTS = [
    Incident("file", "A", "Both", 1, AT, services=("pay", "shop"), caused_by="D1"),
    Incident("file", "B", "Loud alone", 1, AT + HOUR, services=("SHOP",)),
    Incident("file", "C", "Pay alone", 1, AT + 2 * HOUR, services=("pay",)),
    Incident("file", "D", "Odd alone", 1, AT + 3 * HOUR, services=("sh%p",)),
    Incident("file", "E", "Later", 1, NOVEMBER + HOUR, services=("shop",)),
]
FOUND: dict[str, Any] = {
    "services": SERVICES,
    "slos": SLOS,
    "sli": SLI,
    "exclusions": [Exclusion("file", "X", AT, AT + 72 * HOUR, ("shop",), (), "move", "maintenance", "Ada")],
    "incidents": INCIDENTS,
    "impacts": [Impact("file", name, "shop", AT, AT + HOUR, "outage") for name in ("A", "C")],
    "postmortems": [Postmortem("file", "A", "Ada"), Postmortem("file", "C", "Ada")],
    "actions": [
        Action("file", "T1", "incident", "A", "Mend", AT),
        Action("file", "T2", "incident", "C", "Other", AT),
        Action("file", "T3", "risk", "R1", "Buy", AT),
        Action("file", "T4", "dr_test", "A", "Another kind of A", AT),
        Action("file", "T5", "dr_test", "DR1", "Write", AT),
    ],
    "risks": [
        Risk("file", "R1", "Fire", "site", "Cy", "open", 4, 4, "mitigate", ("shop", "pay")),
        Risk("file", "R2", "Flood", "site", "Cy", "open", 4, 4, "mitigate", ("pay",)),
    ],
    "dr_tests": [DrTest("file", "DR1", "Failover", "failover", ("shop",), date(2026, 9, 1))],
    "deployments": [
        Deployment("file", "D1", "shop", AT - HOUR, "succeeded"),
        Deployment("file", "D2", "shop", AT, "rolled_back"),
        Deployment("file", "D3", "shop", AT, "succeeded"),
        Deployment("file", "D4", "pay", AT, "rolled_back"),
        Deployment("file", "D5", "shop", AT + HOUR, "failed"),
    ],
}


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with writing(engine) as conn:
        keep(conn, FOUND)
    return engine


def test_only_what_names_the_service_is_read_and_what_follows_from_it(filled: Engine) -> None:
    with reading(filled) as conn:
        found = one_service.about(conn, "shop", NOVEMBER)

    assert [one.incident for one in found.incidents] == ["A"], "case tells services apart; what came later is not known"
    assert [one.incident for one in found.impacts] == ["A"]
    assert [one.incident for one in found.postmortems] == ["A"]
    assert sorted(one.action for one in found.actions) == ["T1", "T3", "T5"]
    assert [one.risk for one in found.risks] == ["R1"]
    assert [one.test for one in found.dr_tests] == ["DR1"]
    assert {one.slo for one in found.slos} == {"a", "b"}


def test_a_name_with_a_wildcard_names_itself_alone(filled: Engine) -> None:
    with reading(filled) as conn:
        found = one_service.about(conn, "sh%p", NOVEMBER)

    assert [one.incident for one in found.incidents] == ["D"]


def test_what_went_wrong_failed_was_rolled_back_or_was_blamed(filled: Engine) -> None:
    with reading(filled) as conn:
        found = one_service.went_wrong(conn, "shop", AT - 2 * HOUR, AT + 2 * HOUR, ["D1"])
        last = one_service.went_wrong(conn, "shop", AT - 2 * HOUR, AT + 2 * HOUR, ["D1"], limit=1)
        before = one_service.went_wrong(conn, "shop", AT - 2 * HOUR, AT, [])

    assert [one.deployment for one in found] == ["D5", "D2", "D1"]
    assert [one.deployment for one in last] == ["D5"]
    assert not before


def test_deployments_of_some_services_come_in_order_of_time(filled: Engine) -> None:
    with reading(filled) as conn:
        found = one_service.deployed(conn, ["shop", "pay"], AT - 2 * HOUR, AT + HOUR)

    assert [one.deployment for one in found] == ["D1", "D2", "D3", "D4"]

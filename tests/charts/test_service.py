"""What is said and drawn of one service."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.charts import service
from app.charts.service import Told
from app.metrics.numbers import Group, Number

NONE = Number("customer_impact_minutes", "2026-10", Group(), None, "minutes")
ZERO = replace(NONE, value=0.0)
HIT = replace(NONE, value=43.0)
COST = Number("downtime_cost", "2026-10", Group(), 100_000.0, "money")
TOLD = Told("Checkout", "October 2026", False, 3, 3, 3, ZERO, COST, 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Checkout kept all 3 promises in October 2026. It had no incident."),
        (
            {"kept": 2, "frozen": ["Checkout answers"], "impact": HIT, "incidents": 2},
            "Checkout kept 2 of 3 promises in October 2026; Checkout answers is out of budget and frozen. "
            "Customers were affected for 43 min in two incidents, which cost 100 k EUR.",
        ),
        (
            {"measured": 1, "kept": 0, "incidents": 1},
            "Checkout broke its one promise in October 2026. One incident, and",
        ),
        ({"promised": 0, "measured": 0}, "Checkout has promised nothing: it has no SLO."),
        ({"measured": 0, "partial": True}, "No promise of Checkout was measured in October 2026 so far."),
        ({"impact": NONE, "incidents": 1}, "One incident; nothing says whether customers were affected."),
        ({"retired_on": date(2026, 9, 30)}, "Retired on 30 Sep 2026. Checkout kept"),
        ({"above": 1, "overdue": 2}, "Today one risk is above appetite and two actions are overdue."),
        ({"drills": "passed", "drilled_on": date(2026, 3, 3)}, "It last proved to come back on 3 Mar 2026."),
        ({"drills": "never"}, "It had no incident. Nobody ever tested that it comes back."),
    ],
)
def test_the_finding_tells_promises_harm_and_what_is_owed(changed: dict[str, Any], said: str) -> None:
    assert said in service.finding(TOLD._replace(**changed))


def test_of_what_nobody_watched_no_incident_is_claimed() -> None:
    said = service.finding(TOLD._replace(impact=NONE, incidents=None))

    assert said == "Checkout kept all 3 promises in October 2026."


def test_incidents_of_lower_severities_are_one_colour() -> None:
    chart = service.incidents(["2026-09", "2026-10"], {1: [1, 0], 2: [0, 2], 3: [1, 1], 4: [0, 3]}, {1: "critical"}, 2)

    assert [(one.name, one.values) for one in chart.series] == [
        ("1 critical", (1.0, 0.0)),
        ("Severity 2", (0.0, 2.0)),
        ("lower", (1.0, 4.0)),
    ]
    assert chart.title == "8 incidents in 2 months, 3 severe"


def test_no_incident_is_no_axis() -> None:
    chart = service.incidents(["2026-10"], {}, {}, 2)

    assert (chart.title, chart.x) == ("Incidents: none", ())

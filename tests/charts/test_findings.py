"""The sentence on top of SLOs and Incidents: every rule with its case."""

import pytest

from app.charts.findings import Happened, Promises, happened, named, promises
from app.metrics.numbers import Group, Number

OCTOBER = "October 2026"
DARK = "October 2026: no incidents are known, and nobody was looking."


def number(kpi: str, value: float | None, unit: str = "count", n: int = 1, **more: object) -> Number:
    return Number(kpi, "2026-10", Group(), value, unit, n=n, **more)  # type: ignore[arg-type]


def slos(part: float | None, whole: float | None) -> Number:
    share = part / whole if part is not None and whole else None
    return number("slos_met", share, "share", numerator=part, denominator=whole)


def incidents(counted: int | None, severe: float | None = 0, **more: object) -> Happened:
    told: dict[str, object] = {
        "impact": number("customer_impact_minutes", None, "minutes"),
        "cost": number("downtime_cost", None, "money"),
        "restore": number("time_to_restore", None, "minutes", 0),
    }
    return Happened("October 2026", counted, number("major_incidents", severe), **{**told, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Promises(OCTOBER, slos(None, None), 0, 0, 0), "No SLO is defined here."),
        (Promises(OCTOBER, slos(None, None), 0, 0, 1), "No promise to keep or to break: the one service has no SLO."),
        (Promises(OCTOBER, slos(None, None), 0, 0, 89), "No promise to keep or to break: 89 services have no SLO."),
        (Promises(OCTOBER, slos(None, None), 2, 0, 2), "None of 2 SLOs was measured in October 2026."),
        (
            Promises(OCTOBER, slos(2, 2), 3, 2, 3),
            "All 2 SLOs were met in October 2026, one more was not measured; "
            "no budget is spent and none is about to be.",
        ),
        (
            Promises("November 2026", slos(1, 3), 3, 3, 3, ["Shop"], ["Mail", "Blog"], partial=True),
            "1 of 3 SLOs were met in November 2026 so far; Shop is out of budget and frozen; "
            "Mail and Blog are about to break.",
        ),
        (
            Promises(OCTOBER, slos(None, None), 1, 0, 1, ["Shop"]),
            "The one SLO was not measured in October 2026. Shop is out of budget and frozen.",
        ),
    ],
)
def test_promises_are_told_with_what_needs_a_decision(told: Promises, said: str) -> None:
    assert promises(told) == said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (incidents(None, None), DARK),
        (incidents(0), "October 2026: no incident."),
        (incidents(1, 1), "October 2026: 1 incident, severe."),
        (incidents(3, 3), "October 2026: 3 incidents, all severe."),
        (incidents(5, 0), "October 2026: 5 incidents, none of them severe."),
        (
            incidents(
                4,
                1,
                impact=number("customer_impact_minutes", 95, "minutes"),
                cost=number("downtime_cost", 23_000, "money"),
                restore=number("time_to_restore", 41, "minutes", 4),
                cause=("capacity", 2),
                late_postmortems=1,
                overdue_actions=12,
            ),
            "October 2026: 4 incidents, 1 of them severe; customers were affected for 95 min, which cost 23 k EUR; "
            "half were restored within 41 min. Capacity was behind two of them; "
            "today one postmortem is late and twelve actions are overdue.",
        ),
        (
            incidents(2, 0, impact=number("customer_impact_minutes", 0, "minutes")),
            "October 2026: 2 incidents, none of them severe; no customer impact is on record.",
        ),
        (incidents(None, None, overdue_actions=1), f"{DARK} Today one action is overdue."),
    ],
)
def test_incidents_are_told_with_what_is_owed(told: Happened, said: str) -> None:
    assert happened(told) == said


def test_a_long_list_of_names_is_cut_and_counted() -> None:
    assert named(["a", "b", "c"]) == "a, b and c"
    assert named(["a", "b", "c", "d"]) == "a, b and two more"

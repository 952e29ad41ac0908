"""What DR tests say in a sentence, and how times and shares are drawn in rows."""

import xml.etree.ElementTree as ET
from datetime import date
from math import log10

import pytest

from app.charts import dr_tests, svg
from app.charts.description import Chart
from app.charts.dr_tests import Drilled
from app.metrics.drills import STATES, Drill, Passed, State, Time
from app.metrics.facts import DrTest
from app.metrics.numbers import Group, Number

OCTOBER = "October 2026"
NONE = Number("dr_pass_rate", "2026-10", Group(), None, "share")


def share(part: float, whole: float, kpi: str = "dr_pass_rate", period: str = "2026-10", **more: object) -> Number:
    told: dict[str, object] = {"low": 0.1, "high": 0.9, "target": 0.9, "verdict": "missed", "certain": False, **more}
    return Number(kpi, period, Group(), part / whole, "share", part, whole, round(whole), **told)  # type: ignore[arg-type]


def drill(name: str, achieved: float, target: float, state: State = "passed") -> Drill:
    test = DrTest("grc", name, f"Test {name}", "failover", ("shop",), date(2026, 10, 5))
    return Drill(test, state, Time(achieved, target), Time(None, None))


def parts(chart: Chart, name: str, width: float = 560, height: float = 300) -> list[ET.Element]:
    root = ET.fromstring(svg.draw(chart, width, height))
    return [one for one in root.iter() if f"nines-{name}" in one.get("class", "").split()]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            Drilled(OCTOBER, share(4, 5), share(26, 28, "dr_coverage"), "tier 0 and 1",
                   ("Pay: failover", 142, 30), ("Pay: failover",), never=("Fraud",), overdue_tests=2,
                   overdue_actions=1),
            "October 2026: 4 of 5 DR tests passed; “Pay: failover” took 2 h 22 min to come back, 30 min was allowed. "
            "26 of 28 services of tier 0 and 1 were tested in time; Fraud was never tested. "
            "Today two tests and one action that tests called for are overdue.",
        ),
        (
            Drilled(OCTOBER, share(4, 5), share(28, 28, "dr_coverage"), "tier 0 and 1", failed=("Mail: restore",)),
            "October 2026: 4 of 5 DR tests passed, “Mail: restore” did not. "
            "All 28 services of tier 0 and 1 were tested in time.",
        ),
        (Drilled(OCTOBER, share(1, 1), NONE, "tier 0"), "October 2026: the one DR test passed."),
        (
            Drilled(OCTOBER, share(0, 1), NONE, "tier 0", failed=("Mail",), overdue_actions=1),
            "October 2026: the one DR test did not pass: “Mail”. "
            "Today one action that tests called for is overdue.",
        ),
        (Drilled(OCTOBER, share(0, 3), NONE, "tier 0"), "October 2026: none of 3 DR tests passed."),
        (
            Drilled("November 2026", NONE, NONE, "tier 0", last="3 Sep 2026", partial=True),
            "November 2026, so far: no DR test was carried out; the last one known was on 3 Sep 2026.",
        ),
    ],
)  # fmt: skip
def test_the_finding_tells_passed_slow_proven_and_owed(told: Drilled, said: str) -> None:
    assert dr_tests.finding(told) == said


def test_a_dumbbell_tells_the_target_by_a_tick_and_a_miss_by_its_shape() -> None:
    chart = dr_tests.dumbbells("rto", [drill("slow", 100, 10), drill("fast", 10, 100)], "12 months")

    assert chart.title == "RTO: 1 of 2 tests took longer than allowed"
    goals = [float(one.get("x1", 0)) for one in parts(chart, "goal")]
    spans = [(float(one.get("x1", 0)), float(one.get("x2", 0))) for one in parts(chart, "span")]
    assert goals[0] < goals[1]
    assert spans[0][0] == goals[0]
    assert spans[0][1] > goals[0], "the miss lies beyond its target"
    assert spans[1][1] < goals[1]
    assert len(parts(chart, "missed")) == 1
    assert len(parts(chart, "met")) == 1
    assert [one.get("data-key") for one in parts(chart, "hit")] == ["grc/slow", "grc/fast"]


def test_dumbbells_stand_on_a_log_axis_where_a_time_of_nothing_is_held_at_its_foot() -> None:
    chart = dr_tests.dumbbells("rto", [drill("a", 1000, 10), drill("b", 0, 100)], "12 months")

    (low, middle) = (float(one.get("x1", 0)) for one in parts(chart, "goal"))
    high = float(parts(chart, "span")[0].get("x2", 0))
    assert (middle - low) / (high - low) == pytest.approx(log10(100 / 10) / log10(1000 / 10), abs=0.02)
    assert float(parts(chart, "span")[1].get("x2", 0)) == pytest.approx(low, abs=0.2)


def test_only_the_worst_are_drawn_and_the_title_counts_all() -> None:
    many = [drill(f"{at}", 100 - at, 90) for at in range(30)]

    chart = dr_tests.dumbbells("rto", many, "12 months", most=12)

    assert len(chart.x) == 12
    assert chart.title == "RTO: 10 of 30 tests took longer than allowed"
    assert chart.subtitle.startswith("The worst 12 of 30, 12 months")


def test_no_achieved_time_says_which_column_is_missing() -> None:
    chart = dr_tests.dumbbells("rpo", [], "12 months")

    assert chart.title == "RPO: no data"
    assert "rpo_achieved_minutes" in chart.empty


def test_a_quarter_is_drawn_with_its_range_and_one_without_a_test_is_a_gap() -> None:
    none = Number("dr_pass_rate", "2026-Q2", Group(), None, "share")
    chart = dr_tests.by_quarter([share(3, 4, period="2026-Q1"), none, share(9, 10, period="2026-Q3", partial=True)])

    assert chart.series[0].values == (0.75, None, 0.9)
    assert chart.series[0].labels == ("3 of 4", "no test", "9 of 10")
    assert chart.series[0].keys == ("2026-Q1", "2026-Q2", "2026-Q3")
    assert chart.partial == {2}
    assert len(parts(chart, "range")) == len(parts(chart, "point")) == 2
    assert len(parts(chart, "target")) == 1


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([Passed("failover", 60, 60)], "Every kind of test passes"),
        ([Passed("failover", 60, 60), Passed("game_day", 1, 2)], "No kind of test can be told to fall short"),
        ([Passed("tabletop", 5, 8), Passed("game_day", 1, 9)], "Tabletop and game day tests fall short"),
        ([], "Tests passed by kind: no data"),
    ],
)
def test_kinds_are_told_by_their_ranges(kinds: list[Passed], title: str) -> None:
    assert dr_tests.by_kind(kinds, 0.9, "12 months").title == title


def test_every_state_has_a_shape_of_its_own() -> None:
    drawn = [dr_tests.mark(state) for state in STATES]

    assert len(set(drawn)) == len(STATES)
    for one in drawn:
        assert len(ET.fromstring(one)) > 0

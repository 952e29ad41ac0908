"""What the charts of on-call say, and the sentence on top."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.charts import oncall, reading
from app.charts.oncall import Sustained, sustained
from app.metrics.calls import Week, When
from app.metrics.fairness import Shares
from app.metrics.numbers import Group, Number

TARGET: Mapping[str, Any] = {"target": 14.0, "verdict": "met", "certain": True}
OVER: Mapping[str, Any] = {"target": 14.0, "verdict": "missed", "certain": True}
UNSURE: Mapping[str, Any] = {"target": 14.0, "verdict": "missed", "certain": False}


def load(value: float | None, team: str | None = None, **more: Any) -> Number:
    calls = None if value is None else value * 10
    found = {"low": None if value is None else value - 1, "high": None if value is None else value + 1} | more
    return Number("on_call_load", "2026-10", Group(team=team), value, "per_week", calls, 10.0, n=10, **found)


def part(kpi: str, value: float | None, **more: Any) -> Number:
    return Number(kpi, "2026-10", Group(), value, "share", None if value is None else value * 10, 10, n=10, **more)


def told(**more: Any) -> str:
    given: dict[str, Any] = {
        "period": "October 2026",
        "load": load(12.5, signal="steady", **TARGET),
        "over": [],
        "teams": 3,
        "after": part("after_hours_share", 0.4),
        "sleep": part("sleep_share", 0.2),
        "noise": part("alert_noise", 0.3, signal="improving", since="2026-07"),
    }
    return sustained(Sustained(**given | more))


def test_the_finding_says_load_hours_and_noise() -> None:
    assert told() == (
        "October 2026: 12.5 interruptions a person-week, within the target of 14 (no real change); no team is surely "
        "above it. 40 % came outside working hours, 20 % in sleeping hours. 30 % of judged pages needed nobody (a real "
        "improvement since July 2026)."
    )


def test_the_finding_names_the_team_that_carries_most() -> None:
    over = [("Red", load(30, "red", **OVER)), ("Blue", load(20, "blue", **OVER))]

    assert "two of 3 teams carry more, Red the most with 30." in told(over=over)
    assert "; Red carries more, 30." in told(over=over[:1])


@pytest.mark.parametrize(
    ("number", "said"),
    [(load(15, **OVER), "above the target of 14"), (load(15, **UNSURE), "close to the target of 14")],
)
def test_what_lies_on_both_sides_of_the_target_is_close_to_it(number: Number, said: str) -> None:
    assert said in told(load=number)


def test_without_duty_calls_are_counted_and_it_says_why() -> None:
    assert told(load=load(None), unfit="tier").startswith("October 2026: 10 interruptions (load is not kept by tier).")
    assert "10 interruptions, and no shift to hold them against." in told(load=load(None))


def test_one_person_who_carries_too_much_is_in_the_finding_without_a_name() -> None:
    assert "In Red one person carries more than their duty explains." in told(uneven=["Red"])


def test_teams_stand_by_load_and_a_click_names_the_team() -> None:
    numbers = [load(9.0, "blue", **TARGET), load(30.0, "red", **OVER), load(15, "green", **UNSURE), load(None, "idle")]

    chart = oncall.loads(numbers, {"red": "Red team"})

    assert chart.x == ("Red team", "green", "blue")
    assert chart.series[0].keys == ("red", "green", "blue")
    assert chart.title == "1 of 3 teams is above target, 1 cannot be told"
    assert chart.limits is not None
    assert chart.limits.low == (29.0, 14, 8.0)


def test_only_the_most_loaded_of_many_teams_are_drawn_but_all_are_counted() -> None:
    chart = oncall.loads([load(20.0 + at, f"t{at}", **OVER) for at in range(150)], {})

    assert len(chart.x) == oncall.MOST
    assert chart.title == "150 of 150 teams are above target"
    assert chart.subtitle.startswith("The 10 most loaded of 150 teams")


def test_shares_stand_by_how_far_apart_they_are() -> None:
    apart = {"a": Shares("a", 0.2, 0.25), "b": Shares("b", 0.5, 0.25), "c": Shares("c", 0.3, 0.5)}

    chart = oncall.shares(apart, {"b": "Team B"})

    assert chart.title == "Team B carries 50 % of the load on 25 % of the duty"
    assert chart.x == ("Team B", "c", "a")
    assert [one.values for one in chart.series] == [(0.5, 0.3, 0.2), (0.25, 0.5, 0.25)]


def test_small_shares_of_many_teams_are_told_apart() -> None:
    chart = oncall.shares({"a": Shares("a", 0.013, 0.005), "b": Shares("b", 0.987, 0.995)}, {})

    assert chart.series[0].labels[chart.x.index("a")] == "1.3 % on 0.5 %"


def test_an_hour_without_calls_is_a_zero_and_a_week_without_any_is_no_data() -> None:
    chart = oncall.week(Week({(0, 3): 3, (6, 23): 1}), "October 2026")

    assert chart.series[0].values[3:5] == (3.0, 0.0)
    assert chart.series[6].labels[23] == "1 interruption from 23:00 to 00:00"
    assert chart.title == "Monday has most calls, 75 %; the weekend has 25 %"
    assert reading.is_empty(oncall.week(Week({}), "October 2026"))


def test_a_month_without_calls_is_a_gap_in_the_stack() -> None:
    numbers = [part("sleep_share", 0.2), part("sleep_share", None)]

    chart = oncall.when([When("2026-10", 5, 3, 2), None], numbers)

    assert [series.values for series in chart.series] == [(2, None), (3, None), (5, None)]


def test_the_band_of_noise_is_its_bounds() -> None:
    known = part("alert_noise", 0.3, extra={"least": 0.2, "most": 0.5}, limits=(0.1, 0.3, 0.4))

    chart = oncall.noise([known, part("alert_noise", None, extra={"least": None, "most": None})], "<=")

    assert chart.limits is not None
    assert (chart.limits.low, chart.limits.high) == ((0.2, None), (0.5, None))

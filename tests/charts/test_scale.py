"""Axes: named ticks that a person would choose."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.charts import scale
from app.charts.description import Limits, Series
from tests.charts import zoo


def ticks(*values: float, unit: str = "share", log: bool = False, kind: str = "line") -> list[str]:
    x = tuple(str(at) for at in range(len(values)))
    chart = zoo.line(kind=kind, unit=unit, log=log, x=x, series=(Series("", values),), target=None, limits=None)
    return [name for _, name in scale.scale(chart).ticks]


def test_shares_near_one_are_looked_at_closely_and_never_pass_it() -> None:
    assert ticks(0.9981, 0.9998) == ["99.80 %", "99.85 %", "99.90 %", "99.95 %", "100.00 %"]
    assert ticks(0.1, 0.93)[-1] == "100 %"


def test_counts_have_whole_steps_from_zero() -> None:
    assert ticks(1.0, 2.0, unit="count", kind="bar") == ["0", "1", "2"]
    assert ticks(0.0, 0.0, unit="count", kind="bar")[0] == "0"
    assert ticks(1e-12, unit="count") == ["0", "1"]


def test_minutes_have_the_steps_of_a_clock() -> None:
    assert ticks(10.0, 110.0, unit="minutes") == ["0 min", "30 min", "60 min", "90 min", "2 h"]
    assert ticks(2.0, 3000.0, unit="minutes", log=True) == ["10 min", "1 h", "10 h", "7 d"]


def test_a_narrow_log_axis_still_has_three_names() -> None:
    assert ticks(2.6, 4.1, unit="minutes", log=True) == ["2 min", "3 min", "4 min", "5 min"]


def test_limits_below_zero_do_not_stretch_an_axis_that_has_nothing_there() -> None:
    chart = zoo.bar(limits=Limits((-5.0,) * 4, (2.0,) * 4, (12.0,) * 4))

    assert scale.scale(chart).low == 0
    assert scale.scale(chart).high >= 12


def test_money_is_short() -> None:
    assert ticks(0.0, 2e6, unit="money", kind="bar") == ["0", "500 k", "1 M", "1.5 M", "2 M"]


def test_months_are_thinned_and_the_year_stands_where_it_begins() -> None:
    assert scale.names(zoo.MONTHS[:3], 60) == ((0, "Jan", "2025"), (1, "Feb", ""), (2, "Mar", ""))
    assert [(name, year) for _, name, year in scale.names(zoo.MONTHS, 10)] == [
("Apr", "2025"), ("Aug", ""), ("Dec", ""), ("Apr", "2026"), ("Aug", ""), ("Dec", ""),
    ]  # fmt: skip


def test_long_text_is_cut_and_wrapped() -> None:
    assert scale.shortened("Checkout latency", 60).endswith("…")
    assert scale.shortened("Checkout", 200) == "Checkout"
    assert len(scale.wrapped("Time to restore: no real change since November 2025", 200, 15)) == 2


@settings(deadline=None)
@given(places=st.lists(st.floats(0, 200), max_size=8))
def test_labels_are_moved_apart_and_stay_in_order(places: list[float]) -> None:
    moved = scale.apart(places, 15, 0, 200)

    assert all(later - earlier >= 15 - 1e-6 for earlier, later in pairwise(sorted(moved)))
    assert sorted(range(len(places)), key=places.__getitem__) == sorted(range(len(places)), key=moved.__getitem__)

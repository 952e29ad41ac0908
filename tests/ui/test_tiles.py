"""What stands on a tile."""

from dataclasses import replace

import pytest

from app.charts import faces
from app.charts.description import Chart, Series
from app.metrics.numbers import Group, Number
from app.policy import default
from app.ui import heat, tiles
from tests.filled import text

POLICY = default()
LOAD = Number(
    "on_call_load", "2026-10", Group(), 12.0, "per_week", 24, 2.0, 24,
    target=14.0, verdict="met", certain=True, signal="steady",
)  # fmt: skip
NONE = Number("on_call_load", "2026-10", Group(), None, "per_week")


def test_a_verdict_is_told_by_word_shape_and_class() -> None:
    made = tiles.tile(tiles.face(LOAD, None, [], POLICY))

    assert 'class="verdict met"' in made
    assert ">met<" in made
    assert "nines-met" in made, "the shape"


def test_what_cannot_be_told_is_not_called_met() -> None:
    face = tiles.face(replace(LOAD, certain=False), None, [], POLICY)

    assert (face.key, face.word) == ("unsure", "cannot tell")


def test_no_data_is_said_and_is_no_zero() -> None:
    face = tiles.face(NONE, LOAD, [NONE, NONE], POLICY)

    assert (face.value, face.word, face.key) == ("no data", "no data", "no_data")
    assert face.spark is None
    assert "0" not in text(tiles.tile(face)).split("Target")[0]


def test_without_a_target_the_signal_is_the_verdict() -> None:
    worse = Number("major_incidents", "2026-10", Group(), 9.0, "count", 9, n=9, verdict="no_target", signal="worsening")

    assert tiles.judged(worse) == ("missed", "worsening")
    assert tiles.judged(replace(worse, signal="steady"))[1] == "no real change"


def test_tiers_with_targets_of_their_own_judge_the_whole() -> None:
    whole = Number("slo_compliance", "2026-10", Group(), 0.999, "share", 1, 1, 1, verdict="no_target")
    tier = replace(whole, group=Group(tier=0), target=0.999, verdict="met")

    assert tiles.judged(whole, [tier]) == ("met", "met")
    assert tiles.judged(whole, [tier, replace(tier, verdict="missed")]) == ("missed", "missed")


def test_spent_budgets_are_counted_by_slo() -> None:
    now = Number(
        "error_budget_remaining", "2026-10", Group(), 0.9, "share", 9, 10, 10, verdict="no_target", signal="steady"
    )
    before = replace(now, period="2026-09", numerator=10, value=1.0)

    face = faces.spent(tiles.face(now, before, [], POLICY), now, before)

    assert (face.value, face.beside, face.word) == ("1", "of 10 SLOs", "missed")
    assert face.said == "1 more than in September, no real change"


def test_no_slo_at_all_is_no_budget_spent_and_none_left() -> None:
    now = Number("error_budget_remaining", "2026-10", Group(), None, "share")

    face = faces.spent(tiles.face(now, now, [], POLICY), now, now)

    assert (face.value, face.word) == ("no data", "no data")


def test_a_sparkline_marks_its_signals_and_leaves_gaps() -> None:
    months = [replace(LOAD, period=f"2026-0{at}", value=value) for at, value in enumerate((1.0, None, 3.0), start=1)]
    months[2] = replace(months[2], signal="worsening")

    drawn = tiles.spark(months, POLICY)

    assert drawn is not None
    assert drawn.series[0].values == (1.0, None, 3.0)
    assert [(signal.at, signal.word) for signal in drawn.signals] == [(2, "worsening")]


def test_one_month_is_no_trend() -> None:
    assert tiles.spark([LOAD], POLICY) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [("28.2 a week", "28.2<small> a week</small>"), ("3 h 20 min", "3<small> h </small>20<small> min</small>")],
)
def test_units_are_smaller_than_figures(value: str, shown: str) -> None:
    assert tiles.figure(value) == shown


def test_names_from_facts_cannot_break_out_of_a_tile() -> None:
    face = replace(tiles.face(LOAD, None, [], POLICY), name="<img src=x onerror=alert(1)>", said='"><script>')

    made = tiles.tile(face)

    assert "<img" not in made
    assert "<script" not in made


def test_a_cell_of_the_map_without_data_is_neither_a_number_nor_a_button() -> None:
    chart = Chart(
        kind="heat", title="t", subtitle="s", unit="share", x=("2026-09", "2026-10"),
        series=(Series("Tier 0", (None, 1.0), verdicts=("no_data", "unsure")),), target=0.95, target_op=">=",
    )  # fmt: skip

    made = heat.heat(chart, [{"do": "narrow", "tier": 0}], "2026-10")

    assert made.count("<button") == 1
    assert "no data" in made
    assert "cannot tell" in made
    assert 'class="unsure over"' in made

"""From numbers to charts: one file per noun, nothing computed on the way."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.charts import figure, incidents, reading, slos, svg, trend
from app.charts.description import Mark, Signal
from app.metrics.catalogue import KPIS
from app.metrics.kpi import Kpi
from app.metrics.numbers import Group, Number
from tests.charts import zoo
from tests.charts.zoo import COUNT, MONTHS, RESTORE, numbers


def test_a_trend_states_its_finding_and_keeps_gaps() -> None:
    given = numbers(60.0, None, 45.0, target=60.0, verdict="met", signal="steady", limits=(20.0, 50.0, 120.0))

    chart = trend.trend(RESTORE, given, marks={"2025-03": "Reorganisation"})

    assert chart.kind == "line"
    assert chart.log
    assert chart.title == "Time to restore: no real change since January"
    assert chart.series[0].values == (60.0, None, 45.0)
    assert chart.series[0].labels == ("60 min (from 4 incidents), met", "no data", "45 min (from 4 incidents), met")
    assert (chart.target, chart.target_op) == (60.0, "<=")
    assert chart.limits == ((20.0,) * 3, (50.0,) * 3, (120.0,) * 3)
    assert chart.marks == (Mark(2, "Reorganisation"),)


def test_counts_are_bars_and_their_comparison_is_cut_to_length() -> None:
    chart = trend.trend(COUNT, numbers(3.0, 4.0, kpi=COUNT), numbers(5.0, kpi=COUNT))

    assert chart.kind == "bar"
    assert not chart.log
    assert chart.series[1].role == "comparison"
    assert chart.series[1].values == (5.0, None)


@pytest.mark.parametrize("kpi", KPIS.values(), ids=KPIS.keys())
def test_every_kpi_can_be_drawn_with_and_without_data(kpi: Kpi) -> None:
    for given in (numbers(None, None, kpi=kpi), numbers(1.0, None, 0.5, kpi=kpi, target=0.9, verdict="met"), []):
        chart = trend.trend(kpi, given, given[:1])

        assert svg.draw(chart).startswith("<svg")
        assert figure.figure(chart).layout.height
        assert chart.title.startswith(kpi.name)
        assert chart.empty


def test_a_target_that_moves_is_no_line() -> None:
    given = [*numbers(60.0, target=60.0), replace(numbers(1.0)[0], period="2025-02", target=50.0)]

    assert trend.trend(RESTORE, given).target is None


def test_signals_stand_where_the_word_is_and_the_last_month_is_partial() -> None:
    given = numbers(60.0, 500.0, 60.0, signal="steady")
    given[1] = replace(given[1], signal="worsening", since="2025-02")
    given[2] = replace(given[2], partial=True)

    chart = trend.trend(RESTORE, given)

    assert chart.signals == (Signal(1, "worsening"),)
    assert chart.partial == {2}
    assert chart.title == "Time to restore: worsening since February"


def test_a_trend_without_data_says_what_would_bring_it() -> None:
    chart = trend.trend(RESTORE, numbers(None, None))

    assert reading.is_empty(chart)
    assert chart.title == "Time to restore: no data"
    assert chart.empty == "Time to restore is not measured yet."
    assert "Import incidents.csv, or connect" in trend.missing(KPIS["time_to_restore"])
    assert "Import sli.csv" in trend.missing(KPIS["burn_rate"])


def test_nothing_at_all_is_no_crash() -> None:
    assert trend.spark([]).x == ()
    assert trend.trend(RESTORE, []).title == "Time to restore: no data"
    assert slos.tiers_by_month([]).title == "SLOs met: no data"
    assert slos.compliance_matrix([], {}).title == "SLOs: no data"
    assert slos.budget_bars([]).title == "Error budgets: no data"
    assert incidents.causes([]).title == "Causes: no data"
    assert reading.is_empty(incidents.durations("Time to restore", [], []))


def met(tier: int, month: str, value: float | None, certain: bool | None = True, slo: str | None = None) -> Number:
    verdict = "no_data" if value is None else "met" if value >= 0.95 else "missed"
    return Number(
        "slos_met", month, Group(tier=None if slo else tier, slo=slo), value, "share",
        None if value is None else value * 4, None if value is None else 4, n=0 if value is None else 4,
        target=0.95, verdict=verdict, certain=certain,
    )  # fmt: skip


def test_the_tier_map_has_a_row_for_each_tier_and_holes_where_nothing_is_known() -> None:
    chart = slos.tiers_by_month(
        [
            met(1, "2025-02", 1.0),
            met(0, "2025-01", 0.75),
            met(0, "2025-02", 0.5, certain=False),
            met(1, "2025-01", None),
        ]
    )

    assert [series.name for series in chart.series] == ["Tier 0", "Tier 1"]
    assert chart.x == ("2025-01", "2025-02")
    assert chart.series[0].verdicts == ("missed", "unsure")
    assert chart.series[1].values == (None, 1.0)
    assert chart.series[0].labels[0] == "75 % (3 of 4 SLOs), target ≥ 95 %"
    assert chart.title == "SLOs met: tier 0 below target in February, too few SLOs to be sure"


def test_the_finding_names_the_tiers_that_are_surely_below() -> None:
    chart = slos.tiers_by_month([met(0, "2025-01", 0.9, certain=False), met(1, "2025-01", 0.1), met(2, "2025-01", 0.2)])

    assert chart.title == "SLOs met: tiers 1 and 2 below target in January"


def test_a_month_that_is_not_over_is_not_the_finding() -> None:
    chart = slos.tiers_by_month([met(0, "2025-01", 1.0), replace(met(0, "2025-02", 0.5), partial=True)])

    assert chart.title == "SLOs met: every tier on target in January"
    assert chart.partial == {1}


def test_the_matrix_keeps_the_order_of_its_names() -> None:
    chart = slos.compliance_matrix(
        [met(0, "2025-01", 0.99, slo="b"), met(0, "2025-01", 0.90, slo="a")], {"b": "Search", "a": "Checkout"}
    )

    assert [series.name for series in chart.series] == ["Search", "Checkout"]
    assert chart.title == "1 of 2 SLOs kept in January"


def test_budgets_are_least_first_and_no_data_last() -> None:
    chart = slos.budget_bars(
        [slos.Budget("a", 0.5, "ok"), slos.Budget("b", None, "no_data"), slos.Budget("c", -0.2, "freeze", "9 min over")]
    )

    assert chart.x == ("c", "a", "b")
    assert chart.series[0].values == (-0.2, 0.5, None)
    assert chart.series[0].labels == ("−20 %, 9 min over", "50 %", "no data")
    assert chart.series[0].verdicts == ("missed", "met", "no_data")
    assert chart.title == "Error budgets: 1 of 2 SLOs has spent all of it"


def test_severities_are_at_most_three_stacks_that_add_up() -> None:
    total = numbers(10.0, None, kpi=COUNT)
    split = {at: (float(at), None) for at in (1, 2, 3, 4)}

    chart = incidents.by_severity(total, split, {1: "critical", 2: "major"})

    assert [(series.name, series.role) for series in chart.series] == [
        ("Critical", "main"), ("Major", "main"), ("Lower", "context"),
    ]  # fmt: skip
    assert chart.series[2].values == (7.0, None)


def test_points_stand_where_their_day_is_in_the_month() -> None:
    each = [
        incidents.Duration(datetime(2025, 1, 1, tzinfo=UTC), 5, "first", "A"),
        incidents.Duration(datetime(2025, 2, 15, tzinfo=UTC), 50, "second", "B"),
        incidents.Duration(datetime(2024, 12, 31, tzinfo=UTC), 7, "before", "C"),
    ]

    chart = incidents.durations("Time to restore", numbers(5.0, 50.0), each)

    assert chart.series[0].at == (-0.5, 1.0)
    assert chart.series[0].keys == ("A", "B")
    assert chart.series[1].values == (5.0, 50.0)
    assert chart.log


def test_causes_are_most_first_with_a_tail_and_their_shares() -> None:
    chart = incidents.causes([("dns", 1), ("change", 6), ("load", 2), ("disk", 1)], most=3)

    assert chart.x == ("change", "load", "2 other causes")
    assert chart.series[0].values == (6.0, 2.0, 2.0)
    assert chart.series[0].labels == ("6 · 60 % so far", "2 · 80 % so far", "2 · 100 % so far")
    assert chart.title == "Change was behind 60 % of 10 incidents"


def test_a_chart_says_itself_to_a_reader_who_cannot_see_it() -> None:
    said = reading.alt(zoo.line())

    assert said == "Median by month. Time to restore, December 2025: 20 min. Target ≤ 60 min."
    assert len(MONTHS) == 24

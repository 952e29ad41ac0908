"""The plotly figures: the same description, asserted on their own data."""

from dataclasses import replace
from typing import Any

import pytest

from app.charts import figure, theme
from app.charts.description import Series
from tests.charts import zoo


def shapes(figured: Any, name: str) -> list[Any]:
    return [shape for shape in figured.layout.shapes if shape.name == name]


def words(figured: Any) -> list[str]:
    return [note.text for note in figured.layout.annotations]


@pytest.mark.parametrize("name", zoo.ALL)
@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_a_figure_of_fixed_height_and_the_same_each_time(name: str, dark: bool) -> None:
    once, again = figure.figure(zoo.ALL[name], dark), figure.figure(zoo.ALL[name], dark)

    assert once.to_json() == again.to_json()
    assert once.layout.height
    assert once.layout.hoverlabel.bgcolor == theme.palette(dark).card


@pytest.mark.parametrize("name", zoo.ALL)
def test_shapes_are_coloured_for_the_theme_and_not_left_black(name: str) -> None:
    for shape in figure.figure(zoo.ALL[name], dark=True).layout.shapes:
        assert shape.line.color or shape.line.width == 0


def test_a_gap_stays_a_gap() -> None:
    main = figure.figure(zoo.line()).data[0]

    assert main.y[4] is None
    assert main.connectgaps is False
    assert list(main.y[:4]) == [30.0, 40.0, 300.0, 50.0]


def test_a_period_that_is_not_over_is_a_dotted_trace_of_its_own() -> None:
    main, tail = figure.figure(zoo.line()).data[:2]

    assert main.y[11] is None
    assert list(tail.x) == [10, 11]
    assert list(tail.y) == [58.0, 20.0]
    assert tail.line.dash == "dot"


def test_a_bar_that_is_not_over_is_hatched() -> None:
    critical = figure.figure(zoo.bar()).data[0]

    assert list(critical.marker.pattern.shape) == ["", "", "", "/"]
    assert figure.figure(zoo.bar()).layout.barmode == "stack"


def test_every_part_of_a_stack_says_the_whole_month() -> None:
    critical, lower, _ = figure.figure(zoo.bar()).data

    assert critical.text[0] == lower.text[0] == "January 2025<br>Critical: 1<br>Lower: 4<br>a year before: 6"


def test_the_comparison_is_not_stacked() -> None:
    traces = figure.figure(zoo.bar()).data

    assert [trace.type for trace in traces] == ["bar", "bar", "scatter"]
    assert list(traces[2].y[:4]) == [6.0, 6.0, 6.0, None]


def test_the_target_is_a_dashed_line_at_its_value_with_its_words() -> None:
    drawn = figure.figure(zoo.line())

    (target,) = shapes(drawn, "target")

    assert (target.y0, target.y1) == (60.0, 60.0)
    assert target.line.dash == "dash"
    assert "target ≤ 60 min" in words(drawn)


def test_the_limits_are_a_band_from_the_first_month_that_has_them() -> None:
    (band,) = shapes(figure.figure(zoo.line()), "band")

    assert band.path.startswith("M4.5,120L5,120")
    assert band.path.endswith("L4.5,20Z")


def test_a_signal_is_filled_and_ringed() -> None:
    ring, dot = (trace for trace in figure.figure(zoo.line()).data if trace.name == "signal")

    assert list(ring.x) == list(dot.x) == [2]
    assert list(ring.y) == [300.0]
    assert list(dot.marker.color) == [theme.LIGHT.missed]


def test_a_click_names_the_month_the_incident_or_the_cell() -> None:
    assert list(figure.figure(zoo.line()).data[0].customdata) == list(zoo.MONTHS[:12])
    assert list(figure.figure(zoo.points()).data[0].customdata) == ["A", "B", "C"]
    assert figure.figure(zoo.heat()).data[0].customdata[1][0] == "Tier 1|2025-01"


def test_durations_lie_on_a_log_axis_that_names_minutes_and_hours() -> None:
    axis = figure.figure(zoo.points()).layout.yaxis

    assert axis.type == "log"
    assert "1 h" in axis.ticktext


def test_counts_start_at_zero() -> None:
    assert figure.figure(zoo.bar()).layout.yaxis.range[0] == 0


def test_a_cell_holds_sign_and_value_and_no_data_is_a_dashed_blank() -> None:
    drawn = figure.figure(zoo.heat())

    assert list(drawn.data[0].text[0])[:2] == ["✓ 100 %", "✕ 80 %"]
    assert drawn.data[0].text[0][2] == ""
    assert drawn.data[0].z[0][2] is None
    assert len(shapes(drawn, "no-data")) == 1


def test_no_data_is_a_sentence_without_axes() -> None:
    drawn = figure.figure(zoo.empty())

    assert not drawn.data
    assert words(drawn) == ["Import incidents."]
    assert drawn.layout.xaxis.visible is False


def test_user_text_is_shown_as_it_is() -> None:
    evil = "<b>%{x}</b>"
    chart = zoo.line(title=evil, series=(Series(evil, (1.0,) * 12), Series("b", (2.0,) * 12, "comparison")))

    for told in (chart, replace(zoo.rows(), x=(evil, "b", "c"))):
        drawn = figure.figure(told, titled=True)
        for trace in drawn.data:
            trace.customdata = None
        assert "<b>" not in drawn.to_json()
        assert "%{x}" not in drawn.to_json()


def test_no_chart_needs_more_than_graph_objects_and_no_toolbar_shows_before_hover() -> None:
    assert figure.CONFIG["displayModeBar"] == "hover"
    assert {trace.type for chart in zoo.ALL.values() for trace in figure.figure(chart).data} <= {
        "scatter",
        "bar",
        "heatmap",
    }

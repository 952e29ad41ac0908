"""A chart in its card: drawn for each width, its points named once, and only what it names can be picked."""

import re

import pytest

from app.charts import reading
from app.charts.description import Chart
from app.ui import plots
from tests.charts import zoo


@pytest.mark.parametrize("chart", [chart for chart in zoo.ALL.values() if not reading.is_empty(chart)])
def test_a_chart_is_drawn_once_for_each_width_of_card(chart: Chart) -> None:
    said = plots.drawn(chart)

    assert re.findall(r'class="drawing (\w+)"><svg[^>]* width="(\d+)"', said) == [
        (width, str(px)) for width, px in plots.WIDTHS.items()
    ]


def test_every_width_has_the_same_points() -> None:
    drawings = plots.drawn(zoo.points()).split('class="drawing')[1:]

    points = [re.findall(r'data-key="([^"]*)" aria-label="([^"]*)"', one) for one in drawings]

    assert len(points[0]) == 5
    assert points == [points[0]] * len(plots.WIDTHS)


def test_points_ask_only_where_somebody_answers() -> None:
    assert "data-pick" not in plots.drawn(zoo.line())
    assert "data-pick" in plots.drawn(zoo.line(), asks=True)


@pytest.mark.parametrize(
    ("act", "picked"),
    [
        ({"do": "pick", "key": "2025-03"}, "2025-03"),
        ({"do": "pick", "key": "1999-01"}, None),
        ({"do": "pick", "key": ["2025-03"]}, None),
        ({"do": "pick"}, None),
        ({"do": "narrow", "key": "2025-03"}, None),
        (None, None),
    ],
)
def test_what_the_chart_does_not_name_cannot_be_picked(act: dict[str, object] | None, picked: str | None) -> None:
    assert plots._picked(zoo.line(), act) == picked


def test_without_data_it_says_what_would_bring_it() -> None:
    said = plots.drawn(Chart("line", "Load: no data", "Rate", "count", (), (), empty="Import <pages>.csv."))

    assert "<svg" not in said
    assert "Import &lt;pages&gt;.csv." in said

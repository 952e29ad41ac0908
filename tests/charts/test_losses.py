"""The loss exceedance curve: what it says, where its points stand, and what it says of the tolerance."""

import re
from typing import Any

import pytest

from app.charts import losses, reading, svg, svg_curve
from app.charts.losses import Told
from app.metrics.simulation import Exceedance, Percentile
from app.policy import Tolerance

POINTS = tuple(
    Exceedance(loss, chance, chance - 0.001, chance + 0.001)
    for loss, chance in ((1e5, 0.9), (1e6, 0.5), (4e6, 0.1), (1e7, 0.01))
)
PERCENTILES = (
    Percentile(0.5, 1e6, 0.99e6, 1.01e6),
    Percentile(0.9, 4e6, 3.9e6, 4.2e6),
    Percentile(0.95, 6e6, 5.9e6, 6.1e6),
    Percentile(0.99, None),
)


def told(*tolerance: tuple[float, float, float], **changes: Any) -> Told:
    """With a tolerance of (at most this probability, of more than this, which has this probability)."""
    line = tuple(
        (Tolerance(probability=most, loss=loss), Exceedance(loss, chance, chance - 0.001, chance + 0.001))
        for most, loss, chance in tolerance
    )
    return Told(1.7e6, PERCENTILES, POINTS, line, 12, 100_000, "EUR")._replace(**changes)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((), "One year in ten costs more than 4 M EUR, an average one 1.7 M EUR"),
        (((0.2, 4e6, 0.1),), "Within tolerance: one year in ten costs more than 4 M EUR"),
        (((0.1, 4e6, 0.1005),), "At the edge of tolerance: one year in ten costs more than 4 M EUR"),
        (
            ((0.4, 1e6, 0.5), (0.002, 1e7, 0.01)),
            "Beyond tolerance: 1 % of years cost more than 10 M EUR, at most 0.2 % may",
        ),
        (((0.1, 4e6, 0.1014),), "Beyond tolerance: 10.1 % of years cost more than 4 M EUR, at most 10 % may"),
    ],
)
def test_the_title_is_what_the_curve_finds(line: tuple[tuple[float, float, float], ...], said: str) -> None:
    assert losses.title(told(*line)) == said


def test_the_curve_holds_its_years_its_percentiles_and_a_stair_to_stay_below() -> None:
    chart = losses.curve(told((0.4, 1e6, 0.5), (0.002, 1e7, 0.01)))

    main, known, stair = chart.series
    assert (main.at, main.values) == ((1e5, 1e6, 4e6, 1e7), (0.9, 0.5, 0.1, 0.01))
    assert main.labels[2] == "10 % of years cost more than 4 M EUR\n9.9 % to 10.1 % with 95 % confidence"
    assert known.keys == ("P50 1 M", "P90 4 M", "P95 6 M"), "too few years for P99"
    assert known.values == pytest.approx((0.5, 0.1, 0.05))
    assert list(zip(stair.at, stair.values, strict=True)) == [
        (1e6, 1.0), (1e6, 0.4), (1e7, 0.4), (1e7, 0.002), (1e7, 0.002),
    ]  # fmt: skip
    assert "one year in twenty costs more than 6 M EUR" in chart.alt
    assert "one year in a hundred" not in chart.alt


@pytest.mark.parametrize("wide", [300, 900])
def test_it_is_drawn_with_every_point_named_once(wide: float) -> None:
    chart = losses.curve(told((0.4, 1e6, 0.5), before=POINTS))

    drawn = svg.draw(chart, wide, 300, titled=False, live=True)

    assert drawn.count('class="nines-percentile"') == 3
    assert drawn.count('class="nines-tolerance"') == 1
    assert drawn.count('class="nines-before"') == 1
    hits = re.findall(r'class="nines-hit" data-key="(\d+)"', drawn)
    assert hits == ["100000", "1000000", "4000000", "10000000"]
    numbers = [float(found) for found in re.findall(r'x[12]?="(-?[\d.]+)"', drawn)]
    assert all(-1 <= x <= wide for x in numbers)


def test_amounts_stand_on_a_log_axis_with_round_names() -> None:
    axis = svg_curve.amounts(losses.curve(told()))

    assert axis.log
    assert axis.share(1e6) == pytest.approx(0.5)
    assert [name for _, name in axis.ticks] == ["100 k", "200 k", "500 k", "1 M", "2 M", "5 M", "10 M"]


def test_without_ranges_it_says_what_would_bring_it() -> None:
    nothing = Told(0.0, (), (), (), 0, 100_000, "EUR")
    free = nothing._replace(risks=2)

    for one, words in ((nothing, "No risk has a loss range: add events per year and loss"), (free, "No year costs")):
        chart = losses.curve(one)
        assert reading.is_empty(chart)
        assert words in chart.empty
        assert words in svg.draw(chart) or chart.empty[:20] in svg.draw(chart)
    assert losses.title(nothing) == "What a year costs: not stated"


def test_a_single_amount_has_an_axis_too() -> None:
    chart = losses.curve(told(curve=POINTS[:1], percentiles=()))

    assert svg_curve.amounts(chart).high > svg_curve.amounts(chart).low
    assert "nines-hit" in svg.draw(chart, live=True)

"""The burn-down of one budget: its words, where things stand, and the drawing."""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta

import pytest

from app.charts import reading, svg
from app.charts.burndown import Ahead, Happened, burndown, left_short, outlook, outlook_short, window_words
from app.charts.description import Chart
from app.charts.figure import figure
from app.charts.promises import history
from app.metrics.facts import Slo
from app.metrics.forecasts import Forecast
from app.metrics.promises import Kept
from app.metrics.spend import DayLeft

FIRST = date(2026, 10, 1)
NOTHING = Forecast("too_few", 3)
SPENDS = Forecast(
    "spends", 28, 28, 7, date(2026, 10, 8), date(2026, 10, 6), date(2026, 10, 7), 1.0,
    (0.2, -0.1, -0.3, -0.4), (0.3, 0.1, 0.0, -0.2), (0.35, 0.2, 0.0, -0.1),
)  # fmt: skip


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def four_days(forecast: Forecast = SPENDS, came: tuple[float | None, ...] = (), *happened: Happened) -> Chart:
    """90 % left, no data, 70 %, 40 %, then as many days to come as the forecast has."""
    days = [
        DayLeft(FIRST, 0.9, 0.1, 1.0),
        DayLeft(FIRST + timedelta(1), None, None, 0.0),
        DayLeft(FIRST + timedelta(2), 0.7, 0.2, 0.5),
        DayLeft(FIRST + timedelta(3), 0.4, 0.3, 1.0),
    ]
    after = tuple(FIRST + timedelta(4 + place) for place in range(len(forecast.low)))
    ahead = Ahead(after, forecast, came)
    return burndown(days, "28d", 0.4, ahead, happened, [(0.0, "frozen at 0 %"), (0.25, "warning at 25 %")], "UTC")


def drawn(chart: Chart, width: float = 900) -> ET.Element:
    return ET.fromstring(svg.draw(chart, width, 300))


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if f"nines-{name}" in (one.get("class") or "").split()]


def test_the_title_says_what_is_left_and_how_long_it_lasts() -> None:
    chart = four_days()

    assert chart.title == "40 % of the error budget is left; it may be spent between 6 Oct 2026 and 7 Oct 2026"
    assert chart.subtitle.startswith("Share of the budget of 28 days left at the end of each day")
    assert four_days(NOTHING).title.endswith("left; too few days to tell how long it lasts")


def test_a_day_without_data_is_a_gap_in_the_line_and_hatched() -> None:
    chart = four_days(NOTHING)
    root = drawn(chart)

    assert chart.series[0].values == (0.9, None, 0.7, 0.4)
    assert [(span.start, span.stop) for span in chart.spans if span.kind == "gap"] == [(1, 2)]
    assert len(of_class(root, "line")) == 2
    assert of_class(root, "hatch")


def test_what_happened_stands_at_its_time_and_only_in_the_window() -> None:
    chart = four_days(
        NOTHING, (),
        Happened(at(3, 12), at(3, 18), "incident", "Shop down", "file|INC-1", "1"),
        Happened(at(4, 6), at(4, 6), "deployment", "D-1"),
        Happened(at(3), at(9), "exclusion", "Move"),
        Happened(at(12), at(13), "incident", "Later", "file|INC-2"),
    )  # fmt: skip

    places = {span.title: (span.start, span.stop) for span in chart.spans if span.kind != "gap"}
    assert places == {"Shop down": (2.5, 2.75), "D-1": (3.25, 3.25), "Move": (2, 4)}
    root = drawn(chart)
    for name in ("incident", "deployment", "exclusion", "badge"):
        assert of_class(root, name), name
    assert "file|INC-1" in reading.keys(chart)


def test_a_value_stands_at_the_end_of_its_day() -> None:
    root = drawn(four_days(NOTHING))
    (latest,) = of_class(root, "latest")
    hits = [one for one in of_class(root, "hit") if one.get("data-key") == "2026-10-04"]

    assert float(latest.get("cx", 0)) == pytest.approx(
        float(hits[0].get("x", 0)) + float(hits[0].get("width", 0)), abs=0.2
    )


def test_the_fan_begins_at_the_last_value_and_what_came_stands_beside_it() -> None:
    chart = four_days(SPENDS, (0.32, 0.15))
    root = drawn(chart)

    assert len(of_class(root, "band")) == 1
    assert len(of_class(root, "forecast")) == 1
    assert chart.series[1].values == (None, None, None, None, 0.32, 0.15, None, None)
    told = {one.get("data-key"): one[0].text for one in of_class(root, "hit") if len(one)}
    assert told["2026-10-05"] == "5 October 2026\nexpected: 20 % to 35 % left; what came: 32 % left"
    assert told["2026-10-03"] == "3 October 2026\n70 % left, the day spent 20 %, measured 50 % of the day"
    assert told["2026-10-02"] == "2 October 2026\nno data"


def test_an_overspent_budget_keeps_the_names_on_its_axis_apart() -> None:
    days = [DayLeft(FIRST, 0.5, 0.5, 1.0), DayLeft(FIRST + timedelta(1), -30.0, 30.5, 1.0)]
    chart = burndown(days, "1M", -30.0, Ahead((), NOTHING), (), [(0.0, "frozen at 0 %")], "UTC")

    texts = [one.text for one in drawn(chart).iter() if one.tag.endswith("text")]

    assert chart.title.startswith("The error budget is overspent by 3,000 %")
    assert "0 %" in texts
    assert "100 %" not in texts, "it would stand on the zero"
    assert "3,000 % over" in texts


def test_nothing_measured_says_what_brings_it() -> None:
    chart = burndown([DayLeft(FIRST, None, None, 0.0)], "28d", None, Ahead((), NOTHING), (), [], "UTC")

    assert chart.title == "Error budget: no data"
    assert "Import sli" in svg.draw(chart)
    assert "nines-line" not in svg.draw(chart)


def test_what_people_wrote_is_escaped() -> None:
    chart = four_days(NOTHING, (), Happened(at(3), at(4), "incident", '<script>"x"</script>', "file|<b>"))

    assert "<script" not in svg.draw(chart)
    assert "<b>" not in svg.draw(chart)


@pytest.mark.parametrize("width", [310, 490, 1030])
def test_it_fits_every_card(width: float) -> None:
    root = drawn(four_days(), width)

    assert all(float(one.get("x", 0)) <= width for one in root.iter() if one.get("x"))


@pytest.mark.parametrize(
    ("found", "short", "said"),
    [
        (NOTHING, "too few days to tell how long it lasts", "Too few days to tell"),
        (Forecast("over", 28), "its window ends here", "Its window ends here"),
        (
            Forecast("lasts", 28, 28, 7, date(2026, 11, 28)),
            "it should last beyond 28 Nov 2026",
            "Not before 28 Nov 2026",
        ),
        (
            Forecast("spends", 28, 28, 7, date(2026, 11, 28), FIRST, None, 0.4),
            "it may be spent from 1 Oct 2026 on",
            "On 1 Oct 2026 at the earliest",
        ),
        (
            Forecast("spends", 28, 28, 7, date(2026, 11, 28), FIRST, FIRST, 1.0),
            "at this rate it is spent on 1 Oct 2026",
            "On 1 Oct 2026",
        ),
        (
            Forecast("spent", 28, 28, 7, date(2026, 11, 28), None, None, 0.02),
            "it should not be back by 28 Nov 2026",
            "Not by 28 Nov 2026",
        ),
        (
            Forecast("spent", 28, 28, 7, date(2026, 11, 28), FIRST, None, 0.5),
            "it may be back from 1 Oct 2026 on",
            "On 1 Oct 2026 at the earliest",
        ),
        (
            Forecast("spent", 28, 28, 7, date(2026, 11, 28), FIRST, FIRST + timedelta(2), 1.0),
            "it may be back between 1 Oct 2026 and 3 Oct 2026",
            "Between 1 Oct 2026 and 3 Oct 2026",
        ),
    ],
)  # fmt: skip
def test_a_forecast_says_no_more_than_its_replays(found: Forecast, short: str, said: str) -> None:
    assert outlook_short(found) == short
    assert outlook(found, rolling=True)[0] == said


def test_how_sure_a_forecast_is_stands_beside_it() -> None:
    some = outlook(Forecast("spent", 300, 364, 28, date(2026, 11, 28), FIRST, None, 0.5), rolling=True)[1]
    none = outlook(Forecast("lasts", 20, 21, 7, date(2026, 11, 28)), rolling=False)[1]

    assert some.startswith("50 % of 400 replays have it back by 28 Nov 2026: each repeats some 28 days in a row of the")
    assert "of the last 364, while old days leave the window" in some
    assert none.startswith("None of 400 replays spend it by 28 Nov 2026")
    assert "some 7 days in a row of the last 21, until the window ends" in none
    assert outlook(Forecast("too_few", 1, 364), rolling=True)[1].startswith(
        "1 of the last 364 days has traffic; 14 are"
    )


def test_plotly_draws_the_same_line() -> None:
    data = figure(four_days()).to_dict()["data"]

    assert list(data[0]["y"][:4]) == [0.9, None, 0.7, 0.4]


def test_a_changed_objective_is_a_line_beside_what_was_attained() -> None:
    slo = Slo("file", "shop-up", "shop", "Shop is up", "availability", 0.99, "28d", "occurrences")
    row = [
        Kept(f"2026-0{month}", slo._replace(objective=objective), 995, 1000, 995, 1000, 0)
        for month, objective in ((7, 0.99), (8, 0.99), (9, 0.999))
    ]
    months = [one.period for one in row]

    changed, same = history("Shop is up", row, months), history("Shop is up", row[:2], months[:2])

    assert changed.target is None
    assert [(one.name, one.values) for one in changed.series[1:]] == [("objective", (0.99, 0.99, 0.999))]
    assert (same.target, len(same.series)) == (0.99, 1)


def test_windows_and_what_is_left_in_words() -> None:
    assert [window_words(window) for window in ("28d", "1d", "1Q")] == ["28 days", "1 day", "the calendar quarter"]
    assert [left_short(left) for left in (0.126, 0.0, -0.004)] == ["13 % left", "0 % left", "0.4 % over"]

"""When a budget will be spent or be there again: constant burns to the exact day, and ranges of uneven ones."""

from datetime import date, timedelta

import pytest

from app.metrics import forecasts
from app.metrics.forecasts import Day, Forecast, forecast
from tests.metrics import oracles
from tests.metrics.oracles import SLO

LAST = date(2026, 10, 31)


def days(*bad: float, total: float = 100) -> list[Day]:
    """Days of 100 events that end on 31 October."""
    first = LAST - timedelta(len(bad) - 1)
    return [Day(first + timedelta(place), total, failed) for place, failed in enumerate(bad)]


def rolling(window: list[Day], recent: list[Day], objective: float = 0.9) -> Forecast:
    return forecast(window, recent, objective, rolling=True)


def test_a_constant_burn_while_good_days_leave_is_spent_on_the_exact_day() -> None:
    window = days(*[0.0] * 28, *[15.0] * 28)

    found = rolling(window, days(*[15.0] * 28))

    # 560 allowed, 420 spent; 15 more each day and none leaves: 140 / 15 = 9.3, so on the 10th day.
    assert (found.state, found.first, found.last, found.share) == ("spends", date(2026, 11, 10), date(2026, 11, 10), 1)
    assert found.middle[8] == pytest.approx(1 - (420 + 9 * 15) / 560)
    assert found.low == found.middle == found.high


def test_a_constant_burn_is_spent_when_nothing_at_all_is_left() -> None:
    found = rolling(days(*[0.0] * 28, *[10.0] * 28), days(*[20.0] * 28))

    # 280 of 560 spent, 20 more each day: exactly spent on the 14th.
    assert found.first == date(2026, 11, 14)


def test_a_burn_that_the_objective_allows_lasts() -> None:
    found = rolling(days(*[5.0] * 28), days(*[5.0] * 28))

    assert (found.state, found.first, found.share) == ("lasts", None, 0)
    assert found.until == date(2026, 11, 28)
    assert found.middle == pytest.approx([0.5] * 28)


def test_an_overspent_budget_is_back_on_the_day_after_which_the_bad_day_has_left() -> None:
    window = days(*[2.0] * 4, 300.0, *[2.0] * 23, total=1000)

    found = forecast(window, days(*[2.0] * 28, total=1000), 0.99, rolling=True)

    # 280 allowed, 354 spent; the bad day is the fifth oldest and leaves with the fifth day to come.
    assert (found.state, found.first, found.last) == ("spent", date(2026, 11, 5), date(2026, 11, 5))
    assert found.middle[3] < 0 < found.middle[4]


def test_a_calendar_window_forgets_nothing_and_is_looked_at_to_its_end() -> None:
    found = forecast(days(*[12.0] * 31), days(*[8.0] * 31), 0.9, rolling=False, ends=date(2027, 1, 1))

    # 372 of 310 spent. After d days of 8: 372 + 8d of 10 (31 + d) allowed: back when 2d > 62, after the 31st day.
    assert (found.state, found.first) == ("spent", date(2026, 12, 2))
    assert found.until == date(2026, 12, 31)


def test_a_calendar_window_that_is_over_has_nothing_to_come() -> None:
    assert forecast(days(*[1.0] * 31), days(*[1.0] * 31), 0.9, rolling=False, ends=date(2026, 11, 1)).state == "over"


def test_uneven_days_give_a_range_the_same_every_time() -> None:
    uneven = [0.0, 30.0, 5.0, 0.0, 45.0, 0.0, 2.0, *[15.0] * 7, *[5.0] * 7, *[40.0] * 7]
    window = [*days(*[0.0] * 56)[:28], *days(*uneven)]

    found, again = rolling(window, days(*uneven)), rolling(window, days(*uneven))

    assert found == again
    assert found.state == "spends"
    assert found.first is not None
    assert found.last is not None
    assert found.first < found.last
    assert all(low <= middle <= high for low, middle, high in zip(found.low, found.middle, found.high, strict=True))
    assert found.low[20] < found.high[20]


@pytest.mark.parametrize(("known", "state"), [(13, "too_few"), (14, "lasts")])
def test_fewer_than_fourteen_days_with_traffic_are_too_few_to_tell(known: int, state: str) -> None:
    recent = [*days(*[0.0] * (28 - known), total=0), *days(*[1.0] * known)]

    found = rolling(days(*[1.0] * 28), recent)

    assert (found.state, found.known) == (state, known)


def test_an_slo_without_traffic_in_its_window_has_no_forecast() -> None:
    assert rolling(days(*[0.0] * 28, total=0), days(*[1.0] * 28)).state == "too_few"


def test_a_day_without_traffic_between_others_is_replayed_as_one() -> None:
    recent = days(*[10.0] * 28)
    recent[10] = recent[10]._replace(total=0, bad=0)

    found = rolling(days(*[0.0] * 28, *[10.0] * 28), recent)

    assert found.known == 27
    assert found.low[9] < found.high[9], "27 days burn 10 of 100, one has nothing"


def test_four_weeks_are_replayed_in_a_row_where_three_times_as_many_are_known() -> None:
    year = [*days(*[2.0] * 42), *days(*[9.0] * 42)]

    few, many = rolling(days(*[2.0] * 28), year[:83]), rolling(days(*[2.0] * 28), year)

    assert (few.in_row, many.in_row, many.reach) == (7, 28, 84)
    assert many.low[-1] == pytest.approx(0.1, abs=0.01), "four weeks of the worse half: 9 of 10 allowed"
    assert many.high[-1] == pytest.approx(0.8, abs=0.01), "four weeks of the better one"
    assert few.low[-1] > many.low[-1], "single weeks of both even out"


def test_what_came_loses_the_oldest_day_for_each_that_was_measured() -> None:
    window = days(40.0, 0.0, 0.0, 0.0)
    after = [Day(LAST + timedelta(1), 100, 20), Day(LAST + timedelta(2), 0, 0), Day(LAST + timedelta(3), 100, 0)]

    # Of 400 events a tenth may fail: 40, and 30 where a day of the four has none.
    assert forecasts.came(window, after, 0.9, rolling=True) == [
        pytest.approx(0.5), None, pytest.approx(1 - 20 / 30),
    ]  # fmt: skip
    assert forecasts.came(window, after, 0.9, rolling=False)[0] == pytest.approx(1 - 60 / 50)


@oracles.needed
def test_an_attack_on_a_slo_by_slices_spends_the_published_minutes() -> None:
    case = next(one for one in SLO["budgeting_methods"] if one["id"] == "openslo-ddos")
    window = [Day(LAST - timedelta(13 - place), 1440, 0) for place in range(14)]
    attacked = [Day(day.on, 1440, 1440) for day in window]

    found = forecast(window, attacked, case["target"], rolling=True)

    # 1,008 bad minutes are allowed: within the first day.
    assert found.middle[0] == pytest.approx(1 - 1440 / case["timeslices"]["exact_minutes"])
    assert found.first == LAST + timedelta(1)

"""Better, worse or noise: what the charts say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, poisson
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from app.metrics.intervals import Durations, garwood, wilson
from app.metrics.signals import Point, beyond, binomial_limits, poisson_limits, signal, xmr


def _counts(*counts: int) -> list[Point]:
    return [Point(c, c, 30) for c in counts]


def test_five_periods_are_too_few_to_tell() -> None:
    assert signal("count", _counts(3, 2, 4, 3, 2), Point(20, 20, 30), "lower").word == "too_few"


def test_a_count_within_chance_is_no_signal() -> None:
    told = signal("count", _counts(3, 2, 4, 3, 2, 5), Point(7, 7, 30), "lower")

    assert told.word == "steady"


def test_a_count_beyond_chance_is_a_signal_and_its_direction_is_the_kpis() -> None:
    before = _counts(3, 2, 4, 3, 2, 5)

    assert signal("count", before, Point(14, 14, 30), "lower").word == "worsening"
    assert signal("count", before, Point(14, 14, 30), "higher").word == "improving"


def test_one_event_after_a_year_without_is_no_signal() -> None:
    assert signal("count", _counts(*[0] * 12), Point(1, 1, 30), "lower").word == "steady"
    assert signal("count", _counts(*[0] * 12), Point(3, 3, 30), "lower").word == "worsening"


def test_quiet_month_after_quiet_month_is_steady() -> None:
    assert signal("count", _counts(*[0] * 12), Point(0, 0, 30), "lower").word == "steady"
    assert signal("share", [Point(1, 9, 9)] * 12, Point(1, 9, 9), "higher").word == "steady"


def test_nothing_after_nothing_is_no_faster() -> None:
    assert signal("duration", [Point(0.0)] * 12, Point(0.0), "lower").word == "steady"


def test_half_a_month_is_held_against_half_the_expected_count() -> None:
    told = signal("count", _counts(*[20] * 12), Point(10, 10, 15), "lower")

    assert told.limits is not None
    assert told.limits.centre == 10
    assert told.word == "steady"


def test_eight_in_a_row_on_one_side_is_a_signal_that_says_since_when() -> None:
    before = [Point(x) for x in (10, 14, 10, 14, 10, 9, 9.5, 9, 9.2, 9.1, 9.4, 9)]

    told = signal("other", before, Point(9.3), "lower")

    assert (told.word, told.since) == ("improving", 8)


def test_a_value_on_the_limit_is_within() -> None:
    assert beyond(3.0, xmr([1, 2, 1, 2])._replace(high=3.0)) == 0


@given(st.floats(0.01, 5_000))
def test_poisson_limits_leave_at_most_one_in_seven_hundred_beyond(expected: float) -> None:
    limits = poisson_limits(expected)

    assert poisson.sf(limits.high, expected) <= 0.00135 + 1e-9
    assert poisson.sf(limits.high - 1, expected) > 0.00135 - 1e-9
    assert limits.low == 0 or poisson.cdf(limits.low - 1, expected) <= 0.00135 + 1e-9


@given(st.floats(0.001, 0.999), st.integers(1, 3_000))
def test_binomial_limits_leave_at_most_one_in_seven_hundred_beyond(share: float, n: int) -> None:
    limits = binomial_limits(share, n)

    assert binom.sf(round(limits.high * n), n, share) <= 0.00135 + 1e-9
    assert limits.low == 0 or binom.cdf(round(limits.low * n) - 1, n, share) <= 0.00135 + 1e-9


@given(st.integers(0, 500), st.integers(0, 500))
def test_intervals_are_those_of_the_statistics_library(part: int, more: int) -> None:
    whole = part + more
    if whole:
        assert wilson(part, whole) == pytest.approx(proportion_confint(part, whole, method="wilson"), abs=1e-9)
    assert garwood(part) == pytest.approx(confint_poisson(part, 1, method="exact-c"), abs=1e-6)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.floats(0, 1))
def test_quantiles_of_counted_values_are_those_of_the_values(values: list[int], q: float) -> None:
    counts: dict[float, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = int(place)
    above = ordered[min(below + 1, len(ordered) - 1)]

    found = Durations(counts)

    assert found.quantile(q) == pytest.approx(ordered[below] + (above - ordered[below]) * (place - below))
    assert found.mean == pytest.approx(sum(values) / len(values))
    assert found.at_most(ordered[below]) == sum(v <= ordered[below] for v in values)

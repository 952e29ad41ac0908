"""The same rows by three budgeting methods, against known answers and by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from app.metrics import methods, spend
from app.metrics.facts import Sli
from app.metrics.spend import Stretch
from tests.metrics import oracles
from tests.metrics.oracles import SLO

START = datetime(2026, 10, 1, tzinfo=UTC)


def rows(*counts: tuple[float, float], minutes: float = 5) -> list[Stretch]:
    """Rows of (good, total), one after another."""
    return spend.stretches(
        [
            Sli("file", "checkout-up", START + place * timedelta(minutes=minutes), minutes, good, total)
            for place, (good, total) in enumerate(counts)
        ],
        {},
    )


@oracles.needed
def test_one_series_by_the_three_methods_is_the_published_answer() -> None:
    case = SLO["budgeting_methods"][0]
    series = rows(*zip(case["good"], case["total"], strict=True))

    by_events = methods.occurrences(series, case["target"])
    by_slices = methods.timeslices(series, case["target"], case["timeSliceTarget"])
    by_ratio = methods.ratio_timeslices(series, case["target"])

    assert by_events is not None
    assert by_slices is not None
    assert by_ratio is not None
    assert (by_events.value, 1 - by_events.left) == (
        pytest.approx(case["occurrences"]["exact_sli"]),
        pytest.approx(case["occurrences"]["exact_budget_burnt"]),
    )
    assert (by_slices.value, 1 - by_slices.left) == (
        pytest.approx(case["timeslices"]["exact_sli"]),
        pytest.approx(case["timeslices"]["exact_budget_burnt"]),
    )
    assert (by_ratio.value, 1 - by_ratio.left) == (
        pytest.approx(case["ratioTimeslices"]["exact_sli"]),
        pytest.approx(case["ratioTimeslices"]["exact_budget_burnt"]),
    )


@oracles.needed
def test_an_attack_spends_the_budget_in_the_published_time_by_either_kind_of_slice() -> None:
    case = next(one for one in SLO["budgeting_methods"] if one["id"] == "openslo-ddos")
    window = case["window_days"] * 1440

    def attacked(minutes: float) -> list[Stretch]:
        return [
            stretch
            for share, length in ((case["attack_sli"], minutes), (case["baseline_sli"], window - minutes))
            for stretch in rows((share * 1000, 1000), minutes=length)
        ]

    by_slices = methods.timeslices(attacked(case["timeslices"]["exact_minutes"]), case["target"], 0.95)
    by_ratio = methods.ratio_timeslices(attacked(case["ratioTimeslices"]["exact_minutes"]), case["target"])

    assert by_slices is not None
    assert by_ratio is not None
    assert by_slices.left == pytest.approx(0, abs=1e-8)
    assert by_ratio.left == pytest.approx(0, abs=1e-8)


@oracles.needed
def test_by_the_whole_weeks_slices_a_budget_spends_what_the_published_calculation_says() -> None:
    case = next(one for one in SLO["error_budget"] if "143980" in one["source"])
    observed, bad, objective = 500, 4, 0.99
    series = rows(*[(0 if place < bad else 1, 1) for place in range(observed)])

    days = [START.date(), START.date() + timedelta(1)]

    found = spend.burndown(series, objective, days, "UTC", of=2016 / observed)

    assert "error_rate=(observed-good)/2016, consumed=error_rate/budget" in case["note"]
    assert found[-1].left == pytest.approx(1 - bad / 2016 / (1 - objective))


def test_a_slice_at_its_objective_is_good_and_one_without_traffic_is_none() -> None:
    found = methods.timeslices(rows((95, 100), (94, 100), (0, 0)), 0.9, 0.95)

    assert found is not None
    assert (found.part, found.whole) == (5, 10)


def test_slices_weigh_by_their_minutes_and_less_where_an_exclusion_cuts() -> None:
    series = [*rows((0, 100), minutes=60), *rows((100, 100), minutes=30)]
    half = [series[0]._replace(left=0.5), series[1]]

    whole, cut = methods.timeslices(series, 0.9, 0.95), methods.timeslices(half, 0.9, 0.95)

    assert whole is not None
    assert cut is not None
    assert whole.value == pytest.approx(30 / 90)
    assert cut.value == pytest.approx(30 / 60)


@pytest.mark.parametrize("method", [methods.occurrences, methods.ratio_timeslices])
def test_without_traffic_no_method_tells_anything(method: object) -> None:
    assert callable(method)
    assert method(rows((0, 0)), 0.9) is None
    assert methods.timeslices(rows((0, 0)), 0.9, 0.9) is None

"""Known answers: intervals and process limits. What is not used is listed in `oracles.py`."""

from typing import Any

import pytest

from app.metrics import signals
from app.metrics.intervals import garwood, median_ranks, wilson
from tests.metrics import oracles
from tests.metrics.oracles import BY_ID, STATS

pytestmark = oracles.needed


@pytest.mark.parametrize("case", STATS.get("poisson_garwood_95", ()), ids=str)
def test_count_intervals_are_garwoods(case: dict[str, float]) -> None:
    assert garwood(case["count"]) == pytest.approx((case["lo95"], case["hi95"]), abs=1e-6)


@pytest.mark.parametrize("case", STATS.get("binomial", ()), ids=str)
def test_share_intervals_are_wilsons(case: dict[str, Any]) -> None:
    assert wilson(case["passed"], case["run"]) == pytest.approx(tuple(case["wilson"]), abs=1e-6)


@pytest.mark.parametrize("case", STATS.get("median_ci_order_statistic_95", ()), ids=str)
def test_median_intervals_take_the_published_ranks(case: dict[str, Any]) -> None:
    assert (median_ranks(case["n"]) or (None, None)) == (case["lo_rank"], case["hi_rank"])


@pytest.mark.parametrize("name", ["verify_software", "inventory", "peak_flow", "three_points"])
def test_process_limits_are_wheelers(name: str) -> None:
    case = BY_ID[name]

    limits = signals.xmr(case["x"])

    # The book rounds its averages before it multiplies.
    assert limits.centre == pytest.approx(case["x_avg"], abs=0.06)
    assert limits.high == pytest.approx(case["unpl"], abs=0.06)
    if "lnpl" in case:
        assert limits.low == pytest.approx(case["lnpl"], abs=0.06)


@pytest.mark.parametrize(
    "name", ["accident_rates_A_vs_B_limits", "accident_rates_B_vs_A_limits", "accounts_receivable", "verify_software"]
)
def test_points_beyond_the_limits_are_the_published_ones(name: str) -> None:
    case = BY_ID[name]
    locked = case.get("locked_limits")
    found = signals.xmr(case["x"])
    low, high = (locked.get("lower", 0.0), locked["upper"]) if locked else (found.low, found.high)

    flagged = [i for i, x in enumerate(case["x"]) if signals.beyond(x, signals.Limits(low, 0, high))]

    # Where only the upper limit is published, only the points above it can be checked.
    one_sided = locked is not None and "lower" not in locked
    assert flagged == [i for i in case["rule1_x_indices"] if not one_sided or case["x"][i] > high]


def test_a_run_of_eight_is_found_where_the_book_finds_it() -> None:
    case = BY_ID["seniors_smoke"]
    centre = sum(case["x"]) / len(case["x"])

    run = signals.longest_run(case["x"], centre)

    assert abs(run) >= signals.RUN
    assert case["rule2_run_of_8_indices"] == list(range(len(case["x"]) - abs(run), len(case["x"])))


def test_a_real_shift_in_restore_times_is_a_signal() -> None:
    series = STATS["change_points"][0]["x"]

    told = [
        signals.signal("other", [signals.Point(x) for x in series[:i]], signals.Point(series[i]), "lower").word
        for i in range(12, len(series))
    ]

    assert told[:4] == ["steady"] * 4
    assert told[-1] == "improving"

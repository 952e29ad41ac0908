"""Known answers: budgets, burn rates, exclusions."""

from datetime import timedelta
from typing import Any

import pytest

from app.metrics import budgets, slos
from app.metrics.facts import Exclusion, Sli, SliWindow
from tests.metrics import oracles
from tests.metrics.hand import ask, at, number
from tests.metrics.oracles import SLO

pytestmark = oracles.needed


def _window(good: float, total: float, **more: float) -> SliWindow:
    return SliWindow("2026-10", "file", "checkout-up", "28d", 1, 1440, 1440, good, total, **more)


@pytest.mark.parametrize("case", SLO["error_budget"][0]["cases"] if SLO else (), ids=str)
def test_budgets_are_never_clamped_and_no_traffic_is_no_data(case: dict[str, Any]) -> None:
    found = budgets.budget(_window(case["good"], case["total"]), SLO["error_budget"][0]["target"])

    if case["total"] == 0:
        assert found is None
    elif case["good"] <= case["total"]:
        expected = case.get("remaining_unclamped", case.get("remaining"))
        assert found is not None
        assert found.remaining == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("case", SLO["error_budget"][2]["cases"] if SLO else (), ids=str)
def test_burn_is_bad_share_over_allowed_share(case: dict[str, Any]) -> None:
    found = budgets.budget(_window(case["good"], case["total"]), case["target"])

    if case["total"] == 0:
        assert found is None
    else:
        assert found is not None
        assert found.spent / found.allowed == pytest.approx(case["burn_rate"])


def test_the_same_series_by_occurrences_gives_the_exact_budget() -> None:
    case = SLO["budgeting_methods"][0]

    found = budgets.budget(_window(sum(case["good"]), sum(case["total"])), case["target"])

    assert found is not None
    assert 1 - found.remaining == pytest.approx(case["occurrences"]["exact_budget_burnt"])


def test_slices_already_judged_give_the_exact_budget_by_timeslices() -> None:
    case = SLO["budgeting_methods"][0]
    judged = [g / t >= case["timeSliceTarget"] for g, t in zip(case["good"], case["total"], strict=True)]

    found = budgets.budget(_window(sum(judged), len(judged)), case["target"])

    assert found is not None
    assert (sum(judged), 1 - found.remaining) == (
        case["timeslices"]["exact_good_slices"],
        pytest.approx(case["timeslices"]["exact_budget_burnt"]),
    )


def test_half_the_budget_left_is_datadogs_half() -> None:
    case = SLO["error_budget"][6]["example_exact"]

    found = budgets.budget(_window(case["status"], 100), case["target"] / 100)

    assert found is not None
    assert found.remaining * 100 == pytest.approx(case["remaining_pct"])


def test_an_exclusion_drops_out_of_numerator_and_denominator() -> None:
    case = SLO["exclusions"][0]
    days = case["window_minutes"] // 1440
    start = at("2026-10-05 00:00")
    rows = [
        Sli(
            "file",
            "checkout-up",
            start + timedelta(days=d),
            1440,
            1440 - (case["downtime_minutes"] if d == 1 else 0),
            1440,
        )
        for d in range(days)
    ]
    out = Exclusion("file", "x", start, start + timedelta(days=1), ("checkout",), (), "move", "maintenance", "cto")

    found = number("slo_compliance", ask("2026-W41"), sli=rows, exclusions=[out])

    assert found.value is not None
    assert 100 * (1 - found.value) == pytest.approx(case["drop_from_denominator_pct"], abs=1e-6)
    assert found.extra["without_exclusions"] == pytest.approx(1 - 60 / 10080)
    assert found.extra["excluded_minutes"] == case["correction_minutes"]


def test_budget_minutes_of_a_window_follow_from_the_objective() -> None:
    for objective, by_window in SLO["budget_minutes"].items():
        if objective == "trap":
            continue
        for window, minutes in by_window.items():
            span = float(window[:-1]) * 1440
            found = budgets.budget(_window(span, span), float(objective) / 100)
            assert found is not None
            assert found.allowed == pytest.approx(minutes)


def test_999_of_1000_meets_an_objective_of_three_nines_exactly() -> None:
    assert slos.meets(999, 1000, 0.999)
    assert not slos.meets(998.999, 1000, 0.999)
    assert slos.meets(2.1, 3, 0.7)
    assert not slos.meets(2.0999999, 3, 0.7)


@pytest.mark.parametrize("case", SLO["error_budget"][1]["cases"][1:] if SLO else (), ids=str)
def test_an_sli_is_good_over_total(case: dict[str, Any]) -> None:
    row = Sli("file", "checkout-up", at("2026-10-05 00:00"), 1440, case["good"], case["total"])

    found = number("slo_compliance", ask("2026-10"), sli=[row])

    assert found.value == pytest.approx(case["sli"], abs=1e-6)


@pytest.mark.parametrize("case", SLO["error_budget"][3]["cases"] if SLO else (), ids=str)
def test_slices_already_judged_count_as_they_are(case: dict[str, Any]) -> None:
    row = Sli("file", "checkout-up", at("2026-10-05 00:00"), 10080, case["good_slices"], case["observed_slices"])

    found = number("slo_compliance", ask("2026-10"), sli=[row])

    assert found.value == pytest.approx(case["sli"], abs=1e-6)


def test_a_half_spent_half_day_burns_five_times_too_fast() -> None:
    case = SLO["error_budget"][5]

    found = budgets.budget(_window(case["good"], case["good"] + case["bad"]), case["goal"])

    assert found is not None
    assert found.spent / found.allowed == pytest.approx(case["burn_rate"])
    assert found.remaining * case["eb_minutes"] == pytest.approx(case["eb_remaining_minutes"])


def test_a_weekly_budget_of_slices_is_the_published_minutes() -> None:
    case = SLO["budgeting_methods"][2]

    found = budgets.budget(_window(case["slices"], case["slices"]), case["target"])

    assert found is not None
    assert found.allowed == pytest.approx(case["exact_budget_minutes"])

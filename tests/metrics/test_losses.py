"""What a risk costs in an average year, in closed form, held against answers worked out elsewhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics import losses
from app.metrics.facts import Risk
from tests.metrics import oracles

KNOWN: dict[str, Any] = oracles.load("crq_oracles.json")


def risk(rate: tuple[float | None, float | None], loss: tuple[float | None, float | None]) -> Risk:
    return Risk("grc", "R", "R", "technology", "vp", "open", 3, 3, "mitigate")._replace(
        events_per_year_low=rate[0], events_per_year_high=rate[1], loss_low=loss[0], loss_high=loss[1]
    )


@oracles.needed
@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_the_mean_of_one_loss_is_the_known_one(name: str) -> None:
    case = KNOWN[name]

    found = losses.mean(case["inputs"]["lb"], case["inputs"]["ub"])

    assert found == pytest.approx(case["analytic"]["mean_severity"], rel=1e-9)


@oracles.needed
@pytest.mark.parametrize("name", ["compound_poisson_0.1", "compound_poisson_0.4", "compound_poisson_3.0"])
def test_a_fixed_rate_times_the_mean_loss_is_the_known_mean_of_the_year(name: str) -> None:
    case = KNOWN[name]

    found = losses.expected(risk((case["lam"], case["lam"]), (case["lb"], case["ub"])))

    assert found == pytest.approx(case["ale"], rel=1e-9)


def test_both_ranges_by_hand() -> None:
    # rate 0.1 to 1: ln 0.1 = -2.3026, ln 1 = 0, so mu = -1.1513, sigma = 2.3026 / 3.2897 = 0.69994;
    # exp(-1.1513 + 0.24496) = 0.40400. loss 1,000 to 10,000: the same, ten thousand times as much: 4,040.0
    found = losses.expected(risk((0.1, 1.0), (1_000.0, 10_000.0)))

    assert found == pytest.approx(0.40400 * 4_040.0, rel=1e-3)


def test_a_range_of_one_point_is_fixed() -> None:
    assert losses.expected(risk((2.0, 2.0), (500.0, 500.0))) == 1_000.0
    assert losses.expected(risk((0.0, 0.0), (500.0, 900.0))) == 0.0, "what never happens costs nothing"


@pytest.mark.parametrize(
    ("rate", "loss"),
    [
        ((None, None), (1.0, 2.0)),
        ((0.1, None), (1.0, 2.0)),
        ((0.1, 0.2), (None, 2.0)),
        ((0.0, 0.2), (1.0, 2.0)),
        ((0.2, 0.1), (1.0, 2.0)),
        ((0.1, 0.2), (1e-300, 1e300)),
    ],
)
def test_what_is_not_stated_or_no_lognormal_has_no_loss(
    rate: tuple[float | None, float | None], loss: tuple[float | None, float | None]
) -> None:
    assert losses.expected(risk(rate, loss)) is None


def test_the_total_is_of_what_is_stated_alone() -> None:
    stated, silent = risk((1.0, 1.0), (10.0, 10.0)), risk((None, None), (None, None))

    assert losses.total([stated, stated, silent]) == 20.0
    assert losses.total([silent]) is None
    assert losses.total([]) is None


@given(st.floats(1e-6, 1e9), st.floats(1.001, 1e4))
def test_the_mean_lies_above_the_middle_of_its_range(low: float, times: float) -> None:
    found = losses.mean(low, low * times)

    assert found is not None
    assert found > low * times**0.5 * (1 - 1e-9), "a lognormal leans to the right of its median"

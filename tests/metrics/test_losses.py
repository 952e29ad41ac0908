"""What a risk costs in an average year, in closed form, held against answers worked out elsewhere; and the KPI."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics import bad_years, losses
from app.metrics.facts import Risk
from app.metrics.measure import measure, rows
from app.metrics.numbers import Number, Scope
from app.policy import Target, default
from tests import plain
from tests.metrics import oracles
from tests.metrics.hand import ask, company, day

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


def priced(name: str, rate: float | None, loss: float | None, **more: Any) -> Risk:
    """A risk of checkout with fixed figures, whose year costs their product on average."""
    return risk((rate, rate), (loss, loss))._replace(risk=name, **({"services": ("checkout",)} | more))


def found(risks: list[Risk], **how: Any) -> tuple[list[Number], Any]:
    question = ask("2026-10", **how)
    facts = plain.facts(company(risks=risks), question)
    numbers = measure([losses.KEY], facts, question)
    return bad_years.told(numbers, rows(losses.KEY, facts, question), facts.risks, question), facts


def test_open_risks_add_up_and_those_without_a_range_are_told_apart() -> None:
    (number,), _ = found(
        [
            priced("a", 2.0, 500.0),
            priced("b", 0.5, 100.0),
            priced("c", None, None),
            priced("d", 1.0, None),
            priced("e", 1.0, 900.0, status="closed", closed_on=day("2026-10-12")),
            priced("f", 1.0, 900.0, identified_on=day("2026-11-03")),
            risk((0.0, 0.2), (1.0, 2.0)),
        ]
    )

    assert (number.value, number.mean, number.n) == (1_050.0, 1_050.0, 2)
    assert number.excluded == {"no range given": 2, "a range that begins at nothing": 1}
    assert number.coverage == 0.4
    assert (number.low, number.high, number.verdict) == (None, None, "no_target")
    assert number.extra["p50"] <= (number.p90 or 0) <= number.extra["p95"] <= number.extra["p99"]
    assert number.extra["p90_low"] <= number.p90 <= number.extra["p90_high"]


def test_a_register_without_any_range_is_no_data_and_one_that_is_closed_costs_nothing() -> None:
    (silent,), _ = found([priced("a", None, None)])
    gone = {"status": "closed", "identified_on": day("2026-01-12"), "closed_on": day("2026-10-12")}
    (over,), _ = found([priced("a", 1.0, 9.0, **gone)])
    (nothing,), _ = found([])

    assert (silent.value, silent.verdict, silent.n_excluded, silent.p90) == (None, "no_data", 1, None)
    assert (over.value, over.p90) == (0.0, 0.0)
    assert nothing.value is None


def test_each_tier_team_and_service_has_the_years_of_its_own_risks() -> None:
    both = priced("both", 1.0, 100.0, services=("checkout", "search"))
    mine = priced("mine", 2.0, 500.0)

    numbers, _ = found([both, mine], by="service")
    (narrow,), _ = found([both, mine], scope=Scope(service="search"))

    by = {number.group.service: number for number in numbers if number.value}
    assert {name: number.value for name, number in by.items()} == {"checkout": 1_100.0, "search": 100.0}
    assert by["search"].p90 == narrow.p90 == pytest.approx(200.0, abs=0.1), "of Poisson(1), 92 % lie at 2 or below"
    assert (by["checkout"].p90 or 0) > 1_100


def test_a_policy_that_tolerates_less_is_missed() -> None:
    policy = default().model_copy(update={"targets": {**default().targets, losses.KEY: Target(op="<=", value=1_000.0)}})
    question = ask("2026-10")
    facts = plain.facts(company(risks=[priced("a", 2.0, 501.0)]), question, policy=policy)

    (number,) = measure([losses.KEY], facts, question)

    assert (number.verdict, number.target) == ("missed", 1_000.0)

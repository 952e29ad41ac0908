"""Simulated years held against answers worked out elsewhere, closed forms, and the error they state themselves."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.metrics import bad_years, simulation
from app.metrics.simulation import Change, Exposure, Range, percentile, simulate, yearly
from tests.metrics import oracles

KNOWN: dict[str, Any] = oracles.load("crq_oracles.json")
COMPOUND = ["compound_poisson_0.1", "compound_poisson_0.4", "compound_poisson_3.0"]
YEARS = 40_000
RANGES = st.tuples(st.floats(1e-3, 20), st.floats(1, 30)).map(lambda pair: Range(pair[0], pair[0] * pair[1]))
RISKS = st.lists(st.tuples(RANGES, RANGES), min_size=1, max_size=4).map(
    lambda pairs: [Exposure(f"r{at}", *pair) for at, pair in enumerate(pairs)]
)


def one(rate: tuple[float, float], loss: tuple[float, float], key: str = "r") -> Exposure:
    return Exposure(key, Range(*rate), Range(*loss))


def far(found: float, known: float, of: int) -> float:
    """How many standard errors a simulated share lies from the known one."""
    return abs(found - known) / math.sqrt(known * (1 - known) / of)


@oracles.needed
@pytest.mark.parametrize("name", COMPOUND)
def test_years_that_cost_more_are_as_likely_as_the_known_ones(name: str) -> None:
    case = KNOWN[name]
    years = np.sort(simulate([one((case["lam"],) * 2, (case["lb"], case["ub"]))], simulation.YEARS))

    assert far(float(np.mean(years == 0)), case["p_zero"], len(years)) < 4
    for said, known in case["exceedance"].items():
        found = simulation.exceedance(years, [float(said)])[0]
        assert far(found.probability, known, len(years)) < 4
        assert found.low <= found.probability <= found.high
    assert bad_years.Outcome((one((case["lam"],) * 2, (case["lb"], case["ub"])),), years, 1).mean == pytest.approx(
        case["ale"], rel=1e-9
    )


@oracles.needed
@pytest.mark.parametrize("name", COMPOUND)
def test_the_interval_of_a_percentile_holds_the_known_one(name: str) -> None:
    """Known: between two amounts of the table, the percentile lies where the probability falls below 1 - p."""
    case = KNOWN[name]
    table = sorted((float(loss), chance) for loss, chance in case["exceedance"].items())
    years = np.sort(simulate([one((case["lam"],) * 2, (case["lb"], case["ub"]))], simulation.YEARS))

    for found in simulation.percentiles(years):
        below = [loss for loss, chance in table if chance > 1 - found.p] or [0.0]
        above = [loss for loss, chance in table if chance < 1 - found.p] or [math.inf]
        assert found.low is not None
        assert found.high is not None
        assert found.high >= below[-1]
        assert found.low <= above[0]


def test_mean_and_spread_are_those_in_closed_form() -> None:
    # For a rate L and a loss X: the mean is E[L] E[X], the variance E[L] E[X^2] + Var[L] E[X]^2.
    risk = one((0.5, 3.0), (100.0, 400.0))
    rate, loss = risk.events, risk.loss
    squares = math.exp(2 * loss.middle + 2 * loss.spread**2)
    rates = math.expm1(rate.spread**2) * (rate.mean or 0) ** 2
    variance = (rate.mean or 0) * squares + rates * (loss.mean or 0) ** 2

    years = simulate([risk], simulation.YEARS)

    assert abs(years.mean() - risk.mean) < 4 * math.sqrt(variance / len(years))
    assert years.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("rate", [40.0, 3_000.0, 25_000.0])
@pytest.mark.parametrize("loss", [(10.0, 10.0), (5.0, 80.0)])
def test_far_more_than_one_event_a_year(rate: float, loss: tuple[float, float]) -> None:
    risk = one((rate, rate), loss)
    variance = rate * math.exp(2 * risk.loss.middle + 2 * risk.loss.spread**2)

    years = simulate([risk], 2_000)

    assert abs(years.mean() - risk.mean) < 4 * math.sqrt(variance / len(years))
    assert years.std() == pytest.approx(math.sqrt(variance), rel=0.1)


def test_years_are_as_many_as_can_be_drawn() -> None:
    assert simulation.years_for([one((0.1, 2.0), (1.0, 9.0))] * 400) == simulation.YEARS
    assert simulation.years_for([one((0.0, 0.0), (1.0, 9.0))]) == simulation.YEARS
    assert 1 <= simulation.years_for([one((1e6, 1e9), (1.0, 2.0))] * 4) < 100_000
    assert not simulate([one((0.0, 0.0), (1.0, 9.0))], 100).any()
    assert not simulate([], 100).any()


def test_draws_do_not_hang_on_how_many_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    risks = [one((0.2, 4.0), (10.0, 90.0), "a"), one((900.0, 4_000.0), (1.0, 2.0), "b")]
    whole = simulate(risks, 700)

    monkeypatch.setattr(simulation, "_BLOCK", 64)

    assert np.array_equal(simulate(risks, 700), whole)
    assert np.array_equal(simulate(risks[::-1], 700), whole)


@settings(max_examples=25, deadline=None)
@given(RISKS, st.integers(0, 10))
def test_the_same_seed_gives_the_same_years_and_risks_only_add_up(risks: list[Exposure], seed: int) -> None:
    whole = simulate(risks, 300, seed)

    assert np.array_equal(whole, simulate(risks, 300, seed))
    assert np.allclose(whole, sum(yearly(risk, 300, seed) for risk in risks))
    rest = simulate(risks[1:], 300, seed)
    assert np.allclose(whole, rest + yearly(risks[0], 300, seed)), "without one risk, the draws of the others stay"


def test_another_seed_or_another_key_is_another_history() -> None:
    risk = one((1.0, 2.0), (10.0, 90.0))

    assert not np.array_equal(yearly(risk, 200, 1), yearly(risk, 200, 2))
    assert not np.array_equal(yearly(risk, 200, 1), yearly(risk._replace(key="other"), 200, 1))


@settings(max_examples=25, deadline=None)
@given(RISKS, st.floats(0.01, 100))
def test_losses_a_times_as_large_make_years_a_times_as_dear(risks: list[Exposure], times: float) -> None:
    larger = [r._replace(loss=Range(r.loss.low * times, r.loss.high * times)) for r in risks]

    rounding = len(risks) * (1 + times) / 1024
    assert np.allclose(simulate(larger, 300), simulate(risks, 300) * times, rtol=1e-4, atol=rounding), "to a thousandth"


@settings(max_examples=25, deadline=None)
@given(RISKS)
def test_percentiles_rise_and_the_curve_falls(risks: list[Exposure]) -> None:
    years = np.sort(simulate(risks, 2_000))

    found = [part.value for part in simulation.percentiles(years)]
    curve = bad_years.Outcome(tuple(risks), years, 1).curve

    assert None not in found
    assert found == sorted(found, key=lambda value: value or 0)
    assert [p.probability for p in curve] == sorted((p.probability for p in curve), reverse=True)
    assert all(p.low <= p.probability <= p.high and p.probability * len(years) >= 10 for p in curve)


@settings(max_examples=25, deadline=None)
@given(RISKS, st.floats(0, 3), st.floats(0, 3))
def test_a_treatment_moves_every_year_its_way(risks: list[Exposure], events: float, loss: float) -> None:
    before = simulate(risks, 300)
    after = simulation.changed(risks, {risks[0].key: Change(events, loss)}, before)

    if events <= 1 and loss <= 1:
        assert (after <= before * (1 + 1e-9)).all()
    if events >= 1 and loss >= 1:
        assert (after >= before * (1 - 1e-9)).all()
    assert (after >= 0).all()
    assert np.array_equal(simulation.changed(risks, {risks[0].key: Change()}, before), before)


@pytest.mark.parametrize("events", [0.0, 0.3, 2.5])
def test_a_treated_risk_is_the_risk_with_other_ranges(events: float) -> None:
    risk = one((0.8, 0.8), (100.0, 400.0))
    before = simulate([risk], YEARS)

    after = simulation.changed([risk], {"r": Change(events, 0.5)}, before)

    spread = math.sqrt(after.var() / len(after))
    assert abs(after.mean() - risk.mean * events * 0.5) <= 4 * spread
    none = math.exp(-0.8 * events)
    assert far(float(np.mean(after == 0)), none, YEARS) < 4 if events else not after.any()


def test_common_draws_see_what_new_ones_would_drown() -> None:
    risks = [one((1.0, 9.0), (1_000.0, 90_000.0), f"r{at}") for at in range(20)]
    before = simulate(risks, 20_000)
    after = simulation.changed(risks, {"r0": Change(0.9)}, before)
    afresh = simulate([risks[0]._replace(events=Range(0.9, 8.1)), *risks[1:]], 20_000, seed=2)

    moved = simulation.quantile_moved(before, after, 0.9)

    assert moved.by is not None
    assert moved.low is not None
    assert moved.high is not None
    assert moved.certain
    assert moved.by < 0
    new = percentile(np.sort(afresh), 0.9)
    assert new.high is not None
    assert new.low is not None
    assert (moved.high - moved.low) < (new.high - new.low) / 2
    assert not simulation.quantile_moved(before, before, 0.9).certain
    assert simulation.quantile_moved(before[:500], after[:500], 0.99).by is None, "too few years to tell"
    assert simulation.probability_moved(before, after, float(np.quantile(before, 0.8))).certain


def test_a_percentile_never_comes_from_the_dearest_year() -> None:
    years = np.sort(np.random.default_rng(1).random(1_000))

    assert percentile(years[:300], 0.99).value is None
    assert percentile(years[:10], 0.5).value is not None
    found = percentile(years, 0.99)
    assert found.value == years[989]
    assert found.high is not None
    assert found.high < years[-1]
    assert percentile(years[:1], 0.5).value is None


def test_the_stated_error_holds_the_truth_nineteen_times_in_twenty() -> None:
    dice = np.random.default_rng(7)
    draws = [percentile(np.sort(dice.random(2_000)), 0.95) for _ in range(600)]

    held = sum(d.low is not None and d.high is not None and d.low <= 0.95 <= d.high for d in draws)

    assert 0.93 <= held / 600 <= 0.985


def test_years_are_simulated_once_for_the_same_risks() -> None:
    risks = (one((0.5, 2.0), (10.0, 90.0), "once"),)
    heard: list[float] = []

    first = bad_years.outcome(risks, 1_000, progress=heard.append)
    again = bad_years.outcome(risks, 1_000, progress=heard.append)

    assert first is again
    assert heard == [1.0]
    assert bad_years.known(risks, 1_000)
    assert not bad_years.known(risks, 1_001)


def test_treated_years_have_the_mean_of_the_changed_ranges() -> None:
    risks = (one((0.5, 2.0), (10.0, 90.0), "x"), one((1.0, 1.0), (5.0, 5.0), "y"))
    before = bad_years.outcome(risks, 4_000)

    after = bad_years.treated(before, {"x": Change(0.5, 0.5)})

    assert after.mean == pytest.approx(risks[0].mean / 4 + 5)
    assert after.years.mean() < before.years.mean()
    assert after.beyond(1e9).probability == 0


def test_years_drawn_from_those_of_other_risks_are_the_same_to_the_last_bit() -> None:
    risks = [simulation.Exposure(f"r{n}", Range(0.1, 1.0 + n), Range(100.0, 9_000.0 * (n + 1))) for n in range(6)]
    before = simulation.simulate(risks[:4], 5_000)

    after = simulation.simulate(risks[2:], 5_000, like=(risks[:4], before))

    assert (after == simulation.simulate(reversed(risks[2:]), 5_000)).all()
    assert (after != before).any()

"""What treatments would buy, against figures worked out by hand."""

from typing import Any

import pytest

from app.metrics import bad_years, losses, treatments
from app.metrics.facts import Risk
from app.metrics.register import Level, Standing
from app.metrics.simulation import Change
from app.metrics.treatments import Treatment, bought, compare, to_target, together
from app.policy import Tolerance, default

SCALES = default().risk


def risk(name: str, rate: float | None = 2.0, loss: float = 100.0, **more: Any) -> Risk:
    return Risk("grc", name, name, "people", "vp", "open", 4, 4, "mitigate")._replace(
        events_per_year_low=rate, events_per_year_high=rate, loss_low=loss, loss_high=loss, **more
    )


def standing(one: Risk) -> Standing:
    return Standing(one, True, True, "none", False, (), losses.expected(one))


def test_levels_say_what_factors_do_not() -> None:
    # events a year by level: 0.03, 0.1, 0.3, 1, 3; loss by level: 10 k, 50 k, 250 k, 1 M, 5 M
    one = Treatment("grc/a", target_likelihood=3, target_impact=2)

    assert treatments.change(one, risk("a"), SCALES) == Change(0.3, 0.05)
    assert treatments.change(one._replace(frequency_factor=0.8), risk("a"), SCALES) == Change(0.8, 0.05)
    assert treatments.change(Treatment("grc/a"), risk("a"), SCALES) == Change(1.0, 1.0)


def test_a_treatment_buys_what_it_takes_off_an_average_year() -> None:
    plan = [Treatment("grc/a", 50.0, 0.5, 0.8), Treatment("grc/b", None, 0.5), Treatment("grc/none", 1.0, 0.1)]

    first, second = bought(plan, [risk("a"), risk("b", 1.0), risk("c")], SCALES)

    assert (first.risk.risk, first.before, first.reduction, first.ratio) == ("a", 200.0, 120.0, 2.4)
    assert (second.reduction, second.ratio) == (50.0, None)
    assert not bought([Treatment("grc/a", 1.0, 0.5)], [risk("a", None)], SCALES), "not stated in money"


def test_several_plans_about_one_risk_are_one() -> None:
    found = together(
        [Treatment("a", 10.0, 0.5, None, 3, None), Treatment("a", 5.0, 0.5, 0.9, 2, 4), Treatment("b", None)]
    )

    assert found["a"] == Treatment("a", 15.0, 0.25, 0.9, 2, 4)
    assert together([Treatment("a", 10.0), Treatment("a", None)])["a"].cost is None, "half of a cost is not known"


def test_only_what_lies_above_its_target_is_brought_there() -> None:
    found = [
        standing(risk("to do", target_likelihood=2, target_impact=5)),
        standing(risk("there", target_likelihood=4, target_impact=4)),
        standing(risk("unstated", None, target_likelihood=1, target_impact=1)),
        standing(risk("aimless")),
    ]

    assert to_target(found) == [Treatment("grc/to do", target_likelihood=2, target_impact=4)]


def test_the_matrix_moves_with_the_treatments() -> None:
    found = [standing(risk("a")), standing(risk("b"))]

    cells = treatments.cells(found, [Treatment("grc/a", target_likelihood=2), Treatment("grc/b", frequency_factor=0.1)])

    assert cells == {Level(2, 4): 1, Level(4, 4): 1}


def test_the_same_years_before_and_after_tell_the_treatment_from_chance() -> None:
    risks = [risk("a", 2.0, 100.0), risk("b", 5.0, 30.0)]
    before = bad_years.outcome(losses.exposures(risks), 20_000)
    line = (Tolerance(probability=0.1, loss=500.0),)

    nothing = compare(before, bought([Treatment("grc/a")], risks, SCALES), line)
    half = compare(before, bought([Treatment("grc/a", 40.0, 0.5)], risks, SCALES), line)

    assert nothing.reduction == 0
    assert not any(step.moved.certain for step in nothing.steps)
    assert (nothing.after.years == before.years).all()
    assert (half.reduction, half.cost, half.ratio) == (100.0, 40.0, 2.5)
    assert half.after.mean == pytest.approx(250.0)
    assert all(step.moved.certain and (step.moved.by or 0) < 0 for step in half.steps)
    assert all((step.after.value or 0) < (step.before.value or 0) for step in half.steps)
    assert half.crossings[0].moved.certain
    assert half.crossings[0].after.probability < half.crossings[0].before.probability


def test_a_cost_that_is_not_known_has_no_ratio() -> None:
    risks = [risk("a"), risk("b")]
    before = bad_years.outcome(losses.exposures(risks), 1_000)

    found = compare(before, bought([Treatment("grc/a", 9.0, 0.5), Treatment("grc/b", None, 0.5)], risks, SCALES), ())

    assert (found.reduction, found.cost, found.ratio) == (200.0, None, None)

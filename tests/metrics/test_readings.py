"""Spend by unit and against its forecast: each reading counts where it was said, and nowhere else."""

import pytest

from app.metrics.facts import Reading, Service
from app.metrics.numbers import Number, Scope
from tests.metrics.hand import SERVICES, ask, day, number, numbers

CHECKOUT = Scope(service="checkout")


def _reading(period: str, scope: str, part: float | None, whole: float | None, kpi: str = "unit_cost") -> Reading:
    return Reading("cloud", kpi, period, scope, None if part is not None else 3.0, part, whole)


READINGS = [
    _reading("2026-10", "org", 90.0, 300.0),
    _reading("2026-10", "team:pay", 8.0, 4.0),
    _reading("2026-10", "tier:0", 12.0, 4.0),
    _reading("2026-10", "product:shop", 20.0, 4.0),
    _reading("2026-10", "service:checkout", 5.0, 50.0),
    _reading("2026-10", "service:search", 6.0, 60.0),
]


def test_spend_is_divided_by_its_units() -> None:
    found = number("unit_cost", ask("2026-10"), readings=READINGS)

    assert (found.value, found.numerator, found.denominator, found.n, found.unit) == (0.3, 90.0, 300.0, 1, "money")
    assert (found.verdict, found.low) == ("no_target", None)


@pytest.mark.parametrize(
    ("by", "scope", "told"),
    [
        ("team", None, {"pay": 2.0, "core": None}),
        ("tier", None, {0: 3.0, 1: None, 3: None}),
        ("service", None, {"checkout": 0.1, "search": 0.1, "wiki": None}),
        ("service", Scope(team="pay"), {"checkout": 0.1}),
        ("tier", CHECKOUT, {0: 0.1}),
    ],
)
def test_a_reading_counts_in_the_group_of_its_own_scope_alone(
    by: str, scope: Scope | None, told: dict[object, float | None]
) -> None:
    found = numbers("unit_cost", ask("2026-10", by=by, scope=scope), readings=READINGS)

    assert {getattr(one.group, by): one.value for one in found if getattr(one.group, by) in told} == told


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        (CHECKOUT, 0.1),
        (Scope(team="pay"), 2.0),
        (Scope(tier=0), 3.0),
        (Scope(product="shop"), 5.0),
        (Scope(team="core"), None),
        (Scope(tier=0, team="pay"), None),
    ],
)
def test_a_narrowed_question_reads_what_was_said_of_that_scope(scope: Scope, value: float | None) -> None:
    assert number("unit_cost", ask("2026-10", scope=scope), readings=READINGS).value == value


def _variance(*readings: Reading, period: str = "2026-10", as_of: str = "2027-01-15 00:00") -> Number:
    return number("budget_variance", ask(period, as_of=as_of), readings=list(readings))


def test_the_variance_is_what_was_spent_beyond_the_forecast_of_it() -> None:
    over, under = (_reading("2026-10", "org", spent, 100.0, "budget_variance") for spent in (111.0, 90.0))

    assert (_variance(over).value, _variance(over).verdict) == (0.11, "missed")
    assert (_variance(under).value, _variance(under).verdict) == (-0.1, "met")


def test_a_quarter_has_its_own_reading_or_those_of_its_months() -> None:
    months = [_reading(f"2026-{month}", "org", 120.0, 100.0, "budget_variance") for month in ("10", "11", "09")]

    found = _variance(*months, period="2026-Q4")
    assert (found.numerator, found.denominator, found.value) == (40.0, 200.0, 0.2)
    assert _variance(*months, _reading("2026-Q4", "org", 50.0, 50.0, "budget_variance"), period="2026-Q4").value == 0


def test_without_part_and_whole_or_units_there_is_no_number() -> None:
    found = _variance(_reading("2026-10", "org", None, None, "budget_variance"))

    assert (found.value, found.n_excluded, dict(found.excluded)) == (None, 1, {"no part and whole": 1})
    assert _variance(_reading("2026-10", "org", 5.0, 0.0, "budget_variance")).value is None
    assert _variance(_reading("2027-02", "org", 5.0, 1.0, "budget_variance"), period="2027-02").value is None


def test_a_retired_service_costs_nothing_more() -> None:
    gone = [*SERVICES[1:], Service("checkout", "Checkout", 0, "pay", "shop", retired_on=day("2026-09-30"))]

    assert number("unit_cost", ask("2026-10", scope=CHECKOUT), readings=READINGS, services=gone).value is None

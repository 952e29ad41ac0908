"""Amounts in words: readable, and never across a target."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.charts import amounts

ORACLES = Path(__file__).parents[2] / ".." / "shared" / "oracles" / "slo_math_cases.json"


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (0.667, "share", "67 %"),
        (1.0, "share", "100 %"),
        (0.0, "share", "0 %"),
        (0.9984, "share", "99.84 %"),
        (0.999, "share", "99.90 %"),
        (0.99995, "share", "99.995 %"),
        (0.005, "share", "0.5 %"),
        (0.0003, "share", "0.03 %"),
        (1 - 1e-12, "share", "> 99.9999 %"),
        (-0.35, "share", "−35 %"),
        (0.0, "minutes", "0 min"),
        (0.5, "minutes", "30 s"),
        (7.25, "minutes", "7.2 min"),
        (95.0, "minutes", "95 min"),
        (119.7, "minutes", "2 h"),
        (200.0, "minutes", "3 h 20 min"),
        (17520.0, "minutes", "12 d 4 h"),
        (36.5, "hours", "36 h 30 min"),
        (12 + 4 / 24, "days", "12 d 4 h"),
        (1_234_567.0, "money", "1.2 M EUR"),
        (345_000.0, "money", "345 k EUR"),
        (999_999.0, "money", "1 M EUR"),
        (950.0, "money", "950 EUR"),
        (12_400.0, "count", "12,400"),
        (12.34, "per_week", "12.3 a week"),
        (1.256, "ratio", "1.26"),
        (4.21, "score", "4.2"),
        (340.0, "ms", "340 ms"),
        (None, "share", "no data"),
    ],
)
def test_an_amount_is_said_in_its_unit(amount: float | None, unit: str, said: str) -> None:
    assert amounts.value(amount, unit) == said


def test_a_miss_is_never_shown_as_the_target() -> None:
    assert amounts.value(0.99949, "share", 0.9995, ">=") == "99.949 %"
    assert amounts.value(60.2, "minutes", 60, "<=") == "60.2 min"
    assert amounts.value(14.02, "per_week", 14, "<=") == "14.02 a week"
    assert amounts.value(-0.1001, "share", 0.1, "within") == "−10.01 %"


def test_a_value_that_meets_its_target_may_look_equal_to_it() -> None:
    assert amounts.value(0.95004, "share", 0.95, ">=") == "95 %"
    assert amounts.value(0.95004, "share", 0.95, ">") == "95.004 %"


def test_a_target_has_the_digits_it_needs() -> None:
    assert amounts.target(0.9995, "share", ">=") == "≥ 99.95 %"
    assert amounts.target(0.999, "share", ">=") == "≥ 99.9 %"
    assert amounts.target(60, "minutes", "<=") == "≤ 60 min"
    assert amounts.target(0.1, "share", "within") == "±10 %"
    assert amounts.target(0, "count", "<=") == "≤ 0"
    assert amounts.target(171.6, "minutes", "<=") == "≤ 2 h 52 min"
    assert amounts.target(171.6, "minutes", "<=", beside=171.8) == "≤ 2 h 51.6 min"


def test_money_is_exact_on_hover() -> None:
    assert amounts.exact(1_234_567.3, "money", "GBP") == "1,234,567 GBP"
    assert amounts.exact(0.99949123, "share") == "99.9491 %"


@pytest.mark.skipif(not ORACLES.exists(), reason="the published cases are not beside this checkout")
def test_the_published_report_that_rounded_across_its_target() -> None:
    case = json.loads(ORACLES.read_text(encoding="utf-8"))["roll_up_rounding"]
    shown, wanted = (Decimal(text) / 100 for text in re.findall(r"([\d.]+)%", case["row"]))
    missed = float(wanted) - 1e-6

    assert shown == wanted
    assert amounts.value(missed, "share", float(wanted), ">=") == "99.9499 %"
    assert amounts.target(float(wanted), "share", ">=", beside=missed) == "≥ 99.95 %"


UNITS = ["share", "minutes", "hours", "days", "money", "count", "per_week", "ratio", "ms", "score"]
HOLDS = {
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    "within": lambda one, other: abs(one) <= other,
}


def said(text: str) -> Decimal:
    """What a wording says, in one base for each family of units."""
    factors = {"s": Decimal(1) / 60, "min": 1, "h": 60, "d": 1440, "k": 10**3, "M": 10**6, "bn": 10**9}
    sign = -1 if amounts.MINUS in text else 1
    parts = re.findall(r"([\d.,]+)(?: (s|min|h|d|k|M|bn)\b)?", text)
    return sign * sum((Decimal(size.replace(",", "")) * factors.get(name, 1) for size, name in parts), Decimal(0))


@settings(deadline=None)
@given(
    unit=st.sampled_from(UNITS),
    op=st.sampled_from(sorted(HOLDS)),
    wanted=st.one_of(
        st.sampled_from([0.0, 0.15, 0.5, 0.9, 0.95, 0.999, 0.9995, 1.0, 14.0, 60.0, 240.0]), st.floats(0, 1e7)
    ),
    away=st.one_of(*(st.floats(-size, size) for size in (1, 1e-4, 1e-9, 0))).filter(
        lambda away: away == 0 or abs(away) > 1e-15
    ),
)
def test_what_is_shown_and_its_target_never_contradict_the_verdict(
    unit: str, op: str, wanted: float, away: float
) -> None:
    amount = wanted + away

    shown = said(amounts.value(amount, unit, wanted, op))
    shown_target = said(amounts.target(wanted, unit, op, beside=amount))

    assert HOLDS[op](shown, shown_target) == HOLDS[op](amount, wanted)


@settings(deadline=None)
@given(unit=st.sampled_from(UNITS), amount=st.floats(-1e9, 1e9))
def test_every_amount_has_a_short_wording_that_is_close(unit: str, amount: float) -> None:
    text = amounts.value(amount, unit)

    assert text
    assert text != "no data"
    assert len(text) <= 26


@settings(deadline=None)
@given(amount=st.floats(1e-9, 1 - 1e-9))
def test_a_share_that_is_neither_nothing_nor_all_is_never_shown_as_such(amount: float) -> None:
    assert amounts.value(amount, "share") not in ("0 %", "100 %")


@pytest.mark.parametrize(
    ("amount", "said"),
    [(-0.0030238905, "−0.3 %"), (-0.25, "−25 %"), (-0.00002, "−0.002 %"), (-0.0000001, "just below 0 %")],
)
def test_a_share_just_below_zero_is_not_told_as_one_above(amount: float, said: str) -> None:
    assert amounts.value(amount, "share") == said

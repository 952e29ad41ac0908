"""What reviews give to numbers: who came, and error-budget policies that are set aside."""

from datetime import UTC, date, datetime

import pytest

from app.metrics import periods
from app.metrics.budgets import excepted, state
from app.metrics.facts import Facts, Reading
from app.metrics.measure import measure
from app.metrics.numbers import Ask, Number
from app.metrics.review_records import BudgetException

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SIGNED = datetime(2026, 11, 9, 10, tzinfo=UTC)
UP = BudgetException("up", SIGNED, date(2026, 11, 30), "eve", "ana", "The fix is the cure.", "2026-10")


def _reading(period: str, part: float, whole: float, source: str = "app", scope: str = "org") -> Reading:
    return Reading(source, "review_participation", period, scope, None, part, whole)


def _came(period: str, *readings: Reading) -> Number:
    (found,) = measure(["review_participation"], Facts(readings=readings), Ask((periods.parse(period),), NOW))
    return found


def test_owners_present_of_owners_invited() -> None:
    found = _came(
        "2026-10", _reading("2026-10", 6, 8), _reading("2026-09", 1, 8), _reading("2026-10", 0, 9, scope="team:a")
    )

    assert (found.value, found.numerator, found.denominator, found.n) == (0.75, 6, 8, 1)
    assert found.verdict == "missed"


def test_a_review_held_here_counts_before_what_another_source_says() -> None:
    assert _came("2026-10", _reading("2026-10", 1, 9, "survey"), _reading("2026-10", 6, 8)).value == 0.75
    assert _came("2026-10", _reading("2026-10", 3, 9, "survey")).numerator == 3


def test_a_quarter_has_its_own_review_or_those_of_its_months() -> None:
    months = (_reading("2026-10", 6, 8), _reading("2026-11", 8, 8), _reading("2026-09", 0, 8))

    assert (_came("2026-Q4", *months).numerator, _came("2026-Q4", *months).denominator) == (14, 16)
    assert _came("2026-Q4", *months, _reading("2026-Q4", 1, 4)).value == 0.25


def test_no_review_is_no_data_not_zero() -> None:
    assert _came("2026-10").value is None


@pytest.mark.parametrize(
    ("slo", "at", "held"),
    [
        ("up", SIGNED, True),
        ("up", datetime(2026, 11, 30, 23, 59, tzinfo=UTC), True),  # its last day, to the end
        ("up", datetime(2026, 12, 1, tzinfo=UTC), False),
        ("up", datetime(2026, 11, 9, 9, tzinfo=UTC), False),  # before it was signed
        ("other", SIGNED, False),
    ],
)
def test_an_exception_holds_from_its_signature_to_the_end_of_its_last_day(slo: str, at: datetime, held: bool) -> None:
    facts = Facts(exceptions=(UP,))

    assert (excepted(facts, slo, at) is not None) is held
    assert state(-0.2, facts, slo, at) == ("exception" if held else "freeze")


def test_an_exception_that_was_taken_back_holds_no_more() -> None:
    ended = datetime(2026, 11, 12, tzinfo=UTC)
    facts = Facts(exceptions=(UP._replace(ended_at=ended),))

    assert state(-0.2, facts, "up", SIGNED) == "exception"
    assert state(-0.2, facts, "up", ended) == "freeze"

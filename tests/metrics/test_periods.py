"""Calendar periods, cut in a zone."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from app.metrics.periods import between, containing, parse


@pytest.mark.parametrize(
    ("key", "first", "after"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 11, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2026-10-31", date(2026, 10, 31), date(2026, 11, 1)),
    ],
)
def test_a_key_names_its_days(key: str, first: date, after: date) -> None:
    period = parse(key)

    assert (period.first, period.after, period.key) == (first, after, key)


@pytest.mark.parametrize("key", ["", "october", "2026-13", "2026-Q5", "2026-02-30", "2026-W60", "26-10"])
def test_junk_names_no_period_and_says_what_to_write(key: str) -> None:
    with pytest.raises(ValueError, match="write 2026-10"):
        parse(key)


def test_a_day_may_have_23_or_25_hours() -> None:
    spring, autumn = (parse(key, "Europe/Berlin") for key in ("2026-03-29", "2026-10-25"))

    assert (spring.end - spring.start).total_seconds() == 23 * 3600
    assert (autumn.end - autumn.start).total_seconds() == 25 * 3600


def test_a_month_starts_at_local_midnight() -> None:
    assert parse("2026-10", "Asia/Kolkata").start == datetime(2026, 9, 30, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["day", "week", "month", "quarter", "year"])
def test_periods_of_a_kind_follow_each_other_without_gap(kind: str) -> None:
    found = between(date(2024, 1, 15), date(2026, 3, 3), kind)  # type: ignore[arg-type]

    assert all(a.after == b.first and b.previous() == a for a, b in pairwise(found))
    assert all(parse(p.key) == p for p in found)


def test_the_year_before_is_the_same_month() -> None:
    assert parse("2024-02").months_before(12) == parse("2023-02")
    assert parse("2026-Q1").months_before(12) == parse("2025-Q1")
    assert containing(date(2026, 3, 31), "day").months_before(1) == parse("2026-02-28")

"""What the bar offers, and what an address means."""

from datetime import UTC, date, datetime

import pytest

from app.metrics import periods
from app.metrics.numbers import Scope
from app.ui import choices
from app.ui.choices import Asked

TODAY = date(2026, 11, 23)
OCTOBER = periods.parse("2026-10")


@pytest.mark.parametrize(
    ("last_fact", "month"),
    [
        (date(2026, 11, 22), "2026-10"),
        (date(2026, 10, 31), "2026-10"),
        (date(2026, 10, 1), "2026-10"),
        (date(2026, 9, 30), "2026-09"),
        (date(2019, 5, 4), "2019-05"),
        (None, "2026-10"),
    ],
)
def test_the_month_shown_first_is_complete_and_has_facts(last_fact: date | None, month: str) -> None:
    assert choices.latest_month(TODAY, last_fact, "UTC").key == month


def test_the_last_complete_month_is_that_of_the_organisations_zone() -> None:
    assert choices.latest_month(date(2026, 11, 1), None, "Pacific/Auckland").zone == "Pacific/Auckland"


def test_every_month_quarter_and_year_with_facts_is_offered() -> None:
    offered = choices.period_choices(OCTOBER, date(2025, 2, 14), TODAY)

    keys = [period.key for period in offered.values()]
    assert keys[0] == "2026-10"
    assert [period.kind for period in list(offered.values())[1:5]] == ["span"] * 4
    assert "2025-02" in keys
    assert "2025-01" not in keys
    assert "2026-11" in keys, "the month that is not over"
    assert "2025-Q1" in keys
    assert "2026" in keys
    assert "2026-Q4" in keys


def test_a_preset_spans_whole_months() -> None:
    span = choices.span(12, OCTOBER)

    assert (span.first, span.after) == (date(2025, 11, 1), date(2026, 11, 1))
    assert choices.period_words(span) == "12 months to October 2026"


@pytest.mark.parametrize(
    ("period", "label", "compared"),
    [
        (OCTOBER, choices.BEFORE, ("2026-09-01", "2026-10-01")),
        (OCTOBER, choices.YEAR, ("2025-10-01", "2025-11-01")),
        (periods.parse("2026-Q1"), choices.BEFORE, ("2025-10-01", "2026-01-01")),
        (periods.parse("2026-Q1"), choices.YEAR, ("2025-01-01", "2025-04-01")),
        (choices.span(3, OCTOBER), choices.BEFORE, ("2026-05-01", "2026-08-01")),
        (choices.span(3, OCTOBER), choices.YEAR, ("2025-08-01", "2025-11-01")),
    ],
)
def test_what_it_is_compared_with(period: periods.Period, label: str, compared: tuple[str, str]) -> None:
    found = choices.compared_with(period, label)

    assert (str(found.first), str(found.after)) == compared


def test_a_trend_ends_with_the_last_month_that_has_begun() -> None:
    year = Asked(periods.parse("2026"), periods.parse("2025"), Scope(), datetime(2026, 11, 23, tzinfo=UTC), "UTC")

    assert (year.trend[0].key, year.trend[-1].key, len(year.trend)) == ("2025-12", "2026-11", 12)
    assert year.partial


def test_a_long_period_has_a_longer_trend() -> None:
    long = choices.span(24, OCTOBER)
    asked = Asked(long, choices.compared_with(long, choices.BEFORE), Scope(), datetime(2026, 11, 23, tzinfo=UTC), "UTC")

    assert len(asked.trend) == 24


def test_two_things_of_one_name_are_told_apart() -> None:
    assert choices.named([("a", "Shop"), ("b", "Shop"), ("c", "Core")]) == {
        "Shop (a)": "a",
        "Shop (b)": "b",
        "Core": "c",
    }


@pytest.mark.parametrize(
    ("said", "label"),
    [("Tier 0", "Tier 0"), ("0", "Tier 0"), ("tier 0", "Tier 0"), (" TIER 0 ", "Tier 0"), ("9", None), ("", None)],
)
def test_an_address_means_a_label_or_a_key(said: str, label: str | None) -> None:
    assert choices.label_of(said, {"All tiers": None, "Tier 0": "0"}, {"0": "Tier 0"}) == label

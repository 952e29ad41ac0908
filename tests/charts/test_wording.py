"""Numbers in words, as an executive would say them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.charts import wording
from app.metrics.numbers import Group, Number

RESTORE = Number(
    "time_to_restore", "2026-10", Group(), 57.0, "minutes", n=9, target=60, verdict="met", certain=True, signal="steady"
)
FAILURES = Number(
    "change_failure_rate", "2026-10", Group(), 0.4, "share", 2, 5, n=5, low=0.118, high=0.769, target=0.15,
    verdict="missed", certain=False,
)  # fmt: skip


def months(*words: str, kpi: str = "time_to_restore", since: str | None = None) -> list[Number]:
    """Numbers of 2026, a signal word each; "-" is no data, a trailing * is not over."""
    return [
        Number(
            kpi, f"2026-{at:02}", Group(), None if word.strip("*") == "-" else 60.0, "minutes",
            signal="too_few" if word.strip("*") == "-" else word.strip("*"),  # type: ignore[arg-type]
            partial=word.endswith("*"), since=since,
        )
        for at, word in enumerate(words, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "name", "short"),
    [
        ("2026-10", "October 2026", ("Oct", "2026")),
        ("2026-Q4", "Q4 2026", ("Q4", "2026")),
        ("2026-W41", "week 41 of 2026", ("W41", "2026")),
        ("2026", "2026", ("2026", "")),
        ("2026-10-31", "31 October 2026", ("31 Oct", "2026")),
        ("checkout", "checkout", ("checkout", "")),
    ],
)
def test_a_period_has_a_name_and_a_short_one(key: str, name: str, short: tuple[str, str]) -> None:
    assert wording.period(key) == name
    assert wording.period_short(key) == short


def test_a_period_is_seen_from_another() -> None:
    assert wording.period_in("2025-10", "2026-10") == "in October last year"
    assert wording.period_in("2026-09", "2026-10") == "in September"
    assert wording.period_in("2024-10", "2026-10") == "in October 2024"
    assert wording.period_in("2026-Q3", "2026-Q4") == "in Q3 2026"
    assert wording.period_in("2026-10-30", "2026-10-31") == "on 30 October 2026"
    assert wording.period("2026-08-01..2026-10-31") == "1 August 2026 to 31 October 2026"


def test_an_uncertain_verdict_cannot_be_told() -> None:
    assert wording.verdict(RESTORE) == "met"
    assert wording.verdict(FAILURES) == "cannot tell"
    assert wording.verdict(replace(FAILURES, certain=None)) == "missed"
    assert wording.verdict(replace(FAILURES, value=None, verdict="no_data", certain=None)) == "no data"
    assert wording.verdict(replace(FAILURES, target=None, verdict="no_target", certain=None)) == "no target"


def test_an_interval_and_a_sample_are_said_in_words() -> None:
    assert wording.interval(FAILURES) == "between 12 % and 77 %"
    assert wording.interval(RESTORE) == ""
    assert wording.sample(FAILURES) == "2 of 5 deployments"
    assert wording.sample(replace(RESTORE, n=1)) == "from 1 incident"
    assert wording.sample(replace(RESTORE, n=0)) == "no incidents"


def test_a_change_is_words_and_numbers() -> None:
    before = replace(RESTORE, period="2025-10", value=95.0)

    assert wording.change(RESTORE, before) == "38 min less than in October last year, within the usual range"
    assert (
        wording.change(before, replace(before, period="2025-09")) == "the same as in September, within the usual range"
    )


def test_a_change_too_small_to_matter_is_about_the_same() -> None:
    now = replace(FAILURES, value=0.998401, signal="steady")

    assert wording.change(now, replace(now, period="2026-09", value=0.9984)) == (
        "about the same as in September, within the usual range"
    )


def test_a_change_to_or_from_nothing_is_not_a_number() -> None:
    nothing = replace(RESTORE, period="2025-10", value=None, verdict="no_data")

    assert wording.change(RESTORE, nothing) == "no data in October last year to compare with"


def test_a_difference_of_shares_is_in_points_and_never_a_false_zero() -> None:
    assert wording.gap(0.042, "share") == "4.2 points more"
    assert wording.gap(-0.01, "share") == "1 point less"
    assert wording.gap(-0.00004, "share") == "0.004 points less"
    assert wording.gap(-3, "count") == "3 fewer"
    assert wording.gap(0.003, "per_week") != "0 a week more"


def test_a_signal_is_a_real_change_or_none() -> None:
    assert wording.signal(RESTORE) == "no real change"
    assert wording.signal(replace(RESTORE, signal="improving", since="2026-03")) == "real improvement since March 2026"
    assert wording.signal(replace(RESTORE, signal="too_few")) == "too few months to tell"
    assert wording.signal(replace(RESTORE, value=None)) == "no data"


def test_the_finding_is_the_latest_period_that_is_over() -> None:
    assert wording.finding("Restore time", months("worsening", "worsening", *["steady"] * 8)) == (
        "Restore time: no real change since March"
    )
    assert wording.finding("Customer impact", months(*["steady"] * 9, "worsening", since="2026-07")) == (
        "Customer impact: worsening since July"
    )
    assert wording.finding("Customer impact", months("steady", "worsening", since="2025-11")) == (
        "Customer impact: worsening since November 2025"
    )
    assert wording.finding("Restore time", months("steady", "steady", "worsening*")) == (
        "Restore time: no real change since January"
    )


def test_too_few_months_and_no_data_are_findings_too() -> None:
    assert wording.finding("Restore time", months("too_few", "too_few")) == "Restore time: too few months to tell"
    assert wording.finding("Restore time", months("-", "-")) == "Restore time: no data"
    assert wording.finding("Restore time", []) == "Restore time: no data"
    assert wording.finding("Restore time", months("steady", "-")) == "Restore time: no data in February"


def test_dates_are_short_and_in_the_zone_of_the_organisation() -> None:
    assert wording.day(date(2026, 10, 3)) == "3 Oct 2026"
    assert wording.instant(datetime(2026, 10, 31, 23, 55, tzinfo=UTC), "Europe/Paris") == "1 Nov 2026 00:55"


def test_names_are_listed_as_a_person_says_them() -> None:
    assert wording.listed([]) == ""
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"

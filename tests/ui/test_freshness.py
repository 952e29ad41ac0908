"""Sources in time and late."""

from datetime import UTC, datetime, timedelta

from app.store.freshness import SourceState
from app.ui import freshness

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


def source(name: str, entity: str, last: datetime, hours: float | None = None) -> SourceState:
    return SourceState(name, "file", {entity: (last - timedelta(days=30), last)}, None, None, hours)


def test_it_says_how_far_the_data_reach_in_the_organisations_zone() -> None:
    fresh = freshness.told([source("a", "sli", NOW)], frozenset({"sli"}), NOW, "Asia/Kolkata")

    assert fresh.words == "data to 23 Nov 11:30"
    assert not fresh.red


def test_a_late_source_that_feeds_the_page_is_red() -> None:
    late = source("jira", "actions", NOW - timedelta(days=4), 48)
    sources = [late, source("datadog", "sli", NOW, 48)]

    on_page = freshness.told(sources, frozenset({"actions"}), NOW, "UTC")
    elsewhere = freshness.told(sources, frozenset({"sli"}), NOW, "UTC")

    assert on_page.words.endswith("1 of 2 sources late")
    assert on_page.red
    assert not elsewhere.red
    assert elsewhere.late == ("jira",)


def test_a_source_of_which_nothing_is_expected_is_never_late() -> None:
    assert not freshness.told([source("a", "sli", NOW - timedelta(days=400))], frozenset(), NOW, "UTC").late


def test_what_is_planned_ahead_does_not_make_data_fresh() -> None:
    rota = SourceState("pagerduty", "file", {"shifts": (NOW, NOW + timedelta(days=60)),
                       "pages": (NOW, NOW - timedelta(hours=9))}, None, None, None)  # fmt: skip

    assert freshness.told([rota], frozenset(), NOW, "UTC").words == "data to 22 Nov 21:00"


def test_a_live_source_that_is_not_read_is_late_whatever_it_plans_ahead() -> None:
    rota = SourceState("pagerduty", "pagerduty", {"shifts": (NOW, NOW + timedelta(days=60))}, None, None, 2,
                       tried_at=NOW, failed_at=NOW)  # fmt: skip

    assert rota._replace(last_read_at=NOW - timedelta(hours=5)).late_by(NOW) == timedelta(hours=3)
    assert rota._replace(last_read_at=NOW).late_by(NOW) is None
    assert rota._replace(tried_at=None).late_by(NOW) is None, "a file is as it was brought"


def test_an_old_year_is_named() -> None:
    old = source("a", "sli", datetime(2019, 5, 4, 12, tzinfo=UTC))

    assert freshness.told([old], frozenset(), NOW, "UTC").words == "data to 4 May 2019 12:00"


def test_no_source_is_no_data_yet() -> None:
    assert freshness.told([], frozenset(), NOW, "UTC").words == "no data yet"

"""Data health on a full, an empty and an almost empty store, and files that are uploaded there."""

from datetime import date, timedelta

import pytest

from app.store.freshness import SourceState
from app.ui import coverage, data_health, data_health_views
from app.ui.data_health import Health
from tests.filled import NOW, app, boards, text
from tests.pages.health import PAGE, page, shown


@pytest.mark.usefixtures("full")
def test_the_answer_is_one_sentence_by_rules() -> None:
    at = page()

    assert not at.exception
    said = text(boards(at)["health_top"])
    assert said.startswith("Data reaches to 22 Nov 23:")
    assert "1 of 6 sources is late (" in said
    assert "nothing is set aside" in said


@pytest.mark.usefixtures("full")
def test_late_sources_come_first_with_word_and_shape() -> None:
    at = page()

    first = boards(at)["health_sources_table"].split("<tbody>")[1].split("</tr>")[0]
    assert "late by" in text(first)
    assert "<svg" in first


@pytest.mark.usefixtures("full")
def test_a_month_without_facts_is_an_outline_and_never_a_zero() -> None:
    drawn = boards(page())["health_coverage"]

    cells = drawn.split("<td")[1:]
    empty = [cell for cell in cells if "no_data" in cell]
    assert empty
    assert all("ramp" not in cell for cell in empty)
    assert ">0<" not in drawn


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("Set aside", "Nothing is set aside"),
        ("Quality", "What to do:"),
        ("Imports", "demo"),
    ],
)
def test_every_part_opens(view: str, said: str) -> None:
    at = page(view)

    assert not at.exception
    assert said in shown(at)


@pytest.mark.usefixtures("full")
def test_an_address_with_a_part_that_is_not_there_falls_back() -> None:
    at = app()
    at.query_params["view"] = "<script>"
    at.run()

    at.switch_page(PAGE).run()

    assert not at.exception
    assert "health_sources_table" in boards(at)


@pytest.mark.usefixtures("empty")
def test_an_empty_store_asks_for_files_and_shows_no_zero() -> None:
    at = page()

    assert not at.exception
    assert "nothing to believe yet" in shown(at)
    assert len(at.file_uploader) == 1
    assert "0" not in shown(at)


@pytest.mark.usefixtures("one_fact")
@pytest.mark.parametrize("view", data_health.VIEWS)
def test_one_fact_is_shown_as_one_fact(view: str) -> None:
    at = page(view)

    assert not at.exception
    said = shown(at)
    assert "Data reaches to 5 Oct 10:00" in said
    assert "no source has a time by which it is due" in said
    assert "100 %" not in said


@pytest.mark.parametrize(
    ("late", "asides", "told"),
    [
        ((), 0, "all 2 sources due are in time; nothing is set aside"),
        (("statuspage",), 14, "1 of 2 sources is late (statuspage, 9 days); 14 rows were set aside"),
        (("pagerduty", "statuspage"), 1, "2 of 2 sources are late (pagerduty, 9 days; statuspage, 9 days); 1 row was"),
    ],
)
def test_the_sentence_names_who_is_late_and_what_is_set_aside(late: tuple[str, ...], asides: int, told: str) -> None:
    states = tuple(
        SourceState(
            name,
            "file",
            {"incidents": (NOW - timedelta(days=90), NOW - timedelta(days=10 if name in late else 0))},
            None,
            NOW,
            24.0,
        )
        for name in ("pagerduty", "statuspage")
    )
    health = Health(
        NOW,
        "UTC",
        states,
        {("incidents", "pagerduty"): 5},
        {("incidents", "pagerduty"): asides} if asides else {},
        (),
        (),
    )

    assert told in data_health.answer(health)


@pytest.mark.parametrize(
    ("count", "told"), [(1, "1"), (999, "999"), (1000, "1k"), (1234, "1.2k"), (12_345, "12k"), (3_000_000, "3M")]
)
def test_a_cell_holds_a_count_in_four_letters(count: int, told: str) -> None:
    assert coverage.short(count) == told


def test_an_empty_month_is_missing_only_of_what_comes_every_month() -> None:
    months = coverage.months(NOW.date(), NOW.date(), "UTC")
    quiet = {("annotations", "file"): (1, *[0] * 22, 1), ("sli", "file"): (0, *[5] * 23)}
    torn = {("sli", "file"): (*[5] * 10, 0, 0, *[5] * 12)}

    assert data_health_views.covered(quiet, months)[0] == "Coverage: no month is missing of what comes every month"
    assert data_health_views.covered(torn, months)[0] == "Coverage: 2 empty months between filled ones, in sli"
    lonely = {("sli", "file"): (*[0] * 23, 5)}
    assert data_health_views.covered(lonely, months)[0] == "Coverage: all dated facts lie in November 2026"
    assert data_health_views.covered({}, months)[0] == "Coverage: no dated fact in these months"


def test_months_reach_to_the_last_fact_or_back_to_what_was_chosen() -> None:
    last = date(2026, 10, 5)

    assert [month.key for month in coverage.months(date(2026, 9, 1), last, "UTC")][::23] == ["2024-11", "2026-10"]
    assert [month.key for month in coverage.months(date(2020, 3, 1), last, "UTC")][::23] == ["2018-04", "2020-03"]

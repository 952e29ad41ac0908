"""The Overview on a full, an empty and an almost empty store."""

import pytest

from app.ui import overview
from tests.filled import app, boards, text


@pytest.mark.usefixtures("full")
def test_the_first_screen_has_headline_eight_tiles_and_the_map() -> None:
    at = app().run()

    assert not at.exception
    first = boards(at)["overview"]
    assert first.count('class="card tile"') == 8
    assert "October 2026: " in text(first)
    assert all(f"Tier {tier}" in text(first) for tier in range(4))
    assert "Dates in UTC" in text(first)


@pytest.mark.usefixtures("full")
def test_a_late_source_is_told_beside_the_title() -> None:
    head = boards(app().run())["frame_head"]

    assert "Data to 22 Nov" in text(head)
    assert "1 of 6 sources late" in text(head)
    assert "fresh red" in head, "it feeds this page"


@pytest.mark.usefixtures("full")
def test_it_uses_neither_plotly_nor_a_data_frame() -> None:
    at = app().run()

    assert not at.get("plotly_chart")
    assert not at.dataframe


@pytest.mark.usefixtures("full")
def test_what_waits_is_told_with_day_and_owner() -> None:
    second = text(boards(app().run())["overview"])

    assert "Decisions waiting" in second
    assert "acceptance ran out on 12 Nov 2026" in second
    assert "actions overdue" in second


@pytest.mark.usefixtures("full")
def test_a_tier_narrows_every_number() -> None:
    at = app().run()
    before = boards(at)["overview"]

    at.selectbox(key="tier").select("Tier 0").run()

    assert not at.exception
    after = boards(at)["overview"]
    assert after != before
    assert "Tier 1" not in text(after)
    assert "Not counted by tier" in text(after), "on-call load belongs to teams"


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "period", ["Last 3 months", "Last 24 months", "Q2 2026", "Year 2026", "November 2026", "November 2024"]
)
@pytest.mark.parametrize("against", ["Period before", "Same period last year"])
def test_every_kind_of_period_is_shown(period: str, against: str) -> None:
    at = app()
    at.query_params["period"] = period
    at.query_params["against"] = against

    at.run()

    assert not at.exception
    assert at.selectbox(key="period").value == period
    assert boards(at)["overview"].count('class="card tile"') == 8


@pytest.mark.usefixtures("full")
def test_a_month_that_is_not_over_says_so() -> None:
    at = app()
    at.query_params["period"] = "November 2026"

    first = text(boards(at.run())["overview"])

    assert "November 2026, so far:" in first
    assert "Not over yet" in first


@pytest.mark.usefixtures("full")
def test_an_address_may_hold_keys() -> None:
    at = app()
    at.query_params["period"] = "2026-03"
    at.query_params["tier"] = "0"
    at.query_params["service"] = "checkout"

    at.run()

    assert not at.exception
    assert at.selectbox(key="period").value == "March 2026"
    assert at.selectbox(key="tier").value == "Tier 0"
    assert at.selectbox(key="service").value == "Checkout"


@pytest.mark.usefixtures("full")
def test_junk_in_the_address_falls_back_with_a_note() -> None:
    at = app()
    at.query_params["period"] = "<script>alert(1)</script>"
    at.query_params["tier"] = "7"

    at.run()

    assert not at.exception
    assert at.selectbox(key="period").value == "Latest month: October 2026"
    assert at.selectbox(key="tier").value == "All tiers"
    notes = " ".join(caption.value for caption in at.caption)
    assert "which is not here" in notes


@pytest.mark.usefixtures("empty")
def test_an_empty_store_says_what_to_bring_and_shows_no_number() -> None:
    at = app().run()

    assert not at.exception
    assert not at.selectbox
    shown = text(" ".join(boards(at).values()))
    assert "nines demo" in shown
    assert "nines import" in shown
    assert "0" not in shown.replace("40 services", "").replace("2026", "")


@pytest.mark.usefixtures("one_fact")
def test_one_fact_is_no_reason_for_zeros_or_certainties() -> None:
    at = app().run()

    assert not at.exception
    first = boards(at)["overview"]
    tiles = {key: first.split(f'data-kpi="{key}"')[1].split("</article>")[0] for key in overview.TILES}
    assert "no data" in text(tiles["slo_compliance"])
    assert "no data" in text(tiles["error_budget_remaining"])
    assert "no data" in text(tiles["risks_above_appetite"])
    assert "100 %" not in text(first)
    assert "Severity 1-2 incidents" in text(tiles["major_incidents"])
    assert " 1 " in text(tiles["major_incidents"])


@pytest.mark.usefixtures("one_fact")
def test_a_store_that_ends_long_ago_opens_on_its_last_month() -> None:
    at = app().run()

    assert at.selectbox(key="period").value == "Latest month: October 2026"


def test_a_store_that_cannot_be_opened_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", "mysql://nowhere/at-all")

    at = app().run()

    assert not at.exception
    assert "NINES_DATABASE_URL" in at.error[0].value.replace("\\", "")

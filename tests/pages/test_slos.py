"""The SLOs page on a full, an empty and an almost empty store, and one SLO of it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, read_by_pages, text

PAGE = "../pages/slos.py"
FACTS = {
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\nmail,Mail,1,web\nblog,Blog,3,web\n",
    "slos.csv": (
        "slo,service,name,kind,objective,window,method,valid_from\n"
        "shop-up,shop,Shop is up,availability,0.99,30d,occurrences,2026-01-01\n"
        "shop-up,shop,Shop is up,availability,0.995,30d,occurrences,2026-09-01\n"
        "blog-up,blog,Blog is up,availability,0.9,30d,occurrences,\n"
    ),
    "sli.csv": (
        "slo,start,minutes,good,total\n"
        "shop-up,2026-10-05T00:00:00Z,1440,990,1000\n"
        "shop-up,2026-10-06T00:00:00Z,1440,900,1000\n"
        "blog-up,2026-10-05T00:00:00Z,1440,1440,1440\n"
    ),
    "exclusions.csv": (
        "exclusion,start,end,services,slos,reason,category,approved_by\n"
        "X1,2026-10-06T00:00:00Z,2026-10-07T00:00:00Z,shop,,Move of the data centre,maintenance,Ada Head\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read three services, two of them with an SLO, one of those with an exclusion."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(PAGE).run()


def rows(at: AppTest, key: str = "slos_table") -> list[str]:
    """What stands in each row of a table."""
    body = boards(at)[key].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


@pytest.mark.usefixtures("full")
def test_the_question_is_answered_in_one_sentence() -> None:
    at = page()

    assert not at.exception
    said = text(boards(at)["slos_first"])
    assert "of 50 SLOs were met in October 2026;" in said
    assert "out of budget and frozen" in said
    assert "about to break" in said


@pytest.mark.usefixtures("full")
def test_the_frozen_tile_counts_what_the_table_calls_frozen() -> None:
    at = page()

    tile = text(boards(at)["slos_first"].split('data-kpi="frozen"')[1])
    frozen = sum("frozen" in row for row in rows(at))

    assert f" {frozen} of 50 SLOs" in f" {tile}"


@pytest.mark.usefixtures("full")
def test_states_have_word_and_shape_and_the_frozen_come_first() -> None:
    drawn = boards(page())["slos_table"].split("<tbody>")[1].split("</tr>")

    assert "frozen" in drawn[0]
    assert "<svg" in drawn[0]


@pytest.mark.usefixtures("full")
def test_the_map_judges_each_month_by_the_objective_then_valid() -> None:
    drawn = boards(page())["slos_months"]

    assert "of 50 SLOs missed in at least one month" in text(drawn)
    assert "October 2026: " in drawn


@pytest.mark.usefixtures("full")
def test_it_draws_at_most_two_charts_more_than_its_tables() -> None:
    at = page()

    assert sorted(key for key in boards(at) if key.endswith("_chart")) == ["slos_compliance_chart", "slos_met_chart"]
    assert not at.get("plotly_chart")


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("period", ["Last 3 months", "Last 24 months", "Q2 2026", "Year 2026", "November 2026"])
@pytest.mark.parametrize("tier", ["All tiers", "Tier 0"])
def test_every_kind_of_period_and_scope_is_shown(period: str, tier: str) -> None:
    at = page(period=period, tier=tier)

    assert not at.exception
    assert "slos_table" in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_exclusions_stand_with_both_values_and_who_approved_them() -> None:
    at = page()

    assert not at.exception
    tile = text(boards(at)["slos_first"].split('data-kpi="slo_compliance"')[1])
    assert "without exclusions" in tile
    assert "Ada Head" in rows(at, "exclusions_table")[0]
    assert "1 d" in rows(at, "exclusions_table")[0] or "24 h" in rows(at, "exclusions_table")[0]


@pytest.mark.usefixtures("hand_made")
def test_what_is_attained_is_judged_after_exclusions_and_never_rounded_across_the_objective() -> None:
    found = {row.split(" is up")[0]: row for row in rows(page())}

    assert "99 %" in found["Shop"]
    assert "99.5 %" in found["Shop"]
    assert "frozen" in found["Shop"], "1 % bad where 0.5 % is allowed"
    assert "100 %" in found["Blog"]


@pytest.mark.usefixtures("hand_made")
def test_a_budget_is_minutes_where_minutes_are_counted_and_failures_elsewhere() -> None:
    found = {row.split(" is up")[0]: row for row in rows(page())}

    assert "5 over 5 failures" in found["Shop"]
    assert "2 h 24 min of 2 h 24 min" in found["Blog"]


@pytest.mark.usefixtures("hand_made")
def test_the_catalogue_names_what_nobody_promised_and_what_promises_too_little() -> None:
    said = text(boards(page())["slos_catalogue"])

    assert "1 of 2 services of tier 0 and 1" in said
    assert "Mail tier 1" in said
    assert "Shop is up ≥ 99.5 %, the tier asks ≥ 99.9 %" in said
    assert "≥ 99 % → ≥ 99.5 % on 1 Sep 2026" in said


@pytest.mark.usefixtures("hand_made")
def test_one_slo_is_opened_by_its_address() -> None:
    at = page(slo="shop-up")

    assert not at.exception
    said = text(boards(at)["one_slo"])
    assert said.startswith("Shop is up Show all SLOs")
    assert "Move of the data centre, approved by Ada Head" in said
    assert "Without exclusions 94" in said


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize("slo", ["nobody-knows-it", "<script>", ""])
def test_an_slo_that_is_not_there_shows_them_all(slo: str) -> None:
    at = page(slo=slo)

    assert not at.exception
    assert "one_slo" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_a_month_without_measurements_says_so_and_leads_to_the_last_one() -> None:
    at = page(period="November 2026")

    said = text(boards(at)["slos_first"])
    assert "None of 2 SLOs was measured in November 2026 so far." in said
    assert "The last measurement is of 6 Oct 2026. Show October 2026" in said
    assert "100 %" not in said
    assert all("no data" in row for row in rows(at))


@pytest.mark.usefixtures("empty")
def test_an_empty_store_asks_for_facts() -> None:
    at = page()

    assert not at.exception
    assert "Nothing here yet" in text(boards(at)["empty_store"])


@pytest.mark.usefixtures("one_fact")
def test_without_an_slo_there_is_a_sentence_and_no_number() -> None:
    at = page()

    assert not at.exception
    said = text(" ".join(boards(at).values()))
    assert "No SLO is defined here." in said
    assert "%" not in said
    assert not at.get("plotly_chart")

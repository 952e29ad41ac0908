"""The Change page on full, empty and almost empty stores."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, read_by_pages, text

PAGE = "../pages/change.py"
CANARIES = "".join(f"C{n},shop,2026-10-{n + 1:02}T08:00:00Z,succeeded,canary,,\n" for n in range(12))
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": "service,name,tier,team\nshop,Shop <b>front</b>,0,web\nmail,Mail,1,web\n",
    "deployments.csv": (
        "deployment,service,deployed_at,status,strategy,unplanned,url\n"
        + CANARIES
        + "D1,shop,2026-10-05T09:30:00Z,succeeded,canary,false,https://ci.example/D1\n"
        "D2,mail,2026-10-19T07:00:00Z,rolled_back,all_at_once,true,javascript:alert(1)\n"
        "D3,mail,2026-10-20T07:00:00Z,failed,rolling,,\n"
        "D4,mail,2026-10-21T07:00:00Z,succeeded,rolling,,\n"
    ),
    "incidents.csv": (
        "incident,title,severity,detected_at,mitigated_at,resolved_at,services,caused_by\n"
        "A,Shop <i>slow</i>,1,2026-10-05T10:10:00Z,2026-10-05T10:30:00Z,2026-10-05T12:00:00Z,shop,D1\n"
        "B,Mail gone,2,2026-10-21T08:00:00Z,,2026-10-21T09:00:00Z,mail,\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page reads sixteen deployments: one blamed, one rolled back, one that never went live, one suspected."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(PAGE).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def rows(at: AppTest, key: str) -> list[str]:
    body = boards(at)[f"{key}_table"].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


@pytest.mark.usefixtures("full")
def test_the_question_is_answered_with_eight_tiles() -> None:
    at = page()

    assert not at.exception
    first = boards(at)["change_first"]
    assert first.count('class="card tile"') == 8
    assert "October 2026: " in text(first)
    assert "deployments failed" in text(first)
    assert "DORA 2023: " in text(first), "a benchmark names its year"


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "period", ["Last 3 months", "Last 24 months", "Q2 2026", "Year 2026", "November 2026", "November 2024"]
)
@pytest.mark.parametrize("tier", ["All tiers", "Tier 3"])
def test_every_kind_of_period_and_scope_is_shown(period: str, tier: str) -> None:
    at = page(period=period, tier=tier)

    assert not at.exception
    assert "timeline_chart" in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_confirmed_and_suspected_failures_stand_apart() -> None:
    first = text(boards(page())["change_first"])

    assert "13 % of 15 deployments failed" in first, "D1 is blamed, D2 rolled back; D3 never went live"
    assert "the one that caused an incident was mended within 60 min" in first
    assert "With suspects not confirmed 20 %" in first
    assert "6.7 points suspected" in first, "D4, the latest of mail before B"


@pytest.mark.usefixtures("hand_made")
def test_few_deployments_are_not_ranked() -> None:
    said = told(page())

    assert "8 % of 13" in said, "canary: one of thirteen"
    assert "1 of 1, too few" in said, "all at once"
    assert "1 with fewer than 10 deployments left out" in said


@pytest.mark.usefixtures("hand_made")
def test_critical_services_that_ship_at_once_are_named() -> None:
    said = text(boards(page())["progressive"])

    assert "1 of 2 critical services ship step by step" in said
    assert "Mail 0 of 2 step by step" in said
    assert "Tier 1, mostly all at once" in said


@pytest.mark.usefixtures("hand_made")
def test_the_list_tells_what_became_of_each() -> None:
    at = page()

    assert [row.split(" ")[0] for row in rows(at, "change_wrong")] == ["D3", "D2", "D1"]
    found = " ".join(rows(at, "change_wrong"))
    assert "never went live" in found
    assert "rolled back all at once no" in found
    assert "blamed canary yes Shop <i>slow</i>" in found
    assert 'href="https://ci.example/D1"' in boards(at)["change_wrong_table"]


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize(
    ("said", "expected"),
    [("slow", ["D1"]), ("mail", ["D3", "D2"]), ("never went", ["D3"]), ("all at once", ["D2"]), ("d1", ["D1"])],
)
def test_the_list_is_searched_in_the_store(said: str, expected: list[str]) -> None:
    at = page()

    at.text_input(key="change_wrong_search").input(said).run()

    assert not at.exception
    assert [row.split(" ")[0] for row in rows(at, "change_wrong")] == expected


@pytest.mark.usefixtures("hand_made")
def test_the_page_follows_the_scope() -> None:
    said = told(page(service="mail"))

    assert "50 % of 2 deployments failed" in said
    assert "D1" not in said


@pytest.mark.usefixtures("hand_made")
def test_markup_in_a_name_stays_text() -> None:
    every = " ".join(boards(page()).values())

    assert "<b>front" not in every
    assert "<i>slow" not in every
    assert "javascript:" not in every


@pytest.mark.usefixtures("hand_made")
def test_a_month_without_deployments_leads_to_the_last_one() -> None:
    at = page(period="November 2026")

    assert not at.exception
    assert "Show October 2026" in told(at)
    assert "change_services_table" not in boards(at)


@pytest.mark.usefixtures("empty")
def test_an_empty_store_asks_for_facts() -> None:
    at = page()

    assert not at.exception
    assert "Nothing here yet" in told(at)


@pytest.mark.usefixtures("one_fact")
def test_without_deployments_the_page_says_what_brings_them() -> None:
    at = page()

    assert not at.exception
    assert "no deployments are known, and nobody was looking" in told(at)
    assert any("no deployment is known here" in one.value for one in at.markdown)

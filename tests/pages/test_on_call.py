"""The On-call page on full, empty and almost empty stores."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, read_by_pages, text

ON_CALL = "../pages/on_call.py"
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web <b>team</b>,Europe/Berlin\npay,Pay team,UTC\n",
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\nmail,Mail,1,web\ncard,Card,0,pay\n",
    "shifts.csv": (
        "team,responder,start,end\n"
        "web,ann@example.com,2026-10-01T00:00:00Z,2026-10-15T00:00:00Z\n"
        "web,bob@example.com,2026-10-15T00:00:00Z,2026-10-29T00:00:00Z\n"
        "pay,eve@example.com,2026-10-01T00:00:00Z,2026-10-29T00:00:00Z\n"
    ),
    "pages.csv": (
        "page,triggered_at,responder,team,service,acknowledged_at,actionable,channel,url\n"
        "A,2026-10-05T10:00:00Z,ann@example.com,web,shop,2026-10-05T10:02:00Z,false,push,https://tool.example/A\n"
        "B,2026-10-05T10:00:30Z,ann@example.com,web,shop,2026-10-05T10:01:30Z,true,push,\n"
        "C,2026-10-06T01:00:00Z,ann@example.com,web,mail,2026-10-06T01:20:00Z,false,phone,\n"
        "D,2026-10-06T19:00:00Z,bob@example.com,web,mail,,,push,javascript:alert(1)\n"
        "E,2026-10-07T12:00:00Z,eve@example.com,pay,card,2026-10-07T12:01:00Z,true,sms,\n"
        "F,2026-10-07T12:30:00Z,eve@example.com,pay,card,2026-10-07T12:31:00Z,true,email,\n"
    ),
}
"""Four interruptions: A with B, C, D of somebody without a shift, E; F is an e-mail."""


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page reads six pages of two teams."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(ON_CALL).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def rows(at: AppTest, key: str) -> list[str]:
    body = boards(at)[key].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


@pytest.mark.usefixtures("full", "viewer")
def test_the_question_is_answered_with_eight_tiles() -> None:
    at = page()

    assert not at.exception
    first = boards(at)["oncall_first"]
    assert first.count('class="card tile"') == 8
    assert "interruptions a person-week" in text(first)
    assert "carries more" in text(first), "one team is above the target"
    assert "@" not in told(at), "people are not named"


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("period", ["Last 12 months", "Q2 2026", "November 2026", "November 2024"])
@pytest.mark.parametrize("scope", [{}, {"tier": "Tier 3"}, {"team": "search"}, {"service": "checkout"}])
def test_every_kind_of_period_and_scope_is_shown(period: str, scope: dict[str, str]) -> None:
    at = page(period=period, **scope)

    assert not at.exception
    assert "oncall_first" in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_the_finding_and_the_tiles_add_up() -> None:
    said = told(page())

    # Four interruptions over 8 person-weeks: two weeks each of Ann and Bob, four of Eve.
    assert "October 2026: 0.5 interruptions a person-week, within the target of 14" in said
    assert "50 % 2 of 4 interruptions" in said, "03:00 and 21:00 in Berlin"
    assert "25 % 1 of 4 interruptions" in said, "03:00 in Berlin is night, 21:00 is not"
    assert "1 of 4 interruptions Calls to somebody who had no shift" in said, "Bob was called before his shift"
    assert "40 % 2 of 5 judged pages" in said


@pytest.mark.usefixtures("hand_made")
def test_hours_are_those_of_each_teams_clocks() -> None:
    drawn = boards(page())["oncall_week_chart"]

    assert "Monday, 12: 1 interruption from 12:00 to 13:00" in drawn, "10:00 UTC in Berlin"
    assert "Tuesday, 03: 1 interruption from 03:00 to 04:00" in drawn
    assert "Wednesday, 12: 1 interruption from 12:00 to 13:00" in drawn, "12:00 UTC in UTC"


@pytest.mark.usefixtures("hand_made")
def test_silence_is_told_by_what_it_would_have_spared() -> None:
    """Without A, B would still have called; without C, nobody."""
    assert (
        "Silencing the noise of these two would have spared 1 of 4 interruptions, leaving 0.38 a person-week"
        in told(page())
    )


@pytest.mark.usefixtures("hand_made", "viewer")
def test_a_team_alone_is_held_against_nobody() -> None:
    at = page(team="web")

    assert not at.exception
    assert "oncall_shares_chart" not in boards(at)
    assert "Within teams: too few calls to tell" in told(at)
    assert "without names" in told(at)
    assert "@example.com" not in told(at)


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize("scope", [{"tier": "0"}, {"service": "shop"}])
def test_load_is_not_told_where_duty_is_not_kept(scope: dict[str, str]) -> None:
    at = page(**scope)

    assert not at.exception
    assert "Load is kept by team" in told(at)
    assert f"Not counted by {next(iter(scope))}" in told(at)
    assert "oncall_loads_chart" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_the_tables_of_teams_and_services() -> None:
    at = page()
    teams = rows(at, "oncall_teams_table")
    at.session_state["oncall_which"] = "Services"

    services = rows(at.run(), "oncall_services_table")

    assert teams[0].startswith("Web <b>team</b> 0.75 "), "three over four person-weeks"
    assert [row.split(" ")[0] for row in services] == ["Mail", "Shop", "Card"]
    assert services[0] == "Mail 2 1 100 % 1"
    assert services[1] == "Shop 2 1 50 % 0"


@pytest.mark.usefixtures("hand_made")
def test_markup_in_a_name_stays_text() -> None:
    at = page()

    assert "<b>team" not in " ".join(boards(at).values())
    assert "javascript:" not in " ".join(boards(at).values())


@pytest.mark.usefixtures("hand_made")
def test_a_month_without_pages_leads_to_the_last_one() -> None:
    said = told(page(period="November 2026"))

    assert "Show October 2026" in said
    assert "Hours of the week: no data" in said
    assert "no interruption is known" in said


@pytest.mark.usefixtures("empty")
def test_an_empty_store_asks_for_facts() -> None:
    at = page()

    assert not at.exception
    assert "Nothing here yet" in told(at)


@pytest.mark.usefixtures("one_fact")
def test_without_a_page_it_says_what_brings_some() -> None:
    at = page()

    assert not at.exception
    assert any("no page is known here" in part.value for part in at.markdown)
    assert any("pages.csv" in part.value for part in at.caption)
    assert "no interruption is known, and nobody was looking" in told(at)

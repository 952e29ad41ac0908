"""The Incidents page and one incident's page on full, empty and almost empty stores."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import incidents
from tests.filled import app, boards, read_by_pages, text

LIST, ONE = "../pages/incidents.py", "../pages/incident.py"
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": "service,name,tier,team,downtime_cost_per_minute\nshop,Shop,0,web,100\nmail,Mail,1,web,\n",
    "deployments.csv": (
        "deployment,service,deployed_at,status,url\n"
        "D1,shop,2026-10-05T09:30:00Z,succeeded,https://ci.example/D1\n"
        "D2,mail,2026-10-19T07:00:00Z,succeeded,\n"
    ),
    "incidents.csv": (
        "incident,title,severity,started_at,detected_at,acknowledged_at,mitigated_at,resolved_at,services,cause,caused_by,"
        "kind,customer_impact,url\n"
        "A,Shop <b>slow</b>,1,2026-10-05T10:00:00Z,2026-10-05T10:10:00Z,2026-10-05T10:12:00Z,2026-10-05T11:10:00Z,"
        "2026-10-05T12:00:00Z,shop,capacity,D1,,true,https://tool.example/A\n"
        "B,Shop slow again,2,,2026-10-19T08:00:00Z,,,2026-10-19T08:30:00Z,shop;mail,capacity,,,,javascript:alert(1)\n"
        "C,Mail gone,3,2026-10-20T08:00:00Z,2026-10-20T08:00:00Z,,,,mail,,,,false,\n"
        "M,Move,2,,2026-10-21T08:00:00Z,,,2026-10-21T09:00:00Z,mail,,,maintenance,,\n"
    ),
    "impacts.csv": (
        "incident,service,start,end,level,share\n"
        "A,shop,2026-10-05T10:00:00Z,2026-10-05T10:40:00Z,outage,1\n"
        "A,shop,2026-10-05T10:20:00Z,2026-10-05T11:00:00Z,degraded,0.5\n"
    ),
    "postmortems.csv": "incident,owner,completed_at\nA,Ada,2026-10-10T00:00:00Z\n",
    "actions.csv": (
        "action,origin,origin_id,title,owner,opened_at,due_on,closed_at\n"
        "T1,incident,A,Add a node,Bo,2026-10-06T00:00:00Z,2026-10-20,\n"
        "T2,incident,A,Write it down,,2026-10-06T00:00:00Z,2027-01-20,\n"
        "T3,incident,A,Raise the limit,Bo,2026-10-06T00:00:00Z,2026-10-20,2026-10-08T00:00:00Z\n"
    ),
    "pages.csv": (
        "page,triggered_at,responder,team,service,acknowledged_at,incident\n"
        "P1,2026-10-05T10:10:00Z,Cy Person,web,shop,2026-10-05T10:12:00Z,A\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read three incidents and a maintenance, with all that hangs on them."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(where: str = LIST, **address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(where).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def rows(at: AppTest, key: str = "incidents_table") -> list[str]:
    body = boards(at)[key].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


@pytest.mark.usefixtures("full")
def test_the_question_is_answered_with_eight_tiles() -> None:
    at = page()

    assert not at.exception
    first = boards(at)["incidents_first"]
    assert first.count('class="card tile"') == 8
    assert "October 2026: " in text(first)
    assert "customers were affected for" in text(first)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("speed", ["time_to_restore", "time_to_detect", "time_to_engage"])
def test_each_speed_is_drawn_on_a_log_axis(speed: str) -> None:
    at = page()
    at.session_state["speed"] = speed

    at.run()

    assert not at.exception
    said = boards(at)[f"{speed}_chart"]
    assert "log axis" in text(said)
    step = {"time_to_restore": "1 h", "time_to_detect": "10 min", "time_to_engage": "5 min"}[speed]
    assert f">{step}<" in said, "steps of a clock"
    assert not at.get("plotly_chart")


@pytest.mark.usefixtures("full")
def test_points_are_drawn_by_plotly_where_a_reader_wants_to_zoom() -> None:
    at = page()

    at.toggle("time_to_restore_zoom").set_value(True).run()

    assert not at.exception
    (spec,) = [chart.proto.spec for chart in at.get("plotly_chart")]
    assert '"type":"log"' in spec
    assert '"dragmode":"zoom"' in spec
    assert "time_to_restore_chart" not in boards(at)


@pytest.mark.usefixtures("full")
def test_more_durations_than_can_be_told_apart_are_drawn_by_month(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "MOST_POINTS", 30)

    at = page()

    said = text(boards(at)["time_to_restore_chart"])
    assert re.search(r"nine in ten lie, of \d+ incidents; log axis", said)
    assert not at.get("plotly_chart")


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "period", ["Last 3 months", "Last 24 months", "Q2 2026", "Year 2026", "November 2026", "November 2024"]
)
@pytest.mark.parametrize("tier", ["All tiers", "Tier 3"])
def test_every_kind_of_period_and_scope_is_shown(period: str, tier: str) -> None:
    at = page(period=period, tier=tier)

    assert not at.exception
    assert "incidents_first" in boards(at)


@pytest.mark.usefixtures("full")
def test_the_list_shows_a_page_of_rows_at_a_time() -> None:
    at = page(period="Last 12 months")

    assert len(rows(at)) == 20
    assert any("Rows 1 to 20 of" in caption.value for caption in at.caption)


@pytest.mark.usefixtures("hand_made")
def test_the_list_tells_each_incident_by_itself() -> None:
    found = {row.split(",")[0]: row for row in rows(page())}
    first = next(row for row in found.values() if row.startswith("Shop <b>slow</b> 1"))

    assert len(found) == 3, "a maintenance is no incident"
    assert "60 min" in first, "restored 60 min after detection; two windows of 40 min, 20 of them shared"
    assert "5 k EUR" in first, "40 min at 100, then 20 min at half"


@pytest.mark.usefixtures("hand_made")
def test_causes_chains_and_what_is_owed() -> None:
    said = told(page())

    assert "capacity was behind two of them" in said.lower()
    assert "One chain of 2 repeats" in said
    assert "2 open actions, 1 overdue" in said
    assert "1 postmortem late, 0 due" in said, "B has none and its week is over"
    assert "nobody" in said


@pytest.mark.usefixtures("hand_made")
def test_markup_in_a_title_stays_text() -> None:
    at = page()

    assert "<b>slow" not in " ".join(boards(at).values())
    assert "javascript:" not in " ".join(boards(at).values())


@pytest.mark.usefixtures("hand_made")
def test_a_month_without_incidents_leads_to_the_last_one() -> None:
    at = page(period="November 2026")

    assert "Show October 2026" in told(at)
    assert "incidents_table" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_without_a_cost_per_minute_the_cost_is_not_known() -> None:
    said = told(page(service="Mail"))

    assert "No service has a cost per minute of downtime" in said
    assert "0 EUR" not in said


@pytest.mark.usefixtures("hand_made")
def test_one_incident_tells_its_story() -> None:
    at = page(ONE, incident="A", source="file")

    assert not at.exception
    said = told(at)
    assert "Severity 1, critical: customers were affected for 60 min, which cost 5 k EUR" in said
    assert "it took 60 min from detection to restore" in said
    assert "2 h from start to resolution" in said
    assert "Detected 5 Oct 2026 10:10 after 10 min" in said
    assert "D1 of shop, 30 min before it began" in said
    assert "named by the incident" in said
    assert "came back as B" in said
    assert "1 to Web team; the first was acknowledged after 2 min" in said
    assert "Cy Person" not in said, "people who were called are not named"
    assert "Postmortem on time" in said
    assert [row.split(" ")[0] for row in rows(at, "incident_actions_table")] == ["Add", "Raise", "Write"]
    assert 'href="https://tool.example/A"' in boards(at)["incident"]


@pytest.mark.usefixtures("hand_made")
def test_what_nobody_knows_of_an_incident_stays_unknown() -> None:
    said = told(page(ONE, incident="B"))

    assert "Started not known" in said
    assert "Nothing says whether customers were affected" in said
    assert "D2 of mail" in said
    assert "nobody said that it was the cause" in said
    assert "same cause on a shared service as A" in said
    assert "Postmortem late" in said


@pytest.mark.usefixtures("hand_made")
def test_an_incident_that_is_not_over_says_so() -> None:
    said = told(page(ONE, incident="C"))

    assert "it is not over, or its end is missing" in said
    assert "Not resolved yet" in said
    assert "Customers were not affected." in said


@pytest.mark.usefixtures("hand_made")
def test_a_maintenance_counts_in_no_number() -> None:
    assert "Planned maintenance: it counts in no number." in told(page(ONE, incident="M"))


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize("address", [{"incident": "<b>none</b>"}, {"incident": "A", "source": "elsewhere"}, {}])
def test_an_unknown_incident_is_a_sentence(address: dict[str, str]) -> None:
    at = page(ONE, **address)

    assert not at.exception
    assert "is known here" in told(at) or "No incident is named" in told(at)
    assert "<b>none" not in " ".join(boards(at).values())


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("where", [LIST, ONE])
def test_an_empty_store_asks_for_facts(where: str) -> None:
    at = page(where)

    assert not at.exception
    assert "Nothing here yet" in told(at)


@pytest.mark.usefixtures("one_fact")
def test_one_incident_alone_is_one_incident_and_nothing_else() -> None:
    at = page()

    assert not at.exception
    said = told(at)
    assert "October 2026: 1 incident, severe" in said
    assert "Postmortems: no data" in said
    assert "Actions: no data" in said
    assert " 0 min" not in said, "nothing that nobody looked for is a zero"
    assert len(rows(at)) == 1


@pytest.mark.usefixtures("one_fact")
def test_the_page_of_one_incident_alone() -> None:
    at = page(ONE, incident="INC-1")

    assert not at.exception
    assert "It names no service." in told(at)
    assert "No postmortem of any incident is known." in told(at), "which is not late"

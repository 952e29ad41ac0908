"""The page of one service, and the list of all, on full, hand-made, empty and almost empty stores."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, read_by_pages, text

HERE = "../pages/service.py"
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": (
        "service,name,tier,team,product,downtime_cost_per_minute,rto_minutes,retired_on\n"
        "shop,Shop <b>x</b>,0,web,Sales,100,30,\nSHOP,Loud shop,1,web,,,,\nmail,Mail,2,web,,,,\n"
        "old,Old shop,3,web,,,,2026-09-30\n"
    ),
    "slos.csv": (
        "slo,service,name,kind,objective,window,method\n"
        "a,shop,Shop answers,availability,0.99,28d,occurrences\n"
        "f,shop,Shop is fast,latency,0.9,28d,occurrences\n"
        "m,mail,Mail answers,availability,0.99,28d,occurrences\n"
    ),
    "sli.csv": (
        "slo,start,minutes,good,total\n"
        "a,2026-09-20T00:00:00Z,1440,1000,1000\na,2026-10-20T00:00:00Z,1440,970,1000\n"
        "f,2026-10-20T00:00:00Z,1440,950,1000\nm,2026-10-20T00:00:00Z,1440,0,1000\n"
    ),
    "deployments.csv": (
        "deployment,service,deployed_at,status,strategy\n"
        "D1,shop,2026-10-05T09:30:00Z,succeeded,canary\nD2,shop,2026-10-07T09:30:00Z,rolled_back,\n"
        "D3,mail,2026-10-08T09:30:00Z,rolled_back,\n"
    ),
    "incidents.csv": (
        "incident,title,severity,started_at,detected_at,mitigated_at,resolved_at,services,cause,caused_by,customer_impact\n"
        "A,Shop slow,1,2026-10-05T10:00:00Z,2026-10-05T10:10:00Z,2026-10-05T11:10:00Z,2026-10-05T12:00:00Z,"
        "mail;shop,capacity,D1,true\n"
        "B,Shop slow again,3,,2026-10-19T08:00:00Z,,2026-10-19T08:30:00Z,shop,capacity,,\n"
        "C,Loud shop gone,1,,2026-10-20T08:00:00Z,,,SHOP,,,\n"
        "D,Mail gone,1,,2026-10-21T08:00:00Z,,,mail,,,\n"
    ),
    "impacts.csv": (
        "incident,service,start,end,level,share\n"
        "A,shop,2026-10-05T10:00:00Z,2026-10-05T10:40:00Z,outage,1\n"
        "A,mail,2026-10-05T10:00:00Z,2026-10-05T12:00:00Z,outage,1\n"
    ),
    "actions.csv": (
        "action,origin,origin_id,title,owner,opened_at,due_on,closed_at\n"
        "T1,incident,A,Add a node,Bo,2026-10-06T00:00:00Z,2026-10-20,\n"
        "T2,risk,R1,Buy a spare,,2026-10-06T00:00:00Z,2027-01-20,\n"
        "T3,dr_test,DR1,Write the runbook,Bo,2026-10-06T00:00:00Z,2026-10-20,2026-10-08T00:00:00Z\n"
        "T4,incident,D,Mail only,Bo,2026-10-06T00:00:00Z,2026-10-20,\n"
    ),
    "risks.csv": (
        "risk,title,category,services,owner,status,likelihood,impact,treatment\n"
        "R1,One data centre,site,shop;mail,Cy,open,4,4,mitigate\nR2,Closed,site,shop,Cy,closed,5,5,mitigate\n"
    ),
    "dr_tests.csv": (
        "test,name,kind,services,planned_on,executed_at,result,status,rto_achieved_minutes\n"
        "DR1,Shop failover,failover,shop,2026-09-01,2026-09-01T10:00:00Z,passed,executed,45\n"
        "DR2,Shop game day,game_day,shop,2026-12-01,,,planned,\n"
    ),
    "pages.csv": (
        "page,triggered_at,responder,team,service,acknowledged_at,actionable,channel\n"
        "P1,2026-10-05T10:10:00Z,Cy Person,web,shop,2026-10-05T10:12:00Z,true,push\n"
    ),
    "readings.csv": (
        "kpi,period,scope,value,target\nlatency_p95,2026-09,service:shop,250,300\n"
        "latency_p95,2026-10,service:shop,320,300\nlatency_p95,2026-10,service:mail,999,300\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read a shop with everything, and others beside it."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(HERE).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def rows(at: AppTest, key: str) -> list[str]:
    body = boards(at)[key].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


@pytest.mark.usefixtures("full")
def test_a_service_of_the_demo_is_told_whole() -> None:
    at = page(service="checkout")

    assert not at.exception
    first = boards(at)["service_first"]
    assert first.count('class="card tile"') == 8
    assert "Tier 0 · Payments" in text(first)
    assert "Checkout kept both promises in October 2026." in text(first)
    assert [step for step in ("Promises", "Incidents", "Risks", "Way back", "Actions") if step not in text(first)] == []
    assert "service_incidents_table" in boards(at)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "period", ["Last 3 months", "Last 24 months", "Q2 2026", "Year 2026", "November 2026", "November 2024"]
)
def test_every_kind_of_period_is_shown(period: str) -> None:
    at = page(service="checkout", period=period)

    assert not at.exception
    assert "service_promises" in boards(at)


@pytest.mark.usefixtures("full")
def test_without_a_service_all_are_listed_the_worst_first() -> None:
    at = page()

    assert not at.exception
    assert text(boards(at)["services_first"]).startswith("41 services: 3 have spent an error budget")
    assert len(rows(at, "services_table")) == 20
    assert rows(at, "services_table")[0].startswith("Configuration store")


@pytest.mark.usefixtures("hand_made")
def test_promises_are_judged_by_their_own_objectives() -> None:
    at = page(service="shop")

    assert not at.exception
    said = told(at)
    assert "Shop <b>x</b> kept 1 of 2 promises in October 2026; Shop answers is out of budget and frozen." in said
    promises = rows(at, "service_promises")
    assert promises[0].startswith("Shop answers frozen 97 % ≥ 99 % −200 %"), "30 failed where 10 might"
    assert promises[1].startswith("Shop is fast ok 95 %"), "950 of 1,000 where 900 were promised"
    assert "50 %" in promises[1], "50 of the 100 failures that were allowed are left"
    assert "Mail answers" not in said


@pytest.mark.usefixtures("hand_made")
def test_an_incident_counts_by_what_it_did_to_this_service() -> None:
    found = rows(page(service="shop"), "service_incidents_table")

    assert len(found) == 2, "neither those of Mail, nor of the service whose id differs by case alone"
    assert "40 min 4 k EUR" in next(row for row in found if row.startswith("Shop slow 1")), (
        "40 min at 100 a minute here; the 2 h on Mail are told there"
    )


@pytest.mark.usefixtures("hand_made")
def test_repeats_changes_tests_risks_and_readings_are_its_own() -> None:
    said = told(page(service="shop"))

    assert "One chain of 2 repeats" in said
    assert "D2 rolled back" in said
    assert "caused Shop slow" in said
    assert "D3" not in said
    assert "back in 45 min of 30 min" in said, "its own RTO goes before that of its tier"
    assert "It last came back on 1 Sep 2026, but too slowly" in said
    assert "One open risk names it" in said
    assert "R2" not in said, "a closed risk"
    assert "320 ms October 2026" in said
    assert "250 ms" not in said, "an older reading"
    assert "999" not in said
    assert "Cy Person" not in said, "people who were called are not named"


@pytest.mark.usefixtures("hand_made")
def test_open_actions_come_from_incidents_risks_and_tests() -> None:
    found = rows(page(service="shop"), "service_actions_table")

    assert [row.split(" overdue ")[0].split(" open ")[0] for row in found] == ["Add a node", "Buy a spare"]


@pytest.mark.usefixtures("hand_made")
def test_a_service_that_nothing_is_known_of_shows_no_zeros() -> None:
    at = page(service="Old shop")

    assert not at.exception
    said = told(at)
    assert "Retired on 30 Sep 2026." in said
    assert "has promised nothing: it has no SLO." in said
    assert "service_incidents_table" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_a_click_on_a_service_opens_its_page_and_narrows_to_it_alone() -> None:
    at = app()
    at.query_params["tier"] = "Tier 2"
    at.run().switch_page(HERE).run()
    at.session_state["nines_narrow_next"] = {"tier": None, "service": "shop"}

    at.run()

    assert not at.exception
    assert at.selectbox(key="tier").value == "All tiers"
    assert at.selectbox(key="service").value == "Shop <b>x</b>"
    assert "service_first" in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_a_scope_that_the_service_is_not_in_says_so() -> None:
    at = page(service="shop", tier="Tier 2")

    assert not at.exception
    assert "is not in Tier 2" in told(at)
    assert "service_promises" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_markup_in_a_name_stays_text() -> None:
    assert "<b>x" not in " ".join(boards(page(service="shop")).values())


@pytest.mark.usefixtures("empty")
def test_an_empty_store_asks_for_facts() -> None:
    at = page()

    assert not at.exception
    assert "Nothing here yet" in told(at)


@pytest.mark.usefixtures("one_fact")
def test_a_store_without_services_says_what_brings_them() -> None:
    at = page()

    assert not at.exception
    assert "No service is known here." in told(at)
    assert any("services.csv" in caption.value for caption in at.caption)

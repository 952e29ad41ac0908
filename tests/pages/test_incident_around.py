"""One incident's page: what happened around it, what it spent of budgets, what it repeats, what could happen again."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.filled import app, boards, read_by_pages, text

DAYS = [*(f"2026-09-{day:02}" for day in range(8, 31)), *(f"2026-10-{day:02}" for day in range(1, 6))]
FACTS = {
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\nmail,Mail,1,web\n",
    "slos.csv": (
        "slo,service,name,kind,objective,window,method\n"
        "a,shop,Shop answers,availability,0.99,28d,occurrences\nm,mail,Mail answers,availability,0.99,28d,occurrences\n"
    ),
    # 28 days of 1,000 events of which 280 may fail; none fails but on the day of the incident, 140.
    "sli.csv": "slo,start,minutes,good,total\n"
    + "".join(f"a,{day}T00:00:00Z,1440,{860 if day == '2026-10-05' else 1000},1000\n" for day in DAYS),
    "incidents.csv": (
        "incident,title,severity,started_at,detected_at,mitigated_at,resolved_at,services,cause,caused_by,kind\n"
        "A,Shop slow,1,2026-10-05T10:00:00Z,2026-10-05T10:10:00Z,2026-10-05T23:10:00Z,2026-10-05T23:40:00Z,shop,"
        "capacity,D2,\n"
        "B,Shop slow again,3,,2026-10-19T08:00:00Z,,2026-10-19T08:30:00Z,shop,capacity,,\n"
        "Q,Quiet,3,,2026-08-19T08:00:00Z,,2026-08-19T08:30:00Z,mail,,,\n"
        "M,Move,2,,2026-10-21T08:00:00Z,,2026-10-21T09:00:00Z,shop,,,maintenance\n"
    ),
    "deployments.csv": (
        "deployment,service,deployed_at,status\n"
        "D1,shop,2026-10-05T06:59:00Z,succeeded\nD2,shop,2026-10-05T09:30:00Z,rolled_back\n"
        "D3,mail,2026-10-05T09:40:00Z,succeeded\nD4,shop,2026-10-05T12:00:00Z,succeeded\n"
    ),
    "pages.csv": (
        "page,triggered_at,responder,team,service,acknowledged_at,incident\n"
        "P1,2026-10-05T10:10:00Z,Cy Person,web,shop,2026-10-05T10:12:00Z,A\n"
    ),
    "risks.csv": (
        "risk,title,category,services,owner,status,likelihood,impact,treatment\n"
        "R1,One <b>data centre</b>,site,shop;mail,Cy,open,4,4,mitigate\nR2,Closed,site,shop,Cy,closed,5,5,mitigate\n"
    ),
    "dr_tests.csv": (
        "test,name,kind,services,planned_on,executed_at,result\nDR1,Mail,failover,mail,2026-09-01,2026-09-01T10:00:00Z,passed\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read a shop whose one bad day was that of an incident."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(incident: str) -> AppTest:
    at = app()
    at.query_params["incident"] = incident
    return at.run().switch_page("../pages/incident.py").run()


@pytest.mark.usefixtures("hand_made")
def test_what_surrounds_an_incident_is_told_with_what_it_spent() -> None:
    at = page("A")

    assert not at.exception
    said = text(boards(at)["incident"])
    assert "2 deployments and 1 page around it" in said, "D1 came more than 3 h before, D3 is of another service"
    assert "D2 of Shop, rolled back" in said
    assert "the deployment that the incident names" in said
    assert "It spent 50 % of the budget of Shop answers" in said, "140 of the 280 failures that 28 days allow"
    assert "140 failures · budget 50 % left at the end of that day" in said
    assert "Number 1 of 2 alike" in said
    assert "One open risk names its services" in said
    assert "No DR test was ever carried out for Shop." in said
    assert "Cy Person" not in said, "people who were called are not named"


@pytest.mark.usefixtures("hand_made")
def test_what_was_not_measured_then_is_no_budget_left_alone() -> None:
    said = text(boards(page("Q"))["incident"])

    assert "Error budgets: none of it was measured" in said
    assert "around it" not in said, "neither a deployment nor a page"
    assert "alike" not in said


@pytest.mark.usefixtures("hand_made")
def test_a_maintenance_spends_no_budget() -> None:
    at = page("M")

    assert not at.exception
    assert "of the budget of" not in text(boards(at)["incident"])


@pytest.mark.usefixtures("hand_made")
def test_markup_in_a_risk_stays_text() -> None:
    assert "<b>data" not in " ".join(boards(page("A")).values())


@pytest.mark.usefixtures("one_fact")
def test_an_incident_alone_says_that_no_risk_names_it() -> None:
    at = page("INC-1")

    assert not at.exception
    assert "No risk is known" in text(boards(at)["incident"])

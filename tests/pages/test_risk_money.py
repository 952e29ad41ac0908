"""What the register costs and what treatments would buy, on the Risk register and one risk's page."""

import json
import os
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.metrics import bad_years
from app.metrics.risk_records import Link, RiskKey
from app.people import local
from app.store import register, register_actions
from app.store.engine import open_store, writing
from app.ui import filters, read, risk, risk_sanity, risk_treat, risks
from tests.filled import boards, read_by_pages, text
from tests.pages.test_risks import ONE, page, rows, told

FACTS = {
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\nmail,Mail,1,web\n",
    "risks.csv": (
        "risk,title,category,services,owner,status,likelihood,impact,target_likelihood,target_impact,treatment,"
        "identified_on,events_per_year_low,events_per_year_high,loss_low,loss_high\n"
        "R1,One <b>provider</b>,third party,shop,vp@example.com,open,4,4,3,4,mitigate,2026-01-05,1,4,1000,40000\n"
        "R2,Old *store*,resilience,mail,cto@example.com,open,3,3,3,2,mitigate,2026-02-01,2,2,1000,1000\n"
        "R3,Silent,people,,it@example.com,open,2,2,1,1,mitigate,2026-02-05,,,,\n"
        "R4,There already,people,,it@example.com,open,1,1,1,1,accept,2026-02-05,0.01,0.1,10,100\n"
    ),
}


@pytest.fixture
def priced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read three risks in money, two of them above their target."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


HAPPENED = {
    "services.csv": "service,name,tier,team,downtime_cost_per_minute\nshop,Shop,0,web,1000\nmail,Mail,1,web,\n",
    "risks.csv": (
        "risk,title,category,services,owner,status,likelihood,impact,treatment,identified_on,"
        "events_per_year_low,events_per_year_high,loss_low,loss_high\n"
        "R1,Often,people,shop,vp@example.com,open,4,4,mitigate,2026-01-05,0.1,0.5,1000,5000\n"
        "R2,Seldom,people,mail,vp@example.com,open,4,4,mitigate,2026-01-05,5,9,1000,5000\n"
        "R3,Nowhere,people,,vp@example.com,open,4,4,mitigate,2026-01-05,5,9,1000,5000\n"
    ),
    "incidents.csv": "incident,title,severity,detected_at,resolved_at,services,customer_impact\n"
    + "".join(
        f"I{at},Down,1,{year}-0{at}-05T10:00:00Z,{year}-0{at}-05T11:00:00Z,shop,true\n"
        for at, year in enumerate((2025, 2025, 2026, 2026), start=1)
    ),
}
"""Four severe incidents of the shop since 5 January 2025, each an hour at 1,000 EUR a minute; none of the mail."""


def ticked(at: AppTest) -> list[str]:
    """What the address says of treatments; a single one comes back bare."""
    found: Any = at.query_params.get("treat", [])
    return [found] if isinstance(found, str) else list(found)


def acts(markup: str) -> list[dict[str, Any]]:
    return [json.loads(unescape(said)) for said in re.findall(r'data-act="([^"]*)"', markup)]


@pytest.mark.usefixtures("priced")
def test_the_register_shows_its_dearest_risks_its_percentiles_and_its_curve() -> None:
    at = page()

    assert not at.exception
    shown = boards(at)
    assert "“One <b>provider</b>” makes half of the 28 k EUR" in text(shown["money"])
    assert {act["risk"] for act in acts(shown["money"]) if act["do"] == "open"} == {"R1", "R2", "R4"}
    assert "One year in a hundred costs more than" in text(shown["loss_years"])
    assert "Nobody has said what is tolerated" in text(shown["loss_years"])
    assert shown["loss_curve_chart"].count('class="nines-percentile"') == 4 * 4, "each width draws four"
    assert "<b>provider" not in " ".join(shown.values())


@pytest.mark.usefixtures("priced")
def test_the_list_and_one_risk_say_what_it_costs_and_how_sure_that_is() -> None:
    found = next(row for row in rows(page(), "register_table") if row.startswith("One"))
    one = told(page(ONE, risk="R1"))

    # rate: exp(ln 2 + 0.4214^2 / 2) = 2.186 a year; loss: exp(ln 6,325 + 1.1213^2 / 2) = 11,860 each
    assert "26 k EUR 12 k to 47 k EUR" in found, "as rarely or as often as stated: 1 and 4 events of 11,860"
    assert "One year in ten costs more than" in one
    assert "Years that cost anything" in one


@pytest.mark.usefixtures("priced")
def test_years_are_simulated_once_however_often_the_page_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    page()

    def again(*_: object, **__: object) -> None:
        raise AssertionError("simulated again")

    monkeypatch.setattr(bad_years.simulation, "simulate", again)
    at = page()

    assert not at.exception
    assert "loss_curve_chart" in boards(at)


@pytest.mark.usefixtures("priced")
def test_what_lies_above_its_target_can_be_treated() -> None:
    at = page()

    listed = boards(at)["treat_list"]
    assert [act["risk"] for act in acts(listed) if act["do"] == "treat"] == ["file/R1", "file/R2"]
    assert "4 × 4 → 3 × 4 × 0.3 × 1 18 k EUR" in text(listed)
    assert "treat_steps" not in boards(at), "nothing is ticked"
    assert not at.number_input


@pytest.mark.usefixtures("priced")
def test_an_address_that_ticks_treatments_shows_what_they_buy() -> None:
    at = page(treat=["file/R1~4000", "file/R2", "file/R4", "nonsense~5"])

    assert not at.exception
    shown = boards(at)
    assert "Two treatments take 20 k EUR off an average year" in text(shown["treat_steps"])
    assert "what one of them cost nobody has said" in text(shown["treat_steps"])
    assert "k EUR less ±" in text(shown["treat_steps"])
    assert 'class="nines-before"' in shown["treat_curve_chart"]
    assert "None of 4 would be above appetite, now 1" in text(shown["treat_matrix"])
    assert "Costs 4 k EUR: 4.54 a year for each 1 spent" in text(shown["treat_each"])
    assert [round(box.value or 0) for box in at.number_input] == [4000, 0]
    assert all("<b>" not in box.label and "\\*store" in at.number_input[1].label for box in at.number_input)


@pytest.mark.usefixtures("priced")
def test_a_cost_that_is_written_goes_into_the_address() -> None:
    at = page(treat=["file/R2"])

    at.number_input[0].set_value(500).run()

    assert ticked(at) == ["file/R2~500"]
    assert "they cost" not in text(boards(at)["treat_steps"])
    assert "it costs 500 EUR: 3.2 a year for each 1 spent" in text(boards(at)["treat_steps"])


def test_ticking_changes_the_address_and_nothing_else_gets_in() -> None:
    def script() -> None:
        import streamlit as st

        from app.ui import risk_treat

        for clicked in st.session_state.get("clicks", []):
            risk_treat._before(clicked)

    def after(*clicks: dict[str, Any], said: list[str]) -> list[str]:
        at = AppTest.from_function(script)
        at.query_params["treat"] = said
        at.session_state["clicks"] = list(clicks)
        at.run()
        assert not at.exception
        return ticked(at)

    tick = {"do": "treat", "risk": "file/R1"}
    assert after(tick, said=["file/R2~9"]) == ["file/R2~9", "file/R1"]
    assert after(tick, said=["file/R1~9", "file/R2"]) == ["file/R2"]
    assert after({"do": "treat", "risk": 7}, said=["file/R2"]) == ["file/R2"]
    assert after({"do": "treat_nothing"}, said=["file/R2"]) == []
    full = [f"file/{at}" for at in range(risk_treat.MOST)]
    assert after(tick, said=full) == full


def test_a_register_without_ranges_says_what_would_bring_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = (
        "risk,title,category,owner,status,likelihood,impact,treatment,identified_on\n"
        "R,Alone,people,vp,open,5,5,mitigate,2026-09-01\n"
    )
    read_by_pages({"risks.csv": alone}, tmp_path, monkeypatch)

    at = page()

    assert not at.exception
    assert "No risk has a loss range: add events per year and loss" in told(at)
    assert "loss_curve_chart" not in boards(at)
    assert "treat_list" not in boards(at)


def test_what_happened_speaks_against_what_is_stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by_pages(HAPPENED, tmp_path, monkeypatch)

    at = page()
    often, seldom, nowhere = (told(page(ONE, risk=name)) for name in ("R1", "R2", "R3"))

    assert not at.exception
    said = text(boards(at)["sanity"])
    assert said.startswith("Seldom stated too high Stated 5 to 9 a year; no incident hit its services in 1.3 years")
    assert "1 risk stated low for what hit its services" in said
    assert "Stated 0.1 to 0.5 a year; 4 severe incidents hit its services" in said
    assert "Nowhere" not in said
    assert "too low, if they were this risk" in often
    assert "4 severe incidents of its services cost 60 k EUR in downtime alone, 4 of them more than stated" in often
    assert "stated too high" in seldom
    assert "nothing to hold it against" in nowhere


def test_incidents_that_somebody_linked_were_this_risk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by_pages(HAPPENED, tmp_path, monkeypatch)
    with writing(open_store(os.environ["NINES_DATABASE_URL"])) as conn:
        for version, at in enumerate((1, 2, 3, 4), start=1):
            to = Link(kind="incident", source="file", id=f"I{at}")
            register.link(conn, local("ann"), RiskKey("file", "R1"), version, to)
        # one that did not hit the services of the risk counts too, with what it cost
        register.link(conn, local("ann"), RiskKey("file", "R2"), 1, Link(kind="incident", source="file", id="I1"))
    asked = page().session_state[filters._ASKED]
    links = risk_sanity.links(read.state(), datetime(2025, 1, 1, tzinfo=UTC), asked.as_of)

    one = risk.shown("R1", None, asked)
    found = risk_sanity.contradictions(risks.shown(asked), links)

    assert one is not None
    assert "4 happened in" in text(risk_sanity.one(one) or ""), "looked up by itself"
    assert "stated too low" in text(risk_sanity.one(one) or "")
    assert "stated too low" in text(boards(page())["sanity"]), "on the register too"
    assert [incident.incident for incident in links["file", "R2"]] == ["I1"]
    assert ("R1", "too_low") in [(c.standing.risk.risk, c.often.verdict) for c in found]
    assert "on its services or linked to it in" in told(page(ONE, risk="R2"))


PLANNED = {
    **FACTS,
    "actions.csv": (
        "action,origin,origin_id,title,owner,opened_at,due_on,closed_at\n"
        "A1,risk,R1,Second provider,Bo,2026-02-01T00:00:00Z,2027-10-15,\n"
        "A2,risk,R1,Train them,Bo,2026-02-01T00:00:00Z,2027-10-15,\n"
        "A3,risk,R3,Against the silent one,Bo,2026-02-01T00:00:00Z,2027-10-15,\n"
        "A4,risk,R2,Done already,Bo,2026-02-01T00:00:00Z,2026-03-15,2026-03-01T00:00:00Z\n"
    ),
}


def test_planned_actions_are_ticked_with_what_they_state_and_the_rest_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by_pages(PLANNED, tmp_path, monkeypatch)
    with writing(open_store(os.environ["NINES_DATABASE_URL"])) as conn:
        plan = {"cost": 4000.0, "events_factor": 0.5, "loss_factor": 1.0}
        register_actions.change(conn, local("ann"), RiskKey("file", "A1"), 1, plan)
    first, other = "action:file/A1", "action:file/A2"

    at = page(treat=[first, f"{other}~~0.5"])

    assert not at.exception
    listed = text(boards(at)["treat_list"])
    offered = [act["risk"] for act in acts(boards(at)["treat_list"]) if act["do"] == "treat"]
    assert set(offered) == {first, other, "file/R2"}, "R2's action is done: it may still be brought to its target"
    assert "states no cost and no effect: tick it to write that" in listed
    assert "No action is planned: bring it to its target" in listed
    assert "1 more planned action is against risks not stated in money." in listed
    assert "× 0.5 × 1 13 k EUR 4 k EUR 3.24" in listed, "half of 25,927 a year, for 4,000"
    each = text(boards(at)["treat_each"])
    assert "Together 19 k EUR off an average year" in each, "half, and half of what is left: three quarters"
    assert "Second provider" in each
    assert "Train them" in each
    assert "What it costs is not known" in each

    boxes = {box.label.split(":")[0]: box for box in at.number_input}
    assert set(boxes) == {"Cost in EUR", "Share of events left", "Share of loss left"}, "of the second alone"
    assert boxes["Share of events left"].value == 0.5
    boxes["Cost in EUR"].set_value(1000).run()
    assert ticked(at) == [first, f"{other}~1000~0.5"]
    assert "Costs 5 k EUR" in text(boards(at)["treat_each"])

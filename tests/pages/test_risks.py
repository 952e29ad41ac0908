"""The Risk register and one risk's page on full, empty and hand-made stores."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.metrics.numbers import Scope
from app.metrics.periods import parse
from app.people import Person, Role
from app.ui import filters, read, risk, risks, risks_tables, who
from tests.filled import app, boards, read_by_pages, text

REGISTER, ONE = "../pages/risks.py", "../pages/risk.py"
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": "service,name,tier,team\nshop,Shop,0,web\nmail,Mail,1,web\nwiki,Wiki,3,web\n",
    "risks.csv": (
        "risk,title,category,services,owner,status,inherent_likelihood,inherent_impact,likelihood,impact,"
        "target_likelihood,target_impact,treatment,review_on,identified_on,closed_on,accepted_by,accepted_until,"
        "events_per_year_low,events_per_year_high,loss_low,loss_high,description,response\n"
        "R1,One <b>provider</b>,third party,shop,vp@example.com,open,5,4,4,4,2,4,mitigate,2027-01-10,2026-01-05,,,,"
        "2,2,1000,1000,All cards,Second provider\n"
        "R2,Old store,resilience,shop;mail,cto@example.com,open,4,4,3,4,1,4,accept,2026-10-20,2026-02-01,,"
        "cfo@example.com,2026-10-31,1,1,1000,1000,,\n"
        "R3,Wiki down,people,wiki,it@example.com,open,2,2,3,2,1,1,mitigate,2027-02-01,2026-10-05,,,,,,,,,\n"
        "R4,Nowhere,people,,it@example.com,open,,,1,1,,,transfer,,,,,,,,,,,\n"
        "R5,Over,people,wiki,it@example.com,closed,3,3,1,1,1,1,avoid,,2026-01-01,2026-10-12,,,,,,,,\n"
        "R6,Accepted for now,capacity,mail,cto@example.com,open,3,3,3,3,3,3,accept,2027-03-01,2026-03-01,,"
        "cfo@example.com,2026-11-12,,,,,,\n"
    ),
    "actions.csv": (
        "action,origin,origin_id,title,owner,opened_at,due_on,closed_at,url\n"
        "A1,risk,R1,Sign the second provider,Bo,2026-02-01T00:00:00Z,2026-10-15,,https://tool.example/A1\n"
        "A2,risk,R3,Write it down,,2026-10-06T00:00:00Z,2027-01-20,,\n"
    ),
    "incidents.csv": (
        "incident,title,severity,detected_at,resolved_at,services,kind\n"
        "I1,Shop slow,1,2026-10-05T10:00:00Z,2026-10-05T11:00:00Z,shop;mail,\n"
        "I2,Mail slow,3,2026-09-05T10:00:00Z,2026-09-05T11:00:00Z,mail,\n"
        "I3,Long ago,1,2025-09-05T10:00:00Z,2025-09-05T11:00:00Z,shop,\n"
        "I4,A move,2,2026-10-21T08:00:00Z,2026-10-21T09:00:00Z,shop,maintenance\n"
    ),
    "dr_tests.csv": (
        "test,name,kind,services,planned_on,executed_at,result\n"
        "T1,Shop failover,failover,shop,2026-09-01,2026-09-01T10:00:00Z,partial\n"
    ),
}
"""On 31 October: R1 (16) is above the line of 12; R2's acceptance has ended with that day, its review is overdue."""


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read a register of five open risks and a closed one."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(where: str = REGISTER, **address: str | list[str]) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(where).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def rows(at: AppTest, key: str) -> list[str]:
    body = boards(at)[key].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


def tile(at: AppTest, kpi: str) -> str:
    """What stands on one tile."""
    return text(boards(at)["risks_first"].split(f'data-kpi="{kpi}"')[1].split("</article>")[0])


@pytest.mark.usefixtures("full")
def test_the_question_is_answered_with_eight_tiles() -> None:
    at = page()

    assert not at.exception
    first = boards(at)["risks_first"]
    assert first.count('class="card tile"') == 8
    assert "Two of 35 open risks lie above appetite on 31 Oct 2026" in text(first)
    assert "in an average year, half of it from three" in text(first)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("which", ["inherent", "current", "target"])
def test_the_matrix_holds_every_open_risk_once(which: str) -> None:
    at = page()
    at.session_state["risk_level"] = which

    at.run()

    assert not at.exception
    cells = boards(at)["matrix"].split('class="cell ')[1:]
    held = [int(text("<a " + cell).split(" ")[0]) for cell in cells]
    assert len(held) == 25
    assert sum(held) == 35
    assert not any("met" in cell.split('"')[0] for cell in cells), "an empty cell is neutral"


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("period", "tier"),
    [
        ("Last 12 months", "Tier 3"),
        ("Q2 2026", "All tiers"),
        ("November 2026", "Tier 3"),
        ("November 2024", "All tiers"),
    ],
)
def test_every_kind_of_period_and_scope_is_shown(period: str, tier: str) -> None:
    at = page(period=period, tier=tier)

    assert not at.exception
    assert "risks_first" in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_the_finding_counts_what_the_register_holds() -> None:
    first = text(boards(page())["risks_first"])

    assert "One of 5 open risks lies above appetite on 31 Oct 2026: “One <b>provider</b>”." in first
    assert "One acceptance has run out, one runs out within 30 days and one review is overdue." in first
    assert "The 2 stated in money cost 3 k EUR in an average year" in first, "2 x 1,000 and 1 x 1,000"
    assert "Since then, to 23 Nov 2026: one acceptance ran out." in first, "R6's, on the 12th"


@pytest.mark.usefixtures("hand_made")
def test_the_tiles_are_of_the_same_day_as_the_lists() -> None:
    at = page()

    assert "Risks above appetite missed 1" in tile(at, "risks_above_appetite")
    assert "Acceptances run out missed 1 of 2 accepted" in tile(at, "acceptances")
    assert "One more runs out within 30 days" in tile(at, "acceptances")
    assert "3 k EUR from two risks" in tile(at, "expected_annual_loss")
    assert "Three open risks state no ranges; the same as in September" in tile(at, "expected_annual_loss")
    assert "5 1 new, 1 closed" in tile(at, "open_risks")
    assert "1 of 4 with one 2 of 4 have come down" in tile(at, "at_target")
    assert "1 of 3 to treat One with an action that is overdue" in tile(at, "without_action")


@pytest.mark.usefixtures("hand_made")
def test_now_is_the_month_that_is_not_over() -> None:
    at = page(period="November 2026")

    assert "Two acceptances have run out and one review is overdue" in text(boards(at)["risks_first"])
    assert "Since then" not in text(boards(at)["risks_first"])


@pytest.mark.usefixtures("hand_made")
def test_a_cell_lists_its_risks() -> None:
    at = page()
    assert len(rows(at, "cell_table")) == 5

    at.session_state["risk_cell"] = (4, 4)
    at.run()

    assert rows(at, "cell_table") == ["One <b>provider</b> 20 → 16 → 8 mitigate"]
    assert "Likely × major: 1 risk" in told(at)


@pytest.mark.usefixtures("hand_made")
def test_what_is_odd_says_what_would_mend_it() -> None:
    odd = text(boards(page())["odd"])

    for said in (
        "2 risks whose acceptance ran out",
        "1 risk with an action that is overdue",
        "1 risk to be treated, and nobody has an action",
        "1 risk rated higher now than before anything was done",
        "1 risk without a day of review",
        "1 risk naming no service that is known",
        "3 risks not stated in money",
    ):
        assert said in odd
    assert "not tested for recovery" not in odd, "R2 names mail, which was never tested"


@pytest.mark.usefixtures("hand_made")
def test_what_is_to_mend_is_found_once_for_every_month_and_mended_by_whom_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at, before = page(), page(period="2026-09")
    found, found_before = (risks.shown(one.session_state[filters._ASKED]).now for one in (at, before))
    monkeypatch.setattr(who, "person", lambda: Person("vera@example.com", frozenset({Role.VIEWER})))
    odd = boards(page())["odd"]

    assert found is found_before
    assert 'aria-label="Review it: ' in boards(at)["odd"]
    assert "2 risks whose acceptance ran out" in text(odd)
    assert 'aria-label="' not in odd, "there is nothing to click for her"


@pytest.mark.usefixtures("hand_made")
def test_the_register_is_filtered_by_status_treatment_and_category() -> None:
    at = page()
    assert len(rows(at, "register_table")) == 5

    for key, said, left in (
        ("register_status", "Above appetite", ["One"]),
        ("register_status", "Closed", ["Over"]),
        ("register_treatment", "accept", ["Old", "Accepted"]),
        ("register_category", "people", ["Wiki", "Nowhere"]),
    ):
        at = page()
        at.session_state[key] = said
        at.run()
        assert [row.split(" ")[0] for row in rows(at, "register_table")] == left


@pytest.mark.usefixtures("hand_made")
def test_incidents_are_those_of_its_services_in_the_year_before() -> None:
    found = {row.split(" ")[0]: row for row in rows(page(), "register_table")}

    assert "ran out 31 Oct 2026 1 k EUR 2 0 cto" in found["Old"], "I1 on both of its services, I2 on one"
    assert "2 k EUR 1 1 vp" in found["One"], "not I3 of last year, not the maintenance"


@pytest.mark.usefixtures("hand_made")
def test_a_risk_counts_in_the_scope_of_its_services() -> None:
    at = page(tier="Tier 3")

    assert [row.split(" ")[0] for row in rows(at, "register_table")] == ["Wiki"]
    assert "On 31 Oct 2026 the one open risk did not lie above appetite." in told(at)


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize(
    ("kpi", "foot"),
    [
        ("acceptances", "1 of 2 ran out"),
        ("open_risks", "Sum of 5 rows: 5"),
        ("at_target", "1 of 4 are at their target"),
        ("without_action", "Sum of 1 rows: 1"),
        ("to_mend", "5 of 6 risks"),
    ],
)
def test_the_rows_behind_a_tile_add_up_to_it(kpi: str, foot: str) -> None:
    at = page()
    asked = at.session_state[filters._ASKED]

    told = risks_tables.behind(kpi, risks.shown(asked))

    assert told is not None
    assert told.foot == foot


@pytest.mark.usefixtures("hand_made")
def test_markup_in_a_title_stays_text() -> None:
    for at in (page(), page(ONE, risk="R1")):
        assert "<b>provider" not in " ".join(boards(at).values())


@pytest.mark.usefixtures("hand_made")
def test_one_risk_tells_its_story() -> None:
    at = page(ONE, risk="R1", source="file")

    assert not at.exception
    said = told(at)
    assert "Level 16 (likely × major), above the appetite of 12, down from 20, target 8." in said
    assert "Its services had 1 incident in the last twelve months, 1 of them severe." in said
    assert "Inherent 5 × 4, now 4 × 4, target 2 × 4" in said
    assert "All cards" in said
    assert "1 overdue , 1 of 1 not done" in said
    assert "2 k EUR in an average year, 67 % of what all open risks cost" in said
    assert "Shop 0 no data no data 1, 1 severe ~ partial 1 Sep 2026" in said.replace(" partial", " ~ partial")
    assert 'href="https://tool.example/A1"' in boards(at)["risk_story"]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("month", ["2026-10", "2026-11"])
def test_the_promises_of_its_services_are_the_numbers_of_the_catalogue(month: str) -> None:
    asked = replace(page().session_state[filters._ASKED], period=parse(month))

    shown = risk.shown("RISK-04", None, asked)

    assert shown is not None
    assert [home.name for home in shown.homes] == ["orders", "checkout", "payments-api"]
    for home in shown.homes:
        for number in read.numbers(tuple(home.numbers), replace(asked, scope=Scope(service=home.name)).ask()):
            mine = home.numbers[number.kpi]
            assert (mine.numerator, mine.denominator) == (number.numerator, number.denominator)
            assert mine.denominator


@pytest.mark.usefixtures("hand_made")
def test_the_acceptance_of_a_risk_is_told_as_of_now() -> None:
    at = page(ONE, risk="R6")

    assert "Its acceptance ran out on 12 Nov 2026: decide." in told(at)
    assert "ran out 12 Nov 2026 by cfo@example.com" in told(at)


@pytest.mark.usefixtures("hand_made")
def test_what_nobody_stated_of_a_risk_stays_unknown() -> None:
    said = told(page(ONE, risk="R4"))

    assert "Not stated in money" in said
    assert "It names no service" in said
    assert "Now 1 × 1" in said
    assert "0 EUR" not in said


@pytest.mark.usefixtures("hand_made")
def test_a_closed_risk_says_so() -> None:
    assert "Closed on 12 Oct 2026, at a level of 1 (rare × negligible)." in told(page(ONE, risk="R5"))


@pytest.mark.usefixtures("hand_made")
@pytest.mark.parametrize("address", [{"risk": "<b>none</b>"}, {"risk": "R1", "source": "elsewhere"}, {}])
def test_an_unknown_risk_is_a_sentence(address: dict[str, str]) -> None:
    at = page(ONE, **address)

    assert not at.exception
    assert "is known here" in told(at) or "No risk is named" in told(at)
    assert "<b>none" not in " ".join(boards(at).values())


@pytest.mark.usefixtures("empty")
def test_on_an_empty_store_one_risk_asks_for_facts_and_the_register_teaches_how_to_start() -> None:
    one, register = page(ONE), page()

    assert not one.exception
    assert not register.exception
    assert "Nothing here yet" in told(one)
    assert "No risk is written down yet" in told(register)
    assert {"do_create", "do_sheet"} <= {each.key for each in register.button}
    assert {"sheet_xlsx", "sheet_csv"} <= {each.key for each in register.get("download_button")}


@pytest.mark.usefixtures("one_fact")
def test_without_a_register_the_page_says_what_brings_one() -> None:
    at = page()

    assert not at.exception
    assert "No risk was known on" in told(at)
    assert "No risk is written down yet" in told(at)
    assert "card tile" not in boards(at)["risks_first"], "nothing that nobody looked for is a zero"


def test_one_risk_alone_lacks_no_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = (
        "risk,title,category,owner,status,likelihood,impact,treatment,identified_on\n"
        "R,Alone,people,vp,open,5,5,mitigate,2026-09-01\n"
    )
    read_by_pages({"risks.csv": alone}, tmp_path, monkeypatch)

    at = page()

    assert not at.exception
    assert "no data" in tile(at, "without_action"), "nobody brings actions"
    assert "no data" in tile(at, "at_target")
    assert "no data" in tile(at, "expected_annual_loss")
    assert "nobody has an action" not in told(at)

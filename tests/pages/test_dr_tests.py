"""The page of DR tests on full, hand-made, empty and almost empty stores."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.ui import dr_tests, dr_tests_opened, dr_tests_parts, filters
from app.ui.dr_tests import Shown
from tests.filled import app, boards, read_by_pages, text

PAGE = "../pages/dr_tests.py"
FACTS = {
    "teams.csv": "team,name,timezone\nweb,Web team,UTC\n",
    "services.csv": (
        "service,name,tier,team,retired_on\n"
        "shop,Shop,0,web,\nmail,Mail,1,web,\npay,Pay,1,web,\ndocs,Docs,3,web,\nold,Old,0,web,2026-01-31\n"
    ),
    "dr_tests.csv": (
        "test,name,kind,services,planned_on,executed_at,result,status,rto_minutes,rpo_minutes,rto_achieved_minutes,"
        "rpo_achieved_minutes,lead,attested_by,evidence_url\n"
        "T1,Shop <b>failover</b>,failover,shop,2026-10-05,2026-10-06T09:00:00Z,failed,executed,,20,90,10,Ann,Bo,"
        "https://proof.example/T1\n"
        "T2,Mail restore,backup_restore,mail,2026-10-12,2026-10-12T09:00:00Z,passed,executed,,,200,,Ann,Ann,\n"
        "T3,Mail talk,tabletop,mail,2026-10-20,,,postponed,,,,,,,\n"
        "T4,Shop game day,game_day,shop,2026-11-10,,,planned,,,,,,,\n"
        "T5,Shop failover again,failover,shop,2026-12-05,,,planned,,,,,,,\n"
        "T6,Docs walk,walkthrough,docs,2026-09-01,2026-09-01T09:00:00Z,passed,executed,,,,,Cy,Bo,javascript:alert(1)\n"
        "T7,Old failover,failover,old,2026-03-01,2026-03-01T09:00:00Z,passed,executed,,,,,,,\n"
    ),
    "actions.csv": (
        "action,origin,origin_id,title,owner,opened_at,due_on,closed_at,url\n"
        "A1,dr_test,T1,Script the failover,Di,2026-10-07T00:00:00Z,2026-11-01,,https://tool.example/A1\n"
        "A2,dr_test,T1,Raise the limit,,2026-10-07T00:00:00Z,2026-12-01,,\n"
        "A3,dr_test,T1,Write it down,Di,2026-10-07T00:00:00Z,2026-10-20,2026-10-10T00:00:00Z,\n"
    ),
    "risks.csv": (
        "risk,title,category,services,owner,status,likelihood,impact,treatment\n"
        "R1,Loss of a region,technology,shop,Ann,open,2,5,mitigate\n"
        "R2,Something else,technology,mail,Ann,open,2,5,mitigate\n"
    ),
}


@pytest.fixture
def hand_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page reads seven tests of five services, one of which has retired."""
    read_by_pages(FACTS, tmp_path, monkeypatch)


def page(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(PAGE).run()


def told(at: AppTest) -> str:
    """All that a reader sees in boards."""
    return text(" ".join(boards(at).values()))


def rows(at: AppTest, key: str = "dr_tests_table") -> list[str]:
    body = boards(at)[key].split("<tbody>")[1].split("</tbody>")[0]
    return [text(f"<tr{row}") for row in body.split("<tr")[1:]]


def shown(at: AppTest) -> Shown:
    return dr_tests.shown(at.session_state[filters._ASKED])


def opened(at: AppTest, name: str) -> str:
    """What the dialog of one test says."""
    asked = at.session_state[filters._ASKED]
    one = dr_tests.named(dr_tests.shown(asked), None, name)
    assert one is not None
    return text(dr_tests_opened.told(one, dr_tests.shown(asked), asked))


def chosen(at: AppTest, clicked: Mapping[str, object]) -> list[str]:
    return [one.test.test for one in dr_tests_opened.chosen({"do": "tests", **clicked}, shown(at))[1]]


@pytest.mark.usefixtures("full")
def test_the_question_is_answered_with_four_tiles_and_a_calendar() -> None:
    at = page()

    assert not at.exception
    first = boards(at)["dr_first"]
    assert first.count('class="card tile"') == 4
    assert "October 2026: 1 of 2 DR tests passed" in text(first)
    assert "tests on the calendar" in text(first)
    assert len(rows(at)) == 20


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "period", ["Last 3 months", "Last 24 months", "Q2 2026", "Year 2025", "November 2026", "November 2024"]
)
@pytest.mark.parametrize("tier", ["All tiers", "Tier 3"])
def test_every_kind_of_period_and_scope_is_shown(period: str, tier: str) -> None:
    at = page(period=period, tier=tier)

    assert not at.exception
    assert "dr_first" in boards(at)


@pytest.mark.usefixtures("full")
def test_the_parts_of_the_page_add_up_to_its_tiles() -> None:
    at = page(period="Last 12 months")
    found = shown(at)

    passed, covered = found.numbers["dr_pass_rate"].now, found.numbers["dr_coverage"].now
    kinds = dr_tests.kinds(found).series[0]
    assert passed.numerator is not None
    assert sum(int(said.split(" of ")[0]) for said in kinds.labels) == passed.numerator
    assert sum(int(said.split(" of ")[1]) for said in kinds.labels) == passed.denominator
    assert len(found.proofs) == sum(number.denominator or 0 for number in found.covered)
    kept = sum(one.state in ("due", "current") for one in found.proofs)
    assert kept == sum(number.numerator or 0 for number in found.covered)
    assert covered.denominator == len(found.proofs), "nothing has retired since"


@pytest.mark.usefixtures("hand_made")
def test_the_finding_names_what_came_back_too_late_and_what_is_overdue() -> None:
    said = text(boards(page())["dr_first"])

    assert "October 2026: 1 of 2 DR tests passed; “Shop <b>failover</b>” took 90 min to come back" in said
    assert "60 min was allowed" in said, "the target of tier 0, for the test has none"
    assert "2 of 3 services of tier 0 and 1 were tested in time; Pay was never tested" in said
    assert "Today one test and one action that tests called for are overdue" in said


@pytest.mark.usefixtures("hand_made")
def test_the_calendar_tells_each_state_and_a_click_lists_its_tests() -> None:
    at = page()
    first = boards(at)["dr_first"]

    assert "6 tests on the calendar: 2 not held, 1 ahead" in text(first), "what retired before its test is in none"
    assert "Failover, October 2026: 1 failed" in first
    assert "Game day, November 2026: 1 overdue" in first
    assert chosen(at, {"kind": "tabletop", "month": "2026-10"}) == ["T3"]
    assert chosen(at, {"states": ["planned", "overdue"]}) == ["T4", "T5"]
    assert chosen(at, {"what": "claimed"}) == ["T2"]
    assert chosen(at, {"kind": ["junk"], "month": None}) == []


@pytest.mark.usefixtures("hand_made")
def test_coverage_tells_tests_in_time_that_prove_little_apart() -> None:
    said = text(boards(page())["dr_proven"])

    assert "2 of 3 services of tier 0 and 1 are not proven" in said
    assert "1 never tested and 1 failed the last test, today" in said
    assert "1 of 1 tier 0 tested in 180 days" in said
    assert "1 of 2 tier 1 tested in 365 days" in said
    assert "Pay never tested tier 1 · no test is planned" in said
    assert "Shop until 4 Apr 2027" in said


@pytest.mark.usefixtures("hand_made")
def test_a_passed_test_without_evidence_is_claimed_not_shown() -> None:
    said = text(boards(page())["dr_owed"])

    assert "1 of 2 passed tests are claimed, not shown" in said
    assert "Mail restore no evidence" in said
    assert "1 by whoever led the test" in said


@pytest.mark.usefixtures("hand_made")
def test_findings_are_told_with_what_is_overdue() -> None:
    said = text(boards(page())["dr_owed"])

    assert "2 findings are open, 1 overdue" in said
    assert "Script the failover was due 1 Nov 2026" in said
    assert "Raise the limit due 1 Dec 2026 found on 6 Oct 2026 · nobody owns it" in said


@pytest.mark.usefixtures("hand_made")
def test_the_list_tells_each_test_the_latest_planned_first() -> None:
    found = rows(page())

    assert found[0].startswith("Shop failover again")
    assert len(found) == 6
    failed = next(row for row in found if "<b>failover" in row)
    assert "missed 90 min of 60 min" in failed
    assert "met 10 min of 20 min" in failed
    assert failed.endswith("shown")
    assert next(row for row in found if row.startswith("Mail restore")).endswith("no evidence")


@pytest.mark.usefixtures("hand_made")
def test_markup_and_scripts_in_facts_stay_text() -> None:
    every = " ".join(boards(page(test="T6")).values())

    assert "<b>failover" not in every
    assert 'href="javascript' not in every


@pytest.mark.usefixtures("hand_made")
def test_one_test_tells_all_about_itself() -> None:
    said = opened(page(), "T1")

    assert "failed" in said
    assert "6 Oct 2026 09:00, 1 day after plan" in said
    assert "90 min; target 60 min, of its services or their tiers missed" in said
    assert "10 min; target 20 min met" in said
    assert "Script the failover (Di, due 1 Nov 2026) overdue" in said
    assert "Loss of a region (R1, 2 × 5)" in said
    assert "Something else" not in said, "a risk of another service"


@pytest.mark.usefixtures("hand_made")
def test_what_was_not_carried_out_claims_nothing() -> None:
    at = page()

    assert "not yet: it is overdue" in opened(at, "T4")
    assert "no: postponed" in opened(at, "T3")
    assert "Attested by" not in opened(at, "T4")
    assert "none: the result is claimed, not shown" in opened(at, "T2")
    assert "Ann, who led it too" in opened(at, "T2")


@pytest.mark.usefixtures("hand_made")
def test_an_address_opens_the_test_that_it_names_once() -> None:
    at = page()
    at.query_params["test"] = "T2"
    at.run()

    assert not at.exception
    assert "Mail restore" in text(boards(at)["dr_test"])
    assert "test" not in at.query_params
    at.run()
    assert "dr_test" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_the_scope_narrows_everything() -> None:
    at = page(service="Mail")

    said = told(at)
    assert len(rows(at)) == 2
    assert "Shop" not in said
    assert "the one DR test passed" in said
    assert "Findings: no data" in said


@pytest.mark.usefixtures("hand_made")
def test_a_scope_without_tests_says_so_and_shows_no_zero() -> None:
    at = page(service="Pay")

    said = told(at)
    assert not at.exception
    assert "no DR test was carried out" in said
    assert "Calendar: no tests" in said
    assert "Pay never tested" in said
    assert "dr_owed" not in boards(at), "nothing to tell of evidence and findings"
    assert "dr_tests_table" not in boards(at)


@pytest.mark.usefixtures("hand_made")
def test_a_month_without_a_test_names_the_last_one() -> None:
    said = text(boards(page(period="November 2026"))["dr_first"])

    assert "November 2026, so far: no DR test was carried out; the last one known was on 12 Oct 2026" in said


@pytest.mark.usefixtures("full")
def test_a_crowded_calendar_tells_states_together(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = shown(page()).calendar
    monkeypatch.setattr(dr_tests_parts, "_CROWDED", 1)

    said = text(dr_tests_parts._legend(plan))

    counts = plan.states
    assert f"not passed {counts['failed'] + counts['partial']:,}" in said
    assert f"put off {counts['postponed'] + counts['cancelled']:,}" in said
    assert "cancelled" not in said


@pytest.mark.usefixtures("empty")
def test_an_empty_store_asks_for_facts() -> None:
    at = page()

    assert not at.exception
    assert "Nothing here yet" in told(at)


@pytest.mark.usefixtures("one_fact")
def test_without_a_test_it_says_what_brings_one() -> None:
    at = page()

    assert not at.exception
    assert "No data: no DR test is known here" in " ".join(one.value for one in at.markdown)
    assert "dr_tests.csv" in " ".join(one.value for one in at.caption)
    assert "no DR test was carried out" in told(at)
    assert " 0 %" not in told(at)

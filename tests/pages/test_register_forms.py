"""The register's own forms: a new risk, several at once, a sheet out and back in, what waits; and one risk's story."""

import io
import json
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app import ingest_register
from app.charts import wording
from app.metrics.risk_records import Link, RiskKey
from app.people import Person, Role
from app.store import register, register_acceptances, register_actions
from app.store.engine import open_store, reading, writing
from app.store.register_acceptances import propose
from app.store.register_tables import ASSESSMENTS
from app.ui import read, who
from tests.filled import app, boards, one_fact_store, text
from tests.pages import forms
from tests.pages.forms import ANA, BO, RISK, click, fill, held, one, opened, story, told, wrong

OTHER = RiskKey("file", "R2")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return forms.store(tmp_path, monkeypatch)


def register_page() -> AppTest:
    at = app().run().switch_page("../pages/risks.py").run()
    assert not at.exception
    return at


def test_a_risk_is_entered_with_what_is_known_of_it(store: Engine) -> None:
    at = click(fill(click(register_page(), "do_create"), title="Flood", category="security"), "save")
    assert "Likelihood is missing." in wrong(at)
    assert "Impact is missing." in wrong(at)

    click(fill(at, likelihood=2, impact=5), "save")

    assert not opened(at)
    new = held(store, RiskKey("app", "R-0001")).entry
    assert (new.title, new.owner, new.likelihood, new.impact) == ("Flood", "ana@example.com", 2, 5)


def test_several_risks_change_together_after_a_look(store: Engine) -> None:
    at = click(click(register_page(), "do_bulk"), "save")
    assert "Choose risks, and what to change." in wrong(at)

    fill(at, risks=[str(RISK), str(OTHER)], owner="new@example.com", tag="audit")
    assert "2 of 2 would change" in told(at)
    assert "Owner: vp@example.com → new@example.com" in told(at)
    click(at, "save")

    assert {held(store, key).entry.owner for key in (RISK, OTHER)} == {"new@example.com"}
    assert held(store).entry.tags == ("audit",)


def test_several_risks_change_all_or_none(store: Engine) -> None:
    at = fill(click(register_page(), "do_bulk"), risks=[str(RISK), str(OTHER)], tag="audit")
    with writing(store) as conn:
        register.edit(conn, BO, OTHER, 1, {"title": "Theirs"})
    click(fill(at, why="For the audit"), "save")
    assert {held(store, key).entry.tags for key in (RISK, OTHER)} == {("audit",)}, "looked at anew before it is made"

    past = read.now().date() - timedelta(9)
    at = fill(click(at, "do_bulk"), risks=[str(RISK)], review_on=past)
    assert "cannot" in told(at)
    click(at, "save")
    assert "Nothing was changed" in wrong(at)
    assert held(store).entry.review_on != past


def test_a_sheet_goes_out_and_comes_back_changed(store: Engine) -> None:
    stream = io.BytesIO()
    with reading(store) as conn:
        ingest_register.export(conn, "xlsx", stream)
    book = load_workbook(stream)
    sheet = book.active
    assert sheet is not None
    heads = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, heads["owner"], "sheet@example.com")
    sheet.cell(2, heads["title"], "By the sheet")
    changed = io.BytesIO()
    book.save(changed)
    with writing(store) as conn:
        register.edit(conn, BO, RISK, 1, {"title": "Theirs"})
    at = click(register_page(), "do_sheet")

    at.file_uploader[0].set_value(("risks.xlsx", changed.getvalue(), "application/octet-stream")).run()

    assert not at.exception
    said = told(at)
    assert "Owner: vp@example.com → sheet@example.com" in said
    assert "Title was changed here too: it was One provider, is Theirs now, the sheet has By the sheet" in said
    at.checkbox[-1].check()
    click(at, "sheet_keep_1")
    assert (held(store).entry.owner, held(store).entry.title) == ("sheet@example.com", "By the sheet")
    assert "kept from the sheet" in at.toast[0].value


def test_what_is_no_sheet_is_said(store: Engine) -> None:
    at = click(register_page(), "do_sheet")

    at.file_uploader[0].set_value(("risks.xlsx", b"no workbook", "application/octet-stream")).run()

    assert not at.exception
    assert at.error
    assert "risks.xlsx" in at.error[0].value.replace("\\", "")


def test_what_waits_for_a_decision_is_listed(store: Engine) -> None:
    with writing(store) as conn:
        propose(conn, BO, RISK, 1, reason="Too dear", valid_until=read.now().date() + timedelta(30))

    said = told(register_page())

    assert "1 acceptance waits for a decision" in said
    assert "bo@example.com asked on" in said


def test_who_may_only_read_has_no_button(store: Engine, viewer: None) -> None:
    at = register_page()

    assert not [each.key for each in at.button if (each.key or "").startswith("do_")]
    assert any("takes the role editor" in each.value for each in at.caption)


def test_an_empty_register_teaches_how_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = one_fact_store(tmp_path)
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setattr(who, "person", lambda: ANA)
    at = register_page()
    assert "No risk is written down yet" in told(at)
    assert {"do_create", "do_sheet"} <= {each.key for each in at.button}

    click(fill(click(at, "do_create"), title="Flood", category="security", likelihood=2, impact=2), "save")

    assert held(open_store(url), RiskKey("app", "R-0001")).entry.title == "Flood"
    assert "one risk was identified. Show it as of now" in told(at), "the month before is shown"
    assert "do_create" in {each.key for each in at.button}


def test_a_risk_tells_everything_that_was_said_and_done(store: Engine) -> None:
    with writing(store) as conn:
        register.link(conn, ANA, RISK, 1, Link(kind="incident", source="file", id="I1"))
        register.assess(conn, ANA, RISK, 2, {"likelihood": 3}, "It was tried")
        register.review(conn, ANA, RISK, 3, note="All well")
        register.comment(conn, BO, RISK, "Ask the bank <b>")
        asked = propose(conn, ANA, RISK, 4, reason="Too dear", valid_until=read.now().date() + timedelta(30))
        register_acceptances.approve(conn, BO, asked, 4)
        register.assess(conn, ANA, RISK, 5, {"likelihood": 5}, "Worse")
        register_actions.add(conn, ANA, RISK, {"title": "Second provider", "cost": 900.0, "events_factor": 0.5})

    said = told(one())

    assert "It was accepted at a level of 12 and stands at 20 now. Ask anew" in said.replace("Propose acceptance ", "")
    assert "level has risen since level 12 (high), until" in said
    assert "Rated 3 times: 16 → 12 → 20" in said
    assert "Reviewed 1 time, 1 comment" in said
    assert "Ask the bank <b>" in said
    assert "Shop down Take away Incident · I1 · severity 1" in said
    assert "Plan: 0 of 1 done" in said
    assert "events × 0.5" in said
    assert "ana@example.com rated it" in said
    assert "likelihood was 3 is 5" in said
    assert "bo@example.com commented" in said


def test_actions_are_added_changed_and_closed(store: Engine) -> None:
    at = click(click(one(), "do_add_action"), "save")
    assert "The title is missing." in wrong(at)
    click(fill(at, title="Second provider", due_on=read.now().date() + timedelta(30), cost=5.0), "save")
    (action,) = story(store).actions
    assert (action.entry.title, action.entry.cost) == ("Second provider", 5.0)
    assert "Plan: 0 of 1 done" in told(at)


def test_a_link_a_comment_closing_and_undoing(store: Engine) -> None:
    at = click(click(one(), "do_link"), "save")
    assert "Choose what it has to do with." in wrong(at)
    click(fill(at, to="incident:file/I1"), "save")
    assert [str(link) for link in held(store).entry.links] == ["incident:file/I1"]

    click(click(at, "do_undo"), "save")
    assert held(store).entry.links == ()

    click(fill(click(at, "do_comment"), text="Look at it"), "save")
    assert story(store).comments[0].text == "Look at it"

    assert "The reason is missing." in wrong(click(click(at, "do_close"), "save"))
    click(fill(at, reason="Gone"), "save")
    assert held(store).entry.status == "closed"
    click(fill(click(at, "do_reopen"), reason="Back"), "save")
    assert held(store).entry.status == "open"


def test_an_approver_alone_may_decide_but_not_edit(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(store) as conn:
        propose(conn, ANA, RISK, 1, reason="Too dear", valid_until=read.now().date() + timedelta(30))
    monkeypatch.setattr(who, "person", lambda: Person("cio@example.com", frozenset({Role.APPROVER})))

    keys = {each.key for each in one().button if (each.key or "").startswith("do_")}

    assert keys == {"do_approve", "do_decline"}


def test_the_matrix_shows_what_moved_since_a_day_and_why(store: Engine) -> None:
    with writing(store) as conn:
        now = read.now()
        register.assess(conn, ANA, RISK, 1, {"likelihood": 2}, "A second <b>provider</b> is live", at=now)
        conn.execute(ASSESSMENTS.update().where(ASSESSMENTS.c.version == 1).values(at=now - timedelta(60)))
    day = (read.now() - timedelta(9)).date()

    def shown(said: str) -> dict[str, str]:
        at = app()
        at.query_params["moves"], at.query_params["period"] = said, f"{now:%Y-%m}"
        at.run().switch_page("../pages/risks.py").run()
        assert not at.exception
        return boards(at)

    moved = shown(f"{day}")
    assert moved["matrix"].count('class="seen"') == 1
    assert "One provider: 16 → 8, 4 × 4 → 2 × 4" in moved["matrix"]
    assert "<b>provider" not in moved["matrix"]
    assert f"Since {wording.day(day)}: 1 risk came down" in text(moved["moves"])
    assert "ana@example.com on" in text(moved["moves"])
    assert "A second <b>provider</b> is live" in text(moved["moves"])

    before = shown("2020-01-01")
    assert "How risks moved since 1 Jan 2020 is not known" in text(before["moves"])
    assert 'class="seen"' not in before["matrix"]
    assert "2 risks were never reviewed" in text(shown("review")["moves"])
    assert "moves" not in shown("none")
    assert "moves" in shown("nonsense")


def test_a_day_that_is_chosen_stands_in_the_address(store: Engine) -> None:
    at = register_page()

    next(box for box in at.selectbox if box.key == "moves_how").set_value("day").run()
    next(box for box in at.date_input if box.key == "moves_day").set_value(date(2026, 1, 1)).run()
    assert at.query_params["moves"] in ("2026-01-01", ["2026-01-01"])

    next(box for box in at.selectbox if box.key == "moves_how").set_value("compared").run()
    assert "moves" not in at.query_params


def buttons(at: AppTest, board: str = "odd") -> set[tuple[str, str]]:
    """(form, risk) of every button in a board that opens the form of a risk."""
    acts = [json.loads(unescape(said)) for said in re.findall(r'data-act="([^"]*)"', boards(at).get(board, ""))]
    return {(act["form"], act["risk"]) for act in acts if act["do"] == "form" and "risk" in act}


def test_each_finding_on_the_register_has_the_button_that_mends_it(store: Engine) -> None:
    with writing(store) as conn:
        late = {"title": "Late", "due_on": read.now().date() - timedelta(2)}
        register_actions.add(conn, ANA, RISK, late, at=read.now() - timedelta(9))
        register.edit(conn, ANA, OTHER, 1, {"owner": "tbd"})

    at = register_page()

    said = text(boards(at)["odd"])
    assert "1 risk whose review is overdue Review it." in said
    assert "Its review was due on 1 Oct 2026." in said
    assert {("review", "R1"), ("change_action", "R1"), ("close_action", "R1"), ("assess", "R1")} <= buttons(at)
    assert {("edit", "R2"), ("add_action", "R2")} <= buttons(at)


def test_a_request_is_decided_on_the_register_by_who_may_and_never_by_who_asked(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(store) as conn:
        asker = Person("cio@example.com", frozenset({Role.EDITOR, Role.APPROVER}))
        propose(conn, asker, RISK, 1, reason="Too dear", valid_until=read.now().date() + timedelta(30))
    decide = {"approve", "decline", "revoke"}

    def seen(person: Person) -> set[str]:
        monkeypatch.setattr(who, "person", lambda: person)
        return {form for form, _ in buttons(register_page())}

    assert seen(asker) & decide == {"revoke"}, "their own they may take back"
    assert seen(BO) & decide == {"approve", "decline"}
    assert seen(ANA) & decide == set(), "an editor decides nothing"
    assert seen(Person("vera@example.com", frozenset({Role.VIEWER}))) == set()
    assert seen(Person("eve@example.com", frozenset({Role.EDITOR}), products=frozenset({"post"}))) & {"review"} == set()


def test_the_rows_that_are_ticked_change_together(store: Engine) -> None:
    at = register_page()
    ticks = [json.loads(unescape(said)) for said in re.findall(r'data-act="([^"]*)"', boards(at)["register_table"])]
    assert [act["row"] for act in ticks if act["do"] == "pick"] == [str(RISK), str(OTHER)]
    assert not [each for each in at.button if each.key == "do_bulk_chosen"], "nothing is ticked yet"
    at.session_state["register_picked"] = [str(OTHER), str(RISK), "file/GONE"]

    at = click(at.run(), "do_bulk_chosen")
    fill(at, owner="new@example.com", why="A new team")
    assert "2 of 2 would change" in told(at)
    with writing(store) as conn:
        register.edit(conn, BO, OTHER, 1, {"title": "Theirs"})
    assert "Nothing was changed" in wrong(click(at, "save")), "what was shown is no longer so"
    assert held(store).entry.owner == "vp@example.com", "all or none"
    click(at, "save")

    assert {held(store, key).entry.owner for key in (RISK, OTHER)} == {"new@example.com"}
    assert "register_picked" not in at.session_state


def test_who_may_only_read_has_nothing_to_tick(store: Engine, viewer: None) -> None:
    assert "pick" not in boards(register_page())["register_table"]


def test_in_a_wholly_empty_store_a_first_risk_is_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/none.db"
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setattr(who, "person", lambda: ANA)

    at = click(
        fill(click(register_page(), "do_create"), title="Flood", category="security", likelihood=2, impact=2), "save"
    )

    assert held(open_store(url), RiskKey("app", "R-0001")).entry.title == "Flood"
    assert "No risk is written down yet" not in told(at)

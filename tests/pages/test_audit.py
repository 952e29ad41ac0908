"""The audit log: who did what; what is asked for; whether the trail is whole; what others may see of it."""

import csv
import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app.people import Person, Role
from app.store.audit import audit
from app.store.engine import open_store, writing
from app.ui import audit as page_of
from app.ui import who
from app.ui.exports import as_csv, as_xlsx
from tests.filled import app, boards, text

PAGE = "../pages/audit.py"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def store(tmp_path: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A store without facts, in which things were done."""
    url = f"sqlite:///{tmp_path}/audited.db"
    engine = open_store(url)
    with writing(engine) as conn:
        for number in range(1, 31):
            old, new = {"title": "Fire", "likelihood": 4}, {"title": "Fire", "likelihood": 3}
            audit(conn, actor="ana", action="edit", entity="risks", entity_id=f"R-{number}", old=old, new=new)
        audit(
            conn, actor="ben", action="grant", entity="people", entity_id="=1+1", new={"role": HOSTILE}, why="Stands in"
        )
    engine.dispose()
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    return engine


def opened(**address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(PAGE).run()


def shown(at: AppTest, key: str = "audit_entries") -> str:
    assert not at.exception
    return text(boards(at)[key])


def pressed(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


@pytest.mark.usefixtures("store")
def test_the_newest_entries_come_first_with_what_changed() -> None:
    said = shown(opened())

    assert said.startswith("ben grant people =1+1")
    assert f"“Stands in” role is {HOSTILE}" in said
    assert "ana edit risks R-30" in said
    assert "likelihood was 4 is 3" in said
    assert "title" not in said, "what is as it was is not told"


@pytest.mark.usefixtures("store")
def test_older_and_newer_pages_follow_the_numbers_of_entries() -> None:
    at = opened()
    first = shown(at)
    older = shown(pressed(at, "audit_older")).split()
    last = at.button(key="audit_older").disabled
    again = shown(pressed(at, "audit_newer"))

    assert "R-6" not in first.split()
    assert {"R-6", "R-1"} <= set(older)
    assert "R-7" not in older
    assert last
    assert again == first


@pytest.mark.usefixtures("store")
def test_what_is_asked_for_begins_at_its_newest_entry() -> None:
    at = pressed(opened(), "audit_older")

    at.text_input(key="q").set_value("stands").run()

    assert shown(at).startswith("ben grant people")
    assert "R-1" not in shown(at)
    assert "No entry is like this." in shown(at.selectbox(key="who").set_value("ana").run())


@pytest.mark.usefixtures("store")
def test_the_address_holds_what_is_asked_for() -> None:
    at = app()
    at.query_params.update({"q": "R-12", "who": "ana"})
    at.run().switch_page(PAGE)
    at.query_params.update({"q": "R-12", "who": "ana"})

    assert shown(at.run()).startswith("ana edit risks R-12")


@pytest.mark.usefixtures("store")
def test_the_files_hold_every_entry_found_and_no_formula() -> None:
    at = opened()
    assert len(at.get("download_button")) == 2
    of, wanted, headings = page_of.read.state(), page_of.Wanted(), page_of._HEADINGS

    rows = list(csv.reader(io.StringIO(as_csv(headings, page_of._cells(of, wanted)).decode("utf-8-sig"))))
    book = load_workbook(io.BytesIO(as_xlsx(headings, page_of._cells(of, wanted), "audit")))

    assert len(rows) == 1 + 31
    assert rows[1][2:6] == ["ben", "grant", "people", "'=1+1"]
    assert rows[1][6:10] == ["role", "", HOSTILE, "Stands in"]
    assert rows[2][6:9] == ["likelihood", "4", "3"]
    sheet = book["audit"]
    assert (sheet.max_row, sheet["F2"].value, sheet["F2"].data_type) == (32, "'=1+1", "s")


def test_the_trail_is_verified_on_request_and_a_tampered_entry_named(store: Engine) -> None:
    at = opened()
    before = shown(at, "audit_chain")
    whole = shown(pressed(at, "audit_verify"), "audit_chain")
    with store.begin() as conn:
        conn.execute(sa.text("DROP TRIGGER audit_no_update"))
        conn.execute(sa.text("UPDATE audit SET actor = 'mallory' WHERE seq = 7"))

    broken = shown(pressed(opened(), "audit_verify"), "audit_chain")

    assert before == "Not verified since this server started."
    assert "Verified to entry 31, 23 Nov 2026 06:00: every entry is there" in whole
    assert "The trail is broken" in broken
    assert "Entry 7 (" in broken
    assert "mallory) was changed" in broken


@pytest.mark.usefixtures("store")
def test_others_see_what_they_did_themselves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(who, "person", lambda: Person("ben", frozenset({Role.EDITOR})))

    at = opened()

    said = shown(at)
    assert said.startswith("ben grant people")
    assert "ana" not in said.split()
    assert "audit_chain" not in boards(at)
    assert not [box for box in at.selectbox if box.key == "who"]
    assert "What ben changed" in shown(at, "audit_lead")


@pytest.mark.usefixtures("empty")
def test_an_empty_trail_says_what_will_be_here() -> None:
    at = opened()

    assert "Nothing was changed yet" in shown(at, "audit_calm")
    assert "audit_entries" not in boards(at)

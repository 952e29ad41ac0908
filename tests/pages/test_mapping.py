"""Data health lists what live sources call things, and people who may write say there what it means here."""

from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app import ingest
from app.people import Person, Role, local
from app.store.engine import open_store
from app.ui import read, who
from app.ui.forms import Opened
from app.ui.forms_mapping import FORMS, HERE, Subject
from tests.filled import boards, text
from tests.pages.forms import click, fill, opened, told, wrong
from tests.pages.health import page
from tests.sources import desk
from tests.sources.desk import ANN, AT, Said

DAYS = (
    Said("high", cause="A full disk"),
    Said("P1"),
    Said("P1", "Mail"),
    Said("low", "shop", "disk", "<b>maybe</b>"),
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The pages read, as Ann, a store that a desk was read into once."""
    url = f"sqlite:///{tmp_path}/desk.db"
    engine = open_store(url)
    desk.organisation(engine, tmp_path)
    desk.desk(monkeypatch, *DAYS)
    desk.read(engine, tmp_path)
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setattr(who, "person", lambda: ANN)
    monkeypatch.setattr(read, "now", lambda: AT)
    return engine


def listed(at: AppTest) -> list[str]:
    """The rows of the list, as a reader sees them."""
    body = boards(at)["health_mapping_table"].split("<tbody>")[1].split("</tbody>")[0]
    return [text(row) for row in body.split("</tr>") if row]


def test_values_without_a_meaning_come_first_and_are_counted_at_the_top(store: Engine) -> None:
    at = page()

    assert "5 values of desk mean nothing here yet" in text(boards(at)["health_top"])
    assert "5 values without a meaning" in text(boards(at)["health_top"])
    rows = listed(at)
    assert rows[0].startswith("P1 severity desk nothing yet 2 D-1 Web shop is down; D-2 Mail is down")
    assert [row.split(" ")[0] for row in rows[:5]] == ["P1", "low", "<b>maybe</b>", "Web", "Mail"]
    assert any(row.startswith("high severity desk 2 · major 1") for row in rows)
    assert any(row.startswith("disk cause desk disk 1") for row in rows)


def test_values_are_mapped_after_a_look_at_what_that_touches(store: Engine, tmp_path: Path) -> None:
    at = click(page(), "do_map_0")
    assert "Choose what a value means" in told(at)
    click(at, "save")
    assert "Choose what a value means first." in wrong(at)

    fill(at, v0="1", v1="4")
    said = told(at)
    assert "2 values would mean something else" in said
    assert "3 rows of the last reading had them" in said
    assert "The next reading of desk begins at its start" in said
    assert "P1 nothing 1 · critical 2: D-1 Web shop is down; D-2 Mail is down" in said
    click(at, "save")

    assert not opened(at)
    assert "2 values of desk mean something else" in at.toast[0].value
    assert any(row.startswith("P1 severity desk 1 · critical, from the next reading on") for row in listed(at))
    desk.read(store, tmp_path)
    assert any(row.startswith("P1 severity desk 1 · critical 2") for row in listed(page()))


def test_one_value_is_mapped_from_its_row_and_taken_back_by_editing(store: Engine) -> None:
    at = page()
    for ours, row in (("shop", "Web shop service desk Shop · shop, from"), (None, "Web shop service desk nothing yet")):
        click(fill(opened_for(at, Subject("desk", "services", ("Web shop",))), v0=ours), "save")
        assert any(said.startswith(row) for said in listed(at)), listed(at)


def opened_for(at: AppTest, subject: Subject) -> AppTest:
    """The page with the form that a click on a row opens."""
    form = FORMS[subject.field]
    begun = form.begin(subject)
    values = dict(begun.values)
    at.session_state["form_round"] = 1
    at.session_state["form_opened"] = Opened(form, subject, HERE, begun.version, begun.values, values, begun.about, 1)
    return at.run()


def test_a_cause_is_called_like_one_in_use(store: Engine) -> None:
    at = opened_for(page(), Subject("desk", "causes", ("disk",)))

    click(fill(at, v0="A full disk"), "save")

    assert desk.values(store)["causes", "disk"].means == "A full disk"


def test_two_who_map_the_same_value_see_both_sides(store: Engine) -> None:
    at = fill(click(page(), "do_map_0"), v0="1")
    desk.save(store, "severity", by=Person("ben@example.com", frozenset({Role.EDITOR})), P1="2")

    click(at, "save")

    assert "ben@example.com saved this" in at.warning[0].value.replace("\\", "")
    assert "P1 blank 1 2" in told(at)
    at.radio[0].set_value("mine")
    click(at, "form_chosen")
    assert desk.values(store)["severity", "P1"].mapped == "1"


def test_who_may_not_write_everywhere_reads_alone(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(who, "person", lambda: Person("vera@example.com", frozenset({Role.VIEWER})))

    at = page()

    assert listed(at)
    assert not [one for one in at.button if (one.key or "").startswith("do_map_")]
    assert any("that takes the role" in one.value for one in at.caption)
    assert "&quot;do&quot;: &quot;map&quot;" not in boards(at)["health_mapping_table"]


def test_who_answers_calls_is_not_named_in_a_sample_to_who_may_not_know(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shifts.csv").write_text(
        "team,responder,start,end\nweb,D-1 Web,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z\n", encoding="utf-8"
    )
    ingest.run(store, [tmp_path / "shifts.csv"], by=local("ann"))
    monkeypatch.setattr(who, "person", lambda: Person("vera@example.com", frozenset({Role.VIEWER})))

    assert listed(page())[0].startswith("P1 severity desk nothing yet 2 Web team shop is down; D-2 Mail is down")


def test_within_limits_nothing_of_it_is_seen(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = Person("eve@example.com", frozenset({Role.EDITOR}), products=frozenset({"shop"}))
    monkeypatch.setattr(who, "person", lambda: limited)

    assert "P1" not in told(page())


def test_a_source_that_said_nothing_yet_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    engine = open_store(url)
    desk.organisation(engine, tmp_path)
    desk.desk(monkeypatch)
    desk.read(engine, tmp_path)
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setattr(read, "now", lambda: AT)

    at = page()

    assert "No reading has shown values of its source yet" in text(boards(at)["health_mapping_head"])
    assert "health_mapping_table" not in boards(at)

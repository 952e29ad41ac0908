"""Uploading fact files: the preview, the receipt, and every way in which it can go wrong."""

import io
import sqlite3
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from app import ingest
from app.people import local
from app.store import engine as engine_module
from app.store import runs
from app.store.engine import open_store, reading
from app.ui import data_health, mending, upload
from tests.filled import ONE_FACT, boards, text
from tests.pages.health import INCIDENTS, clicked, given, page, shown


@pytest.mark.usefixtures("full")
def test_a_preview_says_what_would_change_and_keeps_nothing(demo_url: str) -> None:
    at = given(page("Upload"), ("incidents.csv", INCIDENTS))

    assert not at.exception
    said = shown(at)
    assert "1 incident would be new, 1 row would be set aside" in said
    assert "Nothing is kept yet." in said
    assert "severity is above 5" in said
    assert "<b>Bold</b>" in said, "text of a file is text"
    assert "<b>Bold" not in boards(at)["upload_preview_board"]
    engine = open_store(demo_url)
    with reading(engine) as conn:
        assert len(runs.runs(conn)) == 1
    engine.dispose()


@pytest.mark.usefixtures("one_fact")
def test_an_import_gives_a_receipt_and_the_numbers_follow() -> None:
    at = given(page("Upload"), ("incidents-november.csv", INCIDENTS))

    clicked(at, "Import 1 fact, set 1 aside")

    assert not at.exception
    said = shown(at)
    assert "Import 2 is done: 1 new; 1 set aside" in said
    assert "Data reaches to 1 Nov 08:00" in said
    assert "1 row was set aside" in said
    assert not at.file_uploader[0].value


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("name", "content", "label", "told"),
    [
        ("incidents.csv", INCIDENTS.replace(",1,2026", ",7,2026"), "Keep 2 rows set aside", "2 rows were set aside"),
        ("teams.csv", "team,timezone\nred,UTC\n", "Import 1 fact", "nothing is set aside"),
    ],
)
def test_a_store_with_hardly_anything_opens_in_every_part(name: str, content: str, label: str, told: str) -> None:
    clicked(given(page(), (name, content)), label)

    for view in data_health.VIEWS:
        at = page(view)
        assert not at.exception, view
        assert told in shown(at)
        assert "No fact with a date is here yet" in shown(at)


@pytest.mark.usefixtures("one_fact")
def test_the_importer_signs_with_the_settings_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_USER", "Robin Reader")
    clicked(given(page("Upload"), ("incidents-november.csv", INCIDENTS)), "Import")

    assert "Robin Reader" in shown(page("Imports"))


@pytest.mark.usefixtures("one_fact")
def test_a_changed_fact_is_shown_column_by_column() -> None:
    changed = "incident,title,severity,detected_at\nINC-1,Checkout is slow,2,2026-10-05T10:00:00Z\n"

    at = given(page("Upload"), ("incidents.csv", changed))

    said = text(boards(at)["upload_preview_board"])
    assert "1 would change" in said
    assert "severity 1 2" in said
    assert "Checkout is <b>down</b> Checkout is slow" in said


@pytest.mark.usefixtures("one_fact")
def test_the_same_file_again_would_change_nothing() -> None:
    at = given(page("Upload"), ("incidents.csv", ONE_FACT))

    assert "An import would change nothing: these facts are all here" in shown(at)
    assert next(button for button in at.button if button.label == "Import").disabled


@pytest.mark.usefixtures("empty")
def test_times_without_an_offset_ask_for_a_zone() -> None:
    local = "incident,title,severity,detected_at\nL1,Local,2,2026-07-05 10:00\n"
    at = given(page(), ("incidents.csv", local))
    assert "choose the zone they are in" in shown(at)

    at.selectbox(key="upload_zone").select("Europe/London").run()

    said = text(boards(at)["upload_preview_board"])
    assert "1 incident would be new" in said
    assert "2026-07-05 09:00 UTC" in said


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("incidents.csv", "incident,title\nA,b\n", "lacks the columns severity, detected_at"),
        ("notes.csv", "a,b\n1,2\n", "is named after no entity"),
        ("facts.zip", b"\x00\x01", "is broken, or locked with a password"),
        ("incidents.xlsx", b"no workbook", "is broken, or locked with a password"),
        ("incidents.csv", b"\xff\xfe\x00\x01", "incidents.csv "),
        ("../../etc/incidents.csv", "incident;title;severity;detected_at\n", "is separated by semicolons"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(name: str, content: str | bytes, told: str) -> None:
    at = given(page(), (name, content))

    assert not at.exception
    said = text(boards(at)["upload_refused"])
    assert told in said
    assert "Nothing was kept." in said
    assert not at.button


@pytest.mark.usefixtures("empty")
def test_a_zip_bomb_and_a_path_that_points_out_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("../incidents.csv", "incident\n")

    at = given(page(), ("facts.zip", packed.getvalue()))

    assert "points outside of it" in text(boards(at)["upload_refused"])


@pytest.mark.usefixtures("one_fact")
def test_a_store_that_does_not_answer_is_said_in_a_sentence_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("PRAGMA busy_timeout=50", "PRAGMA journal_mode=WAL"))
    at = page("Upload")
    other = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    given(at, ("incidents.csv", INCIDENTS))

    assert not at.exception
    assert "The store did not answer (database is locked); nothing was changed" in shown(at)
    other.close()
    at.run()
    assert "1 incident would be new" in shown(at)


class Stopped(BaseException):
    """What Streamlit raises in a run whose reader has gone elsewhere."""


class StoppedBar:
    def progress(self, _: float, text: str) -> None:
        raise Stopped(text)

    def empty(self) -> None:
        raise Stopped


class Chosen(NamedTuple):
    name: str
    said: bytes

    def getbuffer(self) -> bytes:
        return self.said


@pytest.mark.usefixtures("empty")
def test_a_reader_who_leaves_in_the_middle_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamlit.progress", lambda *_, **__: StoppedBar())

    with pytest.raises(Stopped):
        upload._run([Chosen("incidents.csv", INCIDENTS.encode())], "file", None, dry=False)  # type: ignore[list-item]

    engine = open_store(f"sqlite:///{tmp_path}/empty.db")
    with reading(engine) as conn:
        assert runs.runs(conn) == ()
    engine.dispose()


@pytest.mark.usefixtures("empty")
def test_two_files_of_one_name_are_refused() -> None:
    at = given(page(), ("incidents.csv", INCIDENTS), ("incidents.csv", INCIDENTS))

    assert "incidents.csv was chosen 2 times: rename one, like incidents-2.csv, or remove it." in shown(at)


@pytest.mark.usefixtures("empty")
def test_columns_and_files_that_mean_nothing_are_passed_over_with_a_note() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as folder:
        folder.writestr("incidents.csv", "incident,title,severity,detected_at,colour\nA,b,1,2026-10-05T10:00:00Z,red\n")
        folder.writestr("readme.txt", "hello")

    at = given(page(), ("facts.zip", packed.getvalue()))

    said = shown(at)
    assert "1 incident would be new" in said
    assert "unknown column colour" in said
    assert "readme.txt" in said


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("incidents-2026-10.csv", "incidents-2026-10.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\incidents (1).csv", "incidents (1).csv"),
        (".hidden.csv", "hidden.csv"),
        ("a\0b/..", "file"),
        ("u\u0308ber.csv", "über.csv"),
        ("x" * 300 + ".csv", "x" * 80 + ".csv"),
        ("<img src=x>.csv", "_img src_x_.csv"),
    ],
)
def test_a_files_name_is_never_a_path(said: str, kept: str) -> None:
    assert upload.safe_name(said) == kept


def test_rows_to_mend_are_read_again_by_an_import(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nines.db"
    engine = open_store(url)
    (tmp_path / "incidents.csv").write_text(INCIDENTS, encoding="utf-8")
    ingest.run(engine, [tmp_path / "incidents.csv"], by=local("ann"))
    with reading(engine) as conn:
        name, kind, content = mending.file(runs.set_aside(conn))
    assert (name, kind) == ("incidents-rejects.csv", "text/csv")
    assert b"severity is above 5" in content

    (tmp_path / name).write_bytes(content.replace(b",9,", b",3,"))
    report = ingest.run(engine, [tmp_path / name], by=local("ann"))

    assert (report.counts["incidents"].new, report.set_aside) == (1, 0)
    with reading(engine) as conn:
        assert runs.set_aside(conn) == ()
    engine.dispose()

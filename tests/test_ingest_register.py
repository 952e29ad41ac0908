"""The risk register there and back: only what somebody changed in the sheet changes, and nothing is lost on the way."""

import csv
import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy.engine import Engine

from app import ingest_register
from app.ingest_register import NotExportable, Unreadable
from app.metrics.risk_records import Clash, Entry, Link, RiskKey, Saved
from app.metrics.risk_sheets import COLUMNS
from app.people import NotAllowed
from app.store import register, register_reads, register_versions
from app.store.engine import reading, writing
from app.store.register_bulk import BulkRefused
from app.store.register_sheets import SheetPlan
from tests import spreadsheet
from tests.store.register_case import ANA, AT, BEN, FIRE, FLOOD, NEW, VIC, fill

HARD = RiskKey("app", "R-0001")
TEXTS = {
    "title": '=HYPERLINK("https://evil.example.org";"x")',
    "category": '\'+quoted, “twice”; "so"',
    "owner": "-1+1@example.org",
    "description": "Line one\r\nLine two;\twith a tab\n\n@line four _x000D_ end",
    "response": "İstanbul, naïve, 漢字, 👩‍🚒, e\u0301",
    "tags": ["=tag", "a,b", "Ünï"],
    "events_per_year_low": 0.1 + 0.2,
    "events_per_year_high": 1 / 3,
    "loss_low": 123456789.01,
    "loss_high": 1e15,
    "evidence_url": "https://example.org/?a=1&b=2",
}


@pytest.fixture
def store(sqlite_engine: Engine) -> Engine:
    fill(sqlite_engine)
    with writing(sqlite_engine) as conn:
        register.create(conn, ANA, NEW | TEXTS, at=AT)
        register.link(conn, ANA, FIRE, 1, Link(kind="incident", source="jira", id="INC-1"), at=AT)
    return sqlite_engine


def _export(engine: Engine, form: Any, where: Path) -> Path:
    path = where / f"risks.{form}"
    with reading(engine) as conn, path.open("wb") as stream:
        ingest_register.export(conn, form, stream)
    return path


def _preview(engine: Engine, path: Path | bytes, by: Any = ANA) -> SheetPlan:
    stream = io.BytesIO(path if isinstance(path, bytes) else path.read_bytes())
    with reading(engine) as conn:
        return ingest_register.preview(conn, by, stream, "risks.xlsx", at=AT)


def _apply(engine: Engine, plan: SheetPlan, **more: Any) -> list[Saved]:
    with writing(engine) as conn:
        return ingest_register.apply(conn, ANA, plan, at=AT, **more)


def _entries(engine: Engine) -> dict[RiskKey, Entry]:
    with reading(engine) as conn:
        return {one.key: one.entry for one in register_versions.every_risk(conn)}


def _edited(path: Path, *edits: tuple[str, str, Any]) -> bytes:
    """The CSV with (risk, column, text) changed."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    for risk, column, text in edits:
        next(row for row in rows if row["risk"] == risk)[column] = text
    return _csv(rows)


def _csv(rows: list[dict[str, Any]], columns: tuple[str, ...] = COLUMNS) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_goes_out_comes_back_unchanged_whatever_its_texts(store: Engine, tmp_path: Path, form: str) -> None:
    path = _export(store, form, tmp_path)

    plan = _preview(store, path)

    assert (plan.unchanged, plan.new, plan.changed, plan.aside) == (3, (), (), ())
    if form == "xlsx":
        cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]  # type: ignore[union-attr]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    else:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_of_a_sheet_that_was_edited_in_a_spreadsheet_only_the_edited_cells_change(
    store: Engine, tmp_path: Path, form: str
) -> None:
    if not spreadsheet.there():
        if os.environ.get("CI"):
            pytest.fail("soffice and python3-uno are missing: apt-get install libreoffice-calc python3-uno")
        pytest.skip("LibreOffice is not installed here")
    path, edited = _export(store, form, tmp_path), tmp_path / f"edited.{form}"
    line = {key.id: 2 + number for number, key in enumerate(sorted(_entries(store)))}
    places = {name: openpyxl.utils.get_column_letter(at) for at, name in enumerate(COLUMNS, 1)}

    spreadsheet.edit(
        path,
        edited,
        {f"{places['owner']}{line['FIRE']}": "zoe@example.org", f"{places['likelihood']}{line['FLOOD']}": "3"},
    )
    before, plan = _entries(store), _preview(store, edited)
    saved = _apply(store, plan)

    assert (plan.unchanged, len(plan.changed), plan.new, plan.aside) == (1, 2, (), ())
    assert [one.key for one in saved] == [FIRE, FLOOD]
    after = _entries(store)
    assert after == before | {
        FIRE: before[FIRE].model_copy(update={"owner": "zoe@example.org"}),
        FLOOD: before[FLOOD].model_copy(update={"likelihood": 3}),
    }


def test_a_change_made_meanwhile_is_kept_and_one_made_on_both_sides_is_a_conflict(
    store: Engine, tmp_path: Path
) -> None:
    path = _export(store, "csv", tmp_path)
    with writing(store) as conn:
        register.edit(conn, BEN, FIRE, 2, {"owner": "ben@example.org", "category": "fire"}, at=AT)
    data = _edited(path, ("FIRE", "owner", "zoe@example.org"), ("FIRE", "title", "It burns"))

    plan = _preview(store, data)

    (one,) = plan.changed
    assert dict(one.changes) == {"title": ("The hall burns", "It burns")}
    assert dict(one.conflicts) == {"owner": Clash("ana@example.org", "zoe@example.org", "ben@example.org")}
    _apply(store, plan)
    assert (_entries(store)[FIRE].owner, _entries(store)[FIRE].title) == ("ben@example.org", "It burns")
    plan = _preview(store, data)
    assert [dict(one.changes) for one in plan.changed] == [{}], "what is so already is no change any more"
    _apply(store, plan, mine={(FIRE, "owner")})
    assert (_entries(store)[FIRE].owner, _entries(store)[FIRE].category) == ("zoe@example.org", "fire")
    with reading(store) as conn:
        told = register_reads.story(conn, FIRE, AT + timedelta(400))
    assert told is not None
    assert [(one.action, one.why) for one in told.audit[:2]] == [("sheet", "From the sheet risks.xlsx")] * 2


def test_a_sheet_that_was_looked_at_is_not_taken_over_what_somebody_saved_since(store: Engine, tmp_path: Path) -> None:
    path = _export(store, "csv", tmp_path)
    plan = _preview(store, _edited(path, ("FIRE", "title", "It burns"), ("FLOOD", "title", "It floods")))
    with writing(store) as conn:
        register.edit(conn, BEN, FLOOD, 1, {"category": "water"}, at=AT)

    with pytest.raises(BulkRefused) as caught:
        _apply(store, plan)

    assert list(caught.value.problems) == [FLOOD]
    assert _entries(store)[FIRE].title == "The hall burns", "all of it or nothing"
    with pytest.raises(NotAllowed):
        _preview(store, path, VIC)


def test_new_rows_are_new_risks_and_absent_columns_change_nothing(store: Engine) -> None:
    rows = [
        {"risk": "", "title": "Power fails", "category": "site", "owner": "ana@example.org", "likelihood": "likely",
         "impact": "3", "treatment": "Avoid", "tags": "a; b"},
        {"risk": "RR-7", "title": "=x", "category": "site", "owner": "ana@example.org", "likelihood": 2, "impact": 2,
         "treatment": "accept", "tags": ""},
        {"risk": "FIRE", "title": "It burns", "category": "site", "owner": "ana@example.org", "likelihood": 3,
         "impact": 5, "treatment": "mitigate", "tags": ""},
    ]  # fmt: skip
    plan = _preview(store, _csv(rows, tuple(rows[0])))

    saved = _apply(store, plan)

    assert saved == [Saved(FIRE, 3), Saved(RiskKey("app", "R-0002"), 1), Saved(RiskKey("app", "RR-7"), 1)]
    made = _entries(store)
    assert (made[RiskKey("app", "R-0002")].likelihood, made[RiskKey("app", "R-0002")].tags) == (4, ("a", "b"))
    assert made[RiskKey("app", "RR-7")].title == "=x"
    assert made[FIRE].inherent_likelihood == 4
    assert plan.changed[0].notes == ("The version is missing: what others changed meanwhile cannot be told.",)


def test_a_level_that_contradicts_the_matrix_is_reported_and_kept_until_the_risk_is_rated_again(
    store: Engine, tmp_path: Path
) -> None:
    path = _export(store, "csv", tmp_path)
    said = "level says 6, but 3 x 5 is 15 (high) in the matrix."

    plan = _preview(store, _edited(path, ("FIRE", "level", "6")))
    _apply(store, plan)

    assert plan.changed[0].notes == (said,)
    with reading(store) as conn:
        rows = {one.key: one for one in register_reads.listed(conn, AT)}
    (finding,) = [one for one in rows[FIRE].findings if one.key == "level_contradicts"]
    assert (finding.sentence, finding.mends) == ("A sheet calls it 6, but by the matrix it is 15 (high).", "assess")
    again = _preview(store, _export(store, "csv", tmp_path))
    assert (again.changed[0].changes, again.changed[0].notes) == ({}, (said,)), "it is still said"
    with writing(store) as conn:
        register.assess(conn, ANA, FIRE, 3, {"likelihood": 2}, "Rated again.", at=AT)
    assert _entries(store)[FIRE].stated_level is None


def test_a_level_left_as_it_went_out_follows_a_rating_that_changed(store: Engine, tmp_path: Path) -> None:
    path = _export(store, "csv", tmp_path)

    plan = _preview(store, _edited(path, ("FIRE", "likelihood", "2")))
    _apply(store, plan)

    assert plan.changed[0].notes == ("level says 15, but 2 x 5 is 10 (high) in the matrix.",)
    assert (_entries(store)[FIRE].likelihood, _entries(store)[FIRE].stated_level) == (2, None)
    words = _preview(store, _edited(_export(store, "csv", tmp_path), ("FIRE", "level", "High")))
    assert words.changed == (), "a word of the right band contradicts nothing"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("FIRE", "likelihood", "9"), "Likelihood is above 5."),
        (("FIRE", "likelihood", ""), "Likelihood is missing."),
        (("FIRE", "owner", " "), "The owner is missing."),
        (("FIRE", "services", "moon"), "No service is known by the name moon."),
        (("FIRE", "loss_low", "1,234"), "loss_low: '1,234' may be 1234 or 1.234"),
        (("FIRE", "accepted_by", "me"), "accepted_by: an acceptance is asked for and signed in the register"),
        (("FIRE", "links", "incident:jira/NONE"), "There is no incident NONE of the source jira."),
        (("FIRE", "links", "INC-1"), "links: 'INC-1' is no link: write incident:jira/INC-12"),
        (("FIRE", "version", "99"), "version: FIRE was never at version 99."),
        (("FIRE", "risk", "GONE"), "There is no risk GONE (any more), though it was exported at version 2."),
        (("FIRE", "risk", "FLOOD"), "FLOOD already stands on line 3."),
        (("FIRE", "closed_on", "2026-10-01"), "The day it was closed goes with the status closed, and with no other."),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_taken_is_set_aside_with_a_sentence_and_the_others_are_taken(
    exported: tuple[Engine, Path], edit: tuple[str, str, str], said: str
) -> None:
    store, path = exported

    plan = _preview(store, _edited(path, ("R-0001", "title", "Cards fail"), edit))

    assert [one for one in plan.aside if one.reasons[0].startswith(said)]
    assert [sorted(one.changes) for one in plan.changed] == [["title"]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A register and its sheet, for tests that change neither."""
    from app.store.engine import open_store

    folder = tmp_path_factory.mktemp("register")
    engine = fill(open_store(f"sqlite:///{folder}/nines.db"))
    with writing(engine) as conn:
        register.create(conn, ANA, NEW, at=AT)
        register.edit(conn, ANA, FIRE, 1, {"tags": ["x"]}, at=AT)
    yield engine, _export(engine, "csv", folder)
    engine.dispose()


def test_a_sheet_closes_and_reopens(store: Engine, tmp_path: Path) -> None:
    path = _export(store, "csv", tmp_path)

    _apply(store, _preview(store, _edited(path, ("FIRE", "status", "closed"))))
    assert (_entries(store)[FIRE].status, _entries(store)[FIRE].closed_on) == ("closed", AT.date())
    path = _export(store, "csv", tmp_path)
    _apply(store, _preview(store, _edited(path, ("FIRE", "status", "open"))))

    assert (_entries(store)[FIRE].status, _entries(store)[FIRE].closed_on) == ("open", None)


def test_a_text_that_no_cell_of_excel_can_hold_is_not_cut(store: Engine, tmp_path: Path) -> None:
    with writing(store) as conn:
        register.edit(conn, ANA, FLOOD, 1, {"description": "x" * 40_000}, at=AT)

    with pytest.raises(NotExportable, match="use CSV"):
        _export(store, "xlsx", tmp_path)
    assert _preview(store, _export(store, "csv", tmp_path)).unchanged == 3
    with pytest.raises(Unreadable):
        _preview(store, b"a,b\n1,2\n")


def test_some_risks_go_out_alone(store: Engine) -> None:
    out = io.BytesIO()
    with reading(store) as conn:
        count = ingest_register.export(conn, "csv", out, {FLOOD})

    assert (count, [row["risk"] for row in csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")))]) == (
        1,
        ["FLOOD"],
    )

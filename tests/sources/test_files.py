"""Folders, zips and workbooks: what is read, in which order, what is passed over, what is refused."""

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from data_sources import archive
from data_sources.delimited import Unreadable
from data_sources.files import Refused, columns, find, read

TEAMS = "team,timezone\na,UTC\n"
INCIDENTS = "incident,title,severity,detected_at\ni1,Down,1,2026-10-03T09:15:00Z\n"


def packed(path: Path, members: dict[str, str] | None = None, **more: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in {**(members or {}), **more}.items():
            zipped.writestr(f"{name}.csv", content)
    return path


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def rows_of(path: Path, zone: str | None = None) -> tuple[list[dict[str, Any]], list[Any]]:
    kept: list[dict[str, Any]] = []
    bad: list[Any] = []
    for file in find([path]).files:
        for batch in read(file, columns(file), zone and ZoneInfo(zone)):
            kept += batch.table.to_pylist()
            bad += batch.bad
    return kept, bad


def test_files_are_read_in_the_order_in_which_they_point_at_each_other(tmp_path: Path) -> None:
    for name in ("pages.csv", "incidents-2026-10.csv", "impacts.csv", "sli.csv", "slos.csv", "incidents.csv"):
        (tmp_path / name).write_text("x\n")

    found = [file.name for file in find([tmp_path]).files]

    assert found == ["slos.csv", "incidents-2026-10.csv", "incidents.csv", "sli.csv", "impacts.csv", "pages.csv"]


def test_other_files_are_passed_over_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "teams.csv").write_text(TEAMS)
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "customers.csv").write_text("x\n")
    (tmp_path / ".DS_Store").write_text("x")
    (tmp_path / "~$book.xlsx").write_text("x")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "sli.csv").write_text("x\n")

    found = find([tmp_path])

    assert [file.name for file in found.files] == ["teams.csv", "deep/sli.csv"]
    assert found.notes == (
        "README.md is no CSV or XLSX file: passed over",
        "customers.csv is named after no entity: passed over",
    )


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("incidents.csv", "incidents"),
        ("Incidents-2026-10.CSV", "incidents"),
        ("dr_tests (1).csv", "dr_tests"),
        ("sli-a.csv", "sli"),
        ("slos.csv", "slos"),
    ],
)
def test_a_file_is_named_after_its_entity(tmp_path: Path, name: str, entity: str) -> None:
    (tmp_path / name).write_text("x\n")

    assert [file.entity.name for file in find([tmp_path / name]).files] == [entity]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "customers.csv",
            "customers.csv is named after no entity: call it incidents.csv, sli-2026-10.csv or the like.",
        ),
        ("notes.pdf", "notes.pdf is no fact file: give CSV or XLSX files, or a folder or zip of them."),
        ("absent.csv", "absent.csv does not exist."),
    ],
)
def test_a_path_without_facts_is_refused(tmp_path: Path, name: str, said: str) -> None:
    if not name.startswith("absent"):
        (tmp_path / name).write_text("x\n")

    with pytest.raises(Refused) as refused:
        find([tmp_path / name])

    assert str(refused.value).endswith(said)


def test_a_folder_without_facts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds no fact file: name them after entities"):
        find([tmp_path])


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    path = packed(tmp_path / "facts.zip", {"deep/teams": TEAMS, "__MACOSX/sli": "x"}, incidents=INCIDENTS, other="x")

    found = find([path])

    assert [file.name for file in found.files] == ["facts.zip/deep/teams.csv", "facts.zip/incidents.csv"]
    assert found.notes == ("facts.zip/other.csv is named after no entity: passed over",)
    assert [row.get("incident", row.get("team")) for row in rows_of(path)[0]] == ["a", "i1"]


def test_a_workbook_in_a_zip_is_read(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book.xlsx", teams=[["team", "timezone"], ["a", "UTC"]])
    with zipfile.ZipFile(tmp_path / "facts.zip", "w") as zipped:
        zipped.write(book, "book.xlsx")

    (file,) = find([tmp_path / "facts.zip"]).files

    assert file.name == "facts.zip/book.xlsx/teams"
    assert rows_of(tmp_path / "facts.zip")[0] == [{"team": "a", "timezone": "UTC"}]


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", teams="team,timezone\n" + "a" * 40_000_000)

    with pytest.raises(Refused, match=r"bomb.zip is packed beyond belief \(teams.csv\): is it a zip bomb\?"):
        find([path])


def test_a_workbook_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("xl/sharedStrings.xml", "a" * 40_000_000)

    with pytest.raises(Refused, match="packed beyond belief"):
        find([tmp_path / "bomb.xlsx"])


def test_a_zip_of_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "facts.zip", teams=TEAMS, incidents=INCIDENTS)

    monkeypatch.setattr(archive, "MOST_BYTES", 10)
    with pytest.raises(Refused, match="would unpack into more than"):
        find([path])
    monkeypatch.setattr(archive, "MOST_FILES", 1)
    with pytest.raises(Refused, match="holds 2 files, more than 1: split it"):
        find([path])


@pytest.mark.parametrize("name", ["../teams.csv", "/etc/teams.csv", "a/../../teams.csv", "..\\teams.csv"])
def test_a_zip_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "facts.zip", "w") as zipped:
        zipped.writestr(name, TEAMS)

    with pytest.raises(Refused, match="holds a file that points outside of it"):
        find([tmp_path / "facts.zip"])


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "facts.zip", teams=TEAMS)
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)

    with pytest.raises(Refused, match="is locked with a password: pack it again without one"):
        find([path])


def test_a_broken_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "facts.zip").write_bytes(b"PK\x03\x04 and nonsense")
    with pytest.raises(Refused, match="is broken, or locked"):
        find([tmp_path / "facts.zip"])


def test_a_zip_with_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("teams.csv", TEAMS)
    path.write_bytes(path.read_bytes().replace(b"a,UTC", b"b,UTC"))

    with pytest.raises(Unreadable, match="is broken inside its zip: pack it again"):
        rows_of(path)


def test_a_workbook_is_read_sheet_by_sheet(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "book.xlsx",
        notes=[["whatever"]],
        incidents=[
            ["incident", "title", "severity", "detected_at", "customer_impact", "customers_affected", None],
            [1001, "Down", 2, datetime(2026, 7, 1, 9, 15, 30), True, 12.5, None],  # noqa: DTZ001
            [None, None, None, None, None, None, None],
            ["i2", 7, 3.0, "2026-07-02T10:00:00Z", None, None, None],
            ["i3", "t", 3, datetime(2026, 7, 3), None, None, None],  # noqa: DTZ001
        ],
        services=[["service", "name", "tier", "team", "retired_on"], ["a", "A", 0, "t", date(2026, 10, 31)]],
    )

    found = find([path])
    kept, bad = rows_of(path, "Europe/London")

    assert [file.name for file in found.files] == ["book.xlsx/services", "book.xlsx/incidents"]
    assert found.notes == ("book.xlsx/notes is named after no entity: passed over",)
    assert not bad
    assert kept[0] == {"service": "a", "name": "A", "tier": 0, "team": "t", "retired_on": date(2026, 10, 31)}
    at = int(datetime(2026, 7, 1, 8, 15, 30, tzinfo=UTC).timestamp()) * 1_000_000
    assert kept[1]["incident"] == "1001"
    assert (kept[1]["detected_at"], kept[1]["customer_impact"], kept[1]["customers_affected"]) == (at, True, 12.5)
    assert (kept[2]["title"], kept[2]["severity"]) == ("7", 3)
    assert kept[3]["detected_at"] == int(datetime(2026, 7, 2, 23, tzinfo=UTC).timestamp()) * 1_000_000


def test_excel_times_have_no_offset_and_need_a_zone(tmp_path: Path) -> None:
    head = ["incident", "title", "severity", "detected_at"]
    path = workbook(tmp_path / "b.xlsx", incidents=[head, ["i", "t", 1, datetime(2026, 7, 1, 9, 15)]])  # noqa: DTZ001

    _, (bad,) = rows_of(path)

    assert (bad.line, bad.column, bad.value) == (2, "detected_at", "2026-07-01T09:15:00")
    assert bad.reason.startswith("detected_at has no offset")


def test_a_sheet_is_read_to_its_end_whatever_size_it_claims(tmp_path: Path) -> None:
    path = workbook(tmp_path / "honest.xlsx", teams=[["team", "timezone"], ["a", "UTC"], ["b", "UTC"]])
    with zipfile.ZipFile(path) as honest, zipfile.ZipFile(tmp_path / "claims.xlsx", "w") as claims:
        for name in honest.namelist():
            claims.writestr(name, honest.read(name).replace(b'ref="A1:B3"', b'ref="A1"'))

    kept, bad = rows_of(tmp_path / "claims.xlsx")

    assert [row["team"] for row in kept] == ["a", "b"]
    assert not bad


def test_an_error_of_excel_sets_its_row_aside(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b.xlsx", teams=[["team", "timezone"], ["#N/A", "UTC"], ["b", "UTC"]])

    kept, (bad,) = rows_of(path)

    assert [row["team"] for row in kept] == ["b"]
    assert (bad.line, bad.column, bad.reason) == (2, "team", "team holds an error of Excel's, #N/A")


def test_a_cell_beyond_the_header_of_a_sheet_is_not_lost(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b.xlsx", teams=[["team", "timezone"], ["a", "UTC", "stray"], ["b", "UTC", " "]])

    kept, (bad,) = rows_of(path)

    assert [row["team"] for row in kept] == ["b"]
    assert (bad.line, bad.value) == (2, "stray")
    assert "beyond the last column of the header" in bad.reason


def test_a_workbook_without_a_sheet_of_ours_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx", Sheet1=[["x"]])

    with pytest.raises(Refused, match=r"book.xlsx has no sheet named after an entity, like incidents or sli\."):
        find([path])


def test_what_only_looks_like_a_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.xlsx").write_text("team,timezone\n")
    packed(tmp_path / "zip.xlsx", teams=TEAMS)

    for name in ("text.xlsx", "zip.xlsx"):
        with pytest.raises(Refused, match=name):
            find([tmp_path / name])

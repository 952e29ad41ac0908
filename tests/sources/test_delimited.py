"""CSV: any bytes fall into cells with right line numbers, or into a sentence."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_sources import delimited
from data_sources.files import columns, find, read

TEAMS = "team,name,timezone,manager\n"


def rows_of(folder: Path, content: str | bytes, name: str = "teams.csv") -> tuple[list[tuple[int, Any]], list[Any]]:
    """(line, row) of the rows kept, and the rows set aside."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    kept: list[tuple[int, Any]] = []
    bad: list[Any] = []
    for file in find([path]).files:
        for batch in read(file, columns(file)):
            kept += zip(batch.lines.to_pylist(), batch.table.to_pylist(), strict=True)
            bad += batch.bad
    return kept, bad


def refusal(folder: Path, content: str | bytes, name: str = "teams.csv") -> str:
    with pytest.raises(delimited.Unreadable) as refused:
        rows_of(folder, content, name)
    return str(refused.value)


def test_rows_carry_the_line_they_start_on(tmp_path: Path) -> None:
    content = TEAMS + 'a,"two\nlines",UTC,\n\nb,"three\r\nmore\n",UTC,\nc,C,UTC,\n'

    kept, bad = rows_of(tmp_path, content)

    assert [(line, row["team"]) for line, row in kept] == [(2, "a"), (5, "b"), (8, "c")]
    assert kept[0][1]["name"] == "two\nlines"
    assert not bad


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    kept, bad = rows_of(tmp_path, b"\xef\xbb\xbf" + TEAMS.replace("\n", "\r\n").encode() + b"a,A,UTC,\r\nb,B,UTC,\r\n")

    assert [(line, row["team"]) for line, row in kept] == [(2, "a"), (3, "b")]
    assert not bad


def test_old_line_ends_and_a_missing_last_one_are_fine(tmp_path: Path) -> None:
    kept, _ = rows_of(tmp_path, TEAMS.replace("\n", "\r") + "a,A,UTC,\rb,B,UTC,")

    assert [(line, row["team"]) for line, row in kept] == [(2, "a"), (3, "b")]


def test_blank_lines_and_rows_hold_nothing(tmp_path: Path) -> None:
    kept, bad = rows_of(tmp_path, TEAMS + "\na,A,UTC,\n,,,\n  , ,,\nb,B,UTC,\n\n")

    assert [line for line, _ in kept] == [3, 6]
    assert not bad


def test_bad_bytes_set_their_row_aside_and_no_other(tmp_path: Path) -> None:
    kept, bad = rows_of(tmp_path, TEAMS.encode() + b"a,A,UTC,\nb,caf\xe9,UTC,\nc,C,UTC,\n")

    assert [line for line, _ in kept] == [2, 4]
    assert [(one.line, one.column, one.value, one.reason) for one in bad] == [
        (3, "name", "caf\ufffd", "name is not UTF-8")
    ]
    assert bad[0].row == {"team": "b", "name": "caf\ufffd", "timezone": "UTC", "manager": ""}


def test_a_nul_sets_its_row_aside(tmp_path: Path) -> None:
    kept, bad = rows_of(tmp_path, (TEAMS + "a" * 5_000 + ",A,UTC,\nb,B\0B,UTC,\n").encode())

    assert not kept
    assert [(one.line, one.reason) for one in bad] == [
        (2, "team is longer than 2,000 characters: it has 5,000"),
        (3, "name holds a NUL character"),
    ]


def test_ragged_rows_are_set_aside(tmp_path: Path) -> None:
    kept, bad = rows_of(tmp_path, TEAMS + "a,A\nb,B,UTC,,\nc,C,UTC,ann,x\nd,D,UTC,\n")

    assert [row["team"] for _, row in kept] == ["b", "d"]
    assert [(one.line, one.column, one.reason) for one in bad] == [
        (2, "timezone", "the row has 2 cells, the header 4"),
        (4, "manager", "the row has 5 cells, the header 4: a cell with a comma in it needs quotes"),
    ]


def test_quotes_that_do_not_match_up_set_their_row_aside(tmp_path: Path) -> None:
    kept, bad = rows_of(tmp_path, TEAMS + 'a,"A",UTC,\nb,"B" and more,UTC,\nc,5" disk,UTC,\n')

    assert [(line, row["name"]) for line, row in kept] == [(2, "A"), (4, '5" disk')]
    assert [(one.line, one.reason[:36]) for one in bad] == [(3, "the quotes of the row do not match u")]


def test_a_quote_that_never_closes_refuses_the_file(tmp_path: Path) -> None:
    said = refusal(tmp_path, TEAMS + 'a,A,UTC,\nb,"B,UTC,\nc,C,UTC,\n')

    assert said == "has a quote that opens on line 3 and never closes: close it, or double it"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: its first line must name the columns (team, timezone, …)"),
        (b"\n\na,b\n", "is empty: its first line must name the columns (team, timezone, …)"),
        (b"team,name\na,A\n", "has no column timezone: add what is missing"),
        (b"Team,Time Zone\na,UTC\n", "lacks the columns team, timezone (is Team meant to be team?)"),
        (b"team,timezone,team\na,UTC,b\n", "names the column team twice: rename or remove one of them"),
        (b"team;name;timezone\na;A;UTC\n", "is separated by semicolons: save it with commas between the cells"),
        (b"team\tname\ttimezone\na\tA\tUTC\n", "is separated by tabs: save it with commas between the cells"),
        (TEAMS.encode("utf-16"), "is in UTF-16: save it as “CSV UTF-8”"),
        (TEAMS.encode("utf-16-le"), "is in UTF-16: save it as “CSV UTF-8”"),
        (b"PK\x03\x04" + bytes(200), "is no CSV by its contents: save it as CSV, or give it its own ending back"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text: save it as CSV in UTF-8"),
        (b"team,caf\xe9\na,b\n", "is not UTF-8 in its first line: save it as “CSV UTF-8”"),
    ],
)
def test_a_file_that_is_no_fact_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    assert refusal(tmp_path, content).startswith(said)


def test_unknown_columns_are_passed_over_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "teams.csv"
    path.write_text("team,timezone,colour,manger,\na,UTC,red,ann,\n")
    (file,) = find([path]).files

    assert columns(file).warnings == (
        "unknown column colour: passed over",
        "unknown column manger (is manager meant?): passed over",
        "1 column without a name: passed over",
    )


def test_a_line_without_end_is_refused_before_memory_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 1_000)
    monkeypatch.setattr(delimited, "LONGEST_LINE", 1_000)

    assert refusal(tmp_path, TEAMS + "a" * 5_000).startswith("has a line of more than")


_CELL = st.text(st.sampled_from("ab\";,\n\r' \t=é€"), max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), max_size=12), st.booleans(), st.integers(8, 60))
def test_quick_and_careful_reading_give_the_same_cells(rows: list[list[str]], quoted: bool, block: int) -> None:
    names = ["x", "y", "z"]
    if not quoted:
        rows = [[cell.translate({ord(mark): None for mark in '"\r\n,'}) for cell in row] for row in rows]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(
        [names, *rows]
    )
    content = text.getvalue().encode()
    before, delimited.BLOCK = delimited.BLOCK, block
    try:
        found = list(
            delimited.chunks(io.BytesIO(content), names, ["x", "z"], content.index(b"\n") + 1, lambda done: None)
        )
    finally:
        delimited.BLOCK = before

    cells = [row for chunk in found for row in zip(*(chunk.cells[name].to_pylist() for name in "xz"), strict=True)]
    assert [row for row in cells if any(cell.strip() for cell in row)] == [
        (row[0], row[2]) for row in rows if any(cell.strip() for cell in (row[0], row[2]))
    ]
    assert not [bad for chunk in found for bad in chunk.bad]
    starts, line = [], 2
    for row in rows:
        if any(cell.strip() for cell in row):
            starts.append(line)
        line += 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in row)
    lines = [line for chunk in found for line in chunk.lines.to_pylist()]
    assert set(starts) <= set(lines)

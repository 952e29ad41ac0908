"""A sheet of risks as people keep it is read as they mean it, or refused where it may be read two ways."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from data_sources.delimited import Unreadable
from data_sources.register_sheet import Column, Sheet, number, read

COLUMNS = [
    Column("risk", "text"),
    Column("title", "text"),
    Column("services", "names"),
    Column("likelihood", "whole", {"likely": 4}),
    Column("treatment", "choice", {"accept": "accept", "avoid": "avoid"}),
    Column("review_on", "day"),
    Column("loss_low", "number"),
]
HEAD = ["risk", "title", "services", "likelihood", "treatment", "review_on", "loss_low"]


def _sheet(data: bytes) -> Sheet:
    return read(io.BytesIO(data), "x", COLUMNS, {"id": "risk"}, ("risk", "title"))


def _csv(*lines: str) -> Sheet:
    return _sheet("\n".join([",".join(HEAD), *lines]).encode())


def _book(write: Callable[[Any, Any], None]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("cover").write(0, 0, "Risks of 2026")
        sheet = book.add_worksheet("register")
        sheet.write_row(3, 0, HEAD)
        write(sheet, book)
    return out.getvalue()


def test_a_row_is_read_with_its_line_and_what_its_cells_say() -> None:
    sheet = _csv("R1,'=boom,shop; pay ;,likely,Accept,2026-10-31,1234.5", "", "R2,x,,4 - likely,avoid,31.10.2026,")

    assert [(row.line, dict(row.values), dict(row.problems)) for row in sheet.rows] == [
        (
            2,
            {
                "risk": "R1", "title": "=boom", "services": ("shop", "pay"), "likelihood": 4, "treatment": "accept",
                "review_on": date(2026, 10, 31), "loss_low": 1234.5,
            },
            {},
        ),
        (
            4,
            {
                "risk": "R2", "title": "x", "services": None, "likelihood": 4, "treatment": "avoid",
                "review_on": date(2026, 10, 31), "loss_low": None,
            },
            {},
        ),
    ]  # fmt: skip


def test_a_header_may_stand_below_titles_and_call_its_columns_otherwise() -> None:
    text = "Risks of 2026;;;\n;;;\nID *;Title;Likelihood;colour\nR1;x;3;red\n"

    sheet = _sheet(b"\xef\xbb\xbf" + text.encode())

    assert (sheet.columns, sheet.rows[0].line, sheet.rows[0].values["risk"]) == (
        ("risk", "title", "likelihood"),
        4,
        "R1",
    )
    assert sheet.notes == (
        "The columns are named in line 3: what stands above it was passed over.",
        "The column colour is not known: it was passed over.",
    )


@pytest.mark.parametrize(
    ("text", "commas", "value", "said"),
    [
        ("1234.5", False, 1234.5, None),
        ("1234,5", False, 1234.5, None),
        ("0,125", False, 0.125, None),
        ("1.234,5", False, 1234.5, None),
        ("1,234.5", False, 1234.5, None),
        ("1 234 567", False, 1234567.0, None),
        ("1’234.50", False, 1234.5, None),
        ("1.234.567", False, 1234567.0, None),
        ("1e6", False, 1e6, None),
        ("1.234", False, 1.234, None),
        ("1,234", True, 1.234, None),
        ("1,234", False, None, "may be 1234 or 1.234: write it without a mark between thousands"),
        ("1.234", True, None, "may be 1234 or 1.234: write it without a mark between thousands"),
        ("1.23.4", False, None, "is not a number: write 1234.5"),
        ("12 apples", False, None, "is not a number: write 1234.5"),
        ("nan", False, None, "is not a number: write 1234.5"),
        ("=1+1", False, None, "is a formula without a value: write the value"),
    ],
)
def test_a_number_is_read_by_its_marks_or_not_at_all(
    text: str, commas: bool, value: float | None, said: str | None
) -> None:
    assert number(text, commas) == (value, said)


@pytest.mark.parametrize(
    ("cell", "column", "said"),
    [
        ("R1,x,,3,accept,03/04/2026,", "review_on", "'03/04/2026' may be two days: write 2026-10-31"),
        ("R1,x,,3,accept,2026-02-30,", "review_on", "'2026-02-30' is no day of the calendar: write 2026-10-31"),
        ("R1,x,,3,pray,,", "treatment", "'pray' is none of accept, avoid"),
        ("R1,x,,2.5,avoid,,", "likelihood", "'2.5' is not a whole number"),
        (
            "R1,x,,#REF!,avoid,,",
            "likelihood",
            "'#REF!' is an error of the spreadsheet's: mend its formula, or write the value",
        ),
    ],
)
def test_a_cell_that_cannot_be_read_has_a_sentence(cell: str, column: str, said: str) -> None:
    assert dict(_csv(cell).rows[0].problems) == {column: said}


def test_days_with_slashes_are_read_where_they_can_be_one_day_alone() -> None:
    days = [
        _csv(f"R1,x,,3,avoid,{text},").rows[0].values["review_on"] for text in ("31/10/2026", "10/31/2026", "3/3/2026")
    ]

    assert days == [date(2026, 10, 31), date(2026, 10, 31), date(2026, 3, 3)]


def test_of_a_workbook_the_sheet_with_the_columns_is_read_with_numbers_and_days_as_they_are() -> None:
    def write(sheet: Any, book: Any) -> None:
        sheet.write_row(4, 0, ["R1", "x", "shop", 3, "avoid"])
        sheet.write_datetime(4, 5, date(2026, 10, 31), book.add_format({"num_format": "dd.mm.yy"}))
        sheet.write_number(4, 6, 1.234)
        sheet.write_row(5, 0, ["R2", "y", "shop", 3, "avoid", "", "0,5"])

    sheet = _sheet(_book(write))

    assert [row.values["loss_low"] for row in sheet.rows] == [1.234, 0.5], "a number of Excel's is no text to guess at"
    assert (sheet.rows[0].line, sheet.rows[0].values["review_on"]) == (5, date(2026, 10, 31))
    assert "The sheet register was read, and no other." in sheet.notes


def test_merged_cells_are_read_down_and_refused_across() -> None:
    def write(sheet: Any, book: Any) -> None:
        sheet.write_row(4, 0, ["R1", "x"])
        sheet.write_row(5, 0, ["R2", "y"])
        sheet.write_row(6, 0, ["R3", "z"])
        sheet.merge_range("E5:E6", "accept")
        sheet.merge_range("D7:E7", "3")

    sheet = _sheet(_book(write))

    assert [row.values.get("treatment") for row in sheet.rows[:2]] == ["accept", "accept"]
    assert "E5:E6 are merged: each of their rows was read as 'accept'." in sheet.notes
    assert set(sheet.rows[2].problems.values()) == {"D7:E7 are merged across columns: split them"}


def test_a_formula_is_read_by_its_value_and_refused_without_one() -> None:
    def write(sheet: Any, book: Any) -> None:
        sheet.write_row(4, 0, ["R1", "x"])
        sheet.write_formula(4, 3, "=1+2", None, 3)
        sheet.write_formula(4, 6, "=1/3", None, "")

    row = _sheet(_book(write)).rows[0]

    assert row.values["likelihood"] == 3
    assert row.problems["loss_low"].startswith("G5 is a formula without a value: open the sheet in a spreadsheet")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfeR\0", "is no text in UTF-8"),
        ("risk,title,likelihood\nR1,Überschwemmung,3".encode("latin-1"), "is not in UTF-8"),
        (b"a,b,c\n1,2,3\n", "has no row that names the columns"),
        (b"", "has no row that names the columns"),
        (b"risk,title,likelihood,Title\n", "names the column title twice"),
        (b'risk,title,likelihood\nR1,"x,3\n', "cannot be read as CSV"),
        (b"PK\x03\x04rubbish", "cannot be read as a workbook"),
    ],
)
def test_what_is_no_such_sheet_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        _sheet(data)

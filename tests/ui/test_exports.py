"""Tables as files."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest

from app.ui import exports

FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_text_becomes_a_formula_in_csv(cell: str) -> None:
    written = exports.as_csv(["a"], [[cell]]).decode("utf-8-sig")

    assert "'" + cell.strip("\r\n") in written or f'"\'{cell}"' in written


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_text_becomes_a_formula_in_excel(cell: str) -> None:
    page = openpyxl.load_workbook(io.BytesIO(exports.as_xlsx(["a"], [[cell]]))).active

    assert page["A2"].data_type == "s"
    assert str(page["A2"].value).startswith("'")


def test_negative_numbers_stay_numbers() -> None:
    assert exports.as_csv(["a"], [[-1.5]]).decode("utf-8-sig").splitlines()[1] == "-1.5"
    page = openpyxl.load_workbook(io.BytesIO(exports.as_xlsx(["a"], [[-1.5]]))).active
    assert page["A2"].value == -1.5


def test_blanks_instants_and_truths_are_written_as_in_a_fact_file() -> None:
    at = datetime(2026, 10, 3, 8, 15, tzinfo=UTC)

    row = (
        exports.as_csv(["a", "b", "c", "d"], [[None, at, date(2026, 10, 3), True]]).decode("utf-8-sig").splitlines()[1]
    )

    assert row == ",2026-10-03T08:15:00Z,2026-10-03,true"


def test_a_table_without_rows_is_its_headings() -> None:
    assert exports.as_csv(["a", "b"], []).decode("utf-8-sig") == "a,b\r\n"
    assert openpyxl.load_workbook(io.BytesIO(exports.as_xlsx(["a", "b"], []))).active.max_row == 1

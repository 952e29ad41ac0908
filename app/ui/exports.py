"""A table as a file: CSV and Excel, with cells that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

Cell = str | int | float | bool | date | datetime | None
_LONGEST, _CUT = 32_767, "… (cut off here: a sheet holds no more in a cell; the CSV holds all)"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(cell: Cell) -> Cell:
    """The cell as a spreadsheet may have it: text that would start a formula gets an apostrophe before it;
    numbers stay."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """CSV, UTF-8 with a byte-order mark (so that Excel reads it), instants as RFC 3339."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(heading) for heading in headings])
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]], sheet: str = "rows") -> bytes:
    """An Excel workbook with one sheet: headings frozen and filterable, text written as text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    page, bold = book.add_worksheet(sheet[:31]), book.add_format({"bold": True})
    for column, heading in enumerate(headings):
        page.write_string(0, column, heading, bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            _write(page, count, column, cell)
    page.freeze_panes(1, 0)
    if headings:
        page.autofilter(0, 0, count, len(headings) - 1)
        page.autofit()
    book.close()
    return out.getvalue()


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (datetime, date)):
        return cell.isoformat().replace("+00:00", "Z")
    made = safe(cell)
    return made if isinstance(made, (str, int, float)) else ""


def _write(page: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        page.write_boolean(row, column, cell)
    elif isinstance(cell, (int, float)):
        page.write_number(row, column, cell)
    else:
        text = str(_plain(cell))
        page.write_string(row, column, text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT)

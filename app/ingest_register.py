"""The risk register to Excel or CSV and back: what comes back is looked at, risk by risk and field by field, first.

ingest_register.export(conn, "xlsx", stream)
plan = ingest_register.preview(conn, by, stream, "risks.xlsx")      # writes nothing
with writing(engine) as conn:
    ingest_register.apply(conn, by, plan)
"""

from collections.abc import Collection
from datetime import datetime
from io import TextIOWrapper
from typing import Any, BinaryIO, Literal

import xlsxwriter
from sqlalchemy.engine import Connection

from app.export import NotExportable, cell, write_cells
from app.metrics import risk_sheets
from app.metrics.risk_records import RiskKey
from app.metrics.risk_sheets import COLUMNS, SheetRow
from app.people import Person
from app.store import register_sheets, register_versions
from app.store.register_saving import desk
from app.store.register_sheets import SheetPlan
from data_sources import register_sheet
from data_sources.delimited import Unreadable
from data_sources.register_sheet import Column

__all__ = ["NotExportable", "Unreadable", "apply", "export", "preview"]
Format = Literal["csv", "xlsx"]
apply = register_sheets.apply
_WIDE = {"title": 40, "description": 40, "response": 40, "services": 24, "owner": 24, "tags": 20, "links": 30}
_LONGEST_CELL = 32_767


def export(conn: Connection, form: Format, stream: BinaryIO, keys: Collection[RiskKey] | None = None) -> int:
    """Writes the register, or some risks of it, with the version of each: how many. No cell starts a formula.

    Raises NotExportable where a text is longer than a cell of Excel's can be.
    """
    found = [
        [risk_sheets.cell(column, one.key, one.version, one.entry) for column in COLUMNS]
        for one in register_versions.every_risk(conn)
        if keys is None or one.key in keys
    ]
    if form == "csv":
        text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        write_cells(text, COLUMNS, ([cell(value) for value in row] for row in found))
        text.flush()
        text.detach()
        return len(found)
    _workbook(stream, found)
    return len(found)


def _workbook(stream: BinaryIO, rows: list[list[Any]]) -> None:
    with xlsxwriter.Workbook(stream, {"strings_to_urls": False, "strings_to_formulas": False}) as book:
        sheet, bold = book.add_worksheet("risks"), book.add_format({"bold": True})
        dated, wrapped = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"text_wrap": True})
        for place, column in enumerate(COLUMNS):
            sheet.write_string(0, place, column, bold)
            sheet.set_column(place, place, _WIDE.get(column, 14))
        for line, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                kind = risk_sheets.kind_of(COLUMNS[place])
                if value is None:
                    continue
                if isinstance(value, int | float) and float(f"{value:.15G}") == value:
                    sheet.write_number(line, place, value)
                elif kind == "day":
                    sheet.write_datetime(line, place, value, dated)
                else:
                    text = cell(value)
                    if len(text) > _LONGEST_CELL:
                        where = f"The {COLUMNS[place]} of {row[1]}"
                        raise NotExportable(f"{where} is longer than a cell of Excel's can be: use CSV.")
                    sheet.write_string(line, place, text, wrapped if "\n" in text else None)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)


def preview(conn: Connection, by: Person, stream: BinaryIO, name: str, *, at: datetime | None = None) -> SheetPlan:
    """What a sheet of risks would do: new, changed field by field, in conflict, unchanged, set aside with a sentence.

    Columns that are not there change nothing; a blank cell blanks its field. Raises Unreadable, whose words follow the
    file's name.
    """
    policy = desk(conn, by, "sheet", at).policy
    columns = [
        Column(column, risk_sheets.kind_of(column), risk_sheets.words_of(column, policy))  # type: ignore[arg-type]
        for column in COLUMNS
    ]
    sheet = register_sheet.read(stream, name, columns, risk_sheets.ALIASES, ("risk", "title"))
    rows = [SheetRow(row.line, row.values, row.problems) for row in sheet.rows]
    return register_sheets.preview(conn, by, name, sheet.columns, rows, sheet.notes, at=at)

"""An Excel workbook with a sheet an entity, into the same columns of cells as a CSV."""

from collections.abc import Container, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import openpyxl
import pyarrow as pa
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from data_sources.delimited import Bad, Chunk, Told, Unreadable

ROWS = 10_000
_ERRORS = frozenset({"#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})


def open_workbook(path: Path | BinaryIO) -> Any:
    """The workbook, read-only. Raises Unreadable for what is none."""
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError, EOFError) as cause:
        raise Unreadable("cannot be read as a workbook: save it again as .xlsx, without a password") from cause


def sheet_of(book: Any, title: str) -> Any:
    """A sheet that is read to its end, whatever size its writer claims it has."""
    sheet = book[title]
    sheet.reset_dimensions()
    return sheet


def header(sheet: Any) -> list[str]:
    """The names in a sheet's first row."""
    row = next(iter(sheet.iter_rows(min_row=1, max_row=1, values_only=True)), ())
    names = ["" if cell is None else str(cell).strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    return names


def chunks(
    sheet: Any, names: Sequence[str], wanted: Sequence[str], instants: Container[str], told: Told
) -> Iterator[Chunk]:
    """The rows of a sheet after its header, as text; `told` hears rows, not bytes. Empty rows hold nothing.

    What Excel keeps as a date becomes a time without offset in the columns `instants`, and wherever it has a time of
    day; a date elsewhere.
    """
    width = len(names)
    rows = enumerate(sheet.iter_rows(min_row=2, values_only=True), start=2)
    while some := list(islice(rows, ROWS)):
        lines, kept, bad = [], [], []
        for line, cells in some:
            row = [_text(cell, name in instants) for name, cell in zip(names, cells, strict=False)]
            stray = next((text for cell in cells[width:] if (text := _text(cell, False).strip())), None)
            if not any(row) and stray is None:
                continue
            row += [""] * (width - len(row))
            problem = _problem(line, row, names, stray)
            if problem is None:
                kept.append(row)
                lines.append(line)
            else:
                bad.append(problem)
        across = list(zip(*kept, strict=True)) if kept else [()] * width
        cells = {name: pa.array(across[list(names).index(name)], pa.string()) for name in wanted}
        yield Chunk(cells, pa.array(lines, pa.int64()), bad)
        told(some[-1][0])


def _problem(line: int, row: Sequence[str], names: Sequence[str], stray: str | None) -> Bad | None:
    shown = {name: cell for name, cell in zip(names, row, strict=True) if name}
    if stray is not None:
        reason = "the row has a cell beyond the last column of the header: name that column, or clear the cell"
        return Bad(line, names[-1], stray, reason, shown)
    for name, cell in zip(names, row, strict=True):
        if cell in _ERRORS:
            return Bad(line, name, cell, f"{name} holds an error of Excel's, {cell}", shown)
    return None


def _text(cell: Any, instant: bool) -> str:
    match cell:
        case None:
            return ""
        case str():
            return unescape(cell) if "_x" in cell else cell
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return cell.isoformat() if instant or cell.time() != time() else cell.date().isoformat()
        case date():
            return cell.isoformat()
        case timedelta() | time():
            return str(cell)
    return str(cell)

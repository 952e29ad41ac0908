"""A sheet of risks as people keep it, CSV or Excel, into rows of cells: with a title above the header, merged cells,
foreign decimals and dates. It knows the columns that it is told, and nothing of the store.

What may be read two ways is not guessed: the cell has a problem, in a sentence.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, BinaryIO, Literal, NamedTuple

import openpyxl
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from data_sources.delimited import Unreadable

Kind = Literal["text", "names", "whole", "number", "day", "choice"]
LARGEST = 32 << 20
"""Bytes of a file, and eight times as many once a workbook is unpacked."""
MOST_ROWS = 50_000
_LOOK = 30
"""How many rows a header is looked for in."""
_ERRORS = frozenset({"#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_MARKS = " \u00a0\u202f\u2009'\u2019"
"""What people put between thousands."""
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}")


class Column(NamedTuple):
    """A column that a sheet may have."""

    name: str
    kind: Kind
    words: Mapping[str, Any] = {}
    """Words for values, in lower case: `likely` for 4, `open` for open."""


class Row(NamedTuple):
    """One row: its line, its cells as text, what they say, and what is wrong with them by column."""

    line: int
    cells: Mapping[str, str]
    values: Mapping[str, Any]
    """Of every known column; blank is None."""
    problems: Mapping[str, str]


class Sheet(NamedTuple):
    columns: tuple[str, ...]
    """The known ones, in their order."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """What was passed over, or read in a way that people should know of."""


@dataclass
class _Grid:
    """Rows of cells as they stand: text, or a sentence about a cell by its place."""

    rows: list[list[str]]
    problems: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    typed: set[tuple[int, int]] = field(default_factory=set)
    """Cells that are numbers of the spreadsheet's: there is nothing to guess."""
    first: int = 1
    commas: bool = False
    """Whether decimals have a comma here."""


def read(
    stream: BinaryIO, name: str, columns: Sequence[Column], aliases: Mapping[str, str], needs: Sequence[str]
) -> Sheet:
    """The rows of a sheet under the first row that names columns, `needs` among them (one of them is enough).

    Raises Unreadable for what is no such sheet.
    """
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Unreadable(f"is larger than {LARGEST >> 20} MB")
    grid = _workbook(data, columns, aliases, needs) if data.startswith(b"PK\x03\x04") else _text(data)
    known = {column.name: column for column in columns}
    at, names = _header(grid, known, aliases, needs)
    notes = list(grid.notes)
    if at:
        notes.append(f"The columns are named in line {at + grid.first}: what stands above it was passed over.")
    strange = [name for name in names if name and name not in known]
    notes += [f"The column {name} is not known: it was passed over." for name in strange]
    grid.commas = grid.commas or _has_commas(grid, at, names, known)
    rows = tuple(_rows(grid, at, names, known))
    return Sheet(tuple(name for name in names if name in known), rows, tuple(notes))


def plain_name(text: str, aliases: Mapping[str, str]) -> str:
    """A heading as the columns are called: `Risk ID *` is risk."""
    name = re.sub(r"[\s\-/]+", "_", text.strip().strip("*").strip().casefold())
    name = re.sub(r"[()?:.]", "", name).strip("_")
    return aliases.get(name, name)


def _header(
    grid: _Grid, known: Mapping[str, Column], aliases: Mapping[str, str], needs: Sequence[str]
) -> tuple[int, list[str]]:
    for at, row in enumerate(grid.rows[:_LOOK]):
        names = [plain_name(cell, aliases) for cell in row]
        found = [name for name in names if name in known]
        if len({*found}) >= 3 and {*found} & {*needs}:
            twice = sorted({name for name in found if found.count(name) > 1})
            if twice:
                raise Unreadable(f"names the column {twice[0]} twice: rename or remove one of them")
            return at, names
    raise Unreadable(f"has no row that names the columns ({', '.join(needs)} and others, like likelihood)")


def _rows(grid: _Grid, at: int, names: Sequence[str], known: Mapping[str, Column]) -> Iterator[Row]:
    for number, row in enumerate(grid.rows[at + 1 :], at + 1):
        cells = {name: text for name, text in zip(names, row, strict=False) if name in known}
        bad = {
            name: grid.problems[number, place]
            for place, name in enumerate(names)
            if name in known and (number, place) in grid.problems
        }
        if not bad and not any(text.strip() for text in row):
            continue
        values: dict[str, Any] = {}
        for place, name in enumerate(names[: len(row)]):
            if name not in known or name in bad:
                continue
            text = row[place]
            commas = grid.commas and (number, place) not in grid.typed
            value, problem = _value(known[name], _unguarded(text.strip()), commas)
            values[name] = value
            if problem:
                bad[name] = f"{text.strip()!r} {problem}"
        yield Row(number + grid.first, cells, values, bad)


def _unguarded(text: str) -> str:
    return text[1:] if _GUARDED.match(text) else text


def _value(column: Column, text: str, commas: bool) -> tuple[Any, str | None]:
    if not text:
        return None, None
    if text in _ERRORS:
        return None, "is an error of the spreadsheet's: mend its formula, or write the value"
    if text.casefold() in column.words:
        return column.words[text.casefold()], None
    match column.kind:
        case "names":
            return tuple(part for one in text.split(";") if (part := one.strip())) or None, None
        case "choice":
            return None, f"is none of {', '.join(dict.fromkeys(map(str, column.words.values())))}"
        case "day":
            return _day(text)
        case "number":
            return number(text, commas)
        case "whole":
            worded = re.fullmatch(r"(\d+)\s*[-(:=–].*", text)
            value, problem = number(worded[1] if worded else text, commas)
            if value is None:
                return None, problem
            return (int(value), None) if value == int(value) else (None, "is not a whole number")
    return text, None


def number(text: str, commas: bool = False) -> tuple[float | None, str | None]:
    """A number as people write it, or why it is none; `commas`: the sheet writes decimals with a comma."""
    digits = text.translate({ord(mark): None for mark in _MARKS})
    if text.startswith("="):
        return None, "is a formula without a value: write the value"
    if digits.count(",") and digits.count("."):
        decimal = max(",.", key=digits.rfind)
        digits = digits.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    elif max(digits.count(","), digits.count(".")) > 1:
        mark = "," if "," in digits else "."
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(\{mark}\d{{3}})+", digits):
            return None, "is not a number: write 1234.5"
        digits = digits.replace(mark, "")
    elif (
        (found := _GROUPS.fullmatch(digits)) and not digits.lstrip("+-").startswith("0") and (found[1] == ".") == commas
    ):
        whole = digits.replace(found[1], "")
        return None, f"may be {whole} or {digits.replace(',', '.')}: write it without a mark between thousands"
    digits = digits.replace(",", ".")
    if not _PLAIN.fullmatch(digits):
        return None, "is not a number: write 1234.5"
    return float(digits), None


def _has_commas(grid: _Grid, at: int, names: Sequence[str], known: Mapping[str, Column]) -> bool:
    """Whether any number of the sheet shows that its decimals have a comma: 0,5 or 1.234,5."""
    places = [place for place, name in enumerate(names) if name in known and known[name].kind == "number"]
    shows = re.compile(r"[+-]?[\d.\s]*\d,(\d{1,2}|\d{4,})|[+-]?0,\d+|[+-]?\d{1,3}(\.\d{3})+,\d+")
    return any(
        shows.fullmatch(row[place].strip()) for row in grid.rows[at + 1 :] for place in places if place < len(row)
    )


def _day(text: str) -> tuple[date | None, str | None]:
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", text)
    if found:
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", text):
        return _date(int(found[3]), int(found[2]), int(found[1]))
    if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        one, other, year = int(found[1]), int(found[2]), int(found[3])
        if one <= 12 and other <= 12 and one != other:
            return None, "may be two days: write 2026-10-31"
        return _date(year, other, one) if one > 12 or one == other else _date(year, one, other)
    return None, "is not a date: write 2026-10-31"


def _date(year: int, month: int, day: int) -> tuple[date | None, str | None]:
    try:
        return date(year, month, day), None
    except ValueError:
        return None, "is no day of the calendar: write 2026-10-31"


def _text(data: bytes) -> _Grid:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]:
        raise Unreadable("is no text in UTF-8: save it as “CSV UTF-8”, or as .xlsx")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise Unreadable("is not in UTF-8: save it as “CSV UTF-8”") from cause
    head = text[:8192]
    separator = max(",;\t", key=lambda mark: max((line.count(mark) for line in head.splitlines()[:_LOOK]), default=0))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as cause:
        raise Unreadable(f"cannot be read as CSV ({cause}): save it again") from cause
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"has more than {MOST_ROWS:,} rows")
    return _Grid(rows, commas=separator == ";")


def _workbook(data: bytes, columns: Sequence[Column], aliases: Mapping[str, str], needs: Sequence[str]) -> _Grid:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > 8 * LARGEST:
                raise Unreadable("is too large once it is unpacked")
        values, formulas = (
            openpyxl.load_workbook(io.BytesIO(data), data_only=only, keep_links=False) for only in (True, False)
        )
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError, EOFError) as cause:
        if isinstance(cause, Unreadable):
            raise
        raise Unreadable("cannot be read as a workbook: save it again as .xlsx, without a password") from cause
    known = {column.name: column for column in columns}
    refused: Unreadable | None = None
    for title in [sheet.title for sheet in values.worksheets]:
        grid = _grid(values[title], formulas[title])
        try:
            _header(grid, known, aliases, needs)
        except Unreadable as reason:
            refused = refused or reason
            continue
        if len(values.worksheets) > 1:
            grid.notes.append(f"The sheet {title} was read, and no other.")
        return grid
    raise refused or Unreadable("has no sheet")


def _grid(sheet: Any, formulas: Any) -> _Grid:
    if (sheet.max_row or 0) > MOST_ROWS:
        raise Unreadable(f"has more than {MOST_ROWS:,} rows")
    rows = [[_cell(cell.value) for cell in row] for row in sheet.iter_rows()]
    grid = _Grid(rows)
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        grid.typed |= {(number, place) for place, value in enumerate(row) if isinstance(value, int | float)}
    for number, row in enumerate(formulas.iter_rows()):
        for place, cell in enumerate(row):
            if cell.data_type == "f" and sheet.cell(number + 1, place + 1).value is None:
                said = "is a formula without a value: open the sheet in a spreadsheet and save it, or write the value"
                grid.problems[number, place] = f"{cell.coordinate} {said}"
    for span in sorted(sheet.merged_cells.ranges, key=str):
        top, left, bottom, right = span.min_row - 1, span.min_col - 1, span.max_row - 1, span.max_col - 1
        if right > left:
            for number in range(top, bottom + 1):
                for place in range(left, right + 1):
                    grid.problems[number, place] = f"{span} are merged across columns: split them"
        elif bottom > top and rows[top][left]:
            for number in range(top + 1, bottom + 1):
                rows[number][left] = rows[top][left]
            grid.notes.append(f"{span} are merged: each of their rows was read as {rows[top][left][:40]!r}.")
    return grid


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return unescape(value) if "_x" in value else value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date():
            return value.isoformat()
    return str(value)

"""Facts out of the store in the shape that is read in: importing what was exported gives the same facts.

A text that a spreadsheet would take for a formula (it begins with = + - or @, or with ' before one of them) gets a
leading '; the import takes one off again.
"""

import csv
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Literal, TextIO

import xlsxwriter
from sqlalchemy.engine import Connection

from app.records import ENTITIES
from app.store import listing

Format = Literal["csv", "xlsx", "json"]
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
ABOUT = ("file", "line", "column", "value", "reason")
REJECTED = "rejected_"
"""Before the names of the columns that say what to mend; an import passes them over."""
_NUMBERS = frozenset({"good", "total", "minutes", "objective", "share", "value", "part", "whole", "target"})
_LONGEST_CELL = 32_767
_MOST_ROWS = 1_048_575


class NotExportable(ValueError):
    """What the chosen format cannot hold; the message says which one can."""


def columns(entity: str) -> tuple[str, ...]:
    """The columns of an export: those of the fact file, and `source`."""
    return (*ENTITIES[entity].record.model_fields, "source")


def instant(at: datetime) -> str:
    """RFC 3339 in UTC; a fraction of a second only where there is one."""
    return at.isoformat().replace("+00:00", "Z")


def guarded(text: str) -> str:
    """The text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain(value: Any) -> Any:
    """A value as JSON has it: instants and dates as text, lists as lists, whole numbers without a point."""
    match value:
        case float() if value.is_integer() and abs(value) < 1e15:
            return int(value)
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
    return value


def cell(value: Any) -> str:
    """A value as a cell of a fact file; blank for None."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return guarded(value)
        case tuple():
            return guarded(";".join(value))
        case float():
            return repr(plain(value))
        case int():
            return str(value)
    return str(plain(value))


def rows(conn: Connection, entity: str) -> Iterator[tuple[Any, ...]]:
    """Every fact of an entity, in the order of `columns`."""
    for source, *values in listing.facts(conn, entity):
        yield (*values, source)


def write_csv(conn: Connection, entity: str, stream: TextIO) -> int:
    """Writes a fact file: how many facts. The stream must leave line ends alone (`newline=""`)."""
    return write_cells(stream, columns(entity), ([cell(value) for value in row] for row in rows(conn, entity)))


def write_cells(stream: TextIO, header: Sequence[str], cells: Iterable[Sequence[str]]) -> int:
    """Writes rows of cells as CSV: how many. A carriage return in a cell stays inside its quotes."""
    usual = csv.writer(stream, lineterminator="\n")
    quoted = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    usual.writerow(header)
    written = 0
    for row in cells:
        (quoted if any("\r" in one for one in row) else usual).writerow(row)
        written += 1
    return written


def write_rejects(entity: str, found: Iterable[Mapping[str, Any]], stream: TextIO) -> int:
    """Writes rows of one entity that were set aside (each with `source`, `row`, ABOUT) as a fact file: how many."""
    names = columns(entity)
    rows = (
        [
            *(_as_read(name, one["row"].get(name) or (one["source"] if name == "source" else "")) for name in names),
            *(guarded("" if one[about] is None else str(one[about])) for about in ABOUT),
        ]
        for one in found
    )
    return write_cells(stream, [*names, *(f"{REJECTED}{about}" for about in ABOUT)], rows)


def _as_read(name: str, cell: str) -> str:
    """A cell as it was read, but no formula; where numbers stand, a sign is none."""
    return f"'{cell}" if cell.startswith(("=", "@") if name in _NUMBERS else ("=", "@", "+", "-")) else cell


def write_json(conn: Connection, entity: str, stream: TextIO) -> int:
    """Writes a list of objects, one a fact: how many. Blank is null."""
    names, written = columns(entity), 0
    stream.write("[")
    for written, row in enumerate(rows(conn, entity), 1):
        values = {name: plain(value) for name, value in zip(names, row, strict=True)}
        stream.write(("," if written > 1 else "") + "\n " + json.dumps(values, ensure_ascii=False, allow_nan=False))
    stream.write("\n]\n")
    return written


def write_xlsx(conn: Connection, entities: Sequence[str], stream: BinaryIO) -> int:
    """Writes a workbook with a sheet an entity: how many facts. Raises NotExportable where a sheet cannot hold them."""
    written = 0
    with xlsxwriter.Workbook(stream, {"constant_memory": True, "strings_to_urls": False}) as book:
        for entity in entities:
            sheet = book.add_worksheet(entity)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, columns(entity))
            for line, row in enumerate(rows(conn, entity), 1):
                if line > _MOST_ROWS:
                    raise NotExportable(f"A sheet holds at most {_MOST_ROWS:,} {entity}: use --format csv.")
                for place, value in enumerate(row):
                    _write(sheet, line, place, value, f"{columns(entity)[place]} of {entity}, row {line + 1},")
                written += 1
    return written


def _write(sheet: Any, line: int, place: int, value: Any, where: str) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float) and float(f"{value:.16G}") == value:
        sheet.write_number(line, place, value)
    else:
        text = cell(value)
        if len(text) > _LONGEST_CELL:
            raise NotExportable(f"The {where} is longer than a sheet's cell can be: use --format csv.")
        sheet.write_string(line, place, text)


def to_file(conn: Connection, entity: str, form: Format, path: Path) -> int:
    """Writes one entity, or `all`, to a path: how many facts. The path appears only when it is complete.

    `all` gives a workbook with a sheet an entity, or a folder (or zip, by the path's ending) with a file an entity;
    entities without facts are left out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "xlsx":
        entities = _filled(conn) if entity == "all" else [entity]
        return _whole(path, lambda stream: write_xlsx(conn, entities, stream))
    if entity != "all":
        return _whole(path, lambda stream: _text(conn, entity, form, stream))
    if path.suffix.lower() == ".zip":
        return _whole(path, lambda stream: _zipped(conn, form, stream))
    path.mkdir(exist_ok=True)
    return sum(to_file(conn, one, form, path / f"{one}.{form}") for one in _filled(conn))


def _filled(conn: Connection) -> list[str]:
    return [entity for entity in ENTITIES if listing.count(conn, entity)]


def _whole(path: Path, write: Callable[[BinaryIO], int]) -> int:
    with TemporaryDirectory(dir=path.parent, prefix=".nines-") as folder:
        part = Path(folder) / "part"
        with part.open("wb") as stream:
            written = write(stream)
        part.replace(path)
    return written


def _text(conn: Connection, entity: str, form: Format, stream: BinaryIO) -> int:
    text = TextIOWrapper(stream, encoding="utf-8", newline="")
    written = write_csv(conn, entity, text) if form == "csv" else write_json(conn, entity, text)
    text.detach()
    return written


def _zipped(conn: Connection, form: Format, stream: BinaryIO) -> int:
    written = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for entity in _filled(conn):
            with packed.open(f"{entity}.{form}", "w", force_zip64=True) as member:
                written += _text(conn, entity, form, member)  # type: ignore[arg-type]
    return written

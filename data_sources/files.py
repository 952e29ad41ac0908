"""Fact files: CSV, workbooks, folders and zips of them, into validated columns. It has no opinion about the store."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.records import ENTITIES, Entity
from data_sources import delimited, workbook
from data_sources.archive import Member, members
from data_sources.columns import judge, rules
from data_sources.delimited import Bad, Chunk, Unreadable

_PLACES = {name: at for at, name in enumerate(ENTITIES)}
_NAME = re.compile(rf"({'|'.join(sorted(ENTITIES, key=len, reverse=True))})(?:-.*| ?\(\d+\))?", re.IGNORECASE)
MENDED = "rejected_"
"""How the columns begin that tell what was wrong with a row before it was mended: passed over without a word."""
_WORKBOOKS = (".xlsx", ".xlsm")
Progress = Callable[[str, int, int], None]
"""Called with a file's name, how much of it is read, and its size, in one unit or another."""


class Refused(ValueError):
    """Files that cannot be read as they are. One sentence each."""

    def __init__(self, sentences: Iterable[str]):
        self.sentences = tuple(sentences)
        super().__init__("\n".join(self.sentences))


class FactFile(NamedTuple):
    """One CSV, or one sheet of a workbook."""

    entity: Entity
    name: str
    """As people know it: `incidents.csv`, `facts.zip/incidents.csv`, `book.xlsx/incidents`."""
    size: int
    """Bytes; rows for a sheet."""
    open: Callable[[], Any]
    """A context manager: a binary stream for a CSV, a sheet for a workbook."""
    sheet: bool = False


class Found(NamedTuple):
    """What a list of paths holds."""

    files: tuple[FactFile, ...]
    """In the order in which they are to be read."""
    notes: tuple[str, ...]
    """What was passed over."""


class Batch(NamedTuple):
    """Some rows of one file, validated."""

    table: Any
    """pyarrow.Table: the rows that may be kept. Instants in microseconds since 1970, UTC; blank is null."""
    lines: Any
    """The line where each of them starts."""
    cells: Mapping[str, Any]
    """The same rows as they stand in the file."""
    bad: tuple[Bad, ...]
    """The rows set aside."""


class Columns(NamedTuple):
    """A file's header, looked at."""

    names: tuple[str, ...]
    wanted: tuple[str, ...]
    warnings: tuple[str, ...]
    skip: int = 0


def find(paths: Iterable[Path]) -> Found:
    """The fact files in these files, folders and zips, each after those that it may point at.

    Raises Refused when a path does not exist, is named after no entity, or holds no fact file at all.
    """
    files: list[FactFile] = []
    notes: list[str] = []
    wrong: list[str] = []
    for path in {path.resolve(): path for path in paths}.values():
        before = len(files)
        passed: list[str] = []
        try:
            for one in _inside(path):
                found = list(_of(one, passed))
                files += found
        except Unreadable as reason:
            wrong.append(f"{path.name} {reason}.")
            continue
        if len(files) == before:
            wrong.append(_nothing(path, passed))
        notes += passed
    if wrong:
        raise Refused(wrong)
    return Found(tuple(sorted(files, key=lambda file: (_PLACES[file.entity.name], file.name))), tuple(notes))


def columns(file: FactFile) -> Columns:
    """What a file's header names. Raises Unreadable when the file cannot be read by it."""
    with file.open() as opened:
        names, line = (workbook.header(opened), b"") if file.sheet else delimited.header(opened)
    known = {rule.name: rule for rule in rules(file.entity.record)}
    present = [name for name in names if name]
    if not present:
        raise Unreadable(f"is empty: its first line must name the columns ({', '.join(_required(file.entity))}, …)")
    if not file.sheet:
        _check_separator(names, line, known)
    twice = sorted({name for name in present if present.count(name) > 1})
    if twice:
        raise Unreadable(f"names the column {twice[0]} twice: rename or remove one of them")
    others = [name for name in present if name not in known and not name.startswith(MENDED)]
    missing = [name for name in _required(file.entity) if name not in present]
    if missing:
        raise Unreadable(_missing(missing, others))
    warnings = [f"unknown column {name}{_meant(name, known, present)}: passed over" for name in others]
    unnamed = len(names) - len(present)
    if unnamed:
        warnings.append(f"{unnamed} column{'s' * (unnamed > 1)} without a name: passed over")
    return Columns(tuple(names), tuple(name for name in names if name in known), tuple(warnings), len(line))


def read(
    file: FactFile, seen: Columns, zone: ZoneInfo | None = None, progress: Progress | None = None
) -> Iterator[Batch]:
    """A file's rows, batch by batch. Raises Unreadable for a file that turns out to be broken."""

    def told(done: int) -> None:
        if progress:
            progress(file.name, done, max(file.size, done))

    instants = {rule.name for rule in rules(file.entity.record) if rule.kind == "instant"}
    with file.open() as opened:
        for chunk in (
            workbook.chunks(opened, seen.names, seen.wanted, instants, told)
            if file.sheet
            else delimited.chunks(opened, seen.names, seen.wanted, seen.skip, told)
        ):
            yield _judged(file.entity, chunk, zone)


def as_row(cells: Mapping[str, Any], at: int) -> dict[str, str]:
    """One row of a batch as it stands in the file; blank cells left out."""
    return {name: text for name, column in cells.items() if (text := column[at].as_py())}


def _judged(entity: Entity, chunk: Chunk, zone: ZoneInfo | None) -> Batch:
    judged = judge(entity, chunk.cells, zone)
    bad = list(chunk.bad)
    for row, fault in judged.faults.items():
        bad.append(Bad(chunk.lines[row].as_py(), fault.column, fault.value, fault.reason, as_row(chunk.cells, row)))
    if len(judged.rows) == len(chunk.lines):
        return Batch(judged.table, chunk.lines, chunk.cells, tuple(sorted(bad, key=lambda one: one.line)))
    cells = {name: column.take(judged.rows) for name, column in chunk.cells.items()}
    return Batch(judged.table, chunk.lines.take(judged.rows), cells, tuple(sorted(bad, key=lambda one: one.line)))


def _required(entity: Entity) -> list[str]:
    return [rule.name for rule in rules(entity.record) if rule.required]


def _check_separator(names: list[str], line: bytes, known: Mapping[str, Any]) -> None:
    if len([name for name in names if name in known]) > 1:
        return
    text = line.decode("utf-8", "replace").lstrip("\ufeff")
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len({part.strip().strip('"') for part in text.split(mark)} & known.keys()) > 1:
            raise Unreadable(f"is separated by {word}: save it with commas between the cells")


def _missing(missing: list[str], others: list[str]) -> str:
    hints = [
        f" (is {close[0]} meant to be {name}?)"
        for name in missing
        if (close := [other for other in others if _alike(name, other)])
    ]
    what = f"has no column {missing[0]}" if len(missing) == 1 else f"lacks the columns {', '.join(missing)}"
    return f"{what}{''.join(hints)}: add what is missing"


def _meant(name: str, known: Mapping[str, Any], present: list[str]) -> str:
    close = [other for other in known if other not in present and _alike(other, name)]
    return f" (is {close[0]} meant?)" if close else ""


def _alike(name: str, other: str) -> bool:
    return bool(difflib.get_close_matches(name, [other.lower().replace(" ", "_")], 1, 0.8))


def _nothing(path: Path, passed: list[str]) -> str:
    if path.is_file() and path.suffix.lower() == ".csv":
        return f"{path.name} is named after no entity: call it incidents.csv, sli-2026-10.csv or the like."
    if path.suffix.lower() in _WORKBOOKS:
        return f"{path.name} has no sheet named after an entity, like incidents or sli."
    if path.is_file() and path.suffix.lower() != ".zip":
        return f"{path.name} is no fact file: give CSV or XLSX files, or a folder or zip of them."
    return f"{path.name or path} holds no fact file: name them after entities, like incidents.csv."


def _inside(path: Path) -> Iterator[Member]:
    if not path.exists():
        raise Refused([f"{path} does not exist."])
    yield from members(path)


def _of(one: Member, passed: list[str]) -> Iterator[FactFile]:
    """The fact files that one file is: a CSV is one, a workbook one a sheet."""
    stem, ending = Path(one.name).stem, Path(one.name).suffix.lower()
    if ending in _WORKBOOKS:
        yield from _sheets(one, passed)
    elif ending == ".csv" and (entity := _entity(stem)):
        yield FactFile(entity, one.name, one.size, one.open)
    else:
        why = "is named after no entity" if ending == ".csv" else "is no CSV or XLSX file"
        passed.append(f"{one.name} {why}: passed over")


def _entity(stem: str) -> Entity | None:
    match = _NAME.fullmatch(stem.strip())
    return ENTITIES[match[1].lower()] if match else None


def _sheets(one: Member, passed: list[str]) -> Iterator[FactFile]:
    try:
        with one.open() as stream:
            titles = [(sheet.title, sheet.max_row or 0) for sheet in workbook.open_workbook(stream).worksheets]
    except Unreadable as reason:
        raise Refused([f"{one.name} {reason}."]) from reason
    for title, rows in titles:
        if entity := _entity(title):
            yield FactFile(entity, f"{one.name}/{title}", rows, _opener(one, title), sheet=True)
        else:
            passed.append(f"{one.name}/{title} is named after no entity: passed over")


def _opener(one: Member, title: str) -> Callable[[], Any]:
    @contextmanager
    def opened() -> Iterator[Any]:
        with one.open() as stream:
            book = workbook.open_workbook(stream)
            try:
                yield workbook.sheet_of(book, title)
            finally:
                book.close()

    return opened

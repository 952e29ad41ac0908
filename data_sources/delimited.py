"""CSV into columns of cells, a block at a time, with right line numbers whatever the cells hold.

Blocks without a quote go through Arrow's reader; a block that it cannot take, and all from the first quote on, through
Python's. Both give the same cells.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.csv as arrow_csv

BLOCK = 4 << 20
"""Bytes read at a time."""
LONGEST_LINE = 8 << 20
ROWS = 50_000
_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF", b"7z\xbc\xaf")
Told = Callable[[int], None]
"""Called with the number of bytes read so far."""


class Unreadable(ValueError):
    """A file that is refused as a whole. Its words say what to mend, and follow the file's name."""


class Bad(NamedTuple):
    """A row that does not even fall into columns."""

    line: int
    column: str
    value: str | None
    reason: str
    row: dict[str, str]


class Chunk(NamedTuple):
    """Some rows of a file: cells by column (string arrays of one length), the line where each starts, rows kept out."""

    cells: dict[str, Any]
    lines: Any
    bad: list[Bad]


def header(stream: BinaryIO) -> tuple[list[str], bytes]:
    """The names in a CSV's first line, and that line's bytes. Raises Unreadable for what is no text."""
    start = stream.read(4096)
    if start.startswith(_OTHER_MARKS) or start[1:2] == b"\0" or start[:1] == b"\0":
        raise Unreadable("is in UTF-16: save it as “CSV UTF-8”")
    if start.startswith(_ARCHIVES):
        raise Unreadable("is no CSV by its contents: save it as CSV, or give it its own ending back")
    if b"\0" in start:
        raise Unreadable("is not text: save it as CSV in UTF-8")
    start += b"" if b"\n" in start or b"\r" in start else stream.read(1 << 20)
    line = next(iter(start.splitlines(keepends=True)), b"")
    try:
        names = next(csv.reader([line.removeprefix(_MARK).decode("utf-8")], strict=True), [])
    except UnicodeDecodeError as cause:
        raise Unreadable("is not UTF-8 in its first line: save it as “CSV UTF-8”") from cause
    except csv.Error as cause:
        raise Unreadable(f"has a first line that names no columns: {cause}") from cause
    return [name.strip() for name in names], line


def chunks(stream: BinaryIO, names: Sequence[str], wanted: Sequence[str], skip: int, told: Told) -> Iterator[Chunk]:
    """The rows of a CSV after its header of `skip` bytes, in the columns `wanted`. Blank lines hold no row."""
    stream.read(skip)
    line, done = 2, skip
    blocks = _blocks(stream)
    for block in blocks:
        quick = None if _needs_care(block) else _quick(block, names, wanted)
        if quick is not None:
            yield Chunk(quick, pa.array(range(line, line + len(quick[wanted[0]])), pa.int64()), [])
        elif b'"' not in block:
            yield from _careful(iter([block]), names, wanted, line)
        else:
            yield from _careful(_counted(chain([block], blocks), done, told), names, wanted, line)
            return
        line += len(block.splitlines()) if b"\r" in block else block.count(b"\n") + (not block.endswith(b"\n"))
        done += len(block)
        told(done)


def _counted(blocks: Iterator[bytes], done: int, told: Told) -> Iterator[bytes]:
    for block in blocks:
        done += len(block)
        yield block
        told(done)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in pieces of whole lines."""
    while block := stream.read(BLOCK):
        if not block.endswith(b"\n"):
            block += stream.readline(LONGEST_LINE)
        if len(block) >= BLOCK + LONGEST_LINE:
            raise Unreadable("has a line of more than 8 MB: is it a CSV, with line ends?")
        yield block


def _needs_care(block: bytes) -> bool:
    return b'"' in block or b"\0" in block or (b"\r" in block and block.count(b"\r") != block.count(b"\r\n"))


def _quick(block: bytes, names: Sequence[str], wanted: Sequence[str]) -> dict[str, Any] | None:
    """The cells of a block without quotes; None when it holds anything but plain rows of UTF-8."""
    unique = [name if name in wanted else f"\0{at}" for at, name in enumerate(names)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(block),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=unique),
            arrow_csv.ParseOptions(quote_char=False, double_quote=False, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=list(wanted), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return {name: table[name].combine_chunks() for name in wanted}


def _careful(blocks: Iterator[bytes], names: Sequence[str], wanted: Sequence[str], line: int) -> Iterator[Chunk]:
    """The same by Python's reader, row by row where a row is odd. `line` is the first line of the first block."""
    text = (one.decode("utf-8", "surrogateescape") for block in blocks for one in block.splitlines(keepends=True))
    reader = csv.reader(text, strict=True)
    ended = False
    while not ended:
        rows: list[list[str]] = []
        lines: list[int] = []
        bad: list[Bad] = []
        while not ended and len(rows) + len(bad) < ROWS:
            known, first = len(rows), line + reader.line_num
            try:
                rows.extend(islice(reader, ROWS - known - len(bad)))
                ended = len(rows) + len(bad) < ROWS
                lines += _lines(rows[known:], first, line + reader.line_num - first)
            except csv.Error as error:
                lines += _lines(rows[known:], first, None)
                broken = first + sum(map(_height, rows[known:]))
                bad.append(_torn(error, broken, names[0]))
        yield _columns(rows, lines, bad, names, wanted)


def _torn(error: csv.Error, line: int, column: str) -> Bad:
    """A row whose quotes do not match up. Raises Unreadable where they swallow what follows."""
    if "unexpected end of data" in str(error):
        raise Unreadable(f"has a quote that opens on line {line} and never closes: close it, or double it") from error
    if "field larger" in str(error):
        raise Unreadable(f"has a cell of more than 128 kB on line {line}: is a quote left open there?") from error
    return Bad(line, column, None, f"the quotes of the row do not match up: {error}", {})


def _height(row: Sequence[str]) -> int:
    """How many lines of the file a row takes."""
    return 1 + sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in row)


def _lines(rows: Sequence[Sequence[str]], first: int, read: int | None) -> list[int]:
    """The line where each row starts. `read`: lines taken by them all, where known."""
    if read == len(rows):
        return list(range(first, first + read))
    lines = []
    for row in rows:
        lines.append(first)
        first += _height(row)
    return lines


def _columns(
    rows: list[list[str]], lines: list[int], bad: list[Bad], names: Sequence[str], wanted: Sequence[str]
) -> Chunk:
    try:
        across = list(zip(*rows, strict=True))
        if rows and len(across) != len(names):
            raise ValueError
        cells = _arrays(across, names, wanted, len(rows))
    except (ValueError, UnicodeEncodeError):
        good = []
        for line, row in zip(lines, rows, strict=True):
            fitted = _fitted(row, len(names))
            if not fitted:
                continue
            problem = _problem(line, fitted, names)
            if problem:
                bad.append(problem)
            else:
                good.append((line, fitted))
        lines = [line for line, _ in good]
        cells = _arrays(list(zip(*(row for _, row in good), strict=True)), names, wanted, len(good))
    return Chunk(cells, pa.array(lines, pa.int64()), sorted(bad))


def _arrays(across: Sequence[Any], names: Sequence[str], wanted: Sequence[str], count: int) -> dict[str, Any]:
    if not count:
        return {name: pa.array([], pa.string()) for name in wanted}
    for column in across:
        if any("\0" in cell for cell in column):
            raise ValueError
    return {name: pa.array(across[names.index(name)], pa.string()) for name in wanted}


def _fitted(row: list[str], width: int) -> list[str]:
    """The row without blank cells beyond the header; empty for a row without any text."""
    if not any(cell.strip() for cell in row):
        return []
    return row[:width] if len(row) > width and not any(cell.strip() for cell in row[width:]) else row


def _problem(line: int, row: list[str], names: Sequence[str]) -> Bad | None:
    shown = {name: _shown(cell) for name, cell in zip(names, row, strict=False) if name}
    if len(row) > len(names):
        reason = f"the row has {len(row)} cells, the header {len(names)}: a cell with a comma in it needs quotes"
        return Bad(line, names[-1], _shown(",".join(row[len(names) - 1 :])), reason, shown)
    if len(row) < len(names):
        return Bad(line, names[len(row)], None, f"the row has {len(row)} cells, the header {len(names)}", shown)
    for name, cell in zip(names, row, strict=True):
        if any("\udc80" <= letter <= "\udcff" for letter in cell):
            return Bad(line, name, _shown(cell), f"{name} is not UTF-8", shown)
        if "\0" in cell:
            return Bad(line, name, _shown(cell), f"{name} holds a NUL character", shown)
    return None


def _shown(cell: str) -> str:
    """A cell with a mark in place of what is no text."""
    return "".join("\ufffd" if "\udc80" <= letter <= "\udcff" or letter == "\0" else letter for letter in cell)

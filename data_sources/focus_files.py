"""FOCUS exports as they lie on disk: which files make up one export, and the sums in them, batch by batch.

A file is never held whole: Arrow reads it in batches, whose costs are added as decimals, so that sums are exact.
"""

import gzip
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from data_sources.delimited import Bad, Unreadable, header
from data_sources.focus_columns import amounts, mapped, plain, tags
from data_sources.http import SourceError
from data_sources.instants import EPOCH, day, instant

ROWS = 65_536
"""How many rows of a file are held at once."""
MOST_BAD = 1_000
"""A file with more rows that cannot be read is refused: it is no FOCUS export."""
EXACT = Context(prec=120)
_ENDINGS = (".csv", ".csv.gz", ".parquet")
_PART = re.compile(r"^part[-_]?\d.*|[-_.]\d{4,5}$|[-_.]\d{12}$", re.IGNORECASE)
"""How the names of the parts of one export differ: focus-00001, part_0_0001, focus-000000000000."""
_ACCOUNT = "BillingAccountId"
_WANTED = ("BillingPeriodStart", "ChargePeriodStart", "BillingCurrency", _ACCOUNT, "SubAccountId", "SubAccountName")
_ALSO = ("ServiceName", "Tags")
_NEEDED = ("BillingPeriodStart", "BillingCurrency")
_UTC = ZoneInfo("UTC")
BROKEN = (pa.ArrowException, OSError, EOFError, zlib.error)
"""What a file that is cut off or damaged raises."""
Line = Callable[[int], int]
"""Row of a batch → its line in the file; of Parquet, its row."""


class Place(NamedTuple):
    """What a charge says of where it belongs."""

    service_tag: str | None
    team_tag: str | None
    account: str | None
    account_name: str | None
    service_name: str | None


class Month(NamedTuple):
    """One month of one billing account."""

    account: str
    month: str


@dataclass
class Export:
    """The sums of one export."""

    name: str
    written: float
    """When, by its file's time."""
    files: tuple[Path, ...]
    sums: dict[tuple[Month, str, Place], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Month, currency and place → cost."""
    covered: dict[Month, set[tuple[str | None, str | None]]] = field(default_factory=lambda: defaultdict(set))
    """Month → the sub-accounts and days that it holds charges of."""
    bad: list[tuple[str, Bad]] = field(default_factory=list)
    """File and row that was set aside."""
    odd_tags: int = 0
    """Rows whose tags cannot be read: they count, without a service."""


class Wanted(NamedTuple):
    """What is read of an export."""

    cost: str
    service_tag: str
    team_tag: str | None


def find(paths: Sequence[Path], others: Sequence[Path]) -> list[Export]:
    """The exports at paths, without `others`. Raises SourceError where there is none."""
    found: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in paths:
        if not path.exists():
            raise SourceError("address", f"{path} does not exist: name FOCUS files, or folders of them.")
        before = len(found)
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            inside = file.relative_to(path).parts if path.is_dir() else ()
            if any(part.startswith((".", "_")) for part in inside) or file in others or not file.is_file():
                continue
            if file.name.lower().endswith(_ENDINGS):
                stem = file.name[: -len(next(end for end in _ENDINGS if file.name.lower().endswith(end)))]
                found[file.parent, _PART.sub("", stem)].append(file)
        if len(found) == before:
            raise SourceError("address", f"{path} holds no FOCUS export: give CSV, gzipped CSV or Parquet files.")
    return [
        Export(_called(folder, files), max(file.stat().st_mtime for file in files), tuple(files))
        for (folder, _), files in found.items()
    ]


def _called(folder: Path, files: Sequence[Path]) -> str:
    return f"{folder.name}/{files[0].name}" + (f" (and {len(files) - 1:,} more)" if len(files) > 1 else "")


def add_up(export: Export, wanted: Wanted) -> None:
    """Reads the files of an export. Raises SourceError for one that cannot be read."""
    for file in export.files:
        try:
            names = columns(file, wanted)
            rows = _parquet(file, names) if file.suffix.lower() == ".parquet" else _csv(file, names, export)
            for line, cells in rows:
                _add(export, file, cells, wanted, line)
                if len(export.bad) > MOST_BAD:
                    first = export.bad[0][1]
                    told = f"line {first.line}: {first.reason}"
                    raise Unreadable(f"holds more than {MOST_BAD:,} rows that cannot be read ({told})")
        except Unreadable as reason:
            raise SourceError("answer", f"{short(file)} {reason}.") from None
        except PermissionError:
            raise SourceError("permission", f"{short(file)} cannot be read: may this user read it?") from None
        except BROKEN as cause:
            said = " ".join(str(cause).split())[:120]
            raise SourceError("answer", f"{short(file)} cannot be read ({said}): is it whole?") from None


def columns(file: Path, wanted: Wanted) -> dict[str, str]:
    """FOCUS column → its name in a file. Raises Unreadable where one is missing that every export has."""
    if file.suffix.lower() == ".parquet":
        named = parquet.read_schema(file).names
    else:
        with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as stream:
            named, _ = header(stream)  # type: ignore[arg-type]
    there = {name.casefold(): name for name in named}
    found = {name: there[name.casefold()] for name in (wanted.cost, *_WANTED, *_ALSO) if name.casefold() in there}
    missing = [name for name in (wanted.cost, *_NEEDED) if name not in found]
    if missing:
        raise Unreadable(f"has no column {', '.join(missing)}: it is no FOCUS export, keep it elsewhere")
    return found


def _parquet(file: Path, names: Mapping[str, str]) -> Iterator[tuple[Line, Mapping[str, Any]]]:
    with parquet.ParquetFile(file, pre_buffer=False) as opened:
        first = 1
        for batch in opened.iter_batches(ROWS, columns=list(names.values()), use_threads=False):
            yield partial(int.__add__, first), _renamed(batch, names)
            first += batch.num_rows


def _csv(file: Path, names: Mapping[str, str], export: Export) -> Iterator[tuple[Line, Mapping[str, Any]]]:
    skipped: list[int] = []

    def odd(row: Any) -> str:
        skipped.append(row.number)
        reason = f"the row has {row.actual_columns} cells, the header {row.expected_columns}"
        export.bad.append((short(file), Bad(row.number, next(iter(names)), None, reason, {"row": row.text[:2_000]})))
        return "skip"

    with arrow_csv.open_csv(
        pa.input_stream(str(file), compression="gzip" if file.suffix.lower() == ".gz" else None),
        arrow_csv.ReadOptions(use_threads=False, block_size=1 << 20),
        arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=odd),
        arrow_csv.ConvertOptions(
            include_columns=list(names.values()), column_types=dict.fromkeys(names.values(), pa.string())
        ),
    ) as opened:
        read = 2
        for batch in opened:
            yield partial(_line, read, skipped), _renamed(batch, names)
            read += batch.num_rows


def _line(read: int, skipped: Sequence[int], row: int) -> int:
    """The line of a row of a batch: those that were skipped before it have theirs."""
    line = read + row
    for other in skipped:
        line += other <= line
    return line


def _renamed(batch: Any, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: batch.column(other) for name, other in names.items()}


def _add(export: Export, file: Path, cells: Mapping[str, Any], wanted: Wanted, line: Line) -> None:
    """Adds a batch to the sums of its export, and sets aside what cannot be added."""
    count = len(cells[wanted.cost])
    empty = pa.nulls(count, pa.string())
    texts = {name: mapped(cells.get(name, empty), plain) for name in (*_WANTED[2:], "ServiceName")}
    month, of_day = (mapped(cells.get(name, empty), _day) for name in _WANTED[:2])
    cost = amounts(cells[wanted.cost])
    fine = None
    for name, values in (
        (wanted.cost, cost),
        ("BillingPeriodStart", month),
        ("BillingCurrency", texts["BillingCurrency"]),
    ):
        here = pc.is_valid(values)
        for row in pc.indices_nonzero(pc.invert(here) if fine is None else pc.and_(fine, pc.invert(here))).to_pylist():
            shown = {column: _shown(held[row].as_py()) for column, held in cells.items() if held[row].is_valid}
            value = shown.get(name)
            reason = (
                f"{name} is missing" if not value else f"{name} is no {'amount' if name == wanted.cost else 'time'}"
            )
            export.bad.append((short(file), Bad(line(row), name, value, reason, shown)))
        fine = here if fine is None else pc.and_(fine, here)
    service, team, odd = tags(cells.get("Tags", empty), wanted.service_tag, wanted.team_tag)
    export.odd_tags += odd
    table = pa.table(
        {
            **texts,
            "month": pc.utf8_slice_codeunits(month, 0, 7),
            "day": of_day,
            "service": service,
            "team": team,
            "cost": cost,
        }
    ).filter(fine)
    for row in _groups(table, [name for name in table.column_names if name not in ("day", "cost")]):
        where = Place(row["service"], row["team"], row["SubAccountId"], row["SubAccountName"], row["ServiceName"])
        key = (Month(row[_ACCOUNT] or "", row["month"]), row["BillingCurrency"], where)
        export.sums[key] = EXACT.add(export.sums[key], row["cost_sum"])
    for row in _groups(table, ["month", _ACCOUNT, "SubAccountId", "day"]):
        export.covered[Month(row[_ACCOUNT] or "", row["month"])].add((row["SubAccountId"], row["day"]))


def _groups(table: Any, keys: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.group_by(keys, use_threads=False).aggregate([("cost", "sum")]).to_pylist()
    return found


@lru_cache(maxsize=10_000)
def _day(value: Any) -> str | None:
    """The day, in UTC, of a time as an export holds it."""
    if isinstance(value, datetime):
        return f"{(value if value.tzinfo is None else value.astimezone(UTC)):%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    text = str(value or "").strip()
    found = instant(text, _UTC)
    if isinstance(found, int):
        return f"{EPOCH + timedelta(microseconds=found):%Y-%m-%d}"
    on = day(text)
    return None if isinstance(on, str) else on.isoformat()


def _shown(value: Any) -> str:
    return str(value)[:2_000]


def short(file: Path) -> str:
    """A file as people know it."""
    return f"{file.parent.name}/{file.name}"

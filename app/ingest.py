"""Facts from files into the store: read, check the links between facts, keep. The only module that knows both sides."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import Connection, Engine

from app.people import Person
from app.records import ENTITIES, ORIGINS, Entity
from app.store import listing, sums
from app.store.engine import writing
from app.store.write import Reject, RunCounts, Touched, add_rejects, begin_run, end_run, known, upsert
from data_sources import files
from data_sources.columns import rules
from data_sources.delimited import Unreadable
from data_sources.duplicates import Keys
from data_sources.files import Batch, Columns, FactFile, Found, Progress, Refused

__all__ = ["Change", "Keeper", "Refused", "Report", "preview", "run"]
SHOWN = 20
"""How many rows set aside a report shows."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOOKED_AT = 2_000
"""How many rows an entity a preview compares one by one."""


class Change(NamedTuple):
    """What a preview would do to one fact: column → (what the store holds, what the file says)."""

    entity: str
    source: str
    key: str
    new: bool
    columns: Mapping[str, tuple[Any, Any]]


@dataclass
class Report:
    """What an import did, or with `dry` would do."""

    dry: bool
    run: int | None = None
    counts: dict[str, RunCounts] = field(default_factory=dict)
    """By entity, in the order of ENTITIES; those that no file was about are not in it."""
    notes: list[str] = field(default_factory=list)
    """What was passed over: files, sheets, columns."""
    rejects: list[Reject] = field(default_factory=list)
    """The first rows set aside."""
    changes: list[Change] = field(default_factory=list)
    """Of a preview: examples, changed facts first."""

    @property
    def set_aside(self) -> int:
        return sum(count.set_aside for count in self.counts.values())


def run(
    engine: Engine,
    paths: Iterable[Path],
    *,
    source: str = "file",
    timezone: ZoneInfo | None = None,
    dry_run: bool = False,
    strict: bool = False,
    by: Person,
    progress: Progress | None = None,
    examples: int = 0,
) -> Report:
    """Imports files in one transaction: everything that can be kept is, or after an error nothing changed.

    `source` names the facts of rows that name none; `timezone` is where times without an offset are read; `strict`
    refuses the import if any row is set aside. Raises Refused with a sentence for each file that cannot be read,
    NotAllowed for somebody who may not write everywhere: a file may hold facts of anything.
    """
    by.must("write", everywhere=True)
    found = files.find(paths)
    headers = _headers(found)
    report = Report(dry_run, notes=list(found.notes))
    for file, header in zip(found.files, headers, strict=True):
        report.notes += [f"{file.name}: {warning}" for warning in header.warnings]
    names = [file.name for file in found.files]
    with writing(engine, dry=dry_run) as conn:
        number = begin_run(conn, kind="file", source=source, names=names, actor=by.name)
        touched = Touched(number)
        keeper = Keeper(conn, number, source, touched, report, names, examples)
        for place, (file, header) in enumerate(zip(found.files, headers, strict=True)):
            keeper.start(file.entity)
            for batch in _batches(file, header, timezone, progress):
                keeper.keep(file.entity, place, batch)
        if strict and report.set_aside:
            raise Refused(_strictly(report))
        sums.refresh(conn, touched)
        end_run(conn, number, touched, report.counts, names)
    report.run = None if dry_run else number
    return report


def preview(
    engine: Engine,
    paths: Iterable[Path],
    *,
    source: str = "file",
    timezone: ZoneInfo | None = None,
    by: Person,
    examples: int = 10,
) -> Report:
    """What an import of these files would do, with examples of the facts that it would add or change; changes nothing.

    Raises Refused as `run` does.
    """
    report = run(engine, paths, source=source, timezone=timezone, dry_run=True, by=by, examples=examples)
    report.changes.sort(key=lambda change: change.new)
    return report


def _headers(found: Found) -> list[Columns]:
    """Every file's header, looked at before the first row is read."""
    headers, wrong = [], []
    for file in found.files:
        try:
            headers.append(files.columns(file))
        except Unreadable as reason:
            wrong.append(f"{file.name} {reason}.")
    if wrong:
        raise Refused(wrong)
    return headers


def _batches(file: FactFile, header: Columns, zone: ZoneInfo | None, progress: Progress | None) -> Iterator[Batch]:
    try:
        yield from files.read(file, header, zone, progress)
    except Unreadable as reason:
        raise Refused([f"{file.name} {reason}."]) from reason


def _strictly(report: Report) -> list[str]:
    told = [f"{one.file} line {one.line}: {one.reason}." for one in report.rejects]
    more = report.set_aside - len(told)
    return [*told, f"… and {more:,} more."] if more else told


class Keeper:
    """Keeps the batches of one import, each after its links and keys were checked."""

    def __init__(
        self,
        conn: Connection,
        number: int,
        source: str,
        touched: Touched,
        report: Report,
        names: list[str],
        examples: int,
    ):
        self._conn, self._number, self._source, self._touched = conn, number, source, touched
        self._report, self._names, self._examples = report, names, examples
        self._keys: dict[str, Keys] = {}
        self._known: dict[str, Any] = {}
        self._compared: dict[str, int] = {}

    def start(self, entity: Entity) -> None:
        self._report.counts.setdefault(entity.name, RunCounts(0, 0, 0, 0, 0))

    def keep(self, entity: Entity, place: int, batch: Batch) -> None:
        name = self._names[place]
        aside = [
            Reject(self._of(bad.row), entity.name, name, bad.line, bad.column, bad.value, bad.reason, bad.row)
            for bad in batch.bad
        ]
        table = _with_source(batch.table, self._source)
        for check in (self._unknown, self._repeated):
            faults = check(entity, table, place, batch.lines)
            if faults:
                for row, (column, reason) in sorted(faults.items()):
                    shown = files.as_row(batch.cells, row)
                    line = batch.lines[row].as_py()
                    of = table["source"][row].as_py()
                    aside.append(Reject(of, entity.name, name, line, column, shown.get(column), reason, shown))
                fine = pa.array([row not in faults for row in range(table.num_rows)])
                cells = {column: values.filter(fine) for column, values in batch.cells.items()}
                batch = batch._replace(lines=batch.lines.filter(fine), cells=cells)
                table = table.filter(fine)
        seen, new, changed, unchanged, _ = held = self._report.counts[entity.name]
        for of in pc.unique(table["source"]).to_pylist():
            part = table.filter(pc.equal(table["source"], of)).drop_columns(["source"])
            self._compare(entity, of, part)
            counts = upsert(self._conn, entity.name, of, part, self._touched)
            seen, new = seen + counts.seen, new + counts.new
            changed, unchanged = changed + counts.changed, unchanged + counts.unchanged
        aside.sort(key=lambda one: one.line or 0)
        add_rejects(self._conn, self._number, aside)
        self._report.rejects += aside[: max(SHOWN - len(self._report.rejects), 0)]
        total = held.set_aside + len(aside)
        self._report.counts[entity.name] = RunCounts(seen + len(aside), new, changed, unchanged, total)

    def _of(self, row: Mapping[str, str]) -> str:
        return row.get("source", "").strip() or self._source

    def _unknown(self, entity: Entity, table: Any, place: int, lines: Any) -> dict[int, tuple[str, str]]:
        """Rows whose required link names a fact that nobody knows."""
        faults: dict[int, tuple[str, str]] = {}
        for column, target in entity.refs.items():
            for row in _rows(pc.invert(pc.is_in(table[column], value_set=self._ids(target)))):
                faults[row] = column, _nobody(table[column][row].as_py(), target)
        if entity.name == "actions":
            for origin, target in ORIGINS.items():
                missing = pc.invert(pc.is_in(table["origin_id"], value_set=self._ids(target)))
                for row in _rows(pc.and_(pc.equal(table["origin"], origin), missing)):
                    faults[row] = "origin_id", _nobody(table["origin_id"][row].as_py(), target)
        return faults

    def _ids(self, entity: str) -> Any:
        if entity not in self._known:
            self._known[entity] = pa.array(sorted(known(self._conn, entity)), pa.string())
        return self._known[entity]

    def _repeated(self, entity: Entity, table: Any, place: int, lines: Any) -> dict[int, tuple[str, str]]:
        """Rows whose key stood earlier in the same import."""
        key = ["source", *(name for name in entity.key if name in table.column_names)]
        keys = self._keys.setdefault(entity.name, Keys())
        faults = {}
        for row, earlier in keys.repeated(table, key, place, lines).items():
            what = ", ".join(filter(None, (_shown(entity, name, table[name][row].as_py()) for name in key[1:])))
            same = "this row is the same" if earlier.same else "with other values"
            where = f"line {earlier.line} of {self._names[earlier.file]}"
            faults[row] = key[1], f"{_one(entity)} {what} already stands on {where}; {same}"
        return faults

    def _compare(self, entity: Entity, source: str, part: Any) -> None:
        """Examples of what changes, for a preview."""
        held = self._compared.get(entity.name, 0)
        if not self._examples or held >= _LOOKED_AT:
            return
        self._compared[entity.name] = held + part.num_rows
        shown = {True: 0, False: 0}
        for change in self._report.changes:
            shown[change.new] += change.entity == entity.name
        kinds = {rule.name: rule.kind for rule in rules(entity.record)}
        rows = [
            {name: _python(kinds[name], value) for name, value in row.items()}
            for row in part.slice(0, _LOOKED_AT - held).to_pylist()
        ]
        before = listing.stored(self._conn, entity.name, source, rows)
        for row in rows:
            key = tuple(row.get(name) for name in entity.key)
            old = before.get(key)
            columns = {
                name: (old[name] if old else None, row.get(name))
                for name in entity.record.model_fields
                if (row.get(name) is not None if old is None else old[name] != row.get(name))
            }
            if columns and shown[old is None] < self._examples:
                shown[old is None] += 1
                text = ", ".join(str(value) for value in key if value is not None)
                self._report.changes.append(Change(entity.name, source, text, old is None, columns))


def _rows(mask: Any) -> list[int]:
    found = mask.combine_chunks() if isinstance(mask, pa.ChunkedArray) else mask
    rows: list[int] = pc.indices_nonzero(pc.fill_null(found, False)).to_pylist()
    return rows


def _with_source(table: Any, default: str) -> Any:
    if "source" not in table.column_names:
        return table.append_column("source", pa.repeat(pa.scalar(default), table.num_rows))
    at = table.column_names.index("source")
    return table.set_column(at, "source", pc.fill_null(table["source"], default))


def _one(entity: Entity) -> str:
    return {"sli": "the row", "dr_tests": "test"}.get(entity.name, entity.record.__name__.lower())


def _nobody(name: str, target: str) -> str:
    return f"no {_one(ENTITIES[target])} is known by the name {name}: mend it, or import {target} first"


def _shown(entity: Entity, name: str, value: Any) -> str:
    kind = next(rule.kind for rule in rules(entity.record) if rule.name == name)
    value = _python(kind, value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


def _python(kind: str, value: Any) -> Any:
    """A value of a batch as the store gives it back."""
    if value is None:
        return None
    if kind == "instant":
        with suppress(OverflowError):
            return _EPOCH + timedelta(microseconds=value)
    return tuple(value.split(";")) if kind == "names" else value

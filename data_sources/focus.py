"""FOCUS cost exports of clouds and other vendors (1.0 to 1.2): what a unit costs, and spend against its forecast.

An export says what was spent, by month, service and team; how many units that was, or what was forecast, stands in a
CSV of yours. Both together are readings of `unit_cost` and `budget_variance`.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from annotated_types import MinLen
from pydantic import ValidationInfo, field_validator, model_validator

from app.records import ENTITIES, Text
from data_sources import openslo
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.delimited import Bad, Unreadable
from data_sources.files import Batch
from data_sources.focus_files import BROKEN, Export, Wanted, add_up, columns, find, short
from data_sources.focus_spend import Spend, spend
from data_sources.http import Client, Slice, SourceError
from data_sources.mapped import Values
from data_sources.options import Options

_COSTS = {"effective": "EffectiveCost", "billed": "BilledCost"}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_SCOPE = re.compile(r"org|(service|team):.+")


class Focus(Options):
    """Of FOCUS exports."""

    paths: Annotated[tuple[Path, ...], MinLen(1)]
    """Files and folders; relative to the folder of `sources.yaml`."""
    cost: Literal["effective", "billed"] = "effective"
    currency: Text | None = None
    """Which of several currencies counts; the others are left out, and told."""
    service_tag: Text = "service"
    """The tag that names our service."""
    team_tag: Text | None = None
    """The tag that names our team."""
    units: Path | None = None
    """A CSV with period, scope, units."""
    budget: Path | None = None
    """A CSV with period, scope, forecast."""

    @field_validator("paths")
    @classmethod
    def _beside(cls, paths: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
        return openslo.beside(paths, info)

    @field_validator("units", "budget")
    @classmethod
    def _one_beside(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return openslo.beside((path,), info)[0] if path else None

    @model_validator(mode="after")
    def _against_something(self) -> Self:
        if self.units is None and self.budget is None:
            raise ValueError("must give units, or budget, or both: spend alone is no KPI")
        return self

    @property
    def wanted(self) -> Wanted:
        return Wanted(_COSTS[self.cost], self.service_tag, self.team_tag)


class Said(NamedTuple):
    """What a CSV says beside the exports, of one KPI."""

    kpi: str
    file: str
    column: str
    rows: tuple[tuple[int, dict[str, str]], ...]


class Read(NamedTuple):
    """Everything, as it lies on disk."""

    exports: tuple[Export, ...]
    said: tuple[Said, ...]


def fetch(client: Client | None, options: Focus, part: Part, slice_: Slice) -> Read:
    """The exports, added up, and what is said beside them."""
    exports = _found(options)
    said = tuple(_said(options))
    for export in exports:
        add_up(export, options.wanted)
    return Read(tuple(exports), said)


def _found(options: Focus) -> list[Export]:
    return find(options.paths, [path for path in (options.units, options.budget) if path])


def _said(options: Focus) -> Iterator[Said]:
    for kpi, path, column in (
        ("unit_cost", options.units, "units"),
        ("budget_variance", options.budget, "forecast"),
    ):
        if path is None:
            continue
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.DictReader(lines, restval="")
                if missing := {"period", "scope", column} - {*(reader.fieldnames or ())}:
                    raise SourceError("configuration", f"{path.name} has no column {', '.join(sorted(missing))}.")
                yield Said(kpi, path.name, column, tuple((reader.line_num, row) for row in reader))
        except (OSError, UnicodeDecodeError, csv.Error) as cause:
            said = getattr(cause, "strerror", None) or type(cause).__name__
            raise SourceError("address", f"{path} cannot be read ({said}): it must be a CSV in UTF-8.") from None


def parse(raw: Read, options: Focus, part: Part, slice_: Slice) -> Brought:
    """Readings of the months that are over. Raises SourceError for currencies that cannot be added."""
    values = Values(options.map)
    found = spend(raw.exports, options.map, values, options.currency)
    over = f"{slice_.end.astimezone(UTC):%Y-%m}"
    batches: list[tuple[Any, str, Batch]] = []
    notes = list(found.notes)
    for said in raw.said:
        made, told = _readings(said, found, over)
        batches.append((ENTITIES["readings"], said.file, made))
        notes += told
    for export in raw.exports:
        for file in map(short, export.files):
            bad = tuple(one for name, one in export.bad if name == file)
            batches.append((ENTITIES["readings"], file, batch("readings", [])._replace(bad=bad)))
    return Brought(tuple(batches), unread=found.unread, notes=tuple(notes), seen=values.seen())


def _readings(said: Said, found: Spend, over: str) -> tuple[Batch, list[str]]:
    """The readings of one file, and what is not known of others, a sentence each."""
    rows: list[Row] = []
    bad: list[Bad] = []
    told: list[str] = []
    for line, cells in said.rows:
        row = {name: (cells.get(name) or "").strip() for name in ("period", "scope", said.column)}
        if not any(row.values()):
            continue
        period, scope, whole = row.values()
        fault = _fault(said.column, row)
        if fault:
            bad.append(Bad(line, fault[0], row[fault[0]], fault[1], {name: text for name, text in row.items() if text}))
        elif period >= over:
            continue
        elif period not in found.months:
            told.append(f"{period}: its spend is not known, which {said.file} asks for.")
        elif (part := found.of(period, scope)) is None:
            told.append(f"{period}: no spend is known of {scope}, which {said.file} names.")
        else:
            values = {"kpi": said.kpi, "period": period, "scope": scope, "part": float(part), "whole": whole}
            rows.append(Row({**values, "note": found.note}, line))
    made = batch("readings", rows)
    return made._replace(bad=tuple(sorted((*made.bad, *bad), key=lambda one: one.line))), list(dict.fromkeys(told))


def _fault(column: str, row: dict[str, str]) -> tuple[str, str] | None:
    """Which column of a row cannot be, and why."""
    if not _MONTH.fullmatch(row["period"]):
        return "period", "period is no month like 2026-10"
    if not _SCOPE.fullmatch(row["scope"]):
        return "scope", "scope is none of org, service:checkout, team:payments: exports tell no other spend"
    try:
        amount = Decimal(row[column])
    except InvalidOperation:
        amount = Decimal("NaN")
    return None if amount.is_finite() and amount > 0 else (column, f"{column} is no number above 0: write 1234.5")


def test(client: Client | None, options: Focus) -> str:
    """Which exports there are, and whether each file has the columns."""
    exports, said = _found(options), list(_said(options))
    for export in exports:
        for file in export.files:
            try:
                columns(file, options.wanted)
            except (Unreadable, *BROKEN) as cause:
                told = cause if isinstance(cause, Unreadable) else "cannot be read: is it whole?"
                raise SourceError("answer", f"{short(file)} {told}.") from None
    files = sum(len(export.files) for export in exports)
    beside = ", ".join(f"{one.file} with {len(one.rows):,} rows" for one in said)
    return f"{len(exports):,} exports in {files:,} files have {options.wanted.cost}; beside them {beside}."


def _parts(options: Any) -> Sequence[Part]:
    return (Part("exports"),)


KIND = Kind(
    name="focus", options=Focus, test=test, parts=_parts, fetch=fetch, parse=parse, mapped=("services", "teams")
)

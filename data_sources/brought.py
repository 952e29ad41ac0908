"""What a connector gives: facts by the same rules as those of files, rows set aside, and what it could not read."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel

from app.records import ENTITIES, Entity
from data_sources.columns import judge, rules
from data_sources.delimited import Bad
from data_sources.files import Batch, as_row
from data_sources.http import Client, Reason, Slice
from data_sources.mapped import Field, Seen
from data_sources.signatures import NINES, Hook

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class Row(NamedTuple):
    """One fact as a connector reads it: values by the contract's columns, and where it stands."""

    values: Mapping[str, Any]
    line: int = 0
    """In its file; 0 where a system has no lines."""


class Brought(NamedTuple):
    """What one part of a source gave for one slice of time."""

    batches: Iterable[tuple[Entity, str, Batch]] = ()
    """Entity, the place (a file, a query) and its rows; gone through once, so that they may come bit by bit."""
    unread: tuple[str, ...] = ()
    """What could not be read, a sentence each; the facts that came are kept."""
    notes: tuple[str, ...] = ()
    """What was read otherwise than it stands, a sentence each."""
    partial: bool = False
    """Whether more may come of this slice: it is read again."""
    seen: tuple[Seen, ...] = ()
    """The system's own values that were mapped to ours, or could not be."""


class Part(NamedTuple):
    """What is read and remembered by itself: everything, or one SLO. Its name changes with what is asked."""

    name: str
    of: Any = None
    whole: bool = False
    """Whether it has no time: it is read once, before the others, however many slices of time those take."""


@dataclass(frozen=True)
class Kind:
    """A kind of source: one connector."""

    name: str
    options: type[BaseModel]
    test: Callable[[Client | None, Any], str]
    """Asks the source for little and says in a sentence what it found. Raises SourceError."""
    parts: Callable[[Any], Sequence[Part]]
    fetch: Callable[[Client | None, Any, Part, Slice], Any]
    """I/O, no opinions: raw answers."""
    parse: Callable[[Any, Any, Part, Slice], Brought]
    """Opinions, no I/O."""
    slice: Callable[[Any], timedelta] | None = None
    """How much time is asked for and committed at once; None: the source is read whole each time."""
    step: Callable[[Any], timedelta] = field(default=lambda options: timedelta(minutes=1))
    """What slices of time are rounded to: an unfinished step is left for the next reading."""
    overlap: Callable[[Any], timedelta] = field(default=lambda options: timedelta())
    """How far before its mark a reading begins again."""
    settle: Callable[[Any], timedelta] = field(default=lambda options: timedelta())
    """How long the latest facts may take to arrive: nothing younger is read."""
    mapped: tuple[Field, ...] = ()
    """Which of its values the field mapping knows: when those maps change, it is read from the start."""
    apart: frozenset[Reason] = frozenset({"query"})
    """What one part may be refused for while the others go on; anything else ends the reading."""
    hook: Hook = NINES
    """How it tells by itself what happened, where it has a webhook."""
    told_only: bool = False
    """Whether it is never read, and known by its webhook alone."""


def batch(entity: str, rows: Sequence[Row]) -> Batch:
    """Rows judged as a file's are: what may be kept, typed, and why the others may not."""
    found = ENTITIES[entity]
    names = [rule.name for rule in rules(found.record) if any(rule.name in row.values for row in rows)]
    cells = {name: pa.array([_text(row.values.get(name)) for row in rows], pa.string()) for name in names}
    if not cells:
        cells = {rule.name: pa.array([], pa.string()) for rule in rules(found.record)}
    lines = pa.array([row.line for row in rows], pa.int64())
    judged = judge(found, cells)
    bad = tuple(
        Bad(lines[at].as_py(), fault.column, fault.value, fault.reason, as_row(cells, at))
        for at, fault in judged.faults.items()
    )
    kept = {name: column.take(judged.rows) for name, column in cells.items()}
    return Batch(judged.table, lines.take(judged.rows), kept, bad)


def _text(value: Any) -> str:
    """A value as a cell holds it; text that begins like a formula is guarded, as exports guard it, and what no database
    keeps in a text (a NUL, half a character) is replaced."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case datetime() | date():
            return value.isoformat()
        case tuple() | list():
            value = ";".join(map(str, value))
    held = str(value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return f"'{held}" if isinstance(value, str) and _FORMULA.match(held) else held

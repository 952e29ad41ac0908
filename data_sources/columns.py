"""Whole columns of cells validated at once, by the rules that `app/records.py` declares for one record.

A row is kept if and only if its record would be: a property test holds the two together.
"""

import types
import typing
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, AwareDatetime, StringConstraints

from app.records import Entity, Exclusion, Reading, Record, Sli, Text
from data_sources.instants import Parsed, days, instants

Kind = Literal["text", "choice", "whole", "number", "flag", "day", "instant", "names"]
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What is trimmed off a cell: Unicode's white space, as pydantic trims it."""
_CLASS = "".join(f"\\x{{{ord(space):x}}}" for space in SPACE)
_FORMULA = r"^'+[=+\-@\t\r]"
_EXAMPLES = {
    "window": "28d, 30d, 1w, 1M, 1Q or 1Y",
    "period": "2026-10, 2026-Q4 or 2026-10-31",
    "scope": "org, tier:0, team:payments or service:checkout",
}


class Rule(NamedTuple):
    """One column: what its cells may hold."""

    name: str
    kind: Kind
    required: bool
    choices: tuple[str, ...] = ()
    longest: int | None = None
    pattern: str | None = None
    bounds: tuple[Ge | Gt | Le | Lt, ...] = ()
    check: Callable[[str], str] | None = None
    """Of a text: raises ValueError, whose words are the reason."""


class Fault(NamedTuple):
    """Why one row is set aside: the column and the cell at fault, and the reason in words."""

    column: str
    value: str | None
    reason: str


class Judged(NamedTuple):
    """Columns after validation."""

    table: Any
    """pyarrow.Table of the rows that are kept: typed, blank = null; `source` among them when the file has it."""
    rows: Any
    """Which rows of the input they are (int64 array)."""
    faults: Mapping[int, Fault]
    """Row of the input → why it is set aside. Rows in neither were blank altogether."""


@cache
def rules(record: type[Record]) -> tuple[Rule, ...]:
    """The columns of a record, read off its annotations; `source` comes last."""
    hints = typing.get_type_hints(record, include_extras=True)
    own = (_rule(name, hints[name], field.is_required()) for name, field in record.model_fields.items())
    return (*own, _rule("source", Text, False))


def _rule(name: str, annotation: Any, required: bool) -> Rule:
    plain, constraints = _unwrap(annotation)
    bounds = tuple(c for c in constraints if isinstance(c, Ge | Gt | Le | Lt))
    longest = next((c.max_length for c in constraints if isinstance(c, StringConstraints) and c.max_length), None)
    pattern = next((c.pattern for c in constraints if isinstance(c, StringConstraints) and c.pattern), None)
    if typing.get_origin(plain) is Literal:
        return Rule(name, "choice", required, typing.get_args(plain))
    if typing.get_origin(plain) is tuple:
        _, inner = _unwrap(typing.get_args(plain)[0])
        longest = next(c.max_length for c in inner if isinstance(c, StringConstraints))
        return Rule(name, "names", required, longest=longest)
    kind = _SIMPLE.get(plain)
    if kind is None:
        raise TypeError(f"{name}: no rule for columns of {annotation}")
    check = next((c.func for c in constraints if isinstance(c, AfterValidator)), None) if kind == "text" else None
    return Rule(name, kind, required, (), longest, str(pattern) if pattern else None, bounds, check)  # type: ignore[arg-type]


_SIMPLE: Mapping[Any, Kind] = {
    bool: "flag",
    int: "whole",
    float: "number",
    date: "day",
    str: "text",
    AwareDatetime: "instant",
}


def _unwrap(annotation: Any) -> tuple[Any, list[Any]]:
    constraints: list[Any] = []
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation, *found = typing.get_args(annotation)
            constraints += found
        elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
            (annotation,) = (part for part in typing.get_args(annotation) if part is not type(None))
        else:
            return annotation, constraints


def judge(entity: Entity, cells: Mapping[str, Any], zone: ZoneInfo | None = None) -> Judged:
    """The rows that may enter the store, and why the others may not. `cells`: column → string array, all of one length.

    A cell is trimmed; an empty one is blank. One `'` before a formula's sign is taken off (see `app/export.py`).
    """
    count = len(next(iter(cells.values())))
    faults: dict[int, list[Fault]] = {}
    columns: dict[str, Any] = {}
    blank = _blank_rows(cells, count)

    def fault(row: int, column: str, reason: str) -> None:
        if row not in blank:
            cell = cells[column][row].as_py() if column in cells else None
            faults.setdefault(row, []).append(Fault(column, cell, reason))

    for rule in rules(entity.record):
        if rule.name not in cells:
            continue
        trimmed = _trim(cells[rule.name])
        values, reasons = _PARSERS[rule.kind](rule, trimmed, zone)
        for row, reason in reasons.items():
            fault(row, rule.name, f"{rule.name} {reason}")
        if rule.required and values.null_count:
            for row in pc.indices_nonzero(pc.is_null(values)).to_pylist():
                if row not in reasons:
                    fault(row, rule.name, f"{rule.name} is missing")
        columns[rule.name] = values
    for column, bad, reason in _across(entity.record, columns):
        for row in pc.indices_nonzero(pc.fill_null(bad, False)).to_pylist():
            fault(row, column, reason)
    table = pa.table(columns)
    rows = pa.array(range(count), pa.int64())
    if faults or blank:
        keep = pa.array([row not in faults and row not in blank for row in range(count)])
        table, rows = table.filter(keep), rows.filter(keep)
    return Judged(table, rows, {row: _joined(found) for row, found in sorted(faults.items())})


def _joined(found: list[Fault]) -> Fault:
    return found[0]._replace(reason="; ".join(dict.fromkeys(one.reason for one in found)))


def _trim(cells: Any) -> Any:
    trimmed = pc.utf8_trim(cells, SPACE)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _blank_rows(cells: Mapping[str, Any], count: int) -> set[int]:
    empty = None
    for column in cells.values():
        here = pc.is_null(_trim(column))
        empty = here if empty is None else pc.and_(empty, here)
        if not pc.any(empty, min_count=0).as_py():
            return set()
    return set(pc.indices_nonzero(empty).to_pylist())


def _bad(mask: Any, reason: Callable[[int], str]) -> dict[int, str]:
    return {row: reason(row) for row in pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist()}


def _text(rule: Rule, cells: Any, zone: ZoneInfo | None) -> Parsed:
    if pc.any(pc.starts_with(cells, "'")).as_py():
        guarded = pc.match_substring_regex(cells, _FORMULA)
        cells = pc.if_else(guarded, pc.utf8_slice_codeunits(cells, 1), cells)
    reasons: dict[int, str] = {}
    if rule.longest and (pc.max(pc.binary_length(cells)).as_py() or 0) > rule.longest:
        lengths = pc.utf8_length(cells)
        reasons |= _bad(
            pc.greater(lengths, rule.longest),
            lambda row: f"is longer than {rule.longest:,} characters: it has {lengths[row].as_py():,}",
        )
    if rule.pattern:
        reasons |= _bad(
            pc.invert(pc.match_substring_regex(cells, rule.pattern)),
            lambda row: f"is not of the form {_EXAMPLES.get(rule.name, rule.pattern)}",
        )
    if rule.check:
        texts = pc.unique(cells).to_pylist()
        refused = {text: words for text in texts if text and (words := _refusal(rule.check, text))}
        if refused:
            reasons |= {row: refused[text] for row, text in enumerate(cells.to_pylist()) if text in refused}
    return _without(cells, reasons), reasons


def _refusal(check: Callable[[str], str], text: str) -> str | None:
    try:
        check(text)
    except ValueError as refusal:
        return str(refusal).removeprefix(f"{text!r} ")
    return None


def _choice(rule: Rule, cells: Any, zone: ZoneInfo | None) -> Parsed:
    known = pc.is_in(cells, value_set=pa.array(rule.choices, pa.string()))
    bad = pc.and_(pc.invert(known), pc.is_valid(cells))
    reasons = _bad(bad, lambda row: f"is none of {', '.join(rule.choices)}")
    return _without(cells, reasons), reasons


def _flag(rule: Rule, cells: Any, zone: ZoneInfo | None) -> Parsed:
    lower = pc.ascii_lower(cells)
    true = pc.equal(lower, "true")
    bad = pc.invert(pc.or_(true, pc.equal(lower, "false")))
    reasons = _bad(bad, lambda row: "is neither true nor false")
    return _without(true, reasons), reasons


def _whole(rule: Rule, cells: Any, zone: ZoneInfo | None) -> Parsed:
    fine = pc.match_substring_regex(cells, r"^[+-]?[0-9]{1,15}(\.0*)?$")
    reasons = _bad(pc.invert(fine), lambda row: "is not a whole number")
    numbers = pc.cast(pc.cast(_without(cells, reasons), pa.float64()), pa.int64())
    return _within(rule, numbers, reasons)


def _number(rule: Rule, cells: Any, zone: ZoneInfo | None) -> Parsed:
    reasons: dict[int, str] = {}
    try:
        numbers = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        fine = pc.match_substring_regex(cells, r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$")
        reasons |= _bad(pc.invert(fine), lambda row: "is not a number: write 1234.5")
        numbers = pc.cast(_without(cells, reasons), pa.float64())
    reasons |= _bad(pc.invert(pc.is_finite(numbers)), lambda row: "is not a number: write 1234.5")
    return _within(rule, numbers, reasons)


_BEYOND: tuple[tuple[type[Any], str, Callable[[Any, Any], Any], str], ...] = (
    (Ge, "ge", pc.less, "is below {}"),
    (Gt, "gt", pc.less_equal, "is not above {}"),
    (Le, "le", pc.greater, "is above {}"),
    (Lt, "lt", pc.greater_equal, "is not below {}"),
)


def _within(rule: Rule, numbers: Any, reasons: dict[int, str]) -> Parsed:
    for bound in rule.bounds:
        for kind, name, beyond, words in _BEYOND:
            if isinstance(bound, kind):
                limit = getattr(bound, name)
                found = _bad(beyond(numbers, pa.scalar(limit, numbers.type)), lambda row, w=words, x=limit: w.format(x))  # type: ignore[misc]
                reasons |= {row: reason for row, reason in found.items() if row not in reasons}
    return _without(numbers, reasons), reasons


def _names(rule: Rule, cells: Any, zone: ZoneInfo | None) -> Parsed:
    cells, _ = _text(Rule(rule.name, "text", rule.required), cells, zone)
    if pc.any(pc.match_substring(cells, ";")).as_py():
        cells = pc.replace_substring_regex(cells, f"[{_CLASS}]*;[{_CLASS};]*", ";")
        cells = _trim(pc.utf8_trim(cells, SPACE + ";"))
    reasons: dict[int, str] = {}
    longest = rule.longest or 0
    if (pc.max(pc.binary_length(cells)).as_py() or 0) > longest:
        for row, cell in enumerate(cells.to_pylist()):
            if cell and max(map(len, cell.split(";"))) > longest:
                reasons[row] = f"has a name longer than {longest:,} characters"
    return _without(cells, reasons), reasons


def _without(values: Any, reasons: Mapping[int, str]) -> Any:
    if not reasons:
        return values
    return pc.if_else(pa.array([row not in reasons for row in range(len(values))]), values, None)


_PARSERS: Mapping[Kind, Callable[[Rule, Any, ZoneInfo | None], Parsed]] = {
    "text": _text,
    "choice": _choice,
    "whole": _whole,
    "number": _number,
    "flag": _flag,
    "day": lambda rule, cells, zone: days(cells),
    "instant": lambda rule, cells, zone: instants(cells, zone),
    "names": _names,
}


def _across(record: type[Record], columns: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """(column at fault, mask of the rows that break it, reason) of the rules that look at more than one column."""
    found = [
        (later, pc.less(columns[later], columns[earlier]), f"{later} is before {earlier}")
        for earlier, later in record.spans
        if earlier in columns and later in columns
    ]
    if record is Sli:
        found.append(("good", pc.greater(columns["good"], columns["total"]), "good is more than total"))
    if record is Exclusion:
        named = [pc.is_null(columns[name]) for name in ("services", "slos") if name in columns]
        length = len(columns["exclusion"])
        nothing = pa.array([True] * length) if not named else named[0] if len(named) == 1 else pc.and_(*named)
        found.append(("services", nothing, "services or slos is missing: name what is excluded"))
    if record is Reading:
        present = {n: pc.is_valid(columns[n]) for n in ("value", "part", "whole") if n in columns}
        no = pa.array([False] * len(columns["kpi"]))
        value, part, whole = (present.get(name, no) for name in ("value", "part", "whole"))
        silent = pc.invert(pc.or_(value, pc.and_(part, whole)))
        found.append(("value", silent, "value is missing: give value, or part and whole"))
    return found

"""The register as a sheet: its columns, the cells of a risk, and what a row that comes back has changed.

A row knows the version it was exported at. What it changed is found against that version, so that what others changed
meanwhile is not undone; where both changed a field, it is in conflict.
"""

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from app.metrics.risk_findings import contradicts, score
from app.metrics.risk_records import Clash, Entry, Link, RiskKey, differing
from app.policy import Policy

KEYS = ("source", "risk", "version")
LEVEL = "level"
FIELDS = (
    "title", "category", "services", "owner", "status", "likelihood", "impact", LEVEL, "inherent_likelihood",
    "inherent_impact", "target_likelihood", "target_impact", "treatment", "review_on", "identified_on", "closed_on",
    "accepted_by", "accepted_until", "events_per_year_low", "events_per_year_high", "loss_low", "loss_high",
    "description", "response", "tags", "evidence_url", "links",
)  # fmt: skip
COLUMNS = (*KEYS, *FIELDS)
"""Of an export; an import takes any of them, in any order."""
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "id": "risk", "risk_id": "risk", "ref": "risk", "name": "title", "risk_title": "title", "risk_name": "title",
        "service": "services", "risk_owner": "owner", "state": "status", "probability": "likelihood",
        "residual_likelihood": "likelihood", "current_likelihood": "likelihood", "residual_impact": "impact",
        "current_impact": "impact", "risk_level": "level", "rating": "level", "score": "level", "risk_score": "level",
        "next_review": "review_on", "review_date": "review_on", "identified": "identified_on", "closed": "closed_on",
        "tag": "tags", "evidence": "evidence_url", "link": "links", "mitigation": "response",
    }
)  # fmt: skip
"""Other names of columns → ours."""
BY_ACCEPTANCE = ("accepted_by", "accepted_until")


class SheetRow(NamedTuple):
    """One row as it was read: its line, what its cells say by column, and what is wrong with them."""

    line: int
    values: Mapping[str, Any]
    problems: Mapping[str, str]


class Compared(NamedTuple):
    """What a row changed."""

    changes: dict[str, tuple[Any, Any]]
    """Field → (now, as the sheet has it), of what nobody else changed meanwhile."""
    conflicts: dict[str, Clash]
    """Field → what both sides made of it."""
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def kind_of(column: str) -> str:
    """What its cells hold: text, names, whole, number, day or choice."""
    if column in ("likelihood", "impact", "version") or column.endswith(("_likelihood", "_impact")):
        return "whole"
    if column in ("services", "tags", "links"):
        return "names"
    if column in ("status", "treatment"):
        return "choice"
    if column.startswith(("events_", "loss_")):
        return "number"
    return "day" if column.endswith("_on") or column == "accepted_until" else "text"


def words_of(column: str, policy: Policy) -> dict[str, Any]:
    """Words that stand for values in it, in lower case."""
    if column.endswith("likelihood"):
        return {word.casefold(): at for at, word in enumerate(policy.risk.likelihood, 1)}
    if column.endswith("impact"):
        return {word.casefold(): at for at, word in enumerate(policy.risk.impact, 1)}
    if column == "status":
        return {"open": "open", "closed": "closed"}
    if column == "treatment":
        return {word: word for word in ("mitigate", "accept", "transfer", "avoid")}
    return {}


def cell(column: str, key: RiskKey, version: int, entry: Entry) -> Any:
    """What stands in a column of a risk's row: a text, a number, a day, a list of texts, or None."""
    match column:
        case "source":
            return key.source
        case "risk":
            return key.id
        case "version":
            return version
        case "level":
            return entry.stated_level or score(entry)
        case "links":
            return tuple(str(link) for link in entry.links) or None
        case "tags":
            return entry.tags or None
    return getattr(entry, column)


def compare(
    row: SheetRow, columns: Collection[str], key: RiskKey, base: Entry, now: Entry, policy: Policy, today: date
) -> Compared:
    """What a row changed of a risk since it was exported, against what it is now."""
    problems = [f"{column}: {said}." for column, said in row.problems.items()]
    if problems:
        return Compared({}, {}, tuple(problems), ())
    fields, refused = wanted(row, columns, base)
    problems += refused
    mine = {}
    for name, value in fields.items():
        if not _same(cell(name, key, 0, base), value):
            mine[name] = _links(value, problems) if name == "links" else value
    notes: list[str] = []
    level = row.values.get(LEVEL) if LEVEL in columns else None
    rated = _rated(base, mine)
    if level is not None and rated is not None:
        touched = not _same(str(cell(LEVEL, key, 0, base)), level)
        if contradicts(level, rated[0] * rated[1], policy):
            notes.append(_contradiction(level, rated, policy))
        if touched:
            stated = level if contradicts(level, rated[0] * rated[1], policy) else None
            if stated != base.stated_level:
                mine["stated_level"] = stated
    if mine.get("status") == "closed" and base.closed_on is None and mine.get("closed_on") is None:
        mine["closed_on"] = today
    if mine.get("status") == "open" and base.closed_on is not None:
        mine["closed_on"] = None
    theirs = differing(base, now)
    changes, conflicts = {}, {}
    for name, value in mine.items():
        held = getattr(now, name)
        if name not in theirs:
            changes[name] = (held, value)
        elif not _same(held, value):
            conflicts[name] = Clash(getattr(base, name), value, held)
    return Compared(changes, conflicts, tuple(problems), tuple(notes))


def wanted(row: SheetRow, columns: Collection[str], base: Entry | None) -> tuple[dict[str, Any], list[str]]:
    """The fields that a row states, and what it may not: acceptances are signed, not typed."""
    fields = {name: row.values.get(name) for name in FIELDS if name in columns and name != LEVEL}
    refused = []
    for name in BY_ACCEPTANCE:
        if name in fields and not _same(fields[name], None if base is None else getattr(base, name)):
            refused.append(f"{name}: an acceptance is asked for and signed in the register, not in a sheet.")
        fields.pop(name, None)
    return fields, refused


def stated(row: SheetRow, columns: Collection[str], policy: Policy) -> tuple[str | None, tuple[str, ...]]:
    """Of a new risk: the level that its row states against the matrix, and the sentence that says so."""
    level = row.values.get(LEVEL) if LEVEL in columns else None
    rated = (row.values.get("likelihood"), row.values.get("impact"))
    if level is None or not isinstance(rated[0], int) or not isinstance(rated[1], int):
        return None, ()
    if not contradicts(level, rated[0] * rated[1], policy):
        return None, ()
    return level, (_contradiction(level, (rated[0], rated[1]), policy),)


def _contradiction(level: str, rated: tuple[int, int], policy: Policy) -> str:
    now = rated[0] * rated[1]
    return f"level says {level}, but {rated[0]} x {rated[1]} is {now} ({policy.risk.band(now).name}) in the matrix."


def _rated(base: Entry, mine: Mapping[str, Any]) -> tuple[int, int] | None:
    one, other = mine.get("likelihood", base.likelihood), mine.get("impact", base.impact)
    return (one, other) if isinstance(one, int) and isinstance(other, int) else None


def _links(names: Any, problems: list[str]) -> tuple[Link, ...]:
    found = []
    for text in names or ():
        try:
            found.append(Link.read(text))
        except ValueError as reason:
            problems.append(f"links: {reason}.")
    return tuple(found)


read_links = _links


def _same(one: Any, other: Any) -> bool:
    """Whether two cells say the same; a spreadsheet writes line ends and the last digits of a number its own way."""
    one, other = (None if value in ("", ()) else value for value in (one, other))
    if isinstance(one, str) and isinstance(other, str):
        return _flat(one) == _flat(other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return [_flat(str(part)) for part in one] == [_flat(str(part)) for part in other]
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-12 * max(abs(one), abs(other))
    return bool(one == other)


def _flat(text: str) -> str:
    return text.replace("_x000D_", "\r").replace("\r\n", "\n").replace("\r", "\n").strip()

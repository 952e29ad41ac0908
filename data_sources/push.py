"""Facts that a system tells by itself, by a signed delivery to its webhook; and a source that does nothing else."""

from collections.abc import Collection, Mapping
from typing import Any

from app.records import ENTITIES, Entity
from data_sources.brought import Brought, Kind, Row, batch
from data_sources.columns import rules
from data_sources.files import Batch
from data_sources.http import Client
from data_sources.options import Options, Webhook


class Push(Options):
    """Of a source that is never asked."""

    webhook: Webhook


class Unacceptable(ValueError):
    """A delivery that cannot be read; the message is one sentence that says what to mend."""


def facts(said: Any) -> tuple[list[tuple[Entity, Batch]], tuple[str, ...]]:
    """The rows of a delivery, judged as a file's are, in the order in which they can be kept, and what was passed over.

    Raises Unacceptable for what is no `{"entity": [{"column": value, …}, …], …}` at all.
    """
    if not isinstance(said, dict) or not said:
        raise Unacceptable('facts must be an object like {"incidents": [{"incident": "i1", …}]}.')
    unknown = next((name for name in said if name not in ENTITIES), None)
    if unknown is not None:
        raise Unacceptable(f"facts names {unknown[:60]}, which is none of {', '.join(ENTITIES)}.")
    found: list[tuple[Entity, Batch]] = []
    notes: list[str] = []
    for name, entity in ENTITIES.items():
        if name not in said:
            continue
        rows = said[name]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unacceptable(f"{name} must be a list of objects, each with the columns of one fact.")
        known = {rule.name: rule for rule in rules(entity.record) if rule.name in entity.record.model_fields}
        strange = dict.fromkeys(column for row in rows for column in row if column not in known)
        notes += [f"{name}: column {column[:60]} is not known, and was passed over." for column in strange]
        needed = dict.fromkeys(rule.name for rule in known.values() if rule.required)
        read = [Row(_cells(name, at, needed | row, known.keys()), at) for at, row in enumerate(rows, start=1)]
        found.append((entity, batch(name, read)))
    return found, tuple(notes)


def _cells(entity: str, at: int, row: Mapping[str, Any], known: Collection[str]) -> Mapping[str, Any]:
    """The columns that are known; `source` is none of them: nobody tells facts of another source."""
    for column, value in row.items():
        inside = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list) for one in inside):
            raise Unacceptable(f"{entity}, row {at}: {column[:60]} must be a text, a number, true or false, or a list.")
    return {column: value for column, value in row.items() if column in known}


def test(client: Client | None, options: Push) -> str:
    """It cannot be asked."""
    return "It is never asked: it tells its facts by itself, by its webhook."


KIND = Kind(
    name="push",
    options=Push,
    test=test,
    parts=lambda options: (),
    fetch=lambda *asked: None,
    parse=lambda *told: Brought(),
    told_only=True,
)

"""ServiceNow: incidents, the problems behind them as postmortems, problem tasks as actions, changes as deployments.

Everything is asked for by when it was last updated, so that an edit is seen whenever it is made. An incident is read
again when its problem is updated, and a task of a problem brings the incidents of that problem with it: what names an
incident never comes before it. Every ServiceNow is customised: `fields` says where a fact stands there.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import NamedTuple

from app.records import ENTITIES
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.http import Client, Slice, SourceError
from data_sources.mapped import Values
from data_sources.servicenow_fields import TABLES, Asked, Listed, ServiceNow
from data_sources.servicenow_tables import Record, Rows, count, instant, rows, shown, unknown, value, word

_SEVERITY = MappingProxyType({str(number): number for number in range(1, 6)})
_TRUTH = MappingProxyType({"true": True, "false": False, "yes": True, "no": False})
_OUTCOMES = MappingProxyType(
    {
        "successful": "succeeded",
        "successful_issues": "succeeded",
        "unsuccessful": "failed",
        "backed_out": "rolled_back",
        "rolled_back": "rolled_back",
    }
)
_INCIDENT_OPEN, _INCIDENT_CANCELLED = frozenset({"1", "2", "3"}), "8"
_PROBLEM_OPEN = frozenset({"1", "2", "3", "101", "102", "103", "104"})
_PROBLEM_DROPPED = frozenset({"canceled", "duplicate"})
_TASK_DROPPED = frozenset({"4", "7"})
"""Closed incomplete and closed skipped."""
_CHANGE_CANCELLED = "4"
_PLANNED = MappingProxyType({"emergency": True, "normal": False, "standard": False})
_AT_ONCE = 50
"""How many problems one question for their incidents names."""
_NAMED = 5
_CALLED: Mapping[Listed, tuple[str, str]] = MappingProxyType(
    {
        "incidents": ("incidents", "incidents"),
        "actions": ("incidents", "problem tasks"),
        "deployments": ("changes", "changes"),
    }
)
"""What has a table of its own: the part that it is read with, and how it is called there."""


class Raw(NamedTuple):
    """What one slice gave."""

    records: Sequence[Record]
    """Incidents, or changes."""
    tasks: Sequence[Record] = ()
    unread: tuple[str, ...] = ()


def parts(options: ServiceNow) -> Sequence[Part]:
    """Incidents with what hangs on them, and changes; with other fields or conditions they are read from the start."""
    asked = repr(options.model_dump(include={"fields", "query", "outcomes"}))
    told = hashlib.sha256(asked.encode()).hexdigest()[:8]
    return [Part(f"{name}#{told}", name) for name in ("incidents", "changes") if name in options.read]


def fetch(client: Client | None, options: ServiceNow, part: Part, slice_: Slice) -> Raw:
    """What was updated in a slice: changes, or incidents, those whose problem was, and those whose problem's task."""
    assert client is not None
    if part.of == "changes":
        found = _updated(client, options, "deployments", slice_)
        return Raw(found.rows, unread=found.unread)
    unread: list[str] = []
    try:
        tasks = _updated(client, options, "actions", slice_)
    except SourceError as cause:
        if cause.reason != "permission":
            raise
        tasks = Rows((), (str(cause),))
    answers = [
        _updated(client, options, "incidents", slice_),
        _updated(client, options, "incidents", slice_, "problem_id.sys_updated_on"),
    ]
    problems = sorted({value(task, "problem") for task in tasks.rows} - {""})
    for first in range(0, len(problems), _AT_ONCE):
        these = f"problem_idIN{','.join(problems[first : first + _AT_ONCE])}"
        condition = _all(options.query.get("incidents"), these)
        answers.append(rows(client, "incident", options.asked("incident"), condition))
    for answer in (tasks, *answers):
        unread += answer.unread
    records = {value(row, "sys_id"): row for answer in answers for row in answer.rows}
    return Raw(list(records.values()), tasks.rows, tuple(dict.fromkeys(unread)))


def _updated(
    client: Client,
    options: ServiceNow,
    entity: Listed,
    slice_: Slice,
    field: str = "sys_updated_on",
) -> Rows:
    table = TABLES[entity]
    first, after = (at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") for at in slice_)
    condition = _all(options.query.get(entity), f"{field}>={first}", f"{field}<{after}")
    return rows(client, table, options.asked(table), condition)


def _all(*conditions: str | None) -> str:
    return "^".join(filter(None, conditions))


def parse(raw: Raw, options: ServiceNow, part: Part, slice_: Slice) -> Brought:
    """Incidents, postmortems and actions; or deployments. Raises SourceError for a field that is not there."""
    values = Values(options.map, severity=_SEVERITY, impact=_TRUTH)
    if part.of == "changes":
        _known(raw.records, options, "deployments")
        changes = [_deployment(row, options, values) for row in raw.records if _done(row, options)]
        return _brought({"deployments": changes}, raw, values)
    _known(raw.records, options, "incidents", "postmortems")
    _known(raw.tasks, options, "actions")
    facts = {
        "incidents": [_incident(row, options, values) for row in raw.records],
        "postmortems": [_postmortem(row, options) for row in raw.records if value(row, "problem_id")],
        "actions": [],
    }
    lost = []
    for task in raw.tasks:
        origin = _origin(task, raw.records)
        if origin is None:
            lost.append(value(task, "number"))
        else:
            facts["actions"].append(_action(task, origin, options))
    return _brought(facts, raw, values, tuple(_without(lost)))


def _brought(facts: Mapping[str, Sequence[Row]], raw: Raw, values: Values, notes: tuple[str, ...] = ()) -> Brought:
    batches = [(ENTITIES[name], name, batch(name, found)) for name, found in facts.items() if found]
    return Brought(batches, raw.unread, notes, seen=values.seen())


def _known(found: Sequence[Record], options: ServiceNow, *entities: Asked) -> None:
    """Raises SourceError for a field that `fields` names and no row has."""
    for entity in entities:
        for column, names in options.fields.get(entity, {}).items():
            missing = unknown(found, names)
            if missing:
                raise SourceError(
                    "query",
                    f"the table {TABLES[entity]} has no field {missing}, which fields.{entity}.{column} names, or "
                    "this user may not read it.",
                )


def _without(lost: Sequence[str]) -> Iterator[str]:
    if lost:
        more = f" and {len(lost) - _NAMED:,} more" if len(lost) > _NAMED else ""
        named = f"{', '.join(lost[:_NAMED])}{more}"
        yield f"Problem tasks whose problem has no incident that is read are left out: {named}."


def _incident(row: Record, options: ServiceNow, values: Values) -> Row:
    def names(column: str) -> tuple[str, ...]:
        return options.names("incidents", column)

    title, state = shown(row, *names("title")), value(row, "state")
    of = f"{value(row, 'number')} {title}"
    return Row(
        {
            "incident": value(row, "number"),
            "title": title,
            "severity": values.severity(word(row, *names("severity")), of),
            "started_at": instant(row, *names("started_at")),
            "detected_at": instant(row, *names("detected_at")),
            "acknowledged_at": instant(row, *names("acknowledged_at")),
            "mitigated_at": instant(row, *names("mitigated_at")),
            "resolved_at": None if state in _INCIDENT_OPEN else instant(row, *names("resolved_at")),
            "services": values.services((shown(row, *names("services")),), of),
            "cause": values.cause(shown(row, *names("cause")), of),
            "caused_by": shown(row, *names("caused_by")),
            # One that was cancelled is kept, so that it no longer stands as it did before, and never counts.
            "kind": "test" if state == _INCIDENT_CANCELLED else "incident",
            "customer_impact": values.customer_impact(word(row, *names("customer_impact")), of),
            "commander": shown(row, *names("commander")),
            "url": _address(options, "incident", row),
        }
    )


def _postmortem(row: Record, options: ServiceNow) -> Row:
    def names(column: str) -> tuple[str, ...]:
        return options.names("postmortems", column)

    dropped = value(row, "problem_id.resolution_code") in _PROBLEM_DROPPED
    done = not dropped and value(row, "problem_id.state") not in _PROBLEM_OPEN
    return Row(
        {
            "incident": value(row, "number"),
            "owner": shown(row, *names("owner")),
            "drafted_at": instant(row, *names("drafted_at")),
            "completed_at": instant(row, *names("completed_at")) if done else None,
            "reviewed_at": instant(row, *names("reviewed_at")),
            "url": _address(options, "problem", row, "problem_id"),
        }
    )


def _origin(task: Record, incidents: Iterable[Record]) -> str | None:
    """The incident that a task goes back to: the one that its problem names as the first, else the earliest."""
    of = [row for row in incidents if value(row, "problem_id") == value(task, "problem") != ""]
    first = value(task, "problem.first_reported_by_task")
    of.sort(key=lambda row: (value(row, "sys_id") != first, value(row, "opened_at"), value(row, "number")))
    return value(of[0], "number") if of else None


def _action(task: Record, origin: str, options: ServiceNow) -> Row:
    def names(column: str) -> tuple[str, ...]:
        return options.names("actions", column)

    closed = instant(task, "closed_at") if value(task, "active") != "true" else None
    dropped = value(task, "state") in _TASK_DROPPED or "cancel" in value(task, "close_code").casefold()
    priority = value(task, "priority")
    return Row(
        {
            "action": value(task, "number"),
            "origin": "incident",
            "origin_id": origin,
            "title": shown(task, *names("title")),
            "owner": shown(task, *names("owner")),
            "priority": min(int(priority), 4) if priority in _SEVERITY else None,
            "opened_at": instant(task, "opened_at"),
            "due_on": value(task, *names("due_on"))[:10] or None,
            "closed_at": None if dropped else closed,
            "cancelled_at": closed if dropped else None,
            "url": _address(options, "problem_task", task),
        }
    )


def _done(row: Record, options: ServiceNow) -> bool:
    """Whether a change came to an end: one that is planned or under way has no outcome yet."""
    return bool(value(row, *options.names("deployments", "status"))) and value(row, "state") != _CHANGE_CANCELLED


def _deployment(row: Record, options: ServiceNow, values: Values) -> Row:
    def names(column: str) -> tuple[str, ...]:
        return options.names("deployments", column)

    outcomes = {code.casefold(): ours for code, ours in {**_OUTCOMES, **options.outcomes}.items()}
    code = word(row, *names("status")) or ""
    plain = code.casefold()
    return Row(
        {
            "deployment": value(row, "number"),
            "service": values.service(shown(row, *names("service")), value(row, "number")),
            "deployed_at": instant(row, *names("deployed_at")),
            "status": outcomes.get(plain) or outcomes.get(plain.replace(" ", "_"), code),
            "unplanned": _PLANNED.get((word(row, *names("unplanned")) or "").casefold()),
            "url": _address(options, "change_request", row),
        }
    )


def _address(options: ServiceNow, table: str, row: Record, key: str = "sys_id") -> str:
    return f"{options.url}/nav_to.do?uri={table}.do%3Fsys_id%3D{value(row, key)}"


def test(client: Client | None, options: ServiceNow) -> str:
    """How many of each it holds, and whether the fields that `fields` names are there."""
    assert client is not None
    told = []
    for entity, (part, called) in _CALLED.items():
        if part not in options.read:
            continue
        table = TABLES[entity]
        left, found = count(client, table, options.query.get(entity, ""), options.asked(table))
        _known(found, options, *(one for one, of in TABLES.items() if of == table))
        told.append(f"{called} (how many is not told)" if left is None else f"{left:,} {called}")
    return f"It answers: {', '.join(told)}."


KIND = Kind(
    name="servicenow",
    options=ServiceNow,
    test=test,
    parts=parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=options.slice_days),
    overlap=lambda options: timedelta(minutes=10),
    mapped=("severity", "services", "customer_impact", "causes"),
    apart=frozenset({"query", "permission"}),
)

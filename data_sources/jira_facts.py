"""Jira's issues as facts: incidents, post-mortems and actions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from app.records import ENTITIES, Entity
from data_sources.brought import Brought, Part, Row, batch
from data_sources.files import Batch
from data_sources.http import Slice
from data_sources.jira_issues import Issue, done_at, first_day, first_key, is_cancelled, is_done, texts
from data_sources.jira_options import PRIORITIES, Actions, Incidents, Issues, Jira, Postmortems, belongings
from data_sources.mapped import Values

_RANKS = (("highest", "blocker"), ("high",), ("medium",), ("low",), ("lowest",))
_NUMBERED = ("{}", "p{}", "s{}", "sev{}", "sev {}", "sev-{}", "severity {}")
_SEVERITY = MappingProxyType(
    {word.format(rank): rank for rank, words in enumerate(_RANKS, 1) for word in (*words, *_NUMBERED)}
)
"""Words that say their rank themselves; `Critical` or `Major` are the first in one scheme and the third in another."""
_WORDS = MappingProxyType({"yes": True, "no": False, "true": True, "false": False})


class Raw(NamedTuple):
    """What one query gave for a slice of time."""

    issues: Sequence[Issue]
    incidents: Sequence[Issue]
    """Incidents that these issues belong to, and that the reading had not brought yet."""
    ids: Mapping[str, str]
    """Where a column stands → the field's id."""
    keys: Mapping[str, str]
    """Keys of incidents as they are now → as they were first, which is what they are called here."""
    url: str
    """Where people look at issues."""
    unread: Sequence[str]
    partial: bool


class _Reader:
    """Reads issues by what one query says of their columns."""

    def __init__(self, raw: Raw, query: Issues, options: Jira, values: Values):
        self.raw, self.query, self.options, self.values = raw, query, options, values
        self.told: list[str] = []
        self.notes: list[str] = []

    def rows(self, issues: Sequence[Issue]) -> tuple[str, list[Row]]:
        """What the query's issues are, and they as such."""
        match self.query:
            case Incidents():
                return "incidents", [self.incident(issue) for issue in issues]
            case Postmortems():
                return "postmortems", [self.postmortem(issue) for issue in issues]
            case Actions() as actions:
                return "actions", [self.action(issue, actions) for issue in issues]
        raise TypeError(f"{type(self.query).__name__} is no query of Jira's")

    def cells(self, issue: Issue) -> dict[str, Any]:
        """Column → text, of the first place that holds something."""
        found: dict[str, Any] = {"url": f"{self.raw.url}/browse/{issue['key']}"}
        for column, places in self.query.where().items():
            held = (list(texts(issue, place, self.raw.ids)) for place in places)
            found[column] = next((said if column == "services" else said[0] for said in held if said), None)
        if self.query.belongs:
            named = next(belongings(issue, self.query, self.raw.ids), None)
            found[self.query.belongs] = self.raw.keys.get(named or "", named)
        if is_done(issue) and done_at(issue) is None:
            self.told.append(f"{issue['key']} is done, but nothing tells since when.")
        return found

    def incident(self, issue: Issue) -> Row:
        cells, of = self.cells(issue), f"{issue['key']} {issue['fields'].get('summary')}"
        return Row(
            {
                **cells,
                "incident": first_key(issue),
                "severity": self.values.severity(cells["severity"], of),
                "services": self.values.services(cells["services"] or (), of),
                "cause": self.values.cause(cells.get("cause"), of),
                "kind": str(cells.get("kind") or "incident").casefold(),
                "customer_impact": self.values.customer_impact(cells.get("customer_impact"), of),
            }
        )

    def postmortem(self, issue: Issue) -> Row:
        cells = self.cells(issue)
        return Row({**cells, "completed_at": None} if is_cancelled(issue, self.options.cancelled) else cells)

    def action(self, issue: Issue, query: Actions) -> Row:
        cells, cancelled = self.cells(issue), is_cancelled(issue, self.options.cancelled)
        due = query.where()["due_on"][0]
        known = {word.casefold(): rank for word, rank in {**PRIORITIES, **query.priorities}.items()}
        said = cells["priority"]
        if said and said.casefold() not in known:
            self.notes.append(f"The priority {said!r} is unknown: priorities may say what it means.")
        return Row(
            {
                **cells,
                "action": first_key(issue),
                "origin": query.origin,
                "priority": known.get(str(said).casefold()),
                "original_due_on": first_day(issue, self.raw.ids[due], due) if due in self.raw.ids else None,
                "closed_at": None if cancelled else cells["closed_at"],
                "cancelled_at": done_at(issue) if cancelled else None,
                "outcome": str(cells["outcome"]).casefold() if cells.get("outcome") else None,
            }
        )


def parse(raw: Raw, options: Jira, part: Part, slice_: Slice) -> Brought:
    """Facts; the incidents that something belongs to go before it."""
    values = Values(options.map, severity=_SEVERITY, impact=_WORDS)
    batches: list[tuple[Entity, str, Batch]] = []
    told, notes = list(raw.unread), list[str]()
    for query, issues in ((options.issues.incidents, raw.incidents), (getattr(options.issues, part.of), raw.issues)):
        if query is None or not issues:
            continue
        reader = _Reader(raw, query, options, values)
        entity, rows = reader.rows(issues)
        batches.append((ENTITIES[entity], entity, batch(entity, rows)))
        told += reader.told
        notes += dict.fromkeys(reader.notes)
    return Brought(tuple(batches), tuple(told), tuple(notes), partial=raw.partial, seen=values.seen())

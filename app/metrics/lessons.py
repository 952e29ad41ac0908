"""What incidents have in common, what each of them cost, and what is still owed for them: postmortems and actions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from app.metrics import impact
from app.metrics.facts import Action, Facts, Incident, Postmortem
from app.metrics.grouping import Places
from app.metrics.incidents import real, repeats
from app.metrics.learning import due_at
from app.metrics.numbers import Ask
from app.metrics.periods import between, local_day

PostmortemState = Literal["completed", "completed_late", "late", "due", "not_resolved"]
ActionState = Literal["overdue", "open", "closed", "closed_late", "cancelled"]
ID = tuple[str, str]
"""(source, id)."""


def detected(facts: Facts, ask: Ask) -> list[Incident]:
    """The incidents of the periods and scope, by detected_at, the latest first."""
    places = Places(facts, ask)
    found = [one for one in real(facts) if places.period(one.detected_at) and in_scope(places, one)]
    return sorted(found, key=lambda one: (one.detected_at, one.incident), reverse=True)


def in_scope(places: Places, incident: Incident) -> bool:
    """Whether an incident counts in the scope at all: not only on services that had retired."""
    services = places.alive(incident.services, incident.detected_at)
    return services is not None and bool(places.groups(services))


def severities(found: Sequence[Incident]) -> Mapping[int, int]:
    """How many incidents of each severity."""
    return Counter(one.severity for one in found)


def causes(found: Sequence[Incident]) -> list[tuple[str, int]]:
    """How many incidents each cause made, most first; those that name none are not in it."""
    counts = Counter(one.cause for one in found if one.cause)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def chains(facts: Facts, ask: Ask, again: Mapping[ID, str]) -> list[tuple[Incident, ...]]:
    """Incidents that repeat one another, each chain in order of time, the longest first; those of which at least one
    was detected in the periods and scope. `again` is what `repeats` found."""
    here = {(one.source, one.incident) for one in detected(facts, ask)}
    found = [chain for chain in _chains(facts, again) if any((one.source, one.incident) in here for one in chain)]
    return sorted(found, key=lambda chain: (-len(chain), -chain[-1].detected_at.timestamp(), chain[0].incident))


def chain_of(facts: Facts, incident: Incident) -> tuple[Incident, ...]:
    """The chain of repeats that an incident stands in, in order of time; empty for one that stands alone."""
    return next((chain for chain in _chains(facts, repeats(facts)) if incident in chain), ())


def _chains(facts: Facts, again: Mapping[ID, str]) -> list[tuple[Incident, ...]]:
    by_id = {(one.source, one.incident): one for one in real(facts)}
    homes: defaultdict[str, list[ID]] = defaultdict(list)
    for key in by_id:
        homes[key[1]].append(key)
    root: dict[ID, ID] = {}

    def find(key: ID) -> ID:
        while root.setdefault(key, key) != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for key, earlier in again.items():
        other = (key[0], earlier) if (key[0], earlier) in by_id else next(iter(homes.get(earlier, ())), None)
        if other is not None and key in by_id:
            root[find(key)] = find(other)
    joined: defaultdict[ID, list[Incident]] = defaultdict(list)
    for key in list(root):
        joined[find(key)].append(by_id[key])
    return [
        tuple(sorted(chain, key=lambda one: (one.detected_at, one.incident)))
        for chain in joined.values()
        if len(chain) > 1
    ]


class Toll(NamedTuple):
    """What one incident did by itself: minutes of customer impact, and money where a cost per minute is known."""

    minutes: float | None
    """None: nothing says that customers were affected."""
    cost: float | None


def toll(facts: Facts, incident: Incident, as_of: datetime) -> Toll:
    """The union of an incident's impact windows, over all services, and what it cost."""
    return tolls(facts, [incident], as_of)[incident.source, incident.incident]


def tolls(facts: Facts, found: Sequence[Incident], as_of: datetime) -> dict[ID, Toll]:
    """What each incident did by itself: its windows alone, as if there were no other incident."""
    impacts = defaultdict(list)
    for one in facts.impacts:
        impacts[one.source, one.incident].append(one)
    return {
        (one.source, one.incident): _toll(
            replace(facts, incidents=(one,), impacts=tuple(impacts[one.source, one.incident])), as_of
        )
        for one in found
    }


def _toll(alone: Facts, as_of: datetime) -> Toll:
    spans = impact.windows(alone, as_of)
    if not spans:
        return Toll(None, None)
    zone = alone.policy.timezone
    first, last = min(w.start for w in spans), max(max(w.stop, w.start) for w in spans)
    ask = Ask(between(local_day(first, zone), local_day(last, zone), "span", zone), as_of)
    minutes = sum(row.part for row in impact.customer_impact_minutes(alone, ask))
    priced = [row.part for row in impact.downtime_cost(alone, ask) if not row.reason]
    return Toll(minutes, sum(priced) if priced else None)


class Review(NamedTuple):
    """One severe incident's postmortem against its deadline."""

    incident: Incident
    postmortem: Postmortem | None
    deadline: datetime | None
    """None: not resolved yet."""
    state: PostmortemState


def review(facts: Facts, incident: Incident, as_of: datetime) -> Review | None:
    """The postmortem that an incident owes or has; None where it owes none and has none, and where no source brings
    any."""
    if not facts.postmortems:
        return None
    written = next(
        (p for p in facts.postmortems if (p.source, p.incident) == (incident.source, incident.incident)), None
    )
    return _review(facts, incident, written, as_of)


def review_of(facts: Facts, key: ID, written: Mapping[ID, Postmortem], as_of: datetime) -> Review | None:
    """The same of one of the facts' incidents, by its key; `written` are the postmortems by theirs."""
    one = next(incident for incident in facts.incidents if (incident.source, incident.incident) == key)
    if key not in written and one.severity > facts.policy.major_severity:
        return None
    return _review(facts, one, written.get(key), as_of)


def reviews(facts: Facts, ask: Ask) -> list[Review]:
    """Postmortems of the severe incidents in scope, whenever they were; nothing where no source brings postmortems."""
    written = {(p.source, p.incident): p for p in facts.postmortems}
    if not written:
        return []
    places = Places(facts, ask)
    found = []
    for one in real(facts):
        if one.severity <= facts.policy.major_severity and in_scope(places, one):
            made = _review(facts, one, written.get((one.source, one.incident)), ask.as_of)
            if made is not None:
                found.append(made)
    return sorted(found, key=lambda r: (r.deadline or ask.as_of, r.incident.incident))


def _review(facts: Facts, incident: Incident, written: Postmortem | None, as_of: datetime) -> Review | None:
    if written is None and incident.severity > facts.policy.major_severity:
        return None
    done = written.completed_at if written else None
    if incident.resolved_at is None:
        return Review(incident, written, None, "completed" if done else "not_resolved")
    deadline = incident.resolved_at + timedelta(days=facts.policy.postmortem_days)
    state: PostmortemState = "due" if deadline > as_of else "late"
    if done is not None:
        state = "completed" if done <= deadline else "completed_late"
    return Review(incident, written, deadline, state)


class Owed(NamedTuple):
    """One action of an incident."""

    action: Action
    state: ActionState
    due_on: date | None
    """As first promised."""
    days: int
    """How old it is, or was when it ended."""


def actions(facts: Facts, ask: Ask) -> list[Owed]:
    """The actions of incidents in scope, whenever they were opened."""
    places = Places(facts, ask)
    homes = {one.incident: one.services for one in facts.incidents}
    return [
        owed(facts, action, ask.as_of)
        for action in facts.actions
        if action.origin == "incident" and places.groups(homes.get(action.origin_id, ()))
    ]


def owed(facts: Facts, action: Action, as_of: datetime) -> Owed:
    """An action's state at as-of: a day that is due holds to its end."""
    due = due_at(Places(facts, Ask((), as_of)), action)
    ended = action.cancelled_at or action.closed_at
    if action.cancelled_at is not None:
        state: ActionState = "cancelled"
    elif action.closed_at is not None:
        state = "closed_late" if due is not None and action.closed_at >= due else "closed"
    else:
        state = "overdue" if due is not None and due <= as_of else "open"
    return Owed(action, state, action.original_due_on or action.due_on, ((ended or as_of) - action.opened_at).days)

"""Do we learn: postmortems in time, actions in time, and whether they helped."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.metrics.facts import Action, Facts
from app.metrics.grouping import Places
from app.metrics.incidents import real
from app.metrics.kpi import SERVICE_DIMENSIONS, Kpi
from app.metrics.numbers import Ask, Group, Row


def postmortem_on_time(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Postmortems of severity 1-2 completed within `policy.postmortem_days` of resolution, by that deadline."""
    return _postmortems(facts, ask, "completed_at", timedelta(days=facts.policy.postmortem_days))


def postmortem_drafted_on_time(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Postmortems of severity 1-2 drafted within `policy.postmortem_draft_hours` of resolution, by that deadline."""
    return _postmortems(facts, ask, "drafted_at", timedelta(hours=facts.policy.postmortem_draft_hours))


def _postmortems(facts: Facts, ask: Ask, column: str, allowed: timedelta) -> Iterator[Row]:
    places = Places(facts, ask)
    written = {(p.source, p.incident): p for p in facts.postmortems}
    if not written:
        return
    for incident in real(facts):
        if incident.severity > facts.policy.major_severity:
            continue
        found = written.get((incident.source, incident.incident))
        deadline = incident.resolved_at + allowed if incident.resolved_at else None
        at = deadline or incident.detected_at
        period = places.period(at)
        services = places.alive(incident.services, incident.detected_at)
        if period is None or services is None:
            continue
        done: datetime | None = getattr(found, column) if found else None
        in_time = deadline is not None and done is not None and done <= deadline
        counts = deadline is not None and (in_time or deadline <= ask.as_of)
        reason = "" if counts else "not resolved yet" if deadline is None else "not due yet"
        for group in places.groups(services, severity=incident.severity):
            yield Row(
                period,
                group,
                "postmortems",
                incident.source,
                incident.incident,
                incident.title,
                at,
                float(in_time and counts),
                float(counts),
                reason=reason,
                url=(found.url if found else None) or incident.url,
            )


class _Origins:
    """The services that an action is about: those of the incident, risk or DR test it came from."""

    def __init__(self, facts: Facts) -> None:
        self._services: dict[tuple[str, str], tuple[str, ...]] = {}
        for incident in facts.incidents:
            self._services["incident", incident.incident] = incident.services
        for risk in facts.risks:
            self._services["risk", risk.risk] = risk.services
        for test in facts.dr_tests:
            self._services["dr_test", test.test] = test.services

    def services(self, action: Action) -> tuple[str, ...]:
        return self._services.get((action.origin, action.origin_id), ())


def due_at(places: Places, action: Action) -> datetime | None:
    """The end of the day an action was first promised for: original_due_on, else due_on."""
    day = action.original_due_on or action.due_on
    return places.ends(day) if day else None


def actions_on_time(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Actions closed by the end of their original due date, among those closed in time or past due; cancelled ones
    are left out."""
    places, origins = Places(facts, ask), _Origins(facts)
    for action in facts.actions:
        due = due_at(places, action)
        at = due - timedelta(microseconds=1) if due else action.opened_at
        period = places.period(at)
        if period is None:
            continue
        in_time = due is not None and action.closed_at is not None and action.closed_at < due
        if action.cancelled_at is not None:
            reason = "cancelled"
        elif due is None:
            reason = "no due date"
        else:
            reason = "" if in_time or due <= ask.as_of else "not due yet"
        counts = not reason
        for group in places.groups(origins.services(action)):
            yield _row(action, period, group=group, at=at, part=float(in_time and counts), whole=counts, reason=reason)


def action_effectiveness(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Closed actions judged effective, among closed ones that were judged, by closed_at."""
    places, origins = Places(facts, ask), _Origins(facts)
    for action in facts.actions:
        if action.closed_at is None or (period := places.period(action.closed_at)) is None:
            continue
        reason = "" if action.outcome else "not judged yet"
        part = float(action.outcome == "effective")
        for group in places.groups(origins.services(action)):
            yield _row(action, period, group=group, at=action.closed_at, part=part, whole=not reason, reason=reason)


def _row(
    action: Action,
    period: str,
    *,
    group: Group,
    at: datetime,
    part: float = 0,
    whole: float = 0,
    reason: str = "",
) -> Row:
    return Row(
        period, group, "actions", action.source, action.action, action.title, at, part, whole, None, reason, action.url
    )


_INCIDENT = SERVICE_DIMENSIONS | {"severity"}
_OF_ACTIONS = frozenset({"actions", "incidents", "risks", "dr_tests"})
KPIS = (
    Kpi(
        key="postmortem_on_time",
        name="Postmortems on time",
        question="Do we look back in time to learn?",
        category="Learning",
        unit="share",
        shape="share",
        better="higher",
        at="deadline",
        formula="severity 1-2 incidents with a postmortem completed within 7 days of resolution / those "
        "in time or past that",
        dimensions=_INCIDENT,
        needs=frozenset({"incidents", "postmortems"}),
        rows=postmortem_on_time,
        target="≥ 90 %",
    ),
    Kpi(
        key="postmortem_drafted_on_time",
        name="Postmortem drafts on time",
        question="Do we write it down while it is fresh?",
        category="Learning",
        unit="share",
        shape="share",
        better="higher",
        at="deadline",
        formula="severity 1-2 incidents with a postmortem drafted within 48 hours of resolution / those "
        "in time or past that",
        dimensions=_INCIDENT,
        needs=frozenset({"incidents", "postmortems"}),
        rows=postmortem_drafted_on_time,
        target="≥ 90 %",
    ),
    Kpi(
        key="actions_on_time",
        name="Actions on time",
        question="Do we do what we said we would?",
        category="Learning",
        unit="share",
        shape="share",
        better="higher",
        at="original_due_on, else due_on",
        formula="actions closed by the end of their original due date / those closed in time or past due;"
        " cancelled left out",
        needs=_OF_ACTIONS,
        rows=actions_on_time,
        target="≥ 80 %",
    ),
    Kpi(
        key="action_effectiveness",
        name="Effective actions",
        question="Did what we did help?",
        category="Learning",
        unit="share",
        shape="share",
        better="higher",
        at="closed_at",
        formula="closed actions judged effective / closed actions judged",
        cadence="quarterly",
        needs=_OF_ACTIONS,
        rows=action_effectiveness,
        target="rising",
    ),
)

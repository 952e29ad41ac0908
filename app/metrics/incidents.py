"""How often, how fast, and again: counts, restore and detect times, repeats."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from app.metrics.facts import Facts, Incident
from app.metrics.grouping import Places
from app.metrics.kpi import SERVICE_DIMENSIONS, Kpi
from app.metrics.numbers import Ask, Group, Row

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def real(facts: Facts) -> Iterator[Incident]:
    """Incidents proper: maintenance and tests never count."""
    return (incident for incident in facts.incidents if incident.kind == "incident")


def end(incident: Incident) -> datetime | None:
    """When customers were well again: mitigated, else resolved."""
    return incident.mitigated_at or incident.resolved_at


def minutes(start: datetime, stop: datetime) -> float:
    """Minutes from one instant to another, exact to the microsecond."""
    return (stop - start) / timedelta(minutes=1)


def _row(
    incident: Incident,
    period: str,
    *,
    group: Group,
    at: datetime,
    part: float = 0,
    whole: float = 0,
    value: float | None = None,
    reason: str = "",
) -> Row:
    return Row(
        period,
        group,
        "incidents",
        incident.source,
        incident.incident,
        incident.title,
        at,
        part,
        whole,
        value,
        reason,
        incident.url,
    )


def _in(places: Places, incident: Incident, at: datetime) -> Iterator[tuple[str, Group]]:
    """Each (period, group) that an incident counts in by one of its times."""
    period = places.period(at)
    in_scope = period and places.groups(incident.services, severity=incident.severity)
    services = places.alive(incident.services, at) if in_scope else None
    if period and services is not None:
        for group in places.groups(services, severity=incident.severity):
            yield period, group


def major_incidents(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Incidents of the major severities (1 and 2), by detected_at."""
    places = Places(facts, ask)
    for incident in real(facts):
        if incident.severity <= facts.policy.major_severity:
            for period, group in _in(places, incident, incident.detected_at):
                yield _row(incident, period, group=group, at=incident.detected_at, part=1)


def time_to_restore(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Minutes from detected_at to mitigated_at (else resolved_at), by that end; one without an end is left out, by
    detected_at."""
    places = Places(facts, ask)
    for incident in real(facts):
        stop = end(incident)
        at = stop or incident.detected_at
        for period, group in _in(places, incident, at):
            if stop is None:
                yield _row(incident, period, group=group, at=at, reason="not ended yet, or its end is missing")
            elif stop < incident.detected_at:
                yield _row(incident, period, group=group, at=at, reason="negative interval")
            else:
                yield _row(incident, period, group=group, at=at, value=minutes(incident.detected_at, stop))


def time_to_detect(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Minutes from started_at to detected_at, by detected_at."""
    places = Places(facts, ask)
    for incident in real(facts):
        for period, group in _in(places, incident, incident.detected_at):
            if incident.started_at is None:
                yield _row(incident, period, group=group, at=incident.detected_at, reason="started_at is missing")
            elif incident.detected_at < incident.started_at:
                yield _row(incident, period, group=group, at=incident.detected_at, reason="negative interval")
            else:
                took = minutes(incident.started_at, incident.detected_at)
                yield _row(incident, period, group=group, at=incident.detected_at, value=took)


def repeats(facts: Facts) -> dict[tuple[str, str], str]:
    """Which incident repeats which: (source, id) → the earlier one's id.

    By repeat_of, else the latest incident of the same cause on a shared service that was resolved before this one was
    detected, at most `policy.repeat_days` before it.
    """
    window = timedelta(days=facts.policy.repeat_days)
    over: defaultdict[tuple[str, str], list[tuple[datetime, str, str]]] = defaultdict(list)
    for incident in real(facts):
        if incident.cause and incident.resolved_at:
            for service in set(incident.services):
                over[incident.cause, service].append((incident.resolved_at, incident.incident, incident.source))
    for ended in over.values():
        ended.sort()
    found: dict[tuple[str, str], str] = {}
    for incident in real(facts):
        key = (incident.source, incident.incident)
        if incident.repeat_of:
            found[key] = incident.repeat_of
            continue
        latest = max(
            (_last(over.get((incident.cause or "", s), ()), incident) for s in incident.services), default=None
        )
        if latest is not None and incident.detected_at <= latest[0] + window:
            found[key] = latest[1]
    return found


def _last(ended: Sequence[tuple[datetime, str, str]], incident: Incident) -> tuple[datetime, str]:
    """When, and which one, of a cause and service ended last before another was detected; long ago where none did."""
    place = bisect_right(ended, incident.detected_at, key=lambda one: one[0]) - 1
    if place >= 0 and ended[place][1:] == (incident.incident, incident.source):
        place -= 1
    return ended[place][:2] if place >= 0 else (_LONG_AGO, "")


def repeat_incident_rate(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Repeats among the incidents with a cause or a repeat_of, by detected_at."""
    places = Places(facts, ask)
    again = repeats(facts)
    for incident in real(facts):
        part = 1 if (incident.source, incident.incident) in again else 0
        reason = "" if incident.cause or incident.repeat_of else "cause is missing"
        for period, group in _in(places, incident, incident.detected_at):
            yield _row(
                incident,
                period,
                group=group,
                at=incident.detected_at,
                part=0 if reason else part,
                whole=0 if reason else 1,
                reason=reason,
            )


_INCIDENT = SERVICE_DIMENSIONS | {"severity"}
KPIS = (
    Kpi(
        key="major_incidents",
        name="Severity 1-2 incidents",
        question="How often did it go badly wrong?",
        category="Incidents",
        unit="count",
        shape="count",
        better="lower",
        at="detected_at",
        formula="incidents of severity 1 and 2",
        dimensions=_INCIDENT,
        needs=frozenset({"incidents"}),
        watched=frozenset({"incidents"}),
        rows=major_incidents,
        target="falling",
    ),
    Kpi(
        key="repeat_incident_rate",
        name="Repeat incidents",
        question="Do we fall over the same stone twice?",
        category="Incidents",
        unit="share",
        shape="share",
        better="lower",
        at="detected_at",
        formula="incidents with repeat_of, or with an earlier one of the same cause on a shared service, "
        "resolved at most "
        "30 days before this one was detected / incidents with a cause or repeat_of",
        dimensions=_INCIDENT,
        needs=frozenset({"incidents"}),
        rows=repeat_incident_rate,
        target="≤ 15 %",
    ),
    Kpi(
        key="time_to_restore",
        name="Time to restore",
        question="How fast are customers well again?",
        category="Incidents",
        unit="minutes",
        shape="duration",
        better="lower",
        at="mitigated_at, else resolved_at",
        formula="median of detected_at → mitigated_at (else resolved_at)",
        dimensions=_INCIDENT,
        needs=frozenset({"incidents"}),
        rows=time_to_restore,
        target="tier 0, severity 1: ≤ 60 min",
    ),
    Kpi(
        key="time_to_detect",
        name="Time to detect",
        question="How fast do we notice?",
        category="Incidents",
        unit="minutes",
        shape="duration",
        better="lower",
        at="detected_at",
        formula="median of started_at → detected_at",
        dimensions=_INCIDENT,
        needs=frozenset({"incidents"}),
        rows=time_to_detect,
        target="falling",
    ),
)

"""How long customers suffered, and what it cost: unions of impact windows, clipped to the period."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from app.metrics.facts import Facts, Span
from app.metrics.grouping import Places
from app.metrics.incidents import end, minutes, real
from app.metrics.kpi import Kpi
from app.metrics.numbers import Ask, Group, Row

SAID = "customer_impact"
"""In what was watched: from the first incident that says whether customers were affected."""


class Window(NamedTuple):
    """One stretch of customer impact on one service (None: on the company alone)."""

    start: datetime
    stop: datetime
    service: str | None
    share: float
    source: str
    incident: str
    title: str
    url: str | None


def windows(facts: Facts, as_of: datetime) -> list[Window]:
    """Every impact window, oldest first: an open one ends at as-of; an incident with customer impact and no impact rows
    counts from its start (else detection) to its end on each of its services, or, naming none, on the company alone."""
    incidents = {(i.source, i.incident): i for i in real(facts)}
    found: list[Window] = []
    described: set[tuple[str, str]] = set()
    for impact in facts.impacts:
        incident = incidents.get((impact.source, impact.incident))
        described.add((impact.source, impact.incident))
        if incident is not None:
            found.append(
                Window(
                    impact.start,
                    as_of if impact.end is None else min(impact.end, as_of),
                    impact.service,
                    1.0 if impact.share is None else impact.share,
                    impact.source,
                    impact.incident,
                    incident.title,
                    incident.url,
                )
            )
    for key, incident in incidents.items():
        if incident.customer_impact and key not in described:
            start, stop = incident.started_at or incident.detected_at, end(incident) or as_of
            for service in incident.services or (None,):
                found.append(Window(start, stop, service, 1.0, *key, incident.title, incident.url))
    found.sort(key=lambda w: (w.start, w.stop, w.source, w.incident, w.service or ""))
    return found


def _grouped(facts: Facts, ask: Ask) -> tuple[Places, dict[Group, list[Window]]]:
    places = Places(facts, ask)
    grouped: defaultdict[Group, list[Window]] = defaultdict(list)
    for window in windows(facts, ask.as_of):
        service = facts.services.get(window.service or "")
        if service and service.retired_on and (last := places.ends(service.retired_on)) < window.stop:
            if last <= window.start:
                continue
            window = window._replace(stop=last)
        for group in places.groups(() if window.service is None else (window.service,)):
            grouped[group].append(window)
    return places, grouped


def _row(window: Window, period: str, group: Group, part: float, at: datetime, reason: str = "") -> Row:
    where = f"{window.title} ({window.service})" if window.service else window.title
    return Row(period, group, "impacts", window.source, window.incident, where, at, part, reason=reason, url=window.url)


def customer_impact_minutes(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Minutes in the union of the windows of a group. A row gives what its window adds to those that began before
    it."""
    places, grouped = _grouped(facts, ask)
    for group, found in grouped.items():
        covered: datetime | None = None
        for window in found:
            fresh = window.start if covered is None else max(window.start, covered)
            for period, low, high in places.overlapping(window.start, window.stop):
                part = minutes(max(low, fresh), high) if max(low, fresh) < high else 0.0
                yield _row(window, period.key, group, part, low)
            covered = window.stop if covered is None else max(covered, window.stop)


def downtime_cost(facts: Facts, ask: Ask) -> Iterator[Row]:
    """Money: cost per minute x minutes of impact on each service, every moment weighted by the largest share among
    its windows."""
    places, grouped = _grouped(facts, ask)
    for group, found in grouped.items():
        by_service: defaultdict[str, list[Window]] = defaultdict(list)
        for window in found:
            service = facts.services.get(window.service or "")
            if service is not None and service.downtime_cost_per_minute is not None:
                by_service[service.service].append(window)
            else:
                for period, low, _ in places.overlapping(window.start, window.stop):
                    yield _row(window, period.key, group, 0, low, "no downtime cost per minute is known")
        for name, of_service in by_service.items():
            cost = facts.services[name].downtime_cost_per_minute or 0.0
            for window, low, high in _heaviest(of_service):
                for period, start, stop in places.overlapping(low, high):
                    yield _row(window, period.key, group, cost * window.share * minutes(start, stop), start)


def _heaviest(found: list[Window]) -> Iterator[tuple[Window, datetime, datetime]]:
    """Each stretch of time with the window that weighs most in it; stretches of one window that touch are one."""
    edges = sorted({edge for w in found for edge in (w.start, w.stop)})
    held: tuple[Window, datetime, datetime] | None = None
    active: list[Window] = []
    upcoming = 0
    for low, high in pairwise(edges):
        while upcoming < len(found) and found[upcoming].start <= low:
            active.append(found[upcoming])
            upcoming += 1
        active = [w for w in active if w.stop > low]
        if not active:
            continue
        top = max(active, key=lambda w: w.share)
        if held and held[0] is top and held[2] == low:
            held = (top, held[1], high)
        else:
            if held:
                yield held
            held = (top, low, high)
    if held:
        yield held


def looked(facts: Facts) -> list[Span]:
    """When somebody was looking for impact: over impacts, and over incidents where these say whether
    customers were affected."""
    entities = ["impacts"]
    if SAID in facts.watched or any(incident.customer_impact is not None for incident in facts.incidents):
        entities.append("incidents")
    return [span for entity in entities for span in facts.watched.get(entity, ())]


def with_cost(places: Places) -> set[Group]:
    """The groups in which any service has a cost of downtime."""
    priced = [s.service for s in places.facts.services.values() if s.downtime_cost_per_minute is not None]
    return set[Group]().union(*(places.groups((name,)) for name in priced))


_OF_IMPACT = frozenset({"incidents", "impacts"})
KPIS = (
    Kpi(
        key="customer_impact_minutes",
        name="Customer impact",
        question="For how long were customers affected?",
        category="Reliability",
        unit="minutes",
        shape="sum",
        better="lower",
        at="clipped to the period",
        formula="minutes in the union of impact windows, clipped to the period; an open one ends at as-of",
        needs=_OF_IMPACT,
        watched=_OF_IMPACT,
        looked=looked,
        rows=customer_impact_minutes,
        target="20 % below the same months a year before",
    ),
    Kpi(
        key="downtime_cost",
        name="Cost of downtime",
        question="What did it cost us?",
        category="Reliability",
        unit="money",
        shape="sum",
        better="lower",
        at="clipped to the period",
        formula="Σ over services of cost per minute x impact minutes, each moment weighted by the largest"
        " share affected",
        needs=_OF_IMPACT,
        watched=_OF_IMPACT,
        looked=looked,
        exists=with_cost,
        rows=downtime_cost,
        target="falling",
    ),
)

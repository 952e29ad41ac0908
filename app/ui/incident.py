"""One incident: who it hit, for how long, what it cost, what caused it, what it repeats, and what is owed for it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from app.charts import wording
from app.charts.headline import count
from app.metrics import impact, lessons
from app.metrics.facts import Facts, Incident, Linked, Page
from app.metrics.impact import Window
from app.metrics.incidents import end, minutes
from app.metrics.lessons import Owed, Review, Toll
from app.policy import Policy
from app.store import happened, listing
from app.store.engine import reading
from app.ui import read
from app.ui.read import State

_AROUND = timedelta(days=2)
"""Pages of an incident are looked for from so long before it began until so long after it ended."""


@dataclass(frozen=True)
class Shown:
    """The page of one incident."""

    incident: Incident
    finding: str
    windows: tuple[Window, ...]
    toll: Toll
    deployment: Linked | None
    chain: tuple[Incident, ...]
    review: Review | None
    actions: tuple[Owed, ...]
    pages: tuple[Page, ...]
    facts: Facts
    as_of: datetime

    @property
    def policy(self) -> Policy:
        return self.facts.policy

    @property
    def steps(self) -> tuple[tuple[str, datetime | None], ...]:
        """What happened when, in the order in which it should have."""
        one = self.incident
        return (
            ("Started", one.started_at),
            ("Detected", one.detected_at),
            ("Acknowledged", one.acknowledged_at),
            ("Mitigated", one.mitigated_at),
            ("Resolved", one.resolved_at),
        )


def shown(incident: str, source: str | None, as_of: datetime) -> Shown | None:
    """The incident of this id (and source, where several have it); None where the store knows none."""
    return _shown(read.state(), incident, source, as_of)


@lru_cache(maxsize=64)
def _shown(of: State, incident: str, source: str | None, as_of: datetime) -> Shown | None:
    with reading(read.opened(of.url)) as conn:
        found = happened.one(conn, incident, source, as_of)
    if found is None:
        return None
    one, facts = found
    toll = lessons.toll(facts, one, as_of)
    chain = lessons.chain_of(facts, one)
    homes = [owed for owed in facts.actions if (owed.origin, owed.origin_id) == ("incident", one.incident)]
    return Shown(
        incident=one,
        finding=_finding(one, toll, chain, facts.policy),
        windows=tuple(impact.windows(replace(facts, incidents=(one,)), as_of)),
        toll=toll,
        deployment=next(
            (link for link in facts.linked if (link.incident_source, link.incident) == (one.source, one.incident)), None
        ),
        chain=chain,
        review=lessons.review(facts, one, as_of) if one.kind == "incident" else None,
        actions=tuple(lessons.owed(facts, action, as_of) for action in homes),
        pages=_pages(of, one, as_of),
        facts=facts,
        as_of=as_of,
    )


@lru_cache(maxsize=128)
def _pages(of: State, one: Incident, as_of: datetime) -> tuple[Page, ...]:
    start = min(one.started_at or one.detected_at, one.detected_at) - _AROUND
    stop = min((one.resolved_at or end(one) or as_of) + _AROUND, as_of)
    with reading(read.opened(of.url)) as conn:
        return tuple(listing.pages_of(conn, one.incident, start, stop))


def _finding(one: Incident, toll: Toll, chain: tuple[Incident, ...], policy: Policy) -> str:
    """How bad, how long, how dear, how often: in at most three sentences."""
    if one.kind != "incident":
        what = "Planned maintenance" if one.kind == "maintenance" else "A test"
        return f"{what}: it counts in no number."
    level = policy.severities.get(one.severity)
    said = [f"Severity {one.severity}{f', {level}' if level else ''}"]
    if toll.minutes is not None:
        hit = (
            f"customers were affected for {wording.duration(toll.minutes)}"
            if toll.minutes
            else "no minute of customer impact"
        )
        cost = f", which cost {wording.value(toll.cost, 'money', currency=policy.currency)}" if toll.cost else ""
        said.append(hit + cost)
    stop = end(one)
    if stop is None:
        said.append("it is not over, or its end is missing")
    elif stop >= one.detected_at:
        said.append(f"it took {wording.duration(minutes(one.detected_at, stop))} from detection to restore")
    first = f"{said[0]}: {'; '.join(said[1:])}." if len(said) > 1 else f"{said[0]}."
    if one in chain and chain.index(one) > 0:
        first += f" It is number {count(chain.index(one) + 1)} of a chain of {count(len(chain))} like it."
    elif chain:
        first += f" It came back: {count(len(chain) - 1)} more followed."
    return first

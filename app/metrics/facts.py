"""What the numbers are made from: light facts, and sums of the high-volume ones. Filled by `store/facts.py`, or by
hand in a test.

Every fact here is as it was known at `as_of` only after `Facts.at(as_of)` has looked; the store hands over whole facts.
Instants are aware UTC datetimes; a blank is None; lists of names are tuples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from app.metrics.review_records import BudgetException
from app.policy import Policy, default


class Team(NamedTuple):
    team: str
    name: str | None
    timezone: str


class Service(NamedTuple):
    service: str
    name: str
    tier: int
    team: str
    product: str | None = None
    downtime_cost_per_minute: float | None = None
    rto_minutes: float | None = None
    rpo_minutes: float | None = None
    retired_on: date | None = None


class Slo(NamedTuple):
    """One revision of an SLO."""

    source: str
    slo: str
    service: str
    name: str
    kind: str
    objective: float
    window: str
    method: str
    valid_from: date | None = None


class Exclusion(NamedTuple):
    source: str
    exclusion: str
    start: datetime
    end: datetime
    services: tuple[str, ...]
    slos: tuple[str, ...]
    reason: str
    category: str
    approved_by: str


class Incident(NamedTuple):
    source: str
    incident: str
    title: str
    severity: int
    detected_at: datetime
    started_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    services: tuple[str, ...] = ()
    cause: str | None = None
    caused_by: str | None = None
    repeat_of: str | None = None
    kind: str = "incident"
    customer_impact: bool | None = None
    customers_affected: float | None = None
    commander: str | None = None
    url: str | None = None


class Impact(NamedTuple):
    source: str
    incident: str
    service: str
    start: datetime
    end: datetime | None
    level: str
    share: float | None = None


class Postmortem(NamedTuple):
    source: str
    incident: str
    owner: str | None = None
    drafted_at: datetime | None = None
    completed_at: datetime | None = None
    reviewed_at: datetime | None = None
    url: str | None = None


class Reading(NamedTuple):
    source: str
    kpi: str
    period: str
    scope: str
    value: float | None = None
    part: float | None = None
    whole: float | None = None
    target: float | None = None


class Action(NamedTuple):
    source: str
    action: str
    origin: str
    origin_id: str
    title: str
    opened_at: datetime
    owner: str | None = None
    priority: int | None = None
    due_on: date | None = None
    original_due_on: date | None = None
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    outcome: str | None = None
    url: str | None = None


class Shift(NamedTuple):
    source: str
    team: str
    responder: str
    start: datetime
    end: datetime
    level: int | None = None


class DrTest(NamedTuple):
    source: str
    test: str
    name: str
    kind: str
    services: tuple[str, ...]
    planned_on: date
    executed_at: datetime | None = None
    result: str | None = None
    status: str | None = None
    rto_minutes: float | None = None
    rpo_minutes: float | None = None
    rto_achieved_minutes: float | None = None
    rpo_achieved_minutes: float | None = None
    lead: str | None = None
    attested_by: str | None = None
    evidence_url: str | None = None


class Risk(NamedTuple):
    source: str
    risk: str
    title: str
    category: str
    owner: str
    status: str
    likelihood: int
    impact: int
    treatment: str
    services: tuple[str, ...] = ()
    review_on: date | None = None
    identified_on: date | None = None
    closed_on: date | None = None
    accepted_by: str | None = None
    accepted_until: date | None = None
    inherent_likelihood: int | None = None
    inherent_impact: int | None = None
    target_likelihood: int | None = None
    target_impact: int | None = None
    events_per_year_low: float | None = None
    events_per_year_high: float | None = None
    loss_low: float | None = None
    loss_high: float | None = None
    description: str | None = None
    response: str | None = None


# The high-volume facts, raw: only for `rows` (the facts behind one number), never for a screen's numbers.


class Sli(NamedTuple):
    source: str
    slo: str
    start: datetime
    minutes: float
    good: float
    total: float


class Page(NamedTuple):
    source: str
    page: str
    triggered_at: datetime
    responder: str
    team: str
    service: str | None = None
    acknowledged_at: datetime | None = None
    actionable: bool | None = None
    channel: str | None = None
    incident: str | None = None
    url: str | None = None


class Deployment(NamedTuple):
    source: str
    deployment: str
    service: str
    deployed_at: datetime
    status: str
    strategy: str | None = None
    committed_at: datetime | None = None
    unplanned: bool | None = None
    url: str | None = None


# Sums of the high-volume facts, by period and the dimensions they have. `period` is a Period's key.


class SliSum(NamedTuple):
    """One SLO in one period, by sli.start. `excluded_*` is the part of the same sum that approved exclusions take
    out."""

    period: str
    source: str
    slo: str
    rows: int
    """Rows with total > 0."""
    idle_rows: int
    """Rows with total 0: watched, no traffic."""
    minutes: float
    """Observed minutes: rows with total > 0."""
    idle_minutes: float
    good: float
    total: float
    good_minutes: float
    """Sum of minutes x good / total."""
    excluded_rows: int = 0
    """Rows with total > 0 wholly inside exclusions."""
    excluded_minutes: float = 0
    excluded_good: float = 0
    excluded_total: float = 0
    excluded_good_minutes: float = 0


class SliWindow(NamedTuple):
    """Good and total of one SLO over one stretch of time that ends at `period`'s end or as-of; `window` is `28d`,
    `1h`, …"""

    period: str
    source: str
    slo: str
    window: str
    rows: int
    longest_row_minutes: float
    minutes: float
    good: float
    total: float
    excluded_minutes: float = 0
    excluded_good: float = 0
    excluded_total: float = 0


class PageSum(NamedTuple):
    period: str
    team: str
    service: str | None
    pages: int
    acknowledged: int
    """With an interval that is not negative."""
    negative: int
    """Acknowledged before triggered: left out of engage times."""
    waiting: int
    """Never acknowledged (by as-of)."""
    in_time: int
    """Acknowledged within the target of the service's tier."""
    due: int
    """In time, late, or never acknowledged with the target time passed."""
    noise: int
    """Marked not actionable."""
    marked: int
    interruptions: int
    after_hours: int
    asleep: int
    without_shift: int


class Count(NamedTuple):
    """How many facts of one period, team and service have this exact duration."""

    period: str
    team: str | None
    service: str | None
    minutes: float
    n: int


class DeploymentSum(NamedTuple):
    period: str
    service: str
    deployments: int
    """With status not failed, as all below."""
    failed: int
    """With status failed: in no other number."""
    rolled_back: int
    unplanned: int
    unplanned_known: int
    progressive: int
    lead_missing: int
    lead_negative: int


class Linked(NamedTuple):
    """A deployment (status not failed) that an incident points at: named by its caused_by, or the latest on its
    services
    within the attribution window before it (`inferred`)."""

    deployment: Deployment
    incident_source: str
    incident: str
    inferred: bool


class Span(NamedTuple):
    """From the first to the last fact of an entity, or to the last successful reading of a live source."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Facts:
    """All that one question needs. What was not asked for is empty."""

    policy: Policy = field(default_factory=default)
    teams: Mapping[str, Team] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    slos: tuple[Slo, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    incidents: tuple[Incident, ...] = ()
    impacts: tuple[Impact, ...] = ()
    postmortems: tuple[Postmortem, ...] = ()
    actions: tuple[Action, ...] = ()
    shifts: tuple[Shift, ...] = ()
    dr_tests: tuple[DrTest, ...] = ()
    risks: tuple[Risk, ...] = ()
    linked: tuple[Linked, ...] = ()
    readings: tuple[Reading, ...] = ()
    watched: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """Entity → when somebody was looking (one span a source)."""
    exceptions: tuple[BudgetException, ...] = ()
    """Error-budget exceptions that were signed, whether they hold or not."""
    policies: tuple[tuple[datetime, Policy], ...] = ()
    """Policy history: (in force from, policy), oldest first. Empty: `policy` always held."""
    # sums, by period
    sli_sums: tuple[SliSum, ...] = ()
    sli_windows: tuple[SliWindow, ...] = ()
    page_sums: tuple[PageSum, ...] = ()
    engage_counts: tuple[Count, ...] = ()
    deployment_sums: tuple[DeploymentSum, ...] = ()
    lead_counts: tuple[Count, ...] = ()
    # raw, for rows
    sli: tuple[Sli, ...] = ()
    pages: tuple[Page, ...] = ()
    deployments: tuple[Deployment, ...] = ()

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """SLO → its service, as it was first defined."""
        found: dict[str, str] = {}
        for slo in self.slos:
            found.setdefault(slo.slo, slo.service)
        return found

    @cached_property
    def existing(self) -> dict[Any, frozenset[Any]]:
        """How a question is split and narrowed → the groups, services or SLOs there are, as far as they were looked
        for."""
        return {}

    @cached_property
    def settled(self) -> bool:
        """Whether no SLO has ever moved from one service to another."""
        return all(self.homes[slo.slo] == slo.service for slo in self.slos)

    def policy_at(self, at: datetime) -> Policy:
        """The policy in force at an instant: past months keep theirs."""
        held = [policy for since, policy in self.policies if since <= at]
        return held[-1] if held else self.policies[0][1] if self.policies else self.policy

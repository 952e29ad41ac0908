"""What may enter the store: one frozen record an entity, exactly the columns of the fact files.

The same declaration serves three times: a single record is validated by pydantic (forms, connectors), a batch of
columns
by `data_sources/files.py` (same rules, read off these annotations), and `store/tables.py` makes its tables from it.
Imports no other module of ours.
"""

from collections.abc import Mapping
from datetime import UTC, date
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
"""A short text: never empty, at most 2,000 characters."""
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)]
Names = tuple[Text, ...]
"""A list of names; `;` between them in a file."""
Moment = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""An instant with its offset, kept as UTC."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise ValueError(f"{name!r} is not a time zone of the IANA database, like Europe/London") from cause
    return name


Zone = Annotated[Text, AfterValidator(_zone)]
"""A time zone's name in the IANA database."""
Tier = Annotated[int, Ge(0), Le(3)]
Severity = Annotated[int, Ge(1), Le(5)]
Level = Annotated[int, Ge(1), Le(5)]
Share = Annotated[float, Ge(0), Le(1)]
Amount = Annotated[float, Ge(0)]
"""Minutes, money, events: finite and not negative."""
Window = Annotated[str, StringConstraints(pattern=r"^([1-9]\d{0,2}d|1[wMQY])$")]
"""An SLO's window: `28d` rolls, `1w`, `1M`, `1Q`, `1Y` follow the calendar."""


class Record(BaseModel):
    """One fact. Fields without a default are required; `None` is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    spans: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of columns (earlier, later); a record whose later comes before its earlier is refused."""

    @model_validator(mode="after")
    def _keepable(self) -> Self:
        for name, value in self:
            if isinstance(value, str) and "\0" in value:
                raise ValueError(f"{name} holds a NUL character, which no database keeps")
        return self

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        for earlier, later in self.spans:
            a, b = getattr(self, earlier), getattr(self, later)
            if a is not None and b is not None and b < a:
                raise ValueError(f"{later} is before {earlier}")
        return self


class Team(Record):
    team: Text
    name: Text | None = None
    timezone: Zone
    manager: Text | None = None


class Service(Record):
    service: Text
    name: Text
    tier: Tier
    team: Text
    product: Text | None = None
    downtime_cost_per_minute: Amount | None = None
    rto_minutes: Amount | None = None
    rpo_minutes: Amount | None = None
    retired_on: date | None = None


class Slo(Record):
    slo: Text
    service: Text
    name: Text
    kind: Literal["availability", "latency", "error_rate", "freshness", "correctness", "throughput", "other"]
    objective: Annotated[float, Gt(0), Lt(1)]
    window: Window
    method: Literal["occurrences", "timeslices"]
    slice_minutes: Annotated[float, Gt(0)] | None = None
    slice_objective: Share | None = None
    valid_from: date | None = None


class Sli(Record):
    slo: Text
    start: Moment
    minutes: Annotated[float, Gt(0)]
    good: Amount
    total: Amount

    @model_validator(mode="after")
    def _good_within_total(self) -> Self:
        if self.good > self.total:
            raise ValueError("good is more than total")
        return self


class Exclusion(Record):
    spans = (("start", "end"),)
    exclusion: Text
    start: Moment
    end: Moment
    services: Names | None = None
    slos: Names | None = None
    reason: Text
    category: Literal["maintenance", "third_party", "test", "other"]
    approved_by: Text

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.services and not self.slos:
            raise ValueError("services or slos is missing: name what is excluded")
        return self


class Incident(Record):
    spans = (
        ("detected_at", "mitigated_at"),
        ("detected_at", "resolved_at"),
        ("started_at", "mitigated_at"),
        ("started_at", "resolved_at"),
    )
    incident: Text
    title: Text
    severity: Severity
    started_at: Moment | None = None
    detected_at: Moment
    acknowledged_at: Moment | None = None
    mitigated_at: Moment | None = None
    resolved_at: Moment | None = None
    services: Names | None = None
    cause: Text | None = None
    caused_by: Text | None = None
    repeat_of: Text | None = None
    kind: Literal["incident", "maintenance", "test"] | None = None
    customer_impact: bool | None = None
    customers_affected: Amount | None = None
    commander: Text | None = None
    url: Text | None = None


class Impact(Record):
    spans = (("start", "end"),)
    incident: Text
    service: Text
    start: Moment
    end: Moment | None = None
    level: Literal["outage", "degraded"]
    share: Share | None = None


class Postmortem(Record):
    incident: Text
    owner: Text | None = None
    drafted_at: Moment | None = None
    completed_at: Moment | None = None
    reviewed_at: Moment | None = None
    url: Text | None = None


class Action(Record):
    action: Text
    origin: Literal["incident", "risk", "dr_test", "review"]
    origin_id: Text
    title: Text
    owner: Text | None = None
    priority: Annotated[int, Ge(1), Le(4)] | None = None
    opened_at: Moment
    due_on: date | None = None
    original_due_on: date | None = None
    closed_at: Moment | None = None
    cancelled_at: Moment | None = None
    outcome: Literal["effective", "ineffective"] | None = None
    url: Text | None = None


class Page(Record):
    page: Text
    triggered_at: Moment
    responder: Text
    team: Text
    service: Text | None = None
    acknowledged_at: Moment | None = None
    resolved_at: Moment | None = None
    actionable: bool | None = None
    channel: Literal["push", "sms", "phone", "email"] | None = None
    incident: Text | None = None
    url: Text | None = None


class Shift(Record):
    spans = (("start", "end"),)
    team: Text
    responder: Text
    start: Moment
    end: Moment
    level: Annotated[int, Ge(1), Le(9)] | None = None


class Deployment(Record):
    deployment: Text
    service: Text
    deployed_at: Moment
    status: Literal["succeeded", "failed", "rolled_back"]
    strategy: Literal["canary", "blue_green", "feature_flag", "rolling", "all_at_once"] | None = None
    committed_at: Moment | None = None
    unplanned: bool | None = None
    url: Text | None = None


class DrTest(Record):
    test: Text
    name: Text
    kind: Literal["tabletop", "walkthrough", "backup_restore", "functional", "failover", "game_day", "full_scale"]
    services: Names
    planned_on: date
    executed_at: Moment | None = None
    result: Literal["passed", "partial", "failed"] | None = None
    status: Literal["planned", "executed", "postponed", "cancelled"] | None = None
    rto_minutes: Amount | None = None
    rpo_minutes: Amount | None = None
    rto_achieved_minutes: Amount | None = None
    rpo_achieved_minutes: Amount | None = None
    lead: Text | None = None
    attested_by: Text | None = None
    evidence_url: Text | None = None


class Risk(Record):
    spans = (("events_per_year_low", "events_per_year_high"), ("loss_low", "loss_high"))
    risk: Text
    title: Text
    category: Text
    services: Names | None = None
    owner: Text
    status: Literal["open", "closed"]
    inherent_likelihood: Level | None = None
    inherent_impact: Level | None = None
    likelihood: Level
    impact: Level
    target_likelihood: Level | None = None
    target_impact: Level | None = None
    treatment: Literal["mitigate", "accept", "transfer", "avoid"]
    review_on: date | None = None
    identified_on: date | None = None
    closed_on: date | None = None
    accepted_by: Text | None = None
    accepted_until: date | None = None
    events_per_year_low: Amount | None = None
    events_per_year_high: Amount | None = None
    loss_low: Amount | None = None
    loss_high: Amount | None = None
    description: LongText | None = None
    response: LongText | None = None


class Annotation(Record):
    annotation: Text
    at: Moment
    title: Text
    scope: Text | None = None
    url: Text | None = None


class Reading(Record):
    kpi: Text
    period: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?|-Q[1-4])?$")]
    scope: Annotated[str, StringConstraints(pattern=r"^(org|(tier|team|product|service):.+)$", max_length=2_000)]
    value: float | None = None
    part: float | None = None
    whole: float | None = None
    target: float | None = None
    note: LongText | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.value is None and (self.part is None or self.whole is None):
            raise ValueError("value is missing: give value, or part and whole")
        return self


class Entity(NamedTuple):
    """One kind of fact: its plural name, its record, and what identifies, dates and links it."""

    name: str
    record: type[Record]
    key: tuple[str, ...]
    """With `source` before them, the columns that identify a fact."""
    at: str | None = None
    """The column that puts a fact in time: what "watched" is measured by."""
    refs: Mapping[str, str] = MappingProxyType({})
    """Required links: column → entity; a row that names one nobody knows is set aside."""
    links: Mapping[str, str] = MappingProxyType({})
    """Optional links: column → entity; an unknown one is kept and listed on Data health."""


ENTITIES: Mapping[str, Entity] = MappingProxyType(
    {
        e.name: e
        for e in (
            Entity("teams", Team, ("team",)),
            Entity("services", Service, ("service",), links={"team": "teams"}),
            Entity("slos", Slo, ("slo", "valid_from"), links={"service": "services"}),
            Entity("deployments", Deployment, ("deployment",), "deployed_at", links={"service": "services"}),
            Entity(
                "incidents",
                Incident,
                ("incident",),
                "detected_at",
                links={"services": "services", "caused_by": "deployments", "repeat_of": "incidents"},
            ),
            Entity("sli", Sli, ("slo", "start"), "start", refs={"slo": "slos"}),
            Entity("exclusions", Exclusion, ("exclusion",), "start", links={"services": "services", "slos": "slos"}),
            Entity(
                "impacts",
                Impact,
                ("incident", "service", "start"),
                "start",
                refs={"incident": "incidents"},
                links={"service": "services"},
            ),
            Entity("postmortems", Postmortem, ("incident",), refs={"incident": "incidents"}),
            Entity(
                "pages",
                Page,
                ("page",),
                "triggered_at",
                links={"team": "teams", "service": "services", "incident": "incidents"},
            ),
            Entity("shifts", Shift, ("team", "responder", "start", "level"), "start", links={"team": "teams"}),
            Entity("dr_tests", DrTest, ("test",), "planned_on", links={"services": "services"}),
            Entity("risks", Risk, ("risk",), "identified_on", links={"services": "services"}),
            Entity("actions", Action, ("action",), "opened_at"),
            Entity("annotations", Annotation, ("annotation",), "at"),
            Entity("readings", Reading, ("kpi", "period", "scope")),
        )
    }
)
"""Every entity, in the order in which files are read: a link points backwards. `actions` name their origin by two
columns
(`origin`, `origin_id`), checked against the entity that `ORIGINS` gives."""

ORIGINS: Mapping[str, str] = MappingProxyType({"incident": "incidents", "risk": "risks", "dr_test": "dr_tests"})

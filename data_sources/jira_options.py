"""What `sources.yaml` may say of a Jira: which issues are incidents, post-mortems and actions, what stands where."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Le
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from data_sources.jira_issues import KEY, Issue, texts
from data_sources.options import Wired

CANCELLED = (
    *("Won't Do", "Won't Fix", "Duplicate", "Declined", "Cannot Reproduce", "Cancelled", "Canceled", "Rejected"),
    *("Abandoned", "Obsolete", "Invalid", "Not a Bug"),
)
"""Resolutions, and statuses, that end an issue which was not done."""
_RANKS = (
    ("highest", "blocker", "critical", "p0", "p1"),
    ("high", "major", "p2"),
    ("medium", "minor", "p3"),
    ("low", "lowest", "trivial", "p4", "p5"),
)
PRIORITIES = MappingProxyType({word: rank for rank, words in enumerate(_RANKS, 1) for word in words})
"""An action's priority by the usual schemes of Jira."""


def _listed(said: Any) -> Any:
    return (said,) if isinstance(said, str) else said


def _readable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as cause:
        raise ValueError(f"must be a regular expression ({cause})") from None
    return pattern


def _unordered(jql: str) -> str:
    if re.search(r"\border\s+by\b", jql, re.IGNORECASE):
        raise ValueError("must not be ordered: leave out its ORDER BY")
    return jql


Places = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Where a column stands: the first of the places that holds something counts."""


class Issues(BaseModel):
    """One query."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    usual: ClassVar[Mapping[str, Places]] = {}
    """Column → where it stands, unless `fields` says otherwise."""
    columns: ClassVar[frozenset[str]] = frozenset()
    belongs: ClassVar[str | None] = None
    """The column that names what it belongs to."""

    jql: Annotated[str, AfterValidator(_unordered)]
    fields: Mapping[str, Places] = Field(default_factory=dict)
    """Column → where it stands: a field by id or name, `key`, `links`, `links:is caused by`, `done`,
    `status:Mitigated`."""
    pattern: Annotated[str, AfterValidator(_readable)] = KEY.pattern
    """What of a text names what it belongs to: its first group, where it has one."""

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: Mapping[str, Places]) -> Mapping[str, Places]:
        unknown = next((name for name in fields if name not in cls.columns), None)
        if unknown is not None:
            raise ValueError(f"{unknown} is not known: it may name {', '.join(sorted(cls.columns))}")
        return fields

    def where(self) -> Mapping[str, Places]:
        """Column → where it stands."""
        return {**self.usual, **self.fields}

    def places(self) -> list[str]:
        """Every place, once."""
        return list(dict.fromkeys(place for places in self.where().values() for place in places))


class Incidents(Issues):
    """Issues that are incidents."""

    usual = {
        "title": ("summary",),
        "severity": ("priority",),
        "detected_at": ("created",),
        "resolved_at": ("done",),
        "services": ("components",),
        "commander": ("assignee",),
    }
    columns = frozenset(usual) | {
        *("started_at", "acknowledged_at", "mitigated_at", "cause", "caused_by", "repeat_of", "kind"),
        *("customer_impact", "customers_affected"),
    }


class Postmortems(Issues):
    """Issues that are post-mortems of incidents."""

    usual = {"incident": ("links", "parent"), "owner": ("assignee",), "completed_at": ("done",)}
    columns = frozenset(usual) | {"drafted_at", "reviewed_at"}
    belongs = "incident"


class Actions(Issues):
    """Issues that are what an incident, a risk or a DR test left to do."""

    usual = {
        "origin_id": ("links", "parent"),
        "title": ("summary",),
        "owner": ("assignee",),
        "priority": ("priority",),
        "opened_at": ("created",),
        "due_on": ("duedate",),
        "closed_at": ("done",),
    }
    columns = frozenset(usual) | {"outcome"}
    belongs = "origin_id"

    origin: Literal["incident", "risk", "dr_test"] = "incident"
    """What they come from."""
    priorities: Mapping[str, Annotated[int, Ge(1), Le(4)]] = Field(default_factory=dict)
    """Jira's priority → 1 to 4, where it is none of the usual ones."""


class Queries(BaseModel):
    """Which issues are what."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    incidents: Incidents | None = None
    postmortems: Postmortems | None = None
    actions: Actions | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not list(self.all()):
            raise ValueError("must say which issues are incidents, postmortems or actions")
        return self

    def all(self) -> Iterator[tuple[str, Issues]]:
        """Entity and query, incidents first: what belongs to them comes after."""
        for name in ("incidents", "postmortems", "actions"):
            query = getattr(self, name)
            if query is not None:
                yield name, query


class Jira(Wired):
    """Of a Jira. Cloud: `user` (an e-mail) and `password` (a variable with an API token); Data Center: `token`."""

    deployment: Literal["cloud", "data_center"] | None = None
    """Which it is; asked for without."""
    issues: Queries
    cancelled: tuple[str, ...] = CANCELLED
    """Resolutions and statuses of what was ended without being done."""


def belongings(issue: Issue, query: Issues, ids: Mapping[str, str]) -> Iterator[str]:
    """What an issue belongs to, as far as its places and the pattern tell; the first one counts."""
    for place in query.where()[query.belongs] if query.belongs else ():
        for text in texts(issue, place, ids):
            found = re.search(query.pattern, text)
            if found:
                yield found[1] if found.re.groups else found[0]

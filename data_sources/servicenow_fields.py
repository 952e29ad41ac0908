"""Where facts stand in a ServiceNow: its tables, the fields of the base system, or those of `sources.yaml`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator

from data_sources.options import Wired

Asked = Literal["incidents", "postmortems", "actions", "deployments"]
Listed = Literal["incidents", "actions", "deployments"]
"""What has a table of its own."""
_ASSIGNED = ("assigned_to.email", "assigned_to")
_SERVICES = ("business_service", "service_offering", "cmdb_ci")
FIELDS: Mapping[Asked, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "incidents": {
            "title": ("short_description",),
            "severity": ("priority",),
            "started_at": (),
            "detected_at": ("opened_at",),
            "acknowledged_at": (),
            "mitigated_at": (),
            "resolved_at": ("resolved_at", "closed_at"),
            "services": _SERVICES,
            "cause": ("problem_id.cause_code",),
            "caused_by": ("caused_by",),
            "customer_impact": (),
            "commander": _ASSIGNED,
        },
        "postmortems": {
            "owner": tuple(f"problem_id.{name}" for name in _ASSIGNED),
            "drafted_at": (),
            "completed_at": ("problem_id.resolved_at", "problem_id.closed_at"),
            "reviewed_at": (),
        },
        "actions": {"title": ("short_description",), "owner": _ASSIGNED, "due_on": ("due_date",)},
        "deployments": {
            "service": _SERVICES,
            "deployed_at": ("work_end", "end_date", "closed_at"),
            "status": ("close_code",),
            "unplanned": ("type",),
        },
    }
)
"""Where a fact stands: the first of these fields that is filled. None: only you know."""
TABLES: Mapping[Asked, str] = MappingProxyType(
    {
        "incidents": "incident",
        "postmortems": "incident",
        "actions": "problem_task",
        "deployments": "change_request",
    }
)
_ALSO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "incident": ("number", "state", "opened_at", "problem_id", "problem_id.state", "problem_id.resolution_code"),
        "problem_task": (
            "number",
            "state",
            "active",
            "close_code",
            "priority",
            "opened_at",
            "closed_at",
            "problem",
            "problem.first_reported_by_task",
        ),
        "change_request": ("number", "state"),
    }
)
"""What is asked for besides."""


def _condition(text: str) -> str:
    said = text.strip().strip("^")
    if any(part in said for part in ("^NQ", "ORDERBY", "GROUPBY")):
        raise ValueError("must hold conditions alone, without ^NQ, ORDERBY and GROUPBY")
    return said


FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
FieldNames = Annotated[tuple[FieldName, ...], BeforeValidator(lambda said: (said,) if isinstance(said, str) else said)]
Condition = Annotated[str, AfterValidator(_condition)]


class ServiceNow(Wired):
    """Of a ServiceNow instance."""

    read: Annotated[tuple[Literal["incidents", "changes"], ...], MinLen(1)] = ("incidents", "changes")
    """What is read: one or the other where not both are kept there."""
    fields: Mapping[Asked, Mapping[str, FieldNames]] = Field(default_factory=dict)
    """Fact → column → the fields it stands in, first filled first; over the defaults."""
    query: Mapping[Listed, Condition] = Field(default_factory=dict)
    """Fact → an encoded query for those that are meant: `priorityIN1,2^parent_incidentISEMPTY`."""
    outcomes: Mapping[str, Literal["succeeded", "failed", "rolled_back"]] = Field(default_factory=dict)
    """A change's close code → what became of it; over the defaults."""
    slice_days: Annotated[int, Ge(1), Le(90)] = 7
    """How much time is read and kept at once."""

    @field_validator("fields")
    @classmethod
    def _columns(cls, fields: Mapping[Asked, Mapping[str, Any]]) -> Mapping[Asked, Mapping[str, Any]]:
        for entity, columns in fields.items():
            for column in columns:
                if column not in FIELDS[entity]:
                    raise ValueError(f"says {column}, which {entity} do not have: {', '.join(FIELDS[entity])}")
        return fields

    def names(self, entity: Asked, column: str) -> tuple[str, ...]:
        """The fields that a column stands in."""
        return self.fields.get(entity, {}).get(column, FIELDS[entity][column])

    def asked(self, table: str) -> set[str]:
        """The fields of a table that are asked for."""
        of = [entity for entity, named in TABLES.items() if named == table]
        return {
            *_ALSO[table],
            *(name for entity in of for column in FIELDS[entity] for name in self.names(entity, column)),
        }

"""The policy: the organisation's choices that the numbers depend on. Shipped in `policy.yaml`, dated and audited in
the store."""

from datetime import time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.people import Role

Share = Annotated[float, Ge(0), Le(1)]
Minutes = Annotated[float, Gt(0)]
TIERS = (0, 1, 2, 3)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise ValueError(f"{name!r} is not a time zone of the IANA database, like Europe/London") from cause
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Hours(_Part):
    """Business days and hours, and the night, in a team's own zone."""

    days: tuple[Annotated[int, Ge(0), Le(6)], ...] = (0, 1, 2, 3, 4)
    start: time = time(8)
    end: time = time(18)
    sleep_start: time = time(22)
    sleep_end: time = time(8)


class TierPolicy(_Part):
    """What a tier promises."""

    objective: Annotated[float, Gt(0), Lt(1)]
    rto_minutes: Minutes
    rpo_minutes: Minutes
    engage_minutes: Minutes
    test_interval_days: Annotated[int, Gt(0)] | None = None


class Budget(_Part):
    """Error-budget thresholds: at most `warn` left is a warning, at most `freeze` left a freeze."""

    warn: float = 0.25
    freeze: float = 0.0


class Target(_Part):
    """A KPI's target: a number, or a factor on its own value some months before."""

    op: Literal[">=", "<=", ">", "<", "within"]
    value: float | None = None
    factor: float | None = None
    months_before: int | None = None


class RiskPolicy(_Part):
    """Risk scales (worded levels 1-5) and the appetite line: likelihood x impact above it needs a decision."""

    likelihood: tuple[str, str, str, str, str]
    impact: tuple[str, str, str, str, str]
    appetite: Annotated[int, Ge(1), Le(25)] = 12


class Given(_Part):
    """What the members of a group of the sign-in's directory may do, and where; no products or teams: everywhere."""

    roles: tuple[Role, ...]
    products: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None
    member_of: tuple[str, ...] = ()
    """Teams of ours that they are, whose responders they see by name."""


def _given(written: Any) -> Any:
    return {"roles": written} if isinstance(written, list | tuple) else written


class PeoplePolicy(_Part):
    """Who may enter: groups of the sign-in's directory, and the roles of everybody who signs in."""

    groups: dict[str, Annotated[Given, BeforeValidator(_given)]] = {}
    everyone: tuple[Role, ...] = ()


class Policy(_Part):
    """All of `policy.yaml`."""

    timezone: Zone = "UTC"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    hours: Hours = Hours()
    severities: dict[Annotated[int, Ge(1), Le(5)], str]
    major_severity: Annotated[int, Ge(1), Le(5)] = 2
    tiers: dict[Annotated[int, Ge(0), Le(3)], TierPolicy]
    engage_minutes_without_tier: Minutes = 60
    targets: dict[str, Target]
    budget: Budget = Budget()
    postmortem_days: Minutes = 7
    postmortem_draft_hours: Minutes = 48
    repeat_days: Minutes = 30
    attribution_hours: Minutes = 24
    interruption_seconds: Annotated[float, Ge(0)] = 60
    risk: RiskPolicy
    people: PeoplePolicy = PeoplePolicy()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def parse(text: str) -> Policy:
    """The policy that a YAML text holds. Raises ValueError (pydantic's names the field) or yaml.YAMLError."""
    return Policy.model_validate(yaml.safe_load(text) or {})


def dump(policy: Policy) -> str:
    """The policy as YAML, in the shape `parse` reads."""
    return yaml.safe_dump(policy.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)


@cache
def default() -> Policy:
    """The policy as shipped."""
    return parse((Path(__file__).parent / "policy.yaml").read_text(encoding="utf-8"))

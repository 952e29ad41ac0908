"""The policy: the organisation's choices that the numbers depend on. Shipped in `policy.yaml`, dated and audited in
the store."""

from datetime import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from app.brand import Brand
from app.people import Role

Share = Annotated[float, Ge(0), Le(1)]
Minutes = Annotated[float, Gt(0)]
TIERS = (0, 1, 2, 3)
LONGEST = 100_000
"""Letters of a policy's text."""


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


class Band(_Part):
    """Levels (likelihood x impact) from `at_least` on: how they are called, and how often they are reviewed."""

    at_least: Annotated[int, Ge(1), Le(25)]
    name: Annotated[str, Field(min_length=1, max_length=40)]
    review_days: Annotated[int, Ge(1), Le(3_650)]


_BANDS = (
    Band(at_least=1, name="low", review_days=365),
    Band(at_least=5, name="moderate", review_days=180),
    Band(at_least=10, name="high", review_days=90),
    Band(at_least=17, name="very high", review_days=30),
)


def _rising(levels: tuple[float, ...]) -> tuple[float, ...]:
    if any(one >= other for one, other in pairwise(levels)):
        raise ValueError("each level must lie above the one before")
    return levels


Positive = Annotated[float, Gt(0)]
Levels = Annotated[tuple[Positive, Positive, Positive, Positive, Positive], AfterValidator(_rising)]


class Tolerance(_Part):
    """A point of the tolerance line: at most this probability of a year that costs more than this."""

    probability: Annotated[float, Gt(0), Lt(1)]
    loss: Positive


def _falling(line: tuple[Tolerance, ...]) -> tuple[Tolerance, ...]:
    line = tuple(sorted(line, key=lambda point: point.loss))
    if any(one.loss == other.loss or one.probability <= other.probability for one, other in pairwise(line)):
        raise ValueError("the dearer a year, the less likely it may be")
    return line


class RiskPolicy(_Part):
    """Risk scales (worded levels 1-5) and the appetite line: likelihood x impact above it needs a decision."""

    likelihood: tuple[str, str, str, str, str]
    impact: tuple[str, str, str, str, str]
    appetite: Annotated[int, Ge(1), Le(25)] = 12
    bands: tuple[Band, ...] = _BANDS
    events_per_year: Levels = (0.03, 0.1, 0.3, 1, 3)
    """What each level of likelihood stands for. What a treatment buys is reckoned by the ratios of levels."""
    loss: Levels = (10_000, 50_000, 250_000, 1_000_000, 5_000_000)
    """What each level of impact stands for, likewise."""
    tolerance: Annotated[tuple[Tolerance, ...], AfterValidator(_falling)] = ()
    """What a year may cost, how likely; empty: nobody has said."""

    @model_validator(mode="after")
    def _from_the_lowest(self) -> Self:
        starts = [band.at_least for band in self.bands]
        if starts != sorted(set(starts)) or starts[:1] != [1]:
            raise ValueError("risk.bands must begin at 1 and rise")
        return self

    def band(self, score: int) -> Band:
        """The band that a level of likelihood x impact lies in."""
        return [band for band in self.bands if band.at_least <= score][-1]


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
    brand: Brand = Brand()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def parse(text: str) -> Policy:
    """The policy that a YAML text holds. Raises ValueError (pydantic's names the field) or yaml.YAMLError."""
    return Policy.model_validate(yaml.safe_load(text) or {})


class NotAPolicy(ValueError):
    """A text that is no policy; the message is a sentence that names what to mend, without its beginning."""


def understood(text: str) -> Policy:
    """The policy that a YAML text holds. Raises NotAPolicy with what to mend, to go after the name of the text:
    "is no policy: budget.warn: input should be a valid number"."""
    if len(text) > LONGEST:
        raise NotAPolicy(f"is longer than {LONGEST:,} letters")
    try:
        return parse(text)
    except ValidationError as refused:
        first = refused.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        words = first["msg"].removeprefix("Value error, ")
        raise NotAPolicy(f"is no policy: {place}: {words[0].lower()}{words[1:]}") from refused
    except (yaml.YAMLError, ValueError, RecursionError) as cause:
        raise NotAPolicy(f"is not YAML: {' '.join(str(cause).split())}") from cause


class Change(NamedTuple):
    """One difference between two policies."""

    place: str
    """"targets.on_call_load.value"."""
    old: Any
    new: Any


def differences(old: Policy, new: Policy) -> tuple[Change, ...]:
    """What one policy says otherwise than another, by place; None where it says nothing."""
    before, after = (dict(_flat(held.model_dump(mode="json", exclude_none=True))) for held in (old, new))
    places = [*after, *(place for place in before if place not in after)]
    return tuple(
        Change(place, before.get(place), after.get(place)) for place in places if before.get(place) != after.get(place)
    )


def _flat(part: Any, place: str = "") -> Any:
    if not isinstance(part, dict):
        yield place, part
        return
    for name, inside in part.items():
        yield from _flat(inside, f"{place}.{name}" if place else str(name))


def dump(policy: Policy) -> str:
    """The policy as YAML, in the shape `parse` reads."""
    return yaml.safe_dump(policy.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)


@cache
def default() -> Policy:
    """The policy as shipped."""
    return parse(shipped())


@cache
def shipped() -> str:
    """Its text, with what it says about itself."""
    return (Path(__file__).parent / "policy.yaml").read_text(encoding="utf-8")

"""Who and what PagerDuty knows: teams, services, shifts on call, and the people in them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict

from app.records import Zone
from data_sources.brought import Row
from data_sources.http import Slice
from data_sources.mapped import Values
from data_sources.options import Mapped
from data_sources.pagerduty_reading import Raw


class Labels(BaseModel):
    """Which custom field of a service names what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: Mapped | None = None
    tier: Mapped | None = None
    product: Mapped | None = None


class Defaults(BaseModel):
    """What holds where PagerDuty says nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: Mapped | None = None
    tier: Annotated[int, Ge(0), Le(3)] | None = None
    timezone: Zone | None = None
    """Of every team; without, the one that most of its members have."""


def person(reference: Mapping[str, Any], users: Mapping[str, Any]) -> str:
    """Somebody's e-mail address; of somebody who was deleted the name that is left, or the id."""
    known = users.get(reference["id"], {})
    return str(known.get("email") or known.get("name") or reference.get("summary") or reference["id"])


def first_team(of: Mapping[str, Any], raw: Raw) -> str | None:
    """The team of an incident, a service or a shift: its own first one, else that of its escalation policy."""
    policy = raw.policies.get((of.get("escalation_policy") or {}).get("id", ""), {})
    for one in (*(of.get("teams") or ()), *(policy.get("teams") or ())):
        named = one.get("summary") or one.get("name") or one["id"]
        return str(named)
    return None


def teams(raw: Raw, timezone: str | None, values: Values) -> list[Row]:
    """Teams, in the time zone that most of their members have; of nobody, that of most people."""
    zones = available_timezones() if timezone is None else frozenset()
    people = [one for one in raw.users.values() if one.get("time_zone") in zones]
    most = _most(one["time_zone"] for one in people)
    found: dict[str | None, Row] = {}
    for team in raw.teams.values():
        name = team.get("name") or team.get("summary") or team["id"]
        ours = values.team(name, str(name))
        members = (one["time_zone"] for one in people if team["id"] in {of["id"] for of in one.get("teams") or ()})
        zone = timezone or _most(members) or most
        found.setdefault(ours, Row({"team": ours, "name": name, "timezone": zone}))
    return list(found.values())


def _most(zones: Iterable[str]) -> str | None:
    counted = Counter(zones)
    return min(counted, key=lambda zone: (-counted[zone], zone), default=None)


def services(raw: Raw, labels: Labels, defaults: Defaults, values: Values) -> list[Row]:
    """Services of which tier and team can be told."""
    found: dict[str | None, Row] = {}
    for one, fields in raw.items:
        said = {str(field["name"]).casefold(): field.get("value") for field in fields}
        team, tier, product = (
            said.get(name.casefold()) if name else None for name in (labels.team, labels.tier, labels.product)
        )
        name = one.get("name") or one.get("summary") or one["id"]
        ours = values.service(name, str(name))
        mine = values.team(team or first_team(one, raw) or defaults.team, str(name))
        level = defaults.tier if tier in (None, "") else _tier(tier)
        if mine and level is not None:
            row = Row({"service": ours, "name": name, "tier": level, "team": mine, "product": product})
            found.setdefault(ours, row)
    return list(found.values())


def _tier(value: Any) -> str:
    """`1`, `Tier 1` and `tier-1` are the same; anything else stays as it is, so that its row is set aside in view."""
    return str(value).casefold().removeprefix("tier").strip(" -_:")


def shifts(raw: Raw, slice_: Slice, default_team: str | None, values: Values) -> list[Row]:
    """Who was on call, each shift from its own start to its own end. Somebody who always is has a shift a day (UTC), as
    far as it has been read."""
    midnight = slice_.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[tuple[Any, ...], Row] = {}
    for one in raw.items:
        start = _moment(one.get("start")) or midnight
        end = _moment(one.get("end")) or slice_.end
        if start >= slice_.end:
            continue
        who, level = person(one["user"], raw.users), one.get("escalation_level")
        team = values.team(first_team(one, raw) or default_team, f"{who} {one['escalation_policy'].get('summary')}")
        key = (team, who, start, level)
        if key not in found or found[key].values["end"] < end:
            found[key] = Row({"team": team, "responder": who, "start": start, "end": end, "level": level})
    return list(found.values())


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""PagerDuty's incidents, and the pages that its responders got, by the incidents' log entries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict

from data_sources.brought import Row
from data_sources.mapped import Values
from data_sources.options import Mapped
from data_sources.pagerduty_catalogue import first_team, person
from data_sources.pagerduty_reading import Raw, Told

_LOUDEST = ("phone", "sms", "push", "email")
"""A page goes by several channels, one after the other: the first of these that it used is its own."""
_WORDS = MappingProxyType({"phone": "phone", "voice": "phone", "sms": "sms", "push": "push", "email": "email"})
_MERGED = "Incidents that were merged into another are kept as tests, which count nowhere: the other one counts."


class Fields(BaseModel):
    """Which custom field of an incident holds what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer_impact: Mapped | None = None
    cause: Mapped | None = None
    services: Mapped | None = None


def rows(
    raw: Raw, named: Fields, default_team: str | None, values: Values
) -> tuple[dict[str, list[Row]], tuple[str, ...]]:
    """Incidents with their pages, and what was read otherwise than it stands."""
    incidents: list[Row] = []
    pages: list[Row] = []
    merged = False
    for told in raw.items:
        entries = _in_time(told.entries)
        incident = _incident(told, entries, named, values)
        merged |= incident.values["kind"] == "test"
        incidents.append(incident)
        pages += _pages(told.incident, entries, raw, default_team, values)
    return {"incidents": incidents, "pages": pages}, (_MERGED,) if merged else ()


def _in_time(entries: Iterable[Any]) -> list[Any]:
    """Log entries from the first one on; PagerDuty gives the newest first, those of one second too."""
    found = list(entries)[::-1]
    found.sort(key=lambda one: datetime.fromisoformat(one["created_at"]))
    return found


def _incident(told: Told, entries: Sequence[Any], named: Fields, values: Values) -> Row:
    one = told.incident
    title = one.get("title") or one.get("summary") or one["id"]
    of = f"{one['id']} {title}"
    fields = {str(name).casefold(): said.get("value") for said in told.fields for name in _called(said)}
    impact, cause, services = (
        fields.get(name.casefold()) if name else None for name in (named.customer_impact, named.cause, named.services)
    )
    into = _merged_into(one)
    return Row(
        {
            "incident": one["id"],
            "title": f"{title} (merged into {into})" if into else title,
            "severity": values.severity((one.get("priority") or {}).get("summary") or one.get("urgency"), of),
            "detected_at": one["created_at"],
            "acknowledged_at": next((said["created_at"] for said in entries if _kind(said) == "acknowledge"), None),
            "resolved_at": _resolved_at(one, entries),
            "services": values.services((_summary(one.get("service")), *_several(services)), of),
            "cause": values.cause("; ".join(_several(cause)) or None, of),
            "kind": "test" if into else "incident",
            "customer_impact": values.customer_impact(impact, of),
            "url": one.get("html_url"),
        }
    )


def _called(said: Mapping[str, Any]) -> Iterable[str]:
    return filter(None, (said.get("name"), said.get("display_name")))


def _several(value: Any) -> tuple[str, ...]:
    """The values of a custom field: a list of them, or a text with `;` between them."""
    parts = value if isinstance(value, list) else str(value).split(";") if value is not None else ()
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _resolved_at(one: Mapping[str, Any], entries: Sequence[Any]) -> Any:
    if one.get("status") != "resolved":
        return None
    last = next((said["created_at"] for said in reversed(entries) if _kind(said) == "resolve"), None)
    return last or one.get("resolved_at") or one.get("last_status_change_at")


def _merged_into(one: Mapping[str, Any]) -> str | None:
    """The incident that this one was merged into: it is none of its own any more."""
    reason = one.get("resolve_reason") or {}
    return (reason.get("incident") or {}).get("id") if reason.get("type") == "merge_resolve_reason" else None


def _kind(entry: Mapping[str, Any]) -> str:
    return str(entry["type"]).removesuffix("_reference").removesuffix("_log_entry")


def _summary(reference: Any) -> str | None:
    return (reference or {}).get("summary")


@dataclass
class _Series:
    """One page: what a responder was sent until they answered, or somebody else's turn came."""

    first: Mapping[str, Any]
    channels: set[str | None] = field(default_factory=set)
    answered_at: str | None = None
    over: bool = False


def _pages(
    one: Mapping[str, Any], entries: Sequence[Any], raw: Raw, default_team: str | None, values: Values
) -> list[Row]:
    title = f"{one['id']} {one.get('title') or ''}"
    team = values.team(first_team(one, raw) or default_team, title)
    service = values.service(_summary(one.get("service")), title)
    resolved = _resolved_at(one, entries)
    return [
        Row(
            {
                "page": series.first["id"],
                "triggered_at": series.first["created_at"],
                "responder": person(series.first["user"], raw.users),
                "team": team,
                "service": service,
                "acknowledged_at": series.answered_at,
                "resolved_at": resolved,
                "channel": next((channel for channel in _LOUDEST if channel in series.channels), None),
                "incident": one["id"],
                "url": one.get("html_url"),
            }
        )
        for series in _series(entries)
    ]


def _series(entries: Sequence[Any]) -> list[_Series]:
    """The pages of an incident, in time. Whoever resolves it has answered their page too."""
    found: list[_Series] = []
    latest: dict[str, _Series] = {}
    for entry in entries:
        kind = _kind(entry)
        if kind == "notify" and entry.get("user"):
            who = entry["user"]["id"]
            if who not in latest or latest[who].over:
                latest[who] = _Series(entry)
                found.append(latest[who])
            latest[who].channels.add(_channel(entry))
        elif kind in {"acknowledge", "resolve"}:
            mine = latest.get((entry.get("agent") or {}).get("id", ""))
            if mine is not None:
                mine.answered_at = mine.answered_at or entry["created_at"]
                mine.over = True
        if kind in _TURNS:
            still = {one["id"] for one in entry.get("assignees") or ()} if kind == "assign" else set()
            for who, series in latest.items():
                series.over |= who not in still
    return found


_TURNS = frozenset({"assign", "escalate", "delegate", "repeat_escalation_path", "unacknowledge", "resolve"})
"""Log entries after which a notification begins another page."""


def _channel(entry: Mapping[str, Any]) -> str | None:
    channel = entry.get("channel") or {}
    word = str((channel.get("notification") or {}).get("type") or channel.get("type") or "")
    return next((ours for theirs, ours in _WORDS.items() if theirs in word), None)

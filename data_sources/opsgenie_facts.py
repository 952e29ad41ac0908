"""Alerts as pages, timelines as shifts, schedules' owners as teams, and incidents, of Opsgenie and JSM Operations.

Who was called, and by what, stands in words in an alert's log. A page is one person's of one alert: from the first
time that they were called, until the alert was acknowledged, by whomever.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from app.records import ENTITIES
from data_sources.brought import Brought, Part, Row, batch
from data_sources.http import Slice, slices
from data_sources.mapped import Values
from data_sources.opsgenie_shapes import WEEK, Names, Ops, Raw, on_call, week_of

_SEVERITY = MappingProxyType({f"p{rank}": rank for rank in range(1, 6)})
_CALLED = re.compile(r"\b(sent|notified|delivered|called)\b", re.IGNORECASE)
_NOT_CALLED = re.compile(
    r"\b(not|no|skip\w*|suppress\w*|fail\w*|drop\w*|block\w*|cancel\w*|delay\w*|will|could)\b", re.IGNORECASE
)
_CHANNELS = (
    ("phone", re.compile(r"voice|phone|\bcall", re.IGNORECASE)),
    ("sms", re.compile(r"\bsms\b|text message", re.IGNORECASE)),
    ("push", re.compile(r"push|mobile|\bios\b|android", re.IGNORECASE)),
    ("email", re.compile(r"e-?mail", re.IGNORECASE)),
)
"""Words of a log → the channel, the loudest first."""
_ACKNOWLEDGED = re.compile(r"(?<!not )(?<!not been )\backnowledged\b", re.IGNORECASE)
_RESOLVED = re.compile(r"\bresolved\b", re.IGNORECASE)
_CLOSED = re.compile(r"(?<!not )(?<!not been )\bclosed\b", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NOBODY = frozenset({"", "system", "api", "alert api", "opsgenie", "jira service management"})
"""Owners of log lines that are no people."""


class _Line(NamedTuple):
    at: datetime
    text: str
    kind: str
    owner: str


class _Call(NamedTuple):
    """Somebody was called."""

    who: str
    """As the log calls them."""
    at: datetime
    channel: str | None


def parse(raw: Raw, options: Ops, part: Part, slice_: Slice) -> Brought:
    """The facts of one part."""
    values = Values(options.map, severity=_SEVERITY)
    notes = list(raw.notes)
    match part.of:
        case "teams":
            rows = list(_teams(raw.names, values, notes))
        case "shifts":
            rows = list(_shifts(raw, options, slice_, values))
        case "incidents":
            rows = [_incident(one, logs, raw.names, options, values) for one, logs in raw.items]
        case _:
            pages = [list(_pages(one, logs, raw.names, options, values)) for one, logs in raw.items]
            rows = [row for each in pages for row in each]
            none = sum(not each for each in pages)
            if none:
                notes.append(f"Of {len(pages):,} alerts {none:,} called nobody, as far as their logs tell: no pages.")
    entity = {"alerts": "pages"}.get(part.of, part.of)
    batches = ((ENTITIES[entity], entity, batch(entity, rows)),) if rows else ()
    return Brought(batches, tuple(raw.unread), tuple(notes), raw.partial, values.seen())


def _teams(names: Names, values: Values, notes: list[str]) -> Iterator[Row]:
    """Teams whose time zone a schedule of theirs tells."""
    zones = {_owner(one, names): one.get("timezone") for one in reversed(names.schedules)}
    found = {values.team(name): (name, zones[name]) for name in names.teams.values() if zones.get(name)}
    for team, (name, zone) in found.items():
        yield Row({"team": team, "name": name, "timezone": zone})
    lost = sorted(set(names.teams.values()) - {name for name, _ in found.values()})
    if lost:
        notes.append(f"Without a schedule nothing tells the time zone of the teams {', '.join(lost)}: left out.")


def _owner(schedule: Mapping[str, Any], names: Names) -> str | None:
    team = schedule.get("ownerTeam") or {}
    key = str(team.get("id") or schedule.get("teamId") or "")
    return names.teams.get(key) or team.get("name") or key or None


def _shifts(raw: Raw, options: Ops, slice_: Slice, values: Values) -> Iterator[Row]:
    """Who was on call, up to the end of the slice, cut at weeks: what is read again begins where it began before."""
    found: dict[tuple[str | None, str, datetime], datetime] = {}
    for schedule, timeline in raw.items:
        team = values.team(_owner(schedule, raw.names) or options.team, str(schedule.get("name")))
        for rotation in timeline.get("rotations") or ():
            for period in rotation.get("periods") or ():
                start = max(datetime.fromisoformat(period["startDate"]), week_of(slice_.start))
                end = min(datetime.fromisoformat(period["endDate"]), slice_.end)
                for one in on_call(period, options.dialect):
                    who = raw.names.people.get(one.get("id", "")) or one.get("name") or one.get("username") or one["id"]
                    for piece in slices(start, end, WEEK):
                        key = (team, who, piece.start)
                        found[key] = max(found.get(key, piece.end), piece.end)
    for (team, who, start), end in found.items():
        yield Row({"team": team, "responder": who, "start": start, "end": end})


def _lines(logs: Sequence[Mapping[str, Any]], options: Ops) -> list[_Line]:
    at, kind = options.dialect.log
    found = [
        _Line(
            datetime.fromisoformat(one[at]), str(one.get("log") or ""), str(one.get(kind)), str(one.get("owner") or "")
        )
        for one in logs
    ]
    return sorted(found, key=lambda line: line.at)


def _pages(
    alert: Mapping[str, Any], logs: Sequence[Mapping[str, Any]], names: Names, options: Ops, values: Values
) -> Iterator[Row]:
    lines, of = _lines(logs, options), f"#{alert.get('tinyId')} {alert.get('message')}"
    begun = datetime.fromisoformat(alert["createdAt"])
    acknowledged = _when(alert, "ackTime", begun) or _first(lines, _ACKNOWLEDGED)
    ended = _when(alert, "closeTime", begun) or (_first(lines, _CLOSED) if alert.get("status") == "closed" else None)
    taken = min(filter(None, (acknowledged, ended)), default=None)
    calls = _calls(lines, taken)
    if not calls and acknowledged:
        calls = [_Call(who, begun, None) for who in _takers(alert, lines)]
    if not calls:
        return
    team = values.team(_team(alert, names) or options.team, of)
    service = values.service(_service(alert, options), of)
    for call in calls:
        yield Row(
            {
                "page": f"{alert['id']}/{call.who}",
                "triggered_at": call.at,
                "responder": names.people.get(call.who, call.who),
                "team": team,
                "service": service,
                "acknowledged_at": acknowledged,
                "resolved_at": ended,
                "channel": call.channel,
                "url": _url(options, "alert/detail", alert["id"], "details"),
            }
        )


def _calls(lines: Sequence[_Line], taken: datetime | None) -> list[_Call]:
    """Everybody who was called until the alert was taken, once: when first, and by which channel but e-mail first."""
    found: dict[str, _Call] = {}
    for line in lines:
        if (taken and line.at > taken) or not _CALLED.search(line.text) or _NOT_CALLED.search(line.text):
            continue
        who = _called(line)
        words = _MAIL.sub("", line.text)
        channel = next((name for name, pattern in _CHANNELS if pattern.search(words)), None)
        held = found.get(who)
        if held is None:
            found[who] = _Call(who, line.at, channel)
        elif held.channel in (None, "email") and channel not in (None, "email"):
            found[who] = held._replace(channel=channel)
    found.pop("", None)
    return list(found.values())


def _called(line: _Line) -> str:
    """Whom a line says was called: its owner where it is a recipient's, else the address in it; nobody where it was
    another system."""
    owner = line.owner.strip()
    if line.kind == "alertRecipient" and owner.casefold() not in _NOBODY:
        return owner
    named = _MAIL.search(line.text) or _MAIL.search(owner)
    return named[0] if named else ""


def _takers(alert: Mapping[str, Any], lines: Sequence[_Line]) -> Iterator[str]:
    """Who acknowledged it, where nothing tells who was called."""
    said = (alert.get("report") or {}).get("acknowledgedBy")
    owners = [said] if said else [line.owner for line in lines if _ACKNOWLEDGED.search(line.text)]
    for who in owners[:1]:
        if who.strip().casefold() not in _NOBODY:
            yield who.strip()


def _when(alert: Mapping[str, Any], name: str, begun: datetime) -> datetime | None:
    """A moment that Opsgenie tells in milliseconds since the beginning, and JSM Operations as it is."""
    said = alert.get(name) or (alert.get("report") or {}).get(name)
    if isinstance(said, int | float):
        return begun + timedelta(milliseconds=said)
    return datetime.fromisoformat(said) if said else None


def _first(lines: Sequence[_Line], words: re.Pattern[str]) -> datetime | None:
    return next((line.at for line in lines if words.search(line.text)), None)


def _team(alert: Mapping[str, Any], names: Names) -> str | None:
    """The first team that was told of it, else the one whose schedule was."""
    responders = [*(alert.get("responders") or ()), *({**one, "type": "team"} for one in alert.get("teams") or ())]
    owners = {one["id"]: _owner(one, names) for one in names.schedules}
    keys = [one["id"] for one in responders if one.get("type") == "team"]
    of_schedules = (owners.get(one["id"]) for one in responders if one.get("type") == "schedule")
    keys += [alert["ownerTeamId"]] if alert.get("ownerTeamId") else []
    return names.teams.get(keys[0], keys[0]) if keys else next(filter(None, of_schedules), None)


def _service(alert: Mapping[str, Any], options: Ops) -> str | None:
    begins = options.service_tag
    tags = (tag for tag in alert.get("tags") or () if begins and tag.startswith(begins))
    return next((tag[len(begins or "") :].strip() for tag in tags), None)


def _incident(
    one: Mapping[str, Any], logs: Sequence[Mapping[str, Any]], names: Names, options: Ops, values: Values
) -> Row:
    of = f"#{one.get('tinyId')} {one['message']}"
    lines = _lines(logs, options)
    resolved, closed = ([line.at for line in lines if words.search(line.text)] for words in (_RESOLVED, _CLOSED))
    ends = resolved or closed
    return Row(
        {
            "incident": one["id"],
            "title": one["message"],
            "severity": values.severity(one.get("priority"), of),
            "started_at": one.get("impactStartDate"),
            "detected_at": one.get("impactDetectDate") or one["createdAt"],
            "mitigated_at": one.get("impactEndDate"),
            "resolved_at": ends[-1] if ends else None,
            "services": values.services(
                (names.services.get(key, key) for key in one.get("impactedServices") or ()), of
            ),
            "kind": "incident",
            "url": (one.get("links") or {}).get("web") or _url(options, "incident/detail", one["id"]),
        }
    )


def _url(options: Ops, *place: str) -> str | None:
    """Where people look at it; Opsgenie's own address stands beside that of its API."""
    host = urlsplit(options.url).netloc
    return f"https://app.{host.removeprefix('api.')}/{'/'.join(place)}" if host.endswith("opsgenie.com") else None

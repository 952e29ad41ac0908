"""What Opsgenie and its successor JSM Operations have in common: alerts with logs, schedules with timelines, teams.

What they say differently is a Dialect. Of a link to a next page only the query is taken, and asked for at our own
address: the link may name another host, or leave out what stands before its path.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from data_sources.brought import Part
from data_sources.http import Client, Params, Slice, SourceError, by_token, incomplete
from data_sources.jira_issues import person
from data_sources.options import Wired

PAGE = 100
CAP = 20_000
"""Alerts that a query gives; beyond them the systems give nothing."""
WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_SHORTEST = timedelta(minutes=1)
"""Time that is not cut any more, however many alerts it holds."""
_LATER = timedelta(days=14)
"""How old an alert may be whose change is seen, where alerts cannot be asked for by their last change."""
_SOME = 50
_ACCOUNT = re.compile(r"[0-9a-f]{24}|\d+:[0-9a-f-]{36}")
"""What the id of an Atlassian account looks like."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Dialect:
    """What the two say differently."""

    paths: Mapping[str, str]
    """What is asked for → where it is, `{}` an id. What stands not here, the system has not."""
    lists: str
    """Where an answer holds its list."""
    links: str
    size: str
    teams: tuple[str, str, str]
    """Where an answer holds the teams, and what a team's id and name are called."""
    on_call: tuple[str, str]
    """Who has a stretch of a timeline, and who that is where it is not one person."""
    log: tuple[str, str]
    """When a line of a log was written, and of what kind it is."""
    changed: str | None
    """What alerts are asked for by, to see those that changed."""


class Ops(Wired):
    """Of both."""

    dialect: ClassVar[Dialect]

    query: str | None = None
    """Of all alerts those that this search finds, in the system's own words."""
    team: str | None = None
    """Whose pages and schedules are that name no team."""
    service_tag: str | None = None
    """How the tags begin that name a service: `service:`."""

    @property
    def site(self) -> str:
        """What `{site}` in paths is."""
        return ""


@dataclass
class Names:
    """What ids mean, as far as that may be read."""

    teams: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """An account's id, or the name that it shows → the person."""
    schedules: list[Mapping[str, Any]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Ids that were asked for and mean nobody."""


class Raw(NamedTuple):
    """What one part gave for a slice of time."""

    items: Sequence[tuple[Mapping[str, Any], Any]]
    """Alerts or incidents with their logs; schedules with their timelines."""
    names: Names
    unread: Sequence[str] = ()
    notes: Sequence[str] = ()
    partial: bool = False


_NAMES: WeakKeyDictionary[Client, Names] = WeakKeyDictionary()


def parts(options: Ops, whole: Iterable[str], *names: str) -> list[Part]:
    """Parts that are read from the start when something else is asked for."""
    said = repr((options.query, options.team, options.service_tag))
    mark = hashlib.sha256(said.encode()).hexdigest()[:8]
    return [*(Part(name, name, True) for name in whole), *(Part(f"{name}#{mark}", name) for name in names)]


def fetch(client: Client | None, options: Ops, part: Part, slice_: Slice) -> Raw:
    """Everything of a part in the slice, and what its ids mean."""
    assert client is not None
    wire = Wire(client, options)
    names = wire.names()
    match part.of:
        case "teams":
            return Raw((), names, names.unread)
        case "shifts":
            timelines = list(wire.timelines(slice_))
            wire.people(_on_call(timelines, options.dialect), wire.unread)
            return Raw(timelines, names, wire.unread)
        case "incidents":
            return Raw(list(wire.incidents(slice_)), names, wire.unread, wire.notes)
    alerts = list(wire.alerts(slice_))
    owners = (str(line.get("owner")) for _, logs in alerts for line in logs)
    wire.people((owner for owner in owners if _ACCOUNT.fullmatch(owner)), wire.unread)
    return Raw(alerts, names, wire.unread, wire.notes, wire.short)


@dataclass
class Wire:
    """Asks one of the two."""

    client: Client
    options: Ops
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    short: bool = False
    """Whether fewer came than there are."""

    @property
    def dialect(self) -> Dialect:
        return self.options.dialect

    def at(self, what: str, *ids: str) -> str:
        return self.dialect.paths[what].format(*ids, site=self.options.site)

    def has(self, what: str) -> bool:
        return what in self.dialect.paths

    def one(self, path: str, params: Params | None = None) -> Mapping[str, Any]:
        body = self.client.get(path, params).body
        if not isinstance(body, dict):
            raise SourceError("version", f"{self.client.name} does not answer as expected: is its url right?")
        return body

    def all(self, path: str, lists: str = "", **params: str | int) -> Iterator[Any]:
        """A list to its end."""

        def ask(link: str | None) -> tuple[list[Any], str | None]:
            more = {name: values[-1] for name, values in parse_qs(urlsplit(link or "").query).items()}
            body = self.one(path, {**params, self.dialect.size: PAGE, **more})
            items = body[lists or self.dialect.lists]
            return items, (body.get(self.dialect.links) or {}).get("next") if items else None

        return by_token(ask)

    def within(self, what: str, by: str, start: datetime, end: datetime) -> list[Any]:
        """Alerts or incidents by a time of theirs; where one query would not give all, time is cut in halves."""
        query = f"{by}>={_millis(start)} AND {by}<{_millis(end)}"
        query = f"({self.options.query}) AND {query}" if self.options.query and what == "alerts" else query
        found: dict[str, Any] = {}
        said: list[int] = []
        if self.has(f"{what}_count"):
            said.append(self.one(self.at(f"{what}_count"), {"query": query})["data"]["count"])
        asked: dict[str, str | int] = {"query": query, "sort": "createdAt", "order": "asc", self.dialect.size: PAGE}
        for offset in range(0, CAP - PAGE, PAGE):
            body = self.one(self.at(what), {**asked, "offset": offset})
            found.update((one["id"], one) for one in body[self.dialect.lists])
            said += [body["count"]] if "count" in body else []
            if not (body.get(self.dialect.links) or {}).get("next") or not body[self.dialect.lists]:
                break
        else:
            if end - start > _SHORTEST:
                middle = start + (end - start) / 2
                return self.within(what, by, start, middle) + self.within(what, by, middle, end)
            self.unread.append(f"{start:%Y-%m-%d %H:%M} UTC holds more than {CAP:,} {what}: the others cannot be read.")
            return list(found.values())
        short = incomplete(what, max(said, default=None), len(found))
        if short:
            self.unread.append(short)
            self.short = True
        return list(found.values())

    def names(self) -> Names:
        """Asked once a reading. A list that may not be read is told, and what is on it known by its id alone."""
        if self.client in _NAMES:
            return _NAMES[self.client]
        found = Names()
        lists, key, name = self.dialect.teams
        found.teams = {one[key]: one[name] for one in self._spared("teams", found, lists)}
        found.services = {one["id"]: one["name"] for one in self._spared("services", found)}
        schedules = self._spared("schedules", found, expand="rotation")
        found.schedules = [one for one in schedules if one.get("enabled") is not False]
        _NAMES[self.client] = found
        rotations = [rotation for one in schedules for rotation in one.get("rotations") or ()]
        participants = [one for rotation in rotations for one in rotation.get("participants") or ()]
        shown = self.people((one["id"] for one in participants if one.get("type") == "user"), found.unread)
        found.people |= {name: who for name, who in shown if [other for other, _ in shown].count(name) == 1}
        return found

    def _spared(self, what: str, names: Names, lists: str = "", **params: str) -> list[Any]:
        if not self.has(what):
            return []
        try:
            return list(self.all(self.at(what), lists, **params))
        except SourceError as cause:
            if cause.reason not in ("query", "permission"):
                raise
            names.unread.append(f"{what}: {cause}")
            return []

    def people(self, ids: Iterable[str], unread: list[str]) -> list[tuple[str, str]]:
        """Learns who accounts are, where they are known by ids; gives the names that they show, with who that is."""
        names = self.names()
        wanted = sorted(set(ids) - names.people.keys() - names.unknown) if self.has("users") else []
        shown: list[tuple[str, str]] = []
        for start in range(0, len(wanted), _SOME):
            query = "&".join(f"accountId={one}" for one in wanted[start : start + _SOME])
            try:
                found = self.one(f"{self.at('users')}?{query}&maxResults={_SOME}")
            except SourceError as cause:
                if cause.reason == "answer":
                    raise
                unread.append(f"Names of people cannot be read, their ids stand for them: {cause}")
                break
            known = {one["accountId"]: person(one) or one["accountId"] for one in found["values"]}
            names.people |= known
            shown += [(str(one["displayName"]), known[one["accountId"]]) for one in found["values"]]
        names.unknown.update(set(wanted) - names.people.keys())
        return shown

    def alerts(self, slice_: Slice) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Alerts that began or changed in the slice, with their logs."""
        changed = self.dialect.changed
        start = slice_.start if changed else slice_.start - _LATER
        for alert in self.within("alerts", changed or "createdAt", start, slice_.end):
            times = (datetime.fromisoformat(alert[name]) for name in ("createdAt", "updatedAt") if alert.get(name))
            if changed or any(slice_.start <= at < slice_.end for at in times):
                yield from self._logged("alert", alert)

    def incidents(self, slice_: Slice) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Incidents that changed in the slice, with the logs of those that are over."""
        for incident in self.within("incidents", "updatedAt", *slice_):
            if incident.get("status") in ("resolved", "closed"):
                yield from self._logged("incident", incident)
            else:
                yield incident, ()

    def _logged(self, what: str, one: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
        try:
            yield one, list(self.all(self.at(f"{what}_logs", one["id"])))
        except SourceError as cause:
            if cause.reason != "version":
                raise
            self.notes.append(f"The {what} {one['id']} was deleted while it was read.")

    def timelines(self, slice_: Slice) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Every schedule with who was on call in the slice's week, whose beginning is not cut off."""
        start = week_of(slice_.start) - _DAY
        days = (slice_.end - start) // _DAY + 2
        asked: Params = {"date": start.isoformat(), "interval": days, "intervalUnit": "days"}
        for schedule in self.names().schedules:
            try:
                body = self.one(self.at("timeline", schedule["id"]), asked)
            except SourceError as cause:
                if cause.reason not in ("query", "version"):
                    raise
                self.unread.append(f"The schedule {schedule['name']} from {start:%Y-%m-%d} cannot be read: {cause}")
                continue
            yield schedule, (body.get("data") or body)["finalTimeline"]


def week_of(at: datetime) -> datetime:
    """The beginning of its week, as slices of time are cut."""
    return _EPOCH + ((at - _EPOCH) // WEEK) * WEEK


def on_call(period: Mapping[str, Any], dialect: Dialect) -> Iterator[Mapping[str, Any]]:
    """The people that have a stretch of a timeline; nobody where it is left to nobody, or tells none."""
    alone, several = dialect.on_call
    for one in (period.get(alone) or {}, *(period.get(several) or ())):
        if one.get("type") == "user":
            yield one


def _on_call(timelines: Iterable[tuple[Any, Any]], dialect: Dialect) -> Iterator[str]:
    for _, timeline in timelines:
        for rotation in timeline.get("rotations") or ():
            for period in rotation.get("periods") or ():
                yield from (one["id"] for one in on_call(period, dialect) if one.get("id"))


def _millis(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)

"""Jira, Cloud and Data Center: actions, post-mortems and incidents, where teams keep them as issues.

Queries in JQL say which issues are which; `fields` says where a column stands, if not where it usually does. Read by
when issues were updated, so that an edit after the end is seen; a deleted issue cannot be.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data_sources.brought import Kind, Part
from data_sources.http import Client, Params, Slice, SourceError, by_offset, by_token, incomplete
from data_sources.jira_facts import Raw, parse
from data_sources.jira_issues import KEY, Issue, changes_missing, first_key, named, needed
from data_sources.jira_options import Issues, Jira, belongings

_PAGE = 100
_SOME = 50
"""How many keys are asked for at once."""
_ALWAYS = ("summary", "status", "resolution", "resolutiondate", "statuscategorychangedate", "created", "updated")


@dataclass
class _Site:
    """What one reading knows of the Jira that it reads."""

    cloud: bool
    url: str
    """Where people look at issues."""
    zone: ZoneInfo
    """The time zone of the account that reads: JQL means every time in it."""
    ids: frozenset[str]
    """Of its fields."""
    names: Mapping[str, Sequence[str]]
    """A field's name without case → its id; several where fields share a name."""
    incidents: dict[str, str] = field(default_factory=dict)
    """Keys of the incidents that this reading brought: as they are now → as they were first."""

    @property
    def api(self) -> str:
        return _api(self.cloud)


_SITES: WeakKeyDictionary[Client, _Site] = WeakKeyDictionary()


def _api(cloud: bool) -> str:
    return f"/rest/api/{3 if cloud else 2}"


def _site(client: Client, options: Jira) -> _Site:
    """Asked once a reading."""
    if client not in _SITES:
        cloud, url = options.deployment == "cloud", options.url
        if options.deployment is None:
            said = client.get("/rest/api/2/serverInfo").body
            if not isinstance(said, dict) or "deploymentType" not in said:
                raise SourceError("version", f"{client.name} does not answer as Jira does: is its url right?")
            cloud, url = said["deploymentType"] == "Cloud", str(said.get("baseUrl") or options.url).rstrip("/")
        zone = _zone(client, client.get(f"{_api(cloud)}/myself").body)
        names: dict[str, list[str]] = {}
        fields = client.get(f"{_api(cloud)}/field").body
        for one in fields:
            names.setdefault(one["name"].casefold(), []).append(one["id"])
        _SITES[client] = _Site(cloud, url, zone, frozenset(one["id"] for one in fields), names)
    return _SITES[client]


def _zone(client: Client, me: Any) -> ZoneInfo:
    try:
        return ZoneInfo(me["timeZone"])
    except (LookupError, TypeError, ValueError, ZoneInfoNotFoundError):
        raise SourceError(
            "version", f"{client.name} does not tell the time zone of its account, in which Jira means every time."
        ) from None


def _ids(site: _Site, query: Issues) -> dict[str, str]:
    """Where each column stands → the field's id."""
    found: dict[str, str] = {}
    for name in named(query.places()):
        ids = [name] if name in site.ids else site.names.get(name.casefold(), ())
        if len(ids) != 1:
            said = f"{len(ids)} fields called {name}: name the one by its id" if ids else f"no field called {name}"
            raise SourceError("query", f"Jira has {said}.")
        found[name] = ids[0]
    return found


def fetch(client: Client | None, options: Jira, part: Part, slice_: Slice) -> Raw:
    """The issues of a query that were updated in the slice, with their changes, and the incidents they belong to."""
    assert client is not None
    site = _site(client, options)
    query: Issues = getattr(options.issues, part.of)
    reading = _Reading(client, site, query, _ids(site, query))
    start, end = (f"{at.astimezone(site.zone):%Y-%m-%d %H:%M}" for at in slice_)
    found = list(reading.search(f'updated >= "{start}" AND updated < "{end}"'))
    wanted = options.issues.incidents
    ids = reading.ids
    others: list[Issue] = []
    if wanted is not None and wanted is not query:
        keys = {key for issue in found for key in belongings(issue, query, ids) if KEY.fullmatch(key)}
        more = replace(reading, query=wanted, ids=_ids(site, wanted))
        others = list(more.by_key(sorted(keys - site.incidents.keys())))
        ids = {**ids, **more.ids}
    for issue in found if wanted is query else others:
        site.incidents[issue["key"]] = first_key(issue)
    return Raw(found, others, ids, dict(site.incidents), site.url, reading.unread, bool(reading.short))


@dataclass
class _Reading:
    """Asks for the issues of one query."""

    client: Client
    site: _Site
    query: Issues
    ids: Mapping[str, str]
    unread: list[str] = field(default_factory=list)
    """What did not come, a sentence each."""
    short: list[str] = field(default_factory=list)
    """Those of them that may come when it is asked again."""

    def search(self, condition: str) -> Iterator[Issue]:
        """Its issues that meet a condition, each once and with all of its changes."""
        places = self.query.places()
        fields = dict.fromkeys((*_ALWAYS, *(each for where in places for each in needed(where, self.ids))))
        jql = f"({self.query.jql}) AND {condition} ORDER BY updated ASC, key ASC"
        asked: Params = {"jql": jql, "fields": ",".join(fields), "expand": "changelog"}
        pages = self._by_token(asked) if self.site.cloud else self._by_offset(asked)
        for issue in {issue["id"]: issue for issue in pages}.values():
            missing = changes_missing(issue)
            if missing and self.site.cloud:
                yield {**issue, "changelog": {"histories": list(self._changes(issue["id"]))}}
                continue
            if missing:
                self.unread.append(f"{issue['key']}: {missing:,} of its changes did not come.")
            yield issue

    def by_key(self, keys: Sequence[str]) -> Iterator[Issue]:
        """Those of some issues that are the query's, whenever they were updated. Jira refuses a list that names an
        issue which it does not have: its keys are asked for one by one then."""
        for start in range(0, len(keys), _SOME):
            some = keys[start : start + _SOME]
            try:
                yield from list(self.search(f"key in ({', '.join(some)})"))
            except SourceError as cause:
                if cause.reason != "query":
                    raise
                if len(some) > 1:
                    for key in some:
                        yield from self.by_key([key])

    def _by_token(self, asked: Params) -> Iterator[Issue]:
        """Cloud: page by page, no total."""

        def ask(token: str | None) -> tuple[list[Any], str | None]:
            more = {"nextPageToken": token} if token else {}
            body = self.client.get(f"{self.site.api}/search/jql", {**asked, "maxResults": _PAGE, **more}).body
            return body["issues"], None if body.get("isLast") else body.get("nextPageToken")

        return by_token(ask)

    def _by_offset(self, asked: Params) -> Iterator[Issue]:
        """Data Center: page by page. An issue that is updated meanwhile leaves, and the one after it takes its place
        unseen: fewer come than there were, and the slice is asked for again."""
        totals: list[int] = []
        seen: set[str] = set()

        def ask(offset: int, size: int) -> tuple[list[Any], bool]:
            body = self.client.get(f"{self.site.api}/search", {**asked, "startAt": offset, "maxResults": size}).body
            totals.append(body["total"])
            seen.update(issue["id"] for issue in body["issues"])
            return body["issues"], bool(body["issues"]) and offset + len(body["issues"]) < body["total"]

        yield from by_offset(ask, _PAGE)
        short = incomplete("issues", max(totals), len(seen))
        if short:
            self.unread.append(short)
            self.short.append(short)

    def _changes(self, issue: str) -> Iterator[Any]:
        """Every change of an issue of Cloud, whose search gives the latest alone."""

        def ask(offset: int, size: int) -> tuple[list[Any], bool]:
            where = f"{self.site.api}/issue/{issue}/changelog"
            body = self.client.get(where, {"startAt": offset, "maxResults": size}).body
            return body["values"], bool(body["values"]) and not body.get("isLast")

        return by_offset(ask, _PAGE)


def test(client: Client | None, options: Jira) -> str:
    """Which Jira it is, in whose time it is read, and whether every query answers."""
    assert client is not None
    site = _site(client, options)
    where = f"{site.api}/search{'/jql' if site.cloud else ''}"
    for name, query in options.issues.all():
        try:
            fields = ",".join(_ids(site, query).values())
            client.get(where, {"jql": query.jql, "fields": fields, "maxResults": 1})
        except SourceError as cause:
            raise SourceError(cause.reason, f"{name}: {cause}") from None
    names = ", ".join(name for name, _ in options.issues.all())
    which = "Cloud" if site.cloud else "Data Center"
    return f"It answers: Jira {which}, read in the time of {site.zone.key}, and so do the queries for {names}."


def _parts(options: Jira) -> Sequence[Part]:
    """One a query, incidents first: what belongs to them comes after. A changed query is read from the start."""
    return [
        Part(f"{name}#{hashlib.sha256(repr((query, options.cancelled)).encode()).hexdigest()[:8]}", name)
        for name, query in options.issues.all()
    ]


KIND = Kind(
    name="jira",
    options=Jira,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=30),
    overlap=lambda options: timedelta(minutes=15),
    settle=lambda options: timedelta(minutes=1),
    mapped=("severity", "services", "customer_impact", "causes"),
    apart=frozenset({"query", "permission"}),
)

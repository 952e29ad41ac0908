"""PagerDuty: incidents, pages and shifts on call; teams, and services whose tier it knows.

What has changed is told by the account's log entries: each incident that has one in a stretch of time is read anew,
however long ago it ended.
"""

from collections.abc import Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from app.records import ENTITIES
from data_sources import pagerduty_catalogue, pagerduty_incidents
from data_sources.brought import Brought, Kind, Part, batch
from data_sources.http import Client, Slice, SourceError
from data_sources.mapped import Values
from data_sources.options import EnvName, Url, Wired
from data_sources.pagerduty_catalogue import Defaults, Labels
from data_sources.pagerduty_incidents import Fields
from data_sources.pagerduty_reading import Directory, Raw, between, labelled, touched
from data_sources.signatures import PAGERDUTY

_SEVERITY = MappingProxyType(
    {f"{word}{number}": number for word in ("p", "sev", "sev-", "sev ", "s") for number in range(1, 6)}
    | {"high": 3, "low": 4}
)
"""What priorities are mostly called and, for an incident without one, what its urgency means."""
_IMPACT = MappingProxyType({"yes": True, "true": True, "no": False, "false": False, "none": False})
_SHORTEST = timedelta(hours=6)
"""Shifts are long: a shorter stretch of time holds hardly fewer of them."""
_LISTS = ("log_entries", "oncalls", "users", "escalation_policies", "teams")


class PagerDuty(Wired):
    """Of a PagerDuty source."""

    scheme: ClassVar[str] = "Token token={}"
    accept: ClassVar[str] = "application/vnd.pagerduty+json;version=2"

    url: Url = "https://api.pagerduty.com"
    token: EnvName
    fields: Fields = Fields()
    labels: Labels = Labels()
    defaults: Defaults = Defaults()


def _parts(options: Any) -> Sequence[Part]:
    names = Directory()
    return (Part("catalogue", names, whole=True), Part("incidents", names), Part("shifts", names))


def fetch(client: Client | None, options: PagerDuty, part: Part, slice_: Slice) -> Raw:
    """What a part holds: everything, or what a stretch of time did to it."""
    assert client is not None
    names: Directory = part.of
    if part.name == "incidents":
        found = touched(client, slice_, fields=any(options.fields.model_dump().values()))
        return names.raw(client, found.items, ("users", "escalation_policies"), found.unread)
    if part.name == "shifts":
        found = between(client, "/oncalls", "oncalls", slice_, _SHORTEST)
        return names.raw(client, found.items, ("users", "escalation_policies"), found.unread)
    if any(options.labels.model_dump().values()):
        found = labelled(client, names.get(client, "services").values())
        return names.raw(client, found.items, ("teams", "users", "escalation_policies", "services"), found.unread)
    if options.defaults.tier is None:
        return names.raw(client, [], ("teams", "users"))
    services: list[Any] = [(one, []) for one in names.get(client, "services").values()]
    return names.raw(client, services, ("teams", "users", "escalation_policies", "services"))


def parse(raw: Raw, options: PagerDuty, part: Part, slice_: Slice) -> Brought:
    """Incidents and pages, or shifts, or teams and services."""
    values = Values(options.map, severity=_SEVERITY, impact=_IMPACT)
    notes: tuple[str, ...] = ()
    if part.name == "incidents":
        rows, notes = pagerduty_incidents.rows(raw, options.fields, options.defaults.team, values)
    elif part.name == "shifts":
        rows = {"shifts": pagerduty_catalogue.shifts(raw, slice_, options.defaults.team, values)}
    else:
        rows = {
            "teams": pagerduty_catalogue.teams(raw, options.defaults.timezone, values),
            "services": pagerduty_catalogue.services(raw, options.labels, options.defaults, values),
        }
    batches = tuple((ENTITIES[name], part.name, batch(name, found)) for name, found in rows.items() if found)
    return Brought(batches, raw.unread, notes, seen=values.seen())


def test(client: Client | None, options: PagerDuty) -> str:
    """Whether each list may be read, and how many services there are."""
    assert client is not None
    for name in ("services", *_LISTS):
        body = client.get(f"/{name}", {"limit": 1, "total": "true"}).body
        if not isinstance(body, dict) or name not in body:
            raise SourceError("version", f"{client.name} does not answer as PagerDuty does: is its url right?")
        if name == "services":
            services = body.get("total") or len(body[name])
    several = "s" * (services != 1)
    return f"It answers: {services:,} service{several}; incidents, on-call, users and teams may be read."


KIND = Kind(
    name="pagerduty",
    options=PagerDuty,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=1),
    step=lambda options: timedelta(seconds=1),
    overlap=lambda options: timedelta(minutes=15),
    mapped=("severity", "services", "teams", "customer_impact", "causes"),
    apart=frozenset({"query", "permission"}),
    hook=PAGERDUTY,
)

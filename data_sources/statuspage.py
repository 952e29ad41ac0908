"""Statuspage: when customers were told that a component was not well, as windows of impact.

An incident there may name one that another source brings, by a field of its `metadata` (`incident: pagerduty.id`);
otherwise it is an incident of its own. Everything is read each time: it cannot be asked for what
has changed, and a page holds hundreds of incidents.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints

from app.records import ENTITIES
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.http import Client, Slice, SourceError
from data_sources.mapped import Values
from data_sources.options import EnvName, Url, Wired

_PAGE = 100
_SEVERITY = MappingProxyType({"critical": 1, "major": 2, "minor": 3, "none": 4, "maintenance": 4})
_IMPACT = MappingProxyType({"critical": True, "major": True, "minor": True, "none": False, "maintenance": False})
_LEVELS = MappingProxyType({"degraded_performance": "degraded", "partial_outage": "degraded", "major_outage": "outage"})
"""What a component's status means; any other one (operational, under_maintenance) is no impact."""


class Statuspage(Wired):
    """Of a Statuspage source."""

    scheme: ClassVar[str] = "OAuth {}"

    url: Url = "https://api.statuspage.io"
    token: EnvName
    page: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+$")]
    """The page's id, as its API tab shows it."""
    incident: str | None = None
    """Where an incident's metadata names the incident of another source: `pagerduty.id`."""


def fetch(client: Client | None, options: Statuspage, part: Part, slice_: Slice) -> list[Any]:
    """Every incident and maintenance of the page, with its updates."""
    assert client is not None
    found: list[Any] = []
    for page in range(1, 1_000_000):
        listed = client.get(f"/v1/pages/{options.page}/incidents", {"page": page, "limit": _PAGE}).body
        if not isinstance(listed, list):
            raise SourceError("version", f"{client.name} does not answer as Statuspage does: is its url right?")
        found += listed
        if len(listed) < _PAGE:
            break
    return found


def parse(raw: Sequence[Any], options: Statuspage, part: Part, slice_: Slice) -> Brought:
    """Incidents of its own, and windows of impact."""
    values = Values(options.map, severity=_SEVERITY, impact=_IMPACT)
    incidents: list[Row] = []
    impacts: list[Row] = []
    for one in {str(said["id"]): said for said in raw}.values():
        windows = list(_windows(one))
        of = f"{one['id']} {one['name']}"
        linked = _named(one.get("metadata"), options.incident)
        if linked is None:
            incidents.append(_incident(one, values, of))
        for component, level, start, end in windows:
            service = values.service(component, of)
            impacts.append(
                Row({"incident": linked or one["id"], "service": service, "start": start, "end": end, "level": level})
            )
    batches = [(ENTITIES["incidents"], "incidents", batch("incidents", incidents))] if incidents else []
    batches += [(ENTITIES["impacts"], "incidents", batch("impacts", impacts))] if impacts else []
    return Brought(tuple(batches), seen=values.seen())


def _incident(one: Mapping[str, Any], values: Values, of: str) -> Row:
    planned = one.get("scheduled_for") is not None
    return Row(
        {
            "incident": one["id"],
            "title": one["name"],
            "severity": values.severity(one.get("impact_override") or one.get("impact"), of),
            "started_at": one.get("scheduled_for") or one.get("started_at"),
            "detected_at": one.get("scheduled_for") or one["created_at"],
            "mitigated_at": one.get("monitoring_at"),
            "resolved_at": one.get("resolved_at"),
            "services": values.services((each["name"] for each in one.get("components") or ()), of),
            "kind": "maintenance" if planned else "incident",
            "customer_impact": None if planned else values.customer_impact(one.get("impact"), of),
            "url": one.get("shortlink"),
        }
    )


def _windows(one: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str | None]]:
    """Component, level, start and end of each stretch that a component was not well, by the incident's updates."""
    updates = [(said.get("display_at") or said["created_at"], said) for said in one.get("incident_updates") or ()]
    now: dict[str, tuple[str, str]] = {}
    for at, said in sorted(updates, key=lambda update: datetime.fromisoformat(update[0])):
        for each in said.get("affected_components") or ():
            level = _LEVELS.get(each["new_status"])
            before = now.get(each["name"])
            if before and before[0] != level:
                yield each["name"], *before, at
                del now[each["name"]]
            if level and (before is None or before[0] != level):
                now[each["name"]] = (level, at)
    for name, (level, start) in now.items():
        yield name, level, start, one.get("resolved_at")


def _named(metadata: Any, where: str | None) -> str | None:
    """What the metadata holds at a dotted place."""
    found = metadata
    for step in where.split(".") if where else ():
        found = found.get(step) if isinstance(found, Mapping) else None
    return str(found) if where and found else None


def test(client: Client | None, options: Statuspage) -> str:
    """Which page it is, and what it holds."""
    assert client is not None
    page = client.get(f"/v1/pages/{options.page}").body
    parts = client.get(f"/v1/pages/{options.page}/components", {"page": 1, "per_page": _PAGE}).body
    if not isinstance(page, dict) or not isinstance(parts, list):
        raise SourceError("version", f"{client.name} does not answer as Statuspage does: is its url right?")
    return f"It answers: {client.plain(str(page.get('name')))}, with {len(parts):,} components."


def _parts(options: Any) -> Sequence[Part]:
    return (Part("incidents"),)


KIND = Kind(
    name="statuspage",
    options=Statuspage,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    mapped=("severity", "services", "customer_impact"),
)

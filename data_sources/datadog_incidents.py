"""Datadog's incidents, and what customers felt of them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from data_sources.brought import Row
from data_sources.datadog_wire import Datadog, asked, stranger
from data_sources.http import Client, by_offset
from data_sources.mapped import Values

_PAGE = 100
SEVERITY = MappingProxyType({"SEV-0": 1, **{f"SEV-{number}": number for number in range(1, 6)}})
_OVER = frozenset({"resolved", "completed"})


def fetch(client: Client) -> list[Mapping[str, Any]]:
    """Answers with all incidents and the users that they name: Datadog cannot be asked for what has changed."""
    answers: list[Mapping[str, Any]] = []

    def ask(offset: int, size: int) -> tuple[list[Any], bool]:
        body = asked(client, "/api/v2/incidents", {"include": "users", "page[size]": size, "page[offset]": offset})
        if not isinstance(body.get("data"), list):
            raise stranger(client)
        answers.append(body)
        following = ((body.get("meta") or {}).get("pagination") or {}).get("next_offset")
        return body["data"], bool(body["data"]) and isinstance(following, int) and following > offset

    for _ in by_offset(ask, _PAGE):
        pass
    return answers


def parse(answers: Sequence[Mapping[str, Any]], options: Datadog, values: Values) -> tuple[list[Row], list[Row]]:
    """Rows of `incidents` and of `impacts`."""
    users = {one["id"]: one.get("attributes") or {} for body in answers for one in body.get("included") or ()}
    found = {one["id"]: one for body in answers for one in body["data"]}
    incidents: list[Row] = []
    impacts: list[Row] = []
    for one in found.values():
        row = _incident(one, users, options, values)
        incidents.append(row)
        impacts += _impacts(one["attributes"], row)
    return incidents, impacts


def _incident(one: Mapping[str, Any], users: Mapping[str, Any], options: Datadog, values: Values) -> Row:
    said = one["attributes"]
    name = f"IR-{said['public_id']}"
    of = f"{name} {said['title']}"
    cause = _field(said, options.cause) if options.cause else []
    return Row(
        {
            "incident": name,
            "title": said["title"],
            "severity": values.severity(next(iter(_field(said, "severity")), said.get("severity")), of),
            "started_at": said.get("customer_impact_start"),
            "detected_at": said.get("detected") or said.get("declared") or said["created"],
            "mitigated_at": said.get("customer_impact_end"),
            "resolved_at": said.get("resolved") if said.get("state") in _OVER else None,
            "services": values.services(_field(said, "services"), of),
            "cause": values.cause(", ".join(cause) or None, of),
            "kind": "test" if said.get("is_test") else "incident",
            "customer_impact": values.customer_impact(said.get("customer_impacted"), of),
            "commander": _commander(one, users),
            "url": f"{_pages(options.url)}/incidents/{said['public_id']}",
        }
    )


def _impacts(said: Mapping[str, Any], incident: Row) -> Iterator[Row]:
    """What customers felt, on each service that is named; how badly is not told, so it is the lesser."""
    if said.get("customer_impacted") and said.get("customer_impact_start"):
        for service in incident.values["services"]:
            yield Row(
                {
                    "incident": incident.values["incident"],
                    "service": service,
                    "start": said["customer_impact_start"],
                    "end": said.get("customer_impact_end"),
                    "level": "degraded",
                }
            )


def _field(said: Mapping[str, Any], name: str) -> list[str]:
    """What a field of an incident holds: one value or several."""
    held = ((said.get("fields") or {}).get(name) or {}).get("value")
    return [str(one) for one in (held if isinstance(held, list) else [held]) if one]


def _commander(one: Mapping[str, Any], users: Mapping[str, Any]) -> str | None:
    """The e-mail of who leads it, else the name, else the key of a user who is gone."""
    named = ((one.get("relationships") or {}).get("commander_user") or {}).get("data")
    if not named:
        return None
    about = users.get(named["id"], {})
    return next((str(about[key]) for key in ("email", "name", "handle") if about.get(key)), str(named["id"]))


def _pages(url: str) -> str:
    """The address of a site's pages, by that of its API: app.datadoghq.com, us3.datadoghq.com."""
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("api.")
    app = "app." if host != parts.netloc and host.count(".") == 1 else ""
    return f"{parts.scheme}://{app}{host}"

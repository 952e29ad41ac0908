"""Opsgenie, which ends on 2027-04-05 (then: JSM Operations): pages, shifts, teams, incidents."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from data_sources.brought import Kind, Part
from data_sources.http import Client
from data_sources.opsgenie_facts import parse
from data_sources.opsgenie_shapes import WEEK, Dialect, Ops, Wire, fetch, parts
from data_sources.options import EnvName, Url


class Opsgenie(Ops):
    """Of an Opsgenie."""

    scheme: ClassVar[str] = "GenieKey {}"
    dialect: ClassVar[Dialect] = Dialect(
        paths={
            "alerts": "/v2/alerts",
            "alerts_count": "/v2/alerts/count",
            "alert_logs": "/v2/alerts/{}/logs",
            "incidents": "/v1/incidents",
            "incident_logs": "/v1/incidents/{}/logs",
            "schedules": "/v2/schedules",
            "timeline": "/v2/schedules/{}/timeline",
            "services": "/v1/services",
            "teams": "/v2/teams",
        },
        lists="data",
        links="paging",
        size="limit",
        teams=("data", "id", "name"),
        on_call=("recipient", "flattenedRecipients"),
        log=("createdAt", "type"),
        changed="updatedAt",
    )

    url: Url = "https://api.opsgenie.com"
    """`https://api.eu.opsgenie.com` in the European Union."""
    token: EnvName


def test(client: Client | None, options: Opsgenie) -> str:
    """What it may read."""
    assert client is not None
    wire = Wire(client, options)
    names = wire.names()
    count = wire.one(wire.at("alerts_count"))["data"]["count"]
    said = f"It answers: {count:,} alerts, {len(names.teams):,} teams and {len(names.schedules):,} schedules."
    return " ".join([said, *names.unread])


def _parts(options: Opsgenie) -> Sequence[Part]:
    return parts(options, ["teams"], "incidents", "shifts", "alerts")


KIND = Kind(
    name="opsgenie",
    options=Opsgenie,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: WEEK,
    overlap=lambda options: timedelta(minutes=10),
    settle=lambda options: timedelta(minutes=1),
    mapped=("severity", "services", "teams"),
    apart=frozenset({"query", "permission"}),
)

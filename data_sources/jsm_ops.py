"""Jira Service Management Operations, Opsgenie's successor: pages, shifts, teams. Its incidents are Jira's issues."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from data_sources.brought import Kind, Part
from data_sources.http import Client, SourceError
from data_sources.opsgenie_facts import parse
from data_sources.opsgenie_shapes import WEEK, Dialect, Ops, Wire, fetch, parts
from data_sources.options import EnvName, Url


class JsmOps(Ops):
    """Of the Operations of a Jira site."""

    dialect: ClassVar[Dialect] = Dialect(
        paths={
            "alerts": "/jsm/ops/api/{site}/v1/alerts",
            "alert_logs": "/jsm/ops/api/{site}/v1/alerts/{}/logs",
            "schedules": "/jsm/ops/api/{site}/v1/schedules",
            "timeline": "/jsm/ops/api/{site}/v1/schedules/{}/timeline",
            "teams": "/jsm/ops/api/{site}/v1/teams",
            "users": "/ex/jira/{site}/rest/api/3/user/bulk",
        },
        lists="values",
        links="links",
        size="size",
        teams=("platformTeams", "teamId", "teamName"),
        on_call=("responder", "flattenedResponders"),
        log=("logTime", "logType"),
        changed=None,
    )

    url: Url = "https://api.atlassian.com"
    user: str
    password: EnvName
    cloud_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z-]{8,64}$")]
    """The id of the site, as `https://SITE.atlassian.net/_edge/tenant_info` tells it."""

    @property
    def site(self) -> str:
        return self.cloud_id


def test(client: Client | None, options: JsmOps) -> str:
    """What it may read."""
    assert client is not None
    wire = Wire(client, options)
    names = wire.names()
    if "values" not in wire.one(wire.at("alerts"), {"size": 1}):
        raise SourceError("version", f"{client.name} does not answer as JSM Operations does: is its url right?")
    said = f"It answers: {len(names.teams):,} teams and {len(names.schedules):,} schedules."
    return " ".join([said, *names.unread])


def _parts(options: JsmOps) -> Sequence[Part]:
    return parts(options, ["teams"], "shifts", "alerts")


KIND = Kind(
    name="jsm_ops",
    options=JsmOps,
    test=test,
    parts=_parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: WEEK,
    overlap=lambda options: timedelta(minutes=10),
    settle=lambda options: timedelta(minutes=1),
    mapped=("services", "teams"),
    apart=frozenset({"query", "permission"}),
)

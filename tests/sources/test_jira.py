"""Jira: what issues say by fields, links and history; every page of both kinds; times in the reader's zone."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from data_sources.http import SourceError
from tests.sources.jira_server import SECRET, Server, change, issue, link, resolved, status
from tests.sources.vendor import NAME, Vendor, facts, read, sources

CLOUD = {"kind": "jira", "user": "bot@example.com", "password": "JIRA_TOKEN"}
DATA_CENTER = {"kind": "jira", "token": "JIRA_TOKEN"}
INCIDENTS = {"jql": "project = INC"}
ISSUES = {"incidents": INCIDENTS, "postmortems": {"jql": "project = PIR"}, "actions": {"jql": "project = OPS"}}
DONE = "2026-11-19T16:00:00.000+0000"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_TOKEN", SECRET)


def brought(store: Engine, folder: Path, server: Server, issues: Any = None, **more: Any) -> dict[str, Any]:
    """Entity → facts of one reading that went well."""
    signed = CLOUD if server.cloud else DATA_CENTER
    with Vendor(server).up() as url:
        outcome = read(store, sources(folder, url=url, issues=issues or ISSUES, **signed, **more))
    assert (outcome.failure, outcome.unread) == (None, [])
    return facts(store)


@pytest.mark.parametrize("cloud", [True, False])
def test_issues_are_incidents_postmortems_and_actions(cloud: bool, sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(
        issue("INC-1", components=[{"name": "Checkout"}, {"name": "Search"}], **resolved(DONE, "Resolved")),
        issue("PIR-1", issuelinks=[link("INC-1", "reviews")], **resolved("2026-11-20T08:30:00.000-0500")),
        issue("OPS-1", duedate="2026-12-01", parent={"id": "id-INC-1", "key": "INC-1"}, **resolved(DONE)),
        cloud=cloud,
    )

    found = brought(sqlite_engine, tmp_path, server, map={"services": {"Checkout": "shop"}})

    (incident,), (postmortem,), (action,) = (found[name] for name in ("incidents", "postmortems", "actions"))
    assert incident["services"] == ("shop", "Search")
    assert (incident["severity"], incident["commander"], incident["kind"]) == (2, "ann@example.com", "incident")
    assert f"{incident['detected_at']:%d %H:%M} to {incident['resolved_at']:%d %H:%M}" == "10 09:00 to 19 16:00"
    assert incident["url"] == "https://jira.example.com/browse/INC-1"
    assert (postmortem["incident"], f"{postmortem['completed_at']:%d %H:%M}") == ("INC-1", "20 13:30")
    assert (action["origin"], action["origin_id"], action["priority"]) == ("incident", "INC-1", 2)
    assert f"{action['original_due_on']} {action['due_on']} {action['closed_at']:%d}" == "2026-12-01 2026-12-01 19"


def test_an_action_keeps_the_due_date_that_it_had_first(sqlite_engine: Engine, tmp_path: Path) -> None:
    moved = [
        change("2026-11-12T09:00:00.000+0000", "duedate", "2026-11-15", "2026-11-20"),
        *(change(f"2026-11-13T09:0{minute}:00.000+0000", "labels", "", "") for minute in range(4)),
        change("2026-11-14T09:00:00.000+0000", "duedate", "2026-11-20", "2026-12-24"),
    ]
    late = [change("2026-11-12T09:00:00.000+0000", "duedate", None, "2026-11-30")]
    of = {"issuelinks": [link("INC-1")]}
    server = Server(
        issue("INC-1"),
        issue("OPS-1", "2026-11-20T10:00:00.000+0000", *moved, duedate="2026-12-24", **of),
        issue("OPS-2", "2026-11-20T10:00:00.000+0000", *late, duedate="2026-11-30", **of),
        issue("OPS-3", **of),
    )

    first = {one["action"]: one.get("original_due_on") for one in brought(sqlite_engine, tmp_path, server)["actions"]}

    assert {name: day and day.isoformat() for name, day in first.items()} == {
        "OPS-1": "2026-11-15",
        "OPS-2": "2026-11-30",
        "OPS-3": None,
    }


def test_an_action_that_was_not_done_is_cancelled_not_closed(sqlite_engine: Engine, tmp_path: Path) -> None:
    of = {"issuelinks": [link("INC-1")]}
    server = Server(
        issue("INC-1"),
        issue("OPS-1", **of, **resolved(DONE, "Closed", "Won't Do")),
        issue("OPS-2", **of, **status("Cancelled"), statuscategorychangedate=DONE),
        issue("OPS-3", **of, **resolved(DONE, "Closed", "Overtaken")),
        issue("OPS-4", **of, resolution={"name": "Done"}, resolutiondate=DONE, **status("Reopened", "new")),
    )

    found = brought(sqlite_engine, tmp_path, server, cancelled=["Won't do", "cancelled", "Overtaken"])

    ends = {one["action"]: sorted(one.keys() & {"closed_at", "cancelled_at"}) for one in found["actions"]}
    assert ends == {"OPS-1": ["cancelled_at"], "OPS-2": ["cancelled_at"], "OPS-3": ["cancelled_at"], "OPS-4": []}


def test_columns_stand_where_fields_say(sqlite_engine: Engine, tmp_path: Path) -> None:
    cause = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "DNS"}]}],
    }
    server = Server(
        issue(
            "INC-1",
            "2026-11-20T10:00:00.000+0000",
            change("2026-11-10T09:20:00.000+0000", "status", "To Do", "Mitigated"),
            change("2026-11-10T10:20:00.000+0000", "status", "Mitigated", "Done"),
            customfield_7={"value": "SEV-1", "id": "10"},
            customfield_8="2026-11-10T08:00:00.000+0100",
            customfield_9=cause,
            customfield_10={"value": "Yes"},
            customfield_11=1200.0,
            **resolved("2026-11-10T10:20:00.000+0000"),
        ),
        issue("OPS-1", labels=["postmortem", "pd-QX7"]),
    )
    names = {7: "Severity", 8: "Began", 9: "Root cause", 10: "Customers noticed", 11: "Customers", 12: "Customers"}
    server.fields += [{"id": f"customfield_{number}", "name": name} for number, name in names.items()]
    where = {
        "severity": "severity",
        "detected_at": ["Began", "created"],
        "mitigated_at": "status:mitigated",
        "cause": "Root cause",
        "customer_impact": "Customers noticed",
        "customers_affected": "customfield_11",
    }
    issues = {
        "incidents": {**INCIDENTS, "fields": where},
        "actions": {"jql": "project = OPS", "origin": "risk", "fields": {"origin_id": "labels"}, "pattern": "pd-(.+)"},
    }

    with Vendor(server).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, issues=issues, **CLOUD))

    (incident,) = facts(sqlite_engine)["incidents"]
    assert (incident["severity"], incident["cause"], incident["customers_affected"]) == (1, "DNS", 1200)
    assert incident["customer_impact"] is True
    assert f"{incident['detected_at']:%H:%M} {incident['mitigated_at']:%H:%M}" == "07:00 09:20"
    (reject,) = outcome.rejects
    assert (reject.row["origin_id"], reject.column) == ("QX7", "origin_id")


@pytest.mark.parametrize(
    ("name", "words"),
    [("Customers", "Jira has 2 fields called Customers: name the one by its id."), ("Lost", "no field called Lost")],
)
def test_a_field_that_is_not_one_is_said_and_stops_no_other(
    name: str, words: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    server = Server(issue("INC-1"), issue("OPS-1", issuelinks=[link("INC-1")]))
    server.fields += [{"id": f"customfield_{number}", "name": "Customers"} for number in (11, 12)]
    issues = {"incidents": INCIDENTS, "actions": {"jql": "project = OPS", "fields": {"outcome": name}}}

    with Vendor(server).up() as url:
        file = sources(tmp_path, url=url, issues=issues, **CLOUD)
        outcome = read(sqlite_engine, file)
        with pytest.raises(SourceError, match=f"^actions: .*{name}"):
            ingest_sync.test(file, NAME)

    assert outcome.failed
    assert len(outcome.unread) == 1
    assert words in outcome.unread[0]
    assert list(facts(sqlite_engine)) == ["incidents"]


def test_people_who_are_gone_keep_names_that_stay_apart(sqlite_engine: Engine, tmp_path: Path) -> None:
    people = {
        "OPS-1": {"accountId": "5b2", "displayName": "Former user", "active": False},
        "OPS-2": {"accountId": "5b3", "displayName": "Former user", "active": False},
        "OPS-3": {"name": "user-7fe", "displayName": "user-7fe", "emailAddress": "user-7fe@jira.invalid"},
        "OPS-4": {"accountId": "5b4", "displayName": "Bob"},
        "OPS-5": None,
    }
    actions = [issue(key, assignee=who, issuelinks=[link("INC-1")]) for key, who in people.items()]

    found = brought(sqlite_engine, tmp_path, Server(issue("INC-1"), *actions))

    owners = [one.get("owner") for one in found["actions"]]
    assert owners == ["Former user 5b2", "Former user 5b3", "user-7fe", "Bob", None]

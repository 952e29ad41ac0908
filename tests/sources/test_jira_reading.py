"""Jira is read to the end, through limits, failures, kills and changed clocks; what was edited is seen again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.ingest_sync import Outcome
from data_sources.http import SourceError
from tests.sources.jira_server import SECRET, Server, change, issue, link, resolved
from tests.sources.live import AT, Told
from tests.sources.test_jira import CLOUD, DATA_CENTER, DONE, ISSUES
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_TOKEN", SECRET)


def many(number: int, project: str = "INC") -> list[dict[str, Any]]:
    start = datetime(2026, 11, 5, tzinfo=UTC)
    return [
        issue(f"{project}-{one}", f"{start + timedelta(hours=one):%Y-%m-%dT%H:%M:%S.000+0000}") for one in range(number)
    ]


@pytest.mark.parametrize(("cloud", "options"), [(True, CLOUD), (False, DATA_CENTER)])
def test_every_page_is_read_through_limits_and_failures(
    cloud: bool, options: dict[str, Any], sqlite_engine: Engine, tmp_path: Path
) -> None:
    vendor = Vendor(Server(*many(130), cloud=cloud, page=50))
    limit: Told = (429, {"Retry-After": "4"}, {})
    vendor.faults = {4: limit, 5: (429, {}, {}), 8: (500, {}, "down")}
    with vendor.up() as url:
        issues = {"incidents": {"jql": "project = INC"}}
        outcome = read(sqlite_engine, sources(tmp_path, url=url, issues=issues, since="2026-11-04", **options))

    assert (outcome.failure, outcome.unread) == (None, [])
    assert len(facts(sqlite_engine)["incidents"]) == 130
    assert outcome.calls == 3 + 3 + 3


def test_an_issue_that_is_updated_while_pages_are_read_is_told_and_asked_for_again(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    server = Server(*many(60), cloud=False, page=50)

    def answer(path: str, params: Any, headers: Any) -> Told:
        if params.get("startAt") == "50":
            server.issues[0]["fields"]["updated"] = "2026-11-28T11:59:59.000+0000"
        return server(path, params, headers)

    with Vendor(answer).up() as url:
        issues = {"incidents": {"jql": "project = INC"}}
        file = sources(tmp_path, url=url, issues=issues, since="2026-11-01", **DATA_CENTER)
        first = read(sqlite_engine, file)
        assert first.unread == ["Of 60 issues only 59 came."]
        assert len(facts(sqlite_engine)["incidents"]) == 59
        second = read(sqlite_engine, file, now=AT + timedelta(minutes=30))

    assert (second.unread, len(facts(sqlite_engine)["incidents"])) == ([], 60)


def test_an_edit_after_the_end_is_seen_and_little_else_is_asked_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(*many(20), issue("OPS-1", DONE, issuelinks=[link("INC-3")], **resolved(DONE)))
    with Vendor(server).up() as url:
        file = sources(tmp_path, url=url, issues=ISSUES, **CLOUD)
        read(sqlite_engine, file)
        assert "closed_at" in facts(sqlite_engine)["actions"][0]
        server.issues[-1] = issue("OPS-1", "2026-11-28T12:10:00.000+0000", issuelinks=[link("INC-4")], summary="Again")
        outcome = read(sqlite_engine, file, now=AT + timedelta(hours=1))

    (action,) = facts(sqlite_engine)["actions"]
    assert (action["origin_id"], action["title"], action.get("closed_at")) == ("INC-4", "Again", None)
    assert (outcome.counts["actions"].changed, outcome.counts["incidents"].seen) == (1, 1)


def test_an_action_brings_its_incident_however_long_ago_that_was_updated(sqlite_engine: Engine, tmp_path: Path) -> None:
    moved = change("2026-03-02T09:00:00.000+0000", "Key", "OLD-7", "INC-7")
    server = Server(
        issue("INC-7", "2026-03-02T09:00:00.000+0000", moved),
        issue("NOT-1"),
        issue("OPS-1", issuelinks=[link("INC-7")]),
        issue("OPS-2", issuelinks=[link("INC-7")]),
        issue("OPS-3", issuelinks=[link("NOT-1")]),
        issue("OPS-4", issuelinks=[link("GONE-1")]),
    )
    with Vendor(server).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, issues=ISSUES, **CLOUD))

    found = facts(sqlite_engine)
    assert [one["incident"] for one in found["incidents"]] == ["OLD-7"]
    assert [(one["action"], one["origin_id"]) for one in found["actions"]] == [("OPS-1", "OLD-7"), ("OPS-2", "OLD-7")]
    assert sorted(one.row["origin_id"] for one in outcome.rejects) == ["GONE-1", "NOT-1"]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"])
def test_times_are_asked_for_in_the_zone_of_the_reader(zone: str, sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(
        issue("INC-1", "2026-11-28T11:58:30.000+0000"), issue("INC-2", "2026-11-28T12:05:00.000+0000"), zone=zone
    )
    with Vendor(server).up() as url:
        file = sources(tmp_path, url=url, issues=ISSUES, **CLOUD)
        read(sqlite_engine, file)
        assert [one["incident"] for one in facts(sqlite_engine)["incidents"]] == ["INC-1"]
        read(sqlite_engine, file, now=AT + timedelta(minutes=10))

    assert [one["incident"] for one in facts(sqlite_engine)["incidents"]] == ["INC-1", "INC-2"]


def test_nothing_is_lost_where_the_clocks_go_back(sqlite_engine: Engine, tmp_path: Path) -> None:
    back = datetime(2026, 11, 1, 6, tzinfo=UTC)
    server = Server()
    with Vendor(server).up() as url:
        file = sources(tmp_path, url=url, issues=ISSUES, since="2026-10-31", **CLOUD)
        for minutes in range(-80, 90, 10):
            at = back + timedelta(minutes=minutes)
            server.issues.append(
                issue(f"INC-{minutes + 100}", f"{at - timedelta(minutes=2):%Y-%m-%dT%H:%M:%S.000+0000}")
            )
            outcome = read(sqlite_engine, file, now=at)
            assert outcome.failure is None

    assert len(facts(sqlite_engine)["incidents"]) == 17


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    actions = [issue(f"OPS-{one}", issuelinks=[link(f"INC-{one}")]) for one in range(30)]
    vendor = Vendor(Server(*many(60), *actions, page=20))
    killed_and_resumed(vendor, tmp_path, at=9, issues=ISSUES, **CLOUD)


def test_an_expired_token_is_said_without_the_token(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIRA_TOKEN", "s3cr3t-that-expired")
    with Vendor(Server()).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, issues=ISSUES, **CLOUD))

    assert outcome.failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    assert "s3cr3t" not in repr((outcome, facts(sqlite_engine)))


def outcome_of(answer: Any, store: Engine, folder: Path) -> Outcome:
    with Vendor(answer).up() as url:
        return read(store, sources(folder, url=url, issues=ISSUES, **CLOUD))


def test_what_is_no_jira_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    other = outcome_of(lambda *_: (200, {}, {"version": "9"}), sqlite_engine, tmp_path)
    assert other.failure == f"{NAME} does not answer as Jira does: is its url right?"

    def hidden(path: str, params: Any, headers: Any) -> Told:
        return (200, {}, {"displayName": "Bot"}) if path.endswith("myself") else Server()(path, params, headers)

    zoneless = outcome_of(hidden, sqlite_engine, tmp_path)
    assert zoneless.failure is not None
    assert "does not tell the time zone" in zoneless.failure


def test_a_refused_query_stops_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(issue("INC-1"))

    def refusing(path: str, params: Any, headers: Any) -> Told:
        if "PIR" in params.get("jql", ""):
            return 400, {}, {"errorMessages": ["The value 'PIR' does not exist for the field 'project'."]}
        return server(path, params, headers)

    outcome = outcome_of(refusing, sqlite_engine, tmp_path)

    assert outcome.failed
    assert outcome.failure is None
    assert outcome.unread[0].startswith(f"postmortems: {NAME} refuses the question (400)")
    assert len(facts(sqlite_engine)["incidents"]) == 1


@pytest.mark.parametrize(
    ("issues", "words"),
    [
        ({}, "must say which issues are incidents, postmortems or actions"),
        ({"actions": {"jql": "project = OPS ORDER BY key"}}, "must not be ordered"),
        ({"actions": {"jql": "x", "fields": {"due": "duedate"}}}, "due is not known: it may name closed_at, due_on"),
        ({"actions": {"jql": "x", "pattern": "("}}, "must be a regular expression"),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(issues: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=words):
        ingest_sync.listed(sources(tmp_path, url="https://jira.example.com", issues=issues, **CLOUD))


def test_its_test_names_which_jira_and_its_time(tmp_path: Path) -> None:
    with Vendor(Server(cloud=False, zone="Europe/Berlin")).up() as url:
        file = sources(tmp_path, url=url, issues=ISSUES, **DATA_CENTER)
        assert ingest_sync.test(file, NAME) == (
            "It answers: Jira Data Center, read in the time of Europe/Berlin, and so do the queries for incidents, "
            "postmortems, actions."
        )

"""JSM Operations: the same history as Opsgenie's in its own shapes, people known by ids, alerts by when they began."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from data_sources import opsgenie_shapes
from data_sources.http import SourceError
from tests.sources.live import AT
from tests.sources.ops_server import JSM_OPS, SECRET, Alert, Line, Server, Shift, called
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TOKEN", SECRET)


def test_people_of_logs_and_of_shifts_are_the_same_people(sqlite_engine: Engine, tmp_path: Path) -> None:
    lines = [
        called("20 09:00", "Ann"),
        called("20 09:02", "bob@example.com", "Voice call: called [+44-2079460000]"),
        Line("20 09:04", "Alert acknowledged via mobile", "Ann"),
    ]
    server = Server(
        Alert("a1", "20 09:00", lines, acknowledged="20 09:04", closed="20 10:00"),
        jsm=True,
        shifts=[Shift("u1", "20 00:00", "21 00:00"), Shift("u2", "21 00:00", "22 00:00")],
    )

    with Vendor(server).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **JSM_OPS))

    assert (outcome.failure, outcome.unread, outcome.rejects) == (None, [], [])
    found = facts(sqlite_engine)
    pages = [
        (one["responder"], one["channel"], f"{one['acknowledged_at']:%H:%M}", f"{one['resolved_at']:%H:%M}")
        for one in found["pages"]
    ]
    assert pages == [("ann@example.com", "push", "09:04", "10:00"), ("bob@example.com", "phone", "09:04", "10:00")]
    # Bob's address is hidden from others: he goes by the name that he shows.
    assert [(one["responder"], one["team"]) for one in found["shifts"]] == [
        ("Bob", "Payments"),
        ("ann@example.com", "Payments"),
    ]
    assert [(one["team"], one["timezone"]) for one in found["teams"]] == [("Payments", "Europe/Berlin")]


def test_people_whose_names_cannot_be_read_or_who_were_deleted_keep_their_ids(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    server = Server(jsm=True, shifts=[Shift("u1", "20 00:00", "21 00:00")])
    server.refused = {"people"}
    with Vendor(server).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **JSM_OPS))

    assert outcome.unread[0].startswith("Names of people cannot be read, their ids stand for them:")
    assert [one["responder"] for one in facts(sqlite_engine)["shifts"]] == ["u1"]


def test_an_alert_that_is_changed_within_two_weeks_is_changed_here(sqlite_engine: Engine, tmp_path: Path) -> None:
    begun = Alert("a1", "20 09:00", [called("20 09:00", "Ann")])
    server = Server(begun, Alert("a2", "20 09:00", [called("20 09:00", "Ann")]), jsm=True)
    vendor = Vendor(server)
    with vendor.up() as url:
        file = sources(tmp_path, url=url, **JSM_OPS)
        read(sqlite_engine, file)
        server.alerts[0] = begun._replace(updated="28 12:10", closed="28 12:10")
        vendor.forget()
        outcome = read(sqlite_engine, file, now=AT + timedelta(hours=1))

    pages = facts(sqlite_engine)["pages"]
    assert ["resolved_at" in one for one in pages] == [True, False]
    assert outcome.counts["pages"].seen == 1
    assert sum(path.endswith("/logs") for path in vendor.paths()) == 1


def test_every_page_is_read_past_the_cap_and_through_limits_and_failures(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opsgenie_shapes, "CAP", 300)
    lines = [called("20 09:00", "Ann")]
    server = Server(*(Alert(f"a{one:03}", f"20 {one % 24:02}:{one % 60:02}", lines) for one in range(230)), jsm=True)
    server.cap = 299
    vendor = Vendor(server)
    vendor.faults = {5: (429, {"Retry-After": "2"}, {}), 6: (429, {}, {}), 9: (500, {}, "down"), 40: (502, {}, "")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **JSM_OPS))

    assert (outcome.failure, outcome.unread) == (None, [])
    assert len(facts(sqlite_engine)["pages"]) == 230


def test_fewer_alerts_than_it_says_are_told_and_asked_for_again(sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(Alert("a1", "28 09:00", [called("28 09:00", "Ann")]), jsm=True)
    lost = True

    def answer(path: str, params: Any, headers: Any) -> Any:
        status, sent, body = server(path, params, headers)
        if path.endswith("/alerts") and lost:
            return status, sent, {**body, "count": body["count"] + 1}
        return status, sent, body

    with Vendor(answer).up() as url:
        file = sources(tmp_path, url=url, **JSM_OPS)
        assert "Of 2 alerts only 1 came." in read(sqlite_engine, file).unread
        lost = False
        assert read(sqlite_engine, file).unread == []

    assert len(facts(sqlite_engine)["pages"]) == 1


def test_a_timeline_that_is_refused_stops_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(Alert("a1", "20 09:00", [called("20 09:00", "Ann")]), jsm=True)

    def answer(path: str, params: Any, headers: Any) -> Any:
        if path.endswith("/timeline"):
            return 400, {}, {"errors": [{"title": "The date is more than a year ago."}]}
        return server(path, params, headers)

    with Vendor(answer).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **JSM_OPS))

    assert (outcome.failure, outcome.failed) == (None, False)
    assert outcome.unread[0].startswith("The schedule Primary from 2026-11-04 cannot be read")
    assert len(facts(sqlite_engine)["pages"]) == 1


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    alerts = [Alert(f"a{day:02}", f"{day:02} 09:00", [called(f"{day:02} 09:00", "Ann")]) for day in range(10, 28)]
    vendor = Vendor(Server(*alerts, jsm=True, shifts=[Shift("u1", "09 09:00", "27 09:00")]))
    killed_and_resumed(vendor, tmp_path, at=25, **JSM_OPS)


def test_an_expired_token_is_said_without_the_token(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_TOKEN", "s3cr3t-that-expired")
    with Vendor(Server(jsm=True)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **JSM_OPS))

    assert outcome.failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    assert "s3cr3t" not in repr((outcome, facts(sqlite_engine)))


def test_a_site_that_is_not_there_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(Server(jsm=True)).up() as url:
        file = sources(tmp_path, url=url, **JSM_OPS | {"cloud_id": "another-one"})
        with pytest.raises(SourceError, match="has nothing at /jsm/ops/api/another-one/v1/teams"):
            ingest_sync.test(file, NAME)
        outcome = read(sqlite_engine, file)

    assert outcome.failure is not None
    assert "is its url right" in outcome.failure


def test_its_test_says_what_it_may_read(tmp_path: Path) -> None:
    server = Server(jsm=True)
    server.refused = {"teams"}
    with Vendor(server).up() as url:
        said = ingest_sync.test(sources(tmp_path, url=url, **JSM_OPS), NAME)

    assert said.startswith("It answers: 0 teams and 1 schedules. teams: ")

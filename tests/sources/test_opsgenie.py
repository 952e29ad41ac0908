"""Opsgenie: who was called by an alert's log, who was on call, what was an incident; every page, past its cap."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from data_sources import opsgenie_shapes
from data_sources.http import SourceError
from tests.sources.live import AT, Told
from tests.sources.ops_server import OPSGENIE, SECRET, Alert, Line, Server, Shift, called
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TOKEN", SECRET)


def brought(store: Engine, folder: Path, server: Server, **more: Any) -> dict[str, Any]:
    """Entity → facts of one reading that went well."""
    with Vendor(server).up() as url:
        outcome = read(store, sources(folder, url=url, **OPSGENIE, **more))
    assert (outcome.failure, outcome.unread, outcome.rejects) == (None, [], [])
    return facts(store)


def test_everybody_who_was_called_has_a_page_until_somebody_takes_the_alert(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    lines = [
        Line("20 09:00", "Alert created via API"),
        called("20 09:00", ANN, "Email notification sent to [ann@private.example]"),
        called("20 09:01", ANN, "SMS sent to [+44-2079460000]"),
        called("20 09:01", ANN, "Skipped voice notification, because the alert is seen: not sent"),
        Line("20 09:05", f"Called [{BOB}] by voice"),
        Line("20 09:06", "Sent to webhook", "Webhook"),
        Line("20 09:07", "Alert acknowledged via web", BOB),
        called("20 09:08", "late@example.com"),
        Line("20 10:00", "Alert closed via API"),
    ]
    alert = Alert(
        "a1", "20 09:00", lines, acknowledged="20 09:07", closed="20 10:00", tags=("prod", "service: Checkout")
    )

    found = brought(
        sqlite_engine,
        tmp_path,
        Server(alert),
        service_tag="service:",
        map={"services": {"Checkout": "shop"}, "teams": {"Payments": "pay"}},
    )

    pages = {one["responder"]: one for one in found["pages"]}
    assert {who: (f"{one['triggered_at']:%H:%M}", one["channel"]) for who, one in pages.items()} == {
        ANN: ("09:00", "sms"),
        BOB: ("09:05", "phone"),
    }
    assert {(f"{one['acknowledged_at']:%H:%M}", f"{one['resolved_at']:%H:%M}") for one in pages.values()} == {
        ("09:07", "10:00")
    }
    assert {(one["team"], one["service"]) for one in pages.values()} == {("pay", "shop")}


def test_where_nothing_tells_who_was_called_it_is_who_took_it_and_else_nobody(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    waiting = Line("20 09:02", "Escalated to next, because the alert is not acknowledged")
    taken = Alert("a1", "20 09:00", [waiting, Line("20 09:03", "Alert acknowledged via mobile", ANN)])
    quiet = Alert("a2", "20 09:00", [Line("20 09:01", "Alert closed via API")], closed="20 09:01")
    with Vendor(Server(taken, quiet)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPSGENIE))

    (page,) = facts(sqlite_engine)["pages"]
    assert (page["responder"], f"{page['acknowledged_at']:%H:%M}", page.get("channel")) == (ANN, "09:03", None)
    assert "Of 2 alerts 1 called nobody, as far as their logs tell: no pages." in outcome.notes


def test_a_page_belongs_to_the_team_or_the_schedules_team_or_the_one_that_is_named(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    kinds = {"a1": [("user", "u1"), ("team", "t2")], "a2": [("schedule", "s1")], "a3": [("team", "gone")], "a4": []}
    alerts = [Alert(key, "20 09:00", [called("20 09:00", ANN)], responders=of) for key, of in kinds.items()]

    found = brought(sqlite_engine, tmp_path, Server(*alerts), team="noc")

    assert [one["team"] for one in found["pages"]] == ["Search", "Payments", "gone", "noc"]


def test_shifts_end_where_reading_ends_and_are_cut_at_weeks_alone(sqlite_engine: Engine, tmp_path: Path) -> None:
    shifts = [
        Shift("u1", "16 09:00", "23 09:00"),
        Shift("u2", "23 09:00", "30 09:00"),
        Shift("nobody", "10 09:00", "16 09:00"),
    ]
    server = Server(shifts=shifts)
    with Vendor(server).up() as url:
        file = sources(tmp_path, url=url, **OPSGENIE)
        for hours in (0, 1, 5, 30):
            outcome = read(sqlite_engine, file, now=AT + timedelta(hours=hours))
            assert outcome.failure is None

    found = [
        f"{one['responder'][:3]} {one['start']:%d %H:%M} to {one['end']:%d %H:%M}"
        for one in sorted(facts(sqlite_engine)["shifts"], key=lambda one: one["start"])
    ]
    assert found == [
        "ann 16 09:00 to 19 00:00",
        "ann 19 00:00 to 23 09:00",
        "bob 23 09:00 to 26 00:00",
        "bob 26 00:00 to 29 17:59",
    ]


def test_teams_have_the_zone_of_their_schedule(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(Server()).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPSGENIE))

    (team,) = facts(sqlite_engine)["teams"]
    assert (team["team"], team["timezone"]) == ("Payments", "Europe/Berlin")
    assert outcome.notes == ["Without a schedule nothing tells the time zone of the teams Search: left out."]


def test_incidents_end_by_their_logs(sqlite_engine: Engine, tmp_path: Path) -> None:
    impact = {
        "impactStartDate": "2026-11-20T08:50:00Z",
        "impactEndDate": "2026-11-20T09:40:00Z",
        "impactedServices": ["sv1", "sv-gone"],
        "links": {"web": "https://app.opsgenie.com/incident/detail/i1"},
        "status": "closed",
    }
    lines = [
        Line("20 09:30", "Incident resolved via web", ANN),
        Line("20 09:35", "Incident reopened", ANN),
        Line("20 10:00", "Incident resolved via web", ANN),
        Line("20 12:00", "Incident closed via web", ANN),
    ]
    over = Alert("i1", "20 09:00", lines, priority="P1", updated="20 12:00", more=impact)
    still = Alert("i2", "21 09:00", [Line("21 09:30", "Priority raised")], priority="P5")

    one, two = brought(sqlite_engine, tmp_path, Server(incidents=[over, still]))["incidents"]

    assert (one["severity"], two["severity"], two.get("resolved_at")) == (1, 5, None)
    times = ("started_at", "detected_at", "mitigated_at", "resolved_at")
    assert [f"{one[name]:%H:%M}" for name in times] == ["08:50", "09:00", "09:40", "10:00"]
    assert one["services"] == ("Checkout", "sv-gone")


def test_every_page_is_read_past_the_cap_and_through_limits_and_failures(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opsgenie_shapes, "CAP", 300)
    lines = [called("20 09:00", ANN)]
    server = Server(*(Alert(f"a{one:03}", f"20 {one % 24:02}:{one % 60:02}", lines) for one in range(350)))
    server.cap = 300
    vendor = Vendor(server)
    limit: Told = (429, {"X-RateLimit-State": "THROTTLED", "X-RateLimit-Period-In-Sec": "60"}, {})
    vendor.faults = {6: limit, 7: (429, {}, {}), 12: (500, {}, "down"), 60: (503, {}, {})}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPSGENIE))

    assert (outcome.failure, outcome.unread) == (None, [])
    assert len(facts(sqlite_engine)["pages"]) == 350


def test_a_minute_with_more_alerts_than_are_given_is_told(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opsgenie_shapes, "CAP", 200)
    server = Server(*(Alert(f"a{one:03}", "20 09:00") for one in range(120)))
    with Vendor(server).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPSGENIE))

    assert outcome.failure is None
    assert [one for one in outcome.unread if "holds more than 200 alerts: the others cannot be read." in one]


def test_an_alert_that_is_changed_after_its_end_is_changed_here(sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(Alert("a1", "20 09:00", [called("20 09:00", ANN)], closed="20 10:00"))
    with Vendor(server).up() as url:
        file = sources(tmp_path, url=url, **OPSGENIE)
        read(sqlite_engine, file)
        server.alerts[0] = server.alerts[0]._replace(updated="28 12:10", responders=[("team", "t2")])
        outcome = read(sqlite_engine, file, now=AT + timedelta(hours=1))

    (page,) = facts(sqlite_engine)["pages"]
    assert (page["team"], outcome.counts["pages"].changed) == ("Search", 1)


def test_lists_that_may_not_be_read_are_told_and_stop_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    server = Server(Alert("a1", "20 09:00", [called("20 09:00", ANN)]))
    server.refused = {"teams", "services", "incidents"}
    with Vendor(server).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPSGENIE))

    assert (outcome.failure, outcome.failed) == (None, True)
    assert [one.partition(":")[0] for one in outcome.unread] == ["teams", "services", "incidents"]
    assert [one["team"] for one in facts(sqlite_engine)["pages"]] == ["t1"]


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    alerts = [Alert(f"a{day:02}", f"{day:02} 09:00", [called(f"{day:02} 09:00", ANN)]) for day in range(10, 28)]
    vendor = Vendor(Server(*alerts, shifts=[Shift("u1", "09 09:00", "27 09:00")]))
    killed_and_resumed(vendor, tmp_path, at=25, **OPSGENIE)


def test_an_expired_key_is_said_without_the_key(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_TOKEN", "s3cr3t-that-expired")
    with Vendor(Server()).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPSGENIE))

    assert outcome.failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    assert "s3cr3t" not in repr((outcome, facts(sqlite_engine)))


def test_what_is_no_opsgenie_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(lambda *_: (200, {}, [])).up() as url:
        file = sources(tmp_path, url=url, **OPSGENIE)
        with pytest.raises(SourceError, match="does not answer as expected: is its url right"):
            ingest_sync.test(file, NAME)
        assert read(sqlite_engine, file).failure == f"{NAME} does not answer as expected: is its url right?"


def test_its_test_says_what_it_may_read(tmp_path: Path) -> None:
    with Vendor(Server(Alert("a1", "20 09:00"))).up() as url:
        said = ingest_sync.test(sources(tmp_path, url=url, **OPSGENIE), NAME)

    assert said == "It answers: 1 alerts, 2 teams and 1 schedules."

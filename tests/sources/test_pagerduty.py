"""PagerDuty: incidents and pages by their log entries, whatever the account's size; an edit after the end is seen."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.store.engine import reading
from app.store.tables import METADATA
from data_sources import pagerduty_reading
from data_sources.http import SourceError
from tests.sources.live import AT
from tests.sources.pager import ANN, BOB, GONE, OPTIONS, SECRET, Pager, assigned, entry, incident, oncall, reference
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources, waited


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGERDUTY_TOKEN", SECRET)


def outage(pager: Pager, **more: Any) -> None:
    """Ann is called twice, then Bob, who acknowledges; it is over an hour later."""
    pager.add(
        incident("PINC", **more),
        entry("trigger", "2026-11-27T09:00:00Z"),
        assigned("2026-11-27T09:00:00Z", ANN),
        entry("notify", "2026-11-27T09:00:05Z", ANN, by="email"),
        entry("notify", "2026-11-27T09:01:05Z", ANN, by="push_notification"),
        assigned("2026-11-27T09:05:00Z", BOB, kind="escalate"),
        entry("notify", "2026-11-27T10:05:10+01:00", BOB, by="sms"),
        entry("acknowledge", "2026-11-27T09:07:00Z", BOB),
        entry("resolve", "2026-11-27T10:00:00Z"),
    )


def test_times_come_from_the_log_entries_and_pages_are_one_a_responder_and_series(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    pager = Pager()
    outage(pager, priority=reference("priority", "PPRI", "P2"))
    maps = {"services": {"Checkout": "checkout"}, "teams": {"Payments": "payments"}}

    with Vendor(pager).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, map=maps, **OPTIONS))

    assert (outcome.status, outcome.unread) == ("done", [])
    found = facts(sqlite_engine)
    (one,) = found["incidents"]
    assert (one["severity"], one["services"], one["kind"]) == (2, ("checkout",), "incident")
    assert [f"{one[name]:%H:%M}" for name in ("detected_at", "acknowledged_at", "resolved_at")] == [
        "09:00",
        "09:07",
        "10:00",
    ]
    assert "customer_impact" not in one
    assert "started_at" not in one
    pages = [
        (page["responder"], f"{page['triggered_at']:%H:%M:%S}", page["channel"], page.get("acknowledged_at"))
        for page in sorted(found["pages"], key=lambda page: page["triggered_at"])
    ]
    assert pages == [
        ("ann@shop.example", "09:00:05", "push", None),
        ("bob@shop.example", "09:05:10", "sms", one["acknowledged_at"]),
    ]
    assert {(page["team"], page["service"], page["incident"]) for page in found["pages"]} == {
        ("payments", "checkout", "PINC")
    }


def test_who_is_called_again_after_an_acknowledgement_ran_out_got_another_page_and_a_resolve_answers_it(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    pager = Pager()
    pager.add(
        incident("PINC", teams=[reference("team", "PCORE", "Core")]),
        entry("notify", "2026-11-27T09:00:05Z", ANN, by="phone"),
        entry("notify", "2026-11-27T09:00:06Z", GONE, by="teleport"),
        entry("acknowledge", "2026-11-27T09:02:00Z", ANN),
        entry("unacknowledge", "2026-11-27T09:32:00Z"),
        entry("notify", "2026-11-27T09:32:05Z", ANN, by="push"),
        entry("resolve", "2026-11-27T09:40:00Z", ANN),
    )

    with Vendor(pager).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    pages = sorted(facts(sqlite_engine)["pages"], key=lambda page: page["triggered_at"])
    told = [(page["responder"], page.get("channel"), page.get("acknowledged_at")) for page in pages]
    assert [(who, channel, at and f"{at:%H:%M}") for who, channel, at in told] == [
        ("ann@shop.example", "phone", "09:02"),
        ("Gus Gone", None, None),
        ("ann@shop.example", "push", "09:40"),
    ]
    assert {page["team"] for page in pages} == {"Core"}


def test_custom_fields_tell_customer_impact_cause_and_more_services(sqlite_engine: Engine, tmp_path: Path) -> None:
    pager = Pager()
    told = [("hurt", "Yes"), ("why", ["deploy", "config"]), ("hit", "Search; Checkout")]
    pager.add(incident("PINC", status="triggered"), entry("trigger", "2026-11-27T09:00:00Z"), fields=told)
    named = {"customer_impact": "hurt", "cause": "Why", "services": "hit"}

    with Vendor(pager).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, fields=named, **OPTIONS))

    (one,) = facts(sqlite_engine)["incidents"]
    assert (one["customer_impact"], one["cause"], one["services"]) == (True, "deploy; config", ("Checkout", "Search"))
    assert one["severity"] == 3
    assert "resolved_at" not in one


def test_a_priority_that_nobody_knows_is_set_aside_in_view(sqlite_engine: Engine, tmp_path: Path) -> None:
    pager = Pager()
    outage(pager, priority=reference("priority", "PPRI", "Urgent-ish"))

    with Vendor(pager).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert [(one.entity, one.column, one.value) for one in outcome.rejects] == [("incidents", "severity", "Urgent-ish")]


def test_an_incident_that_is_edited_after_its_end_is_edited_here(sqlite_engine: Engine, tmp_path: Path) -> None:
    pager = Pager()
    outage(pager)
    with Vendor(pager).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file)
        pager.incidents["PINC"]["priority"] = reference("priority", "PPRI", "P1")
        pager.entries["PINC"].append(entry("priority_change", "2026-11-28T15:00:00Z", BOB))
        outcome = read(sqlite_engine, file, now=AT.replace(hour=16))

    (one,) = facts(sqlite_engine)["incidents"]
    assert (one["severity"], outcome.counts["incidents"].changed) == (1, 1)


def test_an_incident_that_was_merged_into_another_counts_nowhere(sqlite_engine: Engine, tmp_path: Path) -> None:
    pager = Pager()
    into = {"type": "merge_resolve_reason", "incident": reference("incident", "PINC")}
    outage(pager)
    pager.add(incident("PTWO", status="triggered"), entry("trigger", "2026-11-27T09:02:00Z"))
    with Vendor(pager).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file)
        pager.incidents["PTWO"] |= {"status": "resolved", "resolve_reason": into}
        pager.entries["PTWO"].append(entry("resolve", "2026-11-28T13:00:00Z", BOB))
        outcome = read(sqlite_engine, file, now=AT.replace(hour=14))

    kinds = {one["title"]: one["kind"] for one in facts(sqlite_engine)["incidents"]}
    assert kinds == {"Trouble PINC": "incident", "Trouble PTWO (merged into PINC)": "test"}
    assert "merged into another" in outcome.notes[0]


def test_all_is_read_past_what_one_question_gives_through_limits_and_failures(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagerduty_reading, "CAP", 100)
    pager = Pager(cap=100)
    for number in range(70):
        at = f"2026-11-27T{number // 3:02}:{number % 3 * 20:02}:00Z"
        pager.add(incident(f"P{number:03}", at=at), entry("trigger", at), entry("resolve", at))
    vendor = Vendor(pager)
    vendor.faults = {4: (429, {}, {}), 6: (429, {"ratelimit-reset": "7"}, {}), 9: (500, {}, "down")}

    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert (outcome.failure, outcome.unread) == (None, [])
    assert len(facts(sqlite_engine)["incidents"]) == 70
    assert 7.0 in waited


def test_more_than_can_be_had_of_one_minute_is_said(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagerduty_reading, "CAP", 100)
    pager = Pager(cap=100)
    at = "2026-11-27T09:00:00Z"
    pager.add(incident("PINC", at=at), *(entry("notify", at) for _ in range(101)))

    with Vendor(pager).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.status == "partial"
    assert "has more than 100 at /log_entries, and gives no more" in outcome.unread[0]


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    pager = Pager()
    outage(pager)
    pager.add(incident("PTWO", at="2026-11-26T09:00:00Z"), entry("trigger", "2026-11-26T09:00:00Z"))
    pager.oncalls = [oncall(ANN, "2026-11-26T08:00:00Z", "2026-12-03T08:00:00Z"), oncall(BOB, None, None, level=2)]
    killed_and_resumed(Vendor(pager), tmp_path, at=9, **OPTIONS)


def test_an_expired_token_is_said_and_the_token_is_nowhere(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGERDUTY_TOKEN", "s3cr3t-that-expired")
    with Vendor(Pager()).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    with reading(sqlite_engine) as conn:
        kept = "".join(str(conn.execute(sa.select(table)).all()) for table in METADATA.sorted_tables)
    assert "s3cr3t" not in f"{outcome!r}{kept}"


def test_an_incident_that_may_not_be_read_stops_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    pager = Pager()
    outage(pager)
    pager.add(incident("PHID"), entry("trigger", "2026-11-27T09:00:00Z"))
    pager.refused = {"/incidents/PHID": (403, {}, {}), "/oncalls": (403, {}, {}), "/users": (403, {}, {})}

    with Vendor(pager).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    found = facts(sqlite_engine)
    assert [one["incident"] for one in found["incidents"]] == ["PINC"]
    assert {page["responder"] for page in found["pages"]} == {"Ann Lee", "Bob Ray"}
    assert outcome.failure is None
    assert outcome.failed
    assert {sentence.rsplit("read ", 1)[-1] for sentence in outcome.unread} == {
        "/incidents/PHID.",
        "/oncalls.",
        "/users.",
    }


def test_what_is_no_pagerduty_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(lambda *_: (200, {}, [{"id": "x"}])).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        with pytest.raises(SourceError, match="does not answer as PagerDuty does"):
            ingest_sync.test(file, NAME)
        outcome = read(sqlite_engine, file)
    assert outcome.failure == f"{NAME} does not answer as PagerDuty does: is its url right?"


def test_its_test_says_what_may_be_read(tmp_path: Path) -> None:
    pager = Pager()
    pager.oncalls = []
    pager.refused = {"/oncalls": (200, {}, {"oncalls": []})}
    with Vendor(pager).up() as url:
        assert (
            ingest_sync.test(sources(tmp_path, url=url, **OPTIONS), NAME)
            == "It answers: 1 service; incidents, on-call, users and teams may be read."
        )

"""Statuspage: windows of impact by component, whatever the page's length; a fault in the middle loses nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from data_sources.http import SourceError
from tests.sources.live import Told
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources

SECRET = "s3cr3t-of-the-page"
OPTIONS = {"kind": "statuspage", "token": "STATUSPAGE_TOKEN", "page": "p4g3"}


def update(at: str, **components: str) -> dict[str, Any]:
    affected = [{"code": name, "name": name, "new_status": status} for name, status in components.items()]
    return {"id": f"u-{at}", "created_at": at, "display_at": at, "affected_components": affected, "body": "We look."}


def incident(number: int, *updates: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"i{number:04}",
        "name": f"Trouble {number}",
        "status": "resolved",
        "impact": "major",
        "created_at": "2026-11-20T09:10:00.000Z",
        "started_at": "2026-11-20T09:00:00.000Z",
        "monitoring_at": None,
        "resolved_at": "2026-11-20T11:00:00.000Z",
        "scheduled_for": None,
        "shortlink": f"https://stspg.example/{number}",
        "metadata": {},
        "components": [{"name": "Checkout"}],
        "incident_updates": list(updates),
        **more,
    }


class Page:
    """A status page with these incidents."""

    def __init__(self, *incidents: dict[str, Any]):
        self.incidents = list(incidents)

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if headers.get("Authorization") != f"OAuth {SECRET}":
            return 401, {}, {"error": "Could not authenticate"}
        if path == "/v1/pages/p4g3":
            return 200, {}, {"id": "p4g3", "name": "Shop status"}
        if path == "/v1/pages/p4g3/components":
            return 200, {}, [{"id": "c1", "name": "Checkout"}]
        if path != "/v1/pages/p4g3/incidents":
            return 404, {}, {"error": "Not found"}
        size = min(int(params["limit"]), 100)
        start = (int(params["page"]) - 1) * size
        return 200, {}, self.incidents[start : start + size]


WORSE = incident(
    1,
    # Newest first, as the API gives them; one in another zone than UTC.
    update("2026-11-20T11:00:00.000Z", Checkout="operational"),
    update("2026-11-20T10:30:00.000+01:00", Checkout="major_outage", Search="degraded_performance"),
    update("2026-11-20T09:10:00.000Z", Checkout="partial_outage"),
)


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPAGE_TOKEN", SECRET)


def test_each_stretch_of_a_component_is_a_window_and_the_last_ends_with_the_incident(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    maps = {"services": {"Checkout": "checkout"}, "severity": {"major": 1}}
    with Vendor(Page(WORSE)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, map=maps, **OPTIONS))

    assert outcome.status == "done"
    found = facts(sqlite_engine)
    windows = {
        (one["service"], f"{one['start']:%H:%M}", f"{one['end']:%H:%M}", one["level"]) for one in found["impacts"]
    }
    assert windows == {
        ("checkout", "09:10", "09:30", "degraded"),
        ("checkout", "09:30", "11:00", "outage"),
        ("Search", "09:30", "11:00", "degraded"),
    }
    (one,) = found["incidents"]
    assert (one["severity"], one["customer_impact"], one["kind"]) == (1, True, "incident")


def test_an_incident_of_another_source_is_named_by_its_metadata(sqlite_engine: Engine, tmp_path: Path) -> None:
    page = Page(
        WORSE, incident(2, update("2026-11-21T09:00:00Z", Checkout="major_outage"), metadata={"pd": {"id": "i0001"}})
    )
    with Vendor(page).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, incident="pd.id", **OPTIONS))

    found = facts(sqlite_engine)
    assert [one["incident"] for one in found["incidents"]] == ["i0001"]
    assert {one["incident"] for one in found["impacts"]} == {"i0001"}


def test_maintenance_is_no_incident_and_no_impact(sqlite_engine: Engine, tmp_path: Path) -> None:
    planned = incident(3, update("2026-11-22T01:00:00Z", Checkout="under_maintenance"), impact="maintenance")
    with Vendor(Page(planned | {"scheduled_for": "2026-11-22T01:00:00Z", "resolved_at": None})).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    found = facts(sqlite_engine)
    assert [one["kind"] for one in found["incidents"]] == ["maintenance"]
    assert "impacts" not in found


def test_an_incident_that_is_edited_after_its_end_is_edited_here(sqlite_engine: Engine, tmp_path: Path) -> None:
    page = Page(WORSE)
    with Vendor(page).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file)
        page.incidents[0] = WORSE | {"name": "Checkout was down", "impact": "critical"}
        outcome = read(sqlite_engine, file)

    (one,) = facts(sqlite_engine)["incidents"]
    assert (one["title"], one["severity"]) == ("Checkout was down", 1)
    assert outcome.counts["incidents"].changed == 1


def test_every_page_is_read_through_limits_and_failures(sqlite_engine: Engine, tmp_path: Path) -> None:
    vendor = Vendor(Page(*(incident(number) for number in range(230))))
    vendor.faults = {2: (420, {"Retry-After": "3"}, {}), 3: (429, {}, {}), 5: (500, {}, "down")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.failure is None
    assert len(facts(sqlite_engine)["incidents"]) == 230
    assert outcome.calls == 3 + 3


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    vendor = Vendor(Page(WORSE, *(incident(number) for number in range(2, 130))))
    killed_and_resumed(vendor, tmp_path, at=2, **OPTIONS)


def test_an_expired_token_is_said_without_the_token(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPAGE_TOKEN", "s3cr3t-that-expired")
    with Vendor(Page()).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.failure == f"{NAME} does not accept the credentials: are they right, and not expired?"


def test_what_is_no_statuspage_is_said(tmp_path: Path, sqlite_engine: Engine) -> None:
    with Vendor(lambda *_: (200, {}, {"pages": []})).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        with pytest.raises(SourceError, match="does not answer as Statuspage does"):
            ingest_sync.test(file, NAME)
    with Vendor(lambda *_: (200, {}, [{"id": "x"}])).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))
    assert outcome.failure == f"{NAME}: the answer has another shape than Nines knows (KeyError: 'name')."


def test_its_test_names_the_page(tmp_path: Path) -> None:
    with Vendor(Page()).up() as url:
        assert (
            ingest_sync.test(sources(tmp_path, url=url, **OPTIONS), NAME)
            == "It answers: Shop status, with 1 components."
        )

"""Datadog: what its SLOs promise and became, what was set aside of them, its incidents, and what reading them meets."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.store.engine import reading
from app.store.tables import METADATA
from data_sources import datadog_incidents, datadog_wire
from data_sources.http import SourceError
from data_sources.mapped import Values
from tests.sources.datadog_site import OPTIONS, SECRETS, Site, at, correction, events, incident, slo, states
from tests.sources.live import AT
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources, waited

SINCE = "2026-11-27"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)


def targets(*timeframes: str, target: float = 99.9) -> list[dict[str, object]]:
    return [{"timeframe": one, "target": target} for one in timeframes]


def test_each_target_is_an_slo_of_the_service_that_its_tags_name(sqlite_engine: Engine, tmp_path: Path) -> None:
    slice_ = {"time_slice": {"query_interval_seconds": 60}}
    site = Site(
        slo("pay", thresholds=targets("7d", "90d"), tags=["kind:latency", "service:Checkout"]),
        slo("watch", "monitor", tags=["team:ops"], monitor_tags=["service:search"]),
        slo("slice", "time_slice", tags=["team:ops"], sli_specification=slice_),
        slo("bare", tags=[]),
        slo("custom", thresholds=targets("custom") + targets("30d", target=100)),
        slo("odd", "composite"),
    )
    site.histories = {name: events() for name in ("pay", "bare")} | {
        name: states() for name in ("watch", "slice", "custom")
    }
    maps = {"services": {"Checkout": "checkout", "team:ops": "operations"}}
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since=SINCE, map=maps, **OPTIONS))

    found = {one["slo"]: one for one in facts(sqlite_engine)["slos"]}
    assert {name: one["service"] for name, one in found.items()} == {
        "pay/7d": "checkout",
        "pay/90d": "checkout",
        "watch/30d": "search",
        "slice/30d": "operations",
        "bare/30d": "bare works",
    }
    pay, watch, sliced = found["pay/7d"], found["watch/30d"], found["slice/30d"]
    assert (pay["name"], pay["kind"], pay["objective"], pay["window"]) == ("pay works (7d)", "latency", 0.999, "7d")
    assert (pay["method"], watch["method"], watch["kind"]) == ("occurrences", "timeslices", "other")
    assert (watch["slice_minutes"], sliced["slice_minutes"]) == (1, 1)
    assert outcome.set_aside == 0
    assert outcome.notes == [
        "custom works has a target of 99.9 % over custom, which Nines cannot hold; it is left out.",
        "custom works has a target of 100 % over 30d, which Nines cannot hold; it is left out.",
        "odd works is an SLO of the type composite, which Nines does not know; it is left out.",
    ]


def test_one_timeframe_can_be_chosen(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay", thresholds=targets("7d", "30d")), slo("search", thresholds=targets("7d")))
    site.histories = {"pay": events()}
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since=SINCE, timeframe="30d", **OPTIONS))

    assert [one["slo"] for one in facts(sqlite_engine)["slos"]] == ["pay/30d"]
    assert outcome.notes == ["search works has no target over 30d; it is left out."]


def test_events_are_summed_to_rows_of_one_length_whenever_they_are_read(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay"))
    site.histories = {"pay": events(interval=3_600, good=49.5, total=50.0)}
    vendor = Vendor(site)
    with vendor.up() as url:
        file = sources(tmp_path, url=url, since="2026-11-27T06:00:00Z", **OPTIONS)
        read(sqlite_engine, file)
        read(sqlite_engine, file, now=AT + timedelta(hours=3))

    found = facts(sqlite_engine)["sli"]
    assert {(one["minutes"], one["good"], one["total"]) for one in found} == {(120, 99, 100)}
    # From six in the morning to the last two hours that were over a quarter of an hour before.
    first = datetime(2026, 11, 27, 6, tzinfo=UTC)
    assert sorted(one["start"] for one in found) == [first + timedelta(hours=2 * number) for number in range(16)]
    asked = [one.params for one in vendor.asked if one.path.endswith("/history")]
    assert {int(one["to_ts"]) - int(one["from_ts"]) for one in asked} == {86_400}
    assert {one["apply_correction"] for one in asked} == {"false"}


def test_no_data_is_no_row_and_no_traffic_is_a_zero(sqlite_engine: Engine, tmp_path: Path) -> None:
    zero = [{"error_type": "ZERO_VALUED_DENOMINATOR", "error_message": "The denominator is zero valued"}]
    site = Site(slo("none"), slo("null"), slo("idle"), slo("still", "monitor"))
    nothing = {
        "data": {"series": None, "overall": {"sli_value": None, "history": None, "errors": zero}},
        "errors": None,
    }
    site.histories = {"none": nothing, "null": events(good=None, total=None), "idle": events(good=0.0, total=0.0)}
    site.histories["still"] = nothing
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-28", **OPTIONS))

    assert outcome.status == "done"
    assert {(one["slo"], one["total"]) for one in facts(sqlite_engine)["sli"]} == {("idle/30d", 0)}


def test_states_are_minutes_and_what_nothing_is_known_of_is_a_gap(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("watch", "monitor"), slo("slice", "time_slice"))
    turns = (("2026-11-28 01:00", 0), ("2026-11-28 02:30", 1), ("2026-11-28 03:00", 0), ("2026-11-28 05:00", 2))
    site.histories["watch"] = states(*turns)
    site.histories["slice"] = states(
        ("2026-11-20 00:00", 0), ("2026-11-28 03:00", "NO_DATA"), ("2026-11-28 05:00", 1.0)
    )
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-28", **OPTIONS))

    assert outcome.status == "done"
    found = {(one["slo"], one["start"].hour): one for one in facts(sqlite_engine)["sli"]}
    rows = {key: (one["minutes"], one["good"], one["total"]) for key, one in found.items()}
    assert {key[1]: row for key, row in rows.items() if key[0] == "watch/30d"} == {
        0: (60, 60, 60),
        2: (120, 90, 120),
        4: (60, 60, 60),
    }
    # By slices of five minutes.
    assert {key[1]: row for key, row in rows.items() if key[0] == "slice/30d"} == {
        0: (120, 24, 24),
        2: (60, 12, 12),
        4: (60, 0, 12),
        6: (120, 0, 24),
        8: (120, 0, 24),
    }


def test_what_an_slo_could_not_give_is_told_and_holds_up_no_other(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay"), slo("gone"), slo("odd", "monitor"), slo("coarse"), slo("bad"), slo("p", "monitor"))
    site.histories = {
        "pay": events(),
        "gone": (404, {}, {"errors": ["slo not found"]}),
        "odd": states(("2026-11-28 00:00", 7)),
        "coarse": events(interval=14_400),
        "bad": {"data": None, "errors": [{"error": "Query timed out."}]},
        "p": states(("2026-11-28 00:00", 0), preview=True),
    }
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-28", **OPTIONS))

    assert {one["slo"] for one in facts(sqlite_engine)["sli"]} == {"pay/30d", "p/30d"}
    assert outcome.unread[1:] == [
        "odd works: its history has the state 7, which Nines does not know.",
        "coarse works: Datadog sums its events over 240 minutes, of which rows of 120 cannot be made: set row_minutes "
        "to a multiple.",
        "bad works: Query timed out.",
        "p works: Datadog is still working out what its monitor did.",
    ]
    assert outcome.unread[0].startswith(f"gone works: {NAME} has nothing at /api/v1/slo/gone/history (404)")


def test_corrections_are_exclusions_each_time_that_they_recur(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay", thresholds=targets("7d", "30d")), slo("search", tags=["env:prod"]))
    site.histories = {"pay": events(), "search": events()}
    weekly = {"rrule": "RRULE:FREQ=WEEKLY;INTERVAL=2", "duration": 3_600, "end": None, "timezone": "Europe/Berlin"}
    site.corrections = [
        correction(1),
        correction(2, start=at("2026-10-04 01:00"), **weekly),
        correction(3, slo_id=None, slo_query="env:prod", category="Deployment", description="", creator=None),
        correction(4, slo_id=None, slo_query="env:prod OR env:test"),
        correction(5, rrule="FREQ=FORTNIGHTLY", duration=60),
        correction(6, slo_id="not-read"),
        correction(7, slo_id="search", creator={"data": {"type": "users", "id": "u-gone", "attributes": {}}}),
    ]
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-10-15", **OPTIONS))

    found = {one["exclusion"]: one for one in facts(sqlite_engine)["exclusions"]}
    # At three by the clocks of Berlin, before and after they go back.
    assert list(found) == ["c1", "c2@2026-10-18T01:00Z", "c2@2026-11-01T02:00Z", "c2@2026-11-15T02:00Z", "c7"]
    first, again = found["c1"], found["c2@2026-11-15T02:00Z"]
    assert (first["slos"], first["category"], first["reason"]) == (
        ("pay/7d", "pay/30d"),
        "maintenance",
        "Database upgrade",
    )
    assert (first["approved_by"], found["c7"]["approved_by"]) == ("ann@example.com", "u-gone")
    assert (again["end"] - again["start"]).total_seconds() == 3_600
    assert [(one.entity, one.column) for one in outcome.rejects] == [("exclusions", "approved_by")]
    assert [one.split(" cannot")[0] for one in outcome.unread] == ["The correction c4", "The correction c5"]


def test_incidents_say_who_when_and_what_customers_felt(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site()
    quiet = {"customer_impacted": False, "customer_impact_start": None, "customer_impact_end": None}
    site.incidents = [
        incident(1),
        incident(2, state="active", is_test=True, **quiet),
        incident(3, detected=None, fields={"services": {"value": None}, "severity": {"value": "UNKNOWN"}}),
    ]
    site.incidents[1]["relationships"] = {"commander_user": {"data": {"type": "users", "id": "u-gone"}}}
    with Vendor(site).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since=SINCE, cause="cause_class", **OPTIONS))

    found = facts(sqlite_engine)
    first, second = found["incidents"]
    assert (first["incident"], first["severity"], first["customer_impact"]) == ("IR-1", 2, True)
    assert (f"{first['started_at']:%H:%M}", f"{first['detected_at']:%H:%M}") == ("09:00", "09:10")
    assert (f"{first['mitigated_at']:%H:%M}", f"{first['resolved_at']:%H:%M}") == ("09:50", "11:00")
    assert (first["commander"], first["cause"]) == ("ann@example.com", "configuration")
    assert first["url"] == f"{url}/incidents/1"
    assert (second["kind"], second["commander"], "resolved_at" in second) == ("test", "u-gone", False)
    assert [(one["incident"], one["service"], one["level"]) for one in found["impacts"]] == [
        ("IR-1", "checkout", "degraded"),
        ("IR-1", "search", "degraded"),
    ]
    assert [(one.column, one.value) for one in outcome.rejects] == [("severity", "UNKNOWN")]


@pytest.mark.parametrize(
    ("api", "pages"),
    [
        ("https://api.datadoghq.com", "https://app.datadoghq.com"),
        ("https://api.us3.datadoghq.com", "https://us3.datadoghq.com"),
        ("https://proxy.example.com", "https://proxy.example.com"),
    ],
)
def test_an_incident_leads_to_the_pages_of_its_site(api: str, pages: str) -> None:
    options = datadog_wire.Datadog.model_validate({**OPTIONS, "url": api})

    (row,), _ = datadog_incidents.parse([{"data": [incident(7)]}], options, Values(options.map))

    assert row.values["url"] == f"{pages}/incidents/7"


def test_what_is_edited_after_its_end_is_edited_here(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay"))
    site.histories, site.incidents = {"pay": events()}, [incident(1)]
    with Vendor(site).up() as url:
        file = sources(tmp_path, url=url, since=SINCE, **OPTIONS)
        read(sqlite_engine, file)
        site.incidents = [incident(1, fields={"severity": {"value": "SEV-1"}})]
        site.slos[0]["thresholds"] = targets("30d", target=99.5)
        outcome = read(sqlite_engine, file)

    assert outcome.counts["incidents"].changed == 1
    assert [one["severity"] for one in facts(sqlite_engine)["incidents"]] == [1]
    assert [one["objective"] for one in facts(sqlite_engine)["slos"]] == [0.999, 0.995]


def test_every_page_is_read_through_limits_and_failures(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datadog_wire, "_PAGE", 50)
    site = Site(*(slo(f"s{number:03}", thresholds=[]) for number in range(120)), slo("pay"))
    site.histories, site.page = {"pay": events()}, 20
    site.incidents = [incident(number) for number in range(1, 231)]
    vendor = Vendor(site)
    vendor.faults = {2: (429, {"X-RateLimit-Reset": "9"}, {}), 4: (429, {}, {}), 9: (500, {}, "down")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-28", **OPTIONS))

    assert outcome.status == "done"
    assert waited[0] == 9
    assert len(facts(sqlite_engine)["incidents"]) == 230
    assert {one["slo"] for one in facts(sqlite_engine)["sli"]} == {"pay/30d"}


def test_a_list_that_gave_less_than_it_told_is_asked_again(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay"))
    site.histories = {"pay": events()}
    vendor = Vendor(site)
    vendor.faults[1] = (200, {}, {"data": [], "metadata": {"page": {"total_count": 1}}})
    with vendor.up() as url:
        file = sources(tmp_path, url=url, since="2026-11-28", **OPTIONS)
        first, second = read(sqlite_engine, file), read(sqlite_engine, file)

    assert first.unread == ["Of 1 items of /api/v1/slo only 0 came."]
    assert second.status == "done"


def test_incidents_that_were_not_bought_end_nothing_else(sqlite_engine: Engine, tmp_path: Path) -> None:
    site = Site(slo("pay"))
    site.histories, site.refused = {"pay": events()}, {"/api/v2/incidents", "/api/v1/slo/correction"}
    with Vendor(site).up() as url:
        file = sources(tmp_path, url=url, since=SINCE, **OPTIONS)
        outcome = read(sqlite_engine, file)
        told = ingest_sync.test(file, NAME)

    assert outcome.failure is None
    assert facts(sqlite_engine, "sli")
    refused = f"{NAME} knows the credentials, but they may not read"
    assert sorted(outcome.unread) == [
        f"incidents: {refused} /api/v2/incidents.",
        f"{refused} /api/v1/slo/correction.",
    ]
    assert told.startswith(
        "It answers: it has 1 SLO; its incidents may not be read with these keys, or were not bought"
    )


def test_what_is_not_used_there_is_not_asked_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    vendor = Vendor(Site(slo("pay", thresholds=[])))
    with vendor.up() as url:
        file = sources(tmp_path, url=url, since=SINCE, read=["slos"], **OPTIONS)
        outcome = read(sqlite_engine, file)
        told = ingest_sync.test(file, NAME)

    assert outcome.status == "done"
    assert "/api/v2/incidents" not in vendor.paths()
    assert told == "It answers: it has 1 SLO."


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    site = Site(slo("pay"), slo("watch", "monitor"))
    site.histories = {"pay": events(), "watch": states(("2026-11-24 00:00", 0), ("2026-11-26 10:00", 1))}
    site.corrections, site.incidents = [correction(1)], [incident(1)]
    killed_and_resumed(Vendor(site), tmp_path, at=10, since="2026-11-25", **OPTIONS)


def test_a_revoked_key_is_said_and_no_secret_is_kept(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Vendor(Site(slo("pay")))
    with vendor.up() as url:
        file = sources(tmp_path, url=url, since=SINCE, **OPTIONS)
        vendor.faults[1] = (400, {}, {"errors": [f"{SECRETS['DATADOG_API_KEY']} is odd"]})
        outcomes = [read(sqlite_engine, file)]
        monkeypatch.setenv("DATADOG_API_KEY", "s3cr3t-that-was-revoked")
        outcomes.append(read(sqlite_engine, file))

    assert outcomes[1].failure == (
        f"{NAME} does not accept the API key: is it right, not revoked, and of the site that url names?"
    )
    with reading(sqlite_engine) as conn:
        kept = [str(conn.execute(sa.select(table)).all()) for table in METADATA.sorted_tables]
    assert not any("s3cr3t" in text for text in (*kept, *map(repr, outcomes)))


def test_what_is_no_datadog_or_lacks_a_key_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(lambda *_: (200, {}, {"slos": []})).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        with pytest.raises(SourceError, match="does not answer as Datadog does"):
            ingest_sync.test(file, NAME)
        assert read(sqlite_engine, file).failure == f"{NAME} does not answer as Datadog does: is its url right?"
    with pytest.raises(SourceError, match="must name variables in headers for DD-APPLICATION-KEY"):
        ingest_sync.test(sources(tmp_path, kind="datadog", headers={"DD-API-KEY": "DATADOG_API_KEY"}), NAME)

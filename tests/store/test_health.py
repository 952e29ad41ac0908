"""What the store tells of its own health: oddities, coverage, imports, rows set aside. On both databases."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from app import ingest
from app.metrics import periods
from app.people import local
from app.store import coverage, health, quality, runs
from app.store.engine import reading, writing
from app.store.quality import Finding
from tests.store.keeping import keep
from tests.store.test_kept import facts_of, incident

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FILES = {
    "teams": "team,timezone\nred,UTC\n",
    "services": "service,name,tier,team\nshop,Shop,0,red\nlab,Lab,1,blue\nold,Old,3,red\n",
    "slos": (
        "slo,service,name,kind,objective,window,method\n"
        "shop-up,shop,Shop up,availability,0.99,28d,occurrences\n"
        "shop-fast,shop,Shop fast,latency,0.99,28d,occurrences\n"
        "old-up,old,Old up,availability,0.99,28d,occurrences\n"
    ),
    "sli": (
        "slo,start,minutes,good,total\n"
        "shop-up,2026-09-30T23:30:00Z,60,9,10\n"
        "shop-up,2026-10-31T00:00:00Z,60,9,10\n"
        "old-up,2026-08-01T00:00:00Z,60,0,0\n"
    ),
    "incidents": (
        "incident,title,severity,started_at,detected_at,acknowledged_at,resolved_at,services,kind\n"
        "I1,Late start,2,2026-10-01T10:10:00Z,2026-10-01T10:00:00Z,,2026-10-01T11:00:00Z,shop;gone,\n"
        "I2,Never ended,3,2026-08-01T10:00:00Z,2026-08-01T10:00:00Z,,,shop,\n"
        "I3,Recent,3,2026-10-30T10:00:00Z,2026-10-30T10:00:00Z,,,shop,\n"
        "I4,Nowhere,3,,2026-10-02T10:00:00Z,2026-10-02T09:00:00Z,2026-10-02T11:00:00Z,,\n"
        "I5,Rehearsal,3,,2026-01-02T10:00:00Z,,,,test\n"
        "I6,Wrong year,3,2027-10-02T10:00:00Z,2027-10-02T10:00:00Z,,2027-10-02T11:00:00Z,shop,\n"
        "I7,Bad,9,,2026-10-02T10:00:00Z,,,shop,\n"
    ),
    "impacts": "incident,service,start,end,level\nI1,shop,2026-10-01T10:00:00Z,,outage\n",
    "pages": (
        "page,triggered_at,responder,team,service,acknowledged_at\n"
        "P1,2026-10-01T10:00:00Z,ann,red,gone,2026-10-01T09:59:00Z\n"
        "P2,2026-09-01T10:00:00Z,ann,red,shop,2026-09-01T10:01:00Z\n"
    ),
    "deployments": (
        "deployment,service,deployed_at,status,committed_at\n"
        "D1,shop,2026-10-01T10:00:00Z,succeeded,2026-10-01T11:00:00Z\n"
    ),
    "dr_tests": (
        "test,name,kind,services,planned_on,executed_at\nT1,Failover,failover,shop,2026-10-01,2026-10-01T09:00:00Z\n"
    ),
}


@pytest.fixture
def filled(engine: Engine, tmp_path: Path) -> Engine:
    """A store with one of everything that is odd."""
    folder = tmp_path / "facts"
    folder.mkdir()
    for entity, text in FILES.items():
        (folder / f"{entity}.csv").write_text(text, encoding="utf-8")
    ingest.run(engine, [folder], by=local("ann"))
    return engine


def found(engine: Engine, kind: str) -> dict[tuple[str, str | None], Finding]:
    with reading(engine) as conn:
        return {(one.entity, one.column): one for one in quality.findings(conn, NOW) if one.kind == kind}


def ids(finding: Finding) -> list[str]:
    return [example.id for example in finding.examples]


def test_unknown_names_are_listed_with_how_many_facts_name_them(filled: Engine) -> None:
    links = found(filled, "unknown_link")

    assert set(links) == {("services", "team"), ("incidents", "services"), ("pages", "service")}
    assert [tuple(example) for example in links["incidents", "services"].examples] == [("file", "gone", "1")]
    assert links["pages", "service"].facts == 1


def test_intervals_that_run_backwards_are_listed_by_their_pair(filled: Engine) -> None:
    backwards = found(filled, "backwards")

    assert {(key, one.earlier, *ids(one)) for key, one in backwards.items()} == {
        (("incidents", "detected_at"), "started_at", "I1"),
        (("incidents", "acknowledged_at"), "detected_at", "I4"),
        (("pages", "acknowledged_at"), "triggered_at", "P1"),
        (("deployments", "deployed_at"), "committed_at", "D1"),
    }


def test_missing_ends_are_those_old_enough_to_be_missing(filled: Engine) -> None:
    assert ids(found(filled, "no_end")["incidents", "resolved_at"]) == ["I2"]
    assert found(filled, "impact_no_end")["impacts", "end"].facts == 1


def test_rehearsals_are_not_expected_to_name_a_start_or_a_service(filled: Engine) -> None:
    assert ids(found(filled, "no_start")["incidents", "started_at"]) == ["I4"]
    assert ids(found(filled, "no_service")["incidents", "services"]) == ["I4"]


def test_slos_without_data_are_told_from_those_that_went_silent(filled: Engine) -> None:
    assert ids(found(filled, "slo_no_data")["slos", "slo"]) == ["shop-fast"]
    silent = found(filled, "slo_silent")["slos", "slo"]
    assert [tuple(example)[1:] for example in silent.examples] == [("old-up", "2026-08-01")]


def test_critical_services_without_an_slo_are_listed(filled: Engine) -> None:
    assert ids(found(filled, "no_slo")["services", "service"]) == ["lab"]


def test_facts_in_the_future_and_tests_without_a_result_are_listed(filled: Engine) -> None:
    assert ids(found(filled, "future")["incidents", "detected_at"]) == ["I6"]
    assert ids(found(filled, "no_result")["dr_tests", "result"]) == ["T1"]


def test_services_that_two_sources_tell_differently_are_listed(filled: Engine, tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    path.write_text("service,name,tier,team\nshop,Shop,1,red\nold,Old,3,red\n", encoding="utf-8")
    ingest.run(filled, [path], source="cmdb", by=local("ann"))

    assert ids(found(filled, "differs")["services", "tier"]) == ["shop"]


def test_nothing_is_odd_about_an_empty_store(engine: Engine) -> None:
    with reading(engine) as conn:
        assert quality.findings(conn, NOW) == ()
        assert coverage.held(conn) == {}
        assert runs.runs(conn) == ()
        assert runs.set_aside(conn) == ()


def test_months_are_cut_in_the_organisations_zone(filled: Engine) -> None:
    october = periods.containing(date(2026, 10, 1), "month", "UTC")
    with reading(filled) as conn:
        counts = coverage.by_month(conn, (october.previous(2), october.previous(), october))

    assert counts["sli", "file"] == (1, 1, 1)
    assert counts["incidents", "file"] == (1, 0, 3)
    assert counts["pages", "file"] == (0, 1, 1)
    assert counts["dr_tests", "file"] == (0, 0, 1)
    assert ("teams", "file") not in counts


def test_months_of_another_zone_take_their_own_midnight(filled: Engine) -> None:
    october = periods.containing(date(2026, 10, 1), "month", "Asia/Tokyo")
    with reading(filled) as conn:
        counts = coverage.by_month(conn, (october,))

    assert counts["incidents", "file"] == (3,)
    assert counts["deployments", "file"] == (1,)


def test_pages_of_two_sources_are_told_apart(filled: Engine, tmp_path: Path) -> None:
    path = tmp_path / "pages.csv"
    path.write_text("page,triggered_at,responder,team\nP1,2026-10-05T10:00:00Z,bob,red\n", encoding="utf-8")
    ingest.run(filled, [path], source="other", by=local("ann"))
    october = periods.containing(date(2026, 10, 1), "month", "UTC")
    with reading(filled) as conn:
        counts = coverage.by_month(conn, (october.previous(), october))

    assert (counts["pages", "file"], counts["pages", "other"]) == ((1, 1), (0, 1))


def test_an_import_is_listed_with_who_what_and_how_many(filled: Engine) -> None:
    with reading(filled) as conn:
        (run,) = runs.runs(conn)
        held = coverage.held(conn)

    assert (run.actor, run.status, run.total.set_aside) == ("ann", "set_aside", 1)
    assert run.counts["incidents"].new == held["incidents", "file"] == 6
    assert run.total.new == sum(held.values())
    assert "incidents.csv" in run.names


def test_rows_set_aside_stay_with_their_import_after_they_are_mended(filled: Engine, tmp_path: Path) -> None:
    with reading(filled) as conn:
        (aside,) = runs.set_aside(conn)
        assert runs.open_counts(conn) == {("incidents", "file"): 1}
    assert (aside.line, aside.column, aside.value) == (8, "severity", "9")

    path = tmp_path / "incidents-mended.csv"
    path.write_text("incident,title,severity,detected_at\nI7,Good,2,2026-10-02T10:00:00Z\n", encoding="utf-8")
    ingest.run(filled, [path], by=local("ann"))

    with reading(filled) as conn:
        assert runs.set_aside(conn) == ()
        assert [row.resolved_by for row in runs.set_aside(conn, run=aside.run)] == [2]


def test_a_look_at_the_store_is_kept_until_the_next_write(engine: Engine) -> None:
    facts_of(engine)
    with reading(engine) as conn:
        assert health.stale(conn, NOW)
        seen = health.look(conn, NOW)

    assert health.keep(engine, NOW)

    with reading(engine) as conn:
        assert not health.stale(conn, NOW)
        assert health.health(conn, NOW) == seen
        assert seen.months["2026-09"]["incidents", "file"] == 1
        assert health.stale(conn, NOW + timedelta(days=1)), "some oddities come with time alone"
    with writing(engine) as conn:
        keep(conn, {"incidents": [incident("D", NOW - timedelta(days=2))]})
    with reading(engine) as conn:
        assert health.stale(conn, NOW)
        assert health.health(conn, NOW).held["incidents", "file"] == 3

"""An import keeps what can be kept in one transaction, sets the rest aside with reasons, and can be repeated."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest
from app.people import local
from app.store import listing
from app.store.engine import reading
from app.store.tables import AUDIT, FACTS, IMPORTS, REJECTS

SHARED = Path(__file__).parents[2] / "shared"
TEAMS = "team,timezone\npay,UTC\n"
SERVICES = "service,name,tier,team\ncheckout,Checkout,0,pay\n"
SLOS = "slo,service,name,kind,objective,window,method\ns1,checkout,Up,availability,0.999,28d,occurrences\n"
INCIDENTS = "incident,title,severity,detected_at,resolved_at,services\n"
ONE = "i1,Down,1,2026-10-03T09:15:00Z,2026-10-03T10:00:00Z,checkout\n"
IMPACTS = "incident,service,start,end,level\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def held(engine: Engine, entity: str) -> list[dict[str, Any]]:
    with reading(engine) as conn:
        return [dict(row) for row in conn.execute(sa.select(FACTS[entity])).mappings()]


def counted(engine: Engine, tables: Iterable[sa.Table]) -> list[int]:
    with reading(engine) as conn:
        return [conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]


def test_an_import_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"teams": TEAMS, "services": SERVICES, "incidents": INCIDENTS + ONE})

    first = ingest.run(engine, [folder], by=local("ann"))
    again = ingest.run(engine, [folder], by=local("ann"))

    assert {entity: tuple(count) for entity, count in first.counts.items()} == {
        "teams": (1, 1, 0, 0, 0),
        "services": (1, 1, 0, 0, 0),
        "incidents": (1, 1, 0, 0, 0),
    }
    assert all(tuple(count) == (1, 0, 0, 1, 0) for count in again.counts.values())


def test_a_changed_row_updates_and_an_absent_one_stays(engine: Engine, tmp_path: Path) -> None:
    other = "i2,Slow,3,2026-10-04T09:15:00Z,,\n"
    ingest.run(engine, [write(tmp_path / "a", {"incidents": INCIDENTS + ONE + other})], by=local("ann"))

    report = ingest.run(
        engine, [write(tmp_path / "b", {"incidents": INCIDENTS + ONE.replace("Down", "Gone")})], by=local("ann")
    )

    assert tuple(report.counts["incidents"]) == (1, 0, 1, 0, 0)
    assert {row["incident"]: row["title"] for row in held(engine, "incidents")} == {"i1": "Gone", "i2": "Slow"}


def test_a_dry_run_tells_all_and_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"teams": TEAMS, "incidents": INCIDENTS + ONE + "i2,,1,2026-10-03T09:15:00Z,,\n"})

    report = ingest.run(engine, [folder], dry_run=True, by=local("ann"))

    assert report.dry
    assert report.run is None
    assert tuple(report.counts["incidents"]) == (2, 1, 0, 0, 1)
    assert counted(engine, [*FACTS.values(), IMPORTS, REJECTS, AUDIT]) == [0] * (len(FACTS) + 3)


def test_rows_set_aside_are_kept_whole_with_their_reason(engine: Engine, tmp_path: Path) -> None:
    bad = "i2,Slow,9,2026-10-04T09:15:00Z,,checkout\n"
    folder = write(tmp_path / "f", {"incidents": INCIDENTS + ONE + bad})

    report = ingest.run(engine, [folder], source="pagerduty", by=local("ann"))

    with reading(engine) as conn:
        (kept,) = listing.open_rejects(conn)
    assert report.set_aside == 1
    assert (kept["source"], kept["entity"], kept["file"], kept["line"]) == (
        "pagerduty",
        "incidents",
        "incidents.csv",
        3,
    )
    assert (kept["column"], kept["value"], kept["reason"]) == ("severity", "9", "severity is above 5")
    assert kept["row"] == {
        "incident": "i2",
        "title": "Slow",
        "severity": "9",
        "detected_at": "2026-10-04T09:15:00Z",
        "services": "checkout",
    }


def test_a_mended_file_closes_its_rejects(engine: Engine, tmp_path: Path) -> None:
    bad = "i2,Slow,9,2026-10-04T09:15:00Z,,\n"
    ingest.run(engine, [write(tmp_path / "f", {"incidents": INCIDENTS + ONE + bad})], by=local("ann"))

    ingest.run(
        engine, [write(tmp_path / "f", {"incidents": INCIDENTS + ONE + bad.replace(",9,", ",3,")})], by=local("ann")
    )

    with reading(engine) as conn:
        assert not list(listing.open_rejects(conn))


def test_reading_a_file_again_does_not_double_its_rejects(engine: Engine, tmp_path: Path) -> None:
    rows = "team,timezone,source\npay,Mars,ldap\nweb,Mars,\n"
    folder = write(tmp_path / "f", {"teams": rows})
    ingest.run(engine, [folder], by=local("ann"))

    ingest.run(engine, [folder], by=local("ann"))

    with reading(engine) as conn:
        assert [(one["source"], one["line"]) for one in listing.open_rejects(conn)] == [("ldap", 2), ("file", 3)]


def test_a_source_column_names_the_source_row_by_row(engine: Engine, tmp_path: Path) -> None:
    rows = "team,timezone,source\npay,UTC,ldap\npay,UTC,\nweb,UTC,ldap\n"

    report = ingest.run(engine, [write(tmp_path / "f", {"teams": rows})], source="hand", by=local("ann"))

    assert tuple(report.counts["teams"]) == (3, 3, 0, 0, 0)
    assert {(row["source"], row["team"]) for row in held(engine, "teams")} == {
        ("ldap", "pay"),
        ("hand", "pay"),
        ("ldap", "web"),
    }


def test_a_row_that_names_an_incident_nobody_knows_is_set_aside(engine: Engine, tmp_path: Path) -> None:
    impacts = IMPACTS + "i1,checkout,2026-10-03T09:15:00Z,,outage\ni9,checkout,2026-10-03T09:15:00Z,,outage\n"
    folder = write(tmp_path / "f", {"incidents": INCIDENTS + ONE, "impacts": impacts})

    report = ingest.run(engine, [folder], by=local("ann"))

    assert tuple(report.counts["impacts"]) == (2, 1, 0, 0, 1)
    (reject,) = report.rejects
    assert (reject.line, reject.column, reject.value) == (3, "incident", "i9")
    assert reject.reason == "no incident is known by the name i9: mend it, or import incidents first"


def test_a_link_to_a_fact_of_an_earlier_import_is_known(engine: Engine, tmp_path: Path) -> None:
    ingest.run(engine, [write(tmp_path / "a", {"incidents": INCIDENTS + ONE})], source="pagerduty", by=local("ann"))

    report = ingest.run(engine, [write(tmp_path / "b", {"postmortems": "incident,owner\ni1,ann\n"})], by=local("ann"))

    assert tuple(report.counts["postmortems"]) == (1, 1, 0, 0, 0)


def test_an_incident_set_aside_takes_what_hangs_on_it_along(engine: Engine, tmp_path: Path) -> None:
    bad = "i2,Slow,9,2026-10-04T09:15:00Z,,\n"
    files = {"incidents": INCIDENTS + bad, "postmortems": "incident,owner\ni2,ann\n"}

    report = ingest.run(engine, [write(tmp_path / "f", files)], by=local("ann"))

    assert [count.set_aside for count in report.counts.values()] == [1, 1]


def test_actions_name_their_origin_and_a_review_needs_none(engine: Engine, tmp_path: Path) -> None:
    actions = "action,origin,origin_id,title,opened_at\n"
    actions += "".join(
        f"a{number},{origin},Fix,2026-10-05T00:00:00Z\n"
        for number, origin in enumerate(("incident,i1", "incident,r1", "risk,i1", "dr_test,d1", "review,2026-10"))
    )
    folder = write(tmp_path / "f", {"incidents": INCIDENTS + ONE, "actions": actions})

    report = ingest.run(engine, [folder], by=local("ann"))

    assert sorted(row["action"] for row in held(engine, "actions")) == ["a0", "a4"]
    assert [(one.line, one.column, one.value) for one in report.rejects] == [
        (3, "origin_id", "r1"),
        (4, "origin_id", "i1"),
        (5, "origin_id", "d1"),
    ]


def test_unknown_services_and_teams_are_kept(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"incidents": INCIDENTS + ONE.replace("checkout", "nobody;knows")})

    report = ingest.run(engine, [folder], by=local("ann"))

    assert report.set_aside == 0
    assert held(engine, "incidents")[0]["services"] == ("nobody", "knows")


def test_a_key_that_comes_twice_is_set_aside_with_the_line_it_stands_on(engine: Engine, tmp_path: Path) -> None:
    twice = INCIDENTS + ONE + ONE + ONE.replace("Down", "Gone")
    folder = write(tmp_path / "f", {"incidents": twice, "incidents-2": INCIDENTS + ONE})

    report = ingest.run(engine, [folder], by=local("ann"))

    assert tuple(report.counts["incidents"]) == (4, 1, 0, 0, 3)
    stands = "incident i1 already stands on line 2 of incidents-2.csv"
    assert [(one.file, one.line, one.reason) for one in report.rejects] == [
        ("incidents.csv", 2, f"{stands}; this row is the same"),
        ("incidents.csv", 3, f"{stands}; this row is the same"),
        ("incidents.csv", 4, f"{stands}; with other values"),
    ]


def test_a_row_set_aside_does_not_take_a_key(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"incidents": INCIDENTS + ONE.replace(",1,", ",8,") + ONE})

    report = ingest.run(engine, [folder], by=local("ann"))

    assert tuple(report.counts["incidents"]) == (2, 1, 0, 0, 1)


def test_one_refused_file_keeps_all_others_out(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"teams": TEAMS, "services": "service,name\na,A\n", "sli": "a;b\n"})

    with pytest.raises(ingest.Refused) as refused:
        ingest.run(engine, [folder], by=local("ann"))

    assert refused.value.sentences == (
        "services.csv lacks the columns tier, team: add what is missing.",
        "sli.csv lacks the columns slo, start, minutes, good, total: add what is missing.",
    )
    assert counted(engine, [FACTS["teams"], IMPORTS, REJECTS]) == [0, 0, 0]


def test_a_file_that_breaks_off_leaves_nothing_half_written(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"teams": TEAMS, "incidents": INCIDENTS + ONE + 'i2,"Slow,2,,,\n'})

    with pytest.raises(ingest.Refused, match="has a quote that opens on line 3 and never closes"):
        ingest.run(engine, [folder], by=local("ann"))

    assert counted(engine, [FACTS["teams"], FACTS["incidents"], IMPORTS, REJECTS]) == [0, 0, 0, 0]


def test_strict_refuses_what_would_be_set_aside(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"incidents": INCIDENTS + ONE + ONE.replace("i1", "i2").replace(",1,", ",8,")})

    with pytest.raises(ingest.Refused, match=r"incidents.csv line 3: severity is above 5\."):
        ingest.run(engine, [folder], strict=True, by=local("ann"))

    assert counted(engine, [FACTS["incidents"], IMPORTS, REJECTS]) == [0, 0, 0]


def test_a_preview_shows_what_would_change(engine: Engine, tmp_path: Path) -> None:
    ingest.run(engine, [write(tmp_path / "a", {"incidents": INCIDENTS + ONE, "slos": SLOS})], by=local("ann"))
    changed = ONE.replace("Down", "Gone").replace("checkout", "checkout;search")
    files = {"incidents": INCIDENTS + "i0,New,2,2026-10-01T00:00:00Z,,\n" + changed, "slos": SLOS}

    report = ingest.preview(engine, [write(tmp_path / "b", files)], by=local("ann"))

    change, new = report.changes
    assert (change.entity, change.key, change.new) == ("incidents", "i1", False)
    assert change.columns == {"title": ("Down", "Gone"), "services": (("checkout",), ("checkout", "search"))}
    assert (new.key, new.new, new.columns["title"]) == ("i0", True, (None, "New"))
    assert tuple(report.counts["incidents"]) == (2, 1, 1, 0, 0)
    assert [row["title"] for row in held(engine, "incidents")] == ["Down"]


def test_revisions_of_one_slo_are_rows_of_their_own(engine: Engine, tmp_path: Path) -> None:
    head, row = SLOS.splitlines()
    slos = f"{head},valid_from\n{row},\n{row.replace('0.999', '0.99')},2026-07-01\n{row},\n"

    report = ingest.run(engine, [write(tmp_path / "f", {"slos": slos})], by=local("ann"))

    assert tuple(report.counts["slos"]) == (3, 2, 0, 0, 1)
    assert report.rejects[0].reason == "slo s1 already stands on line 2 of slos.csv; this row is the same"


def test_progress_is_told_file_by_file(sqlite_engine: Engine, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    folder = write(tmp_path / "f", {"teams": TEAMS, "incidents": INCIDENTS + ONE})

    ingest.run(sqlite_engine, [folder], progress=lambda *step: told.append(step), by=local("ann"))

    assert [name for name, _, _ in told] == ["teams.csv", "incidents.csv"]
    assert all(done == size for _, done, size in told)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data are not beside the checkout")
def test_jenkins_as_published_sets_aside_8_incidents_and_6_impacts(engine: Engine) -> None:
    report = ingest.run(engine, [SHARED / "real" / "jenkins"], timezone=ZoneInfo("UTC"), by=local("ann"))
    again = ingest.run(engine, [SHARED / "real" / "jenkins"], timezone=ZoneInfo("UTC"), by=local("ann"))

    aside = {entity: count.set_aside for entity, count in report.counts.items() if count.set_aside}
    assert aside == {"incidents": 8, "impacts": 6}
    assert sum(count.new + count.changed for count in again.counts.values()) == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the case is not beside the checkout")
def test_the_company_case_sets_nothing_aside(engine: Engine) -> None:
    report = ingest.run(engine, [SHARED / "cases" / "company"], by=local("ann"))

    assert report.set_aside == 0
    assert report.notes == ["expected.json is no CSV or XLSX file: passed over"]

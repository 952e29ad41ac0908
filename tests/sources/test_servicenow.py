"""ServiceNow: what its records mean here, whatever their fields are called, and whatever reading them runs into."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.store.engine import reading
from app.store.tables import METADATA
from data_sources import servicenow_tables
from data_sources.http import SourceError
from tests.sources.servicenow_instance import ANN, GONE, SECRET, Instance, change, incident, key, problem, task
from tests.sources.vendor import NAME, Vendor, facts, killed_and_resumed, read, sources, waited

OPTIONS: dict[str, Any] = {"kind": "servicenow", "token": "SERVICENOW_TOKEN", "slice_days": 30}


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICENOW_TOKEN", SECRET)


def one(found: list[dict[str, Any]]) -> dict[str, Any]:
    (only,) = found
    return only


def test_an_incident_is_read_by_values_and_names_in_utc(sqlite_engine: Engine, tmp_path: Path) -> None:
    row = incident(1, caused_by=(key(50), "CHG0000050"), problem_id=(key(20), "PRB0000020"))
    maps = {"services": {"Checkout": "checkout"}, "causes": {"Configuration": "configuration"}}
    with Vendor(Instance(incident=[row], problem=[problem(20)], sys_user=[ANN])).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, map=maps, **OPTIONS))

    assert outcome.status == "done"
    found = one(facts(sqlite_engine)["incidents"])
    assert (found["incident"], found["title"], found["severity"]) == ("INC0000001", "Trouble 1", 2)
    assert found["detected_at"].isoformat() == "2026-11-20T09:10:00+00:00"
    assert found["resolved_at"].isoformat() == "2026-11-20T11:00:00+00:00"
    assert (found["services"], found["cause"], found["caused_by"]) == (("checkout",), "configuration", "CHG0000050")
    assert (found["commander"], found["kind"]) == ("ann@example.com", "incident")
    assert found["url"] == f"{url}/nav_to.do?uri=incident.do%3Fsys_id%3D{key(1)}"
    assert not found.keys() & {"started_at", "acknowledged_at", "mitigated_at", "customer_impact"}


def test_fields_of_ones_own_say_what_the_base_system_does_not(sqlite_engine: Engine, tmp_path: Path) -> None:
    own = {
        "u_began": "2026-11-20 09:00:00",
        "u_seen": "2026-11-20 09:05:00",
        "u_mitigated": "2026-11-20 09:50:00",
        "u_sev": ("sev1", "Severity 1"),
        "u_customers": ("true", "true"),
        "close_code": "Configuration error",
    }
    named = {
        "started_at": "u_began",
        "detected_at": ["u_seen", "opened_at"],
        "mitigated_at": "u_mitigated",
        "severity": "u_sev",
        "customer_impact": "u_customers",
        "cause": "close_code",
    }
    rows = [incident(1, **own), incident(2, **own | {"u_seen": ""})]
    options = {**OPTIONS, "fields": {"incidents": named}, "map": {"severity": {"SEV1": 1}}}
    with Vendor(Instance(incident=rows)).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **options))

    first, second = facts(sqlite_engine)["incidents"]
    assert (f"{first['started_at']:%H:%M}", f"{first['detected_at']:%H:%M}") == ("09:00", "09:05")
    assert (f"{first['mitigated_at']:%H:%M}", f"{second['detected_at']:%H:%M}") == ("09:50", "09:10")
    assert (first["severity"], first["customer_impact"], first["cause"]) == (1, True, "Configuration error")


def test_a_field_that_is_not_there_is_named_and_nothing_is_lost(sqlite_engine: Engine, tmp_path: Path) -> None:
    vendor = Vendor(Instance(incident=[incident(1)], change_request=[change(50)]))
    with vendor.up() as url:
        wrong = sources(tmp_path, url=url, fields={"incidents": {"detected_at": "u_detectd"}}, **OPTIONS)
        outcome = read(sqlite_engine, wrong)
        with pytest.raises(SourceError, match="has no field u_detectd"):
            ingest_sync.test(wrong, NAME)
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.unread == [
        "incidents: the table incident has no field u_detectd, which fields.incidents.detected_at names, or this user "
        "may not read it."
    ]
    assert outcome.counts["deployments"].new == 1
    assert len(facts(sqlite_engine)["incidents"]) == 1


def test_columns_and_conditions_that_cannot_be_are_refused_by_name(sqlite_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="says detected, which incidents do not have: title, severity"):
        read(sqlite_engine, sources(tmp_path, url="http://x", fields={"incidents": {"detected": "a"}}, **OPTIONS))
    with pytest.raises(SourceError, match="must hold conditions alone"):
        read(sqlite_engine, sources(tmp_path, url="http://x", query={"incidents": "a=1^NQb=2"}, **OPTIONS))


def test_an_open_incident_is_not_resolved_and_a_cancelled_one_never_counts(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    rows = [
        incident(1, state=("2", "In Progress")),
        incident(2, state=("8", "Canceled")),
        incident(3, assigned_to=GONE),
    ]
    with Vendor(Instance(incident=rows)).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    reopened, cancelled, third = facts(sqlite_engine)["incidents"]
    assert "resolved_at" not in reopened
    assert cancelled["kind"] == "test"
    assert third["commander"] == key(999)


def test_a_problem_is_the_postmortem_of_its_incidents_once_it_is_resolved(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    instance = Instance(
        incident=[incident(number, problem_id=(key(20 + number), "")) for number in (1, 2, 3)],
        problem=[
            problem(21),
            problem(22, state=("103", "Root Cause Analysis")),
            problem(23, resolution_code="canceled", assigned_to=GONE),
        ],
        sys_user=[ANN],
    )
    with Vendor(instance).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file)
        before = facts(sqlite_engine)["postmortems"]
        # Only the problem is updated, not its incident.
        instance.tables["problem"][1] |= {"state": "107", "sys_updated_on": "2026-11-28 11:59:00"}
        read(sqlite_engine, file)

    done, under_way, dropped = before
    assert (done["owner"], done["completed_at"].isoformat()) == ("ann@example.com", "2026-11-24T10:00:00+00:00")
    assert done["url"].endswith(f"problem.do%3Fsys_id%3D{key(21)}")
    assert "completed_at" not in under_way
    assert "completed_at" not in dropped
    assert dropped["owner"] == key(999)
    assert "completed_at" in facts(sqlite_engine)["postmortems"][1]


def test_tasks_of_a_problem_are_actions_of_the_incident_that_it_began_with(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    instance = Instance(
        # Its incidents were last updated long before the first reading begins: the task brings them.
        incident=[incident(number, problem_id=key(20), sys_updated_on="2026-03-01 09:00:00") for number in (1, 2)]
        + [incident(3, problem_id=key(21), opened_at="2026-11-20 09:00:00"), incident(4, problem_id=key(21))],
        problem=[problem(20, first_reported_by_task=(key(2), "INC0000002")), problem(21), problem(22)],
        problem_task=[
            task(30, 20),
            task(31, 21, state=("4", "Closed Incomplete"), priority="2"),
            task(32, 21, active="true", state="154"),
            task(33, 22),
        ],
    )
    with Vendor(instance).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    closed, dropped, open_ = facts(sqlite_engine)["actions"]
    assert (closed["origin_id"], closed["priority"], str(closed["due_on"])) == ("INC0000002", 4, "2026-12-01")
    assert (closed["closed_at"].isoformat(), closed["owner"]) == ("2026-11-26T08:00:00+00:00", key(999))
    assert (dropped["origin_id"], "closed_at" in dropped, "cancelled_at" in dropped) == ("INC0000003", False, True)
    assert not open_.keys() & {"closed_at", "cancelled_at"}
    assert outcome.set_aside == 0
    assert outcome.notes == ["Problem tasks whose problem has no incident that is read are left out: PTASK0000033."]


def test_a_change_is_a_deployment_once_it_came_to_an_end(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = [
        change(50),
        change(51, close_code=("unsuccessful", "Unsuccessful"), type="emergency"),
        change(52, close_code="Backed out", work_end=""),
        change(53, close_code="", state="-1"),
        change(54, close_code="successful", state="4"),
        change(55, close_code="partial"),
        change(56, close_code="mystery"),
    ]
    with Vendor(Instance(change_request=rows)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, outcomes={"partial": "rolled_back"}, **OPTIONS))

    found = {row["deployment"][-2:]: row for row in facts(sqlite_engine)["deployments"]}
    assert {number: row["status"] for number, row in found.items()} == {
        "50": "succeeded",
        "51": "failed",
        "52": "rolled_back",
        "55": "rolled_back",
    }
    assert (found["50"]["service"], found["50"]["unplanned"], found["51"]["unplanned"]) == ("Checkout", False, True)
    assert (f"{found['50']['deployed_at']:%H:%M}", f"{found['52']['deployed_at']:%H:%M}") == ("08:55", "10:00")
    assert [(row.column, row.value) for row in outcome.rejects] == [("status", "mystery")]


def test_what_is_edited_after_its_end_is_edited_here(sqlite_engine: Engine, tmp_path: Path) -> None:
    instance = Instance(incident=[incident(1)], change_request=[change(50)])
    with Vendor(instance).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file)
        again = {"sys_updated_on": "2026-11-28 11:59:00"}
        instance.tables["incident"][0] |= {"priority": ("1", "1 - Critical"), **again}
        instance.tables["change_request"][0] |= {"close_code": "unsuccessful", **again}
        outcome = read(sqlite_engine, file)

    assert (outcome.counts["incidents"].changed, outcome.counts["deployments"].changed) == (1, 1)
    assert one(facts(sqlite_engine)["incidents"])["severity"] == 1


def test_conditions_choose_what_is_meant(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = [incident(1), incident(2, priority="4")]
    with Vendor(Instance(incident=rows)).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, query={"incidents": "priorityIN1,2"}, **OPTIONS))

    assert [row["incident"] for row in facts(sqlite_engine)["incidents"]] == ["INC0000001"]


def test_every_page_is_read_through_limits_failures_and_slowness(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servicenow_tables, "PAGE", 120)
    instance = Instance(incident=[incident(number) for number in range(1, 231)])
    instance.slow_above = 60
    vendor = Vendor(instance)
    vendor.faults = {2: (429, {"Retry-After": "7"}, {}), 5: (429, {}, {}), 9: (500, {}, "down")}
    with vendor.up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, since="2026-11-01", **OPTIONS))

    assert outcome.status == "done"
    assert len(facts(sqlite_engine)["incidents"]) == 230
    assert waited[0] == 7
    assert all(int(one.params["sysparm_offset"]) == 0 for one in vendor.asked)


def test_rows_that_access_rules_hide_are_told_and_end_no_page(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servicenow_tables, "PAGE", 30)
    instance = Instance(incident=[incident(number) for number in range(1, 101)])
    # A short page, and two pages of which nothing is left.
    instance.hidden = {key(number) for number in (5, *range(31, 95))}
    with Vendor(instance).up() as url:
        file = sources(tmp_path, url=url, since="2026-11-01", **OPTIONS)
        outcome = read(sqlite_engine, file)
        again = read(sqlite_engine, file)

    assert len(facts(sqlite_engine)["incidents"]) == 35
    assert outcome.unread == ["Of 100 rows of incident only 35 came. Access rules may hide the others from this user."]
    assert outcome.status == "partial"
    assert again.status == "done"
    assert again.calls < outcome.calls


def test_a_table_that_always_takes_too_long_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    instance = Instance(incident=[incident(1)])
    instance.slow_above = 0
    with Vendor(instance).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.failure == f"{NAME} takes too long over problem_task, even for 15 rows: ask it at night."


def test_one_table_that_may_not_be_read_ends_nothing_else(sqlite_engine: Engine, tmp_path: Path) -> None:
    instance = Instance(incident=[incident(1)], change_request=[change(50)])
    instance.refused = {"problem_task", "change_request"}
    with Vendor(instance).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert outcome.failure is None
    assert len(facts(sqlite_engine)["incidents"]) == 1
    told = f"{NAME} knows the credentials, but they may not read /api/now/table"
    assert sorted(outcome.unread) == [f"changes: {told}/change_request.", f"{told}/problem_task."]


def test_a_killed_reading_is_completed_by_the_next(tmp_path: Path) -> None:
    instance = Instance(
        incident=[
            incident(number, sys_updated_on=f"2026-11-{number:02} 09:00:00", problem_id=key(30))
            for number in range(1, 28)
        ],
        problem=[problem(30)],
        problem_task=[task(40, 30)],
        change_request=[change(50)],
    )
    killed_and_resumed(Vendor(instance), tmp_path, at=11, since="2026-11-01", **OPTIONS | {"slice_days": 7})


def test_an_expired_token_is_said_and_no_secret_is_kept(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Vendor(Instance(incident=[incident(1)]))
    with vendor.up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        vendor.faults[1] = (400, {}, {"error": {"message": f"Bad token {SECRET}"}})
        outcomes = [read(sqlite_engine, file)]
        monkeypatch.setenv("SERVICENOW_TOKEN", "s3cr3t-that-expired")
        outcomes.append(read(sqlite_engine, file))

    assert outcomes[1].failure == f"{NAME} does not accept the credentials: are they right, and not expired?"
    with reading(sqlite_engine) as conn:
        kept = [str(conn.execute(sa.select(table)).all()) for table in METADATA.sorted_tables]
    assert not any("s3cr3t" in text for text in (*kept, *map(repr, outcomes)))


def test_what_is_no_servicenow_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(lambda *_: (200, {}, {"items": []})).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        with pytest.raises(SourceError, match="does not answer as ServiceNow does"):
            ingest_sync.test(file, NAME)
        assert read(sqlite_engine, file).failure == f"{NAME} does not answer as ServiceNow does: is its url right?"


def test_its_test_counts_what_is_there(tmp_path: Path) -> None:
    with Vendor(Instance(incident=[incident(1), incident(2)], change_request=[change(50)])).up() as url:
        told = ingest_sync.test(sources(tmp_path, url=url, **OPTIONS), NAME)

    assert told == "It answers: 2 incidents, 0 problem tasks, 1 changes."


def test_what_is_not_kept_there_is_not_asked_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    vendor = Vendor(Instance(incident=[incident(1)], change_request=[change(50)]))
    with vendor.up() as url:
        file = sources(tmp_path, url=url, read=["changes"], **OPTIONS)
        read(sqlite_engine, file)
        told = ingest_sync.test(file, NAME)

    assert list(facts(sqlite_engine)) == ["deployments"]
    assert told == "It answers: 1 changes."

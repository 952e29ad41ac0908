"""Warehouses: facts by queries on real PostgreSQL and SQLite, chunk by chunk, every type by the contract's columns."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.records import Incident
from data_sources import warehouse_session
from data_sources.columns import rules
from data_sources.warehouse_rows import cell
from tests.sources.queried import DEPLOYMENTS, INCIDENT, VARIABLE, synced
from tests.sources.vendor import NAME, facts, read


def test_every_type_of_postgresql_is_read_by_the_columns_of_the_contract(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    queries = {
        "services": "SELECT 'shop'::varchar AS service, 'Shop' AS name, 1::smallint AS tier, 'web'::text AS team,"
        " 12.50::numeric AS downtime_cost_per_minute, 1e1::float8 AS rto_minutes, DATE '2027-01-31' AS retired_on",
        "incidents": """
            SELECT '6f1c9c4e-1111-4222-8333-944445555666'::uuid AS incident, '=1+1' AS TITLE, 2::bigint AS severity,
                   TIMESTAMPTZ '2026-11-20 10:00+01' AS detected_at, '2026-11-20T11:00:00Z' AS resolved_at,
                   ARRAY['shop', NULL, 'search'] AS services, true AS customer_impact, NULL AS cause,
                   1000::numeric(10, 2) AS customers_affected, '{"a": 1}'::jsonb AS url; """,
        "dr_tests": "SELECT 'T1' AS test, 'Failover' AS name, 'failover' AS kind, 'shop; search' AS services,"
        " DATE '2026-10-01' AS planned_on -- the services are a text here",
    }

    outcome = synced(sqlite_engine, tmp_path, queries)

    assert (outcome.status, outcome.unread, outcome.notes) == ("done", [], [])
    found = facts(sqlite_engine)
    (service,), (incident,), (drill,) = found["services"], found["incidents"], found["dr_tests"]
    assert (service["downtime_cost_per_minute"], service["rto_minutes"], str(service["retired_on"])) == (
        12.5,
        10.0,
        "2027-01-31",
    )
    assert incident == {
        "source": NAME,
        "incident": "6f1c9c4e-1111-4222-8333-944445555666",
        "title": "=1+1",
        "severity": 2,
        "detected_at": datetime(2026, 11, 20, 9, tzinfo=UTC),
        "resolved_at": datetime(2026, 11, 20, 11, tzinfo=UTC),
        "services": ("shop", "search"),
        "customer_impact": True,
        "customers_affected": 1000.0,
        "url": '{"a": 1}',
    }
    assert drill["services"] == ("shop", "search")


def test_sqlite_is_read_too_with_its_numbers_for_true_and_false(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "dwh.db")) as conn:
        conn.execute("CREATE TABLE d (id, at, status, unplanned)")
        conn.execute("INSERT INTO d VALUES ('d1', '2026-11-02 09:00:00', 'failed', 1), ('d2', NULL, 'failed', 0)")
        conn.commit()
    monkeypatch.setenv(VARIABLE, f"sqlite:///{tmp_path}/dwh.db")
    query = "SELECT id AS deployment, 'a' AS service, at AS deployed_at, status, unplanned FROM d WHERE at >= :since"

    outcome = synced(
        sqlite_engine, tmp_path, {"deployments": f"{query} AND at < :until"}, timezone="Europe/Berlin", slice_days=3660
    )

    assert outcome.status == "done"
    (one,) = facts(sqlite_engine)["deployments"]
    assert (one["unplanned"], one["deployed_at"]) == (True, datetime(2026, 11, 2, 8, tzinfo=UTC))
    (tmp_path / "dwh.db").unlink()
    assert "does not exist" in str(read(sqlite_engine, tmp_path / "sources.yaml").failure)


@pytest.mark.parametrize(
    ("column", "value", "written"),
    [
        ("services", '["a", null, "b"]', "a;b"),
        ("services", np.array(["a", "b"], object), "a;b"),
        ("services", "[a", "[a"),
        ("services", "-a", "'-a"),
        ("severity", np.int64(2), "2"),
        ("customers_affected", "-5", "-5"),
        ("title", "-5", "'-5"),
        ("customer_impact", 0, "false"),
        ("customer_impact", 2, "2"),
        ("url", None, ""),
    ],
)
def test_what_other_drivers_give_is_written_as_in_a_file(column: str, value: Any, written: str) -> None:
    (rule,) = (one for one in rules(Incident) if one.name == column)

    assert cell(rule, value) == written


def test_a_time_without_an_offset_is_read_in_the_zone_or_its_row_is_set_aside(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    query = {"incidents": INCIDENT.format("TIMESTAMP '2026-11-20 10:00'")}

    assert synced(sqlite_engine, tmp_path, query).rejects[0].reason.startswith("detected_at has no offset")
    assert synced(sqlite_engine, tmp_path, query, timezone="Europe/Berlin").set_aside == 0
    assert facts(sqlite_engine)["incidents"][0]["detected_at"] == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_an_answer_is_taken_chunk_by_chunk_from_a_cursor_of_the_server(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_session, "ROWS", 1_000)
    held: list[int] = []
    original = ingest_sync.Keeper.keep

    def keep(self: Any, entity: Any, place: int, batch: Any) -> None:
        held.append(batch.table.num_rows)
        original(self, entity, place, batch)

    monkeypatch.setattr(ingest_sync.Keeper, "keep", keep)
    query = f"SELECT d.*, (SELECT 'cursors: ' || count(*) FROM pg_cursors) AS url FROM ({DEPLOYMENTS.format(3_500)}) d"

    synced(sqlite_engine, tmp_path, {"deployments": query})

    assert held == [1_000, 1_000, 1_000, 500]
    assert {one["url"] for one in facts(sqlite_engine)["deployments"]} == {"cursors: 1"}


def test_bad_rows_are_set_aside_with_their_number_and_the_others_kept(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    query = f"{INCIDENT.format('now()')}, 7 AS cost UNION ALL SELECT 'i2', 'Slow', 9, now(), 8"

    outcome = synced(sqlite_engine, tmp_path, {"incidents": query})

    assert (outcome.status, outcome.notes) == ("set_aside", ["incidents have no column cost: passed over."])
    (reject,) = outcome.rejects
    assert (reject.file, reject.line, reject.column, reject.value) == ("incidents", 2, "severity", "9")
    assert len(facts(sqlite_engine)["incidents"]) == 1


def test_a_query_that_cannot_be_read_stops_no_other(warehouse: str, sqlite_engine: Engine, tmp_path: Path) -> None:
    queries = {
        "teams": "SELECT 'a' AS team, 'UTC' AS zone",
        "services": "SELECT * FROM nowhere",
        "slos": "SELECT 1 AS slo, 2 AS slo",
        "incidents": INCIDENT.format("now()"),
    }

    outcome = synced(sqlite_engine, tmp_path, queries)

    assert outcome.unread == [
        "teams: its query gives no column timezone, which teams need: name it so by AS.",
        'services: The database refuses it: relation "nowhere" does not exist.',
        "slos: its query gives the column slo twice.",
    ]
    assert (outcome.status, len(facts(sqlite_engine)["incidents"])) == ("partial", 1)


def test_revisions_that_a_query_dates_keep_their_days(warehouse: str, sqlite_engine: Engine, tmp_path: Path) -> None:
    slo = "SELECT 'web' AS slo, 'shop' AS service, 'Web' AS name, 'latency' AS kind, {} AS objective, '28d' AS window,"
    slo += " 'occurrences' AS method, DATE '{}' AS valid_from"
    query = f"{slo.format(0.9, '2026-01-01')} UNION ALL {slo.format(0.95, '2026-06-01')}"

    synced(sqlite_engine, tmp_path, {"slos": query})

    found = [(str(one["valid_from"]), one["objective"]) for one in facts(sqlite_engine)["slos"]]
    assert found == [("2026-01-01", 0.9), ("2026-06-01", 0.95)]

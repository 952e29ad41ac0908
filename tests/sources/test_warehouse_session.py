"""What may not happen at a warehouse: writing, telling its secrets, losing what was read when it goes away."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import OperationalError

from app import ingest_sync
from app.store.engine import open_store, reading
from app.store.tables import IMPORTS
from data_sources.http import SourceError
from tests.sources.queried import DEPLOYMENTS, INCIDENT, VARIABLE, asked, run, synced
from tests.sources.vendor import NAME, facts, read

SECRET = "s3cr3t-of/the@house"
SLICED = """
SELECT id AS deployment, 'shop' AS service, deployed_at, status FROM deploys
WHERE updated_at >= :since AND updated_at < :until"""


def _deploys(url: str) -> None:
    """Ninety deployments, one a day up to November 28th, each updated as it was made; times without an offset."""
    run(
        url,
        "CREATE TABLE deploys (id text, deployed_at timestamp, updated_at timestamp, status text)",
        "INSERT INTO deploys SELECT 'd' || n, at, at, 'succeeded' FROM (SELECT n,"
        " TIMESTAMP '2026-11-28 09:00' - n * INTERVAL '1 day' AS at FROM generate_series(0, 89) AS n) AS days",
    )


WRITES = (
    "DELETE FROM precious",
    "DELETE FROM precious RETURNING id",
    "WITH gone AS (DELETE FROM precious RETURNING id) SELECT id FROM gone",
    "SELECT id FROM precious; DELETE FROM precious",
    "SELECT id FROM precious) AS a; COMMIT; DELETE FROM precious; SELECT * FROM (SELECT 1",
    "SELECT nextval('precious_number_seq') AS id",
    "DROP TABLE precious",
    "",
)


def test_a_statement_that_writes_is_refused_and_writes_nothing(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    run(warehouse, "CREATE TABLE precious (id text, number serial)", "INSERT INTO precious VALUES ('i1')")

    for query in WRITES:
        outcome = synced(sqlite_engine, tmp_path, {"incidents": query})

        assert outcome.status == "partial", query
        assert "The database refuses it: " in outcome.unread[0], query
        assert run(warehouse, "SELECT id, number FROM precious") == [("i1", 1)], query
        assert run(warehouse, "SELECT last_value FROM precious_number_seq") == [(1,)], query


def test_sqlite_is_not_written_either(sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(tmp_path / "dwh.db")) as conn:
        conn.execute("CREATE TABLE precious AS SELECT 'i1' AS id")
        conn.commit()
    monkeypatch.setenv(VARIABLE, f"sqlite:///{tmp_path}/dwh.db")

    for query in ("DELETE FROM precious", "SELECT 1) AS a; DELETE FROM precious; SELECT * FROM (SELECT 1"):
        assert "The database refuses it" in synced(sqlite_engine, tmp_path, {"incidents": query}).unread[0]

    with closing(sqlite3.connect(tmp_path / "dwh.db")) as conn:
        assert list(conn.execute("SELECT id FROM precious")) == [("i1",)]


def test_what_was_edited_comes_again_and_each_slice_is_kept_by_itself(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    _deploys(warehouse)
    first = synced(sqlite_engine, tmp_path, {"deployments": SLICED}, timezone="America/New_York", since="2026-09-15")
    run(
        warehouse,
        "UPDATE deploys SET status = 'rolled_back', updated_at = '2026-11-28 06:30' WHERE id = 'd60'",
        "UPDATE deploys SET status = 'rolled_back' WHERE id = 'd50'",
    )
    second = synced(sqlite_engine, tmp_path, {"deployments": SLICED}, timezone="America/New_York", since="2026-09-15")

    assert first.counts["deployments"].new == 74
    assert (second.counts["deployments"].seen, second.counts["deployments"].changed) == (2, 1)
    found = {one["deployment"]: one for one in facts(sqlite_engine)["deployments"]}
    assert "d0" not in found, "its hour in New York has not come"
    assert found["d1"]["deployed_at"] == datetime(2026, 11, 27, 14, tzinfo=UTC)
    assert [name for name, one in found.items() if one["status"] == "rolled_back"] == ["d60"]


def test_a_connection_that_is_lost_half_way_keeps_the_slices_before_and_goes_on(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path
) -> None:
    _deploys(warehouse)
    run(warehouse, "CREATE TABLE fault AS SELECT true AS there")
    dying = f"{SLICED} AND CASE WHEN id = 'd20' AND (SELECT there FROM fault)"
    dying += " THEN pg_terminate_backend(pg_backend_pid()) ELSE true END"

    outcome = synced(sqlite_engine, tmp_path, {"deployments": dying}, timezone="UTC")
    kept = len(facts(sqlite_engine)["deployments"])
    run(warehouse, "UPDATE fault SET there = false")
    again = read(sqlite_engine, tmp_path / "sources.yaml")

    assert outcome.failure is not None
    assert outcome.failure.startswith("The connection was lost: terminating connection due to administrator command")
    assert kept == 64
    assert (again.status, len(facts(sqlite_engine)["deployments"])) == ("done", 90)


def test_a_killed_reading_is_completed_by_the_next(warehouse: str, tmp_path: Path) -> None:
    _deploys(warehouse)
    waiting = f"{SLICED} AND CASE WHEN id = 'd20' THEN pg_advisory_xact_lock_shared(7) IS NOT NULL ELSE true END"
    file = asked(tmp_path, {"deployments": waiting}, timezone="UTC")
    whole = open_store(f"sqlite:///{tmp_path}/whole.db")
    read(whole, file)
    resumed = open_store(f"sqlite:///{tmp_path}/resumed.db")

    holder = sa.create_engine(warehouse, poolclass=sa.NullPool)
    with holder.connect() as conn:
        conn.execute(sa.text("SELECT pg_advisory_lock(7)"))
        code = f"from tests.sources.vendor import child; child('sqlite:///{tmp_path}/resumed.db', {str(file)!r})"
        child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while run(warehouse, waits) == [(0,)]:
            assert child.poll() is None
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    assert len(facts(resumed)["deployments"]) == 64
    assert read(resumed, file).failure is None
    assert facts(resumed) == facts(whole)
    assert len(facts(whole)["deployments"]) == 90
    whole.dispose()
    resumed.dispose()


def test_a_wrong_password_is_said_without_anything_of_the_address(
    warehouse: str, sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((rules_file,),) = run(warehouse, "SHOW hba_file")
    before = Path(rules_file).read_text(encoding="utf-8")
    Path(rules_file).write_text(f"local all auditor scram-sha-256\n{before}", encoding="utf-8")
    run(warehouse, "CREATE ROLE auditor LOGIN PASSWORD 'another'", "SELECT pg_reload_conf()")
    url = make_url(warehouse).set(username="auditor", password=SECRET)
    monkeypatch.setenv(VARIABLE, url.render_as_string(hide_password=False))
    try:
        while _enters(url.render_as_string(hide_password=False)):
            time.sleep(0.02)
        outcome = synced(sqlite_engine, tmp_path, {"incidents": INCIDENT.format("now()")})
    finally:
        Path(rules_file).write_text(before, encoding="utf-8")
        run(warehouse, "SELECT pg_reload_conf()", "DROP ROLE auditor")

    assert "password authentication failed" in str(outcome.failure)
    with reading(sqlite_engine) as conn:
        kept = str(conn.execute(sa.select(IMPORTS)).all())
    for told in (str(outcome), kept):
        assert SECRET not in told
        assert "auditor" not in told
        assert str(url.database) not in told


def _enters(url: str) -> bool:
    """Whether the server has not taken up its new rules yet."""
    try:
        return bool(run(url, "SELECT 1"))
    except OperationalError:
        return False


def test_a_statement_that_takes_too_long_is_ended(warehouse: str, sqlite_engine: Engine, tmp_path: Path) -> None:
    slow = f"SELECT * FROM ({DEPLOYMENTS.format(50)}) AS d WHERE pg_sleep(0.2) IS NOT NULL"

    outcome = synced(sqlite_engine, tmp_path, {"deployments": slow}, timeout_seconds=1)

    assert outcome.unread == ["deployments: The database refuses it: canceling statement due to statement timeout."]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ("", "The environment variable WAREHOUSE_URL, which url names, is not set."),
        (SECRET, "WAREHOUSE_URL holds no URL of SQLAlchemy, like postgresql://user:password@host/database."),
        (f"nosuch://u:{SECRET[:6]}@h/d", "The driver of nosuch is not installed: see docs/sources.md."),
        (f"mysql://u:{SECRET[:6]}@h/d", "The driver of mysql+pymysql is not installed: see docs/sources.md."),
    ],
)
def test_a_url_that_cannot_be_is_said(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str, told: str
) -> None:
    monkeypatch.setenv(VARIABLE, held)

    assert synced(sqlite_engine, tmp_path, {"incidents": "SELECT 1"}).failure == told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"queries": {"incident": "SELECT 1"}}, "queries names incident, which is none of teams, services"),
        ({"queries": {"sli": "SELECT :since"}}, "queries names :since in sli: use :since and :until together"),
        ({"queries": {"sli": "SELECT a:b, 'x :day'"}}, "queries names :day in sli"),
        (
            {"queries": {"incidents": "SELECT :since, :until", "impacts": "SELECT 1"}},
            "queries reads impacts before incidents, which it names: give both :since and :until, or neither.",
        ),
        ({"url": "postgresql://ann:pw@host/db"}, "url must be the name of an environment variable that holds it"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is(
    tmp_path: Path, options: dict[str, object], told: str
) -> None:
    file = asked(tmp_path, {"sli": "SELECT 1"})
    said = {"kind": "warehouse", "url": VARIABLE, "queries": {"sli": "SELECT 1"}, **options}
    file.write_text(f"sources: {{{NAME}: {said}}}", encoding="utf-8")

    with pytest.raises(SourceError) as refused:
        ingest_sync.test(file, NAME)

    assert told in str(refused.value)
    assert "pw" not in str(refused.value)


def test_its_test_says_what_each_query_gives(warehouse: str, tmp_path: Path) -> None:
    _deploys(warehouse)
    queries = {"incidents": f"{INCIDENT.format('now()')}, 1 AS cost", "deployments": SLICED}
    file = asked(tmp_path, queries, slice_days=3660)

    told = ingest_sync.test(file, NAME)

    assert told.startswith("It answers, and so do the queries of deployments, incidents. The first row of deployments ")
    assert "would be set aside: deployed_at has no offset: write 2026-10-03T09:15:00Z or +01:00" in told
    assert told.endswith("that of a source by timezone. incidents have no column cost: passed over.")
    with pytest.raises(SourceError, match="incidents: its query gives no column title"):
        ingest_sync.test(asked(tmp_path, {"incidents": "SELECT 1 AS incident"}), NAME)

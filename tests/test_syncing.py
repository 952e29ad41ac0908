"""While the server runs, live sources are read as often as their file says; without a file nothing is."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from app.store import runs
from app.store.engine import open_store, reading, writing
from app.store.syncing import begun
from app.web.syncing import Syncing

OWN = Path(__file__).parent / "sources" / "openslo"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_without_a_file_nothing_is_due(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert not Syncing(sqlite_engine, tmp_path / "sources.yaml").due(NOW)


def test_it_is_due_when_the_file_is_written_and_when_a_source_is(sqlite_engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("sources: {}\n", encoding="utf-8")
    looking = Syncing(sqlite_engine, file)

    assert looking.due(NOW)
    assert not looking.due(NOW)
    with writing(sqlite_engine) as conn:
        begun(conn, "metrics", "prometheus", NOW, every_minutes=15, expected_hours=None)
    assert not looking.due(NOW + timedelta(minutes=14))
    assert looking.due(NOW + timedelta(minutes=15))
    os.utime(file, (1, 1))
    assert looking.due(NOW)


def test_a_process_of_its_own_reads_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/nines.db"
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    (tmp_path / "sources.yaml").write_text(
        f"sources:\n  catalogue: {{kind: openslo, every_minutes: 60, paths: ['{OWN}/checkout.yaml']}}\n",
        encoding="utf-8",
    )
    engine = open_store(url)
    looking = Syncing(engine, tmp_path / "sources.yaml", first=0.0)

    looking.start()
    ends = time.monotonic() + 120
    found: tuple[runs.Run, ...] = ()
    while not (found and found[0].finished_at) and time.monotonic() < ends:
        time.sleep(0.1)
        with reading(engine) as conn:
            found = runs.runs(conn)
    looking.stop()

    assert [(run.kind, run.source, run.status) for run in found] == [("live", "catalogue", "done")]
    engine.dispose()

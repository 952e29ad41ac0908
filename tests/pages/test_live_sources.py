"""Data health tells of live sources: when they were read, how late they are, and what they could not give."""

from datetime import timedelta
from pathlib import Path

import pytest

from app import ingest_sync
from app.people import local
from app.store.engine import open_store
from data_sources.http import Client
from tests.filled import NOW, boards, text
from tests.pages.health import page, shown

OWN = Path(__file__).parents[1] / "sources" / "openslo"


@pytest.fixture
def read(tmp_path: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/live.db"
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setenv("METRICS_TOKEN", "s3cr3t-of-metrics")
    (tmp_path / "sources.yaml").write_text(
        f"sources:\n  catalogue: {{kind: openslo, expected_hours: 2, paths: ['{OWN}']}}\n"
        "  metrics: {kind: prometheus, expected_hours: 2, url: 'http://127.0.0.1:9', token: METRICS_TOKEN,\n"
        "    slos: {up: {good: 'a[{{window}}]', total: 'b[{{window}}]'}}}\n",
        encoding="utf-8",
    )
    engine = open_store(url)
    at = NOW - timedelta(hours=3)
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "attempts", 1)
    ingest_sync.run(engine, tmp_path / "sources.yaml", by=local("ann"), now=lambda: at)
    engine.dispose()


@pytest.mark.usefixtures("read")
def test_a_live_source_shows_its_last_reading_its_lag_and_what_it_told() -> None:
    at = page("Sources")

    assert not at.exception
    said = text(boards(at)["health_live_table"])
    assert "catalogue" in said
    assert "late by 1 hour" in said or "late by 60 minutes" in said
    assert "3 hours" in said
    assert "Done, some rows were set aside" in said
    told = text(boards(at)["health_live_told"])
    assert "departing.yaml line 4" in told
    assert "never read" in said
    assert "metrics cannot be reached" in told
    assert "s3cr3t" not in shown(at)


@pytest.mark.usefixtures("full")
def test_without_live_sources_nothing_is_said_of_them() -> None:
    assert "health_live_table" not in boards(page("Sources"))

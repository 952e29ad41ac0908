"""`nines sync` and `nines sources`: what they print, and that no secret is ever in it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.store.engine import open_store
from tests.sources.live import Told, serving

Nines = Callable[..., Any]
OWN = Path(__file__).parents[1] / "sources" / "openslo"
SECRET = "s3cr3t-of-metrics"


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("METRICS_TOKEN", SECRET)
    path = tmp_path / "sources.yaml"
    path.write_text(f"sources:\n  catalogue: {{kind: openslo, paths: ['{OWN}']}}\n", encoding="utf-8")
    return path


def test_without_a_configuration_it_says_where_one_belongs(sqlite_nines: Nines) -> None:
    said = sqlite_nines("sync")

    assert said.code == 0
    assert "No live source is configured in" in said.err
    assert "sources.yaml" in said.err
    assert "docs/sources.md" in sqlite_nines("sources", "list").out


def test_sync_says_what_it_brought_and_what_departs(sqlite_nines: Nines, configured: Path) -> None:
    said = sqlite_nines("sync")

    assert said.code == 3
    assert said.out.startswith("catalogue: 5 rows, 4 new, 0 changed, 1 set aside.")
    assert "departing.yaml line 4: metadata.name 'Search_Latency'" in said.err
    assert "departing.yaml line 38: objective is missing" in said.err
    listed = sqlite_nines("sources", "list").out
    assert "openslo" in listed
    assert "UTC" in listed


def test_a_source_that_nobody_configured_is_named(sqlite_nines: Nines, configured: Path) -> None:
    said = sqlite_nines("sync", "nowhere")

    assert said.code == 1
    assert "has no source called nowhere: it has catalogue." in said.err


def test_sources_test_says_what_a_source_holds(sqlite_nines: Nines, configured: Path) -> None:
    said = sqlite_nines("sources", "test", "catalogue")

    assert said.code == 0
    assert said.out.startswith("catalogue: 4 SLOs in 2 files; the SDK of OpenSLO would refuse")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((401, {}, {}), "metrics does not accept the credentials"),
        ((403, {}, {}), "may not read /api/v1/query"),
        ((200, {}, "<html>"), "something else than JSON"),
        ((200, {}, {"status": "error", "error": SECRET}), "does not answer as Prometheus does"),
    ],
)
def test_sources_test_says_what_is_wrong_in_a_sentence(
    sqlite_nines: Nines, configured: Path, told: Told, words: str
) -> None:
    with serving(lambda *_: told) as base:
        metrics(configured, base)
        said = sqlite_nines("sources", "test", "metrics")

    assert said.code == 1
    assert words in said.err
    assert said.err.count("\n") == 1
    assert SECRET not in said.err + said.out


def metrics(path: Path, base: str, token: str = "METRICS_TOKEN") -> None:
    path.write_text(
        f"sources:\n  metrics:\n    kind: prometheus\n    url: {base}\n    token: {token}\n"
        "    slos: {up: {good: g, total: t}}\n",
        encoding="utf-8",
    )


def test_a_secret_is_sent_and_is_nowhere_else(
    sqlite_nines: Nines, configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def answer(path: str, asked: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        sent.append(headers["Authorization"])
        return 400, {}, {"error": f"bad token {SECRET}"}

    with serving(answer) as base:
        metrics(configured, base)
        said = sqlite_nines("sync")

    assert said.code == 1
    assert set(sent) == {f"Bearer {SECRET}"}
    assert "[hidden]" in said.err
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert b"metrics" in kept
    assert SECRET.encode() not in kept
    assert SECRET not in said.err + said.out


def test_a_secret_written_into_the_file_is_refused_without_being_shown(sqlite_nines: Nines, configured: Path) -> None:
    metrics(configured, "http://127.0.0.1:9", token=SECRET)

    said = sqlite_nines("sync")

    assert said.code == 1
    assert "metrics, token must be the name of an environment variable that holds it" in said.err
    assert SECRET not in said.err


def test_a_variable_that_is_not_set_is_named(
    sqlite_nines: Nines, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("METRICS_TOKEN")
    metrics(configured, "http://127.0.0.1:9")

    said = sqlite_nines("sync")

    assert said.code == 1
    assert "the environment variable METRICS_TOKEN, which token names, is not set" in said.err


def test_the_file_may_lie_elsewhere(
    sqlite_nines: Nines, configured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "etc" / "live.yaml"
    elsewhere.parent.mkdir()
    configured.rename(elsewhere)
    open_store(f"sqlite:///{tmp_path}/store.db").dispose()
    monkeypatch.setenv("NINES_SOURCES", str(elsewhere))

    assert "catalogue" in sqlite_nines("sources", "list").out

"""What a source answered is kept word for word where that is asked for, without secrets, for so many days."""

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from tests.sources.live import AT
from tests.sources.test_statuspage import OPTIONS, SECRET, WORSE, Page
from tests.sources.vendor import Vendor, read, sources


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPAGE_TOKEN", SECRET)


def test_every_answer_is_kept_in_order_without_the_secret_that_it_says_back(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    page = Page(WORSE | {"name": f"Down: {SECRET}"})
    with Vendor(page).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, keep_answers_days=7, **OPTIONS))

    (file,) = (tmp_path / "answers" / "vendor").iterdir()
    (line,) = gzip.decompress(file.read_bytes()).decode().splitlines()
    kept = json.loads(line)
    assert (kept["asked"], kept["status"]) == ("GET /v1/pages/p4g3/incidents?page=1&limit=100", 200)
    assert [one["id"] for one in kept["answer"]] == ["i0001"]
    assert SECRET not in line
    assert file.stat().st_mode & 0o077 == 0


def test_a_refusal_is_kept_too(sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPAGE_TOKEN", "s3cr3t-that-expired")
    with Vendor(Page()).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, keep_answers_days=7, **OPTIONS))

    (file,) = (tmp_path / "answers" / "vendor").iterdir()
    kept = json.loads(gzip.decompress(file.read_bytes()))
    assert (kept["status"], kept["answer"]) == (401, {"error": "Could not authenticate"})


def test_answers_are_forgotten_after_their_days(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(Page(WORSE)).up() as url:
        file = sources(tmp_path, url=url, keep_answers_days=2, **OPTIONS)
        for days in (0, 1, 3):
            read(sqlite_engine, file, now=AT + timedelta(days=days))

    kept = sorted(one.name for one in (tmp_path / "answers" / "vendor").iterdir())
    assert kept == [f"{AT + timedelta(days=days):%Y%m%dT%H%M%SZ}.jsonl.gz" for days in (1, 3)]


def test_nothing_is_kept_unless_it_is_asked_for(sqlite_engine: Engine, tmp_path: Path) -> None:
    with Vendor(Page(WORSE)).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))

    assert not (tmp_path / "answers").exists()


def test_a_folder_that_takes_nothing_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file", encoding="utf-8")
    with Vendor(Page(WORSE)).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, keep_answers_days=7, **OPTIONS))

    assert outcome.failure is not None
    assert "cannot be kept" in outcome.failure

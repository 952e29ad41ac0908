"""Page tests look at one filled, one empty and one almost empty store, at a fixed moment."""

from pathlib import Path

import pytest

from app.people import Person, Role
from app.ui import read, who
from tests import filled


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return filled.demo_store(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "now", lambda: filled.NOW)


@pytest.fixture
def full(demo_url: str, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read the demo organisation's store."""
    monkeypatch.setenv("NINES_DATABASE_URL", demo_url)


@pytest.fixture
def empty(tmp_path: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read a store without any fact."""
    monkeypatch.setenv("NINES_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")


@pytest.fixture
def one_fact(tmp_path: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read a store with a single incident."""
    monkeypatch.setenv("NINES_DATABASE_URL", filled.one_fact_store(tmp_path))


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are read by somebody who may only read."""
    monkeypatch.setattr(who, "person", lambda: Person("vera@example.com", frozenset({Role.VIEWER})))

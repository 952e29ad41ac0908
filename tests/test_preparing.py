"""While the server runs, months that are over are added up: once for each state of the store."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.store.engine import open_store, reading, writing
from app.store.tables import KEPT_SUMS
from app.web.preparing import Preparing
from tests.store.keeping import keep
from tests.store.test_kept import facts_of, incident

NOW = datetime(2026, 11, 23, 6, 20, tzinfo=UTC)


def kept(engine: Engine) -> int:
    with reading(engine) as conn:
        return conn.execute(sa.select(sa.func.count()).select_from(KEPT_SUMS)).scalar_one()


def test_it_is_due_once_for_each_state_of_the_store_and_each_hour(engine: Engine) -> None:
    facts_of(engine)
    looking = Preparing(engine)

    assert looking.due(NOW)
    assert not looking.due(NOW + timedelta(minutes=20)), "nothing was written since"
    assert looking.due(NOW + timedelta(hours=1)), "a month may be over now"
    with writing(engine) as conn:
        keep(conn, {"incidents": [incident("Z", NOW - timedelta(days=60))]})
    assert looking.due(NOW + timedelta(hours=1))


def test_an_empty_store_has_nothing_to_add_up(engine: Engine) -> None:
    assert not Preparing(engine).due(NOW)


def test_a_process_of_its_own_adds_up_and_a_server_that_stops_takes_it_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/nines.db"
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    engine = open_store(url)
    facts_of(engine)
    looking = Preparing(engine, first=0.0)

    looking.start()
    ends = time.monotonic() + 120
    while not kept(engine) and time.monotonic() < ends:
        time.sleep(0.1)
    looking.stop()

    assert kept(engine)
    looking._thread.join(timeout=60)
    assert not looking._thread.is_alive()
    engine.dispose()

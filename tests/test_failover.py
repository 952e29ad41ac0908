"""The primary dies while people write: nothing that was acknowledged is lost, and everything goes on by itself."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from app.store import audit
from app.store.engine import StoreError, open_store, reading, writing
from app.store.tables import AUDIT
from app.ui import read
from tests.filled import app

if TYPE_CHECKING:
    from tests.replicated import Cluster

SECONDS = 60


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator["Cluster"]:
    """A primary with a synchronous replica. Where they cannot start, skipped; in CI, a failure."""
    try:
        from tests.replicated import Cluster

        made = Cluster(tmp_path)
    except (ImportError, OSError) as cause:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL cannot be started here: {cause}")
    yield made
    made.stop()


class Writer(threading.Thread):
    """Adds entries one after another, and after a failure tries the next, like people do."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.kept: list[int] = []
        self.refused: list[str] = []
        self.left = threading.Event()
        self._engine = open_store(url)

    def run(self) -> None:
        number = 0
        while not self.left.is_set():
            number += 1
            try:
                with writing(self._engine) as conn:
                    audit.audit(conn, actor="ana", action="edit", entity="risks", entity_id=str(number))
                self.kept.append(number)
            except StoreError as refused:
                self.refused.append(str(refused))
                self.left.wait(0.1)
        self._engine.dispose()

    def until(self, done: Callable[[], bool]) -> None:
        """Waits until something holds; looks often."""
        for _ in range(SECONDS * 20):
            if done():
                return
            self.left.wait(0.05)
        raise AssertionError("it did not come to that")


@pytest.fixture
def main_module_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's script runs as `__main__`; processes that later tests start would run it again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def shown(at: AppTest) -> str:
    assert not at.exception
    return " ".join(element.value for element in (*at.error, *at.caption))


@pytest.mark.usefixtures("main_module_is_given_back")
def test_a_replica_takes_over_with_every_acknowledged_write(
    cluster: "Cluster", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", cluster.url)
    before = app().run()
    writer = Writer(cluster.url)
    writer.start()
    try:
        writer.until(lambda: len(writer.kept) >= 20)

        cluster.kill_primary()
        writer.until(lambda: len(writer.refused) >= 2)
        during = shown(before.run())
        acknowledged = list(writer.kept)
        cluster.promote()

        writer.until(lambda: len(writer.kept) >= len(acknowledged) + 20)
        after = shown(before.run())
    finally:
        writer.left.set()
        writer.join(SECONDS)

    engine = open_store(cluster.url)
    with reading(engine) as conn:
        held = {int(entry) for entry in conn.execute(sa.select(AUDIT.c.entity_id)).scalars()}
        chain = audit.verify(conn)
    engine.dispose()
    read.opened(cluster.url).dispose()
    assert set(writer.kept) <= held, "what was acknowledged is there"
    assert len(held - set(writer.kept)) <= 1, "at most the write that nobody could confirm"
    assert chain.faults == ()
    assert all("did not answer" in said or "nobody knows whether it did" in said for said in writer.refused)
    assert "The store did not answer" in during.replace("\\", "")
    assert "comes back by itself" in during
    assert "did not answer" not in after.replace("\\", "")

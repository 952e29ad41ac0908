"""What the tests of every vendor share: a server that speaks its shapes and fails when told to, and readings of it.

    vendor = Vendor(answer)                      # answer(path, parameters, headers) -> status, headers, body
    with vendor.up() as url:
        outcome = read(store, sources(folder, kind="statuspage", url=url, …))
    vendor.faults[3] = (429, {}, {})             # the third request from now on is answered so, once

Nothing waits between tries: what a client was asked to wait is in `waited`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import sqlalchemy as sa
import yaml
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.ingest_sync import Outcome
from app.people import local
from app.store import sums
from app.store.engine import open_store, reading
from app.store.tables import FACTS
from data_sources.http import Client
from tests.sources.live import AT, Told, serving

NAME = "vendor"
"""What the source is called in these tests, and so the `source` of its facts."""
KILL: Told = (0, {}, None)
"""A fault: the reading process is killed instead of being answered."""


class Asked(NamedTuple):
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


class Vendor:
    """A server of a vendor's shapes; remembers what it was asked."""

    def __init__(self, answer: Callable[[str, Mapping[str, str], Mapping[str, str]], Told]):
        self._answer = answer
        self.asked: list[Asked] = []
        self.faults: dict[int, Told] = {}
        """Number of a request (1: the next one after `forget`) → what it is answered instead."""
        self.reader: subprocess.Popen[bytes] | None = None

    def forget(self) -> None:
        """Counts requests from here."""
        self.asked.clear()

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    @contextmanager
    def up(self) -> Iterator[str]:
        with serving(self._told) as url:
            yield url

    def _told(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        self.asked.append(Asked(path, params, headers))
        fault = self.faults.pop(len(self.asked), None)
        if fault is KILL:
            assert self.reader is not None
            os.kill(self.reader.pid, signal.SIGKILL)
            self.reader.wait()
        return self._answer(path, params, headers) if fault is None or fault is KILL else fault


def sources(folder: Path, **options: Any) -> Path:
    """A `sources.yaml` with one source."""
    file = folder / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": {NAME: options}}), encoding="utf-8")
    return file


waited: list[float] = []
"""Seconds that clients would have waited in the last `read`."""


def read(engine: Engine, file: Path, *, now: datetime = AT, since: datetime | None = None) -> Outcome:
    """One reading of the source, here, without waiting between tries."""
    waited.clear()
    at_once = {**(Client.__init__.__kwdefaults__ or {}), "sleep": waited.append, "chance": lambda: 0.0}
    with patch.object(Client.__init__, "__kwdefaults__", at_once):
        (outcome,) = ingest_sync.run(engine, file, [NAME], by=local("ann"), now=lambda: now, since=since)
    return outcome


def facts(engine: Engine, *entities: str) -> dict[str, list[dict[str, Any]]]:
    """Entity → its facts, without what is unknown, in the order of their keys; every entity that has any."""
    with reading(engine) as conn:
        assert not sums.verify(conn)
        found = {}
        for name, table in FACTS.items():
            rows = sorted(conn.execute(sa.select(table)).mappings(), key=lambda row: str(tuple(row.values())))
            if rows and (not entities or name in entities):
                found[name] = [{key: value for key, value in row.items() if value is not None} for row in rows]
    return found


def killed(vendor: Vendor, url: str, file: Path, at: int) -> None:
    """A reading in a process of its own, killed where the vendor gets its request number `at`."""
    vendor.forget()
    vendor.faults[at] = KILL
    here = Path(__file__).parents[2]
    code = f"from tests.sources.vendor import child; child({url!r}, {str(file)!r})"
    vendor.reader = subprocess.Popen([sys.executable, "-c", code], cwd=here)
    assert vendor.reader.wait(120) == -signal.SIGKILL
    vendor.faults.pop(at, None)


def child(url: str, file: str) -> None:
    """The process that `killed` kills."""
    engine = open_store(url)
    ingest_sync.run(engine, Path(file), [NAME], by=local("ann"), now=lambda: AT)


def killed_and_resumed(vendor: Vendor, folder: Path, at: int, **options: Any) -> None:
    """Asserts that a reading that is killed at a request and resumed gives the store of an uninterrupted one."""
    with vendor.up() as url:
        file = sources(folder, url=url, **options)
        whole = open_store(f"sqlite:///{folder}/whole.db")
        read(whole, file)
        resumed_url = f"sqlite:///{folder}/resumed.db"
        open_store(resumed_url).dispose()
        killed(vendor, resumed_url, file, at)
        resumed = open_store(resumed_url)
        assert read(resumed, file).failure is None
        assert facts(whole)
        assert facts(resumed) == facts(whole)
        whole.dispose()
        resumed.dispose()

"""Has live sources read while the server runs, each as often as `sources.yaml` says; off where there is no such file.

`nines sync --due` does it, in a process of its own at low priority; what it keeps does not depend on the server.
"""

import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from app.store import syncing
from app.store.engine import StoreError, reading

LOG = logging.getLogger(__name__)
COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "sync", "--due")
_FIRST_SECONDS, _EVERY_SECONDS = 10.0, 30.0


class Syncing:
    """Looks every now and then whether a source is due."""

    def __init__(
        self, engine: Engine, file: Path, first: float = _FIRST_SECONDS, every: float = _EVERY_SECONDS
    ) -> None:
        self._engine, self._file = engine, file
        self._first, self._every = first, every
        self._left = threading.Event()
        self._seen: float | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="syncing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it, with a reading that goes on: the next one goes on where that was."""
        self._left.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def due(self, now: datetime) -> bool:
        """Whether a source should be read: its time has come, or the file was written since the last look."""
        try:
            written = self._file.stat().st_mtime
        except OSError:
            return False
        if written != self._seen:
            self._seen = written
            return True
        with reading(self._engine) as conn:
            return bool(syncing.due(conn, now))

    def _run(self) -> None:
        wait = self._first
        while not self._left.wait(wait):
            wait = self._every
            try:
                if self.due(datetime.now(UTC)):
                    self._sync()
            except StoreError as cause:
                LOG.warning("live sources are not read: %s", cause)

    def _sync(self) -> None:
        nice = (lambda: os.nice(10)) if hasattr(os, "nice") else None
        self._child = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=nice)
        _, told = self._child.communicate()
        if self._child.returncode not in (0, 3) and not self._left.is_set():
            lines = told.decode("utf-8", "replace").strip().splitlines()
            LOG.warning("live sources could not all be read: %s", lines[0] if lines else self._child.returncode)

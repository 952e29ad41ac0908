"""Keeps the months that are over added up while the server runs: after its start, after a write, after a month's end.

Another process does it, at low priority, so that readers have this one for themselves; what it has not done yet, a page
does by itself."""

import logging
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from app.store.engine import StoreError, generation, reading
from app.store.prepare import due

LOG = logging.getLogger(__name__)
COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "prepare")
_FIRST_SECONDS, _EVERY_SECONDS = 5.0, 30.0


class Preparing:
    """Looks at the store every now and then, and has added up what is missing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._left = threading.Event()
        self._seen: tuple[int, datetime] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="preparing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it, with what it has begun."""
        self._left.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()

    def due(self, now: datetime) -> bool:
        """Whether anything is missing; asked once for each state of the store and each hour."""
        with reading(self._engine) as conn:
            here = (generation(conn), now.replace(minute=0, second=0, microsecond=0))
            if here == self._seen:
                return False
            self._seen = here
            return due(conn, now)

    def _run(self) -> None:
        wait = _FIRST_SECONDS
        while not self._left.wait(wait):
            wait = _EVERY_SECONDS
            try:
                if self.due(datetime.now(UTC)):
                    self._prepare()
            except StoreError as cause:
                LOG.warning("months are not added up ahead: %s", cause)

    def _prepare(self) -> None:
        nice = (lambda: os.nice(10)) if hasattr(os, "nice") else None
        self._child = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, preexec_fn=nice)
        if self._child.wait() != 0 and not self._left.is_set():
            LOG.warning("months were not added up ahead: %s ended with %s", COMMAND[-1], self._child.returncode)

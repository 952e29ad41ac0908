"""Sends digests of reviews while the server runs: of those just closed, and what is due for another try.

Another process does it (`nines review deliver`), so that a slow mail server holds up no reader. It is left alone when
the server stops: it ends within minutes, and a try that is broken off would have to count as unsure."""

import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from app.store import deliveries
from app.store.engine import StoreError, reading

LOG = logging.getLogger(__name__)
COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "review", "deliver")
_FIRST_SECONDS, _EVERY_SECONDS, _AT_MOST_SECONDS = 5.0, 15.0, 600.0


class Sending:
    """Looks at the store every now and then, and has sent what is due."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sending", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begins nothing any more."""
        self._left.set()

    def due(self, now: datetime) -> bool:
        """Whether there is anything to send, or to settle."""
        with reading(self._engine) as conn:
            return bool(deliveries.due(conn, now) or deliveries.just_closed(conn, now))

    def _run(self) -> None:
        wait = _FIRST_SECONDS
        while not self._left.wait(wait):
            try:
                well = not self.due(datetime.now(UTC)) or self._deliver()
            except StoreError as cause:
                LOG.warning("digests are not sent: %s", cause)
                well = False
            wait = _EVERY_SECONDS if well else min(max(wait, _EVERY_SECONDS) * 2, _AT_MOST_SECONDS)

    def _deliver(self) -> bool:
        """Whether all that was due was sent."""
        return subprocess.run(COMMAND, stdout=subprocess.DEVNULL, start_new_session=True, check=False).returncode == 0

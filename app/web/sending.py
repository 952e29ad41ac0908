"""Sends digests of reviews while the server runs: of those just closed, and what is due for another try.

Another process does it (`nines review deliver`), so that a slow mail server holds up no reader. It is left alone when
the server stops: it ends within minutes, and a try that is broken off would have to count as unsure."""

import subprocess
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from app.store import deliveries
from app.store.engine import reading
from app.web.beside import Beside, nines


class Sending(Beside):
    """Looks at the store every now and then, and has sent what is due."""

    def __init__(self, engine: Engine, first: float = 5.0) -> None:
        super().__init__("sending", "digests are not sent", first, every=15.0, most=600.0)
        self._engine = engine

    def due(self, now: datetime) -> bool:
        """Whether there is anything to send, or to settle."""
        with reading(self._engine) as conn:
            return bool(deliveries.due(conn, now) or deliveries.just_closed(conn, now))

    def look(self) -> bool:
        """Whether all that was due was sent; what it has begun goes on when the server stops."""
        if not self.due(datetime.now(UTC)):
            return True
        command = nines(("review", "deliver"))
        return subprocess.run(command, stdout=subprocess.DEVNULL, start_new_session=True, check=False).returncode == 0

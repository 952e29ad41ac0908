"""Keeps the months that are over added up while the server runs: after its start, after a write, after a month's end.

Another process does it, at low priority, so that readers have this one for themselves; what it has not done yet, a page
does by itself."""

from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from app.store.engine import generation, reading
from app.store.prepare import due
from app.web.beside import Beside


class Preparing(Beside):
    """Looks at the store every now and then, and has added up what is missing."""

    def __init__(self, engine: Engine, first: float = 5.0) -> None:
        super().__init__("preparing", "months are not added up ahead", first, every=30.0)
        self._engine = engine
        self._seen: tuple[int, datetime] | None = None

    def due(self, now: datetime) -> bool:
        """Whether anything is missing; asked once for each state of the store and each hour."""
        with reading(self._engine) as conn:
            here = (generation(conn), now.replace(minute=0, second=0, microsecond=0))
            if here == self._seen:
                return False
            self._seen = here
            return due(conn, now)

    def look(self) -> bool:
        if not self.due(datetime.now(UTC)):
            return True
        code, told = self.have("prepare")
        if code != 0 and not self.left:
            self._log.warning("months were not added up ahead: %s", told)
        return code == 0

"""Has live sources read while the server runs, each as often as `sources.yaml` says; off where there is no such file.

`nines sync --due` does it, in a process of its own at low priority; what it keeps does not depend on the server.
"""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from app.store import syncing
from app.store.engine import reading
from app.web.beside import Beside


class Syncing(Beside):
    """Looks every now and then whether a source is due."""

    def __init__(self, engine: Engine, file: Path, first: float = 10.0) -> None:
        super().__init__("syncing", "live sources are not read", first, every=30.0)
        self._engine, self._file = engine, file
        self._seen: float | None = None

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

    def look(self) -> bool:
        if not self.due(datetime.now(UTC)):
            return True
        code, told = self.have("sync", "--due")
        well = code in (0, 3)
        if not well and not self.left:
            self._log.warning("live sources could not all be read: %s", told)
        return well

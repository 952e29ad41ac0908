"""What an import touched: which daily sums must be made anew when it ends."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

HOUR = 3_600_000_000
"""Microseconds."""


@dataclass
class Touched:
    """Collected batch by batch; `app.store.sums.refresh` works it off."""

    run: int | None = None
    """The import's id: rejects of earlier ones may be resolved by it."""
    entities: set[tuple[str, str]] = field(default_factory=set)
    """(entity, source) with any new or changed fact."""
    hours: dict[str, set[int]] = field(default_factory=dict)
    """Entity → UTC hours since 1970 in which one of its facts lies, or lay before it changed."""
    slos: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(source, slo) → the first and last touched start of its rows, microseconds."""
    empty: dict[tuple[str, str], bool] = field(default_factory=dict)
    """(entity, source) → whether the source had none of the entity before: no key to look for."""
    open_rejects: dict[tuple[str, str], Any] = field(default_factory=dict)
    """(entity, source) → the table of its open rejects' keys, once looked up."""
    resolved: set[int] = field(default_factory=set)
    """Rejects whose row was kept this time."""

    def instants(self, entity: str, micros: npt.NDArray[np.int64]) -> None:
        """Facts of an entity at these instants."""
        self.hours.setdefault(entity, set()).update(np.unique(micros // HOUR).tolist())

    def span(self, entity: str, start: int, end: int) -> None:
        """A stretch of time, both ends included."""
        self.hours.setdefault(entity, set()).update(range(start // HOUR, end // HOUR + 1))

    def slo(self, source: str, slo: str, first: int, last: int) -> None:
        """Rows of an SLO from the first to the last start."""
        held = self.slos.get((source, slo), (first, last))
        self.slos[source, slo] = (min(first, held[0]), max(last, held[1]))

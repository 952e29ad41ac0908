"""How reviews come out over time: how often targets were met, and what was carried out on time."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple


class Counted(NamedTuple):
    """So many of so many."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """None over nothing."""
        return self.part / self.whole if self.whole else None


def kept(verdicts: Iterable[str]) -> Counted:
    """Numbers that met their target, of those with a target and data."""
    judged = [said == "met" for said in verdicts if said in ("met", "missed")]
    return Counted(sum(judged), len(judged))


def on_time(ends: Iterable[Sequence[date | None]], today: date) -> Counted:
    """Of (due, done, dropped): what was done by its day, of what was, or whose day is over. What was dropped is in
    neither, nor what has no day."""
    judged = []
    for due, done, dropped in ends:
        if due is None or dropped is not None:
            continue
        if done is not None and done <= due:
            judged.append(True)
        elif due < today:
            judged.append(False)
    return Counted(sum(judged), len(judged))

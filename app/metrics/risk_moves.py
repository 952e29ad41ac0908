"""How risks moved in the matrix since a day: from which level to which, and who said why.

A history that does not reach back is no standstill: what nobody wrote down then is told as unknown.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from app.metrics.periods import local_day
from app.metrics.register import Level, Standing, Which
from app.metrics.risk_records import Assessment

Fate = Literal["moved", "stayed", "stated", "unstated", "new", "unknown", "unreviewed"]
"""Stated: it has this level only since. New: identified since. Unknown: its history begins later. Unreviewed: it was
asked since the last review, and there was none."""
Key = tuple[str, str]


class History(NamedTuple):
    """What is kept of how one risk was rated."""

    ratings: Sequence[Assessment]
    """The oldest first."""
    reviewed_at: datetime | None = None
    """When it was last reviewed."""


class Move(NamedTuple):
    """What became of one risk."""

    standing: Standing
    fate: Fate
    before: Level | None = None
    after: Level | None = None
    steps: tuple[Assessment, ...] = ()
    """The ratings since that changed this level, the latest first."""
    begins: datetime | None = None
    """Where its history is too short: when it begins; None: nothing is kept of it."""

    @property
    def by(self) -> int:
        """How far its likelihood x impact went up; negative: down."""
        return (self.after.score if self.after else 0) - (self.before.score if self.before else 0)


def level(one: Assessment, which: Which) -> Level | None:
    """The level that a rating states; None where it states none."""
    prefix = "" if which == "current" else f"{which}_"
    likelihood, impact = getattr(one, f"{prefix}likelihood"), getattr(one, f"{prefix}impact")
    return None if likelihood is None or impact is None else Level(likelihood, impact)


def moves(
    found: Iterable[Standing], histories: Mapping[Key, History], since: datetime | None, which: Which, zone: str
) -> list[Move]:
    """What became of each risk since an instant (None: since its own last review), the farthest first."""
    made = []
    for one in found:
        history = histories.get((one.risk.source, one.risk.risk), History(()))
        made.append(_move(one, history, history.reviewed_at if since is None else since, which, zone))
    return sorted(made, key=lambda move: (-abs(move.by), move.standing.risk.risk, move.standing.risk.source))


def _move(one: Standing, history: History, since: datetime | None, which: Which, zone: str) -> Move:
    after = one.level(which)
    if since is None:
        return Move(one, "unreviewed", after=after)
    then = [rating for rating in history.ratings if rating.at <= since]
    if not then:
        found_on = one.risk.identified_on
        if found_on is not None and found_on > local_day(since - timedelta(microseconds=1), zone):
            return Move(one, "new", after=after)
        return Move(one, "unknown", after=after, begins=history.ratings[0].at if history.ratings else None)
    before = level(then[-1], which)
    if before == after:
        return Move(one, "stayed", before, after)
    steps, last = list[Assessment](), before
    for rating in history.ratings[len(then) :]:
        if level(rating, which) != last:
            steps.append(rating)
            last = level(rating, which)
    fate: Fate = "stated" if before is None else "unstated" if after is None else "moved"
    return Move(one, fate, before, after, tuple(reversed(steps)))


def paths(found: Iterable[Move]) -> Mapping[tuple[Level, Level], Sequence[Move]]:
    """(from, to) → the risks that went that way; none for what only got or lost its level."""
    made: defaultdict[tuple[Level, Level], list[Move]] = defaultdict(list)
    for move in found:
        if move.fate == "moved" and move.before is not None and move.after is not None:
            made[move.before, move.after].append(move)
    return made

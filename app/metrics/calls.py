"""Which services ring for nothing, when people are called, and what silence would spare."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.metrics.kpi import share_of
from app.metrics.numbers import Number, Tallies


class Noisy(NamedTuple):
    """One service's pages of a period."""

    service: str
    pages: int
    noise: int
    """Marked not actionable."""
    marked: int

    @property
    def unmarked(self) -> int:
        """Of which nobody said whether they needed anybody."""
        return self.pages - self.marked

    @property
    def share(self) -> float | None:
        """Of those judged, what part needed nobody; None where none was judged."""
        return share_of(self.noise, self.marked)


def noisiest(sums: Tallies) -> list[Noisy]:
    """Services that paged, from the sums of `alert_noise` by service over one period: most pages marked not actionable
    first, then most pages."""
    found = [
        Noisy(group.service, round(tally.extra["pages"]), round(tally.part), round(tally.whole))
        for (_, group), tally in sums.items()
        if group.service is not None and tally.extra["pages"]
    ]
    return sorted(found, key=lambda one: (-one.noise, -one.pages, one.service))


class Spared(NamedTuple):
    """What silencing some services would have spared in a period."""

    interruptions: int
    left: int
    """Interruptions that would still have been."""
    weeks: float | None
    """On-call person-weeks served; None where they are not kept."""

    @property
    def share(self) -> float | None:
        """Of all interruptions."""
        return share_of(self.interruptions - self.left, self.interruptions)

    @property
    def load_left(self) -> float | None:
        """Interruptions per person-week that would be left."""
        return share_of(self.left, self.weeks) if self.weeks else None


class When(NamedTuple):
    """When the interruptions of a period came, by their teams' clocks; the three parts add up to all."""

    period: str
    business: int
    off: int
    """Neither business hours nor sleeping hours."""
    asleep: int

    @property
    def whole(self) -> int:
        return self.business + self.off + self.asleep


def when(after: Sequence[Number], sleep: Sequence[Number]) -> list[When | None]:
    """The parts of each period, from `after_hours_share` and `sleep_share` in the same order; None without any
    interruption. Where a policy lets business and sleep overlap, an hour of both is sleep."""
    return [_when(one, other) for one, other in zip(after, sleep, strict=True)]


def _when(after: Number, sleep: Number) -> When | None:
    if not after.n or after.numerator is None or sleep.numerator is None:
        return None
    outside, asleep = round(after.numerator), round(sleep.numerator)
    off = max(0, outside - asleep)
    return When(after.period, after.n - asleep - off, off, asleep)


class Week(NamedTuple):
    """The interruptions of a period by the hour of the week, by their teams' clocks."""

    hours: Mapping[tuple[int, int], int]
    """(weekday from Monday 0, hour) → how many; one that is not there had none."""

    @property
    def whole(self) -> int:
        return sum(self.hours.values())

    @property
    def busiest(self) -> int | None:
        """The weekday with most of them; None where there are none."""
        return max(range(7), key=lambda day: (self._on(day), -day)) if self.whole else None

    def share(self, *days: int) -> float | None:
        """What part of all came on these weekdays."""
        return share_of(sum(self._on(day) for day in days), self.whole)

    def _on(self, day: int) -> int:
        return sum(many for (weekday, _), many in self.hours.items() if weekday == day)

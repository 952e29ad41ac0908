"""What a large company's tools send besides calls: floods of the same alert, and tickets that interrupt nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.demo.calls import EMAIL, Calls, Pages, kept, taken
from app.demo.case import Case
from app.demo.organisation import RETIRED
from app.demo.rota import Duties, Duty
from app.demo.stage import Stage
from app.demo.timeline import SECOND, Floats, Ints, by_month, chance

_LONGEST = 400
"""Pages of one flood."""


def flood(stage: Stage, pages: Pages, cases: Sequence[Case]) -> Pages:
    """The pages that follow some calls within seconds, most of all in major incidents: to the same person, done with
    the first."""
    if not len(pages.at):
        return pages
    rng = chance(f"floods:{stage.company.crews[int(pages.team[0])].team}")
    major = np.array([case.severity < 3 for case in cases])[pages.case] & (pages.case >= 0)
    size = len(pages.at)
    begins = (rng.random(size) < np.where(major, 0.3, stage.plan.floods)) & (pages.channel != EMAIL)
    length = np.minimum(np.exp(rng.normal(3.2, 1.0, size)), _LONGEST).astype(np.int64) * begins
    index = np.repeat(np.arange(size), length)
    gap = rng.integers(1, 25, len(index))
    run = np.cumsum(gap)
    before = np.concatenate([[0], run])[np.cumsum(length) - length]
    found = kept(pages, index)
    found.at = found.at + (run - before[index]) * SECOND
    found.acknowledged = np.where(found.acknowledged < 0, -1, np.maximum(found.acknowledged, found.at + 5 * SECOND))
    found.resolved = np.maximum(found.resolved, found.at + 9 * SECOND)
    return kept(found, found.at < stage.end)


@dataclass(frozen=True)
class Watch:
    """What one team's tools watch, and who reads their tickets."""

    duty: Duty
    services: Ints
    weight: Floats
    """Of each service, what it sends, with those before it: up to 1."""
    temper: float
    noise: float


def watches(stage: Stage, duties: Duties) -> Sequence[Watch]:
    """One a team: some services send far more than others, and so do some teams' tools."""
    rng = chance("watches")
    found = []
    for crew in stage.company.crews:
        mine = [i for i, s in enumerate(stage.company.services) if s.team == crew.team and s.service != RETIRED]
        weight = np.cumsum(np.exp(rng.normal(0, 1.2, len(mine))))
        temper, noise = np.exp(rng.normal(-0.08, 0.4)), rng.uniform(0.25, 0.7)
        found.append(Watch(duties[crew.team, 1], np.array(mine), weight / weight[-1], float(temper), float(noise)))
    return found


def month(stage: Stage, offset: int, watches: Sequence[Watch]) -> Iterator[Pages]:
    """Each team's tickets of one month, counted back from yesterday's: more on busy days, and by day than by night."""
    days = np.flatnonzero(stage.month == offset)
    busy = np.where(stage.weekday[days] >= 5, 0.6, 1.16) * (stage.season[days] / stage.season.mean()) ** 0.6
    busy *= by_month(stage.month[days], 1.0, 1.3, 0.92) * stage.plan.tickets / 7
    for team, watch in enumerate(watches):
        rng = chance(f"tickets:{stage.company.crews[team].team}:{offset}")
        day = np.repeat(days, rng.poisson(busy * watch.temper))
        size = len(day)
        hour = np.where(rng.random(size) < 0.45, rng.uniform(0, 24, size), np.clip(rng.normal(13, 3.4, size), 0, 23.9))
        at = stage.local_to_utc(stage.company.crews[team].timezone, day, hour)
        service = watch.services[np.searchsorted(watch.weight, rng.random(size))]
        calls = Calls(at, service, np.full(size, -1), np.full(size, EMAIL), rng.random(size) < watch.noise)
        calls = kept(calls, (at >= stage.start) & (at < stage.end))
        yield taken(stage, rng, calls, team, watch.duty.on(calls.at), unmarked=0.4)

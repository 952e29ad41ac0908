"""What woke those on duty."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from app.demo import tickets
from app.demo.calls import Calls, kept, stacked, table, taken
from app.demo.case import Case
from app.demo.organisation import RETIRED, Crew, mail
from app.demo.rota import Duties
from app.demo.stage import Stage
from app.demo.timeline import DAY, MINUTE, SECOND, by_month, chance


def pages(stage: Stage, cases: Sequence[Case], duties: Duties) -> Iterator[pa.Table]:
    """All pages: everyday alerts, storms, the calls that incidents make; with tickets, a table a month."""
    by_team: dict[str, list[int]] = {}
    for index, case in enumerate(cases):
        if case.real:
            by_team.setdefault(stage.company.by_name[case.service].team, []).append(index)
    parts = []
    for team, crew in enumerate(stage.company.crews):
        rng = chance("pages:" + crew.team)
        alerts = _alerts(stage, crew, rng)
        calls = _stretch(rng, stacked([alerts, _incident_calls(stage, cases, by_team.get(crew.team, ()), rng)]))
        calls = kept(calls, (calls.at >= stage.start) & (calls.at < stage.end))
        second = (rng.random(len(calls.at)) < 0.22) & crew.seconds
        who = duties[crew.team, 1].on(calls.at)
        if crew.seconds:
            who = np.where(second, duties[crew.team, 2].on(calls.at), who)
        base = stage.company.people.index(mail(crew.people[0]))
        helper = base + rng.integers(len(crew.people), size=len(calls.at))
        who = np.where(rng.random(len(calls.at)) < 0.008, helper, who)
        parts.append(taken(stage, rng, calls, team, who))
        if stage.plan.floods:
            parts.append(tickets.flood(stage, parts[-1], cases))
    told = stacked(parts)
    if not stage.plan.tickets:
        yield table(stage, cases, told, 100_001)
        return
    day, first = (told.at - stage.start) // DAY, 1_000_001
    watches = tickets.watches(stage, duties)
    for offset in range(stage.month[0], 1):
        month = stacked([kept(told, stage.month[day] == offset), *tickets.month(stage, offset, watches)])
        yield table(stage, cases, month, first)
        first += len(month.at)


def _alerts(stage: Stage, crew: Crew, rng: np.random.Generator) -> Calls:
    """Alerts that no incident explains: by day with traffic and mood, by hour with work and, for some, the night."""
    noisy = crew.noisy
    level = by_month(stage.month, 1.0, 1.55, 1.12 if noisy else 0.8)
    weekend = np.where(stage.weekday >= 5, 0.9 if noisy else 0.45, 1.15)
    n = rng.poisson(crew.weekly / 7 * level * weekend * (stage.season / stage.season.mean()) ** 0.5)
    day = np.repeat(np.arange(stage.days), n)
    size = len(day)
    night = 0.62 if noisy else 0.14
    hour = np.where(
        rng.random(size) < night, rng.normal(25.0, 3.2, size) % 24, np.clip(rng.normal(13, 2.6, size), 7.5, 20)
    )
    at = stage.local_to_utc(crew.timezone, day, hour)
    mine = np.array([i for i, s in enumerate(stage.company.services) if s.team == crew.team and s.service != RETIRED])
    weight = np.array((1.5, 1.6, 1.2, 0.5))[stage.company.tiers[mine]] * rng.uniform(0.4, 1.8, len(mine))
    service = rng.choice(mine, size, p=weight / weight.sum())
    service = np.where(rng.random(size) < 0.025, -1, service)
    channel = rng.choice(4, size, p=[0.55, 0.12, 0.18, 0.15])
    noise = rng.random(size) < (0.66 if noisy else by_month(stage.month, 0.34, 0.4, 0.24)[day])
    return Calls(at, service, np.full(size, -1), channel, noise)


def _incident_calls(stage: Stage, cases: Sequence[Case], mine: Sequence[int], rng: np.random.Generator) -> Calls:
    """Each of a team's incidents calls it: more often when it is severe."""
    at, service, which = [], [], []
    for index in mine:
        case = cases[index]
        for n in range({1: 4, 2: 3, 3: 2}.get(case.severity, 1)):
            at.append(case.detected + int(n * rng.uniform(4, 14) * MINUTE))
            service.append(stage.company.place[case.service])
            which.append(index)
    size = len(at)
    channel = rng.choice(3, size, p=[0.5, 0.1, 0.4])
    whole = [np.array(part, dtype=np.int64) for part in (at, service, which)]
    return Calls(whole[0], whole[1], whole[2], channel, rng.random(size) < 0.04)


def _stretch(rng: np.random.Generator, calls: Calls) -> Calls:
    """Some calls are storms: the same alert rings again within the minute."""
    times = 1 + rng.geometric(0.5, len(calls.at)) * (rng.random(len(calls.at)) < 0.22)
    again = np.concatenate([np.arange(n) for n in times]) if len(times) else times
    index = np.repeat(np.arange(len(times)), times)
    some = kept(calls, index)
    some.at = some.at + again * 23 * SECOND
    order = np.argsort(some.at, kind="stable")
    return kept(some, order)

"""Who was on duty: the rota of each team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from app.demo.organisation import Crew, mail
from app.demo.stage import Stage
from app.demo.timeline import SECOND, Ints, chance, instant


@dataclass(frozen=True)
class Duty:
    """One team's rota at one level: who from when, in time order, without gaps."""

    start: Ints
    end: Ints
    person: Ints
    """Indexes the company's people."""

    def on(self, at: Ints) -> Ints:
        return self.person[np.clip(np.searchsorted(self.start, at, "right") - 1, 0, None)]


Duties = Mapping[tuple[str, int], Duty]
"""(team, level) → its rota."""


def duties(stage: Stage) -> Duties:
    """Weeks from Monday 9:00 local; now and then somebody takes a colleague's weekend."""
    rng = chance("rota")
    found = {}
    for crew in stage.company.crews:
        for level in (1, 2) if crew.seconds else (1,):
            found[crew.team, level] = _duty(stage, crew, level, rng)
    return found


def _duty(stage: Stage, crew: Crew, level: int, rng: np.random.Generator) -> Duty:
    zone, base, size = ZoneInfo(crew.timezone), stage.company.people.index(mail(crew.people[0])), len(crew.people)
    monday = stage.first - timedelta(stage.first.weekday())
    turns: list[tuple[int, int]] = []
    week = 0
    while (at := _at(monday + timedelta(7 * week), zone)) < stage.end:
        person = (week + (level - 1) * (size // 2)) % size
        if rng.random() < 0.06:
            person = (person + 1 + int(rng.integers(size - 1))) % size
        turns.append((max(at, stage.start), base + person))
        if rng.random() < 0.1:
            other = base + (person + 1 + int(rng.integers(size - 1))) % size
            turns += [
                (_at(monday + timedelta(7 * week + 5), zone), other),
                (_at(monday + timedelta(7 * week + 7), zone), base + person),
            ]
        week += 1
    last = _at(monday + timedelta(7 * week), zone)
    turns = [turn for n, turn in enumerate(turns) if stage.start <= turn[0] < stage.end]
    first: dict[int, int] = {}
    for start, person in turns:
        first[start] = person
    starts = np.array(sorted(first), dtype=np.int64)
    return Duty(starts, np.append(starts[1:], last), np.array([first[int(at)] for at in starts], dtype=np.int64))


def _at(day: Any, zone: ZoneInfo) -> int:
    local = datetime(day.year, day.month, day.day, 9, tzinfo=zone)
    return round(local.astimezone(UTC).timestamp()) * SECOND


def rows(stage: Stage, duties: Duties) -> list[dict[str, Any]]:
    return [
        {
            "team": team,
            "responder": stage.company.people[person],
            "start": instant(start),
            "end": instant(end),
            "level": level,
        }
        for (team, level), duty in duties.items()
        for start, end, person in zip(duty.start, duty.end, duty.person, strict=True)
    ]

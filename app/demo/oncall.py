"""Who was on duty, and what woke them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from app.demo.case import Case
from app.demo.columns import flags, from_columns, joined, moments, numbered, pick
from app.demo.organisation import NOISY, RETIRED, Crew, mail
from app.demo.stage import Stage
from app.demo.timeline import MINUTE, SECOND, Bools, Floats, Ints, by_month, chance, instant

CHANNELS = ("push", "sms", "phone", "email")
_ENGAGE = (1.9, 3.2, 4.5, 6.0)
"""Median minutes to acknowledge, by tier."""


@dataclass(frozen=True)
class Duty:
    """One team's rota at one level: who from when, in time order, without gaps."""

    start: Ints
    end: Ints
    person: Ints
    """Indexes the company's people."""

    def on(self, at: Ints) -> Ints:
        return self.person[np.clip(np.searchsorted(self.start, at, "right") - 1, 0, None)]


def rota(stage: Stage) -> dict[tuple[str, int], Duty]:
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


def shift_rows(stage: Stage, duties: dict[tuple[str, int], Duty]) -> list[dict[str, Any]]:
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


@dataclass
class _Calls:
    """Pages of one team, as columns; -1 is blank in `service` and `case`."""

    at: Ints
    service: Ints
    case: Ints
    channel: Ints
    noise: Bools


def pages(stage: Stage, cases: Sequence[Case], duties: dict[tuple[str, int], Duty]) -> pa.Table:
    """All pages in time order: everyday alerts, storms, and the calls that incidents make."""
    parts = []
    for crew in stage.company.crews:
        rng = chance("pages:" + crew.team)
        calls = _stretch(rng, _joined(_alerts(stage, crew, rng), _incident_calls(stage, crew, cases, rng)))
        calls = _kept(calls, (calls.at >= stage.start) & (calls.at < stage.end))
        second = (rng.random(len(calls.at)) < 0.22) & crew.seconds
        who = duties[crew.team, 1].on(calls.at)
        if crew.seconds:
            who = np.where(second, duties[crew.team, 2].on(calls.at), who)
        base = stage.company.people.index(mail(crew.people[0]))
        helper = base + rng.integers(len(crew.people), size=len(calls.at))
        who = np.where(rng.random(len(calls.at)) < 0.008, helper, who)
        parts.append((crew, rng, calls, who))
    return _table(stage, cases, parts)


def _alerts(stage: Stage, crew: Crew, rng: np.random.Generator) -> _Calls:
    """Alerts that no incident explains: by day with traffic and mood, by hour with work and, for some, the night."""
    noisy = crew.team == NOISY
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
    return _Calls(at, service, np.full(size, -1), channel, noise)


def _incident_calls(stage: Stage, crew: Crew, cases: Sequence[Case], rng: np.random.Generator) -> _Calls:
    """Each incident calls its team: more often when it is severe."""
    at, service, which = [], [], []
    names = stage.company.names
    for index, case in enumerate(cases):
        if not case.real or stage.company.by_name[case.service].team != crew.team:
            continue
        for n in range({1: 4, 2: 3, 3: 2}.get(case.severity, 1)):
            at.append(case.detected + int(n * rng.uniform(4, 14) * MINUTE))
            service.append(names.index(case.service))
            which.append(index)
    size = len(at)
    channel = rng.choice(3, size, p=[0.5, 0.1, 0.4])
    whole = [np.array(part, dtype=np.int64) for part in (at, service, which)]
    return _Calls(whole[0], whole[1], whole[2], channel, rng.random(size) < 0.04)


def _stretch(rng: np.random.Generator, calls: _Calls) -> _Calls:
    """Some calls are storms: the same alert rings again within the minute."""
    times = 1 + rng.geometric(0.5, len(calls.at)) * (rng.random(len(calls.at)) < 0.22)
    again = np.concatenate([np.arange(n) for n in times]) if len(times) else times
    index = np.repeat(np.arange(len(times)), times)
    some = _kept(calls, index)
    some.at = some.at + again * 23 * SECOND
    order = np.argsort(some.at, kind="stable")
    return _kept(some, order)


def _kept(calls: _Calls, which: Any) -> _Calls:
    return _Calls(calls.at[which], calls.service[which], calls.case[which], calls.channel[which], calls.noise[which])


def _joined(a: _Calls, b: _Calls) -> _Calls:
    return _Calls(
        np.concatenate([a.at, b.at]),
        np.concatenate([a.service, b.service]),
        np.concatenate([a.case, b.case]),
        np.concatenate([a.channel, b.channel]),
        np.concatenate([a.noise, b.noise]),
    )


def _table(
    stage: Stage, cases: Sequence[Case], parts: list[tuple[Crew, np.random.Generator, _Calls, Ints]]
) -> pa.Table:
    team = np.concatenate([np.full(len(calls.at), n) for n, (_, _, calls, _) in enumerate(parts)])
    at, service, case, channel, noise = (
        np.concatenate([getattr(calls, name) for _, _, calls, _ in parts])
        for name in ("at", "service", "case", "channel", "noise")
    )
    who = np.concatenate([part[3] for part in parts])
    acknowledged, resolved = (
        np.concatenate(x) for x in zip(*(_answers(stage, rng, c) for _, rng, c, _ in parts), strict=True)
    )
    unmarked = np.concatenate([rng.random(len(calls.at)) < 0.16 for _, rng, calls, _ in parts])
    order = np.lexsort((team, at))
    late = stage.end
    n = len(order)
    ids = numbered("PG", 100_001, n, 6)
    blank_ack, blank_end = (acknowledged < 0) | (acknowledged >= late), (resolved < 0) | (resolved >= late)
    return from_columns(
        "pages",
        "pagerduty",
        {
            "page": ids,
            "triggered_at": moments(at[order]),
            "responder": pick(stage.company.people, who[order]),
            "team": pick([c.team for c in stage.company.crews], team[order]),
            "service": pick(stage.company.names, service[order], service[order] < 0),
            "acknowledged_at": moments(acknowledged[order], blank_ack[order]),
            "resolved_at": moments(resolved[order], blank_end[order]),
            "actionable": flags(~noise[order], unmarked[order]),
            "channel": pick(CHANNELS, channel[order], np.arange(n) % 97 == 5),
            "incident": pick([c.id for c in cases], case[order], case[order] < 0),
            "url": joined("https://oncall.example.com/pages/", ids),
        },
    )


def _answers(stage: Stage, rng: np.random.Generator, calls: _Calls) -> tuple[Ints, Ints]:
    """When each page was acknowledged and done; -1 never."""
    size = len(calls.at)
    tiers = stage.company.tiers[calls.service]
    median: Floats = np.array(_ENGAGE)[tiers]
    took = np.exp(rng.normal(np.log(median), 0.65)) * MINUTE
    took = took.astype(np.int64) // SECOND * SECOND
    took = np.where(rng.random(size) < 0.0015, -40 * SECOND, took)
    done = (np.exp(rng.normal(np.log(24), 0.9, size)) * MINUTE).astype(np.int64) // SECOND * SECOND
    never = rng.random(size) < np.where(calls.channel == 3, 0.12, 0.018)
    acknowledged = np.where(never, -1, calls.at + took)
    return acknowledged, calls.at + np.maximum(took, 0) + done

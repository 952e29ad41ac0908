"""What stands on the On-call page: the finding, the tiles, who carries how much, when, how fast, and for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from app.charts import oncall as drawn
from app.charts import wording
from app.charts.description import Chart
from app.charts.oncall import Sustained
from app.charts.theme import VerdictKey
from app.charts.trend import trend
from app.metrics import calls, fairness
from app.metrics.calls import Noisy, Spared, Week
from app.metrics.catalogue import KPIS
from app.metrics.fairness import Evenness, Shares
from app.metrics.measure import measure
from app.metrics.numbers import Number
from app.metrics.periods import containing, local_day
from app.policy import Policy
from app.store import interruptions
from app.ui import choices, read, tiles
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.marks import marked, marks
from app.ui.overview import kpi_face, unfit
from app.ui.read import State
from app.ui.tiles import Face

KEYS = ("on_call_load", "after_hours_share", "sleep_share", "time_to_engage", "engaged_in_time", "alert_noise")
_OF_TEAMS = ("on_call_load", "after_hours_share", "sleep_share", "alert_noise")
_OF_TIERS = ("time_to_engage", "engaged_in_time")
OVER, LONELY = "teams_over", "without_shift"
"""Tiles of this page alone."""
SILENCED = 5
"""The services of which it is told what silence would spare."""


@dataclass(frozen=True)
class Shown:
    """The page for what was asked."""

    faces: tuple[Face, ...]
    numbers: Mapping[str, History]
    teams: Mapping[str, Mapping[str, Number]]
    """Team → KPI → its number of the period."""
    tiers: Mapping[int, Mapping[str, Number]]
    noisy: tuple[Noisy, ...]
    """Services that paged in the period, the noisiest first."""
    shares: Mapping[str, Shares]
    last: str | None
    """The last month in which anybody was paged, where the period has none."""
    known: bool
    """Whether the store knows of any page at all."""
    unfit: str
    """What of the scope duty is not kept by; empty: it can be told."""
    names: Mapping[str, str]
    """Team → its name, told apart where several share one."""
    services: Mapping[str, str]
    policy: Policy


@dataclass(frozen=True)
class Folded:
    """What is told hour by hour and person by person."""

    week: Week
    spared: Spared
    evenness: Mapping[str, Evenness]


def shown(asked: Asked) -> Shown:
    """Everything on the page but what `folded` gives, from the numbers of the chosen period and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    numbers = history(KEYS, asked)
    directory = read.directory()
    names = {key: name for name, key in choices.named(directory.teams).items()}
    teams = _split(asked, "team", _OF_TEAMS)
    loads = [found["on_call_load"] for found in teams.values() if "on_call_load" in found]
    held = unfit("on_call_load", asked)
    noise = numbers["alert_noise"].now
    watched = read.facts(frozenset(), asked.ask()).watched.get("pages", ())
    ends = [span.end for span in watched if span.end <= asked.period.end]
    page = Shown(
        faces=(),
        numbers=numbers,
        teams={str(team): found for team, found in teams.items()},
        tiers=_tiers(asked, numbers),
        noisy=tuple(calls.noisiest(read.sums(("alert_noise",), asked.ask(by=("service",)))["alert_noise"])),
        shares=fairness.shares(loads),
        last=None if noise.n + noise.n_excluded else _month(asked, ends),
        known=bool(watched),
        unfit=held,
        names=names,
        services=dict(directory.services),
        policy=directory.policy,
    )
    return replace(page, faces=_faces(page, asked))


def _month(asked: Asked, ends: Sequence[datetime]) -> str | None:
    return containing(local_day(max(ends), asked.zone), "month", asked.zone).key if ends else None


def _tiers(asked: Asked, numbers: Mapping[str, History]) -> dict[int, dict[str, Number]]:
    """The numbers of each tier; where the scope names a tier or a service, there is one, and they are those of all."""
    scope = asked.scope
    service = read.facts(frozenset(), asked.ask()).services.get(scope.service or "")
    tier = service.tier if service else scope.tier
    if tier is None:
        return {int(tier): found for tier, found in _split(asked, "tier", _OF_TIERS).items()}
    return {tier: {key: numbers[key].now for key in _OF_TIERS}}


def _split(asked: Asked, by: str, keys: Sequence[str]) -> dict[str | int, dict[str, Number]]:
    """The numbers of each part of the period alone: what is shown of many teams has no signal, so it needs no year of
    months before it (nor a target that looks back to one)."""
    ask = asked.ask(by=(by,))
    found: dict[str | int, dict[str, Number]] = {}
    for number in measure(keys, read.facts(frozenset(), ask), ask, read.sums(keys, ask)):
        part = getattr(number.group, by)
        if part is not None:
            found.setdefault(part, {})[number.kpi] = number
    return found


def folded(page: Shown, asked: Asked) -> Folded:
    """The hours of the week, what silence would spare, and how teams share their load."""
    return _folded(read.state(), asked, not page.unfit, _weeks(page), page.noisy[:SILENCED])


def _weeks(page: Shown) -> float | None:
    load = page.numbers["on_call_load"].now
    return load.denominator if load.value is not None else None


@lru_cache(maxsize=32)
def _folded(of: State, asked: Asked, by_team: bool, weeks: float | None, noisy: tuple[Noisy, ...]) -> Folded:
    ask = asked.ask()
    found = read.learning(of, lambda conn, made: interruptions.week(conn, ask, made))
    people = read.learning(of, lambda conn, made: interruptions.carried(conn, ask, made)) if by_team else []
    left = found.left([one.service for one in noisy if one.noise])
    return Folded(Week(found.hours), Spared(found.whole, left, weeks), fairness.evenness(people))


def over(page: Shown, word: str = "missed") -> list[tuple[str, Number]]:
    """Teams by name whose load is judged so, the highest first."""
    known = [(team, found["on_call_load"]) for team, found in page.teams.items() if "on_call_load" in found]
    judged = [(page.names.get(team, team), one) for team, one in known if wording.verdict_key(one) == word]
    return sorted(judged, key=lambda pair: -(pair[1].value or 0.0))


def finding(page: Shown, asked: Asked, fold: Folded) -> str:
    """The sentences on top."""
    uneven = [one for one in fold.evenness.values() if one.state == "uneven"]
    return drawn.sustained(
        Sustained(
            period=asked.words,
            load=page.numbers["on_call_load"].now,
            over=over(page),
            teams=sum(
                "on_call_load" in found and found["on_call_load"].value is not None for found in page.teams.values()
            ),
            after=page.numbers["after_hours_share"].now,
            sleep=page.numbers["sleep_share"].now,
            noise=page.numbers["alert_noise"].now,
            uneven=[page.names.get(one.team, one.team) for one in uneven],
            unfit=page.unfit,
            partial=asked.partial,
        )
    )


def _faces(page: Shown, asked: Asked) -> tuple[Face, ...]:
    made = {key: kpi_face(key, *page.numbers[key], page.policy, asked) for key in KEYS}
    return (
        made["on_call_load"],
        _over_face(page),
        made["after_hours_share"],
        made["sleep_share"],
        made["time_to_engage"],
        made["engaged_in_time"],
        made["alert_noise"],
        _lonely_face(page),
    )


def _over_face(page: Shown) -> Face:
    """How many teams carry more than the target."""
    surely, unsure, within = (over(page, word) for word in ("missed", "unsure", "met"))
    known = len(surely) + len(unsure) + len(within)
    none = Face(
        OVER, "Teams above target", wording.NO_DATA, "", "no_data", wording.NO_DATA, "", "Target: none", empty=True
    )
    if page.unfit:
        return replace(none, said=f"Not counted by {page.unfit}")
    if not known:
        return replace(none, said="No team has shifts in this period")
    key: VerdictKey = "missed" if surely else "unsure" if unsure else "met"
    doubt = f"{len(unsure):,} more cannot be told" if surely else f"{len(unsure):,} cannot be told"
    if not unsure:
        doubt = "Every other one is surely below it" if within else "None is surely below it"
    if known == 1:
        doubt = "It cannot be told" if unsure else "It is surely above it"
    return Face(
        kpi=OVER,
        name="Teams above target",
        value=f"{len(surely):,}",
        beside=f"of {known:,} team{'s' if known != 1 else ''}",
        key=key,
        word=wording.verdict_word(key),
        said=doubt if surely or unsure else "Each is surely below it",
        target="Target: none",
    )


def lonely(page: Shown) -> tuple[int, int] | None:
    """Interruptions of people who had no shift then, and all; None where shifts are not kept by the scope."""
    load = page.numbers["on_call_load"].now
    said = load.extra.get("without_shift")
    return (round(said), load.n) if not page.unfit and load.n and isinstance(said, (int, float)) else None


def _lonely_face(page: Shown) -> Face:
    """How many interruptions hit somebody who had no shift."""
    found = lonely(page)
    none = Face(
        LONELY, "Outside any shift", wording.NO_DATA, "", "no_data", wording.NO_DATA, "", "No target", empty=True
    )
    if found is None:
        return replace(none, said=f"Not counted by {page.unfit}" if page.unfit else "No interruption in this period")
    part, whole = found
    return replace(
        none,
        value=f"{part:,}",
        beside=f"of {whole:,} interruption{'s' if whole != 1 else ''}",
        key="no_target",
        word="no target",
        said="Calls to somebody who had no shift then; they count in the load",
        empty=False,
    )


def load(page: Shown, asked: Asked) -> Chart:
    """Load by month with its limits and target."""
    return trend(
        KPIS["on_call_load"],
        page.numbers["on_call_load"].trend,
        op=tiles.op_of("on_call_load", page.policy),
        marks=marks(asked),
        subtitle="Interruptions a person-week on call, by month, band: the usual range",
    )


def loads(page: Shown) -> Chart:
    """The most loaded teams with their ranges."""
    return drawn.loads([found["on_call_load"] for found in page.teams.values() if "on_call_load" in found], page.names)


def when(page: Shown, asked: Asked) -> Chart:
    """When people were called, by month."""
    after, sleep = page.numbers["after_hours_share"].trend, page.numbers["sleep_share"].trend
    return marked(drawn.when(calls.when(after, sleep), sleep), asked)


def week(fold: Folded, asked: Asked) -> Chart:
    """When people were called, by the hour of the week."""
    return drawn.week(fold.week, asked.words)


def engage(page: Shown, asked: Asked) -> Chart:
    """How fast pages were taken, by month."""
    return marked(drawn.engage(page.numbers["time_to_engage"].trend, "<="), asked)


def noise(page: Shown, asked: Asked) -> Chart:
    """How many pages needed nobody, by month."""
    return marked(drawn.noise(page.numbers["alert_noise"].trend, tiles.op_of("alert_noise", page.policy)), asked)


def shares(page: Shown) -> Chart:
    """Each team's share of the load against its share of the duty."""
    return drawn.shares(page.shares, page.names)


def ordered(found: Mapping[str, Evenness]) -> Sequence[Evenness]:
    """Teams by how they share: uneven ones first, then by what would have to move."""
    rank = {"uneven": 0, "even": 1, "too_few": 2, "alone": 3, "no_data": 4}
    return sorted(found.values(), key=lambda one: (rank[one.state], -(one.moved or 0.0), one.team))

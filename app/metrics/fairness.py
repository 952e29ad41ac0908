"""Is the load shared fairly? Each team's share of interruptions against its share of duty, and within a team whether
one person carries more than duty and chance explain.

What would have to move for everybody to carry as much as they are on duty is Hoover's index (E. M. Hoover, "The
Measurement of Industrial Localization", Review of Economics and Statistics 18, 1936): half the sum of the differences
of shares. A few interruptions are never spread evenly, so it says little by itself: what is judged is whether the
person who carries most beyond their duty carries more than chance would give anybody (binomial, for as many people as
there are), with calls that come in clumps counted as fewer (the variance of a day on duty over its mean; McCullagh and
Nelder, Generalized Linear Models, 1989).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from scipy.special import bdtrc

from app.metrics.numbers import Number

CHANCE = 0.0027
"""What chance alone gives less often than this is told: beyond three sigma, as of every signal here."""
ENOUGH = 5
"""Interruptions a person below which nothing can be told of how a team shares them."""
_DAY = 1440.0
State = Literal["uneven", "even", "too_few", "alone", "no_data"]


class Carried(NamedTuple):
    """What one person carried in one team."""

    team: str
    interruptions: int
    squared: int
    """Sum of the squares of their interruptions by day."""
    duty_minutes: float
    who: str = ""


class Evenness(NamedTuple):
    """How the people of one team share its interruptions."""

    team: str
    state: State
    people: int
    """Who were on duty."""
    interruptions: int
    """Of people on duty in the period."""
    helped: int
    """Interruptions of people who had no duty in the team at all: in none of the shares."""
    load: float | None = None
    """The share of interruptions of the person who carries most beyond their duty."""
    duty: float | None = None
    """Their share of the duty."""
    moved: float | None = None
    """The share that would have to move for everybody to carry as much as their duty."""
    busiest: str = ""
    """Who carries most beyond their duty: for `privacy` to show."""


def evenness(found: Iterable[Carried]) -> dict[str, Evenness]:
    """Team → how its people share the load."""
    by_team: defaultdict[str, list[Carried]] = defaultdict(list)
    for one in found:
        by_team[one.team].append(one)
    return {team: _evenness(team, people) for team, people in sorted(by_team.items())}


def _evenness(team: str, everybody: Sequence[Carried]) -> Evenness:
    people = [one for one in everybody if one.duty_minutes > 0]
    helped = sum(one.interruptions for one in everybody if one.duty_minutes <= 0)
    calls, duty = sum(one.interruptions for one in people), sum(one.duty_minutes for one in people)
    if not people or not calls:
        return Evenness(team, "no_data", len(people), calls, helped)
    shares = [(one.interruptions / calls, one.duty_minutes / duty) for one in people]
    (load, due), most = max(zip(shares, people, strict=True), key=lambda pair: (pair[0][0] - pair[0][1], pair[0][0]))
    moved = sum(abs(one - other) for one, other in shares) / 2
    state: State = "alone"
    if len(people) > 1:
        clumps = _clumps(people, calls, duty / _DAY)
        whole = calls / clumps
        if whole < ENOUGH * len(people):
            state = "too_few"
        else:
            chances = (_at_least(one.interruptions / clumps, whole, one.duty_minutes / duty) for one in people)
            state = "uneven" if min(chances) * len(people) < CHANCE else "even"
    return Evenness(team, state, len(people), calls, helped, load, due, moved, most.who)


def _clumps(people: Sequence[Carried], calls: int, days: float) -> float:
    """How many interruptions come together: the variance of a person's day on duty over its mean, at least 1."""
    mean = calls / days
    if days <= 1:
        return 1.0
    return max(1.0, (sum(one.squared for one in people) - days * mean * mean) / (days - 1) / mean)


def _at_least(count: float, whole: float, share: float) -> float:
    """The chance of so many or more of a whole, where each falls to a person with this share."""
    least = int(count)
    return 1.0 if least < 1 else float(bdtrc(least - 1, int(whole), share))


class Shares(NamedTuple):
    """One team's part of everybody's load and duty."""

    team: str
    load: float
    duty: float

    @property
    def beyond(self) -> float:
        """By how much it carries more than its duty; negative: less."""
        return self.load - self.duty


def shares(numbers: Sequence[Number]) -> Mapping[str, Shares]:
    """Team → its share of all interruptions and of all person-weeks, from `on_call_load` by team. Only of teams that
    were on duty: an interruption of a team without shifts has no duty to be held against."""
    known = {
        number.group.team: (number.numerator or 0.0, number.denominator)
        for number in numbers
        if number.group.team is not None and number.value is not None and number.denominator
    }
    calls, weeks = (sum(pair[at] for pair in known.values()) for at in (0, 1))
    if not calls or not weeks:
        return {}
    return {team: Shares(team, part / calls, whole / weeks) for team, (part, whole) in known.items()}

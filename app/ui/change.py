"""What stands on the Change page: the finding, DORA's five and their kin, the time line, strategies and services."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, lru_cache

from app.charts import change as drawn
from app.charts import wording
from app.charts.change import Safely, Step
from app.charts.description import Chart
from app.charts.trend import trend
from app.metrics import rollout
from app.metrics.benchmarks import band
from app.metrics.catalogue import KPIS
from app.metrics.change import weeks
from app.metrics.facts import Service
from app.metrics.numbers import EVERYTHING, Ask, Number
from app.metrics.periods import Kind, Period, between
from app.metrics.rollout import Blame, Rate, Steps
from app.policy import Policy
from app.store import change as stored
from app.store.change import Stretch, Trouble, Wanted
from app.store.engine import reading
from app.store.types import micros, moment
from app.ui import filters, read, tiles
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.marks import marks
from app.ui.overview import kpi_face
from app.ui.read import State
from app.ui.tiles import Face

TILES = (
    "deployment_frequency",
    "change_lead_time",
    "change_failure_rate",
    "recovery_time",
    "rework_rate",
    "rollback_rate",
    "suspected",
    "progressive_delivery",
)
_KEYS = tuple(key for key in TILES if key != "suspected")
_WORST = 8
_DAYS, _WEEKS = 45, 200
"""Up to so many days, the time line has a bar for each day, each week; beyond, each month."""


@dataclass(frozen=True)
class Shown:
    """The page for what was asked."""

    finding: str
    faces: tuple[Face, ...]
    numbers: Mapping[str, History]
    blames: tuple[Blame, ...]
    strategies: tuple[Rate, ...]
    apart: tuple[Rate, Rate] | None
    rates: tuple[Rate, ...]
    """Change failure of every service that deployed."""
    steps: Mapping[str, Steps]
    at_once: tuple[Steps, ...]
    services: Mapping[str, Service]
    teams: Mapping[str, str]
    policy: Policy
    known: bool
    """Whether any source ever gave a deployment."""
    last: Period | None
    """The last month of the trend in which something was deployed, where the period has nothing."""

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Service → its name."""
        return {service.service: service.name for service in self.services.values()}

    @property
    def target(self) -> float | None:
        """That of change failure."""
        return self.numbers["change_failure_rate"].now.target


def shown(asked: Asked) -> Shown:
    """Everything on the page, from the numbers and sums of the chosen period and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    numbers = history(_KEYS, asked)
    facts = read.facts(frozenset(), asked.ask())
    shipped = read.learning(of, lambda conn, made: stored.shipped(conn, asked.ask(), made))
    blames = _blamed(of, _stretch(asked))
    rates = rollout.by_service(read.sums(("change_failure_rate",), asked.ask(by=("service",)))["change_failure_rate"])
    steps = rollout.steps(shipped, facts.services)
    strategies = rollout.by_strategy(shipped, blames)
    apart, at_once = rollout.apart(strategies), tuple(rollout.at_once(steps.values()))
    names = {service.service: service.name for service in facts.services.values()}
    whole = numbers["change_failure_rate"].now.value
    first = next(iter(rollout.worst(rollout.beyond_chance(rates, whole)) if whole else ()), None)
    told = Safely(
        period=asked.words,
        frequency=numbers["deployment_frequency"].now,
        failure=numbers["change_failure_rate"].now,
        recovery=numbers["recovery_time"].now,
        apart=apart,
        worst=first._replace(name=names.get(first.name, first.name)) if first and not asked.scope.service else None,
        at_once=len(at_once),
        partial=asked.partial,
    )
    return Shown(
        finding=drawn.safely(told),
        faces=tuple(_face(key, numbers, facts.policy, asked, list(steps.values())) for key in TILES),
        numbers=numbers,
        blames=blames,
        strategies=tuple(strategies),
        apart=apart,
        rates=tuple(rates),
        steps=steps,
        at_once=at_once,
        services=facts.services,
        teams={team.team: team.name or team.team for team in facts.teams.values()},
        policy=facts.policy,
        known=bool(facts.watched.get("deployments")),
        last=None if shipped else _last(asked, numbers["deployment_frequency"].trend),
    )


def _stretch(asked: Asked) -> Stretch:
    return Stretch(micros(asked.period.start), micros(asked.period.end), micros(asked.as_of), asked.scope)


def _blamed(of: State, stretch: Stretch) -> tuple[Blame, ...]:
    """Deployments of a stretch that incidents name: read for every scope at once, since it is the incidents that take
    the time."""
    found = _every_blamed(of, stretch._replace(scope=EVERYTHING))
    if stretch.scope == EVERYTHING:
        return found
    services = read.facts(frozenset(), Ask((), moment(stretch.as_of))).services
    wanted = [(name, value) for name, value in stretch.scope._asdict().items() if value is not None]
    return tuple(
        one
        for one in found
        if (home := services.get(one.service)) and all(getattr(home, name) == value for name, value in wanted)
    )


@lru_cache(maxsize=16)
def _every_blamed(of: State, stretch: Stretch) -> tuple[Blame, ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(stored.blamed(conn, stretch))


def troubled(asked: Asked, wanted: Wanted) -> tuple[Sequence[Trouble], int]:
    """A page of the deployments that went wrong, and how many there are."""
    stretch, all_of_them = _stretch(asked), wanted._replace(by=None, down=False, offset=0, limit=None)
    with reading(read.opened(read.state().url)) as conn:
        found = stored.troubled(conn, stretch, wanted)
    return found, _count(read.state(), stretch, all_of_them)


@lru_cache(maxsize=64)
def _count(of: State, stretch: Stretch, wanted: Wanted) -> int:
    with reading(read.opened(of.url)) as conn:
        return stored.count_troubled(conn, stretch, wanted)


def _last(asked: Asked, numbers: Sequence[Number]) -> Period | None:
    months = zip(asked.trend, numbers, strict=True)
    return next((month for month, number in reversed(list(months)) if number.value), None)


def _face(key: str, numbers: Mapping[str, History], policy: Policy, asked: Asked, steps: Sequence[Steps]) -> Face:
    if key == "suspected":
        return _suspected(numbers["change_failure_rate"], policy, asked)
    one = numbers[key]
    made = kpi_face(key, one.now, one.before, one.trend, policy, asked)
    value = one.now.value
    if key == "deployment_frequency":
        value = rollout.per_service(sum(one.deployments for one in steps), weeks(asked.period), len(steps))
        made = _often(made, one.now, value if len(steps) > 1 else None)
    if key == "recovery_time":
        made = replace(made, name="Recovery time")
    said = drawn.benchmark(band(key, value))
    if not said:
        return made
    return replace(
        made, target=said if made.target == "No target" else f"{made.target.removeprefix('Target ')} · {said}"
    )


def _often(made: Face, now: Number, each: float | None) -> Face:
    """How often, without digits that nobody needs, and how often one service."""
    if now.value is None:
        return made
    shown = wording.value(now.value, "count") if now.value >= 100 else wording.value(now.value, "score")
    return replace(
        made, value=shown, beside="a week" + (f", {wording.value(each, 'score')} per service" if each else "")
    )


def _suspected(failure: History, policy: Policy, asked: Asked) -> Face:
    """Change failure as it would be if the suspects had failed, too: told beside the confirmed one, without a
    verdict."""
    now, before = (replace(one, value=one.extra.get("inferred")) for one in (failure.now, failure.before))
    trended = [replace(one, value=one.extra.get("inferred"), signal="too_few") for one in failure.trend]
    made = kpi_face("change_failure_rate", now, before, trended, policy, asked)
    more = 0.0 if now.value is None or failure.now.value is None else now.value - failure.now.value
    said = "Nothing else is suspected"
    if more > 0:
        said = f"{wording.gap(more, 'share').removesuffix(' more')} suspected: an incident without a cause followed"
    spark = replace(made.spark, target=None) if made.spark else None
    return replace(
        made,
        name="With suspects",
        beside="",
        key="no_data" if now.value is None else "no_target",
        word=made.word if now.value is None else "not confirmed",
        said=made.said if now.value is None else said,
        target=f"Within {policy.attribution_hours:g} h before it began",
        spark=spark,
    )


def timeline(page: Shown, asked: Asked) -> Chart:
    """Deployments and the incidents they caused, over the period."""
    steps = _steps(asked)
    counts = _by_step(read.state(), asked, steps)
    spans = read.facts(frozenset(), asked.ask()).watched.get("deployments", ())
    told = []
    for step in steps:
        looked = any(span.start < step.end and span.end >= step.start for span in spans)
        well, failed = counts.get(step.key, (0, 0) if looked else (None, None))
        told.append(Step(step.key, well, failed, step.end <= asked.as_of))
    starts = [step.start for step in steps]
    inside = [one for one in page.blames if starts and starts[0] <= one.detected_at < steps[-1].end]
    at = [bisect_right(starts, one.detected_at) - 1 for one in inside]
    return drawn.timeline(told, inside, at, [f"{one.incident_source}/{one.incident}" for one in inside])


@lru_cache(maxsize=64)
def _by_step(of: State, asked: Asked, steps: tuple[Period, ...]) -> Mapping[str, tuple[float, float]]:
    """Step → deployments that went well and that failed. Months are kept; of days and weeks the store adds up days."""
    if not steps or steps[0].kind == "month":
        tallies = read.sums(("change_failure_rate",), asked.ask(*steps))["change_failure_rate"]
        return {key: (tally.whole - tally.part, tally.part) for (key, _), tally in tallies.items()}
    with reading(read.opened(of.url)) as conn:
        counts = stored.by_step(conn, asked.ask(*steps))
    stretch = Stretch(micros(steps[0].start), micros(steps[-1].end), micros(asked.as_of), asked.scope)
    return rollout.by_step(counts, _blamed(of, stretch), steps)


def _steps(asked: Asked) -> tuple[Period, ...]:
    """The days, whole weeks or months of the period that have begun."""
    period = asked.period
    kind: Kind = "day" if period.days <= _DAYS else "week" if period.days <= _WEEKS else "month"
    found = between(period.first, period.after - timedelta(1), kind, asked.zone)
    return tuple(step for step in found if step.start < asked.as_of)


def failure(page: Shown, asked: Asked) -> Chart:
    """Change failure by month, confirmed and with suspects."""
    key = "change_failure_rate"
    months = page.numbers[key].trend
    chart = trend(KPIS[key], months, op=tiles.op_of(key, page.policy), marks=marks(asked), name="Change failure")
    return drawn.failure(chart, [number.extra.get("inferred") for number in months])


def strategies(page: Shown) -> Chart:
    """Change failure by strategy."""
    return drawn.strategies(page.strategies, page.target, page.apart)


def worst(page: Shown) -> Chart:
    """The services whose changes fail most, by what is certain."""
    few, failing = sum(1 for one in page.rates if not one.enough), rollout.worst(page.rates)
    above = len(rollout.beyond_chance(page.rates, page.target)) if page.target is not None else 0
    return drawn.services(failing[:_WORST], page.names, page.target, above, few)


def opened(picked: str | None, page: Shown) -> Mapping[str, str] | None:
    """What a click on an incident of the time line asks: its page."""
    one = next((b for b in page.blames if f"{b.incident_source}/{b.incident}" == picked), None) if picked else None
    return {"do": "open", "place": "incident", "incident": one.incident, "source": one.incident_source} if one else None


def narrow(clicked: str) -> None:
    """Narrows the page to the service that was clicked."""
    filters.narrow(service=clicked)

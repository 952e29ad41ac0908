"""What stands on the SLOs page: the finding, the tiles, every promise with its budget, the months, the catalogue."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache

from app.charts import findings, wording
from app.charts.description import Chart
from app.charts.findings import Promises
from app.charts.promises import finding, matrix
from app.charts.promises import history as slo_history
from app.charts.trend import trend
from app.metrics import promises
from app.metrics.catalogue import KPIS
from app.metrics.facts import Facts, Service, Slo
from app.metrics.grouping import Places
from app.metrics.numbers import Ask, Number, Scope
from app.metrics.promises import Revision, Taken
from app.policy import Policy
from app.ui import promised, read, tiles
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.marks import marked, marks
from app.ui.overview import kpi_face, unfit
from app.ui.promised import Promise
from app.ui.read import State
from app.ui.tiles import Face

KEYS = ("slo_compliance", "slos_met", "error_budget_remaining")


@dataclass(frozen=True)
class Shown:
    """The page for what was asked."""

    finding: str
    faces: tuple[Face, ...]
    numbers: Mapping[str, History]
    promises: tuple[Promise, ...]
    catalogue: "Catalogue"
    taken: tuple[Taken, ...]
    facts: Facts
    policy: Policy

    @cached_property
    def names(self) -> Mapping[str, str]:
        """SLO → its name."""
        return {one.slo.slo: one.slo.name for one in self.promises}

    @cached_property
    def measured(self) -> int:
        """SLOs with data in the period."""
        return sum(one.met is not None for one in self.promises)

    @cached_property
    def states(self) -> Counter[str]:
        """State of the error-budget policy → SLOs."""
        return Counter(one.state for one in self.promises)


@dataclass(frozen=True)
class Catalogue:
    """What is promised in a scope, whatever the period."""

    services: int
    """Those that have not retired."""
    unpromised: tuple[Service, ...]
    important: int
    """Services of tier 0 and 1."""
    below_floor: tuple[tuple[Slo, float], ...]
    revised: tuple[Revision, ...]


def shown(asked: Asked) -> Shown:
    """Everything on the page, from the numbers and facts of the chosen period and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    ask = asked.ask()
    numbers = history(KEYS, asked)
    facts = read.facts(frozenset(), ask)
    found = promised.every(asked)
    page = Shown(
        finding="",
        faces=(),
        numbers=numbers,
        promises=found,
        catalogue=_catalogue(of, asked.scope, asked.as_of),
        taken=tuple(promises.taken(facts, ask)),
        facts=facts,
        policy=facts.policy,
    )
    return replace(page, finding=findings.promises(_told(page, asked)), faces=_faces(page, asked))


@lru_cache(maxsize=64)
def _catalogue(of: State, scope: Scope, as_of: datetime) -> Catalogue:
    ask = Ask((), as_of, scope=scope)
    facts, found = read.facts(frozenset(), ask), promised.current(of, scope, as_of)
    places, missing = Places(facts, ask), promises.unpromised(facts, ask)
    promising = {slo.service for slo, service in found if service is not None and service.tier <= 1}
    return Catalogue(
        services=sum(bool(places.groups((name,))) and not places.retired(name, as_of) for name in facts.services),
        unpromised=tuple(missing),
        important=len(missing) + len(promising),
        below_floor=tuple(promises.below_floor(facts, (slo for slo, _ in found))),
        revised=tuple(promises.revised(facts, ask)),
    )


def _told(page: Shown, asked: Asked) -> Promises:
    named: dict[str, list[str]] = {"freeze": [], "exception": [], "warn": []}
    for one in page.promises:
        if one.state in named:
            named[one.state].append(one.slo.name)
    return Promises(
        period=asked.words,
        met=page.numbers["slos_met"].now,
        defined=len(page.promises),
        measured=page.measured,
        services=page.catalogue.services,
        frozen=named["freeze"],
        excepted=named["exception"],
        warned=named["warn"],
        partial=asked.partial,
    )


def _faces(page: Shown, asked: Asked) -> tuple[Face, ...]:
    numbers, policy = page.numbers, page.policy
    compliance, met = (
        kpi_face(key, numbers[key].now, numbers[key].before, numbers[key].trend, policy, asked)
        for key in ("slo_compliance", "slos_met")
    )
    budgets = numbers["error_budget_remaining"]
    left = tiles.face(budgets.now, budgets.before, budgets.trend, policy, unfit=unfit("error_budget_remaining", asked))
    return (
        replace(compliance, beside=_without(numbers["slo_compliance"].now)),
        met,
        replace(left, name="SLOs with budget left", target="Target: every SLO"),
        _frozen(page, left),
    )


def _without(number: Number) -> str:
    """What the tile says of exclusions: the value without them, where they took anything out."""
    without = number.extra.get("without_exclusions")
    if not number.extra.get("excluded_minutes") or not isinstance(without, float):
        return ""
    return f"{wording.value(without, 'share', number.target, '>=')} without exclusions"


def _frozen(page: Shown, like: Face) -> Face:
    """How many SLOs the error-budget policy freezes."""
    known = len(page.promises) - page.states["no_data"]
    frozen, warned = page.states["freeze"], page.states["warn"]
    if not known:
        return replace(
            like,
            kpi="frozen",
            name="Frozen",
            value=wording.NO_DATA,
            beside="",
            target="Target: none frozen",
            spark=None,
        )
    return Face(
        kpi="frozen",
        name="Frozen",
        value=f"{frozen:,}",
        beside=f"of {known:,} SLO{'s' if known != 1 else ''}",
        key="missed" if frozen else "met",
        word="missed" if frozen else "met",
        said=f"{warned:,} more with little budget left" if warned else "No other is about to be",
        target="Target: none frozen",
    )


def trends(page: Shown, asked: Asked) -> tuple[Chart, Chart]:
    """Compliance and SLOs met by month, with target, limits and signals."""
    made = [
        trend(
            KPIS[key],
            page.numbers[key].trend,
            op=tiles.op_of(key, page.policy),
            currency=page.policy.currency,
            marks=marks(asked),
        )
        for key in ("slo_compliance", "slos_met")
    ]
    return made[0], made[1]


def partial_months(asked: Asked) -> frozenset[int]:
    """Which months of the trend are not over."""
    return frozenset(at for at, month in enumerate(asked.trend) if month.end > asked.as_of)


def by_misses(page: Shown, asked: Asked) -> list[str]:
    """The SLOs that were measured in any month of the trend that is over, those that missed most often first."""
    judged = promised.judged(asked)
    missed = judged.missed
    broken = sorted((slo for slo in page.names if slo in missed), key=missed.__getitem__, reverse=True)
    return broken + [slo for slo in page.names if slo in judged.measured and slo not in missed]


def months(page: Shown, asked: Asked, slos: Sequence[str]) -> Chart:
    """What these SLOs attained month by month; the finding is of all."""
    keys = [month.key for month in asked.trend]
    names, judged = page.names, promised.judged(asked)
    chart = matrix(promised.months(asked, slos), {slo: names[slo] for slo in slos}, keys, partial_months(asked))
    missed = [slo for slo in judged.missed if slo in names]
    return replace(chart, title=finding(missed, len(judged.measured & names.keys()), names, judged.times))


def one_by_month(slo: Slo, asked: Asked) -> Chart:
    """One SLO month by month."""
    keys, kept = [month.key for month in asked.trend], promised.months(asked, [slo.slo])
    chart = slo_history(slo.name, [kept.get((slo.slo, key)) for key in keys], keys, partial_months(asked))
    return marked(chart, asked)

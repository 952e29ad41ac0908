"""What stands on the SLOs page: the finding, the tiles, every promise with its budget, the months, the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

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
from app.metrics.numbers import Number
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
    unpromised: tuple[Service, ...]
    important: int
    """Services of tier 0 and 1."""
    below_floor: tuple[tuple[Slo, float], ...]
    revised: tuple[Revision, ...]
    taken: tuple[Taken, ...]
    facts: Facts
    policy: Policy


def shown(asked: Asked) -> Shown:
    """Everything on the page, from the numbers and facts of the chosen period and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    ask = asked.ask()
    numbers = history(KEYS, asked)
    facts = read.facts(frozenset(), ask)
    found = promised.every(asked)
    services = promises.unpromised(facts, ask)
    return Shown(
        finding=findings.promises(_told(asked, numbers, found, facts)),
        faces=_faces(asked, numbers, found, facts.policy),
        numbers=numbers,
        promises=found,
        unpromised=tuple(services),
        important=len(services) + len({p.slo.service for p in found if p.service is not None and p.service.tier <= 1}),
        below_floor=tuple(promises.below_floor(facts, (one.slo for one in found))),
        revised=tuple(promises.revised(facts, ask)),
        taken=tuple(promises.taken(facts, ask)),
        facts=facts,
        policy=facts.policy,
    )


def _told(asked: Asked, numbers: Mapping[str, History], found: Sequence[Promise], facts: Facts) -> Promises:
    places = Places(facts, asked.ask())
    services = [name for name in facts.services if places.groups((name,)) and not places.retired(name, asked.as_of)]
    return Promises(
        period=asked.words,
        met=numbers["slos_met"].now,
        defined=len(found),
        measured=sum(one.met is not None for one in found),
        services=len(services),
        frozen=[one.slo.name for one in found if one.state == "freeze"],
        excepted=[one.slo.name for one in found if one.state == "exception"],
        warned=[one.slo.name for one in found if one.state == "warn"],
        partial=asked.partial,
    )


def _faces(asked: Asked, numbers: Mapping[str, History], found: Sequence[Promise], policy: Policy) -> tuple[Face, ...]:
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
        _frozen(found, left),
    )


def _without(number: Number) -> str:
    """What the tile says of exclusions: the value without them, where they took anything out."""
    without = number.extra.get("without_exclusions")
    if not number.extra.get("excluded_minutes") or not isinstance(without, float):
        return ""
    return f"{wording.value(without, 'share', number.target, '>=')} without exclusions"


def _frozen(found: Sequence[Promise], like: Face) -> Face:
    """How many SLOs the error-budget policy freezes."""
    known = [one for one in found if one.state != "no_data"]
    frozen = sum(one.state == "freeze" for one in known)
    warned = sum(one.state == "warn" for one in known)
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
        beside=f"of {len(known):,} SLO{'s' if len(known) != 1 else ''}",
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
    known = [one.slo.slo for one in page.promises if one.slo.slo in judged]
    return sorted(known, key=lambda slo: judged[slo][0] - judged[slo][1])


def months(page: Shown, asked: Asked, slos: Sequence[str]) -> Chart:
    """What these SLOs attained month by month; the finding is of all."""
    keys = [month.key for month in asked.trend]
    names = {one.slo.slo: one.slo.name for one in page.promises}
    chart = matrix(promised.months(asked, slos), {slo: names[slo] for slo in slos}, keys, partial_months(asked))
    judged = {slo: found for slo, found in promised.judged(asked).items() if slo in names}
    return replace(chart, title=finding(judged, names))


def one_by_month(page: Shown, one: Promise, asked: Asked) -> Chart:
    """One SLO month by month."""
    keys, kept = [month.key for month in asked.trend], promised.months(asked, [one.slo.slo])
    chart = slo_history(one.slo.name, [kept.get((one.slo.slo, key)) for key in keys], keys, partial_months(asked))
    return marked(chart, asked)

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
from app.metrics.measure import measure
from app.metrics.numbers import Number
from app.metrics.promises import Kept, Left, Revision, Taken
from app.policy import Policy
from app.ui import read, tiles
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.marks import marked, marks
from app.ui.overview import kpi_face, unfit
from app.ui.read import State
from app.ui.tiles import Face

KEYS = ("slo_compliance", "slos_met", "error_budget_remaining")
_BY_SLO = ("slo_compliance", "error_budget_remaining", "burn_rate")
STATES = {"freeze": 0, "exception": 1, "warn": 2, "ok": 3, "no_data": 4}
"""The most pressing first."""


@dataclass(frozen=True)
class Promise:
    """One SLO as the table shows it."""

    slo: Slo
    service: Service | None
    kept: Kept | None
    """Over the chosen period."""
    compliance: Number | None
    budget: Number | None
    """Over its own window, ending with the period."""
    left: Left | None
    burn: Number | None

    @property
    def remaining(self) -> float | None:
        return self.budget.value if self.budget else None

    @property
    def state(self) -> str:
        """Of the error-budget policy."""
        said = self.budget.extra.get("state") if self.budget else None
        return said if isinstance(said, str) and said in STATES else "no_data"

    @property
    def burning(self) -> float | None:
        return self.burn.value if self.burn else None


@dataclass(frozen=True)
class Shown:
    """The page for what was asked."""

    finding: str
    faces: tuple[Face, ...]
    numbers: Mapping[str, History]
    promises: tuple[Promise, ...]
    months: Mapping[tuple[str, str], Kept]
    """(SLO, month) → what was kept."""
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
    facts = read.facts(frozenset({"sli_sums", "sli_windows", "sli_lookbacks"}), ask)
    months = read.facts(frozenset({"sli_sums"}), asked.ask(*asked.trend))
    found = _promises(asked, facts)
    services = promises.unpromised(facts, ask)
    return Shown(
        finding=findings.promises(_told(asked, numbers, found, facts)),
        faces=_faces(asked, numbers, found, facts.policy),
        numbers=numbers,
        promises=found,
        months={(one.slo.slo, one.period): one for one in promises.kept(months, asked.ask(*asked.trend))},
        unpromised=tuple(services),
        important=len(services) + len({p.slo.service for p in found if p.service is not None and p.service.tier <= 1}),
        below_floor=tuple(promises.below_floor(facts, ask)),
        revised=tuple(promises.revised(facts, ask)),
        taken=tuple(promises.taken(facts, ask)),
        facts=facts,
        policy=facts.policy,
    )


def _promises(asked: Asked, facts: Facts) -> tuple[Promise, ...]:
    """Every SLO in scope, the most pressing first."""
    ask = asked.ask()
    by_slo: dict[tuple[str, str], Number] = {}
    # Measured on the one period alone: a table of SLOs shows no signals, so it needs no year of windows before it.
    for number in measure(_BY_SLO, facts, asked.ask(by=("slo",))):
        by_slo[number.kpi, number.group.slo or ""] = number
    kept = {(one.slo.source, one.slo.slo): one for one in promises.kept(facts, ask)}
    left = promises.left(facts, ask)
    found = [
        Promise(
            slo=slo,
            service=facts.services.get(slo.service),
            kept=kept.get((slo.source, slo.slo)),
            compliance=by_slo.get(("slo_compliance", slo.slo)),
            budget=by_slo.get(("error_budget_remaining", slo.slo)),
            left=left.get((slo.source, slo.slo)),
            burn=by_slo.get(("burn_rate", slo.slo)),
        )
        for slo in promises.current(facts, ask)
    ]
    return tuple(sorted(found, key=_pressing))


def _pressing(one: Promise) -> tuple[int, float, int, str]:
    tier = one.service.tier if one.service else 9
    return STATES[one.state], one.remaining if one.remaining is not None else 1.0, tier, one.slo.name


def _told(asked: Asked, numbers: Mapping[str, History], found: Sequence[Promise], facts: Facts) -> Promises:
    places = Places(facts, asked.ask())
    services = [name for name in facts.services if places.groups((name,)) and not places.retired(name, asked.as_of)]
    return Promises(
        period=asked.words,
        met=numbers["slos_met"].now,
        defined=len(found),
        measured=sum(one.kept is not None and one.kept.met is not None for one in found),
        services=len(services),
        frozen=[one.slo.name for one in found if one.state == "freeze"],
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
    """The SLOs that were ever measured in the months of the trend, those that missed most often first."""
    misses = {one.slo.slo: 0 for one in page.promises if any((one.slo.slo, m.key) in page.months for m in asked.trend)}
    for (slo, _), kept in page.months.items():
        if slo in misses:
            misses[slo] += kept.met is False
    return sorted(misses, key=lambda slo: -misses[slo])


def months(page: Shown, asked: Asked, slos: Sequence[str]) -> Chart:
    """What these SLOs attained month by month; the finding is of all."""
    keys = [month.key for month in asked.trend]
    names = {one.slo.slo: one.slo.name for one in page.promises}
    chart = matrix(page.months, {slo: names[slo] for slo in slos}, keys, partial_months(asked))
    return replace(chart, title=finding(page.months, names, keys, partial_months(asked)))


def one_by_month(page: Shown, one: Promise, asked: Asked) -> Chart:
    """One SLO month by month."""
    keys = [month.key for month in asked.trend]
    chart = slo_history(
        one.slo.name, [page.months.get((one.slo.slo, key)) for key in keys], keys, partial_months(asked)
    )
    return marked(chart, asked)

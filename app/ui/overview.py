"""What stands on the Overview: the eight tiles, the headline, the tier-by-month map, and what waits for a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from app.charts import faces, wording
from app.charts.description import Chart, Series
from app.charts.headline import Story, headline
from app.metrics import attention
from app.metrics.attention import Suffering, Waiting
from app.metrics.budgets import excepted
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Ask, Number
from app.policy import Policy
from app.ui import choices, read, tiles
from app.ui.choices import Asked
from app.ui.history import history
from app.ui.promised import standing
from app.ui.read import State
from app.ui.tiles import Face

TILES = (
    "slo_compliance",
    "error_budget_remaining",
    "customer_impact_minutes",
    "major_incidents",
    "time_to_restore",
    "on_call_load",
    "dr_pass_rate",
    "risks_above_appetite",
)
_OF_SERVICES = ("slos_met", "customer_impact_minutes", "major_incidents")


@dataclass(frozen=True)
class First:
    """The first screen."""

    sentences: tuple[str, ...]
    faces: tuple[Face, ...]
    heat: Chart
    tiers: tuple[int, ...]
    """Of the map's rows."""


@dataclass(frozen=True)
class Second:
    """What is one scroll down."""

    worst: tuple[Suffering, ...]
    changed: tuple[Number, ...]
    waiting: tuple[Waiting, ...]
    known: frozenset[str]
    """The KPIs that services can be judged by: those that any service has a number of."""
    told: bool
    """Whether any number has months enough to tell a change."""
    kept: bool
    """Whether there are actions, risks or tests at all that could wait."""
    services: Mapping[str, str]
    slos: Mapping[str, str]
    policy: Policy


def first(asked: Asked) -> First:
    """The first screen for what was asked."""
    policy = read.directory().policy
    keys = (*TILES, "slos_met")
    told = history(keys, asked)
    now = {key: one.now for key, one in told.items()}
    by_tier = read.numbers(("slos_met", "slo_compliance"), asked.ask(*asked.trend, by=("tier",)))
    heat, tiers = tier_map([n for n in by_tier if n.kpi == "slos_met"], asked, policy)
    shown = with_year([kpi_face(key, *told[key], policy, asked) for key in TILES], asked, policy)
    return First(headline(_story(asked, now, policy)), tuple(shown), heat, tiers)


def with_year(shown: Sequence[Face], asked: Asked, policy: Policy) -> list[Face]:
    """The tiles with what each number was a year before, where that is not what they are compared with already."""
    before = choices.compared_with(asked.period, choices.YEAR)
    if before == asked.against:
        return list(shown)
    then = {number.kpi: number for number in read.numbers([face.kpi for face in shown], asked.ask(before))}
    when = choices.period_words(before)
    return [
        replace(face, year=f"{when}: {_then(then[face.kpi], policy)}") if not face.empty else face for face in shown
    ]


def _then(number: Number, policy: Policy) -> str:
    if number.kpi == "error_budget_remaining" and number.numerator is not None and number.denominator is not None:
        return f"{round(number.denominator - number.numerator)} of {round(number.denominator)}"
    return wording.amount(number, tiles.op_of(number.kpi, policy), policy.currency)


def kpi_face(key: str, now: Number, before: Number, trend: Sequence[Number], policy: Policy, asked: Asked) -> Face:
    """A KPI's tile for what was asked, with the targets of tiers and severities where it has those."""
    by_tier = read.numbers((key,), asked.ask(by=("tier",))) if key == "slo_compliance" else ()
    judged = [number for number in by_tier if number.group.tier is not None and number.verdict in ("met", "missed")]
    made = tiles.face(now, before, trend, policy, judged, unfit(key, asked))
    match key:
        case "error_budget_remaining":
            return faces.spent(made, now, before)
        case "slo_compliance" if now.value is None:
            return replace(made, target="Target by tier")
        case "slo_compliance" if now.value is not None and now.target is None and judged:
            return _compliance_face(made, judged)
        case "time_to_restore" if now.value is not None:
            return _restore_face(made, now, asked, policy)
    return made


def unfit(key: str, asked: Asked) -> str:
    """What of the scope this KPI cannot be narrowed to; empty: it can."""
    names = [name for name in ("tier", "team", "service") if getattr(asked.scope, name) is not None]
    return wording.listed([name for name in names if name not in KPIS[key].dimensions])


def _compliance_face(made: Face, judged: Sequence[Number]) -> Face:
    """Of several tiers, compliance is met where each tier keeps its own target."""
    below = [f"{number.group.tier}" for number in judged if number.verdict == "missed"]
    if not below:
        return replace(made, target="Every tier on target")
    return replace(made, target=f"Tier{'s' if len(below) > 1 else ''} {wording.listed(below)} below target")


def _restore_face(made: Face, now: Number, asked: Asked, policy: Policy) -> Face:
    """The target is that of severity 1 in tier 0: told beside the median of all."""
    wanted = policy.targets.get("time_to_restore")
    apart = asked.scope.product is not None or asked.scope.team is not None
    if asked.scope.tier not in (None, 0) or apart or wanted is None or wanted.value is None:
        return made
    narrowed = Ask((asked.period,), asked.as_of, frozenset({"severity"}), asked.scope._replace(tier=0))
    severe = next((n for n in read.numbers(("time_to_restore",), narrowed) if n.group.severity == 1), None)
    if severe is None or severe.value is None or severe.target is None:
        goal = wording.target(wanted.value, "minutes", wanted.op)
        return replace(made, target=f"Severity 1: none ({goal})")
    shown = wording.amount(severe, wanted.op)
    goal = wording.target(severe.target, "minutes", wanted.op, severe.value)
    return replace(made, target=f"Severity 1: {shown} ({goal})")


def _story(asked: Asked, now: Mapping[str, Number], policy: Policy) -> Story:
    tier, slos = _first_tier(asked, now["slos_met"])
    ends = min(asked.period.end, asked.as_of)
    then = replace(asked, as_of=ends)
    facts = read.owed(ends)
    late = attention.waiting(facts, then.ask())
    frozen = {facts.services[home].name for home in _frozen_services(asked, policy) if home in facts.services}
    return Story(
        period=wording.capital(asked.words),
        partial=asked.partial,
        numbers=now,
        slos=slos,
        slos_tier=tier,
        frozen=sorted(frozen),
        expired=[thing.on for thing in late if thing.kind == "acceptance_expired"],
        late_actions=sum(thing.kind == "action_overdue" for thing in late),
        scoped=asked.scoped,
    )


def _first_tier(asked: Asked, every: Number) -> tuple[int | None, Number]:
    """SLOs met in the most important tier that has any; of everything where there is no tier."""
    by_tier = [
        n
        for n in read.numbers(("slos_met",), asked.ask(by=("tier",)))
        if n.value is not None and n.group.tier is not None
    ]
    if not by_tier:
        return None, every
    best = min(by_tier, key=lambda number: number.group.tier if number.group.tier is not None else 9)
    return best.group.tier, best


def _left(asked: Asked) -> Mapping[str, float]:
    """SLO → the share left of its budget."""
    return _left_of(read.state(), asked)


@lru_cache(maxsize=16)
def _left_of(of: State, asked: Asked) -> Mapping[str, float]:
    totals = read.totals("error_budget_remaining", asked.ask(by=("slo",)))
    return {slo: part / whole for slo, (part, whole) in totals.items() if whole > 0}


def _homes(asked: Asked) -> Mapping[str, str]:
    return read.facts(frozenset(), Ask((), asked.as_of)).homes


def _frozen_services(asked: Asked, policy: Policy) -> list[str]:
    homes, facts = _homes(asked), read.facts(frozenset(), Ask((), asked.as_of))
    spent = {slo for slo, left in _left(asked).items() if left <= policy.budget.freeze and slo in homes}
    return sorted({homes[slo] for slo in spent if excepted(facts, slo, standing(asked)) is None})


def tier_map(numbers: Sequence[Number], asked: Asked, policy: Policy) -> tuple[Chart, tuple[int, ...]]:
    """SLOs met by tier and month, with its finding; and the tiers of its rows."""
    cells = {(number.group.tier, number.period): number for number in numbers}
    tiers = sorted(
        {number.group.tier for number in numbers if number.group.tier is not None and number.value is not None}
    )
    months = tuple(month.key for month in asked.trend)
    rows = [[cells.get((tier, month)) for month in months] for tier in tiers]
    series = tuple(
        Series(
            f"Tier {tier}",
            tuple(n.value if n else None for n in row),
            labels=tuple(f"{wording.sample(n)} met" if n and n.value is not None else wording.NO_DATA for n in row),
            verdicts=tuple(wording.verdict_key(n) if n else "no_data" for n in row),
        )
        for tier, row in zip(tiers, rows, strict=True)
    )
    op = tiles.op_of("slos_met", policy)
    goal = next((number.target for number in numbers if number.target is not None), None)
    beside = f", target {wording.target(goal, 'share', op)}" if goal is not None else ""
    chart = Chart(
        kind="heat",
        title=_finding(tiers, rows),
        subtitle=f"Share of SLOs met by tier and month{beside}; ~ too few SLOs to be certain",
        unit="share",
        x=months,
        series=series,
        target=goal,
        target_op=op,
        partial=frozenset(at for at, month in enumerate(asked.trend) if month.end > asked.as_of),
        empty="no SLI data: bring sli.csv and slos.csv",
    )
    return chart, tuple(tiers)


def _finding(tiers: Sequence[int], rows: Sequence[Sequence[Number | None]]) -> str:
    last = [(tier, row[-1]) for tier, row in zip(tiers, rows, strict=True) if row and row[-1] is not None]
    known = [(tier, number) for tier, number in last if number is not None and number.value is not None]
    if not known:
        return "SLOs met: no data"
    month = wording.period(known[0][1].period)
    below = [str(tier) for tier, number in known if number.verdict == "missed"]
    if below:
        return f"SLOs met: tier{'s' if len(below) > 1 else ''} {wording.listed(below)} below target in {month}"
    return f"SLOs met: every tier on target in {month}"


def second(asked: Asked) -> Second:
    """What is one scroll down, for what was asked."""
    facts = read.owed(asked.as_of)
    measured = [key for key, kpi in KPIS.items() if kpi.measured and not kpi.always_by]
    numbers = read.numbers(measured, asked.ask())
    return Second(
        worst=_worst(asked),
        changed=tuple(attention.changed(numbers)),
        waiting=tuple(attention.waiting(facts, asked.ask())),
        known=frozenset(n.kpi for n in numbers if n.kpi in _OF_SERVICES and n.value is not None and facts.services),
        told=any(number.value is not None and number.signal != "too_few" for number in numbers),
        kept=bool(facts.risks or facts.watched.get("actions") or facts.watched.get("dr_tests")),
        services={service.service: service.name for service in facts.services.values()},
        slos={slo.slo: slo.name for slo in facts.slos},
        policy=facts.policy,
    )


def _worst(asked: Asked) -> tuple[Suffering, ...]:
    """The services that suffer most: found by the sums of all of them, told by the numbers of those few."""
    ask = asked.ask(by=("service",))
    sums = {key: read.totals(key, ask) for key in _OF_SERVICES}
    homes, left = _homes(asked), _left(asked)
    few = frozenset(attention.suffering(left, sums, homes))
    if not few:
        return ()
    spent = frozenset(slo for slo, rest in left.items() if rest <= 0 and homes.get(slo) in few)
    budgets = read.numbers(("error_budget_remaining",), replace(asked.ask(by=("slo",)), only=spent)) if spent else ()
    return tuple(attention.worst(budgets, read.numbers(_OF_SERVICES, replace(ask, only=few)), homes))

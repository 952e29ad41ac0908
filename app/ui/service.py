"""Everything about one service: what it promised, what hurt it, what could, and what is being done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from app.charts import service as drawn
from app.charts.description import Chart
from app.charts.incidents import causes
from app.charts.promises import matrix
from app.charts.service import Told
from app.charts.trend import trend
from app.metrics import lessons
from app.metrics import service as of_service
from app.metrics.catalogue import KPIS
from app.metrics.facts import Deployment, Facts, Incident, Risk, Service
from app.metrics.grouping import Places
from app.metrics.incidents import repeats
from app.metrics.lessons import ID, Owed, Toll
from app.metrics.numbers import Ask, Number
from app.metrics.periods import local_day
from app.metrics.promises import Kept
from app.metrics.risks import score
from app.metrics.service import Return
from app.policy import Policy
from app.store import one_service
from app.store.engine import reading
from app.store.one_service import Reading
from app.ui import promised, read, tiles
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.marks import marked, marks
from app.ui.overview import kpi_face
from app.ui.read import State
from app.ui.slos import partial_months
from app.ui.tiles import Face

TILES = (
    "slo_compliance",
    "error_budget_remaining",
    "customer_impact_minutes",
    "major_incidents",
    "time_to_restore",
    "time_to_engage",
    "change_failure_rate",
    "risks_above_appetite",
)
_MORE = (
    "downtime_cost",
    "engaged_in_time",
    "after_hours_share",
    "alert_noise",
    "deployment_frequency",
    "change_lead_time",
    "rollback_rate",
    "repeat_incident_rate",
)


@dataclass(frozen=True)
class Shown:
    """The page of one service."""

    service: Service
    finding: str
    faces: tuple[Face, ...]
    history: Mapping[str, History]
    now: Mapping[str, Number]
    """Of the period: the tiles' numbers, and those of the cards below."""
    promises: tuple[promised.Told, ...]
    """The most pressing first."""
    months: Mapping[tuple[str, str], Kept]
    """(SLO, month) → what was kept."""
    found: tuple[Incident, ...]
    """Detected in the months of the trend, the latest first."""
    tolls: Mapping[ID, Toll]
    """What each of them did to this service."""
    repeated: Mapping[ID, str]
    chains: tuple[tuple[Incident, ...], ...]
    risks: tuple[Risk, ...]
    back: Return
    actions: tuple[Owed, ...]
    wrong: tuple[Deployment, ...]
    """The latest deployments of the trend that failed, were rolled back or were blamed for an incident."""
    blamed: Mapping[str, Incident]
    """Deployment → an incident that names it."""
    readings: tuple[Reading, ...]
    facts: Facts

    @property
    def policy(self) -> Policy:
        return self.facts.policy

    @property
    def team(self) -> str:
        """The owner's name."""
        known = self.facts.teams.get(self.service.team)
        return known.name or known.team if known else self.service.team

    @property
    def registered(self) -> bool:
        """Whether anybody keeps a risk register."""
        return bool(self.facts.risks) or self.now["risks_above_appetite"].value is not None

    @property
    def above(self) -> tuple[Risk, ...]:
        """Its open risks above the appetite line."""
        return tuple(risk for risk in self.risks if score(risk) > self.policy.risk.appetite)

    @property
    def waiting(self) -> tuple[Owed, ...]:
        """Its actions that are not done."""
        return tuple(one for one in self.actions if one.state in ("open", "overdue"))

    @property
    def overdue(self) -> tuple[Owed, ...]:
        return tuple(one for one in self.actions if one.state == "overdue")


def inside(asked: Asked) -> bool:
    """Whether the chosen service is of the chosen tier, product and team."""
    facts = read.facts(frozenset(), Ask((), asked.as_of))
    return bool(Places(facts, asked.ask()).groups((asked.scope.service or "",)))


def shown(service: str, asked: Asked) -> Shown:
    """The page of a service that the catalogue holds."""
    return _shown(read.state(), service, asked)


@lru_cache(maxsize=32)
def _shown(of: State, service: str, asked: Asked) -> Shown:
    facts = _about(of, service, asked.as_of)
    home, trend_ask = facts.services[service], asked.ask(*asked.trend)
    told = history(TILES, asked)
    now = {key: one.now for key, one in told.items()}
    now |= {number.kpi: number for number in read.numbers(_MORE, asked.ask())}
    with reading(read.opened(of.url)) as conn:
        blamed = {one.caused_by: one for one in facts.incidents if one.caused_by}
        wrong = one_service.went_wrong(
            conn, service, asked.trend[0].start, min(asked.trend[-1].end, asked.as_of), sorted(blamed)
        )
        read_in = one_service.readings(conn, service, [month.key for month in asked.trend])
    found = tuple(lessons.detected(facts, trend_ask))
    again = repeats(facts)
    kept = promised.told(promised.every(asked), asked)
    made = Shown(
        service=home,
        finding="",
        faces=tuple(_face(key, told[key], home, facts.policy, asked) for key in TILES),
        history=told,
        now=now,
        promises=kept,
        months=promised.months(asked, [one.slo.slo for one in kept]),
        found=found,
        tolls={(one.source, one.incident): of_service.toll(facts, one, service, asked.as_of) for one in found},
        repeated=again,
        chains=tuple(lessons.chains(facts, trend_ask, again)),
        risks=tuple(of_service.open_risks(facts, asked.as_of)),
        back=of_service.back(facts, home, asked.as_of),
        actions=tuple(of_service.actions(facts, asked.as_of)),
        wrong=tuple(wrong),
        blamed=blamed,
        readings=tuple(read_in),
        facts=facts,
    )
    return replace(made, finding=drawn.finding(_told(made, asked)))


@lru_cache(maxsize=64)
def _about(of: State, service: str, as_of: datetime) -> Facts:
    with reading(read.opened(of.url)) as conn:
        return one_service.about(conn, service, as_of)


def _face(key: str, one: History, home: Service, policy: Policy, asked: Asked) -> Face:
    """Its tile. A service is of one tier: it has no parts to be judged by; and the target of severity 1 is tier 0's."""
    if key == "slo_compliance":
        return tiles.face(one.now, one.before, one.trend, policy)
    own = asked if key != "time_to_restore" else replace(asked, scope=asked.scope._replace(tier=home.tier))
    return kpi_face(key, one.now, one.before, one.trend, policy, own)


def _told(page: Shown, asked: Asked) -> Told:
    measured = [one.kept.met for one in page.promises if one.kept is not None and one.kept.met is not None]
    here = [one for one in page.found if asked.period.start <= one.detected_at < asked.period.end]
    known = page.now["major_incidents"].value is not None
    return Told(
        name=page.service.name,
        period=asked.words,
        partial=asked.partial,
        promised=len(page.promises),
        measured=len(measured),
        kept=sum(measured),
        impact=page.now["customer_impact_minutes"],
        cost=page.now["downtime_cost"],
        incidents=len(here) if here or known else None,
        frozen=[one.slo.name for one in page.promises if one.state == "freeze"],
        excepted=[one.slo.name for one in page.promises if one.state == "exception"],
        warned=[one.slo.name for one in page.promises if one.state == "warn"],
        above=len(page.above),
        overdue=len(page.overdue),
        drills=proven(page, asked),
        drilled_on=_drilled_on(page, asked),
        retired_on=page.service.retired_on,
        currency=page.policy.currency,
    )


def proven(page: Shown, asked: Asked) -> str:
    """Whether it would come back: passed, slow, lapsed, failed or never; empty where nobody keeps DR tests, or none is
    asked of its tier."""
    back = page.back
    if not (page.facts.watched.get("dr_tests") or page.facts.dr_tests) or page.service.retired_on is not None:
        return ""
    if not back.done:
        return "never" if back.asked else ""
    if back.passed is None:
        return "failed"
    late = back.lapses_on is not None and back.lapses_on < local_day(asked.as_of, asked.zone)
    if late:
        return "lapsed"
    return "slow" if of_service.in_time(back.passed) is False else "passed"


def _drilled_on(page: Shown, asked: Asked) -> date | None:
    told = page.back.done[0] if proven(page, asked) == "lapsed" else page.back.passed
    return local_day(told.test.executed_at, asked.zone) if told and told.test.executed_at else None


def impact(page: Shown, asked: Asked) -> Chart:
    """Customer impact by month."""
    key = "customer_impact_minutes"
    return trend(KPIS[key], page.history[key].trend, op=tiles.op_of(key, page.policy), marks=marks(asked))


def incidents(page: Shown, asked: Asked) -> Chart:
    """Its incidents by month and severity."""
    chart = drawn.incidents(
        [month.key for month in asked.trend],
        of_service.severities(page.found, asked.ask(*asked.trend)),
        page.policy.severities,
        page.policy.major_severity,
        partial_months(asked),
    )
    return marked(chart, asked)


def why(page: Shown) -> Chart:
    """What was behind its incidents."""
    return causes(lessons.causes(page.found))


def by_month(page: Shown, asked: Asked) -> Chart:
    """What its SLOs attained, month by month."""
    keys = [month.key for month in asked.trend]
    names = {one.slo.slo: one.slo.name for one in page.promises}
    return matrix(page.months, names, keys, partial_months(asked))

"""One risk: how high it stands, what is done about it, what it costs, and what its services have been through."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from app.charts import risks as drawn
from app.charts import wording
from app.charts.description import Chart
from app.metrics import losses, register
from app.metrics.dr import executed
from app.metrics.facts import DrTest, Facts, Incident, Service
from app.metrics.numbers import Ask, Number
from app.metrics.register import Standing
from app.metrics.risks import open_at
from app.policy import Policy
from app.store import risks as store_risks
from app.store.engine import reading
from app.ui import read, risks
from app.ui.choices import Asked
from app.ui.read import State

_SERVICES = 8
"""Services told one by one."""
_INCIDENTS = 1_000
_YEAR = timedelta(days=365)
_NUMBERS = ("slos_met", "error_budget_remaining")


@dataclass(frozen=True)
class Home:
    """A service that the risk names."""

    name: str
    service: Service | None
    numbers: dict[str, Number]
    incidents: int
    severe: int
    tested: DrTest | None
    """The last test that was carried out."""


@dataclass(frozen=True)
class Shown:
    """The page of one risk, as it stands now."""

    standing: Standing
    finding: str
    homes: tuple[Home, ...]
    incidents: tuple[Incident, ...]
    """Of the last twelve months, on its services, the latest first."""
    tests: tuple[DrTest, ...]
    whole: float | None
    """What all open risks cost in an average year."""
    facts: Facts
    moment: datetime
    day: date

    @property
    def policy(self) -> Policy:
        return self.facts.policy


def shown(risk: str, source: str | None, asked: Asked) -> Shown | None:
    """The risk of this id (and source, where several have it); None where the store knows none."""
    page = _shown(read.state(), risk, source or "", asked.as_of)
    if page is None:
        return None
    numbers = _numbers([home.name for home in page.homes if home.service is not None], asked)
    homes = (replace(home, numbers=numbers[home.name]) if home.name in numbers else home for home in page.homes)
    return replace(page, homes=tuple(homes))


@lru_cache(maxsize=32)
def _shown(of: State, risk: str, source: str, as_of: datetime) -> Shown | None:
    """All but the numbers of the chosen period."""
    facts = risks.facts_at(of, as_of)
    named_so = tuple(one for one in facts.risks if one.risk == risk and source in ("", one.source))
    one = next(iter(register.register(replace(facts, risks=named_so), Ask((), as_of))), None)
    if one is None:
        return None
    named = one.risk.services
    incidents = _incidents(of, named, as_of)
    tests = tuple(
        sorted(
            (test for test in facts.dr_tests if set(test.services) & set(named)),
            key=lambda test: (test.executed_at.date() if test.executed_at else test.planned_on, test.test),
            reverse=True,
        )
    )
    severe = facts.policy.major_severity
    homes = tuple(
        Home(
            name=name,
            service=facts.services.get(name),
            numbers={},
            incidents=sum(name in incident.services for incident in incidents),
            severe=sum(name in incident.services and incident.severity <= severe for incident in incidents),
            tested=next((test for test in tests if name in test.services and executed(test)), None),
        )
        for name in named[:_SERVICES]
    )
    return Shown(
        standing=one,
        finding=_finding(one, incidents, facts, as_of),
        homes=homes,
        incidents=incidents,
        tests=tests,
        whole=losses.total(one for one in facts.risks if open_at(one, register.day_of(facts, as_of))),
        facts=facts,
        moment=as_of,
        day=register.day_of(facts, as_of),
    )


def _numbers(services: Sequence[str], asked: Asked) -> dict[str, dict[str, Number]]:
    """Service → how it keeps its promises in the chosen period."""
    found: dict[str, dict[str, Number]] = {name: {} for name in services}
    if services:
        ask = Ask((asked.period,), asked.as_of, frozenset({"service"}), only=frozenset(services))
        for number in read.numbers(_NUMBERS, ask):
            found[number.group.service or ""][number.kpi] = number
    return found


def _incidents(of: State, services: tuple[str, ...], moment: datetime) -> tuple[Incident, ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(store_risks.incidents(conn, services, moment - _YEAR, moment, _INCIDENTS))


def path(page: Shown) -> Chart:
    """Where it began, is and shall come."""
    one = page.standing
    named = (("inherent", one.inherent), ("now", one.current), ("target", one.target))
    return drawn.path([(name, level) for name, level in named if level is not None], page.policy.risk)


def _finding(one: Standing, incidents: tuple[Incident, ...], facts: Facts, moment: datetime) -> str:
    """How high, whether that is accepted, and what its services have been through: in at most three sentences."""
    scales = facts.policy.risk
    words = f"{scales.likelihood[one.risk.likelihood - 1]} × {scales.impact[one.risk.impact - 1]}"
    if not one.open:
        closed = f" on {wording.day(one.risk.closed_on)}" if one.risk.closed_on else ""
        return f"Closed{closed}, at a level of {one.current.score} ({words})."
    line = f"above the appetite of {scales.appetite}" if one.above else f"within the appetite of {scales.appetite}"
    parts = [f"Level {one.current.score} ({words}), {line}"]
    if one.inherent is not None and one.inherent.score != one.current.score:
        parts.append(f"{'down' if one.lowered else 'up'} from {one.inherent.score}")
    if one.target is not None:
        parts.append("at its target" if one.at_target else f"target {one.target.score}")
    said = [f"{', '.join(parts)}."]
    accepted = _accepted(one)
    if accepted:
        said.append(accepted)
    if one.risk.services and incidents:
        severe = sum(incident.severity <= facts.policy.major_severity for incident in incidents)
        many = f"{len(incidents):,} incident{'s' if len(incidents) != 1 else ''}"
        said.append(f"Its services had {many} in the last twelve months, {severe or 'none'} of them severe.")
    return " ".join(said)


def _accepted(one: Standing) -> str:
    until = wording.day(one.risk.accepted_until) if one.risk.accepted_until else ""
    return {
        "none": "",
        "live": f"Accepted until {until}.",
        "ending": f"Its acceptance runs out on {until}.",
        "ran_out": f"Its acceptance ran out on {until}: decide.",
        "unsigned": "It is to be accepted, and nobody has signed.",
        "endless": "It is accepted without a last day.",
    }[one.acceptance]

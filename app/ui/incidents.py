"""What stands on the Incidents page: the finding, the tiles, how often, how bad, how fast, why, and what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from app.charts import findings, wording
from app.charts import incidents as drawn
from app.charts.description import Chart, Series
from app.charts.findings import Happened
from app.charts.incidents import Duration
from app.charts.trend import trend
from app.metrics import lessons, measure, periods
from app.metrics.catalogue import KPIS
from app.metrics.facts import Facts, Incident
from app.metrics.grouping import Places
from app.metrics.incidents import real, repeats
from app.metrics.lessons import ID, Owed, Review, Toll
from app.metrics.numbers import EVERYTHING, Ask, Number, Row, Scope
from app.metrics.periods import Period
from app.policy import Policy
from app.store import happened
from app.store.engine import reading
from app.ui import read, tiles
from app.ui.choices import Asked
from app.ui.history import History, history
from app.ui.marks import marked, marks
from app.ui.overview import kpi_face
from app.ui.read import State
from app.ui.tiles import Face

TILES = (
    "major_incidents",
    "customer_impact_minutes",
    "downtime_cost",
    "time_to_restore",
    "time_to_detect",
    "time_to_engage",
    "repeat_incident_rate",
    "postmortem_on_time",
)
SPEEDS = {"time_to_restore": "Restore", "time_to_detect": "Detect", "time_to_engage": "Engage"}
MOST_POINTS = 600
"""More durations than that are a blob: they are drawn by month."""
_KEYS = (*TILES, "actions_on_time", "action_effectiveness")


@dataclass(frozen=True)
class Shown:
    """The page for what was asked."""

    finding: str
    faces: tuple[Face, ...]
    numbers: Mapping[str, History]
    found: tuple[Incident, ...]
    """Detected in the period and scope, the latest first."""
    repeated: Mapping[ID, str]
    chains: tuple[tuple[Incident, ...], ...]
    reviews: tuple[Review, ...]
    """Postmortems that are late, due or not due yet, whenever their incidents were."""
    written: bool
    """Whether anybody brings postmortems."""
    actions: tuple[Owed, ...]
    """Open ones."""
    origins: Mapping[str, Incident]
    """Incidents that open actions came from, by id."""
    last: Incident | None
    """The latest in scope before the period ended."""
    priced: bool
    """Whether any service in scope has a cost per minute of downtime."""
    facts: Facts
    """As known now: what is owed is owed today, whatever the period."""
    policy: Policy

    @property
    def known(self) -> bool:
        """Whether the store knows of any incident, or somebody was looking."""
        return bool(self.facts.watched.get("incidents"))

    @property
    def tracked(self) -> bool:
        """Whether anybody brings actions."""
        return bool(self.facts.watched.get("actions"))


def shown(asked: Asked) -> Shown:
    """Everything on the page, from the numbers and facts of the chosen period and scope."""
    return _shown(read.state(), asked)


@lru_cache(maxsize=16)
def _shown(of: State, asked: Asked) -> Shown:
    ask = asked.ask()
    numbers = history(_KEYS, asked)
    facts, again = _around(of, asked.period, asked.as_of)
    owed = _owed(of, asked.scope, asked.as_of)
    found, priced = tuple(lessons.detected(facts, ask)), _priced(of, asked.scope, asked.as_of)
    return Shown(
        finding=findings.happened(_told(asked, numbers, found, owed.reviews, owed.actions, facts.policy)),
        faces=tuple(_face(key, numbers, facts.policy, asked, priced) for key in TILES),
        numbers=numbers,
        found=found,
        repeated=again,
        chains=tuple(lessons.chains(facts, ask, again)),
        reviews=owed.reviews,
        written=owed.written,
        actions=owed.actions,
        origins=owed.origins,
        last=found[0] if found else _last(of, asked, facts),
        priced=priced,
        facts=facts,
        policy=facts.policy,
    )


@lru_cache(maxsize=8)
def _around(of: State, period: Period, as_of: datetime) -> tuple[Facts, Mapping[ID, str]]:
    """The incidents of a period and around it, and which of them repeats which: the same whatever the scope."""
    with reading(read.opened(of.url)) as conn:
        facts = happened.around(conn, period.start, min(period.end, as_of), as_of)
    return facts, repeats(facts)


class _Owed(NamedTuple):
    """What is owed now in a scope, whatever the period."""

    reviews: tuple[Review, ...]
    written: bool
    actions: tuple[Owed, ...]
    origins: Mapping[str, Incident]


@lru_cache(maxsize=32)
def _owed(of: State, scope: Scope, as_of: datetime) -> _Owed:
    owing, ask = _owing(of, as_of), Ask((), as_of, scope=scope)
    return _Owed(
        tuple(one for one in lessons.reviews(owing, ask) if one.state in ("late", "due", "not_resolved")),
        bool(owing.postmortems),
        tuple(one for one in lessons.actions(owing, ask) if one.state in ("open", "overdue")),
        {one.incident: one for one in owing.incidents},
    )


@lru_cache(maxsize=8)
def _owing(of: State, as_of: datetime) -> Facts:
    with reading(read.opened(of.url)) as conn:
        return happened.owing(conn, as_of)


@lru_cache(maxsize=16)
def _on(of: State, scope: Scope, as_of: datetime) -> Facts:
    """The incidents on the services of a scope that is narrowed."""
    ask = Ask((), as_of, scope=scope)
    facts = read.facts(frozenset(), ask)
    places = Places(facts, ask)
    with reading(read.opened(of.url)) as conn:
        return happened.on(conn, [name for name in facts.services if places.groups((name,))], as_of)


def _last(of: State, asked: Asked, facts: Facts) -> Incident | None:
    """The latest incident in scope before the period ended."""
    places = Places(facts, asked.ask())
    if asked.scope != EVERYTHING:
        known = [one for one in real(_on(of, asked.scope, asked.as_of)) if one.detected_at < asked.period.end]
        here = [one for one in known if lessons.in_scope(places, one)]
        return max(here, key=lambda one: (one.detected_at, one.incident), default=None)
    with reading(read.opened(of.url)) as conn:
        for most in (50, 1_000_000):
            found = happened.latest_before(conn, asked.period.end, asked.as_of, most)
            last = next((one for one in found if one.kind == "incident" and lessons.in_scope(places, one)), None)
            if last is not None or len(found) < most:
                return last
    return None


class Told(NamedTuple):
    """What a list says of one incident beside itself."""

    toll: Toll
    review: Review | None


def told(incidents: Sequence[Incident], asked: Asked) -> Mapping[ID, Told]:
    """What each incident cost and whether its postmortem came in time."""
    return _told_of(read.state(), tuple(incidents), asked.as_of)


@lru_cache(maxsize=32)
def _told_of(of: State, incidents: tuple[Incident, ...], as_of: datetime) -> Mapping[ID, Told]:
    with reading(read.opened(of.url)) as conn:
        facts = happened.hanging(conn, incidents, as_of)
    tolls = lessons.tolls(facts, incidents, as_of)
    written = {(one.source, one.incident): one for one in facts.postmortems}
    return {key: Told(toll, lessons.review_of(facts, key, written, as_of)) for key, toll in tolls.items()}


@lru_cache(maxsize=64)
def _priced(of: State, scope: Scope, as_of: datetime) -> bool:
    ask = Ask((), as_of, scope=scope)
    facts = read.facts(frozenset(), ask)
    places = Places(facts, ask)
    return any(
        service.downtime_cost_per_minute is not None and places.groups((service.service,))
        for service in facts.services.values()
    )


def _face(key: str, numbers: Mapping[str, History], policy: Policy, asked: Asked, priced: bool) -> Face:
    one = numbers[key]
    made = kpi_face(key, one.now, one.before, one.trend, policy, asked)
    if key != "downtime_cost" or priced:
        return made
    return replace(
        made,
        value=wording.NO_DATA,
        key="no_data",
        word=wording.NO_DATA,
        said="No service has a cost per minute of downtime",
        spark=None,
        empty=True,
    )


def _told(
    asked: Asked,
    numbers: Mapping[str, History],
    found: Sequence[Incident],
    reviews: Sequence[Review],
    actions: Sequence[Owed],
    policy: Policy,
) -> Happened:
    causes = lessons.causes(found)
    severe = numbers["major_incidents"].now
    return Happened(
        period=asked.words,
        counted=len(found) if found or severe.value is not None else None,
        severe=severe,
        impact=numbers["customer_impact_minutes"].now,
        cost=numbers["downtime_cost"].now,
        restore=numbers["time_to_restore"].now,
        cause=causes[0] if causes else None,
        late_postmortems=sum(one.state == "late" for one in reviews),
        overdue_actions=sum(one.state == "overdue" for one in actions),
        partial=asked.partial,
        currency=policy.currency,
    )


def severities(page: Shown, asked: Asked) -> Chart:
    """Severe incidents by month, stacked by severity, with the Poisson limits of their number."""
    total = page.numbers["major_incidents"].trend
    by = read.numbers(("major_incidents",), asked.ask(*asked.trend, by=("severity",)))
    worst = range(1, page.policy.major_severity + 1)
    values = {(number.group.severity, number.period): number.value for number in by}
    split = {severity: [values.get((severity, number.period)) for number in total] for severity in worst}
    known = {severity: row for severity, row in split.items() if any(row)}
    names = {severity: f"{severity} {name}" for severity, name in page.policy.severities.items()}
    which = f"1-{page.policy.major_severity}" if page.policy.major_severity > 1 else "1"
    chart = drawn.by_severity(total, known, names, wording.finding(f"Severity {which} incidents", total))
    return marked(chart, asked)


def impacts(page: Shown, asked: Asked) -> tuple[Chart, Chart]:
    """Customer impact and its cost by month."""
    currency, noted = page.policy.currency, marks(asked)
    made = [
        trend(KPIS[key], page.numbers[key].trend, op=tiles.op_of(key, page.policy), currency=currency, marks=noted)
        for key in ("customer_impact_minutes", "downtime_cost")
    ]
    return made[0], made[1] if page.priced else _UNPRICED


_UNPRICED = Chart(
    "bar",
    "Cost of downtime: not known",
    "",
    "money",
    (),
    (),
    empty="No service here has a cost per minute of downtime. Fill the column downtime_cost_per_minute of services.",
)


def speed(page: Shown, asked: Asked, key: str) -> Chart:
    """Restore or detect times as points with each month's median; where they are too many to tell apart, as engage
    times always are, as medians and the time within which nine in ten lie."""
    kpi, medians = KPIS[key], page.numbers[key].trend
    if key == "time_to_engage":
        return marked(_middles(key, medians, tiles.op_of(key, page.policy)), asked)
    many = sum(number.n for number in medians)
    if many > MOST_POINTS:
        said = f"Medians by month and the time within which nine in ten lie, of {many:,} incidents; log axis"
        return marked(replace(_middles(key, medians, tiles.op_of(key, page.policy)), subtitle=said), asked)
    rows = [row for row in _rows(key, asked) if row.value is not None and row.at is not None]
    each = [
        Duration(row.at, row.value, f"{row.title}: {wording.duration(row.value)}", row.id)
        for row in rows
        if row.at is not None and row.value is not None
    ]
    chart = drawn.durations(kpi.name, medians, each, asked.zone, tiles.op_of(key, page.policy))
    return marked(chart, asked)


def _rows(key: str, asked: Asked) -> Sequence[Row]:
    """The incidents behind a duration of the trend, of those in scope alone."""
    ask = asked.ask(*asked.trend)
    if asked.scope == EVERYTHING:
        return read.rows(key, ask)
    return measure.rows(key, _on(read.state(), asked.scope, asked.as_of), ask)


def _middles(key: str, medians: Sequence[Number], op: str) -> Chart:
    chart = trend(KPIS[key], medians, op=op)
    longest = Series("nine in ten", tuple(number.p90 for number in medians), "comparison")
    return Chart(**{**vars(chart), "series": (*chart.series, longest)})


def causes(page: Shown) -> Chart:
    """What made the incidents of the period, most first."""
    return drawn.causes(lessons.causes(page.found))


@dataclass(frozen=True)
class Split:
    """How often and how fast, of one tier or severity."""

    name: str
    counted: int | None
    numbers: Mapping[str, Number]


def splits(page: Shown, asked: Asked) -> tuple[Split, ...]:
    """The period by severity, then by tier: how many, and how fast. Parts without an incident are left out."""
    made = []
    for by, named in (("severity", _severity), ("tier", _tier)):
        numbers: dict[int, dict[str, Number]] = {}
        for number in read.numbers(tuple(SPEEDS), asked.ask(by=(by,))):
            part = getattr(number.group, by)
            if part is not None and (number.kpi != "time_to_engage" or by == "tier"):
                numbers.setdefault(part, {})[number.kpi] = number
        for part, found in sorted(numbers.items()):
            detected = found.get("time_to_detect")
            counted = detected.n + detected.n_excluded if detected else 0
            if counted or any(number.value is not None for number in found.values()):
                made.append(Split(named(part, page.policy), counted, found))
    return tuple(made)


def _severity(part: int, policy: Policy) -> str:
    return f"Severity {part}, {policy.severities[part]}" if part in policy.severities else f"Severity {part}"


def _tier(part: int, policy: Policy) -> str:
    return f"Tier {part}"


def opened(picked: str | None) -> Mapping[str, str] | None:
    """What a click on a point of a chart asks: the page of that incident. A month that was clicked asks nothing."""
    try:
        periods.parse(picked or "")
    except ValueError:
        return {"do": "open", "place": "incident", "incident": picked} if picked else None
    return None


def overdue_since(one: Owed, asked: Asked) -> int | None:
    """For how many days an open action has been overdue; None where it is not."""
    if one.state != "overdue" or one.due_on is None:
        return None
    return (asked.as_of.date() - one.due_on) // timedelta(days=1)

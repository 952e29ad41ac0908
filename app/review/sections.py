"""The steps of a review's agenda as they are frozen: the finding first, then exceptions, numbers, charts and lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.charts import dr_tests, faces, losses, oncall, risks, slos, trend, wording
from app.charts.description import Chart
from app.charts.faces import Face
from app.charts.headline import count
from app.metrics import register
from app.metrics.attention import Waiting, changed
from app.metrics.catalogue import KPIS
from app.metrics.drills import Drill, worst
from app.metrics.facts import Incident
from app.metrics.numbers import Number
from app.metrics.periods import Period
from app.metrics.register import Standing
from app.metrics.review_records import AGENDA, Step
from app.policy import Policy
from app.review.exceptions import STEPS
from app.review.snapshot import Cell, Column, Exceptional, Followed, Names, Restated, Section, Table

HEADLINE = (
    "slo_compliance", "error_budget_remaining", "customer_impact_minutes", "major_incidents", "time_to_restore",
    "on_call_load", "dr_pass_rate", "risks_above_appetite",
)  # fmt: skip
"""The eight tiles of the Overview."""
_CHARTS: Mapping[Step, tuple[str, ...]] = {
    "slos": ("slo_compliance", "slos_met"),
    "incidents": ("major_incidents", "customer_impact_minutes", "time_to_restore"),
    "on_call": ("on_call_load", "alert_noise"),
    "change": ("change_failure_rate", "deployment_frequency"),
    "dr": ("dr_pass_rate",),
}
_MOST = 30
"""Rows of a list; more are counted."""
_KINDS = {
    "acceptance_expired": "acceptance ran out", "review_overdue": "review overdue", "action_overdue": "action overdue",
    "test_overdue": "test overdue", "acceptance_expiring": "acceptance runs out", "test_due": "test due",
}  # fmt: skip
_GONE = {"open": "open", "done": "done", "late": "late", "dropped": "dropped"}


@dataclass(frozen=True)
class Seen:
    """All that the sections tell of."""

    period: Period
    policy: Policy
    names: Names
    headline: tuple[str, ...]
    numbers: Mapping[str, tuple[Number, ...]]
    trend: tuple[Number, ...]
    tiers: tuple[Number, ...]
    """SLOs met by tier over the periods of the trend."""
    waiting: tuple[Waiting, ...]
    exceptions: Mapping[Step, tuple[Exceptional, ...]]
    incidents: tuple[Incident, ...]
    """Severe ones that were detected in the period."""
    impacts: Mapping[tuple[str, str], float]
    """(source, incident) → minutes of customer impact within the period."""
    drills: tuple[Drill, ...]
    """Tests carried out in the period."""
    standings: tuple[Standing, ...]
    years: losses.Told | None
    """What the years of the register cost; None where no risk is stated in money."""
    earlier: tuple[Followed, ...]
    restated: tuple[Restated, ...]

    def number(self, key: str) -> Number:
        """The organisation's number of the period."""
        return next(number for number in self.numbers[""] if number.kpi == key and number.group.slo is None)

    def history(self, key: str) -> tuple[Number, ...]:
        return tuple(number for number in self.trend if number.kpi == key)


def sections(seen: Seen) -> tuple[Section, ...]:
    """Every step but what is decided in the meeting, in the agenda's order."""
    made = (
        _headline(seen),
        _last_time(seen),
        _slos(seen),
        _incidents(seen),
        _on_call(seen),
        _step(seen, "change"),
        _dr(seen),
        _risks(seen),
    )
    return tuple(replace(one, exceptions=seen.exceptions.get(one.step, ())) for one in made)


def _step(seen: Seen, step: Step, charts: Sequence[Chart] = (), tables: Sequence[Table] = ()) -> Section:
    """A step with its numbers and their trends; its finding is its severest exception, else that there is none."""
    keys = STEPS[step]
    drawn = [_trend(seen, key) for key in _CHARTS.get(step, ())]
    return Section(
        step,
        AGENDA[step],
        _finding(seen, step),
        sentences=tuple(_sentences(seen, keys)),
        kpis=keys,
        charts=(*drawn, *charts),
        tables=tuple(tables),
        faces=tuple(_face(seen, key) for key in keys),
    )


def _finding(seen: Seen, step: Step) -> str:
    found = seen.exceptions.get(step, ())
    if found:
        rest = len(found) - 1
        more = f"; {count(rest)} more exception{'s' if rest != 1 else ''}" if rest else ""
        return f"{found[0].text.removesuffix('.')}{more}"
    if all(seen.number(key).value is None for key in STEPS[step]):
        return f"{AGENDA[step]}: {wording.NO_DATA}"
    return f"{AGENDA[step]}: nothing missed its target, nothing has really worsened"


def _sentences(seen: Seen, keys: Sequence[str]) -> list[str]:
    """What has really changed of these numbers, and which of them nobody can tell."""
    numbers = [seen.number(key) for key in keys]
    told = [f"{KPIS[n.kpi].name}: {wording.signal(n)}." for n in changed(numbers) if n.signal == "improving"]
    silent = [KPIS[number.kpi].name.lower() for number in numbers if number.value is None]
    if silent and len(silent) < len(numbers):
        told.append(f"No data: {wording.listed(silent)}.")
    return told


def _face(seen: Seen, key: str) -> Face:
    now, past = seen.number(key), seen.history(key)
    before = past[-2] if len(past) > 1 else None
    judged = [n for n in seen.numbers.get("tier", ()) if n.kpi == key and n.verdict in ("met", "missed")]
    made = faces.face(now, before, past, seen.policy, judged if now.verdict == "no_target" else ())
    if key == "error_budget_remaining" and before is not None:
        return faces.spent(made, now, before)
    return made


def _trend(seen: Seen, key: str) -> Chart:
    op = faces.op_of(key, seen.policy)
    return trend.trend(KPIS[key], seen.history(key), op=op, currency=seen.policy.currency)


def _headline(seen: Seen) -> Section:
    table = Table(
        "What waits for somebody",
        (Column("What"), Column("Which"), Column("Since or until", "date"), Column("Who")),
        tuple((_KINDS[one.kind], one.title, one.on.isoformat(), one.owner) for one in seen.waiting[:_MOST]),
        "Nothing is overdue or due within 30 days.",
        max(0, len(seen.waiting) - _MOST),
    )
    first, *rest = seen.headline
    return Section(
        "headline",
        AGENDA["headline"],
        first.removesuffix("."),
        sentences=tuple(rest),
        kpis=HEADLINE,
        charts=(slos.tiers_by_month(seen.tiers),),
        tables=(table,),
        faces=tuple(_face(seen, key) for key in HEADLINE),
    )


def _last_time(seen: Seen) -> Section:
    counted = {state: sum(one.outcome == state for one in seen.earlier) for state in _GONE}
    whole = len(seen.earlier)
    if not whole:
        finding = "No decision or action of an earlier review is open"
    else:
        parts = [f"{counted[state]} {word}" for state, word in _GONE.items() if counted[state]]
        finding = f"Of {whole} earlier decision{'s' if whole != 1 else ''} and actions {wording.listed(parts)}"
    rows = tuple(
        (wording.period(one.period), one.kind, one.text, one.who, _iso(one.due), _GONE[one.outcome], one.reason)
        for one in seen.earlier
    )
    columns = ("Review", "Kind", "What", "Who", "Due", "State", "Reason")
    tables = [
        Table(
            "Decisions and actions of earlier reviews",
            tuple(Column(name, "date" if name == "Due" else "text") for name in columns),
            rows[:_MOST],
            "Nothing was decided or asked for in an earlier review.",
            max(0, len(rows) - _MOST),
        )
    ]
    if seen.restated:
        tables.append(restatements(seen.restated, seen.policy))
    return Section("last_time", AGENDA["last_time"], finding, tables=tuple(tables))


def restatements(found: Sequence[Restated], policy: Policy) -> Table:
    """Numbers that were frozen and are others now, as a list."""

    def shown(one: Restated, number: Number) -> str:
        return wording.value(number.value, one.unit, number.target, faces.op_of(one.kpi, policy), policy.currency)

    rows = tuple(
        (wording.period(one.period), one.name, one.group or "organisation", shown(one, one.was), shown(one, one.now),
         one.said)
        for one in found
    )  # fmt: skip
    names = ("Review", "Number", "Of", "Was", "Is", "Why")
    none, more = "No frozen number has moved.", max(0, len(rows) - _MOST)
    return Table("Restated since they were frozen", tuple(map(Column, names)), rows[:_MOST], none, more)


def _slos(seen: Seen) -> Section:
    by_slo = [number for number in seen.numbers.get("slo", ()) if number.kpi == "error_budget_remaining"]
    met = {n.group.slo: n for n in seen.numbers.get("slo", ()) if n.kpi == "slos_met"}
    level = {n.group.slo: n for n in seen.numbers.get("slo", ()) if n.kpi == "slo_compliance"}
    known = sorted((n for n in by_slo if n.value is not None), key=lambda n: n.value if n.value is not None else 0.0)
    troubled = [
        number
        for number in known
        if (number.value or 0.0) <= seen.policy.budget.warn
        or ((kept := met.get(number.group.slo)) is not None and kept.value == 0)
    ]
    rows: list[tuple[Cell, ...]] = []
    for number in troubled[:_MOST]:
        slo = number.group.slo or ""
        service = seen.names.service_of.get(slo, "")
        kept, held = met.get(slo), level.get(slo)
        rows.append(
            (
                seen.names.slos.get(slo, slo),
                seen.names.services.get(service, service),
                seen.names.tiers.get(service),
                held.value if held else None,
                wording.NO_DATA if kept is None or kept.value is None else "met" if kept.value else "missed",
                number.value,
            )
        )
    table = Table(
        "SLOs that missed their objective or have little budget left",
        (
            Column("SLO"), Column("Service"), Column("Tier", "count"), Column("Good minutes", "share"),
            Column("Objective", "verdict"), Column("Budget left", "share"),
        ),
        tuple(rows),
        "Every SLO met its objective and has budget left." if known else "No SLO has data: bring sli.csv and slos.csv.",
        max(0, len(troubled) - _MOST),
    )  # fmt: skip
    return _step(seen, "slos", tables=(table,))


def _incidents(seen: Seen) -> Section:
    names = seen.policy.severities
    found = sorted(seen.incidents, key=lambda one: (one.severity, one.detected_at))
    rows = tuple(
        (
            one.incident,
            one.title,
            names.get(one.severity, f"severity {one.severity}"),
            wording.instant(one.detected_at, seen.policy.timezone),
            wording.listed([seen.names.services.get(name, name) for name in one.services]) or None,
            seen.impacts.get((one.source, one.incident)),
        )
        for one in found
    )
    table = Table(
        "Severe incidents",
        (
            Column("Incident"), Column("What happened"), Column("Severity"), Column("Detected"), Column("Services"),
            Column("Customers affected", "minutes"),
        ),
        rows[:_MOST],
        f"No incident of severity 1 to {seen.policy.major_severity} was detected.",
        max(0, len(rows) - _MOST),
    )  # fmt: skip
    return _step(seen, "incidents", tables=(table,))


def _on_call(seen: Seen) -> Section:
    teams = [n for n in seen.numbers.get("team", ()) if n.kpi == "on_call_load" and n.value is not None]
    drawn = oncall.loads(teams, seen.names.teams)
    return _step(seen, "on_call", (drawn,))


def _dr(seen: Seen) -> Section:
    rows = tuple(
        (
            one.test.name,
            dr_tests.kind(one.test.kind),
            one.test.executed_at.date().isoformat() if one.test.executed_at else None,
            dr_tests.STATE_WORDS[one.state],
            one.rto.achieved,
            one.rto.target,
            one.test.attested_by,
        )
        for one in seen.drills
    )
    table = Table(
        "DR tests carried out",
        (
            Column("Test"), Column("Kind"), Column("On", "date"), Column("Result"), Column("Came back in", "minutes"),
            Column("Target", "minutes"), Column("Attested by"),
        ),
        rows[:_MOST],
        "No DR test was carried out in this period.",
        max(0, len(rows) - _MOST),
    )  # fmt: skip
    found = worst(seen.drills, "rto")
    charts = (dr_tests.dumbbells("rto", found, f"in {wording.period(seen.period.key)}"),) if found else ()
    return _step(seen, "dr", charts, (table,))


def _risks(seen: Seen) -> Section:
    open_ = [one for one in seen.standings if one.open]
    scales = seen.policy.risk
    rows = tuple(
        (
            one.risk.risk,
            one.risk.title,
            one.risk.owner,
            one.current.score,
            scales.band(one.current.score).name,
            "above" if one.above else "within",
            one.loss,
            _iso(one.risk.review_on),
            _iso(one.risk.accepted_until),
        )
        for one in open_
    )
    table = Table(
        "Open risks, the highest first",
        (
            Column("Risk"), Column("Title"), Column("Owner"), Column("Level", "count"), Column("Band"),
            Column("Appetite"), Column("Expected a year", "money"), Column("Review on", "date"),
            Column("Accepted until", "date"),
        ),
        rows[:_MOST],
        "The register holds no open risk.",
        max(0, len(rows) - _MOST),
    )  # fmt: skip
    charts: list[Chart] = []
    if open_:
        charts.append(risks.matrix(register.cells(open_, "current"), "current", scales))
    if seen.years is not None:
        charts.append(losses.curve(seen.years))
    return _step(seen, "risks", charts, (table,))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None

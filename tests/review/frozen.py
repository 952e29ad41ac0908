"""A frozen review with every edge that a pack may meet, named once: what all forms of it are tested with.

Thirteen months of every KPI, October 2026 the last; nothing is known of March 2026, and nothing of change at all. A
service with a name of 60 letters, 30 risks of as many, hostile texts, what was decided last time in every state.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from app.charts import oncall, risks, slos, wording
from app.charts.description import Chart
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Group, Number
from app.metrics.register import Level
from app.metrics.review_records import AGENDA, Attendee, Comment, Decision, Note, Promised, Step
from app.policy import dump
from app.review.exceptions import STEPS
from app.review.snapshot import (
    SPLITS,
    Behind,
    Column,
    Exceptional,
    Followed,
    Frozen,
    Minutes,
    Names,
    Restated,
    Section,
    Snapshot,
    Table,
    digest,
    read,
    read_minutes,
    text,
)
from tests.review import frozen_charts, frozen_numbers
from tests.review.frozen_charts import HOSTILE, LONG, PERIODS, SERVICES
from tests.review.frozen_numbers import FROZEN_AT, POLICY, SLOS, TEAMS, chart, number


def _silent_chart() -> Chart:
    return replace(chart("change_failure_rate"), marks=())


def _risk_rows() -> Iterator[tuple[str | float | None, ...]]:
    for at in range(30):
        title = (HOSTILE[at] if at < len(HOSTILE) else f"Risk {at}: {LONG}")[:200]
        yield (
            f"R-{at}",
            title,
            "Ada" if at % 3 else None,
            25 - at % 20,
            "very high" if at < 9 else "moderate",
            "above" if at < 9 else "within",
            1_000_000.0 / (at + 1) if at % 4 else None,
            "2026-12-01",
            None,
        )


def _sections() -> tuple[Section, ...]:
    risk_columns = (
        Column("Risk"),
        Column("Title"),
        Column("Owner"),
        Column("Level", "count"),
        Column("Band"),
        Column("Appetite"),
        Column("Expected a year", "money"),
        Column("Review on", "date"),
        Column("Accepted until", "date"),
    )
    met = [
        number("slos_met", period, Group(tier=tier), step + tier)
        for tier in (0, 1, 2)
        for step, period in enumerate(PERIODS)
    ]
    loads = [
        number(
            "on_call_load", group=Group(team=team), step=at, verdict=("missed", "met")[at], certain=True, target=14.0
        )
        for at, team in enumerate(TEAMS)
    ]
    slo_rows = tuple(
        (
            SLOS[slo],
            SERVICES[slo.split("-")[0]],
            at % 4,
            0.9991 - at / 1e4,
            ("met", "missed", "no data")[at % 3],
            0.5 - at / 8,
        )
        for at, slo in enumerate(SLOS)
    )
    slo_columns = (
        Column("SLO"),
        Column("Service"),
        Column("Tier", "count"),
        Column("Good minutes", "share"),
        Column("Objective", "verdict"),
        Column("Budget left", "share"),
    )
    matrix = risks.matrix({Level(5, 5): 2, Level(3, 4): 4, Level(1, 1): 24}, "current", POLICY.risk)
    asked = (
        Exceptional(
            "number:time_to_restore:",
            "missed",
            f"Time to restore: 95 min, and ≤ 60 min was aimed for; {HOSTILE[8]}.",
            None,
            True,
        ),
        Exceptional(
            "number:slos_met:tier=0", "signal", "SLOs met, tier 0: 88 %; real worsening since August 2026.", "Ada"
        ),
        Exceptional("actions:file/1", "overdue", f"“{HOSTILE[0]}” was due on 12 Oct 2026.", HOSTILE[1], True),
    )
    more = tuple(replace(asked[1], subject=f"number:x:{at}", text=f"Exception {at}: {LONG}.") for at in range(12))
    charts: dict[Step, tuple[Chart, ...]] = {
        "headline": (slos.tiers_by_month(met),),
        "slos": (
            chart("slo_compliance"),
            slos.tiers_by_month(met),
            frozen_charts.rows(),
            frozen_charts.burndown(),
        ),
        "incidents": (
            chart("major_incidents"),
            chart("time_to_restore"),
            frozen_charts.points(),
        ),
        "on_call": (chart("alert_noise"), frozen_charts.stack(), oncall.loads(loads, TEAMS)),
        "change": (_silent_chart(),),
        "dr": (chart("dr_pass_rate"), frozen_charts.dumbbells()),
        "risks": (matrix, frozen_charts.curve()),
    }
    tables: dict[Step, tuple[Table, ...]] = {
        "headline": (
            Table(
                "What waits for somebody",
                (Column("What"), Column("Which"), Column("Since", "date"), Column("Who")),
                (("action overdue", HOSTILE[0], "2026-10-12", HOSTILE[1]), ("test due", LONG, "2026-11-30", None)),
                "Nothing is overdue.",
            ),
        ),
        "slos": (Table("Error budgets, the least left first", slo_columns, slo_rows, "No SLO has data."),),
        "incidents": (
            Table("Severe incidents", (Column("Incident"), Column("Customers affected", "minutes")), (), "None."),
        ),
        "risks": (Table("Open risks, the highest first", risk_columns, tuple(_risk_rows()), "No open risk.", more=7),),
    }
    finding: dict[Step, str] = {
        "headline": "October: 11 of 14 tier-0 SLOs met",
        "last_time": "Of 4 earlier decisions and actions 1 open, 1 done, 1 late and 1 dropped",
        "slos": f"{LONG} has spent its error budget, and {LONG} will (12 more exceptions)",
        "change": "Change: no data",
        "risks": HOSTILE[8],
    }
    steps: list[Step] = [step for step in AGENDA if step != "decisions"]
    keys = {step: STEPS.get(step, faces_of_headline() if step == "headline" else ()) for step in steps}
    return tuple(
        Section(
            step,
            AGENDA[step],
            finding.get(step, f"{AGENDA[step]}: nothing missed its target"),
            sentences=("Checkout has spent its error budget and is frozen.", HOSTILE[6])
            if step in ("headline", "slos")
            else (),
            exceptions={"slos": (*asked, *more), "incidents": asked[:1]}.get(step, ()),
            kpis=keys[step],
            charts=charts.get(step, ()),
            tables=tables.get(step, ()),
            faces=tuple(frozen_numbers.face(key) for key in keys[step]),
        )
        for step in steps
    )


def faces_of_headline() -> tuple[str, ...]:
    """The eight tiles of the Overview."""
    return (
        "slo_compliance",
        "error_budget_remaining",
        "customer_impact_minutes",
        "major_incidents",
        "time_to_restore",
        "on_call_load",
        "dr_pass_rate",
        "risks_above_appetite",
    )


def snapshot(policy: str = "", **changes: Any) -> Snapshot:
    """October 2026 as it was known on 3 November."""
    due = date(2026, 10, 20)
    earlier = (
        Followed(
            "2026-09", "action", "a1", f"Move {LONG} off the old database", "Ada", due, "done", date(2026, 10, 18)
        ),
        Followed("2026-09", "action", "a2", HOSTILE[0], HOSTILE[1], due, "late", None),
        Followed("2026-09", "decision", "7", "Search may go without a freeze", "Grace", None, "open", None),
        Followed("2026-08", "action", "a3", HOSTILE[8], None, due, "dropped", date(2026, 10, 1), HOSTILE[5]),
    )
    restated = (
        Restated(
            "2026-09",
            "time_to_restore",
            KPIS["time_to_restore"].name,
            "",
            "minutes",
            number("time_to_restore", "2026-09"),
            number("time_to_restore", "2026-09", step=10),
            ("late", "mended"),
            "Two incidents came late and one was mended.",
        ),
        Restated(
            "2026-09",
            "slos_met",
            KPIS["slos_met"].name,
            "tier 0",
            "share",
            number("slos_met", "2026-09"),
            number("slos_met", "2026-09", value=None, verdict="no_data"),
            ("catalogue",),
            HOSTILE[1],
        ),
    )
    kept = Snapshot(
        period="2026-10",
        title="October 2026",
        first=date(2026, 10, 1),
        last=date(2026, 10, 31),
        as_of=FROZEN_AT,
        frozen_at=FROZEN_AT,
        frozen_by="ada@example.com",
        release="1.4.0",
        zone="Europe/Berlin",
        currency="EUR",
        policy=policy or dump(POLICY),
        headline=(
            "October: 11 of 14 tier-0 SLOs met.",
            "Customers were affected for 212 minutes, no real change.",
            HOSTILE[6],
            "Two risks are above appetite; one acceptance ran out on the 12th.",
        ),
        numbers=frozen_numbers.numbers(),
        trend=frozen_numbers.months(),
        sections=_sections(),
        behind={"time_to_restore": Behind(1, {"incidents:file/INC-1": "0123456789ab"})},
        catalogue={"services": "0123456789abcdef"},
        names=Names(
            services=SERVICES,
            teams=TEAMS,
            slos=SLOS,
            tiers=dict.fromkeys(SERVICES, 0),
            team_of=dict.fromkeys(SERVICES, "payments"),
            service_of={slo: slo.split("-")[0] for slo in SLOS},
        ),
        comments=(
            Comment(1, "number:time_to_restore:", f"The long one was the database. {HOSTILE[5]}", "Ada", FROZEN_AT),
            Comment(2, "actions:file/1", HOSTILE[1], HOSTILE[2], FROZEN_AT),
        ),
        earlier=earlier,
        restated=restated,
        sources=("PagerDuty: data to 31 Oct 2026 23:55", f"{HOSTILE[0]}: no data, late"),
    )
    return replace(kept, **changes)


def minutes(of: str) -> Minutes:
    """What closing the review kept."""
    at = datetime(2026, 11, 5, 15, tzinfo=UTC)
    decisions = (
        Decision(
            1,
            "2026-10",
            "slos",
            "budget_exception",
            "Checkout may ship during the freeze",
            HOSTILE[8],
            "Grace",
            at,
            until=date(2026, 11, 30),
            subject="checkout-availability",
        ),
        Decision(2, "2026-10", "decisions", "decision", HOSTILE[0], HOSTILE[1], HOSTILE[5], at, due=date(2026, 12, 1)),
    )
    actions = tuple(
        Promised("review", f"2026-10-{at_}", "2026-10", title, owner, date(2026, 12, 1 + at_), at)
        for at_, (title, owner) in enumerate(
            [
                (f"Fail {LONG} over by hand", "Ada"),
                (HOSTILE[1], HOSTILE[2]),
                *((text_, "Grace") for text_ in HOSTILE[3:8]),
            ]
        )
    )
    return Minutes(
        "2026-10",
        of,
        "Grace",
        date(2026, 11, 5),
        at,
        "grace@example.com",
        attendees=(
            Attendee("Ada", True, True),
            Attendee(HOSTILE[0], True, False),
            Attendee("Grace", False, None),
            *(Attendee(f"Owner {at_} of {LONG}", True, True) for at_ in range(12)),
        ),
        notes=(Note("incidents", f"The long one was the database. {HOSTILE[6]}", "Ada", at, 1),),
        decisions=decisions,
        actions=actions,
    )


def frozen(policy: str = "", *, closed: bool = True, **changes: Any) -> Frozen:
    """As it is read back: with its minutes where the review is closed."""
    kept = text(snapshot(policy, **changes))
    if not closed:
        return Frozen(read(kept), digest(kept))
    said = text(minutes(digest(kept)))
    return Frozen(read(kept), digest(kept), read_minutes(said), digest(said))


@cache
def full() -> Frozen:
    """The closed review, made once."""
    return frozen()


@cache
def bare() -> Frozen:
    """A review of a store without a fact: no number, no list, no minutes."""
    steps: list[Step] = [step for step in AGENDA if step != "decisions"]
    nothing = tuple(Number(key, "2026-10", Group(), None, kpi.unit) for key, kpi in KPIS.items())
    empty = tuple(
        Section(step, AGENDA[step], f"{AGENDA[step]}: {wording.NO_DATA}", kpis=STEPS.get(step, ())[:2])
        for step in steps
    )
    return frozen(
        closed=False,
        numbers={split: nothing if not split else () for split in SPLITS},
        trend=(),
        sections=empty,
        headline=("October 2026: no data.",),
        names=Names(),
        comments=(),
        earlier=(),
        restated=(),
        sources=(),
        behind={},
        catalogue={},
    )

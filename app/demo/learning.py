"""What was learned: postmortems with their lateness, and actions with theirs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from app.demo.case import Case
from app.demo.organisation import mail
from app.demo.stage import Stage
from app.demo.timeline import BAD_QUARTER, DAY, HOUR, chance, instant, micros

LATE_DAYS = 9
"""The tracker's connector stopped that many days ago: nothing it knows is newer."""
_TITLES = (
    "Alert on connection pool saturation",
    "Add a time-out and a fallback to the call",
    "Rehearse the database failover",
    "Check settings before they reach production",
    "Roll releases out by canary",
    "Write the runbook for this failure",
    "Renew certificates automatically",
    "Load-test at twice the expected peak",
    "Remove the single node behind the queue",
    "Shed load before the queue fills",
    "Make retries idempotent",
    "Agree escalation with the supplier",
    "Limit the blast radius to one zone",
    "Show queue age on the team's dashboard",
)
_DAYS = {1: 14, 2: 30, 3: 60, 4: 90}


def postmortems(stage: Stage, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """One for nearly every major incident that is over, some for smaller ones; late in the bad quarter."""
    rng = chance("postmortems")
    rows = []
    for case in cases:
        if not case.real or case.resolved is None or rng.random() > {1: 1, 2: 0.94, 3: 0.4}.get(case.severity, 0.02):
            continue
        bad = stage.back_of(instant(case.detected).date()) in BAD_QUARTER
        drafted = case.resolved + int(np.exp(rng.normal(np.log(40 if bad else 18), 0.7)) * HOUR)
        completed = drafted + int(np.exp(rng.normal(np.log(4.5 if bad else 2.3), 0.5)) * DAY)
        reviewed = completed + int(rng.uniform(1, 9) * DAY)
        never = rng.random() < 0.05
        rows.append(
            {
                "incident": case.id,
                "owner": mail(str(rng.choice(stage.company.people_of(case.service)))) if rng.random() < 0.96 else None,
                "drafted_at": instant(drafted) if drafted < stage.end and rng.random() < 0.95 else None,
                "completed_at": instant(completed) if completed < stage.end and not never else None,
                "reviewed_at": instant(reviewed) if reviewed < stage.end and not never and rng.random() < 0.8 else None,
                "url": f"https://wiki.example.com/postmortems/{case.id}",
            }
        )
    return rows


def actions(
    stage: Stage,
    cases: Sequence[Case],
    written: Sequence[Mapping[str, Any]],
    risks: Sequence[Mapping[str, Any]],
    tests: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Actions from postmortems, risks, DR tests and reviews, as the tracker knew them when its connector stopped."""
    rng = chance("actions")
    known = stage.end - LATE_DAYS * DAY
    by_id = {case.id: case for case in cases}
    wanted: list[tuple[int, str, str, tuple[str, ...], str | None]] = []
    for row in written:
        case = by_id[row["incident"]]
        opened = int((row["drafted_at"] or row["completed_at"] or instant(case.detected + 3 * DAY)).timestamp() * 1e6)
        for _ in range(int(rng.integers(2, 5)) if case.severity < 3 else int(rng.integers(1, 3))):
            wanted.append(
                (
                    opened + int(rng.uniform(0, 40) * HOUR),
                    "incident",
                    case.id,
                    stage.company.people_of(case.service),
                    None,
                )
            )
    for risk in risks:
        if risk["treatment"] in ("mitigate", "avoid") and risk["identified_on"]:
            for _ in range(int(rng.integers(0, 3))):
                opened = max(micros(risk["identified_on"]) + int(rng.uniform(2, 60) * DAY), stage.start)
                wanted.append((opened, "risk", risk["risk"], _anyone(stage, rng), f"Treat the risk: {risk['title']}"))
    for test in tests:
        if test["result"] in ("failed", "partial"):
            for _ in range(int(rng.integers(1, 3))):
                opened = int(test["executed_at"].timestamp() * 1e6) + int(rng.uniform(4, 70) * HOUR)
                wanted.append(
                    (
                        opened,
                        "dr_test",
                        test["test"],
                        stage.company.people_of(test["services"][0]),
                        f"Mend what the test found: {test['name']}",
                    )
                )
    for offset in sorted(set(stage.month.tolist())):
        review = stage.dates[int(np.flatnonzero(stage.month == offset)[0])]
        if review.day == 1:
            wanted.append(
                (
                    micros(review) + 6 * DAY + 14 * HOUR,
                    "review",
                    f"{review - timedelta(1):%Y-%m}",
                    _anyone(stage, rng),
                    "Decide on the exceptions of the month",
                )
            )
    wanted.sort(key=lambda w: w[:3])
    return [_action(rng, n, known, *w) for n, w in enumerate(w for w in wanted if w[0] < known)]


def _anyone(stage: Stage, rng: np.random.Generator) -> tuple[str, ...]:
    return stage.company.crews[int(rng.integers(len(stage.company.crews)))].people


def _action(
    rng: np.random.Generator,
    n: int,
    known: int,
    opened: int,
    origin: str,
    origin_id: str,
    people: tuple[str, ...],
    title: str | None,
) -> dict[str, Any]:
    priority = int(rng.choice([1, 2, 3, 4], p=[0.12, 0.38, 0.36, 0.14]))
    first = instant(opened).date() + timedelta(_DAYS[priority])
    moved = rng.random() < 0.16
    due = first + timedelta(int(rng.integers(7, 45))) if moved else first
    span = _DAYS[priority] * DAY
    on_time = rng.random() < (0.35 if moved else 0.9)
    took = rng.uniform(0.25, 0.98) if on_time else 1.05 + rng.exponential(0.9)
    closed = opened + int(took * span) // HOUR * HOUR
    cancelled = rng.random() < 0.05
    never = rng.random() < 0.025
    ended = closed < known and not never
    judged = ended and not cancelled and rng.random() < 0.62
    return {
        "action": f"REL-{201 + n}",
        "origin": origin,
        "origin_id": origin_id,
        "title": title or str(rng.choice(_TITLES)),
        "owner": mail(str(rng.choice(people))) if rng.random() < 0.95 else None,
        "priority": priority,
        "opened_at": instant(opened),
        "due_on": due if rng.random() < 0.97 else None,
        "original_due_on": first if moved or rng.random() < 0.7 else None,
        "closed_at": instant(closed) if ended and not cancelled else None,
        "cancelled_at": instant(closed) if ended and cancelled else None,
        "outcome": ("effective" if rng.random() < 0.84 else "ineffective") if judged else None,
        "url": f"https://tickets.example.com/REL-{201 + n}",
    }

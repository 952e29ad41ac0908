"""The risk register: forty risks, two above appetite, one acceptance that ran out, some reviews overdue."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from app.demo.organisation import mail
from app.demo.stage import Stage
from app.demo.timeline import chance
from app.policy import Policy, Tolerance, default

_LIST = tuple(csv.DictReader(Path(__file__).with_name("risks.csv").read_text(encoding="utf-8").splitlines()))
_LEVELS = (
    "inherent_likelihood",
    "inherent_impact",
    "likelihood",
    "impact",
    "target_likelihood",
    "target_impact",
)
_CLOSED = 4
"""The last so many of the list are closed."""
_OWNERS = tuple(
    mail(p)
    for p in (
        "ruth.adler",
        "grace.miller",
        "jonas.weber",
        "anjali.menon",
        "peter.hughes",
        "katrin.schulz",
        "vikram.shah",
    )
)
_MONEY = (4e3, 2e4, 9e4, 4e5, 1.8e6)
"""What one event costs in the middle, by level of impact, EUR."""
_RATE = (0.04, 0.12, 0.35, 0.9, 2.5)
"""Events a year in the middle, by level of likelihood."""
OVERDUE = {7: 6, 9: 27, 14: 52}
"""Places in the list whose review is overdue, and for how many days."""
ACCEPTED = 2
"""The place of the acceptance that ran out."""


def rows(stage: Stage) -> list[dict[str, object]]:
    """The register as it stands: home's list, and what each country holds of it."""
    rng = chance("risks")
    found = []
    for n, r in enumerate(_LIST):
        closed = n >= len(_LIST) - _CLOSED
        row = _row(stage, rng, n, r, closed)
        if n in OVERDUE:
            row["review_on"] = stage.today - timedelta(OVERDUE[n])
        if n == ACCEPTED:
            row["accepted_until"] = ran_out(stage)
        found.append(row | {"risk": f"RISK-{n + 1:02}", "identified_on": _identified(stage, n, row["identified_on"])})
    for place, country in enumerate(stage.plan.countries):
        found += _abroad(stage, country, place)
    return found


def tolerating() -> Policy:
    """The shipped policy, with what a year may cost: at most one in ten more than eight millions, one in a hundred
    more than thirty."""
    shipped = default()
    line = (Tolerance(probability=0.1, loss=8e6), Tolerance(probability=0.01, loss=3e7))
    return shipped.model_copy(update={"risk": shipped.risk.model_copy(update={"tolerance": line})})


def _row(stage: Stage, rng: np.random.Generator, n: int, r: Mapping[str, str], closed: bool) -> dict[str, Any]:
    identified = stage.first + timedelta(int(rng.integers(-500, stage.days - 60)))
    closed_on = stage.last - timedelta(int(rng.integers(30, 220))) if closed else None
    if closed_on:
        identified = min(identified, closed_on - timedelta(90))
    review = stage.today + timedelta(int(rng.integers(9, 170)))
    accepted = r["treatment"] == "accept"
    until = stage.today + timedelta(int(rng.integers(40, 300))) if accepted else None
    spread, costly = float(rng.uniform(2.0, 4.0)), float(rng.uniform(3.0, 6.0))
    rate, loss = _RATE[int(r["likelihood"]) - 1], _MONEY[int(r["impact"]) - 1]
    priced = n % 5 != 3
    return {
        "title": r["title"],
        "category": r["category"],
        "services": r["services"].split(";") if r["services"] else None,
        "owner": _OWNERS[n % len(_OWNERS)],
        "status": "closed" if closed else "open",
        **{level: int(r[level]) for level in _LEVELS},
        "treatment": r["treatment"],
        "review_on": None if closed else review,
        "identified_on": identified,
        "closed_on": closed_on,
        "accepted_by": mail("helen.frost") if accepted else None,
        "accepted_until": until,
        "events_per_year_low": round(rate / spread, 3) if priced else None,
        "events_per_year_high": round(rate * spread, 3) if priced else None,
        "loss_low": round(loss / costly, -2) if priced else None,
        "loss_high": round(loss * costly, -2) if priced else None,
        "description": f"{r['title']}. Seen in the yearly assessment and in incidents.",
        "response": r["response"],
    }


def _abroad(stage: Stage, country: str, place: int) -> Iterator[dict[str, Any]]:
    """Some of the list's risks as a country sees them: a step likelier or less so, and its money smaller."""
    rng = chance(f"risks:{country}")
    own = [c for c in stage.company.crews if c.team.endswith(f"-{country}")]
    for k in range(stage.plan.risks):
        n = (place * 7 + k * 3) % len(_LIST)
        r, closed = dict(_LIST[n]), bool(rng.random() < 0.1)
        for level in ("likelihood", "impact"):
            step = int(rng.choice([-1, 0, 1], p=[0.5, 0.4, 0.1]))
            now = min(max(int(r[level]) + step, int(r[f"target_{level}"])), int(r[f"inherent_{level}"]))
            r[level] = str(now)
        row = _row(stage, rng, n, r, closed)
        if not closed and rng.random() < 0.07:
            row["review_on"] = stage.today - timedelta(int(rng.integers(2, 60)))
        yield row | {
            "risk": f"RISK-{country.upper()}-{k + 1:02}",
            "title": f"{row['title'].removesuffix('.')} ({country.upper()})",
            "services": [name for s in row["services"] or () if (name := f"{s}-{country}") in stage.company.by_name]
            or None,
            "owner": mail(own[k % len(own)].manager),
            "loss_low": row["loss_low"] and round(row["loss_low"] / 12, -2),
            "loss_high": row["loss_high"] and round(row["loss_high"] / 12, -2),
        }


def ran_out(stage: Stage) -> date:
    """A day of this month that has ended, on the first of a month yesterday."""
    return max(stage.last.replace(day=1), stage.last - timedelta(10))


def _identified(stage: Stage, n: int, drawn: date) -> date | None:
    """The search risk came up after the bad quarter, one last week; of one nobody knows."""
    return {1: stage.last - timedelta(75), 5: None, 14: stage.last - timedelta(4)}.get(n, drawn)

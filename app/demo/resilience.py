"""Tests of disaster recovery: every important service on its turn, one failure that matters, one never tested."""

from datetime import timedelta
from typing import Any

import numpy as np

from app.demo.organisation import RETIRED, UNTESTED, Serv, mail
from app.demo.stage import Stage
from app.demo.timeline import DAY, HOUR, chance, instant

FAILED = "payments-api"
"""The tier 0 service whose latest failover did not come back in time."""
_RTO = (60.0, 240.0, 1440.0, 4320.0)
_RPO = (15.0, 60.0, 240.0, 1440.0)
_OWN = {"checkout": (30.0, 5.0), "payments-api": (30.0, 5.0), "ledger": (120.0, 15.0)}
_KINDS = ("failover", "backup_restore", "functional", "game_day", "tabletop", "walkthrough", "full_scale")


def tests(stage: Stage) -> list[dict[str, Any]]:
    """All tests, oldest plan first, with some planned for the coming weeks."""
    rng = chance("dr tests")
    found: list[dict[str, Any]] = []
    for s in stage.company.services:
        every = stage.plan.dr_every[s.tier]
        if s.service in (UNTESTED, RETIRED) or not every:
            continue
        day = int(rng.uniform(0.05, 0.9) * every)
        while day < stage.days + 45:
            if s.service != FAILED or day < stage.days - 70:
                found.append(_test(stage, rng, s, day))
            day += int(every * rng.uniform(0.85, 1.15))
    found.append(_failed(stage))
    found += _pending(stage)
    found.sort(key=lambda row: (row["planned_on"], row["name"]))
    return [{"test": f"DR-{301 + n}"} | row for n, row in enumerate(found)]


def _test(stage: Stage, rng: np.random.Generator, s: Serv, day: int) -> dict[str, Any]:
    kind = str(rng.choice(_KINDS, p=[0.3, 0.24, 0.16, 0.12, 0.1, 0.05, 0.03]))
    row = _plan(stage, s, kind, day)
    fate, slip = rng.random(), int(rng.choice([0, 0, 0, 0, 1, 2, 6]))
    if day >= stage.days - 2:
        return row
    if fate < 0.05:
        return row | {"status": "postponed"}
    if fate < 0.075:
        return row | {"status": "cancelled"}
    at = stage.start + min(day + slip, stage.days - 1) * DAY + int(rng.uniform(7, 15) * 60) * (HOUR // 60)
    result = str(rng.choice(["passed", "partial", "failed"], p=[0.875, 0.075, 0.05]))
    row |= {"executed_at": instant(at), "result": result, "status": "executed"}
    row["attested_by"] = mail("ruth.adler") if rng.random() < 0.85 else None
    row["evidence_url"] = (
        f"https://grc.example.com/evidence/{s.service}-{row['planned_on']:%Y%m%d}" if rng.random() < 0.9 else None
    )
    if kind not in ("tabletop", "walkthrough"):
        rto, rpo = _OWN.get(s.service, (_RTO[s.tier], _RPO[s.tier]))
        worse = {"passed": 0.0, "partial": 0.75, "failed": 1.1}[result]
        row["rto_achieved_minutes"] = round(rto * float(np.exp(rng.normal(-0.62 + worse, 0.25))), 0)
        row["rpo_achieved_minutes"] = round(rpo * float(np.exp(rng.normal(-0.95 + worse, 0.35))), 0)
        if rng.random() < 0.07:
            row["rpo_achieved_minutes"] = None
    return row


def _plan(stage: Stage, s: Serv, kind: str, day: int) -> dict[str, Any]:
    company = stage.company
    near = (company.by_name[name] for name in company.beside(s.service))
    also = [o.service for o in near if o.tier <= 1 and o.service not in (s.service, UNTESTED, RETIRED)]
    targets = day % 3 != 0 or s.tier == 0
    own = _OWN.get(s.service, (_RTO[s.tier], _RPO[s.tier]))
    return {
        "name": f"{s.name}: {kind.replace('_', ' ')}",
        "kind": kind,
        "services": [s.service] + (also[:1] if kind in ("full_scale", "game_day") else []),
        "planned_on": stage.first + timedelta(day),
        "executed_at": None,
        "result": None,
        "status": "planned",
        "rto_minutes": own[0] if targets else None,
        "rpo_minutes": own[1] if targets else None,
        "lead": mail(stage.company.people_of(s.service)[day % len(stage.company.people_of(s.service))]),
    }


def _failed(stage: Stage) -> dict[str, Any]:
    """Five weeks ago the payments failover took more than two hours."""
    s = stage.company.by_name[FAILED]
    return _plan(stage, s, "failover", stage.days - 37) | {
        "rto_minutes": 30.0,
        "rpo_minutes": 5.0,
        "executed_at": instant(stage.ago(37, 8.5)),
        "result": "failed",
        "status": "executed",
        "rto_achieved_minutes": 142.0,
        "rpo_achieved_minutes": 11.0,
        "attested_by": mail("ruth.adler"),
        "evidence_url": "https://grc.example.com/evidence/payments-failover",
    }


def _pending(stage: Stage) -> list[dict[str, Any]]:
    """What is to come: the retest, one test overdue, one put off twice."""
    named = stage.company.by_name
    return [
        _plan(stage, named[FAILED], "failover", stage.days + 16) | {"name": "Payments API: failover, second attempt"},
        _plan(stage, named["event-stream"], "failover", stage.days - 19),
        _plan(stage, named["inventory"], "backup_restore", stage.days - 33) | {"status": "postponed"},
        _plan(stage, named["identity"], "game_day", stage.days + 9),
    ]

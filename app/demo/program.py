"""What the reliability program reads each month, what happened in the company, what approved exclusions take out."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from app.demo.case import Case
from app.demo.organisation import NOISY, mail
from app.demo.stage import Stage
from app.demo.timeline import DAY, HOUR, back, chance, instant, micros, mood


def annotations(stage: Stage) -> list[dict[str, Any]]:
    """Marks on the charts."""
    launch, mended = micros(back(stage.last, 8)), micros(back(stage.last, 5))
    tightened = micros(back(stage.last, 13))
    told = [
        (tightened + 8 * HOUR, "Checkout and payments promise 99.95 %", "service:checkout", "slo"),
        (launch + 32 * HOUR, "Express checkout launched", "service:checkout", "launch"),
        (
            mended + 3 * 24 * HOUR + 7 * HOUR,
            "Reorganisation: platform and data split, canaries required for tiers 0 and 1",
            "org",
            "reorganisation",
        ),
        (stage.ago(48, 9), "Search moved to the new cluster", f"team:{NOISY}", "search"),
        (stage.ago(10, 16), "Checkout releases frozen: error budget spent", "service:checkout", "freeze"),
    ]
    for offset in range(24, 0, -1):
        month = back(stage.last, offset)
        if month.month == 11:
            told.append((micros(month) + 27 * 24 * HOUR + 6 * HOUR, "Sale week", "org", f"sale-{month.year}"))
    told += [
        (micros(back(stage.last, 2 + 5 * place % 31)) + (9 + place) * DAY, f"New checkout in {country.upper()}",
         f"team:payments-{country}", f"checkout-{country}")
        for place, country in enumerate(stage.plan.countries)
    ]  # fmt: skip
    told.sort()
    return [
        {
            "annotation": f"note-{slug}",
            "at": instant(at),
            "title": title,
            "scope": scope,
            "url": f"https://wiki.example.com/{slug}",
        }
        for at, title, scope, slug in told
        if stage.start <= at < stage.end
    ]


def exclusions(stage: Stage, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Time that was approved to be left out: a supplier's outage, planned moves, an exercise."""
    card = next(case for case in cases if case.row["title"] == "Card network down for all shops")
    end = card.mitigated or stage.end
    why = "Card network down for all shops, which the contract leaves out"
    supplier: dict[str, Any] = {"services": ["payments-api"], "reason": why, "category": "third_party"}
    rows: list[dict[str, Any]] = [
        supplier | {"start": instant(card.started), "end": instant(end), "approved_by": mail("helen.frost")}
    ]
    for days, hour, hours, services, slos, reason, category in (
        (610, 1, 4, ["ledger"], None, "Move of the ledger database", "maintenance"),
        (402, 2, 3, ["inventory", "warehouse-gateway"], None, "Upgrade of the warehouse link", "maintenance"),
        (233, 1, 5, ["event-stream"], None, "Broker upgrade, first step", "maintenance"),
        (150, 9, 2, ["orders"], None, "Failover exercise, announced to customers", "test"),
        (61, 0, 6, None, ["search-api-latency"], "Move of search to the new cluster", "maintenance"),
        (6, 2, 3, ["data-warehouse"], None, "Storage move, announced", "maintenance"),
    ):
        rows.append(
            {
                "start": instant(stage.ago(days, hour)),
                "end": instant(stage.ago(days, hour + hours)),
                "services": services,
                "slos": slos,
                "reason": reason,
                "category": category,
                "approved_by": mail("katrin.schulz" if category == "maintenance" else "ruth.adler"),
            }
        )
    rows += [row for country in stage.plan.countries for row in _planned(stage, country)]
    rows.sort(key=lambda row: row["start"])
    return [{"exclusion": f"EX-{n + 1:02}"} | row for n, row in enumerate(rows)]


def _planned(stage: Stage, country: str) -> Iterator[dict[str, Any]]:
    """A country's announced work at night, and outages of its suppliers."""
    rng = chance(f"exclusions:{country}")
    own = [s.service for s in stage.company.services if s.market == country and s.tier < 3]
    for _ in range(stage.plan.exclusions):
        days, hour, hours = int(rng.integers(5, stage.days - 5)), int(rng.integers(0, 5)), int(rng.integers(1, 6))
        supplier = rng.random() < 0.2
        yield {
            "start": instant(stage.ago(days, hour)),
            "end": instant(stage.ago(days, hour + hours)),
            "services": [own[int(rng.integers(len(own)))]],
            "slos": None,
            "reason": "A supplier was down, which the contract leaves out" if supplier else "Planned work, announced",
            "category": "third_party" if supplier else "maintenance",
            "approved_by": mail("helen.frost" if supplier else f"katrin.schulz.{country}"),
        }


def readings(stage: Stage) -> Iterator[dict[str, Any]]:
    """Each complete month's readings, and each complete quarter's of people."""
    rng = chance("readings")
    months = sorted(set(stage.month.tolist()))
    done = [m for m in months if m < 0 or stage.today.day == 1]
    for n, offset in enumerate(done):
        month = back(stage.last, -offset)
        for row in _month(stage, rng, n, offset, stage.season[stage.month == offset].mean()):
            yield {"period": f"{month:%Y-%m}"} | row
        if month.month % 3 == 0 and n >= 2:
            for row in _quarter(stage, rng, n):
                yield {"period": f"{month.year}-Q{month.month // 3}"} | row


def _month(stage: Stage, rng: np.random.Generator, n: int, offset: int, season: float) -> Iterator[dict[str, Any]]:
    def share(kpi: str, scope: str, whole: float, value: float, source: str, **more: Any) -> dict[str, Any]:
        return {
            "kpi": kpi,
            "scope": scope,
            "part": float(round(whole * min(value, 1))),
            "whole": whole,
            "source": source,
            **more,
        }

    near = float(rng.normal(1, 0.03))
    hours, toil = 0.0, 0.0
    for crew in stage.company.crews:
        whole = round(len(crew.people) * 132 * float(rng.uniform(0.94, 1.04)))
        level = (
            (0.58 if crew.team == NOISY else 0.41 - 0.003 * n) * mood(offset, 1, 1.2, 0.95) * float(rng.normal(1, 0.04))
        )
        row = share("toil", f"team:{crew.team}", float(whole), level, "jira")
        hours, toil = hours + row["whole"], toil + row["part"]
        yield row
    yield {"kpi": "toil", "scope": "org", "part": round(toil, 1), "whole": hours, "source": "jira"}
    yield share("automation_coverage", "org", 120.0, 0.42 + 0.011 * n, "jira")
    for s in stage.company.services:
        if s.tier == 0:
            p95 = (
                190
                * mood(offset, 1, 1.25, 0.93)
                * (0.8 + 0.4 * season / 1.5)
                * float(rng.normal(1, 0.05))
                * (1 + len(s.service) % 3 / 8)
            )
            yield {
                "kpi": "latency_p95",
                "scope": f"service:{s.service}",
                "value": round(p95, 1),
                "target": 300.0,
                "source": "datadog",
            }
            yield {
                "kpi": "latency_p99",
                "scope": f"service:{s.service}",
                "value": round(p95 * float(rng.uniform(2.0, 2.6)), 1),
                "target": 650.0,
                "source": "datadog",
            }
        if s.tier <= 1 and s.cost and s.service != "legacy-checkout":
            room = (0.14 if s.service == "search-api" else 0.38) - 0.12 * (season - 1.2) + float(rng.normal(0, 0.02))
            yield share("capacity_headroom", f"service:{s.service}", 1000.0, max(room, 0.02), "datadog")
    orders = round(410_000 * season * near)
    spend = round(96_000 + orders * 0.118 * (1 - 0.004 * n) * near)
    yield {
        "kpi": "unit_cost",
        "scope": "org",
        "part": float(spend),
        "whole": float(orders),
        "source": "finance",
        "note": "EUR for each order",
    }
    yield {
        "kpi": "budget_variance",
        "scope": "org",
        "part": float(spend),
        "whole": round(spend / float(rng.normal(1.03, 0.045)), -2),
        "source": "finance",
    }
    yield share(
        "patch_compliance", "org", float(rng.integers(160, 260)), 0.93 + 0.001 * n + float(rng.normal(0, 0.01)), "grc"
    )
    answers = int(rng.integers(28, 52))
    score = 4.15 + mood(offset, 0.05, -0.45, 0.15) + float(rng.normal(0, 0.06))
    yield {
        "kpi": "stakeholder_satisfaction",
        "scope": "org",
        "part": float(round(score * answers)),
        "whole": float(answers),
        "source": "survey",
    }
    yield share("review_participation", "org", 24.0, 0.7 + 0.008 * n, "survey")


def _quarter(stage: Stage, rng: np.random.Generator, n: int) -> Iterator[dict[str, Any]]:
    people = sum(len(c.people) for c in stage.company.crews)
    yield {
        "kpi": "retention",
        "scope": "org",
        "part": float(people - int(rng.integers(0, 3))),
        "whole": float(people),
        "target": 0.92,
        "source": "people",
    }
    yield {
        "kpi": "engagement",
        "scope": "org",
        "value": round(7.1 + 0.02 * n + float(rng.normal(0, 0.15)), 2),
        "target": 7.5,
        "source": "survey",
    }
    yield {
        "kpi": "hiring_on_plan",
        "scope": "org",
        "part": float(rng.integers(3, 6)),
        "whole": 5.0,
        "target": 0.8,
        "source": "people",
    }
    yield {
        "kpi": "capability_maturity",
        "scope": "org",
        "value": round(2.3 + 0.04 * n, 1),
        "target": 3.5,
        "source": "survey",
        "note": "own assessment, 1 to 5",
    }

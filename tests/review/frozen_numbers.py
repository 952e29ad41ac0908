"""Numbers of a frozen review: of every KPI, every split, thirteen months."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.charts import faces
from app.charts.description import Chart
from app.charts.trend import trend as trend_chart
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Group, Number
from app.policy import default
from app.review.exceptions import STEPS
from app.review.snapshot import SPLITS
from tests.review.frozen_charts import HOSTILE, PERIODS, SERVICES, SILENT

WHOLE = Group()
UNKNOWN = frozenset(STEPS["change"])
"""KPIs of which nothing was ever known."""
FROZEN_AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
POLICY = default()
TEAMS = {"payments": "Payments and settlement, with the night desk", "search": "Search"}
SLOS = {f"{name}-{kind}": f"{SERVICES[name]} {kind}" for name in SERVICES for kind in ("availability", "latency")}
_SIZES = {
    "share": 0.9231,
    "count": 3.0,
    "minutes": 95.5,
    "hours": 30.25,
    "money": 1_234_567.89,
    "per_week": 11.625,
    "ratio": 1.18,
    "ms": 412.0,
    "score": 4.25,
}


def number(key: str, period: str = PERIODS[-1], group: Group = WHOLE, step: int = 12, **changes: Any) -> Number:
    """A number of a KPI: a value that moves with the step, none where nothing is known."""
    kpi = KPIS[key]
    silent = period == SILENT or key in UNKNOWN or not kpi.measured
    if silent:
        return replace(Number(key, period, group, None, kpi.unit, as_of=FROZEN_AT), **changes)
    size = _SIZES[kpi.unit]
    value = min(size * (0.9 + 0.013 * (step * 7 % 11)), 0.9999) if kpi.unit == "share" else size + step % 5
    op = faces.op_of(key, POLICY)
    aim = POLICY.targets[key].value if key in POLICY.targets else None
    better = value >= aim if aim is not None and op in (">=", ">") else aim is not None and value <= aim
    found = Number(
        key,
        period,
        group,
        value,
        kpi.unit,
        numerator=value * 26 if kpi.unit == "share" else None,
        denominator=26.0 if kpi.unit == "share" else None,
        n=26,
        n_excluded=2,
        excluded={"no end": 2},
        coverage=0.97,
        low=value * 0.8,
        high=min(value * 1.2, 1.0) if kpi.unit == "share" else value * 1.2,
        mean=value * 1.1 if kpi.shape == "duration" else None,
        p90=value * 2 if kpi.shape == "duration" else None,
        target=aim,
        verdict="no_target" if aim is None else "met" if better else "missed",
        certain=None if aim is None else step % 3 != 0,
        signal=("steady", "worsening", "improving")[step % 3],
        since="2026-08",
        as_of=FROZEN_AT,
        extra={"least": value * 0.7, "who": HOSTILE[1]} if step % 2 else {},
        limits=(value * 0.6, value, value * 1.5) if step > 3 else None,
    )
    return replace(found, **changes)


def numbers() -> dict[str, tuple[Number, ...]]:
    groups = {
        "": [Group()],
        "tier": [Group(tier=0), Group(tier=1)],
        "team": [Group(team=team) for team in TEAMS],
        "service": [Group(service=service) for service in SERVICES],
        "slo": [Group(slo=slo) for slo in SLOS],
        "severity": [Group(severity=1), Group(severity=2)],
    }
    return {
        split: tuple(
            number(key, group=group, step=at + place)
            for at, (key, kpi) in enumerate(KPIS.items())
            if not split or split in kpi.dimensions
            for place, group in enumerate(groups[split])
        )
        for split in SPLITS
    }


def months() -> tuple[Number, ...]:
    return tuple(
        number(key, period, step=step, partial=step == 12)
        for key, kpi in KPIS.items()
        if not kpi.always_by
        for step, period in enumerate(PERIODS)
    )


def history(key: str) -> list[Number]:
    return [one for one in months() if one.kpi == key]


def chart(key: str) -> Chart:
    return trend_chart(KPIS[key], history(key), op=faces.op_of(key, POLICY))


def face(key: str) -> faces.Face:
    past = history(key)
    made = faces.face(past[-1], past[-2], past, POLICY)
    return faces.spent(made, past[-1], past[-2]) if key == "error_budget_remaining" else made

"""One incident on its way to becoming rows, and what it does to customers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.demo.timeline import MINUTE, instant


@dataclass
class Case:
    """One incident on its way to becoming rows. Instants in microseconds; None is unknown or not yet."""

    row: dict[str, Any]
    started: int
    detected: int
    mitigated: int | None
    resolved: int | None
    service: str
    impacts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.row["incident"])

    @property
    def severity(self) -> int:
        return int(self.row["severity"])

    @property
    def real(self) -> bool:
        return self.row.get("kind") in (None, "incident")


def hit(
    rng: np.random.Generator,
    case: Case,
    quiet: bool = False,
    share: float | None = None,
    outage: bool | None = None,
    sure: bool = False,
) -> None:
    """Customers felt it: impact windows on its services (some are never written down)."""
    severity = case.severity
    case.row["customer_impact"] = True
    low, high = {1: (0.5, 1.0), 2: (0.18, 0.6), 3: (0.04, 0.22)}.get(severity, (0.01, 0.08))
    share = round(float(rng.uniform(low, high)) if share is None else share, 3)
    if quiet:
        share = min(share, 0.03)
    case.row["customers_affected"] = round(share * float(rng.uniform(6e3, 4e4))) if rng.random() < 0.8 else None
    if not sure and (case.row["started_at"] is None or rng.random() < 0.05):
        return
    start, end = case.started, case.mitigated or case.resolved
    outage = (severity == 1 or (severity == 2 and rng.random() < 0.5)) if outage is None else outage
    level = "outage" if outage else "degraded"
    own: dict[str, Any] = {
        "service": case.service,
        "start": instant(start),
        "end": instant(end) if end else None,
        "level": level,
    }
    own["share"] = share if sure or rng.random() < 0.93 else None
    case.impacts.append(own)
    if end and outage and rng.random() < 0.25:
        half = instant(start + (end - start) * 3 // 5)
        own["end"] = half
        case.impacts.append(
            own | {"start": half, "end": instant(end), "level": "degraded", "share": round(share / 3, 3)}
        )
    for service in case.row["services"][1:]:
        if rng.random() < 0.75:
            later = start + int(rng.uniform(0, 6) * MINUTE)
            case.impacts.append(
                own | {"service": service, "start": instant(later), "level": "degraded", "share": round(share / 4, 3)}
                | {"end": instant(max(end, later)) if end else None}
            )  # fmt: skip

"""The rows of teams, services and promises, with the looser promises that held before."""

from app.demo.organisation import RETIRED, mail
from app.demo.stage import Stage
from app.demo.timeline import back


def team_rows(stage: Stage) -> list[dict[str, object]]:
    return [
        {"team": c.team, "name": c.name, "timezone": c.timezone, "manager": mail(c.manager)}
        for c in stage.company.crews
    ]


def service_rows(stage: Stage) -> list[dict[str, object]]:
    """The services; checkout and payments have recovery targets of their own, tighter than their tier's."""
    own = {"checkout": (30.0, 5.0), "payments-api": (30.0, 5.0), "ledger": (120.0, 15.0)}
    rows = []
    for s in stage.company.services:
        rto, rpo = own.get(s.service, (None, None))
        rows.append(
            {
                "service": s.service,
                "name": s.name,
                "tier": s.tier,
                "team": s.team,
                "product": s.product,
                "downtime_cost_per_minute": s.cost,
                "rto_minutes": rto,
                "rpo_minutes": rpo,
                "retired_on": stage.retired_on if s.service == RETIRED else None,
            }
        )
    return rows


def slo_rows(stage: Stage) -> list[dict[str, object]]:
    """Every promise, with the looser ones that held before: checkout and payments were tightened last year."""
    rows: list[dict[str, object]] = []
    for slo in stage.company.promises:
        row = slo._asdict()
        earlier = {"checkout-availability": 0.999, "payments-api-availability": 0.999, "cart-latency": 0.998}
        if slo.slo in earlier:
            rows.append(row | {"objective": earlier[slo.slo], "valid_from": stage.first})
            rows.append(row | {"valid_from": back(stage.last, 13)})
        else:
            rows.append(dict(row))
    return rows

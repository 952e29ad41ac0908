"""The large size: the same shop in two dozen countries, each with its own teams, services and promises."""

import numpy as np

from app.demo.organisation import RETIRED, SERVICES, TEAMS, Promise, slos
from app.demo.plan import COUNTRIES
from app.demo.stage import Company
from app.demo.timeline import chance

_NOISY = 0.06
"""Share of the teams abroad that are called at night, and mostly for nothing."""


def company(countries: tuple[str, ...]) -> Company:
    """The home market, and a likeness of it in each of these countries: with all of them about 1,000 services,
    2,500 promises and 150 teams. The old checkout ran at home only."""
    if not countries:
        return Company()
    rng = chance("markets")
    crews, services, promises = list(TEAMS), list(SERVICES), list(slos())
    for country in countries:
        label = country.upper()
        for crew in TEAMS:
            noisy = bool(rng.random() < _NOISY)
            weekly = 20.0 if noisy else min(crew.weekly, 12.0) * float(np.exp(rng.normal(-0.05, 0.3)))
            crews.append(
                crew._replace(
                    team=f"{crew.team}-{country}",
                    name=f"{crew.name} {label}",
                    timezone=COUNTRIES[country],
                    manager=f"{crew.manager}.{country}",
                    people=tuple(f"{person}.{country}" for person in crew.people),
                    weekly=weekly,
                    noisy=noisy,
                )
            )
        for s in SERVICES:
            if s.service != RETIRED:
                services.append(
                    s._replace(
                        service=f"{s.service}-{country}",
                        name=f"{s.name} {label}",
                        team=f"{s.team}-{country}",
                        cost=s.cost and round(s.cost / 12),
                    )
                )
        for p in slos():
            promises.append(
                p._replace(slo=f"{p.slo}-{country}", service=f"{p.service}-{country}", name=f"{p.name} {label}")
            )
    held = {p.slo for p in promises}
    for s in services:
        extra = Promise(
            f"{s.service}-latency", s.service, f"{s.name} within 400 ms", "latency", (0.999, 0.999, 0.995, 0.99)[s.tier]
        )
        errors = Promise(f"{s.service}-freshness", s.service, f"{s.name} up to date", "freshness", extra.objective)
        promises += [
            p for p in (extra, *([errors] if s.tier == 1 else [])) if p.slo not in held and s.service != RETIRED
        ]
    return Company(tuple(crews), tuple(services), tuple(promises))

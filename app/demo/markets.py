"""The large size: the same shop in two dozen countries, each with its own teams, services and promises."""

from app.demo.organisation import RETIRED, SERVICES, TEAMS, Promise, slos
from app.demo.stage import Company

MARKETS = {
    "at": "Europe/Vienna", "au": "Australia/Sydney", "be": "Europe/Brussels", "br": "America/Sao_Paulo",
    "ca": "America/Toronto", "ch": "Europe/Zurich", "cz": "Europe/Prague", "dk": "Europe/Copenhagen",
    "es": "Europe/Madrid", "fi": "Europe/Helsinki", "fr": "Europe/Paris", "gr": "Europe/Athens",
    "ie": "Europe/Dublin", "it": "Europe/Rome", "jp": "Asia/Tokyo", "mx": "America/Mexico_City",
    "nl": "Europe/Amsterdam", "no": "Europe/Oslo", "nz": "Pacific/Auckland", "pl": "Europe/Warsaw",
    "pt": "Europe/Lisbon", "ro": "Europe/Bucharest", "se": "Europe/Stockholm", "sg": "Asia/Singapore",
}  # fmt: skip
"""Country → the zone of its teams; the home market comes on top, under plain names."""
YEARS = 3


def company() -> Company:
    """About 1,000 services with 2,500 promises and 150 teams. The old checkout ran at home only."""
    crews, services, promises = list(TEAMS), list(SERVICES), list(slos())
    for country, zone in MARKETS.items():
        label = country.upper()
        for crew in TEAMS:
            crews.append(
                crew._replace(
                    team=f"{crew.team}-{country}",
                    name=f"{crew.name} {label}",
                    timezone=zone,
                    manager=f"{crew.manager}.{country}",
                    people=tuple(f"{person}.{country}" for person in crew.people),
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

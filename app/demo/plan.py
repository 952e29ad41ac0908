"""How much of everything each size of the demo has; all of it grows with the number of countries."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

COUNTRIES = {
    "at": "Europe/Vienna", "au": "Australia/Sydney", "be": "Europe/Brussels", "br": "America/Sao_Paulo",
    "ca": "America/Toronto", "ch": "Europe/Zurich", "cz": "Europe/Prague", "dk": "Europe/Copenhagen",
    "es": "Europe/Madrid", "fi": "Europe/Helsinki", "fr": "Europe/Paris", "gr": "Europe/Athens",
    "ie": "Europe/Dublin", "it": "Europe/Rome", "jp": "Asia/Tokyo", "mx": "America/Mexico_City",
    "nl": "Europe/Amsterdam", "no": "Europe/Oslo", "nz": "Pacific/Auckland", "pl": "Europe/Warsaw",
    "pt": "Europe/Lisbon", "ro": "Europe/Bucharest", "se": "Europe/Stockholm", "sg": "Asia/Singapore",
}  # fmt: skip
"""Country → the zone of its teams; the home market comes on top, under plain names."""


class Plan(NamedTuple):
    """The rates that make a size."""

    years: int = 2
    countries: tuple[str, ...] = ()
    """Besides home."""
    minor: float = 1.0
    """Incidents of severity 3 to 5, as a multiple of what a company of this many services would have."""
    deployments: tuple[float, ...] = (4.2, 3.2, 2.3, 1.2)
    """A week, by tier."""
    dr_every: tuple[int, ...] = (125, 270, 420, 0)
    """Days between two DR tests of a service, by tier; 0: none are planned."""
    tickets: float = 0.0
    """Pages by e-mail that a team gets in a week, besides those that its alerts send: nobody is interrupted."""
    floods: float = 0.0
    """Share of calls that go off again and again for minutes, and interrupt once."""
    risks: int = 0
    """In the register of each country."""
    exclusions: int = 0
    """Of planned work in each country."""
    about: Mapping[str, int] = MappingProxyType({})
    """Entity → about how many rows there will be, where they take a while."""


SMALL = Plan()
ENTERPRISE = Plan(
    years=3,
    countries=tuple(COUNTRIES),
    minor=4.5,
    deployments=(3.05, 2.3, 1.65, 0.9),
    dr_every=(185, 390, 0, 0),
    tickets=91.0,
    floods=0.024,
    risks=15,
    exclusions=8,
    about=MappingProxyType({"sli": 2_900_000, "pages": 2_950_000, "deployments": 300_000}),
)
"""1,000 services and 150 teams, 2,500 SLOs, 2.7 million SLI rows, 20,000 incidents, 3 million pages, 300,000
deployments, 2,000 DR tests and 400 risks, each within a tenth."""
SIZES = {"small": SMALL, "enterprise": ENTERPRISE}


def sized(name: str) -> Plan:
    """The plan of a size. Raises ValueError for a size there is not."""
    if name not in SIZES:
        raise ValueError(f"{name!r} is not a size of the demo: choose {' or '.join(SIZES)}")
    return SIZES[name]

"""Merrow, an online shop that does not exist: six teams in three zones, their people, services and promises."""

from typing import NamedTuple


class Crew(NamedTuple):
    team: str
    name: str
    timezone: str
    manager: str
    people: tuple[str, ...]
    weekly: float
    """Interruptions a week in calm times, incidents apart."""
    seconds: bool = False
    """Whether a second responder is on duty too."""
    noisy: bool = False
    """Whether it is called at night, and mostly for nothing."""


class Serv(NamedTuple):
    service: str
    name: str
    tier: int
    team: str
    product: str
    cost: float | None = None
    """Of a minute down, EUR."""

    @property
    def market(self) -> str:
        """The country it is run for; home is empty."""
        return self.team.partition("-")[2]


class Promise(NamedTuple):
    slo: str
    service: str
    name: str
    kind: str
    objective: float
    window: str = "28d"
    method: str = "occurrences"
    slice_minutes: float | None = None
    slice_objective: float | None = None


def mail(person: str) -> str:
    return f"{person}@example.com"


NOISY = "search"
FROZEN = "checkout"
UNTESTED = "pricing"
RETIRED = "legacy-checkout"

TEAMS = (
    Crew("payments", "Payments", "America/New_York", "grace.miller",
         ("dana.reyes", "owen.clarke", "priya.nair", "luis.ortega", "hannah.cole", "marcus.webb"), 14.0, True),
    Crew("storefront", "Storefront", "Europe/Berlin", "jonas.weber",
         ("lena.vogt", "tomas.novak", "ines.costa", "felix.brandt", "sofia.ricci"), 7.0),
    Crew("search", "Search and discovery", "Asia/Kolkata", "anjali.menon",
         ("rohan.gupta", "meera.iyer", "arjun.das", "kavya.rao"), 20.5, noisy=True),
    Crew("fulfilment", "Fulfilment", "America/New_York", "peter.hughes",
         ("nora.quinn", "sam.okafor", "julia.stone", "ethan.brooks", "maria.lopez"), 8.0),
    Crew("platform", "Platform", "Europe/Berlin", "katrin.schulz",
         ("emil.hansen", "clara.dubois", "piotr.zielinski", "noor.haddad", "jan.devries", "greta.lind"), 14.5, True),
    Crew("data", "Data", "Asia/Kolkata", "vikram.shah",
         ("isha.patel", "neel.joshi", "tara.bose", "dev.kapoor", "leela.krishnan"), 6.2),
)  # fmt: skip

SERVICES = (
    Serv("checkout", "Checkout", 0, "payments", "Shop", 2_400),
    Serv("payments-api", "Payments API", 0, "payments", "Payments", 2_100),
    Serv("ledger", "Ledger", 1, "payments", "Payments", 600),
    Serv("fraud-screening", "Fraud screening", 1, "payments", "Payments", 900),
    Serv("refunds", "Refunds", 1, "payments", "Payments", 150),
    Serv("wallet", "Wallet", 2, "payments", "Payments", 120),
    Serv("invoicing", "Invoicing", 2, "payments", "Payments"),
    Serv("cart", "Cart", 0, "storefront", "Shop", 1_600),
    Serv("web-shop", "Web shop", 1, "storefront", "Shop", 1_300),
    Serv("mobile-api", "Mobile API", 1, "storefront", "Shop", 900),
    Serv("content", "Content", 2, "storefront", "Shop", 80),
    Serv("promotions", "Promotions", 2, "storefront", "Shop", 140),
    Serv("reviews", "Reviews", 3, "storefront", "Shop"),
    Serv("wishlist", "Wish list", 3, "storefront", "Shop"),
    Serv("catalogue", "Catalogue", 0, "search", "Discovery", 1_100),
    Serv("search-api", "Search API", 1, "search", "Discovery", 850),
    Serv("pricing", "Pricing", 1, "search", "Discovery", 700),
    Serv("search-indexer", "Search indexer", 2, "search", "Discovery", 60),
    Serv("recommendations", "Recommendations", 2, "search", "Discovery", 110),
    Serv("autocomplete", "Autocomplete", 3, "search", "Discovery"),
    Serv("image-resizer", "Image resizer", 3, "search", "Discovery"),
    Serv("orders", "Orders", 0, "fulfilment", "Delivery", 1_500),
    Serv("inventory", "Inventory", 1, "fulfilment", "Delivery", 500),
    Serv("shipping", "Shipping", 1, "fulfilment", "Delivery", 350),
    Serv("delivery-promise", "Delivery promise", 2, "fulfilment", "Delivery", 130),
    Serv("warehouse-gateway", "Warehouse gateway", 2, "fulfilment", "Delivery", 220),
    Serv("returns", "Returns", 2, "fulfilment", "Delivery", 60),
    Serv("parcel-tracking", "Parcel tracking", 3, "fulfilment", "Delivery"),
    Serv("api-gateway", "API gateway", 0, "platform", "Platform", 2_000),
    Serv("identity", "Identity", 0, "platform", "Platform", 1_700),
    Serv("notifications", "Notifications", 1, "platform", "Platform", 180),
    Serv("feature-flags", "Feature flags", 1, "platform", "Platform", 300),
    Serv("config-store", "Configuration store", 2, "platform", "Platform"),
    Serv("build-pipeline", "Build pipeline", 3, "platform", "Platform"),
    Serv("developer-portal", "Developer portal", 3, "platform", "Platform"),
    Serv("event-stream", "Event stream", 1, "data", "Data", 400),
    Serv("data-warehouse", "Data warehouse", 2, "data", "Data"),
    Serv("customer-360", "Customer 360", 2, "data", "Data", 40),
    Serv("experiments", "Experiments", 2, "data", "Data"),
    Serv("forecasting", "Forecasting", 3, "data", "Data"),
    Serv("reporting", "Reporting", 3, "data", "Data"),
    Serv(RETIRED, "Checkout (old)", 1, "payments", "Shop", 500),
)

_FLOOR = (0.999, 0.999, 0.995, 0.99)
_BELOW_FLOOR = {"inventory": 0.998, "invoicing": 0.99}
_NO_SLO = {"developer-portal", "image-resizer", RETIRED}
TIMESLICED = {"data-warehouse", "config-store"}
HOURLY_TIERS = (0, 1)
"""Tiers whose SLIs come hour by hour for the last four days."""


def slos() -> tuple[Promise, ...]:
    """The promises now in force: availability for nearly every service, latency for tier 0, some of other kinds."""
    found = []
    for s in SERVICES:
        if s.service in _NO_SLO:
            continue
        objective = 0.9995 if s.service in (FROZEN, "payments-api") else _BELOW_FLOOR.get(s.service, _FLOOR[s.tier])
        sliced = s.service in TIMESLICED
        found.append(
            Promise(
                f"{s.service}-availability",
                s.service,
                f"{s.name} answers",
                "availability",
                objective,
                "30d" if s.team == "data" else "1Q" if s.tier == 3 else "28d",
                "timeslices" if sliced else "occurrences",
                5.0 if sliced else None,
                0.95 if sliced else None,
            )
        )
        if s.tier == 0:
            found.append(Promise(f"{s.service}-latency", s.service, f"{s.name} within 400 ms", "latency", 0.999))
    found += [
        Promise("search-api-latency", "search-api", "Search within 300 ms", "latency", 0.999),
        Promise("web-shop-latency", "web-shop", "First page within 1 s", "latency", 0.999),
        Promise("ledger-correctness", "ledger", "Bookings that balance", "correctness", 0.9999, "1M"),
        Promise("event-stream-freshness", "event-stream", "Events within 60 s", "freshness", 0.999, "30d"),
    ]
    return tuple(found)

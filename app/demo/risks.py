"""The risk register: forty risks, two above appetite, one acceptance that ran out, some reviews overdue."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from app.demo.organisation import mail
from app.demo.timeline import Timeline, chance


class _R(NamedTuple):
    title: str
    category: str
    services: str
    inherent: tuple[int, int]
    now: tuple[int, int]
    target: tuple[int, int]
    treatment: str
    response: str


_LIST = (
    _R("One payment provider carries nine in ten card payments", "third party", "payments-api;checkout", (4, 5), (4, 4), (2, 4), "mitigate", "Second provider under contract; routing in test."),
    _R("Search cluster runs at its limit in the peak season", "capacity", "search-api;search-indexer", (5, 5), (3, 5), (2, 3), "mitigate", "Order capacity, shed load from suggestions first."),
    _R("Price rules live on one database without a tested failover", "resilience", "pricing", (4, 4), (3, 4), (1, 4), "accept", "Accepted until the new store is in place."),
    _R("Loss of the main region stops all orders", "resilience", "orders;checkout;payments-api", (3, 5), (2, 5), (1, 5), "mitigate", "Second region warm, failover every half year."),
    _R("Stolen administrator account", "security", "identity", (4, 5), (2, 5), (1, 5), "mitigate", "Hardware keys, approval for each elevation."),
    _R("Backups of the ledger cannot be restored in time", "resilience", "ledger", (3, 5), (2, 5), (1, 5), "mitigate", "Monthly restore test."),
    _R("Denial of service on the public shop", "security", "web-shop;api-gateway", (5, 4), (3, 4), (2, 3), "mitigate", "Scrubbing at the edge, rate limits per client."),
    _R("Key people: two engineers know the warehouse protocol", "people", "warehouse-gateway", (4, 3), (4, 3), (2, 3), "mitigate", "Pairing plan and a written protocol."),
    _R("Certificates renewed by hand", "process", "notifications;shipping", (4, 3), (2, 3), (1, 3), "mitigate", "Automatic renewal is rolled out."),
    _R("Message broker version without support", "technology", "event-stream", (4, 4), (3, 4), (1, 3), "mitigate", "Upgrade in two steps."),
    _R("Cloud bill grows faster than orders", "financial", "data-warehouse", (4, 3), (3, 3), (2, 2), "mitigate", "Budgets by team, idle capacity removed."),
    _R("Carrier interface changes without notice", "third party", "shipping;parcel-tracking", (4, 3), (3, 3), (2, 3), "transfer", "Contract clause and a test system."),
    _R("Personal data kept longer than allowed", "compliance", "customer-360", (3, 4), (2, 4), (1, 4), "mitigate", "Deletion runs every night and is checked."),
    _R("Card data standard audit finds gaps", "compliance", "payments-api;wallet", (3, 5), (2, 4), (1, 4), "mitigate", "Pre-audit done, three findings open."),
    _R("On-call of one team is not sustainable", "people", "search-api", (5, 3), (4, 3), (2, 3), "mitigate", "Alert clean-up and two more responders."),
    _R("Feature flags service down blocks all releases", "resilience", "feature-flags", (3, 4), (2, 4), (2, 2), "mitigate", "Local fallback values."),
    _R("Fraud model degrades unnoticed", "model", "fraud-screening", (3, 4), (2, 4), (1, 4), "mitigate", "Daily drift report."),
    _R("Flood at the northern warehouse", "physical", "warehouse-gateway;inventory", (2, 5), (1, 5), (1, 4), "transfer", "Insured; stock is spread over two sites."),
    _R("Power loss at the office", "physical", "", (3, 1), (3, 1), (3, 1), "accept", "People work from home."),
    _R("Old mobile versions cannot be switched off", "technology", "mobile-api", (4, 2), (3, 2), (2, 2), "mitigate", "Minimum version raised twice a year."),
    _R("Recommendation errors show unsuitable products", "model", "recommendations", (3, 3), (2, 3), (1, 3), "mitigate", "Block list and human review."),
    _R("Refunds paid twice after a retry", "process", "refunds", (3, 3), (2, 3), (1, 3), "mitigate", "Idempotency keys everywhere."),
    _R("Address service abroad becomes unavailable", "third party", "delivery-promise", (3, 3), (2, 3), (2, 2), "mitigate", "Cached answers for two days."),
    _R("Stock counts drift from the warehouse", "process", "inventory", (4, 3), (3, 3), (2, 2), "mitigate", "Hourly reconciliation."),
    _R("Build pipeline can be tampered with", "security", "build-pipeline", (3, 5), (2, 5), (1, 5), "mitigate", "Signed builds, two-person rule."),
    _R("Secrets in configuration", "security", "config-store", (4, 4), (2, 4), (1, 4), "mitigate", "Scanning on each change."),
    _R("Session store fills up at a sale", "capacity", "cart;identity", (4, 4), (2, 4), (1, 4), "mitigate", "Load test before each sale."),
    _R("Content system is a single node", "resilience", "content", (3, 2), (3, 2), (2, 2), "accept", "Static copy is served instead."),
    _R("Exchange rates arrive late", "third party", "pricing;invoicing", (3, 2), (2, 2), (2, 2), "accept", "Yesterday's rates with a margin."),
    _R("Analytics job overloads the orders database", "technology", "orders;data-warehouse", (4, 4), (2, 4), (1, 4), "avoid", "Jobs read from a replica only."),
    _R("Review texts are used for attacks", "security", "reviews", (3, 2), (2, 2), (1, 2), "mitigate", "Filtering and rate limits."),
    _R("A supplier of labels goes out of business", "third party", "shipping", (2, 3), (2, 3), (1, 3), "transfer", "Second supplier named in the contract."),
    _R("Time zone errors in delivery promises", "process", "delivery-promise", (3, 2), (2, 2), (1, 2), "mitigate", "Property tests on the calendar."),
    _R("Forecast misses a sale by far", "model", "forecasting", (4, 2), (3, 2), (2, 2), "accept", "Planners correct by hand."),
    _R("Developer portal is out of date", "process", "developer-portal", (4, 1), (3, 1), (2, 1), "accept", "Owners are asked each quarter."),
    _R("Hiring in one location is too slow", "people", "", (4, 3), (3, 3), (2, 3), "mitigate", "Open positions in two more locations."),
    _R("Old checkout left running beside the new", "technology", "legacy-checkout", (4, 4), (1, 2), (1, 1), "avoid", "Switched off."),
    _R("Data centre contract ends", "third party", "ledger", (3, 4), (1, 2), (1, 2), "avoid", "Moved to the cloud."),
    _R("Express checkout launched without load test", "process", "checkout", (5, 5), (1, 3), (1, 3), "mitigate", "Load test is part of every launch now."),
    _R("Peak sale without a change freeze", "process", "", (4, 4), (1, 3), (1, 3), "mitigate", "Freeze is policy."),
)  # fmt: skip
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
OVERDUE = (7, 9, 14)
"""Places in the list whose review is overdue."""
ACCEPTED = 2
"""The place of the acceptance that ran out."""


def rows(line: Timeline) -> list[dict[str, object]]:
    """The register as it stands."""
    rng = chance("risks")
    found = []
    for n, r in enumerate(_LIST):
        closed = n >= len(_LIST) - _CLOSED
        identified = line.first + timedelta(int(rng.integers(-500, line.days - 60)))
        closed_on = line.last - timedelta(int(rng.integers(30, 220))) if closed else None
        if closed_on:
            identified = min(identified, closed_on - timedelta(90))
        review = line.today + timedelta(int(rng.integers(9, 170)))
        if n in OVERDUE:
            review = line.today - timedelta(int(rng.integers(4, 40)))
        accepted = r.treatment == "accept"
        until = line.today + timedelta(int(rng.integers(40, 300))) if accepted else None
        if n == ACCEPTED:
            until = ran_out(line)
        spread, costly = float(rng.uniform(2.0, 4.0)), float(rng.uniform(3.0, 6.0))
        rate, loss = _RATE[r.now[0] - 1], _MONEY[r.now[1] - 1]
        priced = n % 5 != 3
        found.append(
            {
                "risk": f"RISK-{n + 1:02}",
                "title": r.title,
                "category": r.category,
                "services": r.services.split(";") if r.services else None,
                "owner": _OWNERS[n % len(_OWNERS)],
                "status": "closed" if closed else "open",
                "inherent_likelihood": r.inherent[0],
                "inherent_impact": r.inherent[1],
                "likelihood": r.now[0],
                "impact": r.now[1],
                "target_likelihood": r.target[0],
                "target_impact": r.target[1],
                "treatment": r.treatment,
                "review_on": None if closed else review,
                "identified_on": _identified(line, n, identified),
                "closed_on": closed_on,
                "accepted_by": mail("helen.frost") if accepted else None,
                "accepted_until": until,
                "events_per_year_low": round(rate / spread, 3) if priced else None,
                "events_per_year_high": round(rate * spread, 3) if priced else None,
                "loss_low": round(loss / costly, -2) if priced else None,
                "loss_high": round(loss * costly, -2) if priced else None,
                "description": f"{r.title}. Seen in the yearly assessment and in incidents.",
                "response": r.response,
            }
        )
    return found


def ran_out(line: Timeline) -> date:
    """A day of this month that has ended, on the first of a month yesterday."""
    return max(line.last.replace(day=1), line.last - timedelta(10))


def _identified(line: Timeline, n: int, drawn: date) -> date | None:
    """The search risk came up after the bad quarter, one last week; of one nobody knows."""
    return {1: line.last - timedelta(75), 5: None, 14: line.last - timedelta(4)}.get(n, drawn)

"""A small register for tests: two people, two services, two risks of a file, an incident, a DR test."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.engine import Engine

from app.metrics.facts import DrTest, Incident, Risk, Service, Slo, Team
from app.metrics.risk_records import RiskKey
from app.people import Person, Role
from app.store.engine import writing
from tests.store.keeping import keep

AT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
TODAY = AT.date()
ANA = Person("ana@example.org", frozenset({Role.EDITOR}))
BEN = Person("ben@example.org", frozenset({Role.EDITOR, Role.APPROVER}))
EVE = Person("eve@example.org", frozenset({Role.APPROVER}))
VIC = Person("vic@example.org", frozenset({Role.VIEWER}))
POS = Person("pos@example.org", frozenset({Role.EDITOR}), products=frozenset({"till"}))
FIRE, FLOOD = RiskKey("file", "FIRE"), RiskKey("file", "FLOOD")
RISKS = [
    Risk(
        "file", "FIRE", "The hall burns", "site", "ana@example.org", "open", 3, 5, "mitigate", ("shop",),
        review_on=date(2026, 12, 1), identified_on=date(2026, 1, 7), inherent_likelihood=4, inherent_impact=5,
        events_per_year_low=0.1, events_per_year_high=0.1, loss_low=1e6, loss_high=1e6,
    ),
    Risk("file", "FLOOD", "The cellar floods", "site", "ben@example.org", "open", 2, 2, "accept", ("pay",)),
]  # fmt: skip
NEW = {
    "title": "Card payments stop",
    "category": "third party",
    "services": ["pay"],
    "owner": "ana@example.org",
    "likelihood": 3,
    "impact": 4,
    "treatment": "mitigate",
}


def fill(engine: Engine) -> Engine:
    """The case in an empty store."""
    with writing(engine) as conn:
        keep(
            conn,
            {
                "teams": [Team("crew", "Crew", "Europe/London")],
                "services": [Service("shop", "Shop", 1, "crew", "web"), Service("pay", "Pay", 0, "crew", "till")],
                "slos": [Slo("file", "pay-up", "pay", "Pay answers", "availability", 0.99, "28d", "occurrences")],
                "incidents": [Incident("jira", "INC-1", "It smelled of smoke", 2, AT + timedelta(hours=3))],
                "dr_tests": [
                    DrTest("file", "DR-1", "Hall lost", "failover", ("shop",), TODAY, AT, "passed", "executed")
                ],
                "risks": RISKS,
            },
        )
    return engine

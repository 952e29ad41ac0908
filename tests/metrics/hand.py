"""A small company by hand, for tests that show their numbers."""

from datetime import UTC, date, datetime
from typing import Any

from app.metrics.facts import Facts, Incident, Service, Slo, Team
from app.metrics.measure import horizon, measure
from app.metrics.numbers import Ask, Number, Scope
from app.metrics.periods import between, parse
from tests import plain

TEAMS = [Team("pay", "Payments", "America/New_York"), Team("core", "Core", "Europe/Berlin")]
SERVICES = [
    Service("checkout", "Checkout", 0, "pay", "shop", 100.0),
    Service("search", "Search", 1, "core", "shop"),
    Service("wiki", "Wiki", 3, "core", None),
]
SLOS = [Slo("file", "checkout-up", "checkout", "Checkout is up", "availability", 0.999, "28d", "occurrences")]


def at(text: str) -> datetime:
    """An instant, UTC: `2026-10-03 09:15`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def incident(name: str, detected: str, **more: Any) -> Incident:
    times = {key: at(value) for key, value in more.items() if key.endswith("_at") and value}
    rest = {key: value for key, value in more.items() if not key.endswith("_at")}
    return Incident("file", name, name, detected_at=at(detected), **{"severity": 1, **rest}, **times)


def company(**lists: Any) -> dict[str, list[Any]]:
    """Fact lists with the small company around them."""
    return {"teams": TEAMS, "services": SERVICES, "slos": SLOS, **lists}


def ask(
    first: str, last: str | None = None, *, by: str = "", as_of: str = "2026-11-01 00:00", scope: Scope | None = None
) -> Ask:
    """The question for the periods from `first` to `last`."""
    start, stop = parse(first), parse(last or first)
    found = frozenset(by.split(",")) - {""}
    return Ask(between(start.first, stop.first, start.kind), at(as_of), found, scope or Scope())


def numbers(key: str, question: Ask, **lists: Any) -> list[Number]:
    """The numbers of one KPI from hand-made facts."""
    facts: Facts = plain.facts(company(**lists), horizon([key], question))
    return measure([key], facts, question)


def number(key: str, question: Ask, **lists: Any) -> Number:
    """The one number of one KPI, period and group."""
    (found,) = numbers(key, question, **lists)
    return found

"""What incidents have in common and what is owed for them, by hand."""

from datetime import UTC, date, datetime, timedelta

from app.metrics import lessons
from app.metrics.facts import Action, Facts, Impact, Incident, Postmortem, Service
from app.metrics.incidents import repeats
from app.metrics.numbers import Ask
from app.metrics.periods import parse

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ASK = Ask((parse("2026-10"),), NOW)
SERVICES = {
    "shop": Service("shop", "Shop", 0, "web", downtime_cost_per_minute=10),
    "mail": Service("mail", "Mail", 1, "web"),
}


def incident(name: str, day: int, month: int = 10, **more: object) -> Incident:
    at = datetime(2026, month, day, tzinfo=UTC)
    told: dict[str, object] = {"resolved_at": at + timedelta(hours=1), "services": ("shop",), **more}
    return Incident("file", name, name, 2, at, **told)  # type: ignore[arg-type]


def facts(*incidents: Incident, **more: object) -> Facts:
    return Facts(services=SERVICES, incidents=incidents, **more)  # type: ignore[arg-type]


def test_a_chain_is_told_whole_when_one_of_it_lies_in_the_period() -> None:
    held = facts(
        incident("A", 20, 8, cause="capacity"),
        incident("B", 10, 9, cause="capacity"),
        incident("C", 5, cause="capacity"),
        incident("D", 6, repeat_of="gone"),
        incident("E", 7),
    )

    found = lessons.chains(held, ASK, repeats(held))

    assert [[one.incident for one in chain] for chain in found] == [["A", "B", "C"]]


def test_an_unknown_earlier_one_makes_no_chain() -> None:
    assert lessons.chain_of(facts(incident("D", 6, repeat_of="gone")), incident("D", 6, repeat_of="gone")) == ()


def test_the_toll_of_an_incident_is_its_own_union_and_the_heaviest_share() -> None:
    one, other = incident("A", 5), incident("B", 5)
    start = one.detected_at
    impacts = (
        Impact("file", "A", "shop", start, start + timedelta(minutes=40), "outage", 1.0),
        Impact("file", "A", "shop", start + timedelta(minutes=20), start + timedelta(minutes=60), "degraded", 0.5),
        Impact("file", "B", "shop", start, start + timedelta(minutes=60), "outage", 1.0),
    )

    held = facts(one, other, impacts=impacts)

    assert lessons.toll(held, one, NOW) == (60, 40 * 10 + 20 * 0.5 * 10)


def test_the_cost_of_a_service_without_a_price_is_not_known() -> None:
    one = incident("A", 5, services=("mail",), customer_impact=True)

    assert lessons.toll(facts(one), one, NOW) == (60, None)


def test_nothing_said_of_customers_is_not_known_rather_than_zero() -> None:
    assert lessons.toll(facts(incident("A", 5)), incident("A", 5), NOW) == (None, None)


def test_a_postmortem_is_late_from_its_deadline_on() -> None:
    one = incident("A", 20)
    other = Postmortem("file", "other")
    deadline = one.detected_at + timedelta(hours=1, days=7)

    def state(as_of: datetime, written: Postmortem = other) -> str | None:
        found = lessons.reviews(facts(one, postmortems=(written,)), Ask(ASK.periods, as_of))
        return found[0].state if found else None

    assert state(deadline - timedelta(minutes=1)) == "due"
    assert state(deadline) == "late"
    assert state(NOW, Postmortem("file", "A", completed_at=deadline)) == "completed"
    assert state(NOW, Postmortem("file", "A", completed_at=deadline + timedelta(minutes=1))) == "completed_late"


def test_where_no_source_brings_postmortems_none_is_late() -> None:
    assert lessons.reviews(facts(incident("A", 1)), ASK) == []


def test_a_due_day_holds_to_its_end_and_the_first_promise_counts() -> None:
    opened = datetime(2026, 10, 1, tzinfo=UTC)
    action = Action(
        "file", "T", "incident", "A", "Do it", opened, due_on=date(2027, 1, 1), original_due_on=date(2026, 10, 10)
    )

    at_noon = lessons.owed(facts(), action, datetime(2026, 10, 10, 12, tzinfo=UTC))
    after = lessons.owed(facts(), action, datetime(2026, 10, 11, tzinfo=UTC))
    closed = lessons.owed(facts(), action._replace(closed_at=datetime(2026, 10, 12, tzinfo=UTC)), NOW)

    assert (at_noon.state, at_noon.days) == ("open", 9)
    assert after.state == "overdue"
    assert (closed.state, closed.days) == ("closed_late", 11)

"""What hangs on risks: their actions, and the incidents of the services that they name. On both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from app.metrics.facts import Action, Impact, Incident
from app.metrics.register import Hit
from app.store import losses, risks
from app.store.engine import reading, writing
from tests.store.keeping import keep

AT = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)
YEAR = timedelta(days=365)


def _incident(
    name: str, severity: int, services: tuple[str, ...], at: datetime = AT, kind: str = "incident"
) -> Incident:
    return Incident("file", name, name, severity, at, services=services, kind=kind)


INCIDENTS = [
    _incident("a", 1, ("shop", "pay")),
    _incident("b", 3, ("shop", "pay"), AT + timedelta(1)),
    _incident("c", 2, ("Shop",)),
    _incident("d", 2, ("workshop",)),
    _incident("e", 2, ()),
    _incident("moved", 1, ("shop",), kind="maintenance"),
    _incident("old", 1, ("shop",), AT - 2 * YEAR),
    _incident("last", 1, ("shop",), AT + YEAR),
]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with writing(engine) as conn:
        keep(conn, {"incidents": INCIDENTS})
    return engine


def test_incidents_hit_the_services_that_they_name(filled: Engine) -> None:
    with reading(filled) as conn:
        found = risks.hits(conn)

    assert [found[0], found[-1]] == [Hit(AT - 2 * YEAR, 1, ("shop",)), Hit(AT + YEAR, 1, ("shop",))]
    assert sorted(hit.services for hit in found[1:-1]) == [("Shop",), ("shop", "pay"), ("shop", "pay"), ("workshop",)]


def test_incidents_of_services_are_theirs_by_the_whole_name(filled: Engine) -> None:
    with reading(filled) as conn:
        found = risks.incidents(conn, ["shop"], AT - YEAR, AT + YEAR, most=10)
        none = risks.incidents(conn, [], AT - YEAR, AT + YEAR, most=10)

    assert [one.incident for one in found] == ["b", "a"], "the latest first; not Shop, not workshop, no maintenance"
    assert none == []


def test_only_actions_that_come_from_risks(engine: Engine) -> None:
    actions = [
        Action("jira", "1", "risk", "R", "Buy a second one", AT),
        Action("jira", "2", "incident", "R", "Mend it", AT),
    ]
    with writing(engine) as conn:
        keep(conn, {"actions": actions})

    with reading(engine) as conn:
        assert risks.actions(conn) == actions[:1]


def test_severe_incidents_come_with_their_own_impact_windows_and_count_as_incidents(engine: Engine) -> None:
    def impact(incident: str) -> Impact:
        return Impact("file", incident, "shop", AT, AT + timedelta(hours=1), "outage")

    with writing(engine) as conn:
        keep(conn, {"incidents": INCIDENTS, "impacts": [impact("a"), impact("b"), impact("old")]})
    with reading(engine) as conn:
        incidents, impacts = losses.severe(conn, ["shop"], AT - YEAR, AT + YEAR, 2)
        none = losses.severe(conn, ["nobody"], AT - YEAR, AT + YEAR, 2)

    assert [(one.incident, one.kind) for one in incidents] == [("a", "incident")], "b is not severe"
    assert [one.incident for one in impacts] == ["a"]
    assert none == ((), ())

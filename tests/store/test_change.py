"""Deployments by strategy, those that incidents name, and the list of those that went wrong, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from app.metrics import rollout
from app.metrics.facts import Deployment, Incident, Service, Team
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import between
from app.metrics.rollout import Shipped
from app.store import change
from app.store.change import Stretch, Wanted
from app.store.engine import reading, writing
from app.store.numbers import sums
from app.store.types import micros
from tests.store.keeping import keep

AT = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
OCTOBER = Stretch(
    micros(datetime(2026, 10, 1, tzinfo=UTC)),
    micros(datetime(2026, 11, 1, tzinfo=UTC)),
    micros(datetime(2026, 12, 1, tzinfo=UTC)),
)
SERVICES = [
    Service("shop", "Shop", 0, "red", "web"),
    Service("pay", "Pay", 2, "blue", "bank"),
    Service("old", "Old", 1, "red", retired_on=date(2026, 10, 5)),
]


def _deployed(name: str, service: str, status: str, hours: float, strategy: str | None = "canary") -> Deployment:
    return Deployment("ci", name, service, AT + hours * HOUR, status, strategy)


def _incident(name: str, caused_by: str, source: str = "tool", kind: str = "incident", hours: float = 1) -> Incident:
    at = AT + hours * HOUR
    return Incident(source, name, f"{name} is down", 2, at, caused_by=caused_by, kind=kind)


DEPLOYMENTS = [
    _deployed("good", "shop", "succeeded", 0),
    _deployed("hurt", "shop", "succeeded", 1),
    _deployed("back", "pay", "rolled_back", 2, "rolling"),
    _deployed("dead", "pay", "failed", 3),
    _deployed("mute", "ghost", "succeeded", 4, None),
    _deployed("late", "old", "succeeded", 24),
    _deployed("next", "shop", "succeeded", 24 * 30),
]
INCIDENTS = [
    _incident("A", "hurt", hours=2),
    _incident("B", "hurt", hours=3),
    _incident("C", "back", hours=4),
    _incident("M", "good", kind="maintenance"),
    _incident("D", "dead"),
    _incident("Z", "good", hours=24 * 90),
]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with writing(engine) as conn:
        teams = [Team("red", None, "UTC"), Team("blue", None, "UTC")]
        keep(conn, {"teams": teams, "services": SERVICES, "deployments": DEPLOYMENTS, "incidents": INCIDENTS})
    return engine


def test_deployments_by_strategy_leave_out_failed_ones_and_retired_services(filled: Engine) -> None:
    with reading(filled) as conn:
        found = set(change.folded(conn, OCTOBER))
        red = set(change.folded(conn, OCTOBER._replace(scope=Scope(team="red"))))
        none = change.folded(conn, OCTOBER._replace(scope=Scope(tier=3)))

    shop = Shipped("shop", "canary", 2, 0)
    assert found == {shop, Shipped("pay", "rolling", 1, 1), Shipped("ghost", None, 1, 0)}
    assert red == {shop}
    assert none == []


def test_a_deployment_is_blamed_by_each_real_incident_known_by_then(filled: Engine) -> None:
    with reading(filled) as conn:
        found = change.blamed(conn, OCTOBER)
        early = change.blamed(conn, OCTOBER._replace(as_of=micros(AT + 2.5 * HOUR)))

    assert [(one.deployment, one.incident) for one in found] == [("hurt", "A"), ("hurt", "B"), ("back", "C")]
    assert [(one.deployment, one.incident) for one in early] == [("hurt", "A")]


def test_an_incident_means_the_deployment_of_its_own_source_else_of_the_first(engine: Engine) -> None:
    twins = [_deployed("same", "shop", "succeeded", 0)._replace(source=source) for source in ("argo", "ci", "tool")] + [
        _deployed("lone", "shop", "succeeded", 0)._replace(source=source) for source in ("ci", "zuul")
    ]
    with writing(engine) as conn:
        named = [_incident("A", "same"), _incident("B", "same", source="pager"), _incident("C", "lone")]
        keep(conn, {"services": SERVICES, "deployments": twins, "incidents": named})

    with reading(engine) as conn:
        found = {(one.incident, one.source) for one in change.blamed(conn, OCTOBER)}

    assert found == {("A", "tool"), ("B", "argo"), ("C", "ci")}


BLAMED = frozenset({("ci", "hurt"), ("ci", "back")})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["dead", "back", "hurt"]),
        (Wanted(by="deployed"), ["hurt", "back", "dead"]),
        (Wanted(by="state"), ["dead", "back", "hurt"]),
        (Wanted(by="service", down=True), ["hurt", "dead", "back"]),
        (Wanted(by="incident"), ["back", "hurt", "dead"]),
        (Wanted(by="unplanned"), ["dead", "back", "hurt"]),
        (Wanted(limit=1, offset=1), ["back"]),
        (Wanted(text="ea"), ["dead"]),
        (Wanted(text="none of it"), []),
        (Wanted(text="100%_"), []),
        (Wanted(text="shop", services=frozenset({"shop"})), ["hurt"]),
        (Wanted(text="is down", titled=frozenset({("ci", "back")})), ["back"]),
        (Wanted(text="rolled back", states=frozenset({"rolled_back"})), ["back"]),
        (Wanted(text="canary", strategies=frozenset({"canary"})), ["dead", "hurt"]),
    ],
)
def test_the_list_of_what_went_wrong(filled: Engine, wanted: Wanted, expected: list[str]) -> None:
    with reading(filled) as conn:
        found = change.troubled(conn, OCTOBER, wanted._replace(blamed=BLAMED))
        total = change.count_troubled(conn, OCTOBER, wanted._replace(blamed=BLAMED))

    assert [one.deployment for one in found] == expected
    assert total == (3 if wanted.limit else len(expected))


@pytest.mark.parametrize(
    "scope", [Scope(), Scope(tier=0), Scope(product="web"), Scope(team="blue"), Scope(service="old")]
)
def test_days_hold_the_deployments_and_failures_of_the_kpi(filled: Engine, scope: Scope) -> None:
    days = between(date(2026, 10, 1), date(2026, 11, 8), "day", "UTC")
    ask = Ask(days, datetime(2026, 11, 4, 12, tzinfo=UTC), scope=scope)
    stretch = Stretch(micros(days[0].start), micros(days[-1].end), micros(ask.as_of), scope)

    with reading(filled) as conn:
        found = rollout.by_step(change.by_step(conn, ask), change.blamed(conn, stretch), days)
        kpi = sums(conn, ["change_failure_rate"], ask)["change_failure_rate"]

    wanted = {key: (tally.whole - tally.part, tally.part) for (key, _), tally in kpi.items() if tally.whole}
    assert found == wanted
    assert bool(found) == (scope.service is None), "the old one had retired"

"""The register as it stood: levels, acceptances to the end of their day, and what is odd in it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app import policy as policies
from app.metrics import register
from app.metrics.facts import Action, DrTest, Facts, Risk, Service
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import parse
from app.metrics.register import Hit, Hits, Level, Standing

NOW = datetime(2026, 11, 1, tzinfo=UTC)
"""The end of October: the last day that has ended is the 31st."""
SERVICES = {
    "shop": Service("shop", "Shop", 0, "web"),
    "mail": Service("mail", "Mail", 1, "web"),
    "wiki": Service("wiki", "Wiki", 3, "it"),
}
STATED: dict[str, Any] = {
    "review_on": date(2027, 1, 1),
    "events_per_year_low": 1.0,
    "events_per_year_high": 1.0,
    "loss_low": 100.0,
    "loss_high": 100.0,
}


def risk(name: str, likelihood: int = 3, impact: int = 3, **more: Any) -> Risk:
    made = Risk("grc", name, name, "technology", "vp", "open", likelihood, impact, "mitigate", ("shop",))
    return made._replace(**{**STATED, **more})


def action(name: str, about: str, **more: Any) -> Action:
    return Action("jira", name, "risk", about, name, datetime(2026, 1, 1, tzinfo=UTC), **more)


def standing(one: Risk, *actions: Action, as_of: datetime = NOW, **more: Any) -> Standing:
    facts = Facts(services=SERVICES, risks=(one,), actions=actions, **more)
    (found,) = register.register(facts, Ask((), as_of))
    return found


ACCEPTED: dict[str, Any] = {"treatment": "accept", "accepted_by": "cfo"}


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (date(2026, 10, 30), "ran_out"),
        (date(2026, 10, 31), "ran_out"),
        (date(2026, 11, 1), "ending"),
        (date(2026, 11, 30), "ending"),
        (date(2026, 12, 1), "live"),
        (None, "endless"),
    ],
)
def test_an_acceptance_holds_to_the_end_of_its_last_day(until: date | None, said: str) -> None:
    assert standing(risk("R", **ACCEPTED, accepted_until=until)).acceptance == said


def test_the_day_ends_in_the_organisations_zone() -> None:
    one = risk("R", **ACCEPTED, accepted_until=date(2026, 10, 31))
    west = policies.default().model_copy(update={"timezone": "America/New_York"})

    assert standing(one, policy=west).acceptance == "ending", "it is still the 31st in New York"


def test_to_be_accepted_by_nobody_is_no_acceptance() -> None:
    one = standing(risk("R", treatment="accept", accepted_until=date(2027, 1, 1)))

    assert one.acceptance == "unsigned"


def test_the_line_itself_is_not_above_it() -> None:
    assert not standing(risk("R", 3, 4)).above
    assert standing(risk("R", 4, 4)).above


@pytest.mark.parametrize(
    ("one", "actions", "lacks"),
    [
        (risk("R"), [action("A", "other")], True),
        (risk("R"), [action("A", "R")], False),
        (risk("R"), [action("A", "R", cancelled_at=datetime(2026, 2, 1, tzinfo=UTC))], True),
        (risk("R", **ACCEPTED), [action("A", "other")], False),
        (risk("R", status="closed", closed_on=date(2026, 10, 1)), [], False),
    ],
)
def test_a_risk_to_treat_lacks_an_action_where_none_was_kept(one: Risk, actions: list[Action], lacks: bool) -> None:
    assert bool(register.without_action([standing(one, *actions)])) is lacks


def test_the_register_is_as_it_stood_and_in_scope() -> None:
    facts = Facts(
        services=SERVICES,
        risks=(
            risk("later", identified_on=date(2026, 11, 1)),
            risk("today", identified_on=date(2026, 10, 31)),
            risk("closed", closed_on=date(2026, 10, 31), status="closed"),
            risk("closed later", closed_on=date(2026, 11, 1), status="closed"),
            risk("wiki", 5, 5, services=("wiki",)),
            risk("nowhere", 1, 1, services=()),
        ),
    )

    everything = register.register(facts, Ask((), NOW))
    tier_0 = register.register(facts, Ask((), NOW, scope=Scope(tier=0)))

    assert [one.risk.risk for one in everything] == ["wiki", "closed", "closed later", "today", "nowhere"]
    assert [one.risk.risk for one in everything if one.open] == ["wiki", "closed later", "today", "nowhere"]
    assert [one.risk.risk for one in tier_0] == ["closed", "closed later", "today"]


def test_each_risk_lies_in_one_cell_and_unstated_levels_in_none() -> None:
    found = [
        standing(risk("a", 4, 5, inherent_likelihood=5, inherent_impact=5)),
        standing(risk("b", 4, 5)),
    ]

    assert register.cells(found, "current") == {Level(4, 5): 2}
    assert register.cells(found, "inherent") == {Level(5, 5): 1}
    assert register.cells(found, "target") == {}


def test_untested_services_that_no_open_risk_names_are_a_gap() -> None:
    tested = DrTest("grc", "T", "T", "failover", ("mail",), date(2026, 9, 1), datetime(2026, 9, 1, tzinfo=UTC))
    october = Ask((parse("2026-10"),), NOW)
    facts = Facts(services=SERVICES, dr_tests=(tested,))

    assert register.gaps(facts, october) == ["shop"], "wiki is tier 3, mail was tested"
    assert register.gaps(Facts(services=SERVICES, dr_tests=(tested,), risks=(risk("R"),)), october) == []
    assert register.gaps(Facts(services=SERVICES), october) == [], "without any test nothing is known"


def test_what_happened_since() -> None:
    facts = Facts(
        services=SERVICES,
        risks=(
            risk("a", accepted_until=date(2026, 11, 12), review_on=date(2026, 10, 30)),
            risk("b", review_on=date(2026, 11, 22)),
            risk("c", review_on=date(2026, 11, 23), identified_on=date(2026, 11, 2)),
            risk("d", closed_on=date(2026, 11, 3), status="closed"),
        ),
    )

    found = register.since(facts, Ask((), NOW), datetime(2026, 11, 23, 6, tzinfo=UTC))

    assert found == (1, 1, 1, 1), "the 23rd has not ended; a's review was overdue before"


def test_an_incident_on_several_services_of_a_risk_counts_once() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    hits = Hits(
        [
            Hit(at, 1, ("shop", "mail")),
            Hit(at + timedelta(1), 1, ("shop", "mail")),
            Hit(at + timedelta(2), 3, ("mail", "mail")),
            Hit(at + timedelta(3), 2, ("mail",)),
            Hit(at + timedelta(3), 1, ("wiki",)),
            Hit(at + timedelta(4), 1, ("shop",)),
        ]
    )
    both, one, none = risk("R", services=("shop", "mail")), risk("O", services=("mail",)), risk("N", services=())

    found = hits.of([both, one, none], at + timedelta(1), at + timedelta(4), severe=2)

    assert found == {("grc", "R"): (3, 2), ("grc", "O"): (3, 2), ("grc", "N"): (0, 0)}, (
        "from the first on, before the last"
    )

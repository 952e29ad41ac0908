"""What every KPI owes its reader: no data told apart from zero, rows that add up, nothing known of the future."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.metrics.catalogue import KPIS
from app.metrics.facts import Action, Deployment, DrTest, Exclusion, Impact, Page, Postmortem, Risk, Shift, Sli
from app.metrics.grouping import known
from app.metrics.measure import add, horizon, measure, rows
from app.metrics.numbers import Ask, Scope, Tally
from tests import plain
from tests.metrics.hand import SERVICES, ask, at, company, day, incident

MEASURED = [key for key, kpi in KPIS.items() if kpi.measured]


def _busy(seed: int) -> dict[str, list[Any]]:
    """Two months of random facts of every kind, with the awkward ones among them."""
    dice = random.Random(seed)
    start = at("2026-09-01 00:00")

    def moment() -> Any:
        return start + timedelta(minutes=dice.randrange(60 * 24 * 60))

    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.7 else None

    names = [s.service for s in SERVICES] + ["unknown"]
    facts: dict[str, list[Any]] = {key: [] for key in plain.TYPES if key not in ("teams", "services", "slos")}
    for i in range(40):
        detected = moment()
        end = maybe(detected + timedelta(minutes=dice.randrange(5000)))
        facts["deployments"].append(
            Deployment(
                "file",
                f"d{i}",
                dice.choice(names),
                moment(),
                dice.choice(("succeeded", "succeeded", "failed", "rolled_back")),
                maybe("canary"),
                maybe(moment()),
                maybe(dice.random() < 0.5),
            )
        )
        facts["incidents"].append(
            incident(f"i{i}", "2026-09-01 00:00")._replace(
                severity=dice.randint(1, 5),
                started_at=maybe(detected - timedelta(minutes=dice.randrange(-30, 90))),
                detected_at=detected,
                resolved_at=end,
                mitigated_at=maybe(end),
                services=tuple(dice.sample(names, dice.randrange(3))),
                cause=maybe(dice.choice("xyz")),
                caused_by=maybe(f"d{dice.randrange(40)}"),
                repeat_of=maybe(None),
                kind=dice.choice(("incident", "incident", "incident", "maintenance")),
                customer_impact=maybe(dice.random() < 0.7),
            )
        )
        if dice.random() < 0.6:
            stop = maybe(detected + timedelta(minutes=dice.randrange(3000)))
            share = maybe(dice.choice((0.1, 0.5)))
            facts["impacts"].append(Impact("file", f"i{i}", dice.choice(names), detected, stop, "outage", share))
        facts["postmortems"].append(Postmortem("file", f"i{i}", None, maybe(moment()), maybe(moment())))
        due = maybe(day("2026-10-05") + timedelta(dice.randrange(30)))
        facts["actions"].append(
            Action(
                "file",
                f"a{i}",
                "incident",
                f"i{i}",
                "Mend it",
                moment(),
                due_on=due,
                closed_at=maybe(moment()),
                cancelled_at=moment() if dice.random() < 0.1 else None,
                outcome=maybe(dice.choice(("effective", "ineffective"))),
            )
        )
        begin = moment()
        facts["shifts"].append(
            Shift(
                "file",
                dice.choice(("pay", "core")),
                dice.choice("abc"),
                begin,
                begin + timedelta(hours=dice.randrange(1, 200)),
            )
        )
        facts["dr_tests"].append(
            DrTest(
                "file",
                f"t{i}",
                f"Test {i}",
                "failover",
                tuple(dice.sample(names, 2)),
                moment().date(),
                maybe(moment()),
                maybe(dice.choice(("passed", "failed"))),
                maybe(dice.choice(("executed", "postponed"))),
                rto_achieved_minutes=maybe(float(dice.randrange(400))),
            )
        )
        facts["risks"].append(
            Risk(
                "file",
                f"r{i}",
                "Risk",
                "c",
                "cy",
                dice.choice(("open", "closed")),
                dice.randint(1, 5),
                dice.randint(1, 5),
                "mitigate",
                tuple(dice.sample(names, 1)),
                maybe(moment().date()),
                maybe(moment().date()),
                maybe(moment().date()),
            )
        )
    for i in range(60):
        total = dice.choice((0, 1000, 1000))
        when = start + timedelta(days=i)
        facts["sli"].append(Sli("file", "checkout-up", when, 1440, total * dice.choice((1, 0.999, 0.99)), total))
    facts["exclusions"].append(
        Exclusion("file", "x", moment(), moment() + timedelta(days=40), ("checkout",), (), "move", "maintenance", "cto")
    )
    for i in range(120):
        triggered = moment() if i % 3 else start + timedelta(days=3, seconds=40 * i)
        facts["pages"].append(
            Page(
                "file",
                f"p{i}",
                triggered,
                dice.choice("abc"),
                dice.choice(("pay", "core", "nobody")),
                maybe(dice.choice(names)),
                maybe(triggered + timedelta(minutes=dice.randrange(-2, 90))),
                maybe(dice.random() < 0.5),
                maybe(dice.choice(("push", "email"))),
            )
        )
    return company(**facts)


@pytest.mark.parametrize("key", KPIS)
def test_nothing_known_is_no_data_never_zero(key: str) -> None:
    for by in ("", "tier,team", "service", "severity", "slo"):
        question = ask("2026-09", "2026-10", by=by)

        for number in measure([key], plain.facts({}, horizon([key], question)), question):
            assert number.value is None
            assert number.verdict == "no_data"
            assert number.signal == "too_few"
            assert (number.n, number.low, number.high, number.certain) == (0, None, None, None)


@pytest.mark.parametrize("key", MEASURED)
def test_services_alone_give_no_number(key: str) -> None:
    question = ask("2026-09", "2026-10", by="tier")

    found = measure([key], plain.facts(company(), horizon([key], question)), question)

    assert {number.value for number in found} <= {None}


@pytest.mark.parametrize("key", MEASURED)
@pytest.mark.parametrize("by", ["", "tier", "team", "service", "severity", "tier,severity"])
def test_rows_add_up_to_their_number(key: str, by: str) -> None:
    question = ask("2026-09", "2026-10", by=by, as_of="2026-10-20 12:00")
    facts = plain.facts(_busy(1), horizon([key], question))

    numbers = {(n.period, n.group): n for n in measure([key], facts, question)}
    tallies: dict[Any, Tally] = {}
    for row in rows(key, facts, question):
        add(tallies.setdefault((row.period, row.group), Tally()), row)

    kpi = KPIS[key]
    for place, tally in tallies.items():
        number = numbers[place]
        assert number.n == tally.n
        if kpi.shape == "duration":
            assert sum(tally.values.values()) == number.n
            assert number.mean is None or number.mean * number.n == pytest.approx(
                sum(v * n for v, n in tally.values.items())
            )
        else:
            assert (number.numerator or 0) == pytest.approx(tally.part)
            if kpi.shape in ("share", "ratio", "rate"):
                assert (number.denominator or 0) == pytest.approx(tally.whole)
    assert all(n.n == 0 for place, n in numbers.items() if place not in tallies)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), hours=st.integers(0, 60 * 24))
def test_a_number_as_of_then_does_not_know_what_came_later(seed: int, hours: int) -> None:
    question = replace(ask("2026-09", "2026-10"), as_of=at("2026-09-01 00:00") + timedelta(hours=hours))
    found = _busy(seed)
    wide = horizon(MEASURED, question)

    known_then = known(plain.facts(found, wide), question.as_of)
    cut = {key: list(getattr(known_then, key)) for key in plain.TYPES if key not in ("teams", "services")}
    cut = {**found, **cut, "sli": list(known_then.sli), "pages": list(known_then.pages)}

    keys = [key for key in MEASURED if KPIS[key].shape not in ("count", "sum", "rate")]
    assert [n.value for n in measure(keys, plain.facts(found, wide), question)] == [
        n.value for n in measure(keys, plain.facts(cut, wide), question)
    ]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_facts_changes_no_number(seed: int) -> None:
    question = ask("2026-09", "2026-10", by="tier")
    found = _busy(seed)
    shuffled = {key: random.Random(seed).sample(facts, len(facts)) for key, facts in found.items()}
    wide = replace(horizon(MEASURED, question), by=question.by)

    first = measure(MEASURED, plain.facts(found, wide), question)
    second = measure(MEASURED, plain.facts(shuffled, wide), question)

    assert [(n.kpi, n.period, n.group) for n in first] == [(n.kpi, n.period, n.group) for n in second]
    for one, other in zip(first, second, strict=True):
        assert one.value == pytest.approx(other.value), one


@pytest.mark.parametrize(
    ("first", "last"), [("2026-09-20", "2026-10-02"), ("2026-W37", "2026-W41"), ("2026-Q3", "2026-Q4")]
)
def test_a_kpi_is_the_same_alone_and_among_all(first: str, last: str) -> None:
    question, found = ask(first, last, by="tier"), _busy(9)
    facts = plain.facts(found, replace(horizon(MEASURED, question), by=question.by))

    together = measure(MEASURED, facts, question)
    alone = [n for key in MEASURED for n in measure([key], plain.facts(found, horizon([key], question)), question)]

    assert [(n.kpi, n.period, n.group, n.value, n.signal) for n in together] == [
        (n.kpi, n.period, n.group, n.value, n.signal) for n in alone
    ]


def test_a_quiet_month_between_incidents_is_zero_and_one_outside_is_unknown() -> None:
    incidents = [incident("a", "2026-07-10 00:00"), incident("b", "2026-09-10 00:00")]
    question = ask("2026-06", "2026-10")

    found = measure(
        ["major_incidents"], plain.facts(company(incidents=incidents), horizon(["major_incidents"], question)), question
    )

    assert [n.value for n in found] == [None, 1, 0, 1, None]
    assert [n.low is None for n in found] == [True, False, False, False, True]


def test_an_incident_that_says_nothing_of_customers_is_no_zero() -> None:
    question = ask("2026-10")

    def minutes(**more: Any) -> float | None:
        incidents = [incident("a", "2026-10-10 00:00", resolved_at="2026-10-10 01:00", **more)]
        facts = plain.facts(company(incidents=incidents), horizon(["customer_impact_minutes"], question))
        return measure(["customer_impact_minutes"], facts, question)[0].value

    assert (minutes(), minutes(customer_impact=False), minutes(customer_impact=True)) == (None, 0, 60)


def test_services_without_a_cost_have_no_cost_of_downtime() -> None:
    question = ask("2026-10", by="service")
    incidents = [incident("a", "2026-10-10 00:00", customer_impact=False)]
    facts = plain.facts(company(incidents=incidents), horizon(["downtime_cost"], question))

    found = {n.group.service: n.value for n in measure(["downtime_cost"], facts, question)}

    assert found == {"checkout": 0, "search": None, "wiki": None}


def test_maintenance_and_tests_never_count() -> None:
    incidents = [
        incident("a", "2026-10-10 00:00"),
        incident("b", "2026-10-11 00:00", kind="maintenance"),
        incident("c", "2026-10-12 00:00", kind="test"),
    ]
    question = ask("2026-10")

    (found,) = measure(
        ["major_incidents"], plain.facts(company(incidents=incidents), horizon(["major_incidents"], question)), question
    )

    assert found.value == 1


def test_a_retired_service_counts_up_to_its_last_day() -> None:
    retired = [SERVICES[0]._replace(retired_on=day("2026-10-10"))]
    incidents = [
        incident("a", "2026-10-10 23:59", services=("checkout",)),
        incident("b", "2026-10-11 00:01", services=("checkout",)),
    ]
    question = ask("2026-10")
    facts = plain.facts(company(services=retired, incidents=incidents), horizon(["major_incidents"], question))

    (found,) = measure(["major_incidents"], facts, question)

    assert found.value == 1


def test_a_scope_that_a_kpi_is_not_kept_by_gives_no_number_and_says_so() -> None:
    question = ask("2026-10", scope=Scope(tier=0))
    facts = plain.facts(_busy(3), horizon(["on_call_load"], question))

    (found,) = measure(["on_call_load"], facts, question)

    assert (found.value, found.verdict, found.extra["why"]) == (None, "no_data", "not kept by tier")


def test_days_weeks_quarters_and_years_are_cut_alike() -> None:
    found = _busy(5)

    by_kind = {}
    for first, last in (("2026-09", "2026-10"), ("2026-09-01", "2026-10-31"), ("2026", "2026")):
        question: Ask = ask(first, last, as_of="2026-11-01 00:00")
        facts = plain.facts(found, horizon(["customer_impact_minutes"], question))
        numbers = measure(["customer_impact_minutes"], facts, question)
        by_kind[first] = sum(n.value or 0 for n in numbers)

    assert by_kind["2026-09"] == pytest.approx(by_kind["2026-09-01"])
    assert by_kind["2026-09"] == pytest.approx(by_kind["2026"])

"""How changes go out: failure by strategy and service by hand, who ships step by step, and where others stand."""

from datetime import UTC, datetime

import pytest

from app.metrics import rollout
from app.metrics.benchmarks import BENCHMARKS, SOURCES, band
from app.metrics.facts import Service
from app.metrics.numbers import Group, Tally
from app.metrics.rollout import Blame, Rate, Shipped, Steps
from tests.metrics.oracles import CASES, needed

AT = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)


def _blame(deployment: str, strategy: str | None = "canary", status: str = "succeeded", incident: str = "A") -> Blame:
    return Blame("ci", deployment, "shop", strategy, status, AT, "tool", incident, "Shop is slow", 1, AT)


def test_a_deployment_fails_once_by_strategy() -> None:
    shipped = [Shipped("shop", "canary", 40, 2), Shipped("mail", "canary", 10, 0), Shipped("shop", None, 4, 1)]
    blames = [
        _blame("D1"),
        _blame("D1", incident="B"),
        _blame("D2", status="rolled_back"),
        _blame("D3", strategy=None),
    ]

    found = rollout.by_strategy(shipped, blames)

    told = [(one.name, one.failed, one.deployments, one.enough) for one in found]
    assert told == [("canary", 2 + 1, 50, True), ("", 1 + 1, 4, False)], "D1 once, D2 is rolled back already"


def test_strategies_are_told_apart_only_where_their_ranges_do_not_meet() -> None:
    safe, risky, few = (
        rollout.rate("canary", 5, 200),
        rollout.rate("all_at_once", 30, 100),
        rollout.rate("rolling", 5, 9),
    )

    assert rollout.apart([risky, safe, few]) == (safe, risky)
    assert rollout.apart([rollout.rate("canary", 5, 100), rollout.rate("rolling", 8, 100)]) is None
    assert rollout.apart([safe, few]) is None, "nine deployments tell nothing"
    assert rollout.apart([safe, rollout.rate("", 90, 100)]) is None, "not said is no strategy"


def test_the_worst_service_is_the_one_that_is_sure_to_be_bad() -> None:
    rates = [
        rollout.rate("lucky", 0, 50),
        rollout.rate("new", 4, 10),
        rollout.rate("busy", 60, 200),
        rollout.rate("tiny", 3, 4),
    ]

    assert [one.name for one in rollout.worst(rates)] == ["busy", "new"]
    assert rates[1].share > rates[2].share, "though more of its few deployments failed"


def test_among_many_services_one_stands_out_by_chance() -> None:
    one = rollout.rate("one", 6, 18)
    many = [one, *(rollout.rate(f"other {n}", 1, 18) for n in range(200))]

    assert rollout.beyond_chance([one], 0.08) == [one], "P(6 or more of 18 at 8 %) is 0.2 %"
    assert rollout.beyond_chance(many, 0.08) == [], "which 201 services make likely"
    assert rollout.beyond_chance([rollout.rate("none", 0, 18)], 0.08) == []


def test_services_come_from_the_sums_of_the_kpi() -> None:
    tallies = {
        ("2026-10", Group(service="shop")): Tally(part=2, whole=20),
        ("2026-10", Group(service="idle")): Tally(),
    }

    assert [(one.name, one.failed, one.deployments) for one in rollout.by_service(tallies)] == [("shop", 2, 20)]


def test_half_of_the_deployments_step_by_step_are_enough() -> None:
    services = {
        name: Service(name, name.title(), tier, "web") for name, tier in (("shop", 0), ("mail", 1), ("blog", 3))
    }
    shipped = [
        Shipped("shop", "canary", 3, 0),
        Shipped("shop", "rolling", 2, 0),
        Shipped("shop", None, 1, 0),
        Shipped("mail", "blue_green", 1, 0),
        Shipped("mail", "all_at_once", 2, 0),
        Shipped("blog", "rolling", 9, 0),
        Shipped("ghost", "rolling", 9, 0),
    ]

    found = rollout.steps(shipped, services)

    assert found["shop"] == Steps("shop", 0, 3, 6, "canary")
    assert found["shop"].kept
    assert found["mail"] == Steps("mail", 1, 1, 3, "all_at_once")
    assert [one.service for one in rollout.at_once(found.values())] == ["mail"], "tier 3 and unknown are not asked"


def test_frequency_of_one_service() -> None:
    assert rollout.per_service(60, 2, 10) == 3
    assert rollout.per_service(0, 2, 0) is None


@needed
@pytest.mark.parametrize("name", [name for name in CASES.get("dora_bands", {}) if name.startswith("cfr_")])
def test_bands_of_change_failure_agree_with_devlake(name: str) -> None:
    value = float(name.removeprefix("cfr_"))

    for year, expected in CASES["dora_bands"][name].items():
        assert band("change_failure_rate", value, int(year)) == expected


@pytest.mark.parametrize(
    ("kpi", "value", "expected"),
    [
        ("deployment_frequency", 7.5, "elite"),
        ("deployment_frequency", 1, "high"),
        ("deployment_frequency", 0.5, "medium"),
        ("deployment_frequency", 0.2, "low"),
        ("change_lead_time", 23.9, "elite"),
        ("change_lead_time", 24, "high"),
        ("change_lead_time", 24 * 8, "medium"),
        ("change_lead_time", 24 * 31, "low"),
        ("recovery_time", 59, "elite"),
        ("recovery_time", 60, "high"),
        ("recovery_time", 60 * 24, "medium"),
        ("recovery_time", 60 * 24 * 7, "low"),
        ("change_failure_rate", 0.15, "medium"),
        ("rework_rate", 0.1, None),
        ("recovery_time", None, None),
    ],
)
def test_bands_of_2023(kpi: str, value: float | None, expected: str | None) -> None:
    assert band(kpi, value) == expected


def test_every_benchmark_names_its_source() -> None:
    assert BENCHMARKS.keys() == SOURCES.keys()


def test_a_rate_knows_its_range() -> None:
    one = rollout.rate("canary", 2, 20)

    assert isinstance(one, Rate)
    assert (one.share, round(one.low, 4), round(one.high, 4)) == (0.1, 0.0279, 0.3010)

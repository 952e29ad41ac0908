"""Known answers: impact, restore and engage times, on-call, change, DR tests."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.metrics.facts import Deployment, DrTest, Impact, Page, Shift, Team
from app.metrics.intervals import Durations
from app.metrics.oncall import after_hours, asleep, interruptions
from app.metrics.periods import parse
from tests import plain
from tests.metrics import oracles
from tests.metrics.hand import ask, at, company, incident, number, numbers
from tests.metrics.oracles import CASES, STATS

pytestmark = oracles.needed


def test_overlapping_windows_of_one_service_count_once() -> None:
    case = CASES["impact_overlap_same_service"]
    impacts = [
        Impact("file", "i1", "checkout", datetime.fromisoformat(a), datetime.fromisoformat(b), "outage")
        for a, b in case["intervals"]
    ]

    found = number(
        "customer_impact_minutes", ask("2026-03"), incidents=[incident("i1", "2026-03-26 00:00")], impacts=impacts
    )

    assert found.value == case["union_minutes"]


def test_a_window_over_the_end_of_a_month_is_split_there() -> None:
    case = CASES["impact_clip_month_boundary"]
    start, stop = (datetime.fromisoformat(edge) for edge in case["interval"])

    january, february = numbers(
        "customer_impact_minutes",
        ask("2026-01", "2026-02"),
        incidents=[incident("i1", "2026-01-31 23:30")],
        impacts=[Impact("file", "i1", "checkout", start, stop, "outage")],
    )

    assert (january.value, february.value) == (case["january_minutes"], case["february_minutes"])


def test_a_deployment_fails_once_however_many_incidents_it_causes() -> None:
    case = CASES["cfr_multi"]
    now = at("2026-10-20 00:00")
    deployments = [
        Deployment("file", name, "checkout", now - timedelta(hours=hours), "succeeded")
        for name, hours in case["deploy_hours_ago"].items()
    ]
    incidents = []
    for i, hours in enumerate(case["incident_hours_ago"]):
        when = now - timedelta(hours=hours)
        before = [d for d in deployments if d.deployed_at <= when]
        cause = max(before, key=lambda d: d.deployed_at).deployment if before else None
        incidents.append(incident(f"i{i}", f"{when:%Y-%m-%d %H:%M}", caused_by=cause, services=("checkout",)))

    found = number("change_failure_rate", ask("2026-10"), deployments=deployments, incidents=incidents)

    assert found.value == pytest.approx(case["cfr"])
    assert found.numerator == len(case["failed"])


def test_weeks_without_deployments_are_no_data() -> None:
    case = CASES["cfr_weekly"]["expect"]
    weeks = [parse(f"{datetime.fromisoformat(first).date()}") for first in case]
    deployments, incidents = [], []
    for week, (failed, total) in zip(weeks, case.values(), strict=True):
        for i in range(total):
            name = f"{week.key}-{i}"
            deployments.append(Deployment("file", name, "checkout", week.start + timedelta(hours=i), "succeeded"))
            if i < failed:
                incidents.append(incident(name, f"{week.key} 12:00", caused_by=name))

    found = numbers("change_failure_rate", ask("2024-W01", "2024-W04"), deployments=deployments, incidents=incidents)

    assert [(n.numerator, n.denominator) for n in found] == [tuple(pair) for pair in case.values()]
    assert [n.value for n in found] == [0.5, None, 0.5, None]


def test_restore_times_are_pooled_not_averaged_over_services() -> None:
    case = CASES["pelorus_main"]
    seconds = [s for values in case["ttr_seconds"].values() for s in values]
    incidents = [
        incident(f"i{i}", "2026-10-05 00:00")._replace(resolved_at=at("2026-10-05 00:00") + timedelta(seconds=s))
        for i, s in enumerate(seconds)
    ]
    open_one = incident("foo", "2026-10-06 00:00")

    found = number("time_to_restore", ask("2026-10"), incidents=[*incidents, open_one])

    assert found.mean is not None
    assert found.mean * 60 == pytest.approx(case["pooled_mean_correct"])
    assert (found.n, found.n_excluded) == (3, case["open_failure_foo_excluded"])


def test_change_failure_is_pooled_not_averaged_over_groups() -> None:
    case = CASES["pelorus_hierarchy"]
    deployments, incidents = [], []
    for app, count in case["deploys"].items():
        for i in range(count):
            name = f"{app}-{i}"
            deployments.append(Deployment("file", name, app, at("2026-10-05 00:00"), "succeeded"))
            if i < case["failures"][app]:
                incidents.append(incident(name, "2026-10-06 00:00", caused_by=name))

    found = number("change_failure_rate", ask("2026-10"), deployments=deployments, incidents=incidents)

    assert found.value == case["group_pooled"]


def test_percentiles_are_linear_and_the_median_of_two_is_their_mean() -> None:
    case = CASES["percentile_linear"]
    five, four = (dict.fromkeys(values, 1) for values in (case["values"], [10, 20, 30, 40]))

    assert [Durations(five).quantile(q) for q in (0, 0.5, 1)] == [case["p0"], case["p50"], case["p100"]]
    assert Durations(four).quantile(0.5) == case["true_median_of_[10,20,30,40]"]
    assert Durations(dict.fromkeys(CASES["median_conventions"]["values_h"], 1)).quantile(0.5) == 3


def test_the_month_of_a_restore_is_that_of_its_end() -> None:
    case = CASES["mttr_weekly"]
    incidents = [
        incident(f"{week}-{i}", f"{week} 00:00")._replace(resolved_at=at(f"{week} 00:00") + timedelta(seconds=s))
        for week, seconds in (("2026-10-05", case["week1_seconds"]), ("2026-10-19", case["week3_seconds"]))
        for i, s in enumerate(seconds)
    ]

    first, second, third = numbers("time_to_restore", ask("2026-W41", "2026-W43"), incidents=incidents)

    assert [n.mean and n.mean * 60 for n in (first, second, third)] == [200, None, 100]
    assert first.value == pytest.approx(case["week1_median"] / 60)


def test_a_page_never_acknowledged_is_missed() -> None:
    case = CASES["ack_sla_survivorship"]
    triggered = at("2026-10-05 12:00")
    pages = [
        Page("file", "p1", triggered, "ana", "core", "search", triggered + timedelta(minutes=10)),
        Page("file", "p2", triggered, "bo", "core", "search", None),
    ]

    found = number("engaged_in_time", ask("2026-10"), pages=pages)

    assert found.value is not None
    assert found.value * 100 == case["honest_ack_rate"]


@pytest.mark.parametrize(
    "vector", CASES.get("interruption_buckets", {}).get("vectors", ()), ids=lambda v: str(v["local"])
)
def test_business_off_and_sleep_hours_follow_the_teams_zone(vector: dict[str, str]) -> None:
    facts = plain.facts(company(teams=[Team("pay", None, vector["tz"])]), ask("2026-10"))
    page = Page("file", "p", datetime.fromisoformat(vector["utc"].replace("Z", "+00:00")), "ana", "pay")

    night, off = asleep(facts, page), after_hours(facts, page)

    assert ("sleep" if night else "off" if off else "business") == vector["bucket"]


def test_notifications_within_a_minute_of_each_other_are_one_interruption() -> None:
    case = CASES["interruption_dedupe"]
    start = at("2026-10-05 12:00")
    pages = [
        Page("file", f"p{i}", start + timedelta(seconds=s), case["responder"], "pay", channel=channel)
        for i, (s, channel) in enumerate(case["notifications"])
    ]

    found = interruptions(plain.facts(company(), ask("2026-10")), pages)

    assert len(found) == case["chain_rule_count"]


def test_load_is_per_person_week_served_not_per_head() -> None:
    case = CASES["pages_per_oncall_week"]
    start = at("2026-10-05 00:00")
    shifts = [
        Shift("file", "pay", name, start, start + timedelta(seconds=seconds))
        for name, seconds in case["on_call_seconds"].items()
    ]
    pages = [
        Page("file", f"p{i}", start + timedelta(minutes=10 * i), "a", "pay", channel="push")
        for i in range(case["pages"])
    ]

    found = number("on_call_load", ask("2026-10"), pages=pages, shifts=shifts)

    assert (found.denominator, found.value) == (case["person_weeks"], pytest.approx(case["per_on_call_week"]))


def test_a_local_hour_and_weekday_follow_the_zone() -> None:
    case = CASES["tz_hour_bucket"]
    facts = plain.facts(company(teams=[Team("pay", None, case["tz"])]), ask("2026-10"))
    page = Page("file", "p", datetime.fromisoformat(case["utc"].replace("Z", "+00:00")), "ana", "pay")

    assert asleep(facts, page)


@pytest.mark.parametrize("case", STATS.get("rto_rpo_formula", {}).get("cases", ())[:2], ids=str)
def test_a_time_equal_to_its_target_is_met(case: dict[str, Any]) -> None:
    test = DrTest(
        "file",
        "t",
        "t",
        "failover",
        ("checkout",),
        at("2026-10-05 00:00").date(),
        at("2026-10-05 10:00"),
        "passed",
        "executed",
        60,
        5,
        case["rto_s"] / 60,
        case["rpo_s"] / 60,
    )

    found = number("rto_rpo_met", ask("2026-10"), dr_tests=[test])

    assert found.value == float(case["rto_met"] and case["rpo_met"])


def test_incidents_that_are_still_open_have_no_restore_time() -> None:
    case = CASES["mttr_open_excluded"]
    incidents = [incident(f"i{i}", "2026-10-05 00:00") for i in range(case["episodes"])]

    found = number("time_to_restore", ask("2026-10"), incidents=incidents)

    assert (found.n, found.value, found.n_excluded) == (case["mttr_count"], case["mttr"], case["episodes"])


def test_an_acknowledgement_before_the_page_is_left_out() -> None:
    case = CASES["ack_must_fall_inside_episode"]
    now = at("2026-10-20 00:00")
    pages = [
        Page(
            "file",
            name,
            now - timedelta(hours=case[name]["firing"]),
            "ana",
            "pay",
            None,
            now - timedelta(hours=touched),
        )
        for name, touched in (("a", case["a"]["touch"][0]), ("b", case["b"]["touch"][0]))
    ]

    found = number("time_to_engage", ask("2026-10"), pages=pages)

    assert (found.value, found.n, found.excluded) == (case["mtta_h"] * 60, case["acked"], {"negative interval": 1})


def test_mean_and_median_engage_times_are_the_published_ones() -> None:
    case = CASES["devlake_pagerduty_tta"]
    start = at("2026-10-05 00:00")
    pages = [
        Page(
            "file",
            str(i),
            start,
            "ana",
            "pay",
            None,
            start + timedelta(seconds=p["seconds_to_first_ack"]),
            None,
            "email",
        )
        for i, p in enumerate(case["per_incident"])
    ]

    found = number("time_to_engage", ask("2026-10"), pages=pages)

    assert found.mean is not None
    assert found.value is not None
    assert (found.mean * 60, found.value * 60) == pytest.approx((case["tta_mean_s"], case["tta_median_s"]))


def test_change_failure_counts_deployments_not_incidents() -> None:
    case = CASES["devlake_cfr"]
    names = case["production_success_deployments"]
    deployments = [Deployment("file", name, "checkout", at("2026-10-05 00:00"), "succeeded") for name in names]
    incidents = [
        incident(f"i{i}", "2026-10-06 00:00", caused_by=case["failed_deployments"][i % 2])
        for i in range(case["n_linked_incidents"])
    ]

    found = number("change_failure_rate", ask("2026-10"), deployments=deployments, incidents=incidents)

    assert found.value == pytest.approx(case["cfr_correct"])

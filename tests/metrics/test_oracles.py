"""Known answers worked out elsewhere, for the arithmetic that KPIs of this release rest on.

Not used here, and why:
- `mwmb_promtool_oracle.csv`, `burn_rate_thresholds`: when to page; Nines reports burn, it does not alert.
- `budgeting_methods` openslo-ddos and RatioTimeslices, `calendar_burndown`, `error_budget` issue 143980: with the
  page that draws a budget's burn-down and compares the methods; the KPI is over what was observed.
- `composite`: no composite SLO is a KPI. `scorecard`, `firehydrant_healthiness`, `aws_resilience_hub`: others' scores.
- `crq_oracles.json`: with expected loss. `dora_bands`: with the Change page. `dispatch_cost_example`: not downtime.
- `refire_repeat_24h`: alerts that fire again, not incidents. `two_counts`: Nines compares with limits, not pairs.
- `wheeler_published` median_moving_range and median_both: our XmR uses means. `roll_up_rounding`: in the charts' tests.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.metrics import budgets, signals, slos
from app.metrics.facts import Deployment, DrTest, Exclusion, Impact, Page, Shift, Sli, SliWindow, Team
from app.metrics.intervals import Durations, garwood, median_ranks, wilson
from app.metrics.oncall import after_hours, asleep, interruptions
from app.metrics.periods import parse
from tests import plain
from tests.metrics.hand import ask, at, company, incident, number, numbers

ORACLES = Path(__file__).parents[3] / "shared" / "oracles"
pytestmark = pytest.mark.skipif(not ORACLES.exists(), reason="the shared oracles are not beside this checkout")


def load(name: str) -> Any:
    """One file of known answers; empty in a checkout without them, where every test here is skipped."""
    path = ORACLES / name
    return json.loads(path.read_text()) if path.exists() else {}


STATS, CASES, SLO, WHEELER = (
    load(n) for n in ("stats_oracles.json", "numeric_cases.json", "slo_math_cases.json", "wheeler_published.json")
)
BY_ID = {case["id"]: case for case in WHEELER or ()}


@pytest.mark.parametrize("case", STATS.get("poisson_garwood_95", ()), ids=str)
def test_count_intervals_are_garwoods(case: dict[str, float]) -> None:
    assert garwood(case["count"]) == pytest.approx((case["lo95"], case["hi95"]), abs=1e-6)


@pytest.mark.parametrize("case", STATS.get("binomial", ()), ids=str)
def test_share_intervals_are_wilsons(case: dict[str, Any]) -> None:
    assert wilson(case["passed"], case["run"]) == pytest.approx(tuple(case["wilson"]), abs=1e-6)


@pytest.mark.parametrize("case", STATS.get("median_ci_order_statistic_95", ()), ids=str)
def test_median_intervals_take_the_published_ranks(case: dict[str, Any]) -> None:
    assert (median_ranks(case["n"]) or (None, None)) == (case["lo_rank"], case["hi_rank"])


@pytest.mark.parametrize("name", ["verify_software", "inventory", "peak_flow", "three_points"])
def test_process_limits_are_wheelers(name: str) -> None:
    case = BY_ID[name]

    limits = signals.xmr(case["x"])

    # The book rounds its averages before it multiplies.
    assert limits.centre == pytest.approx(case["x_avg"], abs=0.06)
    assert limits.high == pytest.approx(case["unpl"], abs=0.06)
    if "lnpl" in case:
        assert limits.low == pytest.approx(case["lnpl"], abs=0.06)


@pytest.mark.parametrize(
    "name", ["accident_rates_A_vs_B_limits", "accident_rates_B_vs_A_limits", "accounts_receivable", "verify_software"]
)
def test_points_beyond_the_limits_are_the_published_ones(name: str) -> None:
    case = BY_ID[name]
    locked = case.get("locked_limits")
    found = signals.xmr(case["x"])
    low, high = (locked.get("lower", 0.0), locked["upper"]) if locked else (found.low, found.high)

    flagged = [i for i, x in enumerate(case["x"]) if signals.beyond(x, signals.Limits(low, 0, high))]

    # Where only the upper limit is published, only the points above it can be checked.
    one_sided = locked is not None and "lower" not in locked
    assert flagged == [i for i in case["rule1_x_indices"] if not one_sided or case["x"][i] > high]


def test_a_run_of_eight_is_found_where_the_book_finds_it() -> None:
    case = BY_ID["seniors_smoke"]
    centre = sum(case["x"]) / len(case["x"])

    run = signals.longest_run(case["x"], centre)

    assert abs(run) >= signals.RUN
    assert case["rule2_run_of_8_indices"] == list(range(len(case["x"]) - abs(run), len(case["x"])))


def test_a_real_shift_in_restore_times_is_a_signal() -> None:
    series = STATS["change_points"][0]["x"]

    told = [
        signals.signal("other", [signals.Point(x) for x in series[:i]], signals.Point(series[i]), "lower").word
        for i in range(12, len(series))
    ]

    assert told[:4] == ["steady"] * 4
    assert told[-1] == "improving"


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


def _window(good: float, total: float, **more: float) -> SliWindow:
    return SliWindow("2026-10", "file", "checkout-up", "28d", 1, 1440, 1440, good, total, **more)


@pytest.mark.parametrize("case", SLO["error_budget"][0]["cases"] if SLO else (), ids=str)
def test_budgets_are_never_clamped_and_no_traffic_is_no_data(case: dict[str, Any]) -> None:
    found = budgets.budget(_window(case["good"], case["total"]), SLO["error_budget"][0]["target"])

    if case["total"] == 0:
        assert found is None
    elif case["good"] <= case["total"]:
        expected = case.get("remaining_unclamped", case.get("remaining"))
        assert found is not None
        assert found.remaining == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("case", SLO["error_budget"][2]["cases"] if SLO else (), ids=str)
def test_burn_is_bad_share_over_allowed_share(case: dict[str, Any]) -> None:
    found = budgets.budget(_window(case["good"], case["total"]), case["target"])

    if case["total"] == 0:
        assert found is None
    else:
        assert found is not None
        assert found.spent / found.allowed == pytest.approx(case["burn_rate"])


def test_the_same_series_by_occurrences_gives_the_exact_budget() -> None:
    case = SLO["budgeting_methods"][0]

    found = budgets.budget(_window(sum(case["good"]), sum(case["total"])), case["target"])

    assert found is not None
    assert 1 - found.remaining == pytest.approx(case["occurrences"]["exact_budget_burnt"])


def test_slices_already_judged_give_the_exact_budget_by_timeslices() -> None:
    case = SLO["budgeting_methods"][0]
    judged = [g / t >= case["timeSliceTarget"] for g, t in zip(case["good"], case["total"], strict=True)]

    found = budgets.budget(_window(sum(judged), len(judged)), case["target"])

    assert found is not None
    assert (sum(judged), 1 - found.remaining) == (
        case["timeslices"]["exact_good_slices"],
        pytest.approx(case["timeslices"]["exact_budget_burnt"]),
    )


def test_half_the_budget_left_is_datadogs_half() -> None:
    case = SLO["error_budget"][6]["example_exact"]

    found = budgets.budget(_window(case["status"], 100), case["target"] / 100)

    assert found is not None
    assert found.remaining * 100 == pytest.approx(case["remaining_pct"])


def test_an_exclusion_drops_out_of_numerator_and_denominator() -> None:
    case = SLO["exclusions"][0]
    days = case["window_minutes"] // 1440
    start = at("2026-10-05 00:00")
    rows = [
        Sli(
            "file",
            "checkout-up",
            start + timedelta(days=d),
            1440,
            1440 - (case["downtime_minutes"] if d == 1 else 0),
            1440,
        )
        for d in range(days)
    ]
    out = Exclusion("file", "x", start, start + timedelta(days=1), ("checkout",), (), "move", "maintenance", "cto")

    found = number("slo_compliance", ask("2026-W41"), sli=rows, exclusions=[out])

    assert found.value is not None
    assert 100 * (1 - found.value) == pytest.approx(case["drop_from_denominator_pct"], abs=1e-6)
    assert found.extra["without_exclusions"] == pytest.approx(1 - 60 / 10080)
    assert found.extra["excluded_minutes"] == case["correction_minutes"]


def test_budget_minutes_of_a_window_follow_from_the_objective() -> None:
    for objective, by_window in SLO["budget_minutes"].items():
        if objective == "trap":
            continue
        for window, minutes in by_window.items():
            span = float(window[:-1]) * 1440
            found = budgets.budget(_window(span, span), float(objective) / 100)
            assert found is not None
            assert found.allowed == pytest.approx(minutes)


def test_999_of_1000_meets_an_objective_of_three_nines_exactly() -> None:
    assert slos.meets(999, 1000, 0.999)
    assert not slos.meets(998.999, 1000, 0.999)
    assert slos.meets(2.1, 3, 0.7)
    assert not slos.meets(2.0999999, 3, 0.7)


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


@pytest.mark.parametrize("case", SLO["error_budget"][1]["cases"][1:] if SLO else (), ids=str)
def test_an_sli_is_good_over_total(case: dict[str, Any]) -> None:
    row = Sli("file", "checkout-up", at("2026-10-05 00:00"), 1440, case["good"], case["total"])

    found = number("slo_compliance", ask("2026-10"), sli=[row])

    assert found.value == pytest.approx(case["sli"], abs=1e-6)


@pytest.mark.parametrize("case", SLO["error_budget"][3]["cases"] if SLO else (), ids=str)
def test_slices_already_judged_count_as_they_are(case: dict[str, Any]) -> None:
    row = Sli("file", "checkout-up", at("2026-10-05 00:00"), 10080, case["good_slices"], case["observed_slices"])

    found = number("slo_compliance", ask("2026-10"), sli=[row])

    assert found.value == pytest.approx(case["sli"], abs=1e-6)


def test_a_half_spent_half_day_burns_five_times_too_fast() -> None:
    case = SLO["error_budget"][5]

    found = budgets.budget(_window(case["good"], case["good"] + case["bad"]), case["goal"])

    assert found is not None
    assert found.spent / found.allowed == pytest.approx(case["burn_rate"])
    assert found.remaining * case["eb_minutes"] == pytest.approx(case["eb_remaining_minutes"])


def test_a_weekly_budget_of_slices_is_the_published_minutes() -> None:
    case = SLO["budgeting_methods"][2]

    found = budgets.budget(_window(case["slices"], case["slices"]), case["target"])

    assert found is not None
    assert found.allowed == pytest.approx(case["exact_budget_minutes"])

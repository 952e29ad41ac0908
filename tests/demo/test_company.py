"""The demo organisation's facts: valid, resolvable, the same each time, up to yesterday, with its story in them."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import policy
from app.demo import change, incidents, markets, resilience, risks
from app.demo.company import facts, planned, tables
from app.demo.plan import ENTERPRISE
from app.demo.stage import Stage
from app.records import ENTITIES, ORIGINS

TODAYS = (date(2026, 11, 23), date(2028, 3, 1), date(2027, 1, 2))
"""A day in a month, the first of a month after a leap day, the second of a year."""
Rows = dict[str, list[dict[str, Any]]]
_TOLD: dict[date, Rows] = {}


@pytest.fixture(params=TODAYS, ids=str)
def today(request: pytest.FixtureRequest) -> date:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def told(today: date) -> Rows:
    if today not in _TOLD:
        _TOLD[today] = facts(today)
    return _TOLD[today]


def midnight(today: date) -> datetime:
    return datetime.combine(today, time(), UTC)


def months_back(today: date, at: datetime) -> int:
    last = today - timedelta(1)
    return (last.year - at.year) * 12 + last.month - at.month


def test_every_entity_has_facts(told: Rows) -> None:
    assert set(told) == set(ENTITIES)
    assert all(told.values())


def test_no_row_is_refused(told: Rows) -> None:
    for entity, rows in told.items():
        record = ENTITIES[entity].record
        for row in rows:
            given = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "source"}

            record.model_validate(given)

            assert row["source"]


def test_no_key_comes_twice(told: Rows) -> None:
    for entity, rows in told.items():
        keys = Counter((row["source"], *(row[column] for column in ENTITIES[entity].key)) for row in rows)

        assert keys.most_common(1)[0][1] == 1, entity


def test_every_reference_and_link_resolves(told: Rows) -> None:
    ids = {entity: {row[ENTITIES[entity].key[0]] for row in rows} for entity, rows in told.items()}

    for entity, rows in told.items():
        for column, other in {**ENTITIES[entity].refs, **ENTITIES[entity].links}.items():
            for row in rows:
                named = row[column] if isinstance(row[column], list) else [row[column]]
                assert {name for name in named if name is not None} <= ids[other], (entity, row)
    for action in told["actions"]:
        assert action["origin"] not in ORIGINS or action["origin_id"] in ids[ORIGINS[action["origin"]]]


def test_impacts_and_postmortems_have_the_source_of_their_incident(told: Rows) -> None:
    incidents = {(row["source"], row["incident"]) for row in told["incidents"]}

    for entity in ("impacts", "postmortems"):
        assert {(row["source"], row["incident"]) for row in told[entity]} <= incidents


def test_the_same_day_gives_the_same_bytes() -> None:
    first, second = ([(name, t) for name, t in tables(TODAYS[0])] for _ in range(2))

    assert [name for name, _ in first] == [name for name, _ in second]
    assert all(a.equals(b) for (_, a), (_, b) in zip(first, second, strict=True))


def test_an_unknown_size_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="not a size of the demo"):
        list(tables(TODAYS[0], "huge"))


def test_facts_end_yesterday_and_begin_two_years_before(told: Rows, today: date) -> None:
    moments = (
        *(row["start"] for row in told["sli"]),
        *(row["triggered_at"] for row in told["pages"]),
        *(row["deployed_at"] for row in told["deployments"]),
    )

    assert max(moments) < midnight(today)
    assert timedelta(730) <= midnight(today) - min(moments) <= timedelta(765)
    for entity, column in (("sli", "start"), ("pages", "triggered_at"), ("incidents", "detected_at")):
        assert max(row[column] for row in told[entity]).date() == today - timedelta(1), entity


def test_nothing_has_happened_after_yesterday(told: Rows, today: date) -> None:
    planned = {("shifts", "end")}
    for entity, rows in told.items():
        for row in rows:
            for column, value in row.items():
                if isinstance(value, datetime) and (entity, column) not in planned:
                    assert value < midnight(today), (entity, column, row)


def test_sli_rows_never_overlap(told: Rows) -> None:
    ends: dict[str, datetime] = {}
    for row in sorted(told["sli"], key=lambda row: (row["slo"], row["start"])):
        assert ends.get(row["slo"], row["start"]) <= row["start"]
        ends[row["slo"]] = row["start"] + timedelta(minutes=row["minutes"])


def test_the_last_days_of_important_services_are_hourly(told: Rows, today: date) -> None:
    fine = [row for row in told["sli"] if row["minutes"] == 60 and row["slo"] == "checkout-availability"]

    assert len(fine) == 96
    assert min(row["start"] for row in fine) == midnight(today) - timedelta(4)


def test_a_service_level_dips_on_the_day_of_its_outage(told: Rows) -> None:
    outages = [row for row in told["impacts"] if row["level"] == "outage" and (row["share"] or 0) > 0.5 and row["end"]]
    rows = [row for row in told["sli"] if row["slo"] == "checkout-availability" and row["minutes"] == 1440]
    daily = {row["start"].date(): 1 - row["good"] / row["total"] for row in rows}
    usual = sorted(daily.values())
    checkout = [row for row in outages if row["service"] == "checkout"]

    assert checkout
    for row in checkout:
        assert daily[row["start"].date()] > 5 * usual[len(usual) // 2]


def test_a_bad_quarter_stands_out_and_then_it_gets_better(told: Rows, today: date) -> None:
    majors = Counter(
        months_back(today, row["detected_at"])
        for row in told["incidents"]
        if row["severity"] <= 2 and row["kind"] == "incident"
    )

    bad = [majors[n] for n in (8, 7, 6)]
    assert min(bad) >= 7
    assert max(majors[n] for n in range(9, 24)) <= 6
    assert max(majors[n] for n in range(1, 5)) <= 4


def test_impact_minutes_are_worst_in_the_bad_quarter(told: Rows, today: date) -> None:
    minutes: Counter[int] = Counter()
    for row in told["impacts"]:
        if row["end"]:
            minutes[months_back(today, row["start"])] += (row["end"] - row["start"]).total_seconds() / 60  # type: ignore[assignment]

    bad = sum(minutes[n] for n in (6, 7, 8)) / 3
    assert bad > 2 * sum(minutes[n] for n in range(9, 21)) / 12
    assert bad > 3 * sum(minutes[n] for n in range(1, 6)) / 5


def weekly(told: Rows, team: str, today: date) -> float:
    """Interruptions on each on-call person-week of the last 26 weeks."""
    since = midnight(today) - timedelta(182)
    seen: dict[str, datetime] = {}
    count = 0
    for row in sorted(told["pages"], key=lambda row: row["triggered_at"]):
        if row["team"] != team or row["channel"] == "email" or row["triggered_at"] < since:
            continue
        before = seen.get(row["responder"])
        count += before is None or row["triggered_at"] - before > timedelta(seconds=60)
        seen[row["responder"]] = row["triggered_at"]
    served = [row for row in told["shifts"] if row["team"] == team and row["end"] > since]
    weeks = sum((min(r["end"], midnight(today)) - max(r["start"], since)).total_seconds() for r in served) / 604_800
    return count / weeks


def test_one_team_is_noisy_and_the_others_are_not(told: Rows, today: date) -> None:
    load = {row["team"]: weekly(told, row["team"], today) for row in told["teams"]}

    assert load.pop("search") > 18
    assert all(2.5 < value < 14 for value in load.values()), load


def test_the_noisy_team_is_called_at_night_for_nothing(told: Rows) -> None:
    zone = ZoneInfo("Asia/Kolkata")
    mine = [row for row in told["pages"] if row["team"] == "search"]
    marked = [row for row in mine if row["actionable"] is not None]
    local = [row["triggered_at"].astimezone(zone) for row in mine]

    assert sum(not row["actionable"] for row in marked) / len(marked) > 0.5
    assert sum(at.weekday() > 4 or not 8 <= at.hour < 18 for at in local) / len(local) > 0.6


def test_incidents_call_somebody_of_the_team_on_shift(told: Rows) -> None:
    shifts = [(r["team"], r["responder"], r["start"], r["end"]) for r in told["shifts"]]
    calls = [row for row in told["pages"] if row["incident"]]

    on_shift = [
        any(t == c["team"] and p == c["responder"] and s <= c["triggered_at"] < e for t, p, s, e in shifts)
        for c in calls[:400]
    ]

    assert sum(on_shift) / len(on_shift) > 0.97


def test_checkout_has_spent_its_budget_and_no_other_tier_0_service(told: Rows, today: date) -> None:
    tier_0 = {row["service"] for row in told["services"] if row["tier"] == 0}
    now = {}
    for row in told["slos"]:
        if row["service"] in tier_0 and (row["valid_from"] is None or row["valid_from"] <= today):
            now[row["slo"]] = row
    since = midnight(today) - timedelta(28)
    left = {}
    for slo, held in now.items():
        rows = [row for row in told["sli"] if row["slo"] == slo and row["start"] >= since]
        level = sum(r["good"] for r in rows) / sum(r["total"] for r in rows)
        left[held["service"]] = min(left.get(held["service"], 1), (level - held["objective"]) / (1 - held["objective"]))

    assert left.pop("checkout") < -0.2
    assert min(left.values()) > 0, left


def test_payments_failed_its_latest_failover_and_pricing_was_never_tested(told: Rows) -> None:
    done = sorted((r for r in told["dr_tests"] if r["executed_at"]), key=lambda row: row["executed_at"])
    payments = [row for row in done if row["services"][0] == "payments-api"]

    assert payments[-1]["result"] == "failed"
    assert payments[-1]["rto_achieved_minutes"] > payments[-1]["rto_minutes"]
    assert not [row for row in told["dr_tests"] if "pricing" in row["services"]]
    assert 0.8 <= sum(row["result"] == "passed" for row in done) / len(done) <= 0.95


def test_two_risks_are_above_appetite_and_one_acceptance_ran_out_this_month(told: Rows, today: date) -> None:
    open_ = [row for row in told["risks"] if row["status"] == "open"]
    line = policy.default().risk.appetite
    out = [row for row in open_ if row["accepted_until"] and row["accepted_until"] < today]

    assert sum(row["likelihood"] * row["impact"] > line for row in open_) == 2
    assert len(out) == 1
    assert (out[0]["accepted_until"].year, out[0]["accepted_until"].month) == (
        (today - timedelta(1)).year,
        (today - timedelta(1)).month,
    )
    assert sum(row["review_on"] is not None and row["review_on"] < today for row in open_) == 3


def test_one_source_is_late(told: Rows, today: date) -> None:
    latest = max(at for row in told["actions"] for at in (row["opened_at"], row["closed_at"]) if at)

    assert {row["source"] for row in told["actions"]} == {"jira"}
    assert timedelta(9) <= midnight(today) - latest < timedelta(16)


def test_an_incident_is_open_now_and_actions_are_overdue(told: Rows, today: date) -> None:
    waiting = [row for row in told["actions"] if not row["closed_at"] and not row["cancelled_at"]]

    assert [row for row in told["incidents"] if row["resolved_at"] is None and row["mitigated_at"] is None]
    assert [row for row in waiting if row["due_on"] and row["due_on"] < today]


def test_incidents_repeat_and_are_caused_by_deployments_before_them(told: Rows) -> None:
    deployed = {row["deployment"]: row["deployed_at"] for row in told["deployments"]}
    caused = [row for row in told["incidents"] if row["caused_by"]]

    assert len(caused) > 50
    assert all(deployed[row["caused_by"]] < (row["started_at"] or row["detected_at"]) for row in caused)
    assert sum(row["repeat_of"] is not None for row in told["incidents"]) > 10


def test_data_is_missing_where_it_would_be(told: Rows, today: date) -> None:
    def blank(entity: str, column: str) -> float:
        return sum(row[column] is None for row in told[entity]) / len(told[entity])

    assert 0.05 < blank("pages", "actionable") < 0.3
    assert 0 < blank("incidents", "started_at") < 0.1
    assert 0 < blank("deployments", "committed_at") < 0.1
    days = sorted(row["start"] for row in told["sli"] if row["slo"] == "recommendations-availability")
    assert max(b - a for a, b in pairwise(days)) == timedelta(12)
    assert [row for row in told["sli"] if row["total"] == 0]


def test_an_objective_was_tightened_last_year(told: Rows) -> None:
    revisions = [row for row in told["slos"] if row["slo"] == "checkout-availability"]

    assert [row["objective"] for row in revisions] == [0.999, 0.9995]


def test_change_failures_are_in_the_usual_range(told: Rows) -> None:
    caused = {row["caused_by"] for row in told["incidents"] if row["kind"] == "incident"}
    counted = [row for row in told["deployments"] if row["status"] != "failed"]

    failed = sum(row["status"] == "rolled_back" or row["deployment"] in caused for row in counted)

    assert 0.08 <= failed / len(counted) <= 0.15


NAMED = {"services": 1_000, "slos": 2_500, "incidents": 20_000, "deployments": 300_000, "dr_tests": 2_000, "risks": 400}
NAMED_LARGE = {"sli": 2_700_000, "pages": 3_000_000}


def test_the_large_size_is_as_large_as_it_says() -> None:
    stage = Stage(TODAYS[0], ENTERPRISE.years, markets.company(ENTERPRISE.countries), ENTERPRISE)
    shipped = change.ships(stage)
    cases = incidents.cases(stage, shipped)

    made = {
        "services": len(stage.company.services),
        "slos": len(stage.company.promises),
        "incidents": len(cases),
        "deployments": len(shipped.at),
        "dr_tests": len(resilience.tests(stage)),
        "risks": len(risks.rows(stage)),
    }

    assert {entity: made[entity] / NAMED[entity] for entity in NAMED} == {
        entity: pytest.approx(1, abs=0.1) for entity in NAMED
    }


def test_the_large_size_has_as_many_rows_as_it_says_where_there_are_most() -> None:
    """Three countries of the two dozen: services at home have the same share of tickets, and fewer calls."""
    few = ENTERPRISE._replace(countries=ENTERPRISE.countries[:3])
    share = len(markets.company(few.countries).crews) / len(markets.company(ENTERPRISE.countries).crews)
    rows: Counter[str] = Counter()
    for entity, table in planned(TODAYS[0], few):
        rows[entity] += table.num_rows

    assert set(rows) == set(ENTITIES)
    for entity, named in NAMED_LARGE.items():
        assert rows[entity] / share == pytest.approx(named, rel=0.15), entity
        assert named == pytest.approx(ENTERPRISE.about[entity], rel=0.1)


@pytest.fixture(scope="module")
def abroad() -> Rows:
    """The large size in one country besides home."""
    found: Rows = {}
    for entity, table in planned(TODAYS[0], ENTERPRISE._replace(countries=("jp",), tickets=4.0)):
        if entity != "sli":
            found.setdefault(entity, []).extend(table.to_pylist())
    return found


def test_no_row_from_abroad_is_refused_and_every_reference_resolves(abroad: Rows) -> None:
    ids = {entity: {row[ENTITIES[entity].key[0]] for row in rows} for entity, rows in abroad.items()}

    for entity, rows in abroad.items():
        keys = Counter((row["source"], *(row[column] for column in ENTITIES[entity].key)) for row in rows)
        assert keys.most_common(1)[0][1] == 1, entity
        for row in rows:
            given = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "source"}
            ENTITIES[entity].record.model_validate(given)
            for column, other in {**ENTITIES[entity].refs, **ENTITIES[entity].links}.items():
                named = row[column] if isinstance(row[column], list) else [row[column]]
                assert {name for name in named if name is not None} <= ids[other], (entity, row)


def test_countries_have_risks_actions_exclusions_and_repeats_of_their_own(abroad: Rows) -> None:
    def of_japan(entity: str) -> set[str]:
        return {
            row[ENTITIES[entity].key[0]] for row in abroad[entity] if any("-jp" in s for s in row["services"] or ())
        }

    for entity, origin in (("incidents", "incident"), ("risks", "risk"), ("dr_tests", "dr_test")):
        named = {row["origin_id"] for row in abroad["actions"] if row["origin"] == origin}
        assert of_japan(entity) & named, entity
    assert of_japan("exclusions")
    assert of_japan("incidents") & {row["incident"] for row in abroad["incidents"] if row["repeat_of"]}
    assert [row for row in abroad["annotations"] if row["scope"] == "team:payments-jp"]


def test_tickets_and_floods_hardly_interrupt(abroad: Rows) -> None:
    load = {row["team"]: weekly(abroad, row["team"], TODAYS[0]) for row in abroad["teams"]}

    assert sum(2 < value < 15 for value in load.values()) / len(load) > 0.8, load
    assert max(load.values()) < 35

"""Where an error budget went: hand-made rows, and the promise that the parts add up."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.metrics import spend
from app.metrics.facts import Exclusion, Facts, Impact, Sli
from app.metrics.spend import Hit, Stretch
from tests.metrics import oracles
from tests.metrics.hand import SLOS, at, incident
from tests.metrics.oracles import SLO

DAY = timedelta(days=1)


def row(day: int, bad: float, total: float = 1000, minutes: float = 1440, hour: int = 0) -> Sli:
    return Sli("file", "checkout-up", datetime(2026, 10, day, hour, tzinfo=UTC), minutes, total - bad, total)


def hit(name: str, start: str, stop: str) -> Hit:
    return Hit("file", name, at(start), at(stop))


def spent(rows: list[Sli], hits: list[Hit], holes: dict[str, list[spend.Times]] | None = None) -> spend.Spend:
    """Of an objective of 99 %, with what is usual told by the rows themselves."""
    stretches = spend.stretches(rows, holes or {})
    found = spend.spend(stretches, 0.99, hits, *spend.usual(stretches, hits, "UTC"))
    assert found is not None
    return found


QUIET = [row(day, 2) for day in range(1, 9)]
"""Eight days without an incident, 2 of 1,000 bad in each."""


def test_an_incident_is_given_what_its_day_lost_beyond_the_usual() -> None:
    found = spent([*QUIET, row(9, 52)], [hit("INC-1", "2026-10-09 10:00", "2026-10-09 12:24")])

    assert found.parts[0] == ("file", "INC-1", 50, pytest.approx(144))
    assert (found.everyday, found.unexplained, found.spent) == (18, 0, 68)
    assert found.allowed == pytest.approx(90)


def test_it_is_never_given_more_than_everything_in_its_time() -> None:
    found = spent([*QUIET, row(9, 52)], [hit("INC-1", "2026-10-09 10:00", "2026-10-09 10:14:24")])

    assert found.parts[0].bad == pytest.approx(10), "14.4 minutes are 1 % of the day: 10 of 1,000 events"
    assert found.unexplained == pytest.approx(40)


def test_incidents_at_once_share_evenly() -> None:
    hits = [
        hit("INC-1", "2026-10-09 10:00", "2026-10-09 12:00"),
        hit("INC-2", "2026-10-09 11:00", "2026-10-09 14:00"),
    ]

    found = spent([*QUIET, row(9, 82)], hits)

    # 10-11 the first, 11-12 both, 12-14 the second: 1.5 hours and 2.5 hours of 4.
    assert {part.incident: part.bad for part in found.parts} == {"INC-2": pytest.approx(50), "INC-1": pytest.approx(30)}


def test_two_impacts_of_one_incident_at_once_are_one() -> None:
    hits = [
        hit("INC-1", "2026-10-09 10:00", "2026-10-09 12:00"),
        hit("INC-1", "2026-10-09 11:00", "2026-10-09 12:00"),
        hit("INC-2", "2026-10-09 11:00", "2026-10-09 12:00"),
    ]

    found = spent([*QUIET, row(9, 42)], hits)

    assert {part.incident: part.bad for part in found.parts} == {"INC-1": pytest.approx(30), "INC-2": pytest.approx(10)}


def test_a_fine_row_gives_an_incident_no_other_rows_errors() -> None:
    day = [row(9, 1, 100, 60, hour) for hour in range(24)]
    day[10] = row(9, 61, 100, 60, 10)
    day[20] = row(9, 31, 100, 60, 20)

    found = spent([*QUIET, *day], [hit("INC-1", "2026-10-09 10:00", "2026-10-09 11:00")])

    assert found.parts[0].bad == pytest.approx(61 - 0.2), "all beyond the usual of its own hour"
    assert found.unexplained == pytest.approx(23 * 0.8 + 30)


def test_without_seven_quiet_days_an_incident_is_given_its_share_of_the_time() -> None:
    found = spent([row(1, 2), row(2, 48)], [hit("INC-1", "2026-10-02 00:00", "2026-10-02 06:00")])

    assert (found.usual, found.quiet) == (None, 1)
    assert found.parts[0].bad == pytest.approx(12)
    assert (found.everyday, found.unexplained) == (0, pytest.approx(38))


def test_usual_is_what_three_of_four_quiet_days_stay_within() -> None:
    rows = spend.stretches([row(day, bad) for day, bad in enumerate((1, 2, 3, 4, 5, 6, 7, 8, 90), 1)], {})

    level, days = spend.usual(rows, [hit("INC-1", "2026-10-09 00:00", "2026-10-09 01:00")], "UTC")

    assert (level, days) == (pytest.approx(0.00625), 8), "the ninth day is no quiet one"


def test_an_incident_in_excluded_time_is_given_nothing_and_its_day_is_named() -> None:
    hole = {"file": [(at("2026-10-09 10:00"), at("2026-10-09 22:00"))]}

    found = spent([*QUIET, row(9, 102)], [hit("INC-1", "2026-10-09 11:00", "2026-10-09 12:00")], hole)

    assert [(part.incident, part.bad, part.minutes) for part in found.parts] == [("INC-1", 0, 0)]
    assert found.cut == pytest.approx(50), "half of the day is left: 51 bad, 1 of them usual"
    assert found.spent == pytest.approx(16 + 51)


def test_a_row_wholly_excluded_spends_nothing() -> None:
    found = spent([*QUIET, row(9, 500)], [], {"file": [(at("2026-10-08 12:00"), at("2026-10-10 00:00"))]})

    assert found.spent == pytest.approx(7 * 2 + 1)
    assert found.allowed == pytest.approx(75)


def test_no_traffic_is_no_budget() -> None:
    assert spend.spend(spend.stretches([row(1, 0, 0)], {}), 0.99, [], None) is None


def test_impacts_tell_when_an_incident_touched_a_service_else_its_own_times_do() -> None:
    facts = Facts(
        incidents=(
            incident("INC-1", "2026-10-03 10:00", services=("checkout",)),
            incident("INC-2", "2026-10-04 10:00", started_at="2026-10-04 09:00", mitigated_at="2026-10-04 11:00",
                     resolved_at="2026-10-04 12:00", services=("search", "checkout")),
            incident("INC-3", "2026-10-05 10:00", services=("checkout",)),
            incident("INC-4", "2026-10-06 10:00", services=("checkout",), kind="maintenance"),
            incident("INC-5", "2026-10-07 10:00", services=("search",)),
        ),
        impacts=(
            Impact("file", "INC-1", "checkout", at("2026-10-03 10:10"), at("2026-10-03 10:30"), "outage"),
            Impact("file", "INC-5", "search", at("2026-10-07 10:00"), at("2026-10-07 11:00"), "outage"),
        ),
    )  # fmt: skip

    found = spend.hits(facts, "checkout", at("2026-10-08 00:00"))

    assert found == [
        hit("INC-1", "2026-10-03 10:10", "2026-10-03 10:30"),
        hit("INC-2", "2026-10-04 09:00", "2026-10-04 11:00"),
        hit("INC-3", "2026-10-05 10:00", "2026-10-08 00:00"),
    ]


def test_a_burndown_goes_from_the_whole_to_what_is_left_and_a_day_without_rows_is_no_data() -> None:
    rows = spend.stretches([row(1, 5), row(2, 10), row(4, 15), row(5, 0, 0)], {})
    days = [date(2026, 10, day) for day in range(1, 6)]

    found = spend.burndown(rows, 0.99, days, "UTC")

    assert [day.left for day in found] == [
        pytest.approx(5 / 6), pytest.approx(0.5), None, pytest.approx(0), pytest.approx(0),
    ]  # fmt: skip
    assert [day.covered for day in found] == [1, 1, 0, 1, 1]
    assert spend.coverage(found) == 0.8


@oracles.needed
def test_a_burndown_of_a_calendar_month_is_the_published_one_but_for_days_without_data() -> None:
    case = SLO["calendar_burndown"]
    shares = case["availability_pct_days_1_7"]
    rows = spend.stretches([row(day, 1000 * (1 - pct / 100)) for day, pct in enumerate(shares, 1)], {})
    days = [date(2026, 10, day) for day in range(1, 15)]

    found = spend.burndown(rows, case["objective_pct"] / 100, days, "UTC", of=30 / len(shares))

    stated = [pytest.approx(pct / 100, abs=1e-9) for pct in case["stated_remaining_pct_days_1_7"]]
    assert [day.left for day in found[:7]] == stated
    assert [day.left for day in found[7:]] == [None] * 7, "no data is not a day without errors"


def test_an_exclusion_counts_for_the_slo_that_it_names_or_whose_service_it_names() -> None:
    facts = Facts(
        exclusions=tuple(
            Exclusion("file", name, at("2026-10-03 00:00"), at("2026-10-03 02:00"), services, slos, "x", "test", "cto")
            for name, services, slos in (
                ("A", ("checkout",), ()), ("B", (), ("checkout-up",)), ("C", ("search",), ()),
            )
        )
    )  # fmt: skip

    found = spend.excluded(facts, SLOS[0], at("2026-10-03 01:00"), at("2026-10-04 00:00"))

    assert [(one.exclusion.exclusion, one.minutes) for one in found] == [("A", 60), ("B", 60)]


START = datetime(2026, 10, 1, tzinfo=UTC)
minute = st.integers(0, 14 * 1440)
spans = st.tuples(minute, st.integers(1, 4000)).map(
    lambda pair: (START + timedelta(minutes=pair[0]), START + timedelta(minutes=sum(pair)))
)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1)), min_size=1, max_size=14),
    st.lists(spans, max_size=6),
    st.lists(spans, max_size=3),
    st.sampled_from([0.5, 0.99, 0.9999]),
    st.sampled_from([None, 0.0, 0.001, 0.3]),
)
def test_parts_and_rest_are_all_that_was_spent_and_none_is_negative(
    days: list[tuple[int, float]],
    times: list[spend.Times],
    cuts: list[spend.Times],
    objective: float,
    level: float | None,
) -> None:
    rows = [
        Sli("file", "checkout-up", START + place * DAY, 1440, total * good, total)
        for place, (total, good) in enumerate(days)
    ]
    disjoint = [(a, min([b, *(c for c, _ in cuts if c > a)])) for a, b in cuts]
    stretches = spend.stretches(rows, {"file": sorted(set(disjoint))} if len({a for a, _ in cuts}) == len(cuts) else {})
    hits = [Hit("file", f"INC-{place % 4}", *span) for place, span in enumerate(times)]

    found = spend.spend(stretches, objective, hits, level)

    if found is None:
        assert sum(one.total for one in stretches) == 0
        return
    told = [found.everyday, found.cut, found.unexplained, *(part.bad for part in found.parts)]
    assert sum(told) / found.allowed == pytest.approx(found.spent / found.allowed, rel=1e-9, abs=1e-9)
    assert min(told) >= -1e-9 * max(found.spent, 1)
    assert found.spent == pytest.approx(sum(one.bad for one in stretches))


@given(st.lists(spans, min_size=1, max_size=6), st.floats(0, 1000))
def test_no_incident_is_given_more_than_fell_into_its_time(times: list[spend.Times], bad: float) -> None:
    rows = [Stretch(START, START + DAY, 1000, bad, 1.0, ((START, START + DAY),))]
    hits = [Hit("file", f"INC-{place}", *span) for place, span in enumerate(times)]

    found = spend.spend(rows, 0.99, hits, 0.0)

    assert found is not None
    for part in found.parts:
        assert part.bad <= 1000 * part.minutes / 1440 + 1e-6

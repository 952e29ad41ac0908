"""Whether load is shared fairly: shares of load and duty, and what chance explains."""

import pytest

from app.metrics.calls import Spared, Week, noisiest, when
from app.metrics.fairness import Carried, evenness, shares
from app.metrics.numbers import Group, Number, Tally

DAY = 1440.0


def person(calls: int, days: float, team: str = "red", squared: int | None = None) -> Carried:
    """Calls spread over days of one each, unless told otherwise."""
    return Carried(team, calls, calls if squared is None else squared, days * DAY)


def test_what_would_have_to_move_is_half_the_differences_of_shares() -> None:
    found = evenness([person(60, 100), person(20, 100), person(20, 200)])["red"]

    assert (found.people, found.interruptions) == (3, 100)
    assert found.load == pytest.approx(0.6)
    assert found.duty == pytest.approx(0.25)
    assert found.moved == pytest.approx((0.35 + 0.05 + 0.3) / 2)


def test_one_person_far_beyond_their_duty_is_uneven() -> None:
    assert evenness([person(60, 100), person(20, 100), person(20, 200)])["red"].state == "uneven"


def test_shares_as_duty_gives_them_are_within_chance() -> None:
    assert evenness([person(26, 100), person(24, 100), person(50, 200)])["red"].state == "even"


def test_calls_in_clumps_say_less_than_as_many_calls_one_by_one() -> None:
    """40 calls of one bad day are one misfortune, not forty."""
    apart = [person(40, 30), person(20, 30)]
    clumped = [person(40, 30, squared=1600), person(20, 30)]

    assert evenness(apart)["red"].state == "even"
    assert evenness([person(50, 30), person(10, 30)])["red"].state == "uneven"
    assert evenness(clumped)["red"].state == "too_few"


def test_few_calls_are_too_few_however_they_fall() -> None:
    assert evenness([person(9, 30), person(0, 30)])["red"].state == "too_few"


def test_one_person_alone_is_said_to_be_alone() -> None:
    found = evenness([person(50, 30)])["red"]

    assert (found.state, found.load, found.duty, found.moved) == ("alone", 1, 1, 0)


def test_calls_of_people_without_duty_are_in_no_share() -> None:
    found = evenness([person(10, 30), person(10, 30), person(7, 0)])["red"]

    assert (found.people, found.interruptions, found.helped) == (2, 20, 7)
    assert found.moved == 0


@pytest.mark.parametrize("people", [[person(0, 30)], [person(3, 0)]])
def test_no_call_or_no_duty_is_no_data(people: list[Carried]) -> None:
    found = evenness(people)["red"]

    assert (found.state, found.load, found.moved) == ("no_data", None, None)


def test_teams_are_held_apart() -> None:
    found = evenness([person(60, 10, "red"), person(20, 10, "blue")])

    assert {team: one.interruptions for team, one in found.items()} == {"blue": 20, "red": 60}


def load(team: str, calls: float, weeks: float | None) -> Number:
    value = calls / weeks if weeks else None
    return Number("on_call_load", "2026-10", Group(team=team), value, "per_week", calls, weeks, n=int(calls))


def test_a_teams_share_is_of_all_that_were_on_duty() -> None:
    found = shares([load("red", 30, 4), load("blue", 10, 4), load("lone", 5, None)])

    assert set(found) == {"red", "blue"}, "calls without duty have nothing to be held against"
    assert (found["red"].load, found["red"].duty, found["red"].beyond) == (0.75, 0.5, 0.25)


def test_no_interruption_has_no_shares() -> None:
    assert shares([load("red", 0, 4)]) == {}


def part(kpi: str, calls: int, of: int) -> Number:
    return Number(kpi, "2026-10", Group(), calls / of if of else None, "share", calls if of else None, of, n=of)


def test_the_parts_of_a_month_add_up_to_all() -> None:
    (found,) = when([part("after_hours_share", 7, 10)], [part("sleep_share", 4, 10)])

    assert found is not None
    assert (found.business, found.off, found.asleep, found.whole) == (3, 3, 4, 10)


def test_a_night_that_reaches_into_business_hours_is_counted_once() -> None:
    (found,) = when([part("after_hours_share", 2, 10)], [part("sleep_share", 6, 10)])

    assert found is not None
    assert (found.business, found.off, found.asleep) == (4, 0, 6)


def test_a_month_without_calls_has_no_parts() -> None:
    assert when([part("after_hours_share", 0, 0)], [part("sleep_share", 0, 0)]) == [None]


def test_the_noisiest_service_rang_most_for_nothing() -> None:
    sums = {
        ("2026-10", Group(service="shop")): Tally(2, 5, 5),
        ("2026-10", Group(service="mail")): Tally(4, 4, 4),
        ("2026-10", Group(service="idle")): Tally(),
    }
    sums["2026-10", Group(service="shop")].extra["pages"] = 9
    sums["2026-10", Group(service="mail")].extra["pages"] = 4

    found = noisiest(sums)

    assert [(one.service, one.pages, one.noise, one.unmarked, one.share) for one in found] == [
        ("mail", 4, 4, 0, 1.0),
        ("shop", 9, 2, 4, 0.4),
    ]


def test_what_silence_spares_is_told_for_a_person_week_where_those_are_known() -> None:
    assert (Spared(20, 15, 5.0).share, Spared(20, 15, 5.0).load_left) == (0.25, 3.0)
    assert Spared(20, 15, None).load_left is None
    assert Spared(0, 0, 5.0).share is None


def test_the_busiest_day_of_an_empty_week_is_none() -> None:
    assert Week({}).busiest is None
    assert Week({}).share(5, 6) is None
    assert Week({(0, 3): 2, (6, 9): 3, (0, 4): 2}).busiest == 0
    assert Week({(0, 3): 2, (6, 9): 3, (0, 4): 3}).share(5, 6) == 3 / 8

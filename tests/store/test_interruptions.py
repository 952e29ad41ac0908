"""Interruptions by the hour of the week and by person: hand-made, over changes of the clocks, on both databases."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from app.metrics.facts import Page, Service, Shift, Team
from app.metrics.fairness import Carried
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import Period, between, parse
from app.store import interruptions
from app.store.engine import open_store, reading, writing
from app.store.numbers import numbers
from tests.filled import NOW, demo_store
from tests.store.keeping import keep

OCTOBER = parse("2026-10", "UTC")
AS_OF = datetime(2026, 11, 10, tzinfo=UTC)
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
COUNT = iter(range(1, 10_000))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}Z")


def call(
    when: str | datetime,
    who: str = "ann",
    team: str = "red",
    service: str | None = "shop",
    actionable: bool | None = None,
    channel: str | None = "push",
) -> Page:
    moment = at(when) if isinstance(when, str) else when
    return Page("file", f"P{next(COUNT):04}", moment, who, team, service, None, actionable, channel)


def shift(who: str, start: str, end: str, team: str = "red", level: int | None = None) -> Shift:
    return Shift("file", team, who, at(start), at(end), level)


def fill(engine: Engine, pages: list[Page], shifts: list[Shift] | None = None) -> None:
    with writing(engine) as conn:
        keep(
            conn,
            {
                "teams": [Team("red", None, BERLIN), Team("blue", None, NEW_YORK)],
                "services": [
                    Service("shop", "Shop", 0, "red"),
                    Service("mail", "Mail", 1, "blue"),
                    Service("old", "Old", 1, "red", retired_on=date(2026, 10, 10)),
                ],
                "pages": pages,
                "shifts": shifts or [],
            },
        )


def found(engine: Engine, period: Period = OCTOBER, scope: Scope | None = None) -> interruptions.Calls:
    with reading(engine) as conn:
        return interruptions.week(conn, Ask((period,), AS_OF, scope=scope or Scope()))


def hours(engine: Engine, period: Period = OCTOBER, scope: Scope | None = None) -> list[tuple[int, ...]]:
    return [(day, hour, many) for (day, hour), many in sorted(found(engine, period, scope).hours.items())]


def test_an_hour_is_that_of_the_teams_clocks_before_and_after_they_change(engine: Engine) -> None:
    """25 October 2026: Berlin's clocks go from +02:00 to +01:00 at 01:00 UTC; New York's stay at -04:00."""
    fill(
        engine,
        [
            call("10-25T00:30:00"),  # Sunday 02:30 in Berlin, the first time
            call("10-25T01:30:00"),  # Sunday 02:30 in Berlin, the second time
            call("10-25T22:59:59"),  # Sunday 23:59 in Berlin
            call("10-25T23:00:00", "bob"),  # Monday 00:00 in Berlin
            call("10-26T03:59:00", "cy", "blue", "mail"),  # Sunday 23:59 in New York
        ],
    )

    assert hours(engine) == [(0, 0, 1), (6, 2, 2), (6, 23, 2)]


def test_bursts_mails_retired_services_and_other_months_are_as_in_the_kpi(engine: Engine) -> None:
    fill(
        engine,
        [
            call("09-30T23:59:30"),
            call("10-01T00:00:10"),  # goes on what began in September
            call("10-05T10:00:00"),
            call("10-05T10:01:00"),  # 60 s later: the same
            call("10-05T10:02:01"),  # 61 s later: another
            call("10-05T10:02:02", "bob"),
            call("10-05T12:00:00", channel="email"),
            call("10-06T12:00:00", channel=None, service=None),
            call("10-10T12:00:00", service="old"),
            call("10-12T12:00:00", service="old"),  # after it retired
        ],
    )

    # Berlin is two hours ahead: Monday noon three times, Tuesday and Saturday at two.
    assert hours(engine) == [(0, 12, 3), (1, 14, 1), (5, 14, 1)]
    assert hours(engine, scope=Scope(tier=1)) == [(5, 14, 1)]
    assert hours(engine, scope=Scope(team="red", service="shop")) == [(0, 12, 3)]
    assert hours(engine, scope=Scope(team="blue")) == []


@pytest.mark.parametrize(
    ("rang", "left"),
    [
        ([("00:00", False, "shop")], 0),
        ([("00:00", False, "shop"), ("00:30", True, "shop")], 1),  # still called, half a minute later
        ([("00:00", None, "shop")], 1),  # nobody judged it
        ([("00:00", False, "mail")], 1),  # another service
        ([("00:00", False, None)], 1),  # of no service
        ([("00:00", True, "shop"), ("00:50", False, "shop"), ("01:40", True, "shop")], 2),  # it bridged to the next
        ([("00:00", False, "shop"), ("00:30", False, "mail")], 1),
        ([("00:00", False, "mail"), ("00:30", False, "shop"), ("01:20", False, "shop")], 1),
        ([("00:00", False, "shop"), ("00:30", False, "mail"), ("01:20", True, "mail")], 1),
        ([("00:00", False, "old"), ("00:30", False, "shop"), ("00:50", None, "mail")], 1),
        ([("00:00", True, "shop"), ("01:00", False, "shop"), ("01:01", True, "shop")], 2),
    ],
)
def test_silence_spares_what_nothing_else_would_have_begun(
    engine: Engine, rang: list[tuple[str, bool | None, str | None]], left: int
) -> None:
    fill(engine, [call(f"10-05T10:{when}", service=service, actionable=said) for when, said, service in rang])

    assert found(engine).left(["shop"]) == left
    assert found(engine).left([]) == found(engine).whole


def test_silencing_two_spares_more_than_each_of_them(engine: Engine) -> None:
    fill(
        engine,
        [call("10-05T10:00:00", actionable=False), call("10-05T10:00:30", service="mail", actionable=False)],
    )

    assert [found(engine).left(quiet) for quiet in (["shop"], ["mail"], ["shop", "mail"])] == [1, 1, 0]


def test_what_rang_at_the_end_of_the_month_before_is_silenced_too(engine: Engine) -> None:
    fill(engine, [call("09-30T23:59:30", actionable=False), call("10-01T00:00:10")])

    assert found(engine).whole == 0
    assert found(engine).left(["shop"]) == 1, "the call of October that September's spared"


def test_duty_is_the_union_of_a_persons_shifts_within_the_period(engine: Engine) -> None:
    fill(
        engine,
        [
            call("10-05T10:00:00"),
            call("10-05T11:00:00"),
            call("10-06T11:00:00"),
            call("10-06T12:00:00", "eve"),  # on duty in no team
            call("10-06T12:00:00", "bob", "blue", "mail"),
        ],
        [
            shift("ann", "09-30T00:00:00", "10-02T00:00:00"),  # a day of October
            shift("ann", "10-01T12:00:00", "10-03T00:00:00", level=2),  # another
            shift("ann", "10-01T18:00:00", "10-01T20:00:00", level=3),  # covered
            shift("bob", "10-31T00:00:00", "11-07T00:00:00"),  # a day of October
            shift("bob", "10-31T00:00:00", "11-07T00:00:00", "blue"),
        ],
    )
    day = 1440.0

    with reading(engine) as conn:
        people = interruptions.carried(conn, Ask((OCTOBER,), AS_OF))
        narrowed = interruptions.carried(conn, Ask((OCTOBER,), AS_OF, scope=Scope(team="blue")))

    assert people == [
        Carried("blue", 1, 1, day, "bob"),
        Carried("red", 3, 2 * 2 + 1, 2 * day, "ann"),
        Carried("red", 1, 1, 0, "eve"),
        Carried("red", 0, 0, day, "bob"),
    ]
    assert narrowed == [Carried("blue", 1, 1, day, "bob")]


def test_a_month_that_has_not_begun_has_no_hours_and_no_people(engine: Engine) -> None:
    fill(engine, [call("10-05T10:00:00")], [shift("ann", "10-01T00:00:00", "12-31T00:00:00")])
    december = parse("2026-12", "UTC")

    with reading(engine) as conn:
        assert interruptions.week(conn, Ask((december,), AS_OF)).hours == {}
        assert interruptions.carried(conn, Ask((december,), AS_OF)) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return open_store(demo_store(tmp_path_factory.mktemp("demo")))


YEAR = between(date(2025, 11, 1), date(2026, 10, 31), "span", "UTC")[0]


@pytest.mark.parametrize("period", [OCTOBER, parse("2026-11", "UTC"), YEAR], ids=["month", "unfinished", "year"])
@pytest.mark.parametrize(
    "scope", [Scope(), Scope(team="search"), Scope(tier=0), Scope(service="checkout"), Scope(tier=1, team="payments")]
)
def test_the_hours_add_up_to_the_interruptions_of_the_kpi(demo: Engine, period: Period, scope: Scope) -> None:
    ask = Ask((period,), NOW, scope=scope)

    with reading(demo) as conn:
        (share,) = numbers(conn, ["after_hours_share"], ask)
        calls = interruptions.week(conn, ask)

    assert calls.whole == share.n > 0


def test_the_people_of_a_team_carry_what_the_kpi_counts(demo: Engine) -> None:
    ask = Ask((OCTOBER,), NOW, frozenset({"team"}))
    calls: Counter[str] = Counter()
    duty: Counter[str] = Counter()

    with reading(demo) as conn:
        loads = numbers(conn, ["on_call_load"], ask)
        for one in interruptions.carried(conn, Ask((OCTOBER,), NOW)):
            calls[one.team] += one.interruptions
            duty[one.team] += round(one.duty_minutes)

    assert calls == {number.group.team: number.numerator for number in loads}
    week = timedelta(weeks=1) / timedelta(minutes=1)
    assert duty == {number.group.team: round((number.denominator or 0) * week) for number in loads}

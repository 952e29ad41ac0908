"""Loading facts: windows, scope, changes of tier, zone and policy, and who was named by whom."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Connection, Engine

from app import policy as policies
from app.metrics.facts import (
    Count,
    Deployment,
    Exclusion,
    Facts,
    Impact,
    Incident,
    Linked,
    Page,
    Service,
    Sli,
    Slo,
    Team,
)
from app.metrics.numbers import Ask, Scope
from app.metrics.periods import between, parse
from app.people import local
from app.store.engine import reading, writing
from app.store.facts import bounds, load
from app.store.pieces import stored_zone
from app.store.sums import verify
from app.store.tables import PAGE_DAYS, SLI_DAYS
from app.store.windows import start
from app.store.write import set_policy
from tests.store.keeping import keep

AT = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
TEAMS = [Team("red", None, "UTC"), Team("blue", None, "UTC")]
SERVICES = [Service("shop", "Shop", 0, "red", "web"), Service("pay", "Pay", 2, "blue", "bank")]
MINUTE = timedelta(minutes=1)


def _page(name: str, service: str | None, team: str, took: int | None, at: datetime = AT) -> Page:
    return Page("file", name, at, name, team, service, None if took is None else at + took * MINUTE, None, "push")


PAGES = [_page("a", "shop", "red", 10), _page("b", "pay", "blue", 10), _page("c", None, "red", 20)]


def _load(conn: Connection, need: str, ask: Ask) -> Any:
    more = {"sli_lookbacks"} if need == "sli_windows" else set()
    return getattr(load(conn, frozenset({need, *more}), ask), need)


def _october(as_of: datetime = NOVEMBER, by: str = "", scope: Scope = Scope()) -> Ask:  # noqa: B008
    return Ask((parse("2026-10"),), as_of, frozenset({by} - {""}), scope)


def test_durations_are_split_only_by_what_was_asked_and_narrowed_to_the_scope(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(conn, {"teams": TEAMS, "services": SERVICES, "pages": PAGES})

    with reading(engine) as conn:
        whole = set(_load(conn, "engage_counts", _october()))
        by_team = set(_load(conn, "engage_counts", _october(by="team")))
        by_tier = set(_load(conn, "engage_counts", _october(by="tier")))
        tier = set(_load(conn, "engage_counts", _october(scope=Scope(tier=2))))
        product = set(_load(conn, "engage_counts", _october(scope=Scope(product="web"))))
        team = set(_load(conn, "engage_counts", _october(scope=Scope(team="red"))))
        nobody = set(_load(conn, "engage_counts", _october(scope=Scope(service="ghost"))))

    assert whole == {Count("2026-10", None, None, 10, 2), Count("2026-10", None, None, 20, 1)}
    assert by_team >= {Count("2026-10", "red", None, 10, 1), Count("2026-10", "blue", None, 10, 1)}
    assert by_tier >= {Count("2026-10", None, "shop", 10, 1), Count("2026-10", None, "pay", 10, 1)}
    assert tier == product == {Count("2026-10", None, None, 10, 1)}
    assert team == {Count("2026-10", None, None, 10, 1), Count("2026-10", None, None, 20, 1)}
    assert nobody == set()


def test_a_service_that_changes_tier_is_judged_by_its_new_target_throughout(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(conn, {"teams": TEAMS, "services": SERVICES, "pages": PAGES})
    with reading(engine) as conn:
        before = {row.service: row.in_time for row in _load(conn, "page_sums", _october())}

    with writing(engine) as conn:
        keep(conn, {"services": [SERVICES[0]._replace(tier=1)]})

    with reading(engine) as conn:
        after = {row.service: row.in_time for row in _load(conn, "page_sums", _october())}
    assert (before, after) == ({"shop": 0, "pay": 1, None: 1}, {"shop": 1, "pay": 1, None: 1})


def test_an_acknowledgement_after_as_of_is_not_known_yet(engine: Engine) -> None:
    late = _page("d", "shop", "red", 9_000, datetime(2026, 10, 31, 23, 50, tzinfo=UTC))
    with writing(engine) as conn:
        keep(conn, {"teams": TEAMS, "services": SERVICES, "pages": [late]})

    with reading(engine) as conn:
        (then,) = _load(conn, "page_sums", _october(datetime(2026, 10, 31, 23, 54, tzinfo=UTC)))
        (at_end,) = _load(conn, "page_sums", _october())
        (later,) = _load(conn, "page_sums", _october(NOVEMBER + timedelta(days=30)))

    assert [(row.waiting, row.acknowledged, row.due) for row in (then, at_end, later)] == [
        (1, 0, 0),
        (1, 0, 1),
        (0, 1, 1),
    ]


def test_a_new_zone_cuts_all_days_anew(engine: Engine) -> None:
    page = _page("a", "shop", "red", 1, datetime(2026, 9, 30, 23, 30, tzinfo=UTC))
    with writing(engine) as conn:
        keep(conn, {"teams": TEAMS, "services": SERVICES, "pages": [page]})

    berlin = policies.default().model_copy(update={"timezone": "Europe/Berlin"})
    with writing(engine) as conn:
        set_policy(conn, policies.dump(berlin), by=local("cto"), at=datetime(2020, 1, 1, tzinfo=UTC))

    ask = Ask((parse("2026-10", "Europe/Berlin"),), NOVEMBER)
    with reading(engine) as conn:
        assert stored_zone(conn) == "Europe/Berlin"
        assert [row.pages for row in _load(conn, "page_sums", ask)] == [1]
        assert verify(conn) == []


def test_sums_that_were_tampered_with_are_found(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(conn, {"teams": TEAMS, "services": SERVICES, "pages": PAGES})
    with writing(engine) as conn:
        conn.execute(PAGE_DAYS.update().values(pages=7))

    with reading(engine) as conn:
        assert {(difference.sums, difference.day) for difference in verify(conn)} == {("pages", date(2026, 10, 3))}


@pytest.mark.parametrize(
    ("window", "begins"),
    [
        ("28d", datetime(2026, 10, 3, 23, tzinfo=UTC)),
        ("1w", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("1M", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("1Q", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("1Y", datetime(2025, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_window_begins_days_before_or_with_its_calendar_unit(window: str, begins: datetime) -> None:
    """The last moment before the end of October in Berlin, which is an hour before its end in UTC."""
    assert start(window, datetime(2026, 10, 31, 23, tzinfo=UTC), "Europe/Berlin") == begins


def _day(day: int, good: float, minutes: float = 1440, hour: int = 0, source: str = "file") -> Sli:
    return Sli(source, "s", datetime(2026, 10, day, hour, tzinfo=UTC), minutes, good, 100)


def _slo(window: str, valid_from: date | None = None) -> Slo:
    return Slo("file", "s", "shop", "S", "availability", 0.99, window, "occurrences", valid_from)


def test_look_backs_are_read_only_where_they_are_asked_for(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(conn, {"services": SERVICES, "slos": [_slo("7d")], "sli": [_day(31, 90)]})

    with reading(engine) as conn:
        own = load(conn, frozenset({"sli_windows"}), _october()).sli_windows
        back = load(conn, frozenset({"sli_lookbacks"}), _october()).sli_windows

    assert {row.window for row in own} == {"7d"}
    assert {row.window for row in back} == {"1d", "3d"}


def test_an_slos_window_is_that_of_the_revision_then_in_force(engine: Engine) -> None:
    rows = [_day(day, 90) for day in range(1, 32)]
    slos = [_slo("7d"), _slo("1M", date(2026, 10, 20))]
    with writing(engine) as conn:
        keep(conn, {"services": SERVICES, "slos": slos, "sli": rows})

    with reading(engine) as conn:
        mid = _load(conn, "sli_windows", _october(datetime(2026, 10, 15, 12, tzinfo=UTC)))
        end = _load(conn, "sli_windows", _october())

    # Noon less seven days: the rows of the 9th to the 15th begin within.
    assert {row.window: row.total for row in mid} == {"7d": 700, "1d": 100, "3d": 300}
    assert {row.window: (row.total, row.good, row.longest_row_minutes) for row in end} == {
        "1M": (3100, 2790, 1440),
        "1d": (100, 90, 1440),
        "3d": (300, 270, 1440),
    }


def test_rows_of_every_source_feed_one_slo(engine: Engine) -> None:
    rows = [_day(30, 90), _day(31, 100), _day(31, 50, source="prom")]
    with writing(engine) as conn:
        keep(conn, {"services": SERVICES, "slos": [_slo("7d")], "sli": rows})

    with reading(engine) as conn:
        windows = _load(conn, "sli_windows", _october())

    assert {(row.source, row.slo, row.window, row.total, row.good) for row in windows} == {
        ("file", "s", "7d", 300, 240),
        ("file", "s", "3d", 300, 240),
        ("file", "s", "1d", 200, 150),
    }


def test_exclusions_that_overlap_take_time_out_once(engine: Engine) -> None:
    noon = datetime(2026, 10, 31, 12, tzinfo=UTC)
    cuts = [
        Exclusion("file", f"x{n}", noon + a * MINUTE, noon + b * MINUTE, ("shop",), (), "move", "maintenance", "cto")
        for n, (a, b) in enumerate([(0, 360), (180, 720)])
    ]
    with writing(engine) as conn:
        keep(conn, {"services": SERVICES, "slos": [_slo("7d")], "sli": [_day(31, 90), _day(30, 90)]})
        keep(conn, {"exclusions": cuts})

    with reading(engine) as conn:
        (row,) = _load(conn, "sli_sums", _october())

    assert (row.minutes, row.excluded_minutes, row.excluded_rows) == (2880, 720, 0)
    assert (row.excluded_total, row.excluded_good) == (50, 45)


def test_an_incident_without_a_cause_points_at_the_latest_deployment_of_the_day_before(engine: Engine) -> None:
    hour = timedelta(hours=1)
    made = [
        Deployment("file", "d1", "shop", AT - 5 * hour, "succeeded"),
        Deployment("file", "d2", "pay", AT - 2 * hour, "succeeded"),
        Deployment("file", "d3", "shop", AT - hour, "failed"),
        Deployment("file", "d4", "shop", AT - 25 * hour, "rolled_back"),
    ]
    base = Incident("file", "i", "Down", 1, AT, services=("shop", "pay"))
    found = [
        base._replace(incident="named", caused_by="d4"),
        base._replace(incident="failed", caused_by="d3"),
        base._replace(incident="pointed"),
        base._replace(incident="early", started_at=AT - 26 * hour, services=("shop",)),
        base._replace(incident="test", kind="test"),
    ]
    with writing(engine) as conn:
        keep(conn, {"deployments": made, "incidents": found})

    with reading(engine) as conn:
        links = _load(conn, "linked", _october())

    assert set(links) == {Linked(made[3], "file", "named", False), Linked(made[1], "file", "pointed", True)}


def test_light_facts_come_whole_and_are_read_anew_after_a_write(engine: Engine) -> None:
    incident = Incident("file", "i", "Down", 1, AT, services=("shop",))
    impact = Impact("file", "i", "shop", AT, None, "outage")
    with writing(engine) as conn:
        keep(conn, {"incidents": [incident], "impacts": [impact]})
    with reading(engine) as conn:
        first = load(conn, frozenset({"incidents", "impacts"}), _october())

    with writing(engine) as conn:
        keep(conn, {"incidents": [incident._replace(title="Up again")]})

    with reading(engine) as conn:
        second = load(conn, frozenset({"incidents"}), _october())
    assert (first.incidents, first.impacts, second.impacts) == ((incident,), (impact,), ())
    assert second.incidents[0].title == "Up again"


def test_an_empty_store_gives_empty_facts(engine: Engine) -> None:
    needs = frozenset(
        {"sli_sums", "sli_windows", "sli_lookbacks", "page_sums", "engage_counts", "deployment_sums", "lead_counts"}
    )

    with reading(engine) as conn:
        found = load(conn, needs | {"sli", "pages", "deployments", "linked", "incidents"}, _october())

        assert found == Facts(policy=found.policy)
        assert bounds(conn) is None


def test_the_days_of_a_store_reach_from_its_first_to_its_last_event(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(conn, {"pages": PAGES, "sli": [_day(5, 90)], "slos": [_slo("7d")]})

    with reading(engine) as conn:
        assert bounds(conn) == (date(2026, 10, 3), date(2026, 10, 5))


def test_a_screen_reads_sums_not_facts(engine: Engine) -> None:
    """Whole settled days come from the stored sums alone: without them there is nothing, though the facts are there."""
    rows = [_day(day, 90) for day in range(1, 32)]
    with writing(engine) as conn:
        keep(conn, {"services": SERVICES, "slos": [_slo("7d")], "sli": rows, "pages": PAGES})
    with writing(engine) as conn:
        conn.execute(SLI_DAYS.delete())
        conn.execute(PAGE_DAYS.delete())

    ask = Ask(between(date(2026, 1, 1), date(2026, 10, 31), "month"), NOVEMBER)
    with reading(engine) as conn:
        found = load(conn, frozenset({"sli_sums", "page_sums"}), ask)

    assert (found.sli_sums, found.page_sums) == ((), ())

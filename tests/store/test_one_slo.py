"""What one SLO's page reads: its own rows, and what touched its service meanwhile."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Connection, Engine

from app.metrics.facts import Deployment, Exclusion, Impact, Incident, Service, Sli, Slo
from app.metrics.forecasts import Day
from app.store import one_slo
from app.store.engine import reading, writing
from tests.store.keeping import keep

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SLO = Slo("file", "shop-up", "shop", "Shop is up", "availability", 0.99, "28d", "occurrences")


def _sli(slo: str, at: datetime, source: str = "file") -> Sli:
    return Sli(source, slo, at, 60, 99, 100)


def _incident(name: str, day: float, hours: float | None = 2, services: tuple[str, ...] = (), **more: str) -> Incident:
    at = START + day * DAY
    end = None if hours is None else at + timedelta(hours=hours)
    return Incident("file", name, name, 2, at, mitigated_at=end, services=services, **more)  # type: ignore[arg-type]


def _names(conn: Connection, first: float, last: float, service: str = "shop") -> list[str]:
    return [one.incident for one in one_slo.touching(conn, service, START + first * DAY, START + last * DAY)[0]]


def test_rows_are_those_of_one_slo_that_start_in_the_time_in_order(engine: Engine) -> None:
    odd = START + timedelta(hours=7, minutes=3)
    rows = [_sli(slo, START + place * DAY) for place in range(6) for slo in ("a", "shop-up", "z")]
    with writing(engine) as conn:
        keep(conn, {"slos": [SLO], "sli": [*rows, _sli("z", odd), _sli("shop-up", odd, "other")]})

    with reading(engine) as conn:
        found = one_slo.rows(conn, ["file", "other"], "shop-up", START, START + 5 * DAY)
        some = one_slo.rows(conn, ["file"], "shop-up", START + timedelta(1), START + 3 * DAY)
        none = one_slo.rows(conn, ["file", "nobody"], "shop-up", START + 9 * DAY, START + 12 * DAY)

    assert [(row.source, row.start) for row in found] == [
        ("file", START), ("other", odd), *(("file", START + place * DAY) for place in range(1, 5)),
    ]  # fmt: skip
    assert found[0] == _sli("shop-up", START)
    assert [row.start for row in some] == [START + DAY, START + 2 * DAY]
    assert none == []


def test_days_hold_what_exclusions_leave_and_days_without_rows_are_not_among_them(engine: Engine) -> None:
    rows = [_sli(slo, START + place * timedelta(hours=12)) for place in (0, 1, 4, 8) for slo in ("a", "shop-up")]
    cut = Exclusion("file", "A", START, START + timedelta(minutes=30), ("shop",), (), "x", "test", "cto")
    with writing(engine) as conn:
        keep(conn, {"slos": [SLO], "sli": rows, "exclusions": [cut]})

    with reading(engine) as conn:
        found = one_slo.days(conn, ["file"], "shop-up", START.date(), START.date() + timedelta(3))
        none = one_slo.days(conn, ["file"], "shop-up", START.date(), START.date())

    assert found == [Day(START.date(), 150, 1.5), Day(START.date() + timedelta(2), 100, 1)]
    assert none == []


def test_holes_are_the_union_of_what_exclusions_cut_from_the_slo(engine: Engine) -> None:
    cut = [
        Exclusion("file", name, START + a * DAY, START + b * DAY, services, slos, "x", "test", "cto")
        for name, a, b, services, slos in (
            ("A", 0, 2, ("shop",), ()), ("B", 1, 3, (), ("shop-up",)), ("C", 5, 6, ("mail",), ()),
        )
    ]  # fmt: skip
    with writing(engine) as conn:
        keep(conn, {"slos": [SLO], "sli": [_sli("shop-up", START)], "exclusions": cut})

    with reading(engine) as conn:
        assert one_slo.holes(conn, ["file"], "shop-up") == {"file": [(START, START + 3 * DAY)]}
        assert one_slo.holes(conn, ["file"], "mail-up") == {}


def test_an_incident_touches_a_service_that_it_names_while_it_lasts(engine: Engine) -> None:
    incidents = [
        _incident("before", 1, 2, ("shop",)),
        _incident("reaching in", 4.9, 6, ("mail", "shop")),
        _incident("inside", 6, 2, ("shop",)),
        _incident("like it", 6, 2, ("shop-window", "SHOP", "a%shop")),
        _incident("of another", 6, 2, ("mail",)),
        _incident("nobody's", 6, 2, ()),
        _incident("after", 12, 2, ("shop",)),
        _incident("never ended", 0, None, ("shop",)),
    ]
    with writing(engine) as conn:
        keep(conn, {"incidents": incidents})

    with reading(engine) as conn:
        assert _names(conn, 5, 10)[:1] == ["never ended"]
        assert {"reaching in", "inside"} <= set(_names(conn, 5, 10))
        assert not {"before", "after", "of another", "nobody's"} & set(_names(conn, 5, 10))
        assert _names(conn, 6, 7, "sh_p") == [], "a name is no pattern"


def test_an_incident_touches_a_service_by_its_impact_and_comes_with_all_its_impacts(engine: Engine) -> None:
    impacts = [
        Impact("file", "INC-1", "shop", START + 6 * DAY, START + 7 * DAY, "outage", 0.5),
        Impact("file", "INC-1", "mail", START + 6 * DAY, START + 7 * DAY, "outage"),
        Impact("file", "INC-2", "mail", START + 6 * DAY, None, "degraded"),
        Impact("file", "INC-3", "shop", START + 2 * DAY, None, "degraded"),
    ]
    incidents = [_incident(name, 6, 2, ("mail",)) for name in ("INC-1", "INC-2", "INC-3")]
    with writing(engine) as conn:
        keep(conn, {"incidents": incidents, "impacts": impacts})

    with reading(engine) as conn:
        found, windows = one_slo.touching(conn, "shop", START + 5 * DAY, START + 10 * DAY)

    assert [one.incident for one in found] == ["INC-1", "INC-3"]
    assert found[0] == incidents[0]
    assert sorted((one.incident, one.service) for one in windows) == [
        ("INC-1", "mail"), ("INC-1", "shop"), ("INC-3", "shop"),
    ]  # fmt: skip


def test_deployments_are_found_by_the_ids_that_incidents_name(engine: Engine) -> None:
    made = [Deployment("ci", f"D-{place}", "shop", START + place * DAY, "succeeded") for place in (3, 1, 2)]
    with writing(engine) as conn:
        keep(conn, {"services": [Service("shop", "Shop", 0, "web")], "deployments": made})

    with reading(engine) as conn:
        assert [one.deployment for one in one_slo.deployments(conn, ["D-3", "D-1", "D-9"])] == ["D-1", "D-3"]
        assert one_slo.deployments(conn, []) == ()


def test_a_slices_objective_is_that_of_its_revision(engine: Engine) -> None:
    with writing(engine) as conn:
        keep(conn, {"slos": [SLO]})

    with reading(engine) as conn:
        assert one_slo.slice_objective(conn, SLO) is None

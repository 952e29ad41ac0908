"""PagerDuty: shifts on call, teams with their time zones, and services of which tier and team can be told."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from tests.sources.live import AT
from tests.sources.pager import ANN, BOB, GONE, OPTIONS, SECRET, Pager, oncall
from tests.sources.vendor import Vendor, facts, read, sources


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGERDUTY_TOKEN", SECRET)


def spans(engine: Engine) -> list[tuple[str, str, str, int]]:
    return [
        (one["responder"], f"{one['start']:%d %H:%M}", f"{one['end']:%d %H:%M}", one["level"])
        for one in sorted(facts(engine)["shifts"], key=lambda one: (one["level"], one["start"]))
    ]


def test_a_shift_has_its_own_start_and_end_and_who_always_is_on_call_has_one_a_day(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    pager = Pager()
    pager.oncalls = [
        oncall(ANN, "2026-11-25T09:00:00+01:00", "2026-11-27T09:00:00+01:00"),
        oncall(BOB, "2026-11-27T09:00:00+01:00", "2026-12-04T09:00:00+01:00"),
        oncall(BOB, "2026-11-27T09:00:00+01:00", "2026-12-04T09:00:00+01:00"),
        oncall(GONE, None, None, level=2),
    ]
    with Vendor(pager).up() as url:
        file = sources(tmp_path, url=url, **OPTIONS)
        read(sqlite_engine, file)
        first = spans(sqlite_engine)
        # Ann takes over from Bob, who had a week to go.
        pager.oncalls[1:3] = [oncall(BOB, "2026-11-27T09:00:00+01:00", "2026-11-28T14:00:00Z")]
        pager.oncalls.append(oncall(ANN, "2026-11-28T14:00:00Z", "2026-12-04T09:00:00+01:00"))
        read(sqlite_engine, file, now=AT + timedelta(hours=3))

    assert first == [
        ("ann@shop.example", "25 08:00", "27 08:00", 1),
        ("bob@shop.example", "27 08:00", "04 08:00", 1),
        ("Gus Gone", "26 00:00", "27 00:00", 2),
        ("Gus Gone", "27 00:00", "28 00:00", 2),
        ("Gus Gone", "28 00:00", "28 12:00", 2),
    ]
    assert spans(sqlite_engine) == [
        ("ann@shop.example", "25 08:00", "27 08:00", 1),
        ("bob@shop.example", "27 08:00", "28 14:00", 1),
        ("ann@shop.example", "28 14:00", "04 08:00", 1),
        ("Gus Gone", "26 00:00", "27 00:00", 2),
        ("Gus Gone", "27 00:00", "28 00:00", 2),
        ("Gus Gone", "28 00:00", "28 15:00", 2),
    ]
    assert {one["team"] for one in facts(sqlite_engine)["shifts"]} == {"Payments"}


def test_teams_have_the_time_zone_of_most_of_their_members_or_the_one_that_is_given(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    pager = Pager()
    pager.lists["users"][0]["time_zone"] = "No/Where"
    pager.lists["teams"].append({"id": "PNEW", "name": "Nobody yet"})
    with Vendor(pager).up() as url:
        read(sqlite_engine, sources(tmp_path, url=url, **OPTIONS))
        first = {one["team"]: one["timezone"] for one in facts(sqlite_engine)["teams"]}
        read(sqlite_engine, sources(tmp_path, url=url, defaults={"timezone": "Asia/Tokyo"}, **OPTIONS))

    assert first == {"Payments": "Europe/Berlin", "Nobody yet": "Europe/Berlin"}
    assert {one["timezone"] for one in facts(sqlite_engine)["teams"]} == {"Asia/Tokyo"}
    assert "services" not in facts(sqlite_engine)


def test_services_are_those_whose_tier_a_custom_field_or_the_default_tells(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    pager = Pager()
    policy = {"escalation_policy": {"id": "PPOL"}}
    pager.lists["services"] += [{"id": "PSEA", "name": "Search", **policy}, {"id": "PNOT", "name": "Batch"}]
    pager.fields = {
        "PSVC": [{"name": "tier", "value": "Tier 0"}, {"name": "product", "value": "Shop"}],
        "PSEA": [{"name": "tier", "value": "gold"}],
    }
    labels = {"tier": "tier", "product": "product"}
    with Vendor(pager).up() as url:
        outcome = read(sqlite_engine, sources(tmp_path, url=url, labels=labels, **OPTIONS))
        first = facts(sqlite_engine)["services"]
        read(sqlite_engine, sources(tmp_path, url=url, defaults={"tier": 2, "team": "Core"}, **OPTIONS))

    assert [(one["service"], one["tier"], one["team"], one["product"]) for one in first] == [
        ("Checkout", 0, "Payments", "Shop")
    ]
    assert [(one.column, one.value) for one in outcome.rejects] == [("tier", "gold")]
    assert {(one["service"], one["tier"], one["team"]) for one in facts(sqlite_engine)["services"]} == {
        ("Checkout", 2, "Payments"),
        ("Search", 2, "Payments"),
        ("Batch", 2, "Core"),
    }

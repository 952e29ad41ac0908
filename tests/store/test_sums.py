"""Stored sums against the plain fold of the raw facts, for random facts, imports, policies and as-of."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from app import policy as policies
from app.metrics.facts import Deployment, Exclusion, Facts, Page, Service, Shift, Sli, Slo, Team
from app.metrics.numbers import Ask
from app.metrics.periods import between
from app.people import local
from app.policy import Hours, Policy
from app.store.engine import open_store, reading, writing
from app.store.facts import load
from app.store.sums import verify
from app.store.write import set_policy
from tests import plain
from tests.store.keeping import keep

FIRST = datetime(2026, 3, 20, tzinfo=UTC)
LAST = FIRST + timedelta(days=26)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
SUMS = ("sli_sums", "sli_windows", "page_sums", "engage_counts", "deployment_sums", "lead_counts")
_NUMBERS = count()

# Times cluster: at local midnights, and within seconds of each other.
moments = st.builds(
    lambda day, minute, second: FIRST + timedelta(days=day, minutes=minute, seconds=second),
    st.integers(0, 25),
    st.one_of(st.sampled_from((0, 0, 240, 480, 1080, 1320, 1380, 1410, 1439)), st.integers(0, 1439)),
    st.sampled_from((0, 0, 0, 1, 30, 59)),
)
after = st.one_of(st.none(), st.sampled_from((0, 1, 60, 61, 299, 300, 301, 900, 1800, 3600, 90_000, -5)))
services = st.sampled_from(("shop", "pay", "old", "ghost"))
teams = st.sampled_from(("red", "blue", "nobody"))


def _later(at: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else at + timedelta(seconds=seconds)


pages = st.lists(
    st.builds(
        lambda at, gap, responder, team, service, acked, actionable, channel: (
            at + timedelta(seconds=gap),
            responder,
            team,
            service,
            acked,
            actionable,
            channel,
        ),
        moments,
        st.sampled_from((0, 0, 20, 60, 61)),
        st.sampled_from(("ana", "bo")),
        teams,
        st.one_of(st.none(), services),
        after,
        st.sampled_from((None, True, False)),
        st.sampled_from((None, "push", "phone", "email")),
    ),
    max_size=14,
).map(
    lambda found: [
        Page("file" if n % 3 else "duty", f"p{n}", at, who, team, service, _later(at, acked), actionable, channel)
        for n, (at, who, team, service, acked, actionable, channel) in enumerate(found)
    ]
)
deployments = st.lists(
    st.tuples(
        moments,
        services,
        st.sampled_from(("succeeded", "failed", "rolled_back")),
        st.sampled_from((None, "canary", "rolling", "feature_flag")),
        after,
        st.sampled_from((None, True, False)),
    ),
    max_size=10,
).map(
    lambda found: [
        Deployment("file", f"d{n}", service, at, status, strategy, _later(at, -took if took else took), unplanned)
        for n, (at, service, status, strategy, took, unplanned) in enumerate(found)
    ]
)
sli = st.lists(
    st.tuples(
        moments,
        st.sampled_from(("a", "b", "c")),
        st.sampled_from(("file", "prom")),
        st.sampled_from((5.0, 60.0, 1440.0)),
        st.sampled_from((0, 90, 100)),
    ),
    max_size=14,
    unique_by=lambda row: (row[0], row[1], row[2]),
).map(lambda found: [Sli(source, slo, at, m, float(min(good, 97)), float(good)) for at, slo, source, m, good in found])
exclusions = st.lists(st.tuples(moments, st.integers(0, 3000), st.integers(0, 2)), max_size=4).map(
    lambda found: [
        Exclusion(
            "file",
            f"x{n}",
            at,
            at + timedelta(minutes=length),
            ("shop",) if kind == 0 else (),
            ("b",) if kind else (),
            "move",
            "maintenance",
            "cto",
        )
        for n, (at, length, kind) in enumerate(found)
    ]
)
shifts = st.lists(
    st.tuples(moments, st.integers(1, 4000), st.sampled_from(("ana", "bo"))),
    max_size=4,
    unique_by=lambda row: (row[0], row[2]),
).map(lambda found: [Shift("file", "red", who, at, at + timedelta(minutes=length)) for at, length, who in found])


@st.composite
def organisations(draw: st.DrawFn) -> dict[str, list[Any]]:
    zones = draw(st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)))
    tiers = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    retired = date(2026, 3, 20) + timedelta(days=draw(st.integers(0, 20)))
    return {
        "teams": [Team("red", None, zones[0]), Team("blue", None, zones[1])],
        "services": [
            Service("shop", "Shop", tiers[0], "red"),
            Service("pay", "Pay", tiers[1], "blue"),
            Service("old", "Old", 1, "blue", retired_on=retired),
        ],
        "slos": [
            Slo("file", "a", "shop", "A", "availability", 0.99, "7d", "occurrences"),
            Slo("file", "b", "pay", "B", "availability", 0.99, "28d", "occurrences"),
            Slo("file", "c", "old", "C", "availability", 0.99, "7d", "occurrences"),
        ],
        "pages": draw(pages),
        "deployments": draw(deployments),
        "sli": draw(sli),
        "exclusions": draw(exclusions),
        "shifts": draw(shifts),
    }


@st.composite
def policies_of_a_year(draw: st.DrawFn) -> Policy:
    return policies.default().model_copy(
        update={
            "timezone": draw(st.sampled_from(ZONES)),
            "interruption_seconds": draw(st.sampled_from((60, 60, 300))),
            "hours": draw(st.sampled_from((Hours(), Hours(days=(0, 6), sleep_start=time(1), sleep_end=time(4))))),
        }
    )


def _before(found: dict[str, list[Any]], keep_every: int) -> dict[str, list[Any]]:
    """An earlier version of some of the facts: same keys, other values."""
    made = {name: list(facts)[::keep_every] for name, facts in found.items()}
    hour = timedelta(hours=31)
    made["teams"] = [team._replace(timezone="Pacific/Auckland") for team in made["teams"]]
    made["services"] = [service._replace(tier=3 - service.tier, retired_on=None) for service in made["services"]]
    made["pages"] = [p._replace(triggered_at=p.triggered_at + hour, team="blue", channel=None) for p in made["pages"]]
    made["deployments"] = [d._replace(deployed_at=d.deployed_at - hour) for d in made["deployments"]]
    made["sli"] = [row._replace(minutes=row.minutes + 10, good=0.0) for row in made["sli"]]
    made["exclusions"] = [e._replace(start=e.start - hour, services=("pay",), slos=()) for e in made["exclusions"]]
    made["shifts"] = [s._replace(end=s.end + hour) for s in made["shifts"]]
    return made


def _numbers(rows: Iterable[Any]) -> dict[tuple[Any, ...], list[float]]:
    found = {}
    for row in rows:
        cells = row._asdict()
        key = ("period", "source", "slo", "window", "team", "service")
        place = tuple(cells.pop(name, None) for name in key)
        if "n" in cells:
            place = (*place, round(cells.pop("minutes"), 7))
        if type(row).__name__ == "SliWindow":
            del cells["excluded_minutes"]
        assert place not in found
        found[place] = list(cells.values())
    return found


def _same(name: str, expected: Iterable[Any], got: Iterable[Any]) -> None:
    left, right = _numbers(expected), _numbers(got)
    assert left.keys() == right.keys(), name
    for place, numbers in left.items():
        assert right[place] == pytest.approx(numbers, rel=1e-9, abs=1e-9), (name, place)


def _check(engine: Engine, found: dict[str, list[Any]], history: list[tuple[datetime, Policy]], ask: Ask) -> None:
    with reading(engine) as conn:
        stored = load(conn, frozenset({*SUMS, "sli_lookbacks"}), ask)
    at_end = Facts(policies=tuple(history))
    for period in ask.periods:
        policy = at_end.policy_at(min(period.end, ask.as_of) - timedelta(microseconds=1))
        one = replace(ask, periods=(period,))
        expected = plain.facts(found, one, policy)
        for name in SUMS:
            got = [row for row in getattr(stored, name) if row.period == period.key]
            if name.endswith("_counts"):  # of services that nobody knows: the metrics leave them out
                got = [row for row in got if row.service in expected.services]
            _same(name, getattr(expected, name), got)


def _run(new_store: Callable[[], str], data: Any) -> None:
    found = data.draw(organisations())
    first = data.draw(policies_of_a_year())
    history = [(datetime(2020, 1, 1, tzinfo=UTC), first)]
    if data.draw(st.booleans()):
        second = data.draw(policies_of_a_year()).model_copy(update={"timezone": first.timezone})
        history.append((data.draw(moments), second))
    engine = open_store(new_store())
    try:
        with writing(engine) as conn:
            set_policy(conn, policies.dump(first), by=local("cto"), at=history[0][0])
        if data.draw(st.booleans()):
            with writing(engine) as conn:
                keep(conn, _before(found, data.draw(st.integers(1, 3))))
        half = data.draw(st.booleans())
        if half:
            with writing(engine) as conn:
                keep(conn, {name: facts[::2] for name, facts in found.items()})
        for since, policy in history[1:]:
            with writing(engine) as conn:
                set_policy(conn, policies.dump(policy), by=local("cto"), at=since)
        with writing(engine) as conn:
            keep(conn, found)
        with reading(engine) as conn:
            assert verify(conn) == []
        kind = data.draw(st.sampled_from(("week", "month", "day")))
        days = between(FIRST.date() - timedelta(3), LAST.date(), kind, first.timezone)
        by = frozenset({"service", "team"})
        for as_of in (data.draw(moments), LAST + timedelta(days=9)):
            _check(engine, found, history, Ask(days, as_of, by))
    finally:
        engine.dispose()


PROPERTY = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@PROPERTY
@given(data=st.data())
def test_sums_on_sqlite_are_the_plain_fold_of_the_facts_as_of_any_moment(tmp_path: Path, data: st.DataObject) -> None:
    _run(lambda: f"sqlite:///{tmp_path}/{next(_NUMBERS)}.db", data)


@settings(PROPERTY, max_examples=12)
@given(data=st.data())
def test_sums_on_postgresql_are_the_plain_fold_of_the_facts_as_of_any_moment(
    postgresql_databases: Callable[[], str], data: st.DataObject
) -> None:
    _run(postgresql_databases, data)

"""A snapshot holds what `nines kpi` says, gives the same text again, and tells apart what moved and why."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from app import ingest
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Ask, Number
from app.metrics.periods import parse
from app.people import local
from app.policy import default, dump
from app.review import build, restate, snapshot
from app.review.snapshot import Restated, Snapshot
from app.shapes import as_json
from app.store.engine import open_store, reading, writing
from app.store.losses import with_years
from app.store.numbers import numbers
from app.store.write import set_policy
from tests import filled

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
ANN = local("ann")
FILES = {
    "teams": "team,timezone\npay,UTC\nfind,UTC\n",
    "services": "service,name,tier,team,downtime_cost_per_minute\ncheckout,Checkout,0,pay,100\nsearch,Search,1,find,\n",
    "slos": "slo,service,name,kind,objective,window,method\n"
    "avail,checkout,Checkout answers,availability,0.99,28d,occurrences\n",
    "sli": "slo,start,minutes,good,total\n"
    + "".join(f"avail,2026-10-{day:02}T00:00:00Z,1440,{999 if day < 20 else 900},1000\n" for day in range(1, 32)),
    "incidents": "incident,title,severity,detected_at,resolved_at,services,customer_impact\n"
    "i1,Down,1,2026-10-05T09:00:00Z,2026-10-05T10:00:00Z,checkout,true\n"
    "i2,Slow,3,2026-10-09T09:00:00Z,2026-10-09T09:30:00Z,search,false\n",
    "risks": "risk,title,category,owner,status,likelihood,impact,treatment,services,review_on,identified_on\n"
    "r1,One provider,supplier,ann,open,4,5,mitigate,checkout,2026-10-20,2026-01-05\n",
    "actions": "action,origin,origin_id,title,owner,opened_at,due_on\n"
    "a1,incident,i1,Add a second pool,bob,2026-10-06T09:00:00Z,2026-10-16\n",
}


def bring(engine: Engine, folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    ingest.run(engine, [folder / f"{name}.csv" for name in files], by=ANN)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    bring(opened, tmp_path, **FILES)
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = open_store(filled.demo_store(tmp_path_factory.mktemp("demo")))
    yield opened
    opened.dispose()


def october(engine: Engine, at: datetime = AT) -> Snapshot:
    with reading(engine) as conn:
        return build.build(conn, "2026-10", by="ann", at=at)


@pytest.fixture(scope="module")
def kept_of_demo(demo: Engine) -> Snapshot:
    return october(demo)


def moved(engine: Engine, kept: Snapshot) -> tuple[Restated, ...]:
    with reading(engine) as conn:
        return restate.restated(conn, kept)


def test_the_numbers_are_those_of_the_command_at_every_grouping(demo: Engine, kept_of_demo: Snapshot) -> None:
    made = kept_of_demo

    for split, held in made.numbers.items():
        keys = [key for key, kpi in KPIS.items() if not split or split in kpi.dimensions]
        by = frozenset({split} if split else ())
        ask = Ask((parse("2026-10", made.zone),), AT, by)
        with reading(demo) as conn:
            found = numbers(conn, keys, ask)
            found = with_years(conn, found, ask) if split in ("", "tier", "team") else found
        assert [as_json(number, by) for number in held] == [as_json(number, by) for number in found]


def test_a_kept_text_is_read_as_it_was_written(demo: Engine, kept_of_demo: Snapshot) -> None:
    made = kept_of_demo

    kept = snapshot.text(made)

    assert snapshot.read(kept) == made
    assert snapshot.text(snapshot.read(kept)) == kept
    assert snapshot.text(october(demo)) == kept, "the same store at the same instant gives the same snapshot"
    assert json.loads(kept)["period"] == "2026-10"


def test_every_step_says_its_finding_and_every_chart_has_data_or_says_what_brings_it(kept_of_demo: Snapshot) -> None:
    for section in kept_of_demo.sections:
        assert section.finding
        assert len(section.faces) == len(section.kpis)
        for chart in section.charts:
            drawn = any(value is not None for series in chart.series for value in series.values)
            assert chart.title
            assert drawn or chart.empty


def test_a_store_without_facts_gives_a_review_without_data(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/empty.db")

    made = october(engine)

    engine.dispose()
    assert made.headline == ("October 2026: no data.",)
    assert all(number.value is None or number.value == 0 for number in made.numbers[""])
    assert all(not section.exceptions for section in made.sections)


def test_somebody_is_asked_about_exceptions_alone(engine: Engine) -> None:
    made = october(engine)

    asked = {one.subject: one for section in made.sections for one in section.exceptions}

    assert asked["number:error_budget_remaining:slo=avail"].owner == "pay"
    assert asked["actions:file/a1"].owner == "bob"
    assert asked["actions:file/a1"].text == "“Add a second pool” was due on 16 Oct 2026."
    assert asked["risks:file/r1"].text == "The review of “One provider” was due on 20 Oct 2026."
    assert asked["number:risks_above_appetite:"].severe
    assert not any(key.startswith("number:time_to_detect") for key in asked), "what nobody measures is no exception"


def test_a_period_that_has_not_begun_cannot_be_frozen(engine: Engine) -> None:
    with reading(engine) as conn, pytest.raises(ValueError, match="December 2026 has not begun"):
        build.build(conn, "2026-12", by="ann", at=AT)
    with reading(engine) as conn, pytest.raises(ValueError, match="no month or quarter"):
        build.build(conn, "2026-W41", by="ann", at=AT)


def test_nothing_moves_while_the_facts_stay(demo: Engine, kept_of_demo: Snapshot) -> None:
    assert moved(demo, kept_of_demo) == ()


def test_a_late_fact_moves_exactly_the_numbers_that_it_counts_in(engine: Engine, tmp_path: Path) -> None:
    kept = october(engine)
    head = FILES["incidents"].splitlines()[0]

    bring(engine, tmp_path, incidents=f"{head}\ni3,Late,2,2026-10-20T09:00:00Z,2026-10-20T11:00:00Z,search,false\n")

    found = moved(engine, kept)
    now = october(engine)
    assert {(one.kpi, one.was.group) for one in found} == {
        (was.kpi, was.group)
        for split, held in kept.numbers.items()
        for was, other in zip(held, now.numbers[split], strict=True)
        if _told(was) != _told(other)
    }
    severe = next(one for one in found if one.kpi == "major_incidents" and not one.group)
    assert (severe.was.value, severe.now.value, severe.why, severe.said) == (1, 2, ("late",), "1 fact came late.")
    assert not any(one.was.group.service == "checkout" for one in found)


def _told(number: Number) -> tuple[object, ...]:
    return (number.value, number.numerator, number.denominator, number.n, number.low, number.verdict, number.target)


def test_a_mended_fact_and_one_that_no_longer_counts_are_told_apart(engine: Engine, tmp_path: Path) -> None:
    kept = october(engine)
    head = FILES["incidents"].splitlines()[0]

    bring(engine, tmp_path, incidents=f"{head}\ni1,Down,1,2026-10-05T09:00:00Z,2026-10-05T12:00:00Z,checkout,true\n")

    restore = next(one for one in moved(engine, kept) if one.kpi == "time_to_restore" and not one.group)
    assert restore.why == ("mended",)
    assert restore.said == "1 fact was mended."

    bring(engine, tmp_path, incidents=f"{head}\ni1,Down,3,2026-10-05T09:00:00Z,2026-10-05T10:00:00Z,checkout,true\n")

    severe = next(one for one in moved(engine, kept) if one.kpi == "major_incidents" and not one.group)
    assert (severe.now.value, severe.why) == (0, ("removed",))


def test_another_policy_and_another_tier_are_named(engine: Engine, tmp_path: Path) -> None:
    kept = october(engine)
    changed = default().model_dump(mode="json", exclude_none=True)
    changed["major_severity"] = 3
    with writing(engine) as conn:
        set_policy(conn, dump(type(default()).model_validate(changed)), by=ANN, at=datetime(2026, 9, 1, tzinfo=UTC))

    severe = next(one for one in moved(engine, kept) if one.kpi == "major_incidents" and not one.group)
    assert (severe.now.value, severe.why) == (2, ("late", "policy"))

    bring(engine, tmp_path, services="service,name,tier,team\ncheckout,Checkout,2,pay\n")

    tiers = [one for one in moved(engine, kept) if one.kpi == "slo_compliance" and one.was.group.tier == 0]
    assert tiers
    assert "catalogue" in tiers[0].why


def test_many_rows_are_kept_by_service(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("app.review.behind.MOST", 10)
    kept = october(engine)
    assert kept.behind["slo_compliance"].by_service
    assert not kept.behind["slo_compliance"].single

    bring(engine, tmp_path, sli="slo,start,minutes,good,total\navail,2026-10-02T00:00:00Z,1440,500,1000\n")

    found = next(one for one in moved(engine, kept) if one.kpi == "slo_compliance" and not one.group)
    assert (found.why, found.said) == (("mended",), "Facts of 1 service were mended.")


def test_months_before_are_shown_up_to_the_one_reviewed(kept_of_demo: Snapshot) -> None:
    made = kept_of_demo

    of = [number.period for number in made.trend if number.kpi == "slo_compliance"]

    assert (of[0], of[-1], len(of)) == ("2025-10", "2026-10", 13)
    assert (made.first, made.last) == (date(2026, 10, 1), date(2026, 10, 31))

"""The whole way on both databases: fact files in, the expected numbers out; out again as files, the same numbers."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Engine

from app import export, ingest
from app.metrics.catalogue import KPIS
from app.metrics.numbers import Ask, Number
from app.metrics.periods import between, parse
from app.people import local
from app.store.engine import open_store, reading
from app.store.numbers import numbers
from app.store.sums import verify

SHARED = Path(__file__).parents[2] / "shared"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not beside this checkout")
REAL = ("customer_impact_minutes", "major_incidents", "time_to_restore", "rework_rate", "slo_compliance", "slos_met")
MEASURED = [key for key, kpi in KPIS.items() if kpi.measured]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _numbers(engine: Engine, keys: Iterable[str], first: str, last: str, as_of: datetime, by: str = "") -> list[Number]:
    ask = Ask(between(parse(first).first, parse(last).first, "month"), as_of, frozenset({by} - {""}))
    with reading(engine) as conn:
        return numbers(conn, list(keys), ask)


def _all(engine: Engine, first: str, last: str, as_of: datetime = NOW) -> list[tuple[Any, ...]]:
    return [
        (
            n.kpi,
            n.period,
            n.group,
            n.value,
            n.numerator,
            n.denominator,
            n.n,
            n.n_excluded,
            n.low,
            n.high,
            n.verdict,
            n.signal,
        )
        for by in ("", "tier")
        for n in _numbers(engine, MEASURED, first, last, as_of, by)
    ]


def _same(one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        for x, y in zip(a, b, strict=True):
            assert x == (pytest.approx(y, rel=1e-9) if isinstance(y, float) else y), (a, b)


def _figure(number: Number, like: Any) -> Any:
    if isinstance(like, Mapping):
        known = {"n": number.n, "median": number.value, "mean": number.mean}
        return {name: known[name] for name in like}
    return [number.numerator, number.denominator] if isinstance(like, list) else number.value


@pytest.mark.parametrize("name", ["jenkins", "unibe"])
def test_a_real_organisation_comes_out_as_it_went_in(name: str, engine: Engine, tmp_path: Path) -> None:
    folder = SHARED / "real" / name
    expected = json.loads((folder / "expected.json").read_text())

    first = ingest.run(engine, [folder], timezone=ZoneInfo("UTC"), by=local("ann"))
    again = ingest.run(engine, [folder], timezone=ZoneInfo("UTC"), by=local("ann"))

    assert first.counts["incidents"].set_aside == expected["incidents_set_aside"]
    assert first.counts["impacts"].set_aside == expected["impacts_set_aside"]
    assert {(c.new, c.changed) for c in again.counts.values()} == {(0, 0)}
    found = {(n.kpi, n.period): n for n in _numbers(engine, REAL, "2017-11", "2026-08", NOW)}
    for key in REAL:
        for month, figure in expected[key].items():
            assert _figure(found[key, month], figure) == pytest.approx(figure, abs=1e-6), (key, month)
    of_services = _numbers(engine, ["customer_impact_minutes"], "2020-11", "2026-08", NOW, "service")
    by_service = {(n.group.service, n.period): n.value for n in of_services}
    for service, months in expected["customer_impact_minutes_by_service"].items():
        for month, figure in months.items():
            assert by_service[service, month] == pytest.approx(figure, abs=1e-6)
    with reading(engine) as conn:
        export.to_file(conn, "all", "csv", tmp_path / "all.zip")
    other = open_store(f"sqlite:///{tmp_path}/other.db")
    ingest.run(other, [tmp_path / "all.zip"], by=local("ann"))
    _same(_all(engine, "2026-01", "2026-08"), _all(other, "2026-01", "2026-08"))
    other.dispose()


def test_every_figure_of_the_company_agrees_through_the_store(engine: Engine) -> None:
    folder, as_of = SHARED / "cases" / "company", datetime(2026, 11, 1, tzinfo=UTC)
    expected = json.loads((folder / "expected.json").read_text())

    report = ingest.run(engine, [folder], by=local("ann"))

    assert report.set_aside == 0
    found: dict[tuple[str, str], Number] = {}
    for by in ("", "tier", "team"):
        for n in _numbers(engine, MEASURED, "2026-05", "2026-10", as_of, by):
            split = getattr(n.group, by) if by else None
            if bool(by) == (split is not None) and n.group.slo is None:
                found[n.kpi, n.period + (f"/{by} {split}" if by else "")] = n
    wrong = []
    for key, places in expected.items():
        for place, figures in places.items():
            for figure, value in figures.items():
                got = getattr(found[key, place], figure, found[key, place].extra.get(figure))
                if got != value and got != pytest.approx(value, abs=1e-6):
                    wrong.append((key, place, figure, value, got))
    assert not wrong
    with reading(engine) as conn:
        assert verify(conn) == []

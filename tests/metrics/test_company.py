"""The synthetic company with the awkward edges: every figure of its `expected.json`, by the metric core alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.metrics.catalogue import KPIS
from app.metrics.measure import horizon, measure
from app.metrics.numbers import Ask, Number
from app.metrics.periods import between, parse
from tests import plain

COMPANY = Path(__file__).parents[3] / "shared" / "cases" / "company"
pytestmark = pytest.mark.skipif(not COMPANY.exists(), reason="the shared cases are not beside this checkout")
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MONTHS = between(parse("2026-05").first, parse("2026-10").first, "month")


@pytest.fixture(scope="module")
def found() -> dict[str, list[Any]]:
    return plain.read(COMPANY)


@pytest.fixture(scope="module")
def by_split(found: dict[str, list[Any]]) -> dict[str, dict[str, Number]]:
    numbers: dict[str, dict[str, Number]] = {key: {} for key in KPIS}
    for dimension in ("", "tier", "team"):
        ask = Ask(MONTHS, AS_OF, frozenset({dimension} - {""}))
        facts = plain.facts(found, replace(horizon(KPIS, ask), by=ask.by))
        for number in measure([k for k in KPIS if KPIS[k].measured], facts, ask):
            split = getattr(number.group, dimension) if dimension else None
            if bool(dimension) == (split is not None) and number.group.slo is None:
                numbers[number.kpi][number.period + (f"/{dimension} {split}" if dimension else "")] = number
    return numbers


EXPECTED: dict[str, dict[str, dict[str, float | None]]] = (
    json.loads((COMPANY / "expected.json").read_text()) if COMPANY.exists() else {}
)


@pytest.mark.parametrize("key", EXPECTED)
def test_every_figure_of_the_company_agrees(key: str, by_split: dict[str, dict[str, Number]]) -> None:
    wrong = []
    for place, figures in EXPECTED[key].items():
        number = by_split[key].get(place)
        for name, figure in figures.items():
            got = None if number is None else getattr(number, name, number.extra.get(name))
            same = got == figure if figure is None or got is None else got == pytest.approx(figure, abs=1e-6)
            if number is None or not same:
                wrong.append((place, name, figure, got))

    assert not wrong

"""Two real organisations: the metric core gives the figures of `expected.json`, worked out by another program."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.metrics.measure import horizon, measure
from app.metrics.numbers import Ask, Number
from app.metrics.periods import between, parse
from tests import plain

REAL = Path(__file__).parents[3] / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the shared real data are not beside this checkout")
KEYS = ["customer_impact_minutes", "major_incidents", "time_to_restore", "rework_rate", "slo_compliance", "slos_met"]


def _kept(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Without the rows that an import sets aside: what ends before it starts, and impacts of incidents set aside."""
    forwards = [
        i
        for i in found["incidents"]
        if all(
            end is None or begin is None or begin <= end
            for begin in (i.started_at, i.detected_at)
            for end in (i.mitigated_at, i.resolved_at)
        )
    ]
    ids = {i.incident for i in forwards}
    impacts = [i for i in found["impacts"] if i.incident in ids and (i.end is None or i.start <= i.end)]
    return {**found, "incidents": forwards, "impacts": impacts}


@pytest.mark.parametrize("name", ["jenkins", "unibe"])
def test_real_data_gives_the_expected_numbers(name: str) -> None:
    expected = json.loads((REAL / name / "expected.json").read_text())
    raw = plain.read(REAL / name)
    found = _kept(raw)
    periods = between(parse("2017-11").first, parse("2026-08").first, "month")
    ask = Ask(periods, datetime(2026, 11, 23, tzinfo=UTC))

    numbers: dict[tuple[str, str, str | None], Number] = {}
    for by in (frozenset[str](), frozenset({"service"})):
        asked = replace(ask, by=by)
        facts = plain.facts(found, horizon(KEYS, asked))
        for n in measure(KEYS if not by else ["customer_impact_minutes"], facts, asked):
            numbers[n.kpi, n.period, n.group.service] = n

    assert len(raw["incidents"]) - len(found["incidents"]) == expected["incidents_set_aside"]
    assert len(raw["impacts"]) - len(found["impacts"]) == expected["impacts_set_aside"]
    for key in KEYS:
        for period, figure in expected[key].items():
            number = numbers[key, period, None]
            if isinstance(figure, dict):
                got: Any = {"n": number.n, "median": number.value, "mean": number.mean}
            elif isinstance(figure, list):
                got = [number.numerator, number.denominator]
            else:
                got = number.value
            assert got == pytest.approx(figure, abs=1e-6), (key, period)
    for service, by_month in expected["customer_impact_minutes_by_service"].items():
        for period, figure in by_month.items():
            assert numbers["customer_impact_minutes", period, service].value == pytest.approx(figure, abs=1e-6)

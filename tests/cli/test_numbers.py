"""`nines kpi` and `nines rows`: the public shape of numbers and of the facts behind them."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.metrics.numbers import Group, Number
from app.shapes import as_json

Nines = Callable[..., Any]
KEYS = [
    *("kpi", "period", "tier", "team", "service", "value", "unit", "numerator", "denominator", "n", "n_excluded"),
    *("coverage", "low", "high", "mean", "p90", "target", "verdict", "certain", "signal", "partial", "as_of", "extra"),
]


def objects(said: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said.out)
    return found


def test_numbers_have_the_keys_of_the_contract_in_its_order(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines(
        *("kpi", "change_failure_rate", "major_incidents", "--from", "2026-10", "--to", "2026-10"),
        *("--as-of", "2026-11-01T00:00:00Z", "--format", "json"),
    )

    failures, major = objects(said)
    assert list(failures) == KEYS
    assert (failures["kpi"], failures["period"], failures["value"]) == ("change_failure_rate", "2026-10", 0.4)
    assert (failures["numerator"], failures["denominator"], failures["n"]) == (2, 5, 5)
    assert failures["as_of"] == "2026-11-01T00:00:00Z"
    assert failures["extra"]["inferred"] == 0.6
    assert (major["value"], major["unit"], major["tier"], major["partial"]) == (1, "count", None, False)


def test_without_periods_all_that_hold_facts_are_printed(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    months = objects(nines("kpi", "major_incidents", "--as-of", "2026-12-24", "--format", "json"))
    quarters = objects(nines("kpi", "major_incidents", "--as-of", "2026-12-24", "--by", "quarter", "--format", "json"))

    assert [(one["period"], one["value"]) for one in months] == [("2026-10", 1), ("2026-11", 0)]
    assert [(one["period"], one["partial"]) for one in quarters] == [("2026-Q4", True)]


def test_numbers_are_split_and_narrowed(nines: Nines, facts: Path) -> None:
    nines("import", facts)
    october = ("--from", "2026-10", "--to", "2026-10", "--format", "json")

    tiers = objects(nines("kpi", "deployment_frequency", "--by", "month,tier", *october))
    shop = objects(nines("kpi", "rollback_rate", "--product", "shop", *october))
    severities = objects(nines("kpi", "time_to_restore", "--by", "severity", *october))

    assert {one["tier"]: one["n"] for one in tiers} == {0: 2, 1: 3}
    assert [(one["n"], one["period"]) for one in shop] == [(2, "2026-10")]
    assert list(severities[0]) == [*KEYS[:5], "severity", *KEYS[5:]]
    assert {one["severity"]: one["value"] for one in severities}[1] == 60


def test_several_months_without_a_calendar_are_one_span(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    (one,) = objects(
        nines(*("kpi", "major_incidents", "--by", "", "--from", "2026-09", "--to", "2026-10", "--format", "json"))
    )

    assert (one["period"], one["value"]) == ("2026-09-01..2026-10-31", 1)


def test_an_empty_store_prints_nothing_and_says_why(nines: Nines) -> None:
    said = nines("kpi", "--format", "json")

    assert said[:2] == (0, "[]\n")
    assert said.err == "The store holds no facts then: import some, or name periods with --from and --to.\n"


def test_the_whole_catalogue_on_an_empty_store_has_no_data(nines: Nines) -> None:
    found = objects(nines(*("kpi", "--from", "2026-09", "--to", "2026-10", "--by", "month,tier", "--format", "json")))

    assert all(one["value"] is None and one["verdict"] == "no_data" for one in found)


def test_a_csv_of_numbers_reads_back(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines("kpi", "change_failure_rate", "--from", "2026-10", "--to", "2026-10", "--format", "csv")

    (one,) = csv.DictReader(io.StringIO(said.out))
    assert (one["value"], one["numerator"], one["tier"], one["certain"]) == ("0.4", "2", "", "false")


def test_a_table_of_numbers_agrees_with_its_verdict(nines: Nines, facts: Path) -> None:
    nines("import", facts)

    said = nines("kpi", "change_failure_rate", "--from", "2026-10", "--to", "2026-10")

    head, row = said.out.splitlines()
    assert head.split()[:4] == ["kpi", "period", "value", "range"]
    assert "40 %" in row
    assert "cannot tell" in row


def test_rows_add_up_to_their_number(nines: Nines, facts: Path) -> None:
    nines("import", facts)
    october = ("--from", "2026-10", "--to", "2026-10", "--format", "json")

    (number,) = objects(nines("kpi", "change_failure_rate", *october))
    found = objects(nines("rows", "change_failure_rate", *october))

    assert sum(row["n"] for row in found) == number["n"]
    assert sum(row["part"] for row in found) == number["numerator"]
    assert sum(row["whole"] for row in found) == number["denominator"]
    assert {row["id"] for row in found} == {f"d{n}" for n in range(1, 6)}
    table = nines("rows", "change_failure_rate", *october[:4]).out
    assert len(table.splitlines()) == 6
    assert nines("rows", "change_failure_rate", *october[:4], "--format", "csv").out.count("\n") == 6


def test_json_keeps_shares_as_shares_and_other_whole_numbers_whole() -> None:
    number = Number(
        "x", "2026-10", Group(slo="s1"), 1.0, "share", 3.0, 3.0, 3, 2, {"no tier": 2}, extra={"a": float("nan")}
    )

    found = as_json(number)

    assert (found["slo"], repr(found["value"]), repr(found["numerator"])) == ("s1", "1.0", "3")
    assert found["extra"] == {"a": None, "excluded": {"no tier": 2}}
    assert repr(as_json(replace(number, unit="minutes"))["value"]) == "1"


def test_expected_annual_loss_comes_with_its_bad_years_and_rows_that_add_up(nines: Nines, tmp_path: Path) -> None:
    (tmp_path / "risks.csv").write_text(
        "risk,title,category,owner,status,likelihood,impact,treatment,identified_on,"
        "events_per_year_low,events_per_year_high,loss_low,loss_high\n"
        "R1,Fixed,people,vp,open,3,3,mitigate,2026-01-05,2,2,100,100\n"
        "R2,Wide,people,vp,open,3,3,mitigate,2026-01-05,0.1,1,1000,10000\n"
        "R3,Silent,people,vp,open,3,3,mitigate,2026-01-05,,,,\n"
    )
    nines("import", tmp_path / "risks.csv")
    asked = ("expected_annual_loss", "--from", "2026-10", "--to", "2026-10", "--as-of", "2026-11-01T00:00:00Z")

    (number,) = objects(nines("kpi", *asked, "--format", "json"))
    rows = objects(nines("rows", *asked, "--format", "json"))

    assert list(number) == KEYS
    assert abs(number["value"] - (200 + 0.40400 * 4_040.0)) < 1
    assert number["mean"] == number["value"] == number["numerator"]
    assert (number["n"], number["n_excluded"], number["extra"]["excluded"]) == (2, 1, {"no range given": 1})
    extra = number["extra"]
    assert extra["p50"] < extra["p90_low"] < number["p90"] < extra["p90_high"] < extra["p95"] < extra["p99"]
    assert extra["years"] == 100_000
    assert abs(sum(row["part"] for row in rows) - number["value"]) < 1e-6
    assert {row["id"]: row["reason"] for row in rows} == {"R1": None, "R2": None, "R3": "no range given"}

"""Columns of cells are judged by the rules of the records, and each refusal names column, cell and reason."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.records import ENTITIES
from data_sources.columns import Rule, judge, rules

INCIDENT = {"incident": "i1", "title": "Down", "severity": "2", "detected_at": "2026-10-03T09:15:00Z"}


def one(entity: str, zone: str | None = None, **cells: str) -> Any:
    return judge(ENTITIES[entity], {name: pa.array([cell]) for name, cell in cells.items()}, zone and ZoneInfo(zone))


def refusal(entity: str, zone: str | None = None, **cells: str) -> tuple[str, str | None, str]:
    (fault,) = one(entity, zone, **cells).faults.values()
    return tuple(fault)


def kept(entity: str, zone: str | None = None, **cells: str) -> dict[str, Any]:
    judged = one(entity, zone, **cells)
    assert not judged.faults
    return dict(judged.table.to_pylist()[0])


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def test_a_good_row_is_typed_and_trimmed() -> None:
    row = kept(
        "incidents", **{**INCIDENT, "title": "  Down \u00a0", "customer_impact": "TRUE", "services": " a ;b;; c; "}
    )

    assert row["title"] == "Down"
    assert row["severity"] == 2
    assert row["detected_at"] == micros("2026-10-03T09:15:00+00:00")
    assert row["customer_impact"] is True
    assert row["services"] == "a;b;c"


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"detected_at": " "}, "detected_at", "detected_at is missing"),
        ({"severity": "6"}, "severity", "severity is above 5"),
        ({"severity": "0"}, "severity", "severity is below 1"),
        ({"severity": "2.5"}, "severity", "severity is not a whole number"),
        ({"severity": "high"}, "severity", "severity is not a whole number"),
        ({"kind": "outage"}, "kind", "kind is none of incident, maintenance, test"),
        ({"customer_impact": "yes"}, "customer_impact", "customer_impact is neither true nor false"),
        ({"customers_affected": "1,000"}, "customers_affected", "customers_affected is not a number: write 1234.5"),
        ({"customers_affected": "nan"}, "customers_affected", "customers_affected is not a number: write 1234.5"),
        ({"customers_affected": "1e999"}, "customers_affected", "customers_affected is not a number: write 1234.5"),
        ({"customers_affected": "-1"}, "customers_affected", "customers_affected is below 0"),
        ({"title": "x" * 2_001}, "title", "title is longer than 2,000 characters: it has 2,001"),
        ({"resolved_at": "2026-10-03T09:14:59Z"}, "resolved_at", "resolved_at is before detected_at"),
        ({"services": "a;" + "b" * 2_001}, "services", "services has a name longer than 2,000 characters"),
    ],
)
def test_a_bad_cell_is_refused_with_its_reason(cells: dict[str, str], column: str, reason: str) -> None:
    row = {**INCIDENT, **cells}

    assert refusal("incidents", **row) == (column, row[column], reason)


def test_a_row_with_several_faults_names_them_all_at_the_first() -> None:
    found = refusal("incidents", **{**INCIDENT, "severity": "9", "kind": "x"})

    assert found == ("severity", "9", "severity is above 5; kind is none of incident, maintenance, test")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-10-03T09:15:00Z", "2026-10-03T09:15:00+00:00"),
        ("2026-10-03T09:15:00+01:00", "2026-10-03T08:15:00+00:00"),
        ("2026-10-03 09:15-0530", "2026-10-03T14:45:00+00:00"),
        ("2026-10-03t09:15:00z", "2026-10-03T09:15:00+00:00"),
        ("2026-10-03T09:15:00.0000009Z", "2026-10-03T09:15:00+00:00"),
    ],
)
def test_an_instant_is_kept_in_utc(text: str, utc: str) -> None:
    assert kept("incidents", **{**INCIDENT, "detected_at": text})["detected_at"] == micros(utc)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-10-03T09:15:00", "has no offset: write 2026-10-03T09:15:00Z or +01:00, or name the zone of the file"),
        ("2026-10-03", "has no time of day: write 2026-10-03T09:15:00Z"),
        ("03/10/2026 09:15", "is not a time: write 2026-10-03T09:15:00Z"),
        ("2026-02-30T09:15:00Z", "is no time of the calendar: day is out of range for month"),
        ("2026-10-03T24:00:00Z", "is no time of the calendar: hour must be in 0..23"),
        ("2016-12-31T23:59:60Z", "has a second 60"),
        ("2026-10-03T09:15:00+25:00", "has an impossible offset, +25:00"),
        ("1969-12-31T23:59:59Z", "is out of reach: only the years 1970 to 2100 are kept"),
        ("2101-01-01T00:00:00Z", "is out of reach: only the years 1970 to 2100 are kept"),
        ("20226-10-03T09:15:00Z", "is not a time"),
    ],
)
def test_an_impossible_instant_is_refused(text: str, reason: str) -> None:
    column, value, words = refusal("incidents", **{**INCIDENT, "detected_at": text})

    assert (column, value) == ("detected_at", text)
    assert words.startswith(f"detected_at {reason}")


def test_a_time_without_offset_is_read_in_the_zone_of_the_import() -> None:
    row = kept("incidents", "Europe/London", **{**INCIDENT, "detected_at": "2026-07-01 09:15:00"})

    assert row["detected_at"] == micros("2026-07-01T08:15:00+00:00")


def test_a_time_with_offset_keeps_it_whatever_the_zone_of_the_import() -> None:
    row = kept("incidents", "Europe/London", **{**INCIDENT, "detected_at": "2026-07-01T09:15:00Z"})

    assert row["detected_at"] == micros("2026-07-01T09:15:00+00:00")


def test_a_local_time_that_the_clocks_skip_is_refused() -> None:
    found = refusal("incidents", "Europe/London", **{**INCIDENT, "detected_at": "2026-03-29T01:30:00"})

    assert found[2] == "detected_at does not exist in Europe/London: the clocks went forward over it"


def test_a_local_time_that_comes_twice_is_the_first() -> None:
    row = kept("incidents", "Europe/London", **{**INCIDENT, "detected_at": "2026-10-25T01:30:00"})

    assert row["detected_at"] == micros("2026-10-25T00:30:00+00:00")


def test_one_bad_instant_does_not_change_how_the_others_are_read() -> None:
    cells = {name: pa.array([cell] * 3) for name, cell in INCIDENT.items()}
    cells["detected_at"] = pa.array(["2026-10-03T09:15:00.5Z", "yesterday", "2026-10-03T10:15:00+01:00"])

    judged = judge(ENTITIES["incidents"], cells)

    assert list(judged.faults) == [1]
    assert judged.rows.to_pylist() == [0, 2]
    first, last = judged.table["detected_at"].to_pylist()
    assert (first, last) == (micros("2026-10-03T09:15:00+00:00") + 500_000, micros("2026-10-03T09:15:00+00:00"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-02-29", "retired_on is no day of the calendar: day is out of range for month"),
        ("2026-10-03T00:00:00Z", "retired_on is not a date: write 2026-10-31"),
        ("9999-12-31", "retired_on is out of reach: only the years 1970 to 2100 are kept"),
    ],
)
def test_an_impossible_date_is_refused(text: str, reason: str) -> None:
    assert refusal("services", service="a", name="A", tier="0", team="t", retired_on=text)[2] == reason


def test_more_good_than_total_is_refused() -> None:
    found = refusal("sli", slo="s", start="2026-10-03T00:00:00Z", minutes="5", good="3", total="2")

    assert found == ("good", "3", "good is more than total")


def test_an_exclusion_of_nothing_is_refused() -> None:
    row = {"exclusion": "e", "start": "2026-10-03T00:00:00Z", "end": "2026-10-03T01:00:00Z"}
    row |= {"reason": "moved", "category": "test", "approved_by": "ann"}

    assert refusal("exclusions", **row)[2] == "services or slos is missing: name what is excluded"
    assert refusal("exclusions", **row, slos=" ; ")[2] == "services or slos is missing: name what is excluded"
    assert kept("exclusions", **row, slos="a")["slos"] == "a"


def test_a_reading_needs_a_value_or_part_and_whole() -> None:
    row = {"kpi": "toil", "period": "2026-10", "scope": "org"}

    assert refusal("readings", **row, part="1")[2] == "value is missing: give value, or part and whole"
    assert kept("readings", **row, part="1", whole="2")["whole"] == 2
    assert kept("readings", **row, value="0")["value"] == 0


def test_a_zone_nobody_knows_is_refused() -> None:
    found = refusal("teams", team="t", timezone="Mars/Base")

    assert found == ("timezone", "Mars/Base", "timezone is not a time zone of the IANA database, like Europe/London")


def test_a_blank_row_is_neither_kept_nor_refused() -> None:
    cells = {name: pa.array([cell, "  "]) for name, cell in INCIDENT.items()}

    judged = judge(ENTITIES["incidents"], cells)

    assert judged.table.num_rows == 1
    assert not judged.faults


def test_formulas_are_text_and_their_guard_is_taken_off() -> None:
    assert kept("incidents", **{**INCIDENT, "title": "=1+1"})["title"] == "=1+1"
    assert kept("incidents", **{**INCIDENT, "title": "'=1+1"})["title"] == "=1+1"
    assert kept("incidents", **{**INCIDENT, "title": "''=1+1"})["title"] == "'=1+1"
    assert kept("incidents", **{**INCIDENT, "title": "'quoted'"})["title"] == "'quoted'"


def _parsed(rule: Rule, cell: str) -> Any:
    """What one cell says, read as plainly as can be. Raises ValueError where it says nothing of its kind."""
    text = cell.strip()
    if not text:
        return None
    match rule.kind:
        case "whole":
            if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.0*)?", text):
                raise ValueError(text)
            return int(float(text))
        case "number":
            if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
                raise ValueError(text)
            return float(text)
        case "flag":
            return (
                {"true": True, "false": False}.get(text.lower(), text) if text.lower() in ("true", "false") else _no()
            )
        case "day":
            on = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else _no()
            return on if 1970 <= on.year <= 2100 else _no()
        case "instant":
            at = datetime.fromisoformat(text)
            return at if at.tzinfo and 1970 <= at.year <= 2100 and len(text) > 10 else _no()
        case "names":
            return tuple(name.strip() for name in text.split(";") if name.strip()) or None
    return text[1:] if re.match(r"'+[=+\-@]", text) else text


def _no() -> Any:
    raise ValueError


def _stored(value: Any) -> Any:
    """A value as a batch holds it."""
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return ";".join(value) if isinstance(value, tuple) else value


_CELLS = {
    "text": [
        "a",
        "b c",
        " ",
        "",
        "x" * 2_001,
        "28d",
        "1M",
        "0d",
        "2026-10",
        "2026-Q5",
        "org",
        "tier:0",
        "UTC",
        "Mars",
        "=1",
    ],
    "choice": [
        "availability",
        "succeeded",
        "open",
        "incident",
        "outage",
        "occurrences",
        "test",
        "passed",
        "nonsense",
        "",
    ],
    "whole": ["0", "1", "3", "5", "9", "10", "-1", "2.0", "2.5", "x", ""],
    "number": ["0", "0.5", "1", "-1", "1e3", "+2", "99.9", "nan", "inf", "1,0", "-0", ".5", "x", ""],
    "flag": ["true", "False", "yes", "", "1"],
    "day": ["2026-10-31", "2026-02-30", "1969-12-31", "2100-12-31", "31.10.2026", ""],
    "instant": [
        "2026-10-03T09:15:00Z",
        "2026-10-03T09:15:00+01:00",
        "2026-10-02T23:59:59.999999Z",
        "2026-10-03T09:15:00",
        "1969-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-10-03",
        "",
    ],
    "names": ["a", "a;b", " ; ", "", "a;;b", "a; b ", "y" * 2_001],
}


@st.composite
def _rows(draw: st.DrawFn) -> tuple[str, list[dict[str, str]]]:
    entity = draw(st.sampled_from(sorted(ENTITIES)))
    columns = {}
    for rule in rules(ENTITIES[entity].record):
        pool = [*_CELLS[rule.kind], *rule.choices]
        if rule.kind == "text" and not rule.pattern:
            pool = ["a", "a", "UTC", *pool]
        columns[rule.name] = st.sampled_from(pool)
        if rule.required:
            good = {"instant": "2026-10-03T09:15:00Z", "day": "2026-10-31", "whole": "1", "number": "0.5", "names": "a"}
            form = {"window": "28d", "period": "2026", "scope": "org", "timezone": "UTC"}
            usual = rule.choices[0] if rule.choices else form.get(rule.name, good.get(rule.kind, "a"))
            columns[rule.name] = st.one_of(st.just(usual), st.just(usual), st.just(usual), columns[rule.name])
    return entity, draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=8))


@settings(max_examples=300, deadline=None)
@given(_rows())
def test_a_row_is_kept_if_and_only_if_its_record_is(drawn: tuple[str, list[dict[str, str]]]) -> None:
    entity, rows = drawn
    record = ENTITIES[entity].record
    expected = {}
    for at, row in enumerate(rows):
        if not any(cell.strip() for cell in row.values()):
            continue
        try:
            values = {rule.name: _parsed(rule, row[rule.name]) for rule in rules(record)}
            source = values["source"]
            assert source is None or len(source) <= 2_000
            record.model_validate({n: value for n, value in values.items() if value is not None and n != "source"})
        except (ValueError, AssertionError, ValidationError):
            continue
        expected[at] = values

    judged = judge(ENTITIES[entity], {name: pa.array([row[name] for row in rows]) for name in rows[0]})

    assert judged.rows.to_pylist() == list(expected)
    assert judged.table.to_pylist() == [{n: _stored(v) for n, v in row.items()} for row in expected.values()]
    assert all(fault.reason for fault in judged.faults.values())

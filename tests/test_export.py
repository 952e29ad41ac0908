"""What goes out comes in again as the same facts, by every format that is read."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import openpyxl
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from app import export, ingest
from app.people import local
from app.records import ENTITIES
from app.store.engine import open_store, reading, writing
from app.store.sums import refresh
from app.store.tables import FACTS
from app.store.types import micros
from app.store.write import Touched, upsert
from data_sources.columns import rules

AT = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)


def put(engine: Engine, entity: str, *rows: Mapping[str, Any], source: str = "file") -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([_held(row.get(name)) for row in rows], _type(entity, name)) for name in names}
    with writing(engine) as conn:
        touched = Touched()
        upsert(conn, entity, source, pa.table(columns), touched)
        refresh(conn, touched)


def _held(value: Any) -> Any:
    return micros(value) if isinstance(value, datetime) else ";".join(value) if isinstance(value, tuple) else value


def _type(entity: str, name: str) -> pa.DataType:
    kind = next(rule.kind for rule in rules(ENTITIES[entity].record) if rule.name == name)
    known = {"instant": pa.int64(), "whole": pa.int64(), "number": pa.float64(), "flag": pa.bool_(), "day": pa.date32()}
    return known.get(kind, pa.string())


def content(engine: Engine, entity: str) -> list[tuple[Any, ...]]:
    with reading(engine) as conn:
        return sorted(map(tuple, conn.execute(sa.select(FACTS[entity]))), key=repr)


def text(engine: Engine, entity: str) -> str:
    stream = io.StringIO(newline="")
    with reading(engine) as conn:
        export.write_csv(conn, entity, stream)
    return stream.getvalue()


def incident(**more: Any) -> dict[str, Any]:
    return {"incident": "i1", "title": "Down", "severity": 1, "detected_at": AT, **more}


def test_the_export_has_the_columns_of_the_fact_file_and_the_source(sqlite_engine: Engine) -> None:
    put(sqlite_engine, "teams", {"team": "pay", "timezone": "UTC"}, source="ldap")

    assert text(sqlite_engine, "teams") == "team,name,timezone,manager,source\npay,,UTC,,ldap\n"


def test_values_are_written_as_they_are_read(sqlite_engine: Engine) -> None:
    put(
        sqlite_engine,
        "incidents",
        incident(
            started_at=AT.replace(microsecond=120_000),
            services=("a", "b"),
            customer_impact=False,
            customers_affected=1200.0,
        ),
    )

    (row,) = csv.DictReader(io.StringIO(text(sqlite_engine, "incidents")))

    assert row["detected_at"] == "2026-10-03T09:15:00Z"
    assert row["started_at"] == "2026-10-03T09:15:00.120000Z"
    assert (row["services"], row["customer_impact"], row["customers_affected"]) == ("a;b", "false", "1200")
    assert (row["resolved_at"], row["repeat_of"]) == ("", "")


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1+1", "''-x"])
def test_no_cell_becomes_a_formula(sqlite_engine: Engine, title: str) -> None:
    put(sqlite_engine, "incidents", incident(title=title))

    (row,) = csv.DictReader(io.StringIO(text(sqlite_engine, "incidents")))

    assert row["title"] == f"'{title}"


def test_a_negative_number_is_no_formula(sqlite_engine: Engine) -> None:
    put(sqlite_engine, "readings", {"kpi": "unit_cost", "period": "2026-10", "scope": "org", "value": -1.5})

    assert text(sqlite_engine, "readings").splitlines()[1] == "unit_cost,2026-10,org,-1.5,,,,,file"


def test_json_has_types_and_null(sqlite_engine: Engine) -> None:
    put(sqlite_engine, "incidents", incident(services=("a", "b"), customer_impact=True, customers_affected=1.5))
    stream = io.StringIO()
    with reading(sqlite_engine) as conn:
        export.write_json(conn, "incidents", stream)

    (row,) = json.loads(stream.getvalue())

    assert (row["severity"], row["services"], row["customer_impact"]) == (1, ["a", "b"], True)
    assert (row["detected_at"], row["resolved_at"], row["customers_affected"]) == ("2026-10-03T09:15:00Z", None, 1.5)


def test_an_empty_store_exports_headers_and_an_empty_list(sqlite_engine: Engine) -> None:
    stream = io.StringIO()
    with reading(sqlite_engine) as conn:
        export.write_json(conn, "sli", stream)

    assert text(sqlite_engine, "sli") == "slo,start,minutes,good,total,source\n"
    assert json.loads(stream.getvalue()) == []


def test_a_cell_too_long_for_a_sheet_is_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    risk = {"risk": "r", "title": "t", "category": "c", "owner": "o", "status": "open", "treatment": "accept"}
    put(sqlite_engine, "risks", {**risk, "likelihood": 1, "impact": 1, "description": "x" * 40_000})

    with (
        reading(sqlite_engine) as conn,
        pytest.raises(export.NotExportable, match="The description of risks, row 2, is longer"),
    ):
        export.to_file(conn, "risks", "xlsx", tmp_path / "risks.xlsx")

    assert list(tmp_path.glob("*.xlsx")) == []


def test_all_goes_into_a_folder_a_zip_or_a_workbook(sqlite_engine: Engine, tmp_path: Path) -> None:
    put(sqlite_engine, "teams", {"team": "pay", "timezone": "UTC"})
    put(sqlite_engine, "incidents", incident())

    with reading(sqlite_engine) as conn:
        for name, form in (("folder", "csv"), ("facts.zip", "csv"), ("facts.xlsx", "xlsx")):
            assert export.to_file(conn, "all", form, tmp_path / name) == 2  # type: ignore[arg-type]

    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["incidents.csv", "teams.csv"]
    assert openpyxl.load_workbook(tmp_path / "facts.xlsx").sheetnames == ["teams", "incidents"]
    for name in ("folder", "facts.zip", "facts.xlsx"):
        report = ingest.run(sqlite_engine, [tmp_path / name], by=local("ann"))
        assert [tuple(count) for count in report.counts.values()] == [(1, 0, 0, 1, 0), (1, 0, 0, 1, 0)]


_WORDS = st.text(st.sampled_from("ab;,\n\r\t'\"=+-@_x0A Dé€\u2028😀\x01"), min_size=1, max_size=12)
_TEXT = _WORDS.map(str.strip).filter(lambda word: word and not word[0].isspace() and word.strip("\x01\u2028") == word)
_NAME = _TEXT.map(lambda word: word.replace(";", "").strip()).filter(bool)
_INSTANT = st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
_AMOUNT = st.floats(0, allow_nan=False, allow_infinity=False) | st.integers(0, 10**12).map(float)
_INCIDENTS = st.fixed_dictionaries(
    {
        "incident": _TEXT,
        "title": _TEXT,
        "severity": st.integers(1, 5),
        "detected_at": _INSTANT,
        "services": st.none() | st.lists(_NAME, min_size=1, max_size=3).map(tuple),
        "cause": st.none() | _TEXT,
        "acknowledged_at": st.none() | _INSTANT,
        "kind": st.none() | st.sampled_from(["incident", "test"]),
        "customer_impact": st.none() | st.booleans(),
        "customers_affected": st.none() | _AMOUNT,
    }
)
_SERVICES = st.fixed_dictionaries(
    {
        "service": _TEXT,
        "name": _TEXT,
        "tier": st.integers(0, 3),
        "team": _TEXT,
        "rto_minutes": st.none() | _AMOUNT,
        "retired_on": st.none() | st.dates(date(1970, 1, 1), date(2100, 12, 31)),
    }
)
_FACTS = st.tuples(
    st.lists(_INCIDENTS, max_size=4, unique_by=lambda row: row["incident"]),
    st.lists(_SERVICES, max_size=4, unique_by=lambda row: row["service"]),
    _NAME,
)


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    folder = tmp_path_factory.mktemp("stores")
    first, second = (open_store(f"sqlite:///{folder}/{name}.db") for name in ("first", "second"))
    yield first, second
    first.dispose()
    second.dispose()


def emptied(engine: Engine) -> Engine:
    with writing(engine) as conn:
        for entity in ("incidents", "services"):
            conn.execute(FACTS[entity].delete())
    return engine


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=_FACTS)
def test_export_and_import_into_a_new_store_give_the_same_facts(
    form: Literal["csv", "xlsx"], tmp_path: Path, two_stores: tuple[Engine, Engine], facts: tuple[Any, Any, str]
) -> None:
    incidents, services, source = facts
    first, second = map(emptied, two_stores)
    for entity, rows in (("incidents", incidents), ("services", services)):
        if rows:
            put(first, entity, *rows, source=source)
    out = tmp_path / ("facts.zip" if form == "csv" else "facts.xlsx")
    with reading(first) as conn:
        export.to_file(conn, "all", form, out)

    if incidents or services:
        report = ingest.run(second, [out], by=local("ann"))

        assert not report.rejects
    assert content(second, "incidents") == content(first, "incidents")
    assert content(second, "services") == content(first, "services")


def test_a_store_on_either_database_exports_the_same(engine: Engine, sqlite_engine: Engine) -> None:
    rows = [incident(customers_affected=0.1 + 0.2), incident(incident="I2", title="é"), incident(incident="i10")]
    for store in (engine, sqlite_engine):
        put(store, "incidents", *rows)

    assert sorted(text(engine, "incidents").splitlines()) == sorted(text(sqlite_engine, "incidents").splitlines())

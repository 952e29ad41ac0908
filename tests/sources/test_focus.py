"""FOCUS exports: exact spend whatever the file's type, only what counts, and the numbers that come of it."""

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.ingest_sync import Outcome
from app.metrics.numbers import EVERYTHING, Ask, Number, Scope
from app.metrics.periods import parse
from app.store.engine import reading
from app.store.listing import open_rejects
from app.store.numbers import numbers
from data_sources.http import SourceError
from tests.sources.live import AT
from tests.sources.vendor import NAME, facts, read, sources

ORG = "2026-10,org,100\n"
OCTOBER, LATE = 1_700_000_000, 1_800_000_000
"""When files were written, in seconds."""


def charge(cost: str, tags: Mapping[str, Any] | str | None = None, **more: str | None) -> dict[str, str | None]:
    """A row of an export."""
    return {
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
        "ChargePeriodStart": "2026-10-03T05:00:00Z",
        "BillingAccountId": "pay",
        "SubAccountId": "dev",
        "SubAccountName": "Development",
        "BillingCurrency": "EUR",
        "ServiceName": "Compute",
        "ChargeCategory": "Usage",
        "BilledCost": "1000",
        "EffectiveCost": cost,
        "Tags": tags if isinstance(tags, str) else json.dumps(tags) if tags is not None else None,
        **more,
    }


def table(rows: Sequence[Mapping[str, str | None]]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})


def written(file: Path, *rows: Mapping[str, str | None], at: int = OCTOBER) -> None:
    """A CSV, gzipped where its name says so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wb") if file.suffix == ".gz" else file.open("wb") as stream:
        arrow_csv.write_csv(table(rows), stream)
    os.utime(file, (at, at))


def synced(store: Engine, folder: Path, units: str = ORG, **options: Any) -> Outcome:
    (folder / "units.csv").write_text(f"period,scope,units\n{units}", encoding="utf-8")
    said = {"kind": "focus", "paths": ["bills"], "units": "units.csv", **options}
    return read(store, sources(folder, **said))


def spend(store: Engine) -> dict[str, float]:
    """Scope → spend that a unit cost was made of."""
    return {one["scope"]: one["part"] for one in facts(store, "readings").get("readings", ())}


def test_what_a_unit_costs_and_the_variance_reach_the_numbers(engine: Engine, tmp_path: Path) -> None:
    written(tmp_path / "bills/a.csv", charge("60.10", {"service": "shop", "team": "web"}), charge("-10.1", {}))
    (tmp_path / "budget.csv").write_text("period,scope,forecast\n2026-10,org,40\n2026-10,team:web,60.1\n")

    outcome = synced(engine, tmp_path, f"{ORG}2026-10,service:shop,5\n", budget="budget.csv", team_tag="team")

    assert (outcome.status, outcome.counts["readings"].new) == ("done", 4)

    def number(key: str, scope: Scope = EVERYTHING) -> Number:
        with reading(engine) as conn:
            (found,) = numbers(conn, [key], Ask((parse("2026-10"),), AT, scope=scope))
        return found

    assert (number("unit_cost").value, number("unit_cost").numerator) == (0.5, 50.0)
    assert (number("budget_variance").value, number("budget_variance").verdict) == (0.25, "missed")
    assert number("budget_variance", Scope(team="web")).value == 0
    assert number("unit_cost", Scope(team="web")).value is None
    assert facts(engine)["readings"][0]["note"] == "Spend in EUR"


ROWS = [
    charge("0.1", {"service": "shop"}),
    charge("0.2", {"service": "shop", "n": 1}),
    charge("123456789.000000000001", {"service": "search"}),
    charge("1E-7", ""),
]


@pytest.mark.parametrize("form", ["a.csv", "a.csv.gz", "text.parquet", "typed.parquet"])
def test_sums_are_exact_whatever_the_file_is(sqlite_engine: Engine, tmp_path: Path, form: str) -> None:
    file = tmp_path / "bills" / form
    if "parquet" not in form:
        written(file, *ROWS)
    else:
        file.parent.mkdir()
        made = table(ROWS)
        if form == "typed.parquet":
            tags = [json.loads(row["Tags"] or "{}") for row in ROWS]
            start = datetime(2026, 10, 1, tzinfo=UTC)
            typed = {
                "Tags": pa.array(
                    [[(k, str(v)) for k, v in one.items()] for one in tags], pa.map_(pa.string(), pa.string())
                ),
                "EffectiveCost": pa.array([Decimal(str(row["EffectiveCost"])) for row in ROWS], pa.decimal128(30, 15)),
                "BillingPeriodStart": pa.array([start] * len(ROWS), pa.timestamp("ms", "UTC")),
                "ChargePeriodStart": pa.array([start.replace(tzinfo=None)] * len(ROWS), pa.timestamp("us")),
            }
            made = pa.table(
                {name: typed.get(name, column) for name, column in zip(made.column_names, made.columns, strict=True)}
            )
        parquet.write_table(made, file)

    synced(sqlite_engine, tmp_path, f"{ORG}2026-10,service:shop,1\n2026-10,service:search,1\n")

    assert spend(sqlite_engine) == {
        "org": float(Decimal("123456789.300000100001")),
        "service:shop": 0.3,
        "service:search": 123456789.000000000001,
    }


def test_billed_cost_counts_where_it_is_asked_for_and_floats_mean_what_they_say(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    made = table([charge("1"), charge("1")])
    made = made.set_column(made.column_names.index("BilledCost"), "billedcost", pa.array([0.1, 0.2]))
    (tmp_path / "bills").mkdir()
    parquet.write_table(made, tmp_path / "bills/a.parquet")

    synced(sqlite_engine, tmp_path, cost="billed")

    assert spend(sqlite_engine) == {"org": 0.3}


def test_what_no_tag_and_no_map_names_is_the_companys_alone_and_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    written(
        tmp_path / "bills/a.csv",
        charge("1", {"service": "Web Shop"}),
        charge("2", None, SubAccountName="Search team"),
        charge("4", None, ServiceName="Mail"),
        charge("8", None),
        charge("16", "service=shop"),
        charge("32", {"service": "=1+1"}),
        charge("64", '{"service": "half \\ud800 of it"}'),
    )
    maps = {"services": {"web shop": "shop", "search team": "search", "mail": "mail"}}
    names = ["shop", "search", "mail", "=1+1", "half ? of it", "nobody"]

    outcome = synced(sqlite_engine, tmp_path, ORG + "".join(f"2026-10,service:{one},1\n" for one in names), map=maps)

    assert spend(sqlite_engine) == {
        "org": 127.0,
        "service:shop": 1.0,
        "service:search": 2.0,
        "service:mail": 4.0,
        "service:=1+1": 32.0,
        "service:half ? of it": 64.0,
    }
    assert outcome.notes == [
        "1 rows have tags that are no JSON object: they count for the company alone.",
        "2026-10: 24.00 of 127.00 EUR belong to no service: they count for the company alone.",
        "2026-10: no spend is known of service:nobody, which units.csv names.",
    ]


def test_currencies_are_never_added(sqlite_engine: Engine, tmp_path: Path) -> None:
    written(tmp_path / "bills/a.csv", charge("5"), charge("7", BillingCurrency="USD"))

    refused = synced(sqlite_engine, tmp_path)
    chosen = synced(sqlite_engine, tmp_path, currency="USD")

    assert refused.failure == "The exports hold EUR and USD, which do not add up: name one with currency."
    assert spend(sqlite_engine) == {"org": 7.0}
    assert "2026-10: 5.00 EUR are left out: USD alone counts." in chosen.notes


def test_a_later_export_of_a_month_replaces_it_and_the_next_day_is_added(sqlite_engine: Engine, tmp_path: Path) -> None:
    bills = tmp_path / "bills"
    written(bills / "october/focus-00001.csv", charge("100"))
    written(bills / "october/focus-00002.csv", charge("11"), charge("1", BillingPeriodStart="2026-09-01T00:00:00Z"))
    written(bills / "next/focus.csv", charge("1000", ChargePeriodStart="2026-10-04"))
    written(bills / "azure/part_0_0001.csv", charge("7", BillingAccountId="azure", SubAccountId="dev"), at=LATE)
    before = synced(sqlite_engine, tmp_path)
    assert (before.notes, spend(sqlite_engine)) == (before.notes[:2], {"org": 1118.0})

    written(bills / "again/focus.csv", charge("90"), charge("-5", ChargeClass="Correction"), at=LATE)
    outcome = synced(sqlite_engine, tmp_path)

    assert spend(sqlite_engine) == {"org": 1092.0}
    assert "2026-10: again/focus.csv replaces october/focus-00001.csv (and 1 more)." in outcome.notes
    assert outcome.counts["readings"].changed == 1


def test_exports_that_hold_parts_of_each_other_are_no_total(sqlite_engine: Engine, tmp_path: Path) -> None:
    written(tmp_path / "bills/a/x.csv", charge("1"), charge("2", ChargePeriodStart="2026-10-04"))
    written(tmp_path / "bills/b/x.csv", charge("2"), charge("4", ChargePeriodStart="2026-10-05"), at=LATE)

    outcome = synced(sqlite_engine, tmp_path)

    assert outcome.status == "partial"
    assert outcome.unread[0].startswith("2026-10: a/x.csv and b/x.csv hold some days both and some each alone")
    assert spend(sqlite_engine) == {}
    written(
        tmp_path / "bills/c/x.csv", *(charge("8", ChargePeriodStart=f"2026-10-0{day}") for day in (3, 4, 5)), at=LATE
    )
    assert synced(sqlite_engine, tmp_path).status == "done"
    assert spend(sqlite_engine) == {"org": 24.0}


def test_rows_that_cannot_be_added_are_set_aside_with_their_line_until_they_are_mended(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "bills/a.csv"
    rows = [
        charge("1", "{\"note\": \"two\nlines\"}"), charge("1,5"), charge(""), charge("nan"),
        charge("2", BillingPeriodStart="October"), charge("3", BillingCurrency=None), charge("4"),
    ]  # fmt: skip
    written(file, *rows)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], "too,few", *lines[1:]]))

    outcome = synced(sqlite_engine, tmp_path)

    assert [(one.file, one.line, one.reason) for one in outcome.rejects] == [
        ("bills/a.csv", 2, "the row has 2 cells, the header 11"),
        ("bills/a.csv", 4, "EffectiveCost is no amount"),
        ("bills/a.csv", 5, "EffectiveCost is missing"),
        ("bills/a.csv", 6, "EffectiveCost is no amount"),
        ("bills/a.csv", 7, "BillingPeriodStart is no time"),
        ("bills/a.csv", 8, "BillingCurrency is missing"),
    ]
    assert outcome.rejects[1].row["EffectiveCost"] == "1,5"
    (one,) = facts(sqlite_engine)["readings"]
    assert (one["part"], one["note"]) == (5.0, "Spend in EUR; 6 rows of the exports were set aside")
    written(file, charge("1"))
    synced(sqlite_engine, tmp_path)
    with reading(sqlite_engine) as conn:
        assert not list(open_rejects(conn))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-Q4,org,1", "period is no month like 2026-10"),
        ("2026-10,tier:0,1", "scope is none of org, service:checkout, team:payments: exports tell no other spend"),
        ("2026-10,org,0", "units is no number above 0: write 1234.5"),
        ("2026-10,org", "units is no number above 0: write 1234.5"),
        ("2026-10,org,1\n2026-10,org,2", "reading unit_cost, 2026-10, org already stands on line 2 of units.csv"),
    ],
)
def test_what_is_said_beside_the_exports_is_judged_too(
    sqlite_engine: Engine, tmp_path: Path, line: str, reason: str
) -> None:
    written(tmp_path / "bills/a.csv", charge("1"))

    (reject,) = synced(sqlite_engine, tmp_path, f"{line}\n").rejects

    assert reject.reason.startswith(reason)
    assert (reject.file, reject.line) == ("units.csv", 2 + line.count("\n"))


def test_a_month_counts_once_it_is_over(sqlite_engine: Engine, tmp_path: Path) -> None:
    starts = {"BillingPeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodStart": "2026-11-02"}
    written(tmp_path / "bills/a.csv", charge("1", **starts), charge("2", BillingPeriodStart="2026-08-01T00:00Z"))

    outcome = synced(sqlite_engine, tmp_path, "2026-08,org,1\n2026-09,org,1\n2026-11,org,1\n2026-12,org,1\n")

    assert [one["period"] for one in facts(sqlite_engine)["readings"]] == ["2026-08"]
    assert "2026-09: its spend is not known, which units.csv asks for." in outcome.notes


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "a.csv",
            b"date,amount\n1,2\n",
            "bills/a.csv has no column EffectiveCost, BillingPeriodStart, BillingCurrency",
        ),
        ("a.csv", b"\xff\xfea\0", "bills/a.csv is in UTF-16: save it as"),
        ("a.csv.gz", gzip.compress(b"EffectiveCost,BillingPeriodStart,BillingCurrency\n" * 99)[:-9], "is it whole?"),
        ("a.parquet", b"PAR1 no more", "bills/a.parquet cannot be read"),
        ("a.txt", b"", "holds no FOCUS export: give CSV, gzipped CSV or Parquet files."),
        (
            "a.csv",
            b"EffectiveCost,BillingPeriodStart,BillingCurrency\n" + b"x,2026-10-01,EUR\n" * 1_001,
            "holds more than 1,000 rows that cannot be read (line 2: EffectiveCost is no amount).",
        ),
    ],
    ids=["no columns", "utf-16", "cut off", "no parquet", "another form", "no amounts"],
)
def test_a_file_that_cannot_be_read_ends_the_reading(
    sqlite_engine: Engine, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / "bills").mkdir()
    (tmp_path / "bills" / name).write_bytes(content)

    assert told in str(synced(sqlite_engine, tmp_path).failure)


def test_its_test_says_what_there_is_and_spend_alone_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    written(tmp_path / "bills/a-00001.csv", charge("1"))
    written(tmp_path / "bills/a-00002.csv", charge("1"))
    synced(sqlite_engine, tmp_path)

    told = "1 exports in 2 files have EffectiveCost; beside them units.csv with 1 rows."
    assert ingest_sync.test(tmp_path / "sources.yaml", NAME) == told
    with pytest.raises(SourceError, match="must give units, or budget, or both: spend alone is no KPI"):
        ingest_sync.test(sources(tmp_path, kind="focus", paths=["bills"]), NAME)

"""A million charges are added up in a small part of the memory that they would take, and exactly."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest

ROWS = 1_000_000
SERVICES = 40
MEGABYTE = 1 << 20


def _among(values: list[str], which: Any) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int32)), pa.array(values))


def _charges(millionths: Any, service: Any) -> pa.Table:
    """As many charges as there are amounts; the last service is none."""
    count = len(millionths)
    pairs = np.zeros((count, 2), np.int64)
    pairs[:, 0] = millionths
    row, none = np.arange(count), np.zeros(count)
    tags = [json.dumps({"service": f"s{number}", "owner": "x" * 60}) for number in range(SERVICES)]
    hours = [f"2026-10-{1 + hour // 24:02}T{hour % 24:02}:00:00Z" for hour in range(744)]
    return pa.table(
        {
            "BillingPeriodStart": _among(["2026-10-01T00:00:00Z"], none),
            "ChargePeriodStart": _among(hours, row % 744),
            "BillingCurrency": _among(["EUR"], none),
            "BillingAccountId": _among(["pay"], none),
            "SubAccountId": _among(["dev", "live"], row % 2),
            "EffectiveCost": pa.Array.from_buffers(pa.decimal128(18, 6), count, [None, pa.py_buffer(pairs)]),
            "Tags": _among([*tags, ""], service),
        }
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process held at most")
def test_a_million_rows_are_added_up_in_bounded_memory(tmp_path: Path) -> None:
    dice = np.random.default_rng(7)
    millionths, service = dice.integers(1, 10**9, ROWS), dice.integers(0, SERVICES + 1, ROWS)
    charges = _charges(millionths, service)
    plain = pa.table({name: pc.cast(charges[name], pa.string()) for name in charges.column_names})
    assert plain.nbytes > 160 * MEGABYTE
    arrow_csv.write_csv(plain.slice(0, 10), tmp_path / "few.csv")
    arrow_csv.write_csv(plain, tmp_path / "many.csv")
    parquet.write_table(charges.slice(0, 10), tmp_path / "few.parquet")
    parquet.write_table(charges, tmp_path / "many.parquet", row_group_size=ROWS)
    totals = np.zeros(SERVICES + 1, np.int64)
    np.add.at(totals, service, millionths)

    here = Path(__file__).parents[2]
    code = f"from tests.sources.test_focus_memory import measured; measured({str(tmp_path)!r})"
    told = subprocess.run([sys.executable, "-c", code], cwd=here, check=True, capture_output=True, text=True).stdout

    for form in json.loads(told):
        assert form["pool"] < 64 * MEGABYTE
        assert form["grown"] < 96 * MEGABYTE
        spend = {scope: Decimal(amount) for scope, amount in form["spend"].items()}
        assert spend.pop("org") == Decimal(int(totals.sum())).scaleb(-6)
        assert spend == {f"service:s{one}": Decimal(int(totals[one])).scaleb(-6) for one in range(SERVICES)}


def measured(folder: str) -> None:
    """Reads the files in a process of its own and tells what it took beyond what reading ten rows takes."""
    from data_sources import focus_files, focus_spend
    from data_sources.mapped import Values
    from data_sources.options import Maps

    def read(name: str) -> dict[str, str]:
        (export,) = focus_files.find([Path(folder) / name], [])
        focus_files.add_up(export, focus_files.Wanted("EffectiveCost", "service", None))
        found = focus_spend.spend([export], Maps(), Values(Maps()), None)
        return {scope: str(amount) for scope, amount in found.months["2026-10"].items()}

    told = []
    read("few.csv"), read("few.parquet")
    for name in ("many.csv", "many.parquet"):
        before = psutil.Process().memory_info().rss
        spend = read(name)
        grown = _peak() - before
        told.append({"pool": pa.default_memory_pool().max_memory(), "grown": grown, "spend": spend})
    sys.stdout.write(json.dumps(told))


def _peak() -> int:
    """The most memory, in bytes, that this process has ever held."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))

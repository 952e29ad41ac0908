"""What pages read is made once, however many ask for it at the same moment."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from app.metrics.numbers import Ask, Number
from app.metrics.periods import between
from app.store import numbers as store_numbers
from app.ui import read
from tests.filled import NOW, demo_store


def test_sums_that_are_not_kept_are_made_once_for_all_who_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", demo_store(tmp_path))
    ask = Ask(tuple(between(date(2026, 10, 1), date(2026, 10, 31), "month", "UTC")), NOW)
    together, made, make = Barrier(4), [], store_numbers.measure_sums

    def slowly(keys: Sequence[str], *rest: Any) -> Any:
        made.append(tuple(keys))
        time.sleep(0.1)
        return make(keys, *rest)

    def look(number: int) -> tuple[Number, ...]:
        together.wait()
        # Another instant each: what is remembered in the process does not answer.
        return read.numbers(("major_incidents",), replace(ask, as_of=NOW.replace(minute=number)))

    monkeypatch.setattr(store_numbers, "measure_sums", slowly)
    with ThreadPoolExecutor(4) as readers:
        found = list(readers.map(look, range(4)))

    assert {one.value for (one,) in found} == {found[0][0].value}
    assert found[0][0].value is not None
    assert len(made) == 1

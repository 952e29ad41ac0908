"""The workbook: every number of the snapshot, cell by cell, as a number; no cell is a formula."""

import io
import zipfile
from datetime import UTC, datetime
from functools import cache
from typing import Any

import openpyxl
import pytest

from app.charts.shown import shown
from app.export import guarded
from app.metrics.catalogue import KPIS
from app.review.pack import make
from app.review.workbook import workbook
from app.shapes import as_json
from tests.review.frozen import HOSTILE, bare, frozen, full


@cache
def book(which: str = "full") -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook({"full": full, "bare": bare}[which]())))


def day(*parts: int) -> datetime:
    """An instant as a sheet has it: without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc, arg-type]


def rows(sheet: str) -> list[dict[str, Any]]:
    head, *rest = book()[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


def same(cell: Any, value: Any) -> bool:
    """Whether a cell is what JSON says; a sheet keeps 16 digits."""
    if isinstance(value, bool) or value is None:
        return cell is value
    if isinstance(value, int | float):
        return bool(cell == pytest.approx(value, rel=1e-15))
    return isinstance(value, dict) or cell == guarded(shown(str(value)))


def test_the_same_snapshot_gives_the_same_workbook() -> None:
    assert workbook(frozen()) == make(full(), "xlsx")


@pytest.mark.parametrize("sheet", ["Numbers", "Trend"])
def test_every_number_of_the_snapshot_stands_in_a_row_as_nines_kpi_prints_it(sheet: str) -> None:
    kept = full().snapshot
    numbers = kept.trend if sheet == "Trend" else [one for some in kept.numbers.values() for one in some]
    wanted = [as_json(one, {"severity", "slo"}) for one in numbers]
    found = rows(sheet)

    assert len(found) == len(wanted) > 400
    assert list(found[0]) == list(wanted[0])
    for row, one in zip(found, wanted, strict=True):
        assert all(same(row[name], value) for name, value in one.items()), (row, one)


def test_no_cell_is_a_formula_or_a_link() -> None:
    for sheet in book().worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
                assert not (isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")))


def test_every_text_is_there_however_hostile() -> None:
    said = {cell for sheet in book().worksheets for row in sheet.iter_rows(values_only=True) for cell in row}

    for text in HOSTILE:
        assert any(isinstance(cell, str) and shown(text) in cell for cell in said), text


def test_every_section_and_every_definition_has_its_place() -> None:
    names = book().sheetnames
    for section in full().snapshot.sections:
        assert any(section.title.startswith(name) for name in names)
    definitions = {row["kpi"]: row for row in rows("Definitions")}
    assert list(definitions) == list(KPIS)
    assert definitions["time_to_restore"]["formula"] == guarded(KPIS["time_to_restore"].formula)


def test_days_are_days_and_instants_are_instants() -> None:
    earlier, decisions = rows("Earlier"), rows("Decisions")

    assert earlier[0]["due"] == day(2026, 10, 20)
    assert decisions[0]["holds until"] == day(2026, 11, 30)
    assert decisions[0]["at (UTC)"] == day(2026, 11, 5, 15)
    assert {row["what"]: row["said"] for row in rows("About")}["last day"] == day(2026, 10, 31)


def test_numbers_wear_the_format_of_their_unit() -> None:
    sheet = book()["Numbers"]
    head = [cell.value for cell in sheet[1]]
    value, unit = head.index("value"), head.index("unit")
    formats = {
        row[unit].value: row[value].number_format for row in sheet.iter_rows(min_row=2) if row[value].value is not None
    }

    assert formats["share"] == "0.00%"
    assert formats["money"] == '#,##0.00" EUR"'
    assert formats["minutes"] == '#,##0.0" min"'


def test_headings_stay_in_sight_and_filter() -> None:
    for name in ("Numbers", "Trend", "Definitions", "Restatements", "Decisions", "Actions", "Comments", "About"):
        assert book()[name].freeze_panes == "A2"
        assert book()[name].auto_filter.ref


def test_about_vouches_for_the_snapshot() -> None:
    said = {row["what"]: row["said"] for row in rows("About")}

    assert said["hash of the snapshot"] == full().hash
    assert said["hash of the minutes"] == full().minutes_hash
    assert said["as known at (UTC)"] == day(2026, 11, 3, 9, 30)


def test_a_store_without_a_fact_gives_a_workbook_without_rows() -> None:
    assert [row for row in book("bare")["Trend"].iter_rows(min_row=2, values_only=True) if any(row)] == []
    assert "Decisions" in book("bare").sheetnames


def test_a_workbook_tells_no_time_of_its_own() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(full()))) as packed:
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-11-03T09:30:00Z" in packed.read("docProps/core.xml")

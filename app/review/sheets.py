"""Sheets of a workbook: typed cells in formats of their units, headings that stay, columns wide enough to read."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from app.charts.shown import shown
from app.export import guarded

Value = str | int | float | bool | date | datetime | None
_LONGEST = 32_767
_FORMS = {
    "share": "0.00%", "count": "#,##0", "minutes": '#,##0.0" min"', "hours": '#,##0.0" h"', "ms": '#,##0" ms"',
    "per_week": "0.00", "ratio": "0.00", "score": "0.00", "date": "d mmm yyyy", "instant": "d mmm yyyy hh:mm",
}  # fmt: skip
_NAME = re.compile(r"[\[\]:*?/\\]")


class Book:
    """A workbook with its formats."""

    def __init__(self, made: Any, currency: str, accent: str) -> None:
        self.made, self._forms = made, dict[str, Any]()
        self._names: set[str] = set()
        money = '#,##0.00" ' + re.sub(r"[^A-Z]", "", currency) + '"'
        for unit, form in {**_FORMS, "money": money}.items():
            self._forms[unit] = made.add_format({"num_format": form, "valign": "top"})
        self.text = made.add_format({"valign": "top", "text_wrap": True})
        self.head = made.add_format({"bold": True, "valign": "top", "bottom": 1, "text_wrap": True, "num_format": "@"})
        self.title = made.add_format({"bold": True, "font_size": 14, "font_color": accent})
        self.block = made.add_format({"bold": True, "font_size": 12})

    def form(self, unit: str) -> Any:
        """A unit's number format; None: as it is."""
        return self._forms.get(unit)

    def sheet(self, name: str) -> "Sheet":
        """A new sheet; its name as a workbook takes it."""
        base = _NAME.sub(" ", shown(name)).strip("' ")[:31] or "Sheet"
        name, count = base, 1
        while name.lower() in self._names:
            count += 1
            name = f"{base[:27]} {count}"
        self._names.add(name.lower())
        return Sheet(self, self.made.add_worksheet(name))


class Sheet:
    """One sheet, written from its top."""

    def __init__(self, book: Book, page: Any) -> None:
        self._book, self._page, self._row = book, page, 0
        self._wide: dict[int, int] = {}

    def heading(self, text: str) -> None:
        """The finding on top."""
        self._page.write_string(self._row, 0, _text(text), self._book.title)
        self._row += 1

    def line(self, text: str) -> None:
        """A sentence on a row of its own."""
        self._page.write_string(self._row, 0, _text(text))
        self._row += 1

    def freeze(self, rows: int) -> None:
        """Keeps the first rows in sight."""
        self._page.freeze_panes(rows, 0)

    def table(
        self, names: Sequence[str], rows: Iterable[Sequence[Value]], *, units: Sequence[Mapping[int, str]] = (),
        wide: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """The only list of a sheet: its headings stay in sight and filter it."""
        count = self._cells(names, rows, units)
        self._page.freeze_panes(1, 0)
        self._page.autofilter(0, 0, max(count, 1), len(names) - 1)
        for column, size in enumerate(wide):
            self._page.set_column(column, column, size)

    def block(
        self, title: str, names: Sequence[str], rows: Iterable[Sequence[Value]], units: Sequence[Mapping[int, str]] = ()
    ) -> None:
        """One of several lists of a sheet, under its title."""
        self._row += 1
        self._page.write_string(self._row, 0, _text(title), self._book.block)
        self._row += 1
        if names:
            self._cells(names, rows, units)

    def _cells(self, names: Sequence[str], rows: Iterable[Sequence[Value]], units: Sequence[Mapping[int, str]]) -> int:
        for column, name in enumerate(names):
            self._page.write_string(self._row, column, _text(name), self._book.head)
            self._widen(column, name)
        count = 0
        for count, row in enumerate(rows, 1):
            held = units[count - 1] if units else {}
            for column, value in enumerate(row):
                self._cell(self._row + count, column, value, held.get(column, ""))
        self._row += count + 1
        return count

    def _cell(self, row: int, column: int, value: Any, unit: str) -> None:
        page, book = self._page, self._book
        match value:
            case None:
                return
            case bool():
                page.write_boolean(row, column, value)
            case int() | float():
                page.write_number(row, column, value, book.form(unit))
                self._widen(column, f"{value:,.2f} min")
            case datetime():
                page.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), book.form("instant"))
                self._widen(column, "31 Oct 2026 23:55")
            case date():
                page.write_datetime(row, column, value, book.form("date"))
                self._widen(column, "31 Oct 2026")
            case str() if unit == "date" and (day := _day(value)):
                page.write_datetime(row, column, day, book.form("date"))
                self._widen(column, "31 Oct 2026")
            case dict() | list():
                self._string(row, column, json.dumps(value, ensure_ascii=False))
            case _:
                self._string(row, column, str(value))

    def _string(self, row: int, column: int, value: str) -> None:
        text = _text(value)
        self._page.write_string(row, column, text, self._book.text if len(text) > 60 else None)
        self._widen(column, text)

    def _widen(self, column: int, text: str) -> None:
        wide = min(max(len(text) + 2, 8), 60)
        if wide > self._wide.get(column, 0):
            self._wide[column] = wide
            self._page.set_column(column, column, wide)


def _text(text: str) -> str:
    return guarded(shown(text))[:_LONGEST]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

"""A ServiceNow for tests: tables of rows, encoded queries, dot-walked fields, counts, and rows that rules hide."""

import re
from collections.abc import Mapping
from typing import Any

from tests.sources.live import Told

SECRET = "s3cr3t-of-the-instance"
Fields = dict[str, Any]
"""Field → its value, or (value, what people see)."""


def key(number: int) -> str:
    return f"{number:032x}"


def _cell(held: Any) -> dict[str, str]:
    text, seen = held if isinstance(held, tuple) else (held, held)
    return {"value": text, "display_value": seen}


class Instance:
    """An instance with these tables; `hidden` are keys of rows that access rules take out of every page."""

    def __init__(self, **tables: list[Fields]):
        self.tables = {"incident": [], "problem": [], "problem_task": [], "change_request": [], "sys_user": []} | tables
        self.hidden: set[str] = set()
        self.refused: set[str] = set()
        self.slow_above: int | None = None

    def __call__(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        if headers.get("Authorization") != f"Bearer {SECRET}":
            return 401, {}, {"error": {"message": "User Not Authenticated"}, "status": "failure"}
        table = path.removeprefix("/api/now/table/")
        if table not in self.tables:
            return 404, {}, {"error": {"message": "Invalid table"}, "status": "failure"}
        if table in self.refused:
            return 403, {}, {"error": {"message": "Operation against table denied"}, "status": "failure"}
        size, offset = int(params["sysparm_limit"]), int(params["sysparm_offset"])
        if self.slow_above is not None and size > self.slow_above:
            told = "Transaction cancelled: maximum execution time exceeded"
            return 200, {}, {"result": [], "error": {"message": told}, "status": "failure"}
        conditions = params["sysparm_query"].split("^")
        assert conditions[-1] == "ORDERBYsys_id", "a page without an order"
        assert params["sysparm_display_value"] == "all"
        found = sorted(
            (row for row in self.tables[table] if all(self._holds(row, one) for one in conditions[:-1])),
            key=lambda row: str(row["sys_id"]),
        )
        page = [row for row in found[offset : offset + size] if row["sys_id"] not in self.hidden]
        fields = params["sysparm_fields"].split(",")
        return 200, {"X-Total-Count": str(len(found))}, {"result": [self._given(row, fields) for row in page]}

    def _given(self, row: Fields, fields: list[str]) -> dict[str, Any]:
        """The fields of a row that it has: what is not known to the table is left out, as the system does."""
        found = {name: self._walked(row, name) for name in fields}
        return {name: _cell(held) for name, held in found.items() if held is not None}

    def _walked(self, row: Fields, name: str) -> Any:
        first, _, rest = name.partition(".")
        held = row.get(first)
        if not rest or held is None:
            return held
        named = _cell(held)["value"]
        rows = [one for table in self.tables.values() for one in table if named and one["sys_id"] == named]
        return self._walked(rows[0], rest) if rows else ""

    def _holds(self, row: Fields, condition: str) -> bool:
        found = re.fullmatch(r"([a-z_.]+)(>=|<|>|=|IN)(.*)", condition)
        assert found, condition
        name, how, wanted = found.groups()
        held = _cell(self._walked(row, name) or "")["value"]
        if how == "IN":
            return held in wanted.split(",")
        return bool(held) and {">=": held >= wanted, "<": held < wanted, ">": held > wanted, "=": held == wanted}[how]


ANN = {"sys_id": key(900), "name": "Ann Lee", "email": "ann@example.com"}
GONE = (key(999), "")
"""A user who was deleted: only the key is left."""


def incident(number: int, **more: Any) -> Fields:
    return {
        "sys_id": key(number),
        "number": f"INC{number:07}",
        "short_description": f"Trouble {number}",
        "state": ("7", "Closed"),
        "priority": ("2", "2 - High"),
        "opened_at": ("2026-11-20 09:10:00", "11/20/2026 01:10:00 AM"),
        "resolved_at": ("2026-11-20 11:00:00", "11/20/2026 03:00:00 AM"),
        "closed_at": ("2026-11-25 09:00:00", "11/25/2026 01:00:00 AM"),
        "business_service": ("", ""),
        "cmdb_ci": (key(800), "Checkout"),
        "problem_id": ("", ""),
        "caused_by": ("", ""),
        "assigned_to": (key(900), "Ann Lee"),
        "sys_updated_on": ("2026-11-25 09:00:00", "11/25/2026 01:00:00 AM"),
        **more,
    }


def problem(number: int, **more: Any) -> Fields:
    return {
        "sys_id": key(number),
        "number": f"PRB{number:07}",
        "state": ("106", "Resolved"),
        "resolution_code": ("fix_applied", "Fix Applied"),
        "cause_code": ("config", "Configuration"),
        "assigned_to": (key(900), "Ann Lee"),
        "resolved_at": "2026-11-24 10:00:00",
        "closed_at": "",
        "first_reported_by_task": "",
        "sys_updated_on": "2026-11-24 10:00:00",
        **more,
    }


def task(number: int, of: int, **more: Any) -> Fields:
    return {
        "sys_id": key(number),
        "number": f"PTASK{number:07}",
        "problem": (key(of), f"PRB{of:07}"),
        "short_description": f"Mend {number}",
        "state": ("157", "Closed"),
        "active": "false",
        "close_code": "",
        "priority": ("5", "5 - Planning"),
        "assigned_to": GONE,
        "opened_at": "2026-11-21 08:00:00",
        "due_date": "2026-12-01 17:00:00",
        "closed_at": "2026-11-26 08:00:00",
        "sys_updated_on": "2026-11-26 08:00:00",
        **more,
    }


def change(number: int, **more: Any) -> Fields:
    return {
        "sys_id": key(number),
        "number": f"CHG{number:07}",
        "state": ("3", "Closed"),
        "type": ("normal", "Normal"),
        "close_code": ("successful", "Successful"),
        "business_service": (key(801), "Checkout"),
        "work_end": "2026-11-20 08:55:00",
        "end_date": "2026-11-20 10:00:00",
        "closed_at": "2026-11-21 10:00:00",
        "sys_updated_on": "2026-11-21 10:00:00",
        **more,
    }

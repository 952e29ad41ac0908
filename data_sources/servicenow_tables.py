"""The Table API of ServiceNow: every row that answers a question, page by page, and what was hidden of it.

Pages go by key, never by a deep offset: what changes while they are read shifts no page. Access rules take rows out of
a page after it was cut: a short or empty page is no end, and what the count promised and no page brought is told.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from data_sources.http import Client, SourceError, incomplete

PAGE = 500
_LEAST = 30
"""The shortest page that is asked for where longer ones take the system too long."""
_AT = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}")
Record = Mapping[str, Any]
"""A row: field → its value and its display value."""


class Rows(NamedTuple):
    """What a table gave for one question."""

    rows: Sequence[Record]
    unread: tuple[str, ...] = ()
    """What it holds and did not give, a sentence."""


class _Page(NamedTuple):
    rows: Sequence[Record]
    left: int | None
    """How many rows there are from the key of this page on, hidden ones too, where it is told."""


def rows(client: Client, table: str, fields: Iterable[str], condition: str) -> Rows:
    """Every row of a table for which an encoded query holds. Raises SourceError."""
    asked = ",".join(sorted({"sys_id", *fields}))
    found: dict[str, Record] = {}
    promised: int | None = None
    key, offset, size = "", 0, PAGE
    while True:
        query = "^".join(filter(None, (condition, f"sys_id>{key}" if key else "", "ORDERBYsys_id")))
        page = _page(client, table, {"sysparm_query": query, "sysparm_fields": asked}, offset, size)
        if page is None:
            if size <= _LEAST:
                raise SourceError(
                    "answer", f"{client.name} takes too long over {table}, even for {size} rows: ask it at night."
                )
            size //= 2
            continue
        promised = page.left if promised is None else promised
        came = {value(row, "sys_id"): row for row in page.rows if value(row, "sys_id")}
        if came.keys() & found.keys():
            raise SourceError("answer", f"{client.name} gives the same page of {table} again and again.")
        found |= came
        if not (came if page.left is None else page.left > offset + size):
            break
        key, offset = (next(reversed(came)), 0) if came else (key, offset + size)
    hidden = incomplete(f"rows of {table}", promised, len(found))
    return Rows(list(found.values()), (f"{hidden} Access rules may hide the others from this user.",) if hidden else ())


def _page(client: Client, table: str, asked: Mapping[str, str], offset: int, size: int) -> _Page | None:
    """One page; None where the system cancelled the question for taking too long."""
    answer = client.get(
        f"/api/now/table/{table}",
        {
            **asked,
            "sysparm_display_value": "all",
            "sysparm_exclude_reference_link": "true",
            "sysparm_limit": size,
            "sysparm_offset": offset,
        },
    )
    body = answer.body
    if isinstance(body, Mapping) and "error" in body:
        said = body["error"]
        words = str(said.get("message") or said) if isinstance(said, Mapping) else str(said)
        if "cancel" in words.casefold():
            return None
        raise SourceError("query", f"{client.name} refuses to give {table}: {client.plain(words)}.")
    if not isinstance(body, Mapping) or not isinstance(body.get("result"), list):
        raise SourceError("version", f"{client.name} does not answer as ServiceNow does: is its url right?")
    left = answer.headers.get("X-Total-Count", "")
    return _Page(body["result"], int(left) if left.isdecimal() else None)


def count(client: Client, table: str, condition: str, fields: Iterable[str]) -> tuple[int | None, Sequence[Record]]:
    """How many rows of a table there are, where it is told, and one of them. Raises SourceError."""
    query = "^".join(filter(None, (condition, "ORDERBYsys_id")))
    asked = {"sysparm_query": query, "sysparm_fields": ",".join(sorted({"sys_id", *fields}))}
    page = _page(client, table, asked, 0, 1)
    if page is None:
        raise SourceError("answer", f"{client.name} takes too long over {table}: try again later.")
    return page.left, page.rows


def _cell(row: Record, names: Iterable[str]) -> tuple[str, str]:
    """Value and display value of the first of these fields that holds something."""
    for name in names:
        cell = row.get(name)
        if isinstance(cell, Mapping):
            text = str(cell.get("value") or "").strip()
            if text:
                return text, str(cell.get("display_value") or "").strip() or text
        elif cell:
            return str(cell), str(cell)
    return "", ""


def value(row: Record, *names: str) -> str:
    """What the first filled field holds: a key, a number, a choice's own value; empty where none is filled."""
    return _cell(row, names)[0]


def shown(row: Record, *names: str) -> str | None:
    """What people see in the first filled field: the name behind a key; the key where what it names is gone."""
    return _cell(row, names)[1] or None


def word(row: Record, *names: str) -> str | None:
    """A choice by its own value, which no language changes; what it names where that is a key."""
    text, seen = _cell(row, names)
    return (seen if _KEY.fullmatch(text) else text) or None


def instant(row: Record, *names: str) -> str | None:
    """A time with its offset: values are UTC, whatever people see."""
    text = value(row, *names)
    found = _AT.fullmatch(text)
    return f"{found[1]}T{found[2]}Z" if found else text or None


def unknown(found: Sequence[Record], names: Iterable[str]) -> str | None:
    """The first of these fields that no row has; fields of what a row names may be missing in any."""
    return next((name for name in names if found and "." not in name and all(name not in row for row in found)), None)

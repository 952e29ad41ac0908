"""A table that sorts, searches, pages, exports and opens the thing in a row. Real HTML: read aloud, printed, no
canvas.

    opened = table("incidents", [Column("title", "Incident"), Column("minutes", "Restore", number=True,
    show=wording.duration)], [{"title": …, "minutes": 38.0, ACT: {"do": "incident", "id": …}}, …])

A row is a mapping by the columns' keys with the values themselves (they sort and export as such; None sorts last);
under `ACT` what a click on it asks (given back, as from `board`), under `URL` a link into the tool it came from, under
`PICK` what it is called where rows may be ticked: `picked(key)` tells those that are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import streamlit as st

from app.ui import exports
from app.ui.board import Act, board
from app.ui.markup import Markup, button, el, join

__all__ = (
    "ACT", "PICK", "URL", "Act", "Column", "Found", "Row", "Slice", "in_order", "link", "paged", "picked", "plain",
    "table", "unpick",
)  # fmt: skip
ACT, URL, PICK = "\0act", "\0url", "\0pick"
PAGE_ROWS = 20
Row = Mapping[str, Any]


def plain(value: object) -> str:
    """A value as a cell shows it unless its column says otherwise."""
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    key: str
    title: str
    show: Callable[[Any], str | Markup] = plain
    number: bool = False
    """Right-aligned."""
    wide: bool = False
    """Takes what room is left, and wraps."""
    filed: bool = False
    """In exports and the search alone: not on the screen."""


class Slice(NamedTuple):
    """The part of a long table that is wanted."""

    search: str = ""
    """What a row must hold, case folded; empty: anything."""
    by: str | None = None
    """The key of the column to order by; None: the order that suits the rows best. Blanks last, whichever way."""
    down: bool = False
    offset: int = 0
    limit: int | None = None
    """None: all that are left (an export)."""


class Found(NamedTuple):
    """What was found: the rows of the slice, and how many there are without its bounds."""

    rows: Sequence[Row]
    total: int


def table(
    key: str, columns: Sequence[Column], rows: Sequence[Row], *, sort: str | None = None, down: bool = False,
    foot: str = "", file: str | None = None, search: bool = True, page_rows: int = PAGE_ROWS,
    on_act: Callable[[Act], None] | None = None,
) -> Act | None:  # fmt: skip
    """Shows the rows; gives what was clicked in one. `sort` is the first order (a column's key, `down`: the
    largest first), `foot` a line under the rows, `file` what an export is called (None: no export); `on_act` answers a
    click before the page is drawn again."""

    def fetch(part: Slice) -> Found:
        found = [row for row in rows if part.search in _text(columns, row)] if part.search else rows
        ordered = in_order(found, part.by, part.down)
        return Found(ordered[part.offset : None if part.limit is None else part.offset + part.limit], len(ordered))

    return paged(
        key, columns, fetch, sort=sort, down=down, foot=foot, file=file, search=search and len(rows) > 5,
        page_rows=page_rows, on_act=on_act,
    )  # fmt: skip


def paged(
    key: str, columns: Sequence[Column], fetch: Callable[[Slice], Found], *, sort: str | None = None,
    down: bool = False, foot: str = "", file: str | None = None, search: bool = True, page_rows: int = PAGE_ROWS,
    on_act: Callable[[Act], None] | None = None,
) -> Act | None:  # fmt: skip
    """A table like `table` whose rows are fetched as they are shown: one page of them, all for an export."""
    chosen = _Order(key, sort, down)
    said = ""
    if search or file:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if search:
                typed = st.text_input(
                    "Search", key=f"{key}_search", placeholder="Search", label_visibility="collapsed", width=280
                )
                said = str(typed or "").strip().casefold()
            if file:
                _exports(key, columns, lambda: fetch(Slice(said, chosen.by, chosen.down)).rows, file)
    at = st.session_state.get(f"{key}_page") or 1
    wanted = Slice(said, chosen.by, chosen.down, (at - 1) * page_rows, page_rows)
    found = fetch(wanted)
    pages = max(1, -(-found.total // page_rows))
    if at > pages:
        at = st.session_state[f"{key}_page"] = 1
        found = fetch(wanted._replace(offset=0))
    on_screen = [column for column in columns if not column.filed]

    names = [str(row[PICK]) for row in found.rows if row.get(PICK)]

    def answer(act: Act) -> None:
        chosen.take(act)
        _tick(key, names, act)
        if on_act is not None:
            on_act(act)

    act = board(_markup(on_screen, found.rows, chosen, foot, said, picked(key)), key=f"{key}_table", on_act=answer)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(f"Rows {(at - 1) * page_rows + 1:,} to {min(at * page_rows, found.total):,} of {found.total:,}")
            st.pagination(pages, key=f"{key}_page")
    return act if act and act["do"] not in ("sort", "pick", "pick_all") else None


def picked(key: str) -> tuple[str, ...]:
    """The rows of a table that are ticked, on whichever page, in the order of ticking."""
    return tuple(st.session_state.get(f"{key}_picked", ()))


def unpick(key: str) -> None:
    """Unticks all of them."""
    st.session_state.pop(f"{key}_picked", None)


def _tick(key: str, names: Sequence[str], act: Act) -> None:
    """Ticks a row or, by the box in the heading, all that are shown; unticks what is ticked."""
    held = list(picked(key))
    if act["do"] == "pick" and act.get("row") in names:
        name = str(act["row"])
        held = [one for one in held if one != name] if name in held else [*held, name]
    elif act["do"] == "pick_all":
        every = set(names) <= set(held)
        held = [one for one in held if one not in names] + ([] if every else list(names))
    st.session_state[f"{key}_picked"] = held


def in_order(rows: Sequence[Row], by: str | None, down: bool) -> Sequence[Row]:
    """The rows by one of their values; those without it last, whichever way."""
    if by is None:
        return rows
    known = [row for row in rows if row.get(by) is not None]
    try:
        known.sort(key=lambda row: _rank(row[by]), reverse=down)
    except TypeError:
        known.sort(key=lambda row: str(row[by]), reverse=down)
    return known + [row for row in rows if row.get(by) is None]


class _Order:
    """By which column a table is sorted: kept in the session, changed by a click on a heading."""

    def __init__(self, key: str, first: str | None, down: bool) -> None:
        self._key = f"{key}_order"
        kept = st.session_state.get(self._key, (first, down))
        self.by: str | None = kept[0]
        self.down: bool = kept[1]

    def take(self, act: Act) -> None:
        """Answers a click on a heading."""
        if act["do"] == "sort":
            by = str(act.get("by"))
            st.session_state[self._key] = (by, not self.down if by == self.by else False)


def _rank(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _text(columns: Sequence[Column], row: Row) -> str:
    return " ".join(str(column.show(row.get(column.key))) for column in columns).casefold()


def _exports(key: str, columns: Sequence[Column], fetch: Callable[[], Sequence[Row]], file: str) -> None:
    """Buttons for all rows that the search leaves, made on the click."""

    def made() -> tuple[list[str], list[list[exports.Cell]]]:
        rows = fetch()
        linked = any(row.get(URL) for row in rows)
        cells = [[row.get(c.key) for c in columns] + ([row.get(URL)] if linked else []) for row in rows]
        return [column.title for column in columns] + (["Link"] if linked else []), cells

    named = f"nines-{file}-{datetime.now(UTC):%Y-%m-%d}"
    st.download_button(
        "CSV", data=lambda: exports.as_csv(*made()), file_name=f"{named}.csv", mime="text/csv",
        key=f"{key}_csv", on_click="ignore", icon=":material/download:", help="All rows found, as CSV",
    )  # fmt: skip
    st.download_button(
        "Excel", data=lambda: exports.as_xlsx(*made()), file_name=f"{named}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key=f"{key}_xlsx", on_click="ignore", icon=":material/download:", help="All rows found, as an Excel workbook",
    )  # fmt: skip


def _markup(
    columns: Sequence[Column], rows: Sequence[Row], order: _Order, foot: str, said: str, ticked: Sequence[str] = ()
) -> Markup:
    links, picks = any(row.get(URL) for row in rows), any(row.get(PICK) for row in rows)
    width = len(columns) + links + picks
    every = all(row[PICK] in ticked for row in rows if row.get(PICK))
    head = el(
        "tr",
        el("th", _box({"do": "pick_all"}, every, "Choose all that are shown"), scope="col", cls="pick")
        if picks
        else None,
        *(_heading(column, order) for column in columns),
        el("th", el("span", "Link", cls="hush")) if links else None,
    )
    body = [_row(columns, row, links, picks, ticked) for row in rows]
    if not body:
        body = [
            el(
                "tr",
                el("td", f"Nothing holds “{said}”" if said else "No rows", colspan=width, cls="muted"),
            )
        ]
    last = el("tfoot", el("tr", el("td", foot, colspan=width))) if foot else None
    return el(
        "div",
        el("table", el("thead", head), el("tbody", join(*body)), last, cls="rows"),
        cls="card scroll",
        tabindex="0",
    )


def _heading(column: Column, order: _Order) -> Markup:
    sorted_by = order.by == column.key
    arrow = el("span", "↓" if order.down else "↑", aria_hidden="true", cls="arrow") if sorted_by else None
    return el(
        "th",
        button(column.title, arrow, act={"do": "sort", "by": column.key}, cls="sort"),
        scope="col",
        cls="number" if column.number else None,
        aria_sort=("descending" if order.down else "ascending") if sorted_by else None,
    )


def _box(act: Act, on: bool, name: str) -> Markup:
    return button(act=act, cls="tick", role="checkbox", aria_checked="true" if on else "false", aria_label=name)


def _row(columns: Sequence[Column], row: Row, links: bool, picks: bool, ticked: Sequence[str]) -> Markup:
    act, pick = row.get(ACT), row.get(PICK)
    cells = []
    if picks:
        name = f"Choose {plain(row.get(columns[0].key))}"
        cells.append(el("td", _box({"do": "pick", "row": pick}, pick in ticked, name) if pick else None, cls="pick"))
    for at, column in enumerate(columns):
        value = column.show(row.get(column.key))
        inside: Markup | str = button(value, act=act, cls="open") if at == 0 and act is not None else value
        cells.append(el("td", inside, cls="number" if column.number else "wide" if column.wide else None))
    if links:
        cells.append(el("td", link(row.get(URL))))
    classes = [*(["opens"] if act is not None else []), *(["chosen"] if pick in ticked else [])]
    return el("tr", *cells, cls=" ".join(classes) or None)


def link(url: object, words: str = "Open ↗") -> Markup | None:
    """A link into the tool a fact came from; nothing for what is not a web address."""
    if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
        return None
    return el("a", words, href=url, target="_blank", rel="noopener noreferrer", cls="link")

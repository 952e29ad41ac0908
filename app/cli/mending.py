"""Rows that were set aside, printed or written so that they can be mended and imported again."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from app.export import ABOUT, guarded, write_cells, write_rejects
from app.records import ENTITIES
from app.store.listing import open_rejects

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.engine import Connection

_CELL = 80


def rejects(conn: "Connection", entity: str | None) -> list[Mapping[str, Any]]:
    """Those not mended yet, of one entity or all."""
    return [one for one in open_rejects(conn) if entity in (None, one["entity"])]


def table(found: Sequence[Mapping[str, Any]], console: "Console") -> None:
    """For people."""
    from rich.table import Table

    if not found:
        return
    grid = Table("entity", *ABOUT, box=None, pad_edge=False)
    for one in found:
        cells = [_text(one[name]) for name in ("entity", *ABOUT)]
        grid.add_row(*(text if len(text) <= _CELL else text[: _CELL - 1] + "…" for text in cells[:-1]), cells[-1])
    console.print(grid, markup=False)


def listing(found: Sequence[Mapping[str, Any]], form: str, importable: bool) -> None:
    """CSV or JSON on the standard output. `importable`: of one entity, in its own columns."""
    if form == "json":
        names = ("source", "entity", *ABOUT, "row")
        typer.echo(json.dumps([{name: one[name] for name in names} for one in found], ensure_ascii=False, indent=1))
    elif importable:
        _write(found, sys.stdout)
    else:
        rows = (
            [*(guarded(_text(one[name])) for name in ("entity", *ABOUT, "source")), _json(one["row"])] for one in found
        )
        write_cells(sys.stdout, ["entity", *ABOUT, "source", "row"], rows)


def files(found: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[tuple[Path, int]]:
    """Writes one fact file an entity into a folder: its path and how many rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for entity in ENTITIES:
        some = [one for one in found if one["entity"] == entity]
        if some:
            path = folder / f"{entity}-rejects.csv"
            with path.open("w", encoding="utf-8", newline="") as stream:
                _write(some, stream)
            yield path, len(some)


def _write(found: Sequence[Mapping[str, Any]], stream: Any) -> None:
    if found:
        write_rejects(found[0]["entity"], found, stream)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _json(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False)

"""Rows that were set aside, as files ready to mend and import again: the entity's own columns, then why."""

import io
import zipfile
from collections.abc import Sequence

from app.export import columns, guarded, write_cells
from app.records import ENTITIES
from app.store.runs import Aside

ABOUT = ("file", "line", "column", "value", "reason")
PREFIX = "rejected_"
"""Of the columns that say what to mend; an import passes them over."""
_SIGNED = frozenset({"good", "total", "minutes", "objective", "share", "value", "part", "whole", "target"})


def file(rows: Sequence[Aside]) -> tuple[str, str, bytes]:
    """File name, media type and content: a CSV of one entity, or a zip with one CSV each."""
    entities = [entity for entity in ENTITIES if any(row.entity == entity for row in rows)]
    parts = {f"{entity}-rejects.csv": _csv([row for row in rows if row.entity == entity]) for entity in entities}
    if len(parts) == 1:
        ((name, content),) = parts.items()
        return name, "text/csv", content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in parts.items():
            folder.writestr(name, content)
    return "rejects.zip", "application/zip", packed.getvalue()


def _csv(rows: Sequence[Aside]) -> bytes:
    names = columns(rows[0].entity)
    out = io.StringIO()
    cells = (
        [
            *(_safe(name, row.row.get(name) or (row.source if name == "source" else "")) for name in names),
            *(guarded("" if (said := getattr(row, about)) is None else str(said)) for about in ABOUT),
        ]
        for row in rows
    )
    write_cells(out, [*names, *(f"{PREFIX}{about}" for about in ABOUT)], cells)
    return out.getvalue().encode()


def _safe(name: str, cell: str) -> str:
    """A cell as it was read, but no formula; where numbers stand, a sign is none."""
    return f"'{cell}" if cell.startswith(("=", "@") if name in _SIGNED else ("=", "@", "+", "-")) else cell

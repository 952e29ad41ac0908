"""Rows that were set aside, as files ready to mend and import again: the entity's own columns, then why."""

import io
import zipfile
from collections.abc import Iterable, Sequence

from app.export import write_rejects
from app.records import ENTITIES
from app.store.runs import Aside


def file(rows: Sequence[Aside]) -> tuple[str, str, bytes]:
    """File name, media type and content: a CSV of one entity, or a zip with one CSV each."""
    entities = [entity for entity in ENTITIES if any(row.entity == entity for row in rows)]
    parts = {
        f"{entity}-rejects.csv": _csv(entity, (row for row in rows if row.entity == entity)) for entity in entities
    }
    if len(parts) == 1:
        ((name, content),) = parts.items()
        return name, "text/csv", content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in parts.items():
            folder.writestr(name, content)
    return "rejects.zip", "application/zip", packed.getvalue()


def _csv(entity: str, rows: Iterable[Aside]) -> bytes:
    out = io.StringIO()
    write_rejects(entity, (row._asdict() for row in rows), out)
    return out.getvalue().encode()

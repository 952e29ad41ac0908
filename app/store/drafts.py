"""What somebody has typed into a form and not saved yet: theirs alone, for a month, and never in the audit trail.

It outlives a reload, the browser and the server. It is small and bounded: what is too long is not kept, and of many
drafts the oldest goes.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from app.store.engine import StoreError, reading
from app.store.tables import DRAFTS

MOST_LETTERS = 60_000
"""Of one draft, as JSON."""
MOST = 30
"""Of one person."""
KEPT = timedelta(days=30)


class Draft(NamedTuple):
    at: datetime
    content: Mapping[str, Any]


def keep(engine: Engine, person: str, form: str, content: Mapping[str, Any], now: datetime) -> bool:
    """Keeps what somebody has typed into a form, in place of what they had before; False: it is too long. Raises
    StoreError."""
    if len(json.dumps(content)) > MOST_LETTERS:
        return False
    table, mine = DRAFTS, DRAFTS.c.person == person.casefold()
    row = {"person": person.casefold(), "form": form, "at": now, "content": dict(content)}
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    kept = sa.select(table.c.form).where(mine).order_by(table.c.at.desc(), table.c.form).limit(MOST)
    with _writing(engine) as conn:
        made = insert(table).values(**row)
        conn.execute(
            made.on_conflict_do_update(
                index_elements=["person", "form"], set_={"at": made.excluded.at, "content": made.excluded.content}
            )
        )
        forms = [*conn.execute(kept).scalars()]
        conn.execute(table.delete().where(sa.or_(table.c.at < now - KEPT, sa.and_(mine, table.c.form.not_in(forms)))))
    return True


def found(engine: Engine, person: str, form: str, now: datetime) -> Draft | None:
    """What somebody has typed into a form and neither saved nor thrown away. Raises StoreError."""
    table = DRAFTS
    mine = (table.c.person == person.casefold(), table.c.form == form, table.c.at >= now - KEPT)
    with reading(engine) as conn:
        row = conn.execute(sa.select(table.c.at, table.c.content).where(*mine)).one_or_none()
    return None if row is None else Draft(row.at, row.content)


def drop(engine: Engine, person: str, form: str) -> None:
    """Forgets it. Raises StoreError."""
    with _writing(engine) as conn:
        conn.execute(DRAFTS.delete().where(DRAFTS.c.person == person.casefold(), DRAFTS.c.form == form))


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    """A short write that touches no fact, so it waits for no import and no number depends on it."""
    try:
        with engine.connect().execution_options(nines_write=True) as conn, conn.begin():
            yield conn
    except OperationalError as cause:
        raise StoreError("The store did not answer: what you typed is not kept as a draft.") from cause

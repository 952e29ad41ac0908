"""Who is signed in: kept in the store, so that any server knows who has left, and a browser holds a random word alone.

What a browser holds is stored as its digest: who reads the store, or a backup of it, cannot sign in with it.
"""

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from app.store.engine import StoreError, reading
from app.store.tables import SESSIONS

_KEPT_SECONDS = 2.0
"""How long a server believes what it read: after that at the latest, it sees who has left at another."""
_KEPT_MOST = 5_000
_PAST = timedelta(days=31)
_read: "dict[str, tuple[float, Session | None]]" = {}


class Session(NamedTuple):
    """Somebody who signed in, from one browser."""

    key: str
    """The digest of what the browser holds."""
    name: str
    groups: tuple[str, ...]
    issued_at: datetime
    """When the provider said who it is."""


def begin(
    engine: Engine, name: str, groups: tuple[str, ...], issued_at: datetime, id_token: str | None = None
) -> tuple[str, Session]:
    """Keeps that somebody has signed in: what their browser must hold, and the session. Raises StoreError."""
    word = secrets.token_urlsafe(32)
    session = Session(digest(word), name, groups, issued_at)
    row = {
        "session": session.key,
        "name": name,
        "groups": list(groups),
        "issued_at": issued_at,
        "ended_at": None,
        "id_token": id_token,
    }
    with _writing(engine) as conn:
        conn.execute(SESSIONS.delete().where(SESSIONS.c.issued_at < issued_at - _PAST))
        conn.execute(SESSIONS.insert().values(**row))
    return word, session


def live(engine: Engine, word: str, now: datetime, most: timedelta) -> Session | None:
    """The session of what a browser holds; None for one that is unknown, was ended or is `most` old. Raises
    StoreError."""
    session = _found(engine, digest(word))
    return session if session and now - session.issued_at < most else None


def end(engine: Engine, word: str, now: datetime) -> tuple[Session, str | None] | None:
    """Ends a session, for every server and for good: the session, and the token that ends it at the provider too.
    None for an unknown one. Raises StoreError."""
    key = digest(word)
    with _writing(engine) as conn:
        row = conn.execute(sa.select(SESSIONS).where(SESSIONS.c.session == key)).one_or_none()
        if row is None:
            return None
        left = {"ended_at": row.ended_at or now, "id_token": None}
        conn.execute(SESSIONS.update().where(SESSIONS.c.session == key).values(**left))
    _read[key] = (time.monotonic(), None)
    return Session(row.session, row.name, tuple(row.groups), row.issued_at), row.id_token


def digest(word: str) -> str:
    """What the store calls the session of what a browser holds."""
    return hashlib.sha256(word.encode()).hexdigest()


def _found(engine: Engine, key: str) -> Session | None:
    kept = _read.get(key)
    clock = time.monotonic()
    if kept and clock - kept[0] < _KEPT_SECONDS:
        return kept[1]
    query = sa.select(SESSIONS).where(SESSIONS.c.session == key, SESSIONS.c.ended_at.is_(None))
    with reading(engine) as conn:
        row = conn.execute(query).one_or_none()
    found = Session(row.session, row.name, tuple(row.groups), row.issued_at) if row else None
    if len(_read) >= _KEPT_MOST:
        _read.clear()
    _read[key] = (clock, found)
    return found


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    """A short write that waits for no import: it touches no fact, and no number depends on it."""
    try:
        with engine.connect().execution_options(nines_write=True) as conn, conn.begin():
            yield conn
    except OperationalError as cause:
        raise StoreError("The store did not answer; nobody can sign in or out: look at it, then try again.") from cause

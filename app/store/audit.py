"""The audit trail: who did what, when and why, as a chain in which each entry vouches for the one before it.

An entry's hash is SHA-256 over its own fields and the hash of the entry before. `audit_head`, one row, keeps the number
and the hash of the last entry, so that a tail cut off is noticed too. What this cannot notice is somebody who rewrites
the whole chain and its head: compare the head with one that was written down elsewhere (`nines check` prints it, each
backup keeps it).
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.store.engine import StoreError
from app.store.tables import AUDIT, AUDIT_HEAD
from app.store.types import micros, moment

GENESIS = "0" * 64
"""What the first entry names as the hash before it."""
_SIGNED = ("seq", "at", "actor", "action", "entity", "entity_id", "old", "new", "why", "previous")
"""The fields that a hash covers, in this form for ever: kept chains depend on it. `at` is microseconds since 1970."""
_AHEAD = 5_000
_MOST_FAULTS = 20


class Head(NamedTuple):
    """The last entry of a chain; number 0 of an empty one."""

    seq: int
    hash: str


class Verified(NamedTuple):
    """What walking the chain found."""

    entries: int
    head: Head | None
    """What the store says its last entry is; None where that is gone."""
    faults: tuple[str, ...]
    """A sentence each, the first ones; empty: every entry is there, in its place and unchanged."""
    more: int = 0
    """How many faults beyond those."""


def audit(
    conn: Connection,
    *,
    actor: str,
    action: str,
    entity: str,
    entity_id: str | None = None,
    old: Any = None,
    new: Any = None,
    why: str | None = None,
) -> None:
    """Adds one entry to the chain, in the caller's transaction. Raises StoreError where the chain's head is gone.

    The head's row is locked until the transaction ends; call it inside `writing`, whose lock comes first.
    """
    last = conn.execute(sa.select(AUDIT_HEAD.c.seq, AUDIT_HEAD.c.hash).with_for_update()).first()
    if last is None:
        raise StoreError(
            "The head of the audit trail is gone, so nothing was changed: restore the store from a backup."
        )
    at = datetime.now(UTC)
    row: dict[str, Any] = {
        "seq": last.seq + 1,
        "actor": clean(actor),
        "action": clean(action),
        "entity": clean(entity),
        "entity_id": clean(entity_id),
        "old": _json(old),
        "new": _json(new),
        "why": clean(why),
        "previous": last.hash,
    }
    hashed = digest({**row, "at": micros(at)})
    conn.execute(AUDIT.insert().values(**row, at=at, hash=hashed))
    conn.execute(AUDIT_HEAD.update().values(seq=row["seq"], hash=hashed))


def digest(entry: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256 of its signed fields as JSON with sorted keys, no spaces, ASCII alone."""
    signed = {name: entry[name] for name in _SIGNED}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return sha256(text.encode("ascii")).hexdigest()


def head(conn: Connection) -> Head | None:
    """What the store says its last entry is; None where that is gone."""
    found = conn.execute(sa.select(AUDIT_HEAD.c.seq, AUDIT_HEAD.c.hash)).first()
    return Head(found.seq, found.hash) if found else None


def latest(conn: Connection, but: Collection[str]) -> int:
    """The number of the last entry that is not of these entities; 0: there is none."""
    return int(conn.execute(sa.select(sa.func.max(AUDIT.c.seq)).where(AUDIT.c.entity.not_in(but))).scalar() or 0)


def verify(conn: Connection, told: Callable[[int, int], None] | None = None) -> Verified:
    """Walks the chain from its first entry to its head, a few thousand rows in memory at a time.

    `told` hears now and then how many entries are done, of how many.
    """
    last = head(conn)
    of = last.seq if last else 0
    walk = _Walk()
    for row in _rows(conn):
        walk.step(row)
        if told and walk.entries % _AHEAD == 0:
            told(walk.entries, max(of, walk.entries))
    walk.end(last)
    return Verified(walk.entries, last, tuple(walk.faults), walk.more)


def _rows(conn: Connection) -> Iterator[Any]:
    at = sa.type_coerce(AUDIT.c.at, sa.BigInteger).label("at")
    columns = [at if name == "at" else AUDIT.c[name] for name in (*_SIGNED, "hash")]
    query = sa.select(*columns).order_by(AUDIT.c.seq, AUDIT.c.id)
    return conn.execute(query, execution_options={"yield_per": _AHEAD}).mappings()


class _Walk:
    """What was seen so far of a chain."""

    def __init__(self) -> None:
        self.entries = 0
        self.faults: list[str] = []
        self.more = 0
        self._before: Mapping[str, Any] | None = None

    def step(self, row: Mapping[str, Any]) -> None:
        self.entries += 1
        seq, link = (self._before["seq"], self._before["hash"]) if self._before else (0, GENESIS)
        if row["seq"] > seq + 1:
            self._say(f"{_several(seq + 1, row['seq'] - 1)} missing before {_named(row)}")
        elif row["seq"] <= seq:
            self._say(f"{_named(row)} stands twice")
        if not _own(row):
            self._say(f"{_named(row)} was changed or moved after it was written")
        elif row["seq"] == seq + 1 and row["previous"] != link:
            first = _named(self._before) if self._before else "the beginning"
            self._say(f"{_named(row)} does not follow {first}: one of them was replaced or moved")
        self._before = dict(row)

    def end(self, last: Head | None) -> None:
        seq, hashed = (self._before["seq"], self._before["hash"]) if self._before else (0, GENESIS)
        if last is None:
            self._say("the head of the trail is gone, so that nobody can say whether its end is there")
        elif last.seq > seq:
            self._say(f"{_several(seq + 1, last.seq)} missing at the end")
        elif last.seq < seq:
            self._say(f"{_several(last.seq + 1, seq)} beyond the head of the trail")
        elif last.hash != hashed:
            self._say(f"the head of the trail is not {_named(self._before) if self._before else 'its beginning'}")

    def _say(self, words: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(words)
        else:
            self.more += 1


def _own(row: Mapping[str, Any]) -> bool:
    try:
        return digest(row) == str(row["hash"])
    except ValueError:
        return False


def _named(row: Mapping[str, Any]) -> str:
    return f"entry {row['seq']:,} ({moment(row['at']):%Y-%m-%d %H:%M:%S} UTC, {clean(row['actor'])})"


def _several(first: int, last: int) -> str:
    return f"entry {first:,} is" if first == last else f"entries {first:,} to {last:,} are"


def clean(text: str | None) -> str | None:
    """Text that both databases keep: NUL and halves of surrogate pairs become �."""
    if text is None or (text.isprintable() and text.isascii()):
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _json(value: Any) -> Any:
    """A value as it will be read back: JSON's types alone, clean text."""
    return _cleaned(json.loads(json.dumps(value, allow_nan=False)))


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {clean(name): _cleaned(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return clean(value) if isinstance(value, str) else value

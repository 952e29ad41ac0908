"""What every write of the register does: look who asks, read and lock, keep the next version, audit, forget sums."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.periods import local_day
from app.metrics.risk_records import Entry, Invalid, Review, RiskKey, Saved, Treatment, Unknown, differing
from app.people import Act, NotAllowed, Person
from app.policy import Policy
from app.store import light, register_versions, sums
from app.store.register_tables import REVIEWS
from app.store.register_versions import Held
from app.store.tables import SPANS
from app.store.touched import Touched
from app.store.types import micros
from app.store.write import audit

APP = "app"
"""The source of what is written here first."""


@dataclass(frozen=True)
class Desk:
    """Who writes, when, and by which rules."""

    conn: Connection
    by: Person
    at: datetime
    places: light.Places
    act: Act = "write"
    """What they must be trusted with here."""

    @property
    def policy(self) -> Policy:
        return self.places.policy_at(self.at)

    @property
    def today(self) -> date:
        """The local day of the organisation."""
        return local_day(self.at, self.policy.timezone)

    def may_touch(self, services: Iterable[str]) -> None:
        """Raises NotAllowed where somebody limited to products or teams may not write what names these services."""
        if self.by.within(self.act) is None:
            return
        known = [self.places.services[name] for name in services if name in self.places.services]
        if not known or not all(self.by.sees(one.product, one.team, self.act) for one in known):
            raise NotAllowed(f"{self.by.name} may not change this risk: it reaches beyond their products and teams.")


def desk(conn: Connection, by: Person, act: str, at: datetime | None) -> Desk:
    """Raises NotAllowed for who may not `write` or `approve`."""
    trusted: Act = "approve" if act == "approve" else "write"
    by.must(trusted)
    return Desk(conn, by, at or datetime.now(UTC), light.places(conn), trusted)


def held_risk(desk: Desk, key: RiskKey) -> Held[Entry]:
    """A risk, locked until the end of the transaction. Raises Unknown, or NotAllowed beyond somebody's limits."""
    found = register_versions.risk(desk.conn, key, lock=True)
    if found is None:
        raise Unknown(f"There is no risk {key.id} of the source {key.source} (any more).")
    desk.may_touch(found.entry.services or ())
    return found


def held_action(desk: Desk, key: RiskKey) -> Held[Treatment]:
    """An action against a risk. Raises Unknown where there is none, or it comes from something else."""
    found = register_versions.action(desk.conn, key)
    if found is None or found.entry.origin != "risk":
        raise Unknown(f"There is no action {key.id} of the source {key.source} against a risk (any more).")
    return found


def change_risk(
    desk: Desk,
    key: RiskKey,
    version: int,
    change: Callable[[Entry], Entry],
    *,
    act: str,
    why: str | None = None,
    more: Mapping[str, Any] | None = None,
    always: bool = True,
) -> Held[Entry]:
    """The next version of a risk, audited once; `more`: what the audit entry says beside the fields; not `always`:
    nothing is written where nothing changed.

    Raises Unknown, Conflict, NotAllowed, or what `change` raises.
    """
    held = held_risk(desk, key)
    new = register_versions.expect(desk.conn, held, version, change)
    if not always and not differing(held.entry, new):
        return held
    desk.may_touch(new.services or ())
    return save(desk, held, new, key=key, act=act, why=why, more=more)


def save(
    desk: Desk,
    held: Held[Entry] | None,
    new: Entry,
    *,
    key: RiskKey,
    act: str,
    why: str | None,
    more: Mapping[str, Any] | None = None,
) -> Held[Entry]:
    """Keeps a risk's next version, with its audit entry, and forgets what was kept of risks."""
    saved = register_versions.keep(desk.conn, held, new, key=key, by=desk.by.name, act=act, why=why, at=desk.at)
    told(desk, "risks", key, act, changes(held.entry if held else None, new), why, more)
    forget(desk, "risks", key.source)
    return saved


def changes(old: Entry | Treatment | None, new: Entry | Treatment) -> dict[str, tuple[Any, Any]]:
    """Field → (before, after), as an audit entry has them."""
    plain = register_versions.plain
    return {name: (plain(before), plain(after)) for name, (before, after) in differing(old, new).items()}


def told(
    desk: Desk,
    entity: str,
    key: RiskKey,
    act: str,
    changed: Mapping[str, tuple[Any, Any]],
    why: str | None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """The audit entry of one write."""
    old = {name: before for name, (before, _) in changed.items()}
    new = {name: after for name, (_, after) in changed.items()} | dict(more or {})
    audit(
        desk.conn,
        actor=desk.by.name,
        action=act,
        entity=entity,
        entity_id=str(key),
        old=old or None,
        new=new or None,
        why=why,
    )


def forget(desk: Desk, entity: str, source: str) -> None:
    """Forgets what was kept of an entity; the app's own register was watched up to now."""
    touched = Touched(entities={(entity, source)})
    sums.refresh_light(desk.conn, touched)
    if source == APP:
        mine = sa.and_(SPANS.c.entity == entity, SPANS.c.source == source, SPANS.c.last < micros(desk.at))
        desk.conn.execute(SPANS.update().where(mine).values(last=micros(desk.at)))


def result(held: Held[Any]) -> Saved:
    return Saved(held.key, held.version)


def reviews_of(conn: Connection, key: RiskKey | None = None) -> dict[RiskKey, list[Review]]:
    """Risk → its reviews, the latest day first; those undone too."""
    table = REVIEWS
    query = sa.select(table).order_by(table.c.on.desc(), table.c.id.desc())
    if key is not None:
        query = query.where(table.c.source == key.source, table.c.risk == key.id)
    found: dict[RiskKey, list[Review]] = {}
    for row in conn.execute(query).mappings():
        one = Review(
            row["id"], row["on"], row["actor"], row["note"], row["next_on"], row["at"], row["version"], row["undone_at"]
        )
        found.setdefault(RiskKey(row["source"], row["risk"]), []).append(one)
    return found


def not_after(day: date, today: date, field: str, what: str) -> None:
    """Raises Invalid for a day that is still to come."""
    if day > today:
        raise Invalid({field: f"{what} is a day still to come."})

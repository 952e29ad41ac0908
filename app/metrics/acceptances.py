"""Whether an acceptance holds: derived from what was signed, the level now and an instant, never by a job.

It is valid until the end of its last day in the organisation's zone.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from app.metrics.periods import midnight
from app.metrics.risk_records import Acceptance

State = Literal["proposed", "active", "risen", "expired", "revoked", "withdrawn", "declined", "replaced"]
"""Risen: signed, and the level has risen above what was signed. Withdrawn: taken back before anybody decided.
Replaced: another one was signed after it."""
SOON = timedelta(30)
"""An acceptance that ends within so long is about to run out."""


class Judged(NamedTuple):
    """An acceptance and its state at an instant."""

    acceptance: Acceptance
    state: State
    ends_at: datetime
    """The first instant at which it is over, UTC."""


def ends(day: date, zone: str) -> datetime:
    """The instant, UTC, at which a day is over in a zone."""
    return midnight(day + timedelta(1), zone)


def judged(found: Iterable[Acceptance], score: int, as_of: datetime, zone: str) -> list[Judged]:
    """Those of one risk that had been asked for by as-of, the latest first; `score` is its level (1-25)."""
    asked = sorted(
        (one for one in found if one.asked_at <= as_of), key=lambda one: (one.asked_at, one.id), reverse=True
    )
    signed = [one.approved_at for one in asked if one.approved_at is not None and one.approved_at <= as_of]
    newest = max(signed, default=None)
    return [Judged(one, _state(one, score, as_of, zone, newest), ends(one.valid_until, zone)) for one in asked]


def _state(one: Acceptance, score: int, as_of: datetime, zone: str, newest: datetime | None) -> State:
    approved = one.approved_at is not None and one.approved_at <= as_of
    if one.declined_at is not None and one.declined_at <= as_of:
        return "declined"
    if one.revoked_at is not None and one.revoked_at <= as_of:
        return "revoked" if approved else "withdrawn"
    if approved and newest is not None and one.approved_at != newest:
        return "replaced"
    if as_of >= ends(one.valid_until, zone):
        return "expired"
    if not approved:
        return "proposed"
    return "risen" if score > one.score else "active"


def in_force(found: Sequence[Judged]) -> Judged | None:
    """The one that was signed and has neither ended nor been revoked, even where the level has risen since."""
    return next((one for one in found if one.state in ("active", "risen")), None)


def waiting(found: Sequence[Judged]) -> Judged | None:
    """The one that waits for a decision."""
    return next((one for one in found if one.state == "proposed"), None)

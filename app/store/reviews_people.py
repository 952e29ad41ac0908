"""Who is invited to a review, and who was there."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics.review_records import Attendee, Review
from app.metrics.risk_records import Invalid
from app.metrics.risk_rules import sentence
from app.people import Person
from app.store.review_tables import PEOPLE, REVIEWS
from app.store.reviews_saving import (
    as_fields,
    desk,
    expect,
    head_of,
    in_state,
    keep_version,
    made,
    people,
    row_of,
    told,
)
from app.store.tables import FACTS


def managers(conn: Connection) -> tuple[str, ...]:
    """Who manages a team that has services: the owners that can be invited, by name."""
    team, service = FACTS["teams"], FACTS["services"]
    own = sa.select(service.c.team).where(service.c.retired_on.is_(None))
    query = sa.select(team.c.manager).where(team.c.manager.is_not(None), team.c.team.in_(own)).distinct()
    return tuple(sorted(conn.execute(query).scalars(), key=str.casefold))


def set_people(
    conn: Connection,
    by: Person,
    period: str,
    version: int,
    invited: Iterable[Attendee],
    *,
    at: datetime | None = None,
) -> Review:
    """Who is invited and who was there, in place of what was said before. The review gets its next version."""
    here = desk(conn, by, at)
    row = row_of(conn, period, lock=True)
    in_state(row, "planned", "preparation", "held")
    new: dict[str, Attendee] = {}
    for one in invited:
        name = sentence("owners", one.name, "A name", 200)
        if name.casefold() in new:
            raise Invalid({"owners": f"{name} is there twice."})
        new[name.casefold()] = one._replace(name=name)
    expect(conn, head_of(conn, row), version, as_fields(new.values()))
    old = people(conn, period)
    if old == tuple(new.values()):
        return made(row)
    conn.execute(PEOPLE.delete().where(PEOPLE.c.period == period))
    rows = [{"period": period, "place": n, **one._asdict()} for n, one in enumerate(new.values())]
    if rows:
        conn.execute(PEOPLE.insert(), rows)
    stamp = {"version": row.version + 1, "changed_at": here.at, "changed_by": by.name}
    conn.execute(REVIEWS.update().where(REVIEWS.c.period == period).values(**stamp))
    keep_version(here, "reviews", period, row.version + 1, head_of(conn, row).fields)
    told(here, "reviews", period, "set_people", _said(old), _said(new.values()))
    return made(row_of(conn, period))


def _said(invited: Iterable[Attendee]) -> Mapping[str, Any]:
    words = {True: "present", False: "absent", None: "invited"}
    return {one.name: words[one.present] + (", owner" if one.owner else "") for one in invited}

"""The small register's store with a review, as tests need it: planned, prepared, frozen or held."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy.engine import Engine

from app.people import Person, Role
from app.store import reviews
from app.store.engine import reading, writing
from tests.store.register_case import AT

ROSE = Person("rose@example.org", frozenset({Role.EDITOR}))
OCTOBER = "2026-10"
LATER = AT + timedelta(days=35)
"""9 November 2026, when October's review is held."""


def sealed(text: str) -> tuple[str, str]:
    return text, sha256(text.encode()).hexdigest()


def version(engine: Engine, period: str = OCTOBER) -> int:
    with reading(engine) as conn:
        found = reviews.review(conn, period)
    assert found is not None
    return found.version


def prepared(engine: Engine, period: str = OCTOBER) -> None:
    with writing(engine) as conn:
        reviews.open_(conn, ROSE, period, chair="Ana", at=LATER)
        reviews.prepare(conn, ROSE, period, 1, at=LATER)


def held(engine: Engine, period: str = OCTOBER) -> int:
    """The version that it then has."""
    prepared(engine, period)
    with writing(engine) as conn:
        reviews.keep_snapshot(conn, ROSE, period, 2, *sealed('{"period":"2026-10"}'), at=LATER)
        return reviews.hold(conn, ROSE, period, 3, at=LATER).version


def closed(engine: Engine, period: str = OCTOBER) -> None:
    now = held(engine, period)
    with writing(engine) as conn:
        reviews.close(conn, ROSE, period, now, *sealed("{}"), at=LATER)

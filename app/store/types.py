"""Column types: what Python sees on one side, what both databases hold on the other."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
NO_DATE = date(1, 1, 1)
"""What a blank date of a key is stored as."""
NO_NUMBER = 0
"""What a blank number of a key is stored as."""


def micros(at: datetime) -> int:
    """Microseconds since 1970, UTC, exact. Raises ValueError for an instant without an offset."""
    if at.tzinfo is None:
        raise ValueError("an instant without an offset cannot be stored")
    return (at - EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """The instant, aware UTC, that a number of microseconds since 1970 names."""
    return EPOCH + timedelta(microseconds=value)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of names, stored as in a file: `a;b`. Blank is None."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return ";".join(value) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        return tuple(value.split(";")) if value else None


class KeyDate(TypeDecorator[date]):
    """A date of a primary key: blank is stored as the first day of year 1."""

    impl = sa.Date
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date:
        return NO_DATE if value is None else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> date | None:
        return None if value == NO_DATE else value


class KeyNumber(TypeDecorator[int]):
    """A positive whole number of a primary key: blank is stored as 0."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int:
        return NO_NUMBER if value is None else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        return None if value == NO_NUMBER else value

"""The daily sums."""

from sqlalchemy.engine import Connection

from app.store.touched import Touched


def refresh(conn: Connection, touched: Touched) -> None:
    """Makes the sums of what was touched anew."""

"""What most commands begin with: the settings, the store, a console."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.engine import Connection, Engine

WIDE = 240
"""Columns of a table that goes into a file or a pipe."""


@contextmanager
def engine(url: str | None = None) -> "Iterator[Engine]":
    """The store of the settings, open."""
    from app.settings import load
    from app.store.engine import open_store

    opened = open_store(url or load().database_url)
    try:
        yield opened
    finally:
        opened.dispose()


@contextmanager
def view() -> "Iterator[Connection]":
    """One consistent view of the store of the settings."""
    from app.store.engine import reading

    with engine() as opened, reading(opened) as conn:
        yield conn


def console(*, err: bool = False) -> "Console":
    """Where to print: as wide as the terminal; in a pipe nothing is cut off."""
    from rich.console import Console

    found = Console(stderr=err, highlight=False, soft_wrap=False)
    return found if found.is_terminal else Console(stderr=err, highlight=False, width=WIDE)

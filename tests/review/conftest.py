"""`nines` on a store of its own, for the review's commands."""

from tests.cli.conftest import sqlite_nines

__all__ = ["sqlite_nines"]

"""Who is looking: the person every page and every write asks about."""

from app import settings
from app.people import Person, local


def person() -> Person:
    """The person at work. Without sign-in it is the account of the system, or who NINES_USER says."""
    return local(settings.load().user)

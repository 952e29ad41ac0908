"""What went wrong, in one plain sentence that names what to mend."""

import logging
import os
import sys
import traceback
from types import TracebackType

from app.people import NotAllowed


class Misuse(Exception):
    """The command was called wrongly; the message says how to call it. Exit code 2."""


def foreseen() -> tuple[type[Exception], ...]:
    """The failures that have words of their own. Looked up after a failure: by then, what raises it is loaded."""
    from sqlalchemy.exc import DBAPIError

    from app.store.engine import StoreError

    places = (
        ("app.settings", "SettingsError"),
        ("app.ingest", "Refused"),
        ("data_sources.http", "SourceError"),
        ("app.export", "NotExportable"),
        ("app.demo.filling", "NotEmpty"),
        ("app.server", "ServerError"),
        ("app.cli.policy", "Unreadable"),
        ("app.metrics.risk_records", "Invalid"),
        ("app.metrics.risk_records", "Conflict"),
        ("app.review.build", "NotReviewable"),
        ("app.review.freeze", "NotFrozen"),
    )
    loaded = [getattr(sys.modules[place], name) for place, name in places if place in sys.modules]
    return (StoreError, DBAPIError, OSError, NotAllowed, *loaded)


def sentence(failure: Exception) -> str:
    """The words for a foreseen failure."""
    cause = getattr(failure, "orig", None)
    if cause is not None:
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        return f"The store refused ({lines[0]}); nothing was changed."
    if isinstance(failure, OSError) and not isinstance(failure, NotAllowed):
        what = f"{failure.filename}: " if failure.filename else ""
        return f"{what}{(failure.strerror or str(failure)).lower()}; nothing was changed."
    return str(failure)


def hidden(text: str) -> str:
    """A text without the installation's secrets; where the settings cannot be, nobody can tell which those are."""
    from app import logs
    from app.settings import SettingsError, load

    try:
        return logs.secrets(load()).hide(text)
    except SettingsError:
        return text


class Hiding(logging.Formatter):
    """What a command logs, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record))


def unforeseen(kind: type[BaseException], failure: BaseException, trace: TracebackType | None) -> None:
    """Says that there is a fault in Nines, in a sentence; with NINES_LOG_LEVEL=debug also where. The exit code is 1."""
    if os.environ.get("NINES_LOG_LEVEL", "").strip().lower() == "debug":
        sys.stderr.write(hidden("".join(traceback.format_exception(kind, failure, trace))))
    words = " ".join(str(failure).split()) or "no words"
    sys.stderr.write(
        f"Nines failed in a way nobody foresaw ({kind.__name__}: {hidden(words)}); nothing was changed. "
        "Please report it; with NINES_LOG_LEVEL=debug it shows where.\n"
    )

"""What went wrong, in one plain sentence that names what to mend."""

import os
import traceback


class Misuse(Exception):
    """The command was called wrongly; the message says how to call it. Exit code 2."""


def sentence(failure: Exception) -> str:
    """The words for a failure: its own where it was foreseen, else what it was and where to look."""
    from sqlalchemy.exc import DBAPIError

    from app.store.engine import StoreError

    if isinstance(failure, DBAPIError):
        lines = str(failure.orig).strip().splitlines() or [type(failure).__name__]
        return f"The store refused: {lines[0]}. Nothing was changed."
    if isinstance(failure, StoreError | ValueError) and type(failure) is not ValueError:
        return str(failure)
    if type(failure).__module__.startswith(("app.", "data_sources.")):
        return str(failure)
    if isinstance(failure, OSError):
        what = f"{failure.filename}: " if failure.filename else ""
        return f"{what}{(failure.strerror or str(failure)).lower()}; nothing was changed."
    if os.environ.get("NINES_LOG_LEVEL", "").lower() == "debug":
        return "".join(traceback.format_exception(failure)).rstrip()
    return (
        f"Nines failed unexpectedly ({type(failure).__name__}: {failure}); nothing was changed. "
        "Please report it; NINES_LOG_LEVEL=debug shows where it happened."
    )

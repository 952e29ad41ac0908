"""The log: to stderr, as text or as one JSON object a line, and without the installation's secrets."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from streamlit import logger as streamlit_logger

from app.settings import Settings

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_HIDDEN = "[hidden]"
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_QUIET = ("httpx", "httpcore", "authlib")
"""They log the address of every request; what went wrong comes as an error."""


class Text(logging.Formatter):
    """Lines for people, without the secrets given."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__(_TEXT)
        self.secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        return self.hide(super().format(record))

    def hide(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text


class Json(Text):
    """Objects for machines: at, level, logger, message, what an event carries besides (`event`, `actor`), and trace."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in record.__dict__.items() if name not in _OWN},
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        hidden = {name: self.hide(value) if isinstance(value, str) else value for name, value in told.items()}
        return json.dumps(hidden, ensure_ascii=False, default=str)


def configure(settings: Settings) -> None:
    """Has everything log in one way: ours, the server's, and Streamlit's, which otherwise has handlers of its own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((Json if settings.log_format == "json" else Text)(settings.kept_secret))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)

    def one_way(logger: logging.Logger) -> None:
        for other in list(logger.handlers):
            logger.removeHandler(other)
        logger.addHandler(handler)

    streamlit_logger.setup_formatter = one_way
    streamlit_logger.update_formatter()

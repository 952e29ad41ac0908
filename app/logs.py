"""The log: to stderr, as text or as one JSON object a line, and without the installation's secrets.

Secret is what the settings keep as such (sign-in, delivery, passwords of addresses), and the value of every environment
variable that `sources.yaml` names.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from app.settings import Settings

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_HIDDEN = "[hidden]"
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_QUIET = ("httpx", "httpcore", "authlib")
"""They log the address of every request; what went wrong comes as an error."""
_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
"""An environment variable, as `sources.yaml` names it."""
_SHORTEST = 4
"""Letters of a source's secret: what is shorter is a word that stands everywhere."""


class Secrets:
    """Which words must not be told; `sources.yaml` is looked at again whenever it was written."""

    def __init__(self, known: Iterable[str] = (), sources: Path | None = None) -> None:
        self._known, self._sources = tuple(known), sources
        self._written: float | None = None
        self._words = _forms(self._known)

    def hide(self, text: str) -> str:
        """The text without them."""
        for word in self._now():
            text = text.replace(word, _HIDDEN)
        return text

    def _now(self) -> tuple[str, ...]:
        try:
            written = self._sources.stat().st_mtime if self._sources else None
        except OSError:
            written = None
        if written != self._written and self._sources is not None:
            self._written = written
            self._words = _forms((*self._known, *_of_sources(self._sources)))
        return self._words


def _of_sources(path: Path) -> Iterator[str]:
    """The values of the environment variables that a file names; of one that cannot be read, none."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return
    for word in _words(said):
        value = os.environ.get(word, "") if _NAME.fullmatch(word) else ""
        if len(value) >= _SHORTEST:
            yield value


def _words(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for one in said.values() if isinstance(said, dict) else said:
            yield from _words(one)


def _forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Secrets as they may stand in a text (themselves, in an address, in Python's quotes), the longest first."""
    found = {form for one in secrets if one for form in (one, quote(one, safe=""), repr(one)[1:-1])}
    return tuple(sorted(found, key=len, reverse=True))


class Text(logging.Formatter):
    """Lines for people, without the secrets given."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__(_TEXT)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return self.hide(super().format(record))

    def hide(self, text: str) -> str:
        return self._secrets.hide(text)


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
        plain = int | float | None
        hidden = {name: value if isinstance(value, plain) else self.hide(str(value)) for name, value in told.items()}
        return json.dumps(hidden, ensure_ascii=False)


def secrets(settings: Settings) -> Secrets:
    """What this installation must not tell."""
    return Secrets(settings.kept_secret, settings.sources_file)


def configure(settings: Settings) -> None:
    """Has everything log in one way: ours, the server's, and Streamlit's, which otherwise has handlers of its own."""
    from streamlit import logger as streamlit_logger

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((Json if settings.log_format == "json" else Text)(secrets(settings)))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)

    def one_way(logger: logging.Logger) -> None:
        for other in list(logger.handlers):
            logger.removeHandler(other)
        logger.addHandler(handler)

    streamlit_logger.setup_formatter = one_way
    streamlit_logger.update_formatter()

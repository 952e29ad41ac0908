"""What systems tell by themselves: a signed delivery to a source's webhook brings facts, or has the source read.

The facts are kept as those of files are; a delivery that comes again changes nothing.
"""

import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection, Engine

from app.ingest import Keeper, Report
from app.store import hooks, rejects, sums
from app.store.engine import writing
from app.store.write import Touched, begin_run, end_run
from data_sources import configured, push
from data_sources.configured import Source
from data_sources.http import SourceError
from data_sources.push import Unacceptable

__all__ = ["SourceError", "Unacceptable", "Unsigned", "Webhook", "webhook"]
_LOG = logging.getLogger("nines.webhooks")
_LONGEST_NAME = 200
"""Characters that name a delivery."""
_PLACE = "webhook"


class Unsigned(Exception):
    """A delivery without the signature of somebody who knows the secret."""


class _Again(Exception):
    """A delivery that was taken before."""


class Heard(NamedTuple):
    """What a delivery did."""

    said: Mapping[str, Any]
    """For its sender."""
    due: bool = False
    """Whether the source is to be read now."""


class Webhook(NamedTuple):
    """The webhook of a source."""

    source: Source
    secret: str

    @property
    def header(self) -> str:
        """Where the signature of a delivery stands."""
        return self.source.kind.hook.header

    def take(self, engine: Engine, signature: str, body: bytes, now: datetime) -> Heard:
        """Takes a delivery. Raises Unsigned, Unacceptable with what to mend, or StoreError, after which it may be tried
        again."""
        hook, name = self.source.kind.hook, self.source.name
        if not hook.signed(self.secret, signature, body, now):
            _LOG.warning("a delivery to the webhook of %s is not signed by its secret", name)
            raise Unsigned
        said = _read(body)
        delivery = hook.delivery(said)
        if not isinstance(delivery, str) or not 0 < len(delivery) <= _LONGEST_NAME or "\0" in delivery:
            raise Unacceptable(f"id must be a text of 1 to {_LONGEST_NAME} characters that names the delivery.")
        try:
            if hook.facts:
                return self._keep(engine, delivery, said.get("facts"), now)
            with writing(engine, count=False) as conn:
                self._first(conn, delivery, now)
                hooks.ask(conn, name, now)
        except _Again:
            _LOG.info("the webhook of %s was told again what it knows", name)
            return Heard({"again": True})
        _LOG.info("the webhook of %s was told that something happened", name)
        return Heard({"read": "soon"}, due=True)

    def _first(self, conn: Connection, delivery: str, now: datetime) -> None:
        if not hooks.first(conn, self.source.name, delivery, now):
            raise _Again
        hooks.known(conn, self.source.name, self.source.kind.name, self.source.options.expected_hours)

    def _keep(self, engine: Engine, delivery: str, facts: Any, now: datetime) -> Heard:
        batches, notes = push.facts(facts)
        name, report = self.source.name, Report(dry=False)
        with writing(engine) as conn:
            self._first(conn, delivery, now)
            run = begin_run(conn, kind="webhook", source=name, names=[_PLACE], actor=f"webhook of {name}")
            touched = Touched(run)
            keeper = Keeper(conn, run, name, touched, report, [_PLACE], 0)
            for entity, batch in batches:
                keeper.start(entity)
                keeper.keep(entity, 0, batch)
            sums.refresh(conn, touched)
            touched.resolved |= rejects.repeated(conn, run)
            end_run(conn, run, touched, report.counts, ended={"unread": list(notes) or None})
        kept = {entity: count._asdict() for entity, count in report.counts.items()}
        _LOG.info("the webhook of %s brought facts", name, extra={"event": "webhook", "source": name, "counts": kept})
        aside = [{"entity": one.entity, "row": one.line, "reason": one.reason} for one in report.rejects]
        return Heard({"kept": kept, "set_aside": aside, "notes": notes})


def webhook(file: Path, name: str) -> Webhook | None:
    """The webhook of a source; None where there is no such source, or it has none. Raises SourceError for a
    configuration that cannot be."""
    source = configured.load(file).get(name)
    if source is None or source.options.webhook is None:
        return None
    variable = source.options.webhook.secret
    if not os.environ.get(variable):
        raise SourceError(
            "configuration", f"{name}: the environment variable {variable}, which webhook secret names, is not set."
        )
    return Webhook(source, os.environ[variable])


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body, parse_constant=_no_number)
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Unacceptable("The body is no JSON in UTF-8.") from None
    if not isinstance(said, dict):
        raise Unacceptable("The body must be a JSON object.")
    return said


def _no_number(word: str) -> Any:
    raise ValueError(word)

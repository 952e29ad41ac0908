"""How much longer a page's data takes on the enterprise store than on the demo.

A page is run whole, in this process, by Streamlit's AppTest on a warm server: modules imported and frozen as
`nines serve` does it, stores open, the directory of services and teams read once. What counts is the time between
begin and end of the frame around the page (`frame.show`) less the time inside Streamlit's own functions and components:
reading the store, computing the numbers, preparing charts and tables, and writing their markup. Nothing of that is left
out for being cached or not: each round begins with every kept answer of `app.ui` and `app.store` forgotten, so that
each question is one that nobody asked before. A round is one reader: opens the page at its default address, then
chooses the first tier, then that service's team instead, then the service, which has the same names in both stores.
"""

import gc
import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple

import sqlalchemy as sa
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from app import server
from app.records import ENTITIES
from app.store.engine import reading
from app.store.tables import FACTS
from app.ui import choices, frame, places, read
from app.ui.places import Place
from tests.bench.servers import SCRIPT
from tests.bench.stores import Pair

QUESTIONS = ("default address", "one tier", "one team", "one service")
_TIMEOUT_SECONDS = 900
_NOT_STREAMLITS_WORK = {"navigation", "Page", "fragment", "dialog", "rerun", "stop", "switch_page", "experimental_user"}
"""What runs our code inside of it, leaves the script, or is a declaration."""


class Broke(Exception):
    """A page showed an error instead of itself; the message is what it said."""


class Took(NamedTuple):
    """Seconds of each round."""

    place: str
    question: str
    demo: list[float]
    enterprise: list[float]


def measure(urls: Pair, runs: int, chosen: Sequence[Place] = places.PLACES) -> Iterator[Took]:
    """Every page and question; rounds on the two stores take turns. A page that breaks took nothing."""
    server.preload()
    with _clock() as clock:
        for place in chosen:
            try:
                yield from _page(urls, runs, place, clock)
            except Broke as cause:
                yield Took(place.title, f"broke: {cause}", [], [])


def _page(urls: Pair, runs: int, place: Place, clock: "_Clock") -> Iterator[Took]:
    for url in urls:
        _round(url, place, clock)
    rounds = [[_round(url, place, clock) for url in urls] for _ in range(runs)]
    for question in QUESTIONS:
        took = [tuple(found[question] for found in pair if question in found) for pair in rounds]
        if all(took):
            demo, enterprise = zip(*took, strict=True)
            yield Took(place.title, question, list(demo), list(enterprise))


def _round(url: str, place: Place, clock: "_Clock") -> dict[str, float]:
    os.environ["NINES_DATABASE_URL"] = url
    read.directory()
    tier, team, service = _first_of_the_first_tier(url)
    at = AppTest.from_file(str(SCRIPT), default_timeout=_TIMEOUT_SECONDS)
    if place.hidden:
        at.query_params[place.name] = latest(url, place.name)
    at.switch_page(str(place.script))
    forget()
    gc.collect()
    found = {QUESTIONS[0]: clock.timed(lambda: _run(at))}
    steps = (
        {"tier": tier},
        {"tier": choices.ALL["tier"], "team": team},
        {"team": choices.ALL["team"], "service": service},
    )
    for question, step in zip(QUESTIONS[1:], steps, strict=True):
        if not {box.key for box in at.selectbox} >= step.keys():
            break
        for key, label in step.items():
            at.selectbox(key=key).select(label)
        found[question] = clock.timed(lambda: _run(at))
    return found


def _run(at: AppTest) -> None:
    at.run()
    if at.exception:
        raise Broke(at.exception[0].value)


def forget() -> None:
    """Forgets every kept answer; the open stores and the directory stay."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("app.ui", "app.store")):
            for value in vars(module).values():
                if hasattr(value, "cache_clear") and value not in (read._open, read._directory):
                    value.cache_clear()


def _first_of_the_first_tier(url: str) -> tuple[str, str, str]:
    """Labels of the first tier, of the team of its first service, and of that service."""
    services = FACTS["services"].c
    with reading(read.opened(url)) as conn:
        query = sa.select(services.tier, services.team, services.service).order_by(services.tier, services.service)
        tier, team, service = conn.execute(query.limit(1)).one()
    directory = read.directory()
    labels = [
        {key: label for label, key in choices.named(pairs).items()} for pairs in (directory.teams, directory.services)
    ]
    return f"Tier {tier}", labels[0][team], labels[1][service]


def latest(url: str, name: str) -> str:
    """The id of the latest thing of this name, for a page that shows one."""
    entity = next(entity for entity in ENTITIES.values() if entity.key[0] == name)
    table = FACTS[entity.name]
    order = table.c[entity.at or name].desc()
    with reading(read.opened(url)) as conn:
        return str(conn.execute(sa.select(table.c[name]).order_by(order, table.c[name]).limit(1)).scalar_one())


class _Clock:
    """Counts the seconds of our own code inside `frame.show`, whichever thread it runs in."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inside = threading.local()

    def timed(self, work: Callable[[], None]) -> float:
        self.seconds = 0.0
        work()
        return self.seconds

    def counting(self, show: Callable[..., Any]) -> Callable[..., Any]:
        return self._around(show, +1)

    def leaving_out(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function; the outermost one at any moment is taken off."""
        return self._around(call, -1)

    def _around(self, call: Callable[..., Any], sign: int) -> Callable[..., Any]:
        @wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            depth = getattr(self._inside, "depth", None)
            if (sign > 0) != (depth is None) or (sign < 0 and depth):
                return call(*args, **kwargs)
            self._inside.depth = 0 if sign > 0 else 1
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds += sign * (time.perf_counter() - began)
                self._inside.depth = None if sign > 0 else 0

        return timed


@contextmanager
def _clock() -> Iterator[_Clock]:
    """A clock around the frame, and around each function and component of Streamlit's."""
    clock = _Clock()
    undo: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    put(frame, "show", clock.counting(frame.show))
    for owner in (st, DeltaGenerator):
        for name, value in list(vars(owner).items()):
            if not name.startswith("_") and name not in _NOT_STREAMLITS_WORK and inspect.isroutine(value):
                put(owner, name, clock.leaving_out(value))
    for name, module in list(sys.modules.items()):
        if name.startswith("app.ui"):
            for attribute, value in list(vars(module).items()):
                if inspect.isroutine(value) and not attribute.startswith("__") and _of_streamlit(value):
                    put(module, attribute, clock.leaving_out(value))
    try:
        yield clock
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)


def _of_streamlit(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith("streamlit")

"""How much longer a page's data takes on the enterprise store than on the demo.

A reader without a browser (`viewer.py`) asks the product's own server over its websocket; what counts is the time from
the wish to the last of the page's data: reading the store, computing the numbers, preparing charts and tables, and
bringing them here. The servers are warm, but each round asks about a month that nobody asked about before. A round is
one reader: opens the page, then chooses the first tier, then its first service's team instead, then that service, which
has the same names in both stores.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from app.metrics.periods import containing
from app.records import ENTITIES
from app.store.engine import open_store, reading
from app.store.facts import bounds
from app.store.tables import FACTS
from app.ui import choices, places
from app.ui.places import Place
from tests.bench.servers import SCRIPT, served
from tests.bench.stores import Pair
from tests.bench.viewer import Viewer

QUESTIONS = ("default scope", "one tier", "one team", "one service")


class Took(NamedTuple):
    """Seconds of each round; `broke` counts the errors that were shown instead of a page or of a part of one."""

    place: str
    question: str
    demo: list[float]
    enterprise: list[float]
    broke: int


class _Store(NamedTuple):
    """One of the two, served."""

    url: str
    address: str
    scopes: Sequence[Mapping[str, str]]
    """What each question chooses in the filters."""
    months: Sequence[str]
    """Those that are over, the latest first."""
    hashes: Mapping[str, str]
    """Name in the address → hash of the page."""


def measure(urls: Pair, rounds: int, chosen: Sequence[Place] = places.PLACES) -> Iterator[Took]:
    """Every page and question; rounds on the two stores take turns, after one of each that is not counted."""
    with served(SCRIPT, urls.demo) as demo, served(SCRIPT, urls.enterprise) as enterprise:
        stores = [_store(url, server.address) for url, server in zip(urls, (demo, enterprise), strict=True)]
        for place in chosen:
            found = [[asyncio.run(_round(store, place, at)) for store in stores] for at in range(rounds + 1)][1:]
            for number, question in enumerate(QUESTIONS):
                took = [tuple(seconds[number] for seconds, _ in pair if number < len(seconds)) for pair in found]
                if all(took):
                    small, large = zip(*took, strict=True)
                    broke = sum(errors for pair in found for _, errors in pair)
                    yield Took(place.title, question, list(small), list(large), broke)


def _store(url: str, address: str) -> _Store:
    engine = open_store(url)
    services, teams = FACTS["services"], FACTS["teams"]
    first = sa.select(services.c.tier, services.c.name, teams.c.name.label("team"))
    joined = first.join_from(services, teams, services.c.team == teams.c.team)
    with reading(engine) as conn:
        tier, service, team = conn.execute(joined.order_by(services.c.tier, services.c.service).limit(1)).one()
        days = bounds(conn)
    engine.dispose()
    if days is None:
        raise RuntimeError("the store is empty")
    last = containing(min(days[1], datetime.now(UTC).date()), "month", "UTC")
    months = [last.previous(step).key for step in range(1, 24)]
    scopes = (
        {},
        {"tier": f"Tier {tier}"},
        {"tier": choices.ALL["tier"], "team": team},
        {"team": choices.ALL["team"], "service": service},
    )
    return _Store(url, address, scopes, months, asyncio.run(_hashes(address)))


async def _hashes(address: str) -> Mapping[str, str]:
    async with Viewer(address) as viewer:
        await viewer.open()
        return viewer.pages


async def _round(store: _Store, place: Place, number: int) -> tuple[list[float], int]:
    """Seconds until each question was answered, and how many errors were shown."""
    query = f"period={store.months[number]}"
    if place.hidden:
        query += f"&{place.name}={latest(store.url, place.name)}"
    async with Viewer(store.address, store.hashes) as viewer:
        took = [await viewer.open(query, place.name)]
        for scope in store.scopes[1:]:
            if not viewer.boxes.keys() >= scope.keys():
                break
            took.append(await viewer.choose(scope))
        return took, viewer.errors


def latest(url: str, name: str) -> str:
    """The id of the latest thing of this name, for a page that shows one."""
    entity = next(entity for entity in ENTITIES.values() if entity.key[0] == name)
    table = FACTS[entity.name]
    order = table.c[entity.at or name].desc()
    engine = open_store(url)
    with reading(engine) as conn:
        found = str(conn.execute(sa.select(table.c[name]).order_by(order, table.c[name]).limit(1)).scalar_one())
    engine.dispose()
    return found

"""What pages know of the store: the one reader and the one cache. Everything read is frozen and shared between
sessions.

Answers are kept per store, generation (every write counts it up), the limits of whoever reads, and question. `moment()`
is "now" to within a quarter of an hour, so that a click asks the same question as the click before it; after a write it
is now again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from threading import RLock, local
from typing import Any, NamedTuple, TypeVar

from app import settings
from app.metrics.facts import Facts
from app.metrics.grouping import known
from app.metrics.numbers import Ask, Number, Row, Tallies
from app.metrics.periods import local_day
from app.people import Limit
from app.policy import Policy
from app.store import engine as stores
from app.store import facts as store_facts
from app.store import freshness as store_freshness
from app.store import kept, narrow
from app.store import numbers as store_numbers
from app.store import owed as store_owed
from app.store.freshness import SourceState
from app.ui import who

T = TypeVar("T")
_FRESH = timedelta(minutes=15)
_ROUTINE = (frozenset({"sli", "incidents", "impacts"}), frozenset({"pages", "deployments"}))
"""Entities whose facts happen, rather than are planned, the weightiest first: with the last of them ends the story."""


class State(NamedTuple):
    """One state of one store: what is cached of it holds for this."""

    url: str
    generation: int
    within: frozenset[Limit] | None = None
    """What reading is limited to; None: nothing is left out."""


class Directory(NamedTuple):
    """What there is to choose from."""

    empty: bool
    policy: Policy
    tiers: tuple[int, ...]
    by_tier: Mapping[int, int]
    """Tier → its services."""
    products: tuple[str, ...]
    teams: tuple[tuple[str, str], ...]
    """(id, name), by name."""
    services: tuple[tuple[str, str], ...]
    first: date | None
    """The local day of the first fact; None without any."""
    last: date | None
    """The local day of the last one that is not in the future: of SLIs and incidents, where there are any."""


def now() -> datetime:
    """The one clock of the pages."""
    return datetime.now(UTC)


_held = local()


@contextmanager
def held() -> Iterator[None]:
    """Inside, this thread looks at one state of the store: a run of a page asks once what it is, not each time."""
    before = getattr(_held, "state", None)
    _held.state = before or state()
    try:
        yield
    finally:
        _held.state = before


def state() -> State:
    """The state of the store right now, as whoever is at work may read it. Raises StoreError or SettingsError with a
    sentence to show, NotAllowed for somebody who may not read."""
    kept: State | None = getattr(_held, "state", None)
    if kept is not None:
        return kept
    reader = who.person()
    reader.must("read")
    url = settings.load().database_url
    with stores.reading(_open(url)) as conn:
        return State(url, stores.generation(conn), reader.within())


_open = who.whole


def opened(url: str) -> narrow.Store:
    """The open store as far as whoever is at work may read it: for pieces with SELECTs of their own. Writes go past the
    limits: who may write asks `Person.must`."""
    return narrow.within(_open(url), state().within)


_moments: dict[tuple[str, int], datetime] = {}


def moment() -> datetime:
    """As of when the pages speak: now, or up to a quarter of an hour ago where nothing was written since."""
    here, clock = state(), now()
    kept = _moments.get(here[:2])
    if kept is None or not timedelta() <= clock - kept < _FRESH:
        for old in [past for past in _moments if past[0] == here.url]:
            _moments.pop(old, None)
        kept = _moments[here[:2]] = clock
    return kept


_turn = RLock()


def learning(of: State, look: Callable[[Any, list[kept.Made]], T]) -> T:
    """What `look` answers (to a connection and a list); what it adds to its list is kept in the store. Whoever has to
    make something waits until nobody else does: then it is often there."""
    try:
        with stores.reading(opened(of.url)) as conn:
            return look(conn, kept.Untaught())
    except kept.Unmade:
        pass
    made: list[kept.Made] = []
    with _turn:
        with stores.reading(opened(of.url)) as conn:
            generation = stores.generation(conn)
            found = look(conn, made)
        kept.keep(opened(of.url), generation, made)
    return found


def numbers(keys: Sequence[str], ask: Ask) -> tuple[Number, ...]:
    """The numbers of these KPIs, as `app.store.numbers.numbers` gives them."""
    return _numbers(state(), tuple(keys), ask)


@lru_cache(maxsize=512)
def _numbers(of: State, keys: tuple[str, ...], ask: Ask) -> tuple[Number, ...]:
    return learning(of, lambda conn, made: tuple(store_numbers.numbers(conn, keys, ask, made)))


def sums(keys: Sequence[str], ask: Ask) -> Mapping[str, Tallies]:
    """KPI → its sums by period and group, as `app.store.numbers.sums` gives them: for lists of many groups."""
    return _sums(state(), tuple(keys), ask)


@lru_cache(maxsize=32)
def _sums(of: State, keys: tuple[str, ...], ask: Ask) -> Mapping[str, Tallies]:
    return learning(of, lambda conn, made: store_numbers.sums(conn, keys, ask, made))


def totals(key: str, ask: Ask) -> Mapping[str, tuple[float, float]]:
    """Name → parts and wholes over all periods asked, as `app.store.numbers.totals` gives them."""
    return learning(state(), lambda conn, made: store_numbers.totals(conn, key, ask, made))


def rows(key: str, ask: Ask) -> tuple[Row, ...]:
    """The facts behind a number, as `app.store.numbers.rows` gives them."""
    return _rows(state(), key, ask)


@lru_cache(maxsize=16)
def _rows(of: State, key: str, ask: Ask) -> tuple[Row, ...]:
    with stores.reading(opened(of.url)) as conn:
        return tuple(store_numbers.rows(conn, key, ask))


def facts(needs: frozenset[str], ask: Ask) -> Facts:
    """The facts of these fields of `Facts`, as known at as-of; for lists of things (incidents, actions,
    risks), not for sums."""
    return _facts(state(), needs, ask if needs else Ask((), ask.as_of))


@lru_cache(maxsize=64)
def _facts(of: State, needs: frozenset[str], ask: Ask) -> Facts:
    with stores.reading(opened(of.url)) as conn:
        return known(store_facts.load(conn, needs, ask), ask.as_of)


def owed(as_of: datetime) -> Facts:
    """What somebody still owed at an instant: the facts that `attention.waiting` needs."""
    return _owed(state(), as_of)


@lru_cache(maxsize=8)
def _owed(of: State, as_of: datetime) -> Facts:
    with stores.reading(opened(of.url)) as conn:
        return store_owed.owed(conn, as_of)


def directory() -> Directory:
    """What the filters can offer."""
    return _directory(state(), local_day(moment(), "UTC"))


@lru_cache(maxsize=8)
def _directory(of: State, today: date) -> Directory:
    found = _facts(of, frozenset(), Ask((), moment()))
    zone = found.policy.timezone
    clock = moment()
    spans = {name: [span for span in kept if span.start <= clock] for name, kept in found.watched.items()}
    began = [span.start for kept in spans.values() for span in kept]
    ends = [[min(span.end, clock) for name in names for span in spans.get(name, ())] for names in (*_ROUTINE, spans)]
    ended = next((found for found in ends if found), [])
    services = found.services.values()
    return Directory(
        empty=not services and not began,
        policy=found.policy,
        tiers=tuple(sorted({service.tier for service in services})),
        by_tier=Counter(service.tier for service in services),
        products=tuple(sorted({service.product for service in services if service.product})),
        teams=tuple(
            sorted(((t.team, t.name or t.team) for t in found.teams.values()), key=lambda pair: pair[1].lower())
        ),
        services=tuple(sorted(((s.service, s.name) for s in services), key=lambda pair: pair[1].lower())),
        first=local_day(min(began), zone) if began else None,
        last=local_day(max(ended), zone) if ended else None,
    )


def sources() -> tuple[SourceState, ...]:
    """Every source of facts and how fresh it is."""
    return _sources(state())


@lru_cache(maxsize=8)
def _sources(of: State) -> tuple[SourceState, ...]:
    with stores.reading(opened(of.url)) as conn:
        return store_freshness.sources(conn)

"""Live sources into the store: fetch, parse, keep, slice by slice, each committed with the mark up to which it is read.

A reading that is killed leaves a store that the next one completes: what it kept stays, and it goes on at its marks.
One source that fails stops no other, one part that fails (an SLO's query) stops no other part.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app import ingest_sync_maps
from app.ingest import Keeper, Report
from app.ingest_sync_maps import Mapped
from app.metrics.periods import local_day
from app.people import Person
from app.store import light, mappings, rejects, renamed, sums, syncing
from app.store.engine import reading, writing
from app.store.tables import FACTS, IMPORTS
from app.store.write import Reject, RunCounts, Touched, begin_run, end_run
from data_sources import configured
from data_sources.brought import Brought, Part
from data_sources.configured import Source
from data_sources.http import Client, Slice, SourceError, slices
from data_sources.options import client

_LOG = logging.getLogger("nines.sources")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = timedelta(days=90)
"""How far back the first reading of a source goes, unless `--since` says otherwise."""
_AGAIN = timedelta(days=7)
"""For how long a slice that was only partly answered is asked for again."""
_TOLD = 200
"""How many sentences on what could not be read a log of one reading keeps."""
_PROMISED = ("service", "objective", "window", "method", "slice_minutes", "slice_objective")
"""What makes an SLO another promise: a change of it is a new revision from that day on."""
Progress = Callable[[str, int, int], None]


@dataclass
class Outcome:
    """What one reading of one source did."""

    source: str
    kind: str
    run: int | None = None
    calls: int = 0
    counts: dict[str, RunCounts] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """What could not be read, a sentence each."""
    notes: list[str] = field(default_factory=list)
    """What was read otherwise than it stands, a sentence each."""
    rejects: list[Reject] = field(default_factory=list)
    """The first rows set aside."""
    failure: str | None = None
    """Why it ended early; what was kept before stays."""
    failed: bool = False
    """Whether a part of it could not be read at all."""

    @property
    def set_aside(self) -> int:
        return sum(count.set_aside for count in self.counts.values())

    @property
    def status(self) -> str:
        if self.failure:
            return "failed"
        return "partial" if self.unread else "set_aside" if self.set_aside else "done"


class Listed(NamedTuple):
    """A configured source, for people."""

    name: str
    kind: str
    where: str
    every_minutes: float | None
    expected_hours: float | None


def listed(path: Path) -> list[Listed]:
    """The configured sources. Raises SourceError with a sentence on what to mend in the file."""
    return [
        Listed(
            one.name,
            one.kind.name,
            str(getattr(one.options, "url", "") or "; ".join(map(str, getattr(one.options, "paths", ())))),
            one.options.every_minutes,
            one.options.expected_hours,
        )
        for one in configured.load(path).values()
    ]


def test(path: Path, name: str) -> str:
    """Asks a source for little and says in a sentence what it found. Raises SourceError with what is wrong."""
    source = _chosen(configured.load(path), [name], path)[0]
    with _wire(source) as wire:
        return source.kind.test(wire, source.options)


def _chosen(found: Mapping[str, Source], names: Sequence[str], path: Path) -> list[Source]:
    unknown = next((name for name in names if name not in found), None)
    if unknown is not None:
        told = f"it has {', '.join(found)}" if found else "it has none yet (docs/sources.md)"
        raise SourceError("configuration", f"{path} has no source called {unknown}: {told}.")
    return [found[name] for name in dict.fromkeys(names)] if names else list(found.values())


@contextmanager
def _wire(source: Source, folder: Path | None = None, at: datetime | None = None) -> Iterator[Client | None]:
    """The wire to a source; None where its kind needs none."""
    wire = client(source.name, source.options, os.environ, folder, at)
    if wire is None:
        yield None
        return
    with wire:
        yield wire


def run(
    engine: Engine,
    path: Path,
    names: Sequence[str] = (),
    *,
    since: datetime | None = None,
    due: bool = False,
    by: Person,
    progress: Progress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Outcome]:
    """Reads sources, all of them where none is named; `due`: only those whose time has come.

    `since` reads from there again, whatever was read before. Raises SourceError for a configuration that cannot be,
    NotAllowed for somebody who may not write everywhere.
    """
    by.must("write", everywhere=True)
    found = configured.load(path)
    chosen = _chosen(found, names, path)
    silent = next((one.name for one in chosen if one.kind.told_only), None)
    if names and silent is not None:
        raise SourceError("configuration", f"{silent} is never read: it tells its facts by itself, by its webhook.")
    chosen = [one for one in chosen if not one.kind.told_only]
    if due:
        regularly = {one.name for one in found.values() if one.options.every_minutes and not one.kind.told_only}
        with writing(engine, count=False) as conn:
            syncing.no_longer_read(conn, regularly, set(found))
        with reading(engine) as conn:
            wanted = syncing.due(conn, now()) | (regularly - syncing.tried(conn))
        chosen = [one for one in chosen if one.name in wanted]
    return [_Reading(engine, one, since, by, progress, now(), path.resolve().parent).run() for one in chosen]


class _Reading:
    """One reading of one source."""

    def __init__(
        self,
        engine: Engine,
        source: Source,
        since: datetime | None,
        by: Person,
        progress: Progress | None,
        at: datetime,
        folder: Path,
    ):
        self._engine, self._source, self._since, self._by = engine, source, since, by
        self._progress, self._at, self._folder = progress, at, folder
        self._out = Outcome(source.name, source.kind.name)
        self._reports = Report(dry=False)
        self._names: list[str] = []
        self._mapped = Mapped(source, {}, {})
        self._outdated: dict[str, list[str]] = {}
        """Part → its marks from when it was asked, or mapped, otherwise: they go once it is read anew."""
        self._renamed = 0
        self._failed: set[str] = set()
        self._held: set[str] = set()
        """Parts of which a slice was answered only partly: their mark stays before it."""

    def run(self) -> Outcome:
        source, out = self._source, self._out
        try:
            with syncing.alone(self._engine, source.name):
                self._begin()
                try:
                    with _wire(source, self._folder, self._at) as wire:
                        try:
                            self._all(wire)
                        finally:
                            out.calls = wire.calls if wire else 0
                except SourceError as cause:
                    out.failure = str(cause)
                self._end()
        except syncing.Busy as cause:
            out.failure = str(cause)
        return out

    def _begin(self) -> None:
        options = self._source.options
        with writing(self._engine, count=False) as conn:
            syncing.begun(
                conn,
                self._source.name,
                self._source.kind.name,
                self._at,
                every_minutes=options.every_minutes,
                expected_hours=options.expected_hours,
            )
            self._out.run = begin_run(conn, kind="live", source=self._source.name, names=[], actor=self._by.name)
            self._mapped = ingest_sync_maps.mapped(self._source, conn)
            self._source = self._mapped.source

    def _all(self, wire: Client | None) -> None:
        kind, options = self._source.kind, self._source.options
        every = list(kind.parts(options))
        parts = [part for part in every if not part.whole]
        if kind.slice is None:
            self._slice(wire, every, Slice(self._at, self._at))
            return
        if len(parts) < len(every):
            self._slice(wire, [part for part in every if part.whole], Slice(self._at, self._at))
        step = kind.step(options)
        end = _EPOCH + ((self._at - kind.settle(options) - _EPOCH) // step) * step
        with reading(self._engine) as conn:
            marks = syncing.marks(conn, self._source.name)
        first = getattr(options, "since", None) or self._at - FIRST
        self._outdated = {part.name: self._mapped.outdated(part, marks) for part in parts}
        starts = {part: self._start(part, marks, first, step) for part in parts}
        cut = list(slices(min(starts.values(), default=end), end, kind.slice(options)))
        for number, one in enumerate(cut):
            wanted = [part for part in parts if starts[part] < one.end and part.name not in self._failed]
            if wanted:
                self._slice(wire, wanted, one, starts)
            if self._progress:
                self._progress(self._source.name, number + 1, len(cut))

    def _start(self, part: Part, marks: Mapping[str, datetime], first: datetime, step: timedelta) -> datetime:
        mark = marks.get(self._mapped.marked(part))
        if self._since is not None and (mark is not None or not self._outdated[part.name]):
            start = self._since
        elif mark is not None:
            start = max(mark - self._source.kind.overlap(self._source.options), first)
        else:
            start = first
        return _EPOCH + ((start.astimezone(UTC) - _EPOCH) // step) * step

    def _slice(
        self, wire: Client | None, parts: Iterable[Part], one: Slice, starts: Mapping[Part, datetime] | None = None
    ) -> None:
        """Fetches a slice of every part, then keeps them in one transaction with their marks."""
        kind = self._source.kind
        brought: list[tuple[Part, Brought]] = []
        stop: SourceError | None = None
        for part in parts:
            of = one if starts is None else Slice(max(one.start, starts[part]), one.end)
            try:
                brought.append((part, self._asked(wire, part, of)))
            except SourceError as cause:
                if cause.reason not in kind.apart:
                    stop = cause
                    break
                self._failed.add(part.name)
                self._out.failed = True
                _say(self._out.unread, [f"{part.name.partition('#')[0]}: {cause}"])
        if brought:
            self._keep(brought, one)
        if stop is not None:
            raise stop

    def _asked(self, wire: Client | None, part: Part, of: Slice) -> Brought:
        """What a part gives. Raises SourceError, also for an answer of another shape than the connector knows."""
        kind, options = self._source.kind, self._source.options
        try:
            return kind.parse(kind.fetch(wire, options, part, of), options, part, of)
        except (LookupError, TypeError, ValueError, AttributeError) as cause:
            _LOG.exception("%s: %s has another shape than expected", self._source.name, part.name)
            told = f"the answer has another shape than Nines knows ({type(cause).__name__}: {str(cause)[:80]})"
            raise SourceError("version", f"{self._source.name}: {told}.") from None

    def _keep(self, brought: Sequence[tuple[Part, Brought]], one: Slice) -> None:
        run = self._out.run or 0
        marks: dict[str, datetime] = {}
        with writing(self._engine) as conn:
            touched = Touched(run)
            keeper = Keeper(conn, run, self._source.name, touched, self._reports, self._names, 0)
            for _, found in brought:
                self._mapped.keep(conn, run, self._at, found.seen)
            former = mappings.former(conn, self._source.name)
            for part, found in brought:
                for entity, place, batch in found.batches:
                    if place not in self._names:
                        self._names.append(place)
                    if entity.name == "slos" and "valid_from" not in batch.table.column_names:
                        batch = batch._replace(table=_revised(conn, self._source.name, batch.table, self._at))
                    self._renamed += renamed.clear(conn, self._source.name, entity.name, batch.table, former, touched)
                    keeper.start(entity)
                    keeper.keep(entity, self._names.index(place), batch)
                _say(self._out.unread, found.unread)
                _say(self._out.notes, found.notes)
                if found.partial and one.end > self._at - _AGAIN:
                    self._held.add(part.name)
                if self._source.kind.slice and not part.whole and part.name not in self._held:
                    marks[self._mapped.marked(part)] = one.end
            syncing.forget(conn, self._source.name, [mark for part, _ in brought for mark in self._gone(part)])
            sums.refresh(conn, touched)
            rejects.resolve(conn, run, self._source.name, (), touched.resolved | rejects.repeated(conn, run))
            syncing.set_marks(conn, self._source.name, marks)
            self._out.counts = dict(self._reports.counts)
            self._out.rejects = list(self._reports.rejects)
            counts = {name: count._asdict() for name, count in self._out.counts.items()}
            conn.execute(IMPORTS.update().where(IMPORTS.c.id == run).values(counts=counts, names=self._names))

    def _gone(self, part: Part) -> list[str]:
        return self._outdated.pop(part.name, [])

    def _end(self) -> None:
        out = self._out
        whole = out.failure is None and not self._failed and not self._held
        if self._renamed:
            took = "took the place of what stood under a former name of its service or team"
            _say(out.notes, [f"{self._renamed:,} facts {took}." if self._renamed > 1 else f"1 fact {took}."])
        with writing(self._engine) as conn:
            told = [*out.unread, *out.notes][:_TOLD] or None
            ended = {"calls": out.calls, "unread": told, "failure": out.failure, "status": out.status}
            again = self._names if whole and self._source.kind.slice is None else ()
            end_run(conn, out.run or 0, Touched(out.run), out.counts, again, ended)
            syncing.failed(conn, self._source.name, self._at if out.failure or self._failed else None)
            if whole:
                syncing.read_to(conn, self._source.name, self._at)
            if whole and self._source.kind.slice is None:
                mappings.gone(conn, self._source.name, out.run or 0)


def _say(told: list[str], sentences: Iterable[str]) -> None:
    told += [one for one in dict.fromkeys(sentences) if one not in told][: max(_TOLD - len(told), 0)]


def _revised(conn: Connection, source: str, table: Any, at: datetime) -> Any:
    """SLO rows with the day from which each holds: none for a first one, that of the latest revision where nothing of
    the promise changed, today where it did."""
    kept: dict[str, list[Any]] = {}
    slos = FACTS["slos"]
    for row in conn.execute(sa.select(slos).where(slos.c.source == source).order_by(slos.c.slo, slos.c.valid_from)):
        kept.setdefault(row.slo, []).append(row)
    today = local_day(at, light.places(conn).policy_at(at).timezone)
    days: list[date | None] = []
    for row in table.to_pylist():
        latest = max(
            (one for one in kept.get(row["slo"], ()) if one.valid_from is None or one.valid_from <= today),
            key=lambda one: one.valid_from or date.min,
            default=None,
        )
        same = latest is not None and all(getattr(latest, name) == row.get(name) for name in _PROMISED)
        days.append(None if latest is None else latest.valid_from if same else today)
    return table.append_column("valid_from", pa.array(days, pa.date32()))


def steps(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """What readings did, a sentence each."""
    for one in outcomes:
        new = sum(count.new for count in one.counts.values())
        changed = sum(count.changed for count in one.counts.values())
        seen = sum(count.seen for count in one.counts.values())
        aside = f", {one.set_aside:,} set aside" if one.set_aside else ""
        calls = f" in {one.calls:,} calls" if one.calls else ""
        done = f"{one.source}: {seen:,} rows{calls}, {new:,} new, {changed:,} changed{aside}"
        yield f"{done}; then it failed: {one.failure}" if one.failure else f"{done}."

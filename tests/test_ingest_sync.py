"""A sync keeps what each source gives, slice by slice; a killed one is completed, a failing one stops no other."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.people import NotAllowed, Person, local
from app.records import ENTITIES
from app.store import runs, sums, syncing
from app.store.engine import reading, writing
from app.store.freshness import sources
from app.store.tables import FACTS, SLI_DAYS, SYNC_MARKS
from data_sources import configured
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.http import Client, Slice, SourceError
from data_sources.options import Options

OWN = Path(__file__).parent / "sources" / "openslo"
NOW = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """What no code of ours catches, like a kill."""


class Fake:
    """A kind of source in memory: an hour is a row; what goes wrong is set by a test."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Slice]] = []
        self.kill_at: int | None = None
        self.refuse: dict[str, SourceError] = {}
        self.partial: set[datetime] = set()
        self.names: Sequence[str] = ("up", "fast")

    def fetch(self, wire: Client | None, options: Any, part: Part, of: Slice) -> Any:
        self.asked.append((part.name, of))
        if self.kill_at == len(self.asked):
            raise Killed
        if part.name in self.refuse:
            raise self.refuse[part.name]
        return None

    def parse(self, raw: Any, options: Any, part: Part, of: Slice) -> Brought:
        rows, at = [], of.start
        while at < of.end:
            rows.append(Row({"slo": part.name, "start": at, "minutes": 60.0, "good": 9.0, "total": 10.0}))
            at += HOUR
        return Brought(((ENTITIES["sli"], part.name, batch("sli", rows)),), partial=of.start in self.partial)

    def kind(self) -> Kind:
        return Kind(
            "fake",
            Options,
            test=lambda wire, options: "It is there.",
            parts=lambda options: [Part(name) for name in self.names],
            fetch=self.fetch,
            parse=self.parse,
            slice=lambda options: timedelta(days=1),
            step=lambda options: HOUR,
            overlap=lambda options: 2 * HOUR,
        )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake()
    monkeypatch.setattr(configured, "KINDS", MappingProxyType({**configured.KINDS, "fake": made.kind()}))
    return made


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path, "sources:\n  metrics: {kind: fake, every_minutes: 15, expected_hours: 2}\n")


def promised(engine: Engine, *names: str) -> None:
    slo = {"service": "checkout", "kind": "availability", "objective": 0.9, "window": "28d", "method": "occurrences"}
    with writing(engine) as conn:
        for name in names:
            conn.execute(FACTS["slos"].insert().values(source="file", slo=name, name=name, valid_from=None, **slo))


def sync(engine: Engine, file: Path, *names: str, now: datetime = NOW, **more: Any) -> list[ingest_sync.Outcome]:
    return ingest_sync.run(engine, file, names, by=local("ann"), now=lambda: now, **more)


def contents(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    tables = (*FACTS.values(), SLI_DAYS, SYNC_MARKS)
    with reading(engine) as conn:
        assert not sums.verify(conn)
        return {table.name: sorted(map(tuple, conn.execute(sa.select(table))), key=str) for table in tables}


def test_a_killed_sync_is_completed_to_the_same_store(fake: Fake, file: Path, engine: Engine, tmp_path: Path) -> None:
    from app.store.engine import open_store

    whole = open_store(f"sqlite:///{tmp_path}/whole.db")
    since = NOW - timedelta(days=4)
    for one in (engine, whole):
        promised(one, "up", "fast")
    sync(whole, file, since=since)

    fake.asked, fake.kill_at = [], 6
    with pytest.raises(Killed):
        sync(engine, file, since=since)
    with reading(engine) as conn:
        assert len(syncing.marks(conn, "metrics")) > 0
        assert runs.runs(conn)[0].status == "running"
    fake.kill_at = None
    before = len(fake.asked)
    sync(engine, file)

    assert contents(engine) == contents(whole)
    with reading(engine) as conn:
        assert [run.status for run in runs.runs(conn)] == ["done", "stopped"]
    again = [of for _, of in fake.asked[before:]]
    assert min(of.start for of in again) > since
    whole.dispose()


def test_the_next_reading_begins_one_overlap_before_the_mark_and_changes_nothing(
    fake: Fake, file: Path, sqlite_engine: Engine
) -> None:
    promised(sqlite_engine, "up", "fast")
    (first,) = sync(sqlite_engine, file, since=NOW - timedelta(days=1))
    fake.asked = []

    (again,) = sync(sqlite_engine, file, now=NOW + HOUR)

    assert {of.start for _, of in fake.asked} == {NOW.replace(minute=0) - 2 * HOUR}
    assert first.counts["sli"].new == 2 * 24
    assert tuple(again.counts["sli"]) == (6, 2, 0, 4, 0)


def test_a_reading_says_when_it_was_and_what_it_did(fake: Fake, file: Path, sqlite_engine: Engine) -> None:
    promised(sqlite_engine, "up", "fast")

    sync(sqlite_engine, file, since=NOW - timedelta(days=1))

    with reading(sqlite_engine) as conn:
        (state,) = (one for one in sources(conn) if one.name == "metrics")
        (run,) = runs.runs(conn)
    assert (state.kind, state.last_read_at, state.tried_at, state.every_minutes) == ("fake", NOW, NOW, 15.0)
    assert state.late_by(NOW + 3 * HOUR) == HOUR
    assert (run.kind, run.source, run.status, run.calls) == ("live", "metrics", "done", 0)


def test_one_part_that_fails_stops_no_other_and_is_read_from_its_own_mark_later(
    fake: Fake, file: Path, sqlite_engine: Engine
) -> None:
    promised(sqlite_engine, "up", "fast")
    fake.refuse = {"fast": SourceError("query", "metrics refuses the question (400): parse error.")}
    (first,) = sync(sqlite_engine, file, since=NOW - timedelta(days=1))
    fake.refuse = {}

    (later,) = sync(sqlite_engine, file, now=NOW + HOUR)

    assert first.status == "partial"
    assert first.unread == ["fast: metrics refuses the question (400): parse error."]
    assert first.counts["sli"].new == 24
    assert later.status == "done"
    with reading(sqlite_engine) as conn:
        marks = syncing.marks(conn, "metrics")
    assert marks["fast"] == marks["up"] == (NOW + HOUR).replace(minute=0)


def test_one_source_that_fails_stops_no_other_and_is_not_called_read(
    fake: Fake, tmp_path: Path, sqlite_engine: Engine
) -> None:
    file = write(
        tmp_path, f"sources:\n  metrics: {{kind: fake}}\n  catalogue: {{kind: openslo, paths: [{OWN}/checkout.yaml]}}\n"
    )
    fake.refuse = {"up": SourceError("credentials", "metrics does not accept the credentials.")}

    failed, fine = sync(sqlite_engine, file)

    assert (failed.status, failed.failure) == ("failed", "metrics does not accept the credentials.")
    assert fine.status == "done"
    with reading(sqlite_engine) as conn:
        read = {one.name: one.last_read_at for one in sources(conn)}
        latest = runs.latest_readings(conn)
    assert read == {"metrics": None, "catalogue": NOW}
    assert latest["metrics"].failure == "metrics does not accept the credentials."


def test_what_came_only_partly_is_kept_and_asked_for_again(fake: Fake, file: Path, sqlite_engine: Engine) -> None:
    promised(sqlite_engine, "up", "fast")
    day = NOW.replace(hour=0, minute=0)
    fake.partial = {day}
    sync(sqlite_engine, file, since=day - timedelta(days=1))
    fake.partial, fake.asked = set(), []

    (later,) = sync(sqlite_engine, file)

    assert min(of.start for _, of in fake.asked) == day - 2 * HOUR
    assert later.status == "done"


def test_a_row_set_aside_again_and_again_is_listed_once(fake: Fake, file: Path, sqlite_engine: Engine) -> None:
    promised(sqlite_engine, "up")

    for _ in range(3):
        sync(sqlite_engine, file, since=NOW - HOUR)

    with reading(sqlite_engine) as conn:
        waiting = runs.set_aside(conn)
    assert {row.row["slo"] for row in waiting} == {"fast"}
    assert len(waiting) == len({row.row["start"] for row in waiting})


def test_two_readings_of_one_source_never_meet(fake: Fake, file: Path, engine: Engine) -> None:
    with syncing.alone(engine, "metrics"):
        (busy,) = sync(engine, file)
        with syncing.alone(engine, "other"):
            pass

    assert busy.failure == "metrics is being read by somebody else at this moment: wait until that ends."
    with syncing.alone(engine, "metrics"):
        pass


def test_a_changed_promise_is_a_new_revision_from_that_day(tmp_path: Path, sqlite_engine: Engine) -> None:
    definition = tmp_path / "slo.yaml"
    definition.write_text((OWN / "checkout.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    file = write(tmp_path, "sources:\n  catalogue: {kind: openslo, paths: [slo.yaml]}\n")
    sync(sqlite_engine, file)
    sync(sqlite_engine, file, now=NOW + timedelta(days=1))
    definition.write_text(
        definition.read_text(encoding="utf-8").replace("target: 0.999", "target: 0.9999"), encoding="utf-8"
    )

    for days in (2, 3):
        sync(sqlite_engine, file, now=NOW + timedelta(days=days))

    with reading(sqlite_engine) as conn:
        slos = FACTS["slos"]
        held = {(row.objective, row.valid_from) for row in conn.execute(sa.select(slos))}
    assert held == {(0.999, None), (0.9999, (NOW + timedelta(days=2)).date())}


def test_due_are_those_whose_time_has_come(fake: Fake, file: Path, sqlite_engine: Engine) -> None:
    def names(at: datetime) -> Iterator[str]:
        return (one.source for one in sync(sqlite_engine, file, due=True, now=at))

    assert list(names(NOW)) == ["metrics"]
    assert list(names(NOW + timedelta(minutes=14))) == []
    assert list(names(NOW + timedelta(minutes=15))) == ["metrics"]
    write(file.parent, "sources: {}\n")
    assert list(names(NOW + timedelta(days=1))) == []
    with reading(sqlite_engine) as conn:
        assert not syncing.due(conn, NOW + timedelta(days=1))


def test_only_who_may_write_everywhere_reads_sources(file: Path, sqlite_engine: Engine) -> None:
    with pytest.raises(NotAllowed):
        ingest_sync.run(sqlite_engine, file, by=Person("eve", frozenset()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sources: [a]\n", "must hold `sources:` and nothing else"),
        ("sources:\n  a: {kind: nope}\n", "must say of a which kind it is: "),
        ("sources:\n  a: {kind: openslo}\n", "a, paths is missing"),
        ("sources:\n  a: {kind: openslo, paths: [x], strickt: true}\n", "strickt is not known: is strict meant"),
        ("sources:\n  a: {kind: openslo, paths: [x], every_minutes: 0}\n", "every_minutes must be at least 1"),
        ("sources:\n  file: {kind: openslo, paths: [x]}\n", "choose another name"),
        ("sources:\n  a: [\n", "is no YAML: look at line"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SourceError, match=r"sources\.yaml") as refused:
        configured.load(write(tmp_path, text))

    assert words in str(refused.value)

"""A backup is one moment of the store, restores into either database with equal numbers, or is refused whole."""

import json
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.cli.checking import findings
from app.metrics.catalogue import KPIS
from app.metrics.facts import Incident
from app.metrics.numbers import Ask, Number
from app.metrics.periods import between
from app.people import NotAllowed, Person, Role, local
from app.store import audit
from app.store.backup import MANIFEST, BackupError, Manifest, Part, _table, as_json, backup, kind
from app.store.engine import generation, migrate, open_store, reading, writing
from app.store.numbers import numbers
from app.store.restore import restore
from app.store.tables import AUDIT, FACTS, IMPORTS, METADATA
from app.store.touched import Touched
from app.store.write import RunCounts, begin_run, end_run
from tests.filled import NOW, demo_store
from tests.store.keeping import keep

BY = local("ana")
AT = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)
TITLES = ['say "no", twice', "line\nbreak\r\n", "\\N", "\\.", "a\n\\.\nb", "ünïcode ☃ 🚒", "NULL", " x ", ",", "\u202e"]
MEASURED = [key for key, kpi in KPIS.items() if kpi.measured]


def incident(number: int, title: str = "Down", **more: Any) -> Incident:
    return Incident("file", f"i{number}", title, 1, AT + timedelta(minutes=number), **more)


def write(engine: Engine, *incidents: Incident) -> None:
    """One import."""
    with writing(engine) as conn:
        run = begin_run(conn, kind="file", source="file", names=["incidents.csv"], actor="robot")
        keep(conn, {"incidents": incidents})
        end_run(conn, run, Touched(run), {"incidents": RunCounts(1, 1, 0, 0, 0)})


def rows(engine: Engine, table: sa.Table) -> list[tuple[Any, ...]]:
    with reading(engine) as conn:
        return [tuple(row) for row in conn.execute(sa.select(table).order_by(*table.primary_key.columns))]


def whole(engine: Engine) -> None:
    """`nines check` is content: the chain and the sums among the rest."""
    wrong = [found.words for found in findings(engine) if found.needs_a_person and not found.words.startswith("Source")]
    assert wrong == []


@pytest.fixture
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Opens empty stores, on `sqlite` or `postgresql`."""
    opened: list[Engine] = []

    def make(database: str) -> Engine:
        if database == "sqlite":
            opened.append(open_store(f"sqlite:///{tmp_path}/other-{len(opened)}.db"))
        else:
            opened.append(open_store(request.getfixturevalue("postgresql_databases")()))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


def measured(engine: Engine) -> list[Number]:
    months = between(date(2026, 9, 1), date(2026, 10, 1), "month")
    with reading(engine) as conn:
        return numbers(conn, MEASURED, Ask(months, NOW, frozenset({"tier"})))


def test_a_store_goes_to_the_other_database_and_back_with_equal_numbers(
    tmp_path: Path, other: Callable[[str], Engine]
) -> None:
    first = open_store(demo_store(tmp_path))
    there, back = other("postgresql"), other("sqlite")

    backup(first, tmp_path / "one.zip")
    restore(there, tmp_path / "one.zip", by=BY)
    backup(there, tmp_path / "two.zip")
    restore(back, tmp_path / "two.zip", by=BY)

    expected = measured(first)
    assert sum(number.value is not None for number in expected) > 100
    assert measured(back) == expected
    for number, same in zip(measured(there), expected, strict=True):
        assert number.value == (same.value and pytest.approx(same.value, rel=1e-9))
        told, meant = ((n.kpi, n.period, n.group, n.n, n.n_excluded, n.verdict, n.signal) for n in (number, same))
        assert told == meant
    for engine in (there, back):
        whole(engine)
    for entity in FACTS.values():
        assert rows(back, entity) == rows(first, entity)
    write(there, incident(1))
    assert len(rows(there, IMPORTS)) == len(rows(first, IMPORTS)) + 1
    first.dispose()


def test_a_backup_during_writes_is_one_moment_on_either_database(
    engine: Engine, tmp_path: Path, other: Callable[[str], Engine]
) -> None:
    """Write number n keeps incident n and counts the generation up to n: a backup holds all of the first or none."""
    write(engine, *(incident(n, title, cause="" if n % 2 else None) for n, title in enumerate(TITLES, 1)))
    stop, wrote = threading.Event(), threading.Event()

    def writer() -> None:
        number = len(TITLES)
        while not stop.is_set():
            number += 1
            write(engine, incident(number), incident(number + 100_000))
            wrote.set()

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        assert wrote.wait(20)
        made = [backup(engine, tmp_path / f"{n}.zip") for n in range(3)]
    finally:
        stop.set()
        thread.join(20)
    whole(engine)

    assert made[0].generation < made[-1].generation, "the writer went on meanwhile"
    source = {row[1]: row for row in rows(engine, FACTS["incidents"])}
    for number, database in ((1, "sqlite"), (2, "postgresql")):
        target = other(database)
        restore(target, tmp_path / f"{number}.zip", by=BY)
        whole(target)
        held = rows(target, FACTS["incidents"])
        writes = made[number].generation - 1
        assert len(held) == len(TITLES) + 2 * writes
        assert all(source[row[1]] == row for row in held), "text comes back to the letter, empty stays empty"
        trail = rows(target, AUDIT)
        assert [row[2:5] for row in trail[-2:]] == [("robot", "import", "imports"), ("ana", "restore", "store")]
        assert len(trail) == writes + 2


def test_the_one_entry_more_says_who_restored_what(engine: Engine, tmp_path: Path) -> None:
    write(engine, incident(1))
    made = backup(engine, tmp_path / "a.zip")
    write(engine, incident(2))

    done = restore(engine, tmp_path / "a.zip", by=BY, replace=True)

    with reading(engine) as conn:
        entries = conn.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).all()
        assert generation(conn) == 3, "what is cached of the store before is old"
    assert done.trail.entries == 1
    assert [entry.action for entry in entries] == ["import", "restore"]
    assert entries[1].new["file"] == "a.zip"
    assert entries[1].new["audit"] == {"seq": 1, "hash": made.audit.hash}
    assert (entries[1].old["facts"], entries[1].old["audit"]["seq"]) == ({"incidents": 2}, 2)
    assert [row[1] for row in rows(engine, FACTS["incidents"])] == ["i1"]


def test_a_store_that_holds_something_is_not_replaced_unasked(engine: Engine, tmp_path: Path) -> None:
    write(engine, incident(1))
    backup(engine, tmp_path / "a.zip")
    write(engine, incident(2))

    with pytest.raises(BackupError, match=r"2 facts and 2 audit entries.*--replace"):
        restore(engine, tmp_path / "a.zip", by=BY)
    with pytest.raises(BackupError, match="exists already"):
        backup(engine, tmp_path / "a.zip")

    assert len(rows(engine, FACTS["incidents"])) == 2


def test_only_who_governs_restores(sqlite_engine: Engine, tmp_path: Path) -> None:
    backup(sqlite_engine, tmp_path / "a.zip")

    with pytest.raises(NotAllowed, match="eve may not change policy"):
        restore(sqlite_engine, tmp_path / "a.zip", by=Person("eve", frozenset(Role) - {Role.ADMIN}))


def repacked(path: Path, change: Mapping[str, bytes | None], manifest: Callable[[dict[str, Any]], None] | None) -> None:
    """The backup with members replaced (None: left out); `manifest` may change what it says of itself."""
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    members.update({name: said for name, said in change.items() if said is not None})
    said = json.loads(members[MANIFEST])
    if manifest:
        for part in said["tables"]:
            part["sha256"] = sha256(members[f"tables/{part['name']}.csv"]).hexdigest()
        manifest(said)
        members[MANIFEST] = json.dumps(said).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            if name not in change or change[name] is not None:
                packed.writestr(name, content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2_000])


def one_bit(path: Path) -> None:
    """In what a table holds, not in what the zip says of its members a second time."""
    with zipfile.ZipFile(path) as packed:
        largest = max(packed.infolist(), key=lambda one: one.compress_size)
    held = bytearray(path.read_bytes())
    held[largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2] ^= 4
    path.write_bytes(held)


def no_zip(path: Path) -> None:
    path.write_bytes(b"PK is how it begins, and no zip follows")


def renamed(path: Path) -> None:
    path.unlink()


INCIDENTS = "tables/incidents.csv"
NONSENSE = b"entity,source,first,last\n,,x,y\n"
SPOILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (cut_off, "is no backup, or is damaged"),
    "one bit": (one_bit, "damaged"),
    "no zip": (no_zip, "is no backup, or is damaged"),
    "not there": (renamed, "does not exist"),
    "another zip": (lambda p: repacked(p, {MANIFEST: b"{}"}, None), "is no backup of Nines"),
    "a junk manifest": (lambda p: repacked(p, {MANIFEST: b"[1]"}, None), "manifest cannot be read"),
    "no manifest": (lambda p: repacked(p, {MANIFEST: None}, None), "is no backup, or is damaged"),
    "a table changed": (lambda p: repacked(p, {INCIDENTS: b"source\nx\n"}, None), "table incidents is not"),
    "a table missing": (lambda p: repacked(p, {INCIDENTS: None}, None), "does not hold the tables"),
    "a strange file": (lambda p: repacked(p, {"../x": b""}, None), "does not hold the tables"),
    "a newer schema": (lambda p: repacked(p, {}, lambda m: m.update(schema="9999")), "newer Nines"),
    "a newer form": (lambda p: repacked(p, {}, lambda m: m.update(version=2)), "newer Nines"),
    "a count wrong": (lambda p: repacked(p, {}, lambda m: _part(m, "incidents").update(rows=3)), "holds 1 rows, not 3"),
    "a strange column": (
        lambda p: repacked(p, {}, lambda m: _part(m, "incidents")["columns"].update({'x"; DROP': "text"})),
        "columns of incidents are not those",
    ),
    "a row of nonsense": (lambda p: repacked(p, {"tables/spans.csv": NONSENSE}, _one_span), "does not fit the store"),
}  # fmt: skip


def _part(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return next(part for part in manifest["tables"] if part["name"] == name)


def _one_span(manifest: dict[str, Any]) -> None:
    _part(manifest, "spans")["rows"] = 1


@pytest.mark.parametrize("spoil", SPOILT)
def test_a_spoilt_backup_is_refused_in_a_sentence_and_nothing_changes(
    sqlite_engine: Engine, tmp_path: Path, spoil: str
) -> None:
    write(sqlite_engine, incident(1))
    backup(sqlite_engine, tmp_path / "a.zip")
    write(sqlite_engine, incident(2))
    before = {table.name: rows(sqlite_engine, table) for table in METADATA.sorted_tables}
    do, told = SPOILT[spoil]
    do(tmp_path / "a.zip")

    with pytest.raises(Exception, match=told) as caught:
        restore(sqlite_engine, tmp_path / "a.zip", by=BY, replace=True)

    assert "Error" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert {table.name: rows(sqlite_engine, table) for table in METADATA.sorted_tables} == before


def test_a_row_that_does_not_fit_changes_nothing_in_postgresql(tmp_path: Path, other: Callable[[str], Engine]) -> None:
    engine = other("postgresql")
    write(engine, incident(1))
    backup(engine, tmp_path / "a.zip")
    SPOILT["a row of nonsense"][0](tmp_path / "a.zip")

    with pytest.raises(BackupError, match="does not fit the store"):
        restore(engine, tmp_path / "a.zip", by=BY, replace=True)

    whole(engine)
    assert len(rows(engine, FACTS["incidents"])) == 1


def test_a_backup_with_a_tampered_trail_names_the_entry_and_is_restored_only_when_told_to(
    engine: Engine, tmp_path: Path, other: Callable[[str], Engine]
) -> None:
    for number in range(1, 4):
        write(engine, incident(number))
    backup(engine, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        trail = packed.read("tables/audit.csv").decode().splitlines(keepends=True)
    trail[2] = trail[2].replace("robot", "nobody")
    repacked(tmp_path / "a.zip", {"tables/audit.csv": "".join(trail).encode()}, lambda _: None)
    target = other("sqlite")

    with pytest.raises(BackupError, match=r"entry 2 \(.*nobody\) was changed.*--despite-trail"):
        restore(target, tmp_path / "a.zip", by=BY)
    assert rows(target, FACTS["incidents"]) == []
    restore(target, tmp_path / "a.zip", by=BY, despite_trail=True)

    assert len(rows(target, FACTS["incidents"])) == 3
    said = [found.words for found in findings(target) if "audit trail is broken" in found.words]
    assert len(said) == 1
    assert "entry 2 (" in said[0]
    with reading(target) as conn:
        entry = conn.execute(sa.select(AUDIT.c.new).where(AUDIT.c.action == "restore")).scalar_one()
    assert "entry 2 (" in entry["audit_trail_broken"][0]


def test_a_backup_of_an_older_release_is_migrated(
    engine: Engine, tmp_path: Path, other: Callable[[str], Engine]
) -> None:
    write(engine, incident(1))
    old = other("sqlite")
    with writing(old, count=False) as conn:
        METADATA.drop_all(conn)
        conn.execute(sa.text("DROP TABLE alembic_version"))
        migrate(conn, "0002")
        conn.execute(sa.text("INSERT INTO teams (source, team, timezone) VALUES ('file', 'red', 'UTC')"))
        conn.execute(sa.text("INSERT INTO audit (at, actor, action, entity) VALUES (5, 'kim', 'set', 'policies')"))
    _as_of_0002(old, tmp_path / "old.zip")

    done = restore(engine, tmp_path / "old.zip", by=BY, replace=True)

    whole(engine)
    assert done.manifest.schema == "0002"
    assert done.schema > "0002"
    assert [row[:2] for row in rows(engine, FACTS["teams"])] == [("file", "red")]
    assert [(row[2], row[3]) for row in rows(engine, AUDIT)] == [("kim", "set"), ("ana", "restore")]


def _as_of_0002(engine: Engine, path: Path) -> None:
    """A backup as the release with that schema would have written it."""
    held = sa.MetaData()
    with reading(engine) as conn, zipfile.ZipFile(path, "w") as packed:
        held.reflect(conn)
        names = [name for name in held.tables if name not in ("alembic_version", "kept_sums", "kept_groups")]
        parts: list[Part] = [_table(conn, held.tables[name], packed, lambda _: None) for name in names]
        parts.sort(key=lambda part: part.name == "rejects")
        made = Manifest("0002", "2026-01-01T00:00:00Z", "x", 7, audit.Head(0, audit.GENESIS), tuple(parts))
        packed.writestr(MANIFEST, as_json(made))


def test_every_column_has_a_form_in_a_backup() -> None:
    assert {kind(column) for table in METADATA.tables.values() for column in table.c} == {
        "text", "int", "double", "bool", "date", "json",
    }  # fmt: skip

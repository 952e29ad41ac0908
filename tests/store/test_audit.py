"""The audit trail is a chain: who tampers with it is found, and old trails are chained when they are migrated."""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.cli.checking import findings
from app.store.audit import GENESIS, audit, digest, verify
from app.store.engine import StoreError, migrate, open_store, reading, writing
from app.store.tables import AUDIT, AUDIT_HEAD, METADATA
from app.store.types import moment

NAMES = ("ana", "ben", "eve", "kim", "lee")


def fill(engine: Engine) -> None:
    for number, name in enumerate(NAMES, 1):
        with writing(engine) as conn:
            audit(conn, actor=name, action="set", entity="policies", entity_id=str(number), old={"ä": [1.5, None]})


def forced(engine: Engine, *statements: str) -> None:
    """What somebody can do who owns the database."""
    with engine.begin() as conn:
        if conn.dialect.name == "sqlite":
            conn.execute(sa.text("DROP TRIGGER audit_no_update"))
            conn.execute(sa.text("DROP TRIGGER audit_no_delete"))
        else:
            conn.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in statements:
            conn.execute(sa.text(statement))


def faults(engine: Engine) -> tuple[str, ...]:
    with reading(engine) as conn:
        return verify(conn).faults


def test_a_chain_that_nobody_touched_is_whole(engine: Engine) -> None:
    fill(engine)

    with reading(engine) as conn:
        found = verify(conn)
        rows = conn.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).all()

    assert (found.entries, found.faults) == (5, ())
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert [row.previous for row in rows] == [GENESIS, *(row.hash for row in rows[:-1])]
    assert found.head == (5, rows[-1].hash)


def test_a_hash_is_what_anybody_can_compute_from_the_row() -> None:
    row = {
        "seq": 1, "at": 1_791_018_900_000_000, "actor": "ana", "action": "set", "entity": "policies",
        "entity_id": None, "old": None, "new": {"b": 1, "a": "é"}, "why": None, "previous": GENESIS,
    }  # fmt: skip

    said = (
        '{"action":"set","actor":"ana","at":1791018900000000,"entity":"policies","entity_id":null,'
        '"new":{"a":"\\u00e9","b":1},"old":null,"previous":"' + "0" * 64 + '","seq":1,"why":null}'
    )
    assert digest(row) == sha256(said.encode()).hexdigest()


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE audit SET why = 'because' WHERE seq = 3"], ["entry 3 (", "eve) was changed"]),
        (["UPDATE audit SET at = at + 1 WHERE seq = 1"], ["entry 1 (", "ana) was changed"]),
        (["DELETE FROM audit WHERE seq = 2"], ["entry 2 is missing before entry 3 ("]),
        (["DELETE FROM audit WHERE seq >= 4"], ["entries 4 to 5 are missing at the end"]),
        (["DELETE FROM audit"], ["entries 1 to 5 are missing at the end"]),
        (
            [
                "UPDATE audit SET seq = 90 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 90",
            ],
            ["entry 2 (", "eve) was changed or moved", "entry 3 (", "ben) was changed or moved"],
        ),
        (["DELETE FROM audit_head"], ["the head of the trail is gone"]),
        (["UPDATE audit_head SET seq = 4"], ["entry 5 is beyond the head"]),
        (["UPDATE audit_head SET hash = 'x'"], ["the head of the trail is not entry 5"]),
    ],
)  # fmt: skip
def test_who_tampers_is_found_and_the_entry_named(engine: Engine, statements: list[str], told: list[str]) -> None:
    fill(engine)

    forced(engine, *statements)

    said = " | ".join(faults(engine))
    assert all(words in said for words in told), said


def test_an_entry_rewritten_with_a_hash_of_its_own_is_found_by_the_next(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as conn:
        at = sa.type_coerce(AUDIT.c.at, sa.BigInteger).label("at")
        columns = [column for column in AUDIT.c if column.name != "at"]
        row = dict(conn.execute(sa.select(at, *columns).where(AUDIT.c.seq == 3)).mappings().one())

    forced(engine, f"UPDATE audit SET actor = 'nobody', hash = '{digest({**row, 'actor': 'nobody'})}' WHERE seq = 3")

    (said,) = faults(engine)
    assert "entry 4 (" in said
    assert "nobody): one of them was replaced or moved" in said


def test_the_check_names_the_entry_and_wants_a_person(engine: Engine) -> None:
    fill(engine)
    before = [finding for finding in findings(engine) if "audit" in finding.words]

    forced(engine, "UPDATE audit SET actor = 'mallory' WHERE seq = 2")

    after = [finding for finding in findings(engine) if "audit" in finding.words]
    assert [finding.needs_a_person for finding in before] == [False]
    assert "5 entries" in before[0].words
    assert [finding.needs_a_person for finding in after] == [True]
    assert "entry 2 (" in after[0].words
    assert "mallory) was changed" in after[0].words


def test_writers_at_once_make_one_chain(engine: Engine) -> None:
    def write(name: str) -> None:
        for _ in range(5):
            with writing(engine) as conn:
                audit(conn, actor=name, action="set", entity="policies")
                audit(conn, actor=name, action="set", entity="people")

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, NAMES))

    with reading(engine) as conn:
        found = verify(conn)
    assert (found.entries, found.faults) == (50, ())


def test_text_that_a_database_cannot_keep_does_not_break_the_chain(engine: Engine) -> None:
    with writing(engine) as conn:
        audit(
            conn, actor="a\0b", action="set", entity="x", new={"k\0": "\ud800", "n": [1.0, 1e300, 0.1]}, why="é\udfff☃"
        )

    with reading(engine) as conn:
        row = conn.execute(sa.select(AUDIT)).one()
    assert faults(engine) == ()
    assert (row.actor, row.why, row.new["k\ufffd"]) == ("a\ufffdb", "é\ufffd☃", "\ufffd")


def test_without_its_head_nothing_is_added_and_a_sentence_says_so(engine: Engine) -> None:
    fill(engine)
    forced(engine, "DELETE FROM audit_head")

    with pytest.raises(StoreError, match="head of the audit trail is gone"), writing(engine) as conn:
        audit(conn, actor="ana", action="set", entity="policies")


@pytest.fixture
def old_store(store_url: str) -> Iterator[Engine]:
    """A store of the release before the chain, with three entries."""
    engine = open_store(store_url)
    with writing(engine, count=False) as conn:
        METADATA.drop_all(conn)
        conn.execute(sa.text("DROP TABLE alembic_version"))
        if conn.dialect.name == "postgresql":
            conn.execute(sa.text("DROP FUNCTION audit_is_append_only"))
        migrate(conn, "0002")
        for number, name in enumerate(NAMES[:3]):
            at = 1_791_018_900_000_000 + number
            row = {"at": at, "actor": name, "new": f'{{"z": {number}, "a": "\\u00e9"}}'}
            conn.execute(
                sa.text(
                    "INSERT INTO audit (at, actor, action, entity, new) VALUES (:at, :actor, 'set', 'policies', :new)"
                    if conn.dialect.name == "sqlite"
                    else "INSERT INTO audit (at, actor, action, entity, new) "
                    "VALUES (:at, :actor, 'set', 'policies', CAST(:new AS json))"
                ),
                row,
            )
    yield engine
    engine.dispose()


def test_the_trail_of_an_older_store_is_chained_and_stays_append_only(old_store: Engine) -> None:
    with writing(old_store) as conn:
        migrate(conn)
        audit(conn, actor="kim", action="set", entity="policies")

    with reading(old_store) as conn:
        found = verify(conn)
        rows = conn.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).all()
    assert (found.entries, found.faults) == (4, ())
    assert [(row.seq, row.actor) for row in rows] == [(1, "ana"), (2, "ben"), (3, "eve"), (4, "kim")]
    with pytest.raises(sa.exc.DBAPIError, match="audit trail"), writing(old_store) as conn:
        conn.execute(sa.text("UPDATE audit SET actor = 'x'"))


def test_a_long_chain_is_walked_in_little_memory(sqlite_engine: Engine) -> None:
    long = 20_000
    with writing(sqlite_engine) as conn:
        _many(conn, long)
    told: list[tuple[int, int]] = []

    tracemalloc.start()
    with reading(sqlite_engine) as conn:
        found = verify(conn, lambda done, of: told.append((done, of)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (found.entries, found.faults) == (long, ())
    assert told == [(5_000 * step, long) for step in range(1, 5)]
    assert peak < 12_000_000, "a batch at a time, not the whole trail"


def _many(conn: Connection, long: int) -> None:
    link, rows = GENESIS, []
    blank = dict.fromkeys(("entity_id", "old", "why"))
    for seq in range(1, long + 1):
        said = {"actor": "ana", "action": "set", "entity": "risks", "new": {"n": seq}}
        row = {"seq": seq, "previous": link, **said, **blank}
        link = digest({**row, "at": seq})
        rows.append({**row, "at": moment(seq), "hash": link})
    conn.execute(AUDIT.insert(), rows)
    conn.execute(AUDIT_HEAD.update().values(seq=long, hash=link))

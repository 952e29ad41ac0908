"""Twenty writers at once lose nothing and wait for nobody in a circle; a server that is killed keeps what it said."""

import os
from collections import Counter
from datetime import date
from random import Random

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.metrics.facts import Risk
from app.store.audit import verify
from app.store.engine import open_store, reading, writing
from app.store.register_tables import ACCEPTANCES, ASSESSMENTS, HEADS, VERSIONS
from app.store.register_versions import every_risk
from app.store.tables import AUDIT
from tests.store.keeping import keep
from tests.store.register_load import KEYS, PATIENCE, PROCESSES, Done, crowd, server

SECONDS = float(os.environ.get("NINES_WRITERS_SECONDS", "6"))
"""How long the writers write; 30 to be thorough."""


def _fill(url: str) -> None:
    engine = open_store(url)
    with writing(engine) as conn:
        risks = [
            Risk("file", key.id, key.id, "load", "nobody yet", "open", 2, 2, "mitigate", identified_on=date(2026, 1, 1))
            for key in KEYS
        ]
        keep(conn, {"risks": risks})
    engine.dispose()


def test_twenty_writers_at_once_lose_nothing_and_each_save_is_audited_once(store_url: str) -> None:
    _fill(store_url)
    pipes = [PROCESSES.Pipe(duplex=False) for _ in range(4)]
    processes = [
        PROCESSES.Process(target=crowd, args=(store_url, seed, 5, SECONDS, end)) for seed, (_, end) in enumerate(pipes)
    ]

    for process in processes:
        process.start()
    found: list[Done] = [start.recv() for start, _ in pipes if start.poll(SECONDS + PATIENCE + 60)]
    for process in processes:
        process.join(30)

    assert [error for done in found for error in done.errors] == []
    assert len(found) == 4, "nobody waits for ever"
    tokens = Counter(token for done in found for token in done.tokens)
    print(f"{len(tokens)} saves, {sum(done.conflicts for done in found)} conflicts in {SECONDS:g} s")  # noqa: T201
    assert len({token.rpartition("-")[0] for token in tokens}) == 20, "everybody gets their turn"
    engine = open_store(store_url)
    with reading(engine) as conn:
        for held in every_risk(conn):
            assert int(held.entry.description or 0) == sum(done.counted[held.key] for done in found)
            assert held.version == 1 + sum(done.versions[held.key] for done in found)
        audited = conn.execute(sa.select(AUDIT.c.action, AUDIT.c.new)).all()
        asked = conn.execute(sa.select(sa.func.count()).select_from(ACCEPTANCES)).scalar()
        assert verify(conn).faults == ()
    engine.dispose()
    assert asked == sum(done.asked for done in found)
    told = Counter(
        token for row in audited for name in ("response", "owner", "reason") if (token := (row.new or {}).get(name))
    )
    by_action = Counter(row.action for row in audited)
    assert told.keys() == tokens.keys()
    assert by_action["edit"] == sum(sum(done.counted.values()) for done in found)
    assert by_action["edit"] + by_action["bulk"] == sum(sum(done.versions.values()) for done in found)
    assert by_action["propose"] == asked


def test_a_server_that_is_killed_keeps_every_save_it_told_of_and_none_in_part(store_url: str) -> None:
    _fill(store_url)
    random, told = Random(7), list[int]()

    for kill_after in (random.randint(20, 60), random.randint(20, 60), 200):
        first = told[-1] + 1 if told else 0
        start, end = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=server, args=(store_url, first, 200, end))
        process.start()
        end.close()
        try:
            while True:
                told.append(start.recv())
                if len(told) - first >= kill_after:
                    process.kill()  # in the midst of the next save, or between two
        except EOFError:
            process.join(30)

    assert set(told) == set(range(200))
    engine = open_store(store_url)
    _nothing_in_part(engine, told)
    engine.dispose()


def _nothing_in_part(engine: Engine, told: list[int]) -> None:
    with reading(engine) as conn:
        versions = conn.execute(sa.select(VERSIONS).order_by(VERSIONS.c.id, VERSIONS.c.version)).all()
        heads = {row.id: row.version for row in conn.execute(sa.select(HEADS))}
        rated = Counter(conn.execute(sa.select(ASSESSMENTS.c.risk)).scalars())
        audited = conn.execute(sa.select(AUDIT.c.entity_id, AUDIT.c.why).where(AUDIT.c.action == "assess")).all()
        risks = {held.key: held for held in every_risk(conn)}
        assert verify(conn).faults == ()
    saves = Counter(row.why for row in versions if row.act == "assess")
    assert {f"n{number}" for number in told} <= saves.keys(), "what was told is there"
    assert Counter(row.why for row in audited) == saves, "each save is audited, and nothing else"
    for key, held in risks.items():
        own = [row for row in versions if row.id == key.id]
        assert [row.version for row in own] == list(range(1, heads[key.id] + 1))
        assert rated[key.id] == len(own) == held.version
        assert own[-1].entry == held.entry.model_dump(mode="json", exclude_none=True)

"""Writers for tests of many at once and of one that is killed: run in processes of their own."""

import time
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from random import Random
from threading import Thread
from typing import NamedTuple

from app.metrics.risk_records import Conflict, RiskKey
from app.people import Person, Role
from app.store import register, register_acceptances, register_bulk, register_reads
from app.store.engine import open_store, reading, writing
from app.store.register_bulk import Bulk, BulkRefused

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.store.register_load"])
PATIENCE = 60.0
"""How long a writer who saved nothing in the given time goes on, in seconds: a busy machine is no deadlock."""
KEYS = tuple(RiskKey("file", f"R{number}") for number in range(6))


class Done(NamedTuple):
    """What one process was told was saved."""

    counted: dict[RiskKey, int]
    """How often each risk's counter was counted up."""
    versions: dict[RiskKey, int]
    """How many versions each risk got by it."""
    tokens: list[str]
    """What each save wrote, that no other wrote."""
    conflicts: int
    asked: int
    errors: list[str]


def crowd(url: str, seed: int, writers: int, seconds: float, pipe: Pipe) -> None:
    """Some writers of one process, who edit, change in bulk and ask for acceptances until the time is over."""
    engine = open_store(url)
    done = Done(dict.fromkeys(KEYS, 0), dict.fromkeys(KEYS, 0), [], 0, 0, [])
    conflicts, asked = [0], [0]
    until = time.monotonic() + seconds

    def write(number: int) -> None:
        random, by = Random(seed * 100 + number), Person(f"w{seed}-{number}", frozenset({Role.EDITOR}))
        turn, saved_once = 0, False
        while time.monotonic() < until or (not saved_once and time.monotonic() < until + PATIENCE):
            turn += 1
            token, key = f"{by.name}-{turn}", random.choice(KEYS)
            try:
                kind = random.random()
                if kind < 0.7:
                    with reading(engine) as conn:
                        held = register_reads.entry(conn, key)
                    assert held is not None
                    count = int(held.entry.description or 0) + 1
                    fields = {"description": str(count), "response": token}
                    with writing(engine) as conn:
                        register.edit(conn, by, key, held.version, fields)
                    done.counted[key] += 1
                    done.versions[key] += 1
                elif kind < 0.9:
                    some = random.sample(KEYS, 3)
                    with reading(engine) as conn:
                        plan = register_bulk.preview(conn, by, some, Bulk(owner=token))
                    with writing(engine) as conn:
                        for saved in register_bulk.apply(conn, by, plan):
                            done.versions[saved.key] += 1
                else:
                    with reading(engine) as conn:
                        held = register_reads.entry(conn, key)
                    assert held is not None
                    with writing(engine) as conn:
                        day = held.entry.identified_on
                        assert day is not None
                        register_acceptances.propose(
                            conn, by, key, held.version, reason=token, valid_until=day.replace(year=2999)
                        )
                    asked[0] += 1
                done.tokens.append(token)
                saved_once = True
            except (Conflict, BulkRefused):
                conflicts[0] += 1
            except register.Invalid:
                pass  # somebody has asked already
            except Exception as cause:
                done.errors.append(f"{type(cause).__name__}: {cause}")
                return

    threads = [Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    pipe.send(done._replace(conflicts=conflicts[0], asked=asked[0]))


def server(url: str, first: int, last: int, pipe: Pipe) -> None:
    """Saves numbers one after the other, each to the next risk, and tells of each once it is saved."""
    engine = open_store(url)
    by = Person("server", frozenset({Role.EDITOR}))
    for number in range(first, last):
        key = KEYS[number % len(KEYS)]
        with reading(engine) as conn:
            held = register_reads.entry(conn, key)
        assert held is not None
        with writing(engine) as conn:
            fields = {"likelihood": 1 + number % 5, "impact": 1 + number // 5 % 5}
            register.assess(conn, by, key, held.version, fields, f"n{number}")
        pipe.send(number)
    engine.dispose()

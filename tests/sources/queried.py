"""What the tests of warehouses share: a source of kind warehouse, and the database that it asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.ingest_sync import Outcome
from tests.sources.vendor import read, sources

VARIABLE = "WAREHOUSE_URL"
INCIDENT = "SELECT 'i1' AS incident, 'Down' AS title, 1 AS severity, {} AS detected_at"
DEPLOYMENTS = """
SELECT 'd' || n AS deployment, 'shop' AS service, TIMESTAMPTZ '2026-11-01Z' + n * INTERVAL '1 minute' AS deployed_at,
       'succeeded' AS status FROM generate_series(1, {}) AS n"""


def run(url: str, *statements: str) -> list[Any]:
    """What the last statement gives."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as conn:
        for statement in statements:
            result = conn.execute(sa.text(statement))
        return list(result) if result.returns_rows else []


def asked(folder: Path, queries: Mapping[str, str], **options: Any) -> Path:
    return sources(folder, kind="warehouse", url=VARIABLE, queries=dict(queries), **options)


def synced(store: Engine, folder: Path, queries: Mapping[str, str], **options: Any) -> Outcome:
    return read(store, asked(folder, queries, **options))

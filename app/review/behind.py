"""The identity of the rows behind a period's numbers, so that later one can say which facts came late or were
mended."""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from app.metrics.numbers import Row
from app.review.snapshot import Behind

BETWEEN = "\t"
"""Between the service of a row and what it is."""
MOST = 2_000
"""So many rows of a KPI are kept one by one; more, by service."""


def behind(rows: Iterable[Row]) -> Behind:
    """Rows of one KPI, split by service, as they are kept."""
    single: dict[str, str] = {}
    services: defaultdict[str, list[str]] = defaultdict(list)
    count = 0
    for row in rows:
        count += 1
        key, said = _key(row), _digest(row)
        single[key] = _joined([single[key], said]) if key in single else said
        services[f"{row.group.service or ''}{BETWEEN}{row.entity}"].append(f"{key} {said}")
    if count <= MOST:
        return Behind(count, dict(sorted(single.items())))
    return Behind(count, by_service={name: (len(found), _joined(found)) for name, found in sorted(services.items())})


def _key(row: Row) -> str:
    return f"{row.group.service or ''}{BETWEEN}{row.entity}:{row.source}/{row.id}"


def _digest(row: Row) -> str:
    said = (row.part, row.whole, row.value, row.reason, row.n, sorted(row.extra.items()))
    return sha256(repr(said).encode()).hexdigest()[:12]


def _joined(parts: Iterable[str]) -> str:
    return sha256("\n".join(sorted(parts)).encode()).hexdigest()[:12]

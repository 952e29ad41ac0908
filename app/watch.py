"""What the server counts of itself, for whoever watches it: requests, connections, sign-ins, and runs of pages."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Counter("nines_requests", "Answers to requests by HTTP.", ["kind", "status"], registry=REGISTRY)
CONNECTIONS = Gauge("nines_connections", "Pages that are open in browsers now.", registry=REGISTRY)
SIGN_INS = Counter("nines_sign_ins", "Tries to sign in, and what became of them.", ["outcome"], registry=REGISTRY)
RUNS = Histogram(
    "nines_page_run_seconds",
    "How long the script of a page ran.",
    ["page"],
    registry=REGISTRY,
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6),
)
ERRORS = Counter("nines_page_errors", "Runs of a page that ended in an error.", ["page"], registry=REGISTRY)


@contextmanager
def run(page: str) -> Iterator[None]:
    """Times what is inside as one run of a page; counts an error that leaves it. A click that starts the page anew is
    no error."""
    began = time.perf_counter()
    try:
        yield
    except Exception:
        ERRORS.labels(page).inc()
        raise
    finally:
        RUNS.labels(page).observe(time.perf_counter() - began)

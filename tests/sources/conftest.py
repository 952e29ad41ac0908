"""Real servers for the tests of live sources, one a session: Prometheus and VictoriaMetrics with the same history."""

import math
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
END = BEGIN + timedelta(days=2)
_SECONDS = 60


def history() -> Iterator[tuple[str, int, str]]:
    """Series, second and value, a minute apart: 10 requests a minute each of two instances, of which every tenth fails
    from 06:00 to 07:00. Instance b starts anew at 12:00; nobody is there from 15:00 to 18:00; `share` is NaN from 20:00
    to 21:00; nobody asks anything on the second day from 04:00 to 06:00; `late` fails never."""
    start = int(BEGIN.timestamp())
    counts: dict[str, float] = {}
    for minute in range(int((END - BEGIN) / timedelta(minutes=1)) + 1):
        at, hour = start + minute * 60, minute / 60
        for instance in ("a", "b"):
            total, errors = f'web_total{{instance="{instance}"}}', f'web_errors_total{{instance="{instance}"}}'
            if instance == "b" and minute == 12 * 60:
                counts[total] = counts[errors] = 0
            idle = 28 <= hour < 30
            counts[total] = counts.get(total, 0) + (0 if idle else 10)
            counts[errors] = counts.get(errors, 0) + (1 if 6 <= hour < 7 else 0)
            if not 15 <= hour < 18:
                yield total, at, f"{counts[total]:g}"
                yield errors, at, f"{counts[errors]:g}"
        yield "share", at, "NaN" if 20 <= hour < 21 else f"{0.9 + 0.1 * math.cos(hour):.6f}"
        yield "delay_seconds", at, f"{0.2 if minute % 10 else 0.7}"


@contextmanager
def _server(command: list[str], port: int, ready: str) -> Iterator[str]:
    base = f"http://127.0.0.1:{port}"
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                if child.poll() is None and httpx.get(f"{base}{ready}", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            if child.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {child.returncode}")
            time.sleep(0.1)
        yield base
    finally:
        child.terminate()
        child.wait(30)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _program(*names: str) -> None:
    missing = [name for name in names if shutil.which(name) is None]
    if missing and os.environ.get("CI"):
        raise RuntimeError(f"{missing[0]} is missing: .ci/run brings it")
    if missing:
        pytest.skip(f"{missing[0]} is not here: apt-get install prometheus victoria-metrics")


@pytest.fixture(scope="session")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Prometheus with the history, back-filled by promtool."""
    _program("prometheus", "promtool")
    folder = tmp_path_factory.mktemp("prometheus")
    by_series: dict[str, list[str]] = {}
    for series, at, value in history():
        by_series.setdefault(series, []).append(f"{series} {value} {at}")
    kinds = {"web": "counter", "web_errors": "counter", "share": "gauge", "delay_seconds": "gauge"}
    lines = []
    for family, kind in kinds.items():
        lines.append(f"# TYPE {family} {kind}")
        names = {family, f"{family}_total"}
        lines += [line for series, held in by_series.items() if series.partition("{")[0] in names for line in held]
    (folder / "history.om").write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    data, settings = folder / "data", folder / "prometheus.yml"
    settings.write_text("scrape_configs: []\n", encoding="utf-8")
    fill = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "history.om"), str(data)]
    subprocess.run(fill, check=True, stdout=subprocess.DEVNULL)
    port = _port()
    command = [
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with _server(command, port, "/-/ready") as base:
        yield base


@pytest.fixture
def warehouse(postgresql_databases: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database on real PostgreSQL that is the warehouse, as WAREHOUSE_URL names it."""
    url = postgresql_databases()
    monkeypatch.setenv("WAREHOUSE_URL", url)
    return url


@pytest.fixture(scope="session")
def victoria_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real VictoriaMetrics with the same history."""
    _program("victoria-metrics")
    data, port = tmp_path_factory.mktemp("victoria"), _port()
    command = [
        "victoria-metrics",
        f"-storageDataPath={data}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-loggerLevel=ERROR",
    ]
    with _server(command, port, "/health") as base:
        lines = "".join(f"{series} {value} {at * 1000}\n" for series, at, value in history())
        httpx.post(f"{base}/api/v1/import/prometheus", content=lines, timeout=60).raise_for_status()
        httpx.get(f"{base}/internal/force_flush", timeout=60).raise_for_status()
        yield base

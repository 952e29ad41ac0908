"""Two servers on one PostgreSQL behind haproxy: one dies, or both are restarted in turn, and its readers read on."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, expect

from app import ingest
from app.people import local
from app.store.engine import open_store
from tests.browser.conftest import ROOT, Reader

SECONDS = 90
PROXY = """
global
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout tunnel 1h
  timeout check 10s
  option redispatch
  retries 3
frontend web
  bind 127.0.0.1:{port}
  default_backend nines
backend nines
  balance leastconn
  cookie NINES_SERVER insert indirect nocache httponly
  option httpchk GET /readyz
  default-server check inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
  server one 127.0.0.1:{one} cookie one
  server two 127.0.0.1:{two} cookie two
"""
INCIDENTS = "incident,title,severity,detected_at,resolved_at\n" + "".join(
    f"i{n},{'Checkout' if n % 2 else 'Search'} down {n},2,2026-10-{n:02}T09:00:00Z,2026-10-{n:02}T10:00:00Z\n"
    for n in range(1, 21)
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Servers:
    """Two servers and a proxy, by name; started, killed and restarted."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._ports = {name: free_port() for name in ("one", "two", "proxy")}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("one", "two"):
            self.start(name)
        for name in ("one", "two"):
            self.ready(name)
        settings = folder / "haproxy.cfg"
        settings.write_text(PROXY.format(port=self._ports["proxy"], one=self._ports["one"], two=self._ports["two"]))
        self._run("proxy", ["haproxy", "-db", "-f", str(settings)])
        self.ready("proxy")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._ports['proxy']}"

    def start(self, name: str) -> None:
        command = "from app.cli import main; main()"
        self._run(name, [sys.executable, "-c", command, "serve", "--port", str(self._ports[name])])

    def _run(self, name: str, command: list[str]) -> None:
        environment = {**os.environ, "NINES_DATABASE_URL": self._url, "NINES_USER": "Robin Reader"}
        with (self._folder / f"{name}.log").open("ab") as said:
            self._running[name] = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)

    def ready(self, name: str) -> None:
        """Waits until it answers."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                with urlopen(f"http://127.0.0.1:{self._ports[name]}/readyz", timeout=2):
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(f"{name} does not answer:\n{(self._folder / f'{name}.log').read_text()}")

    def end(self, name: str, how: signal.Signals) -> None:
        self._running[name].send_signal(how)
        self._running[name].wait(SECONDS)

    def stop(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
                process.wait(SECONDS)


@pytest.fixture
def servers(postgresql_databases: Callable[[], str], tmp_path: Path) -> Iterator[Servers]:
    if shutil.which("haproxy") is None:
        if os.environ.get("CI"):
            pytest.fail("haproxy is not installed: add it to the packages that CI installs")
        pytest.skip("haproxy is not installed")
    url = postgresql_databases()
    (tmp_path / "incidents.csv").write_text(INCIDENTS)
    engine = open_store(url)
    ingest.run(engine, [tmp_path / "incidents.csv"], by=local("robin"))
    engine.dispose()
    made = Servers(url, tmp_path)
    yield made
    made.stop()


def test_readers_go_on_at_the_other_server_with_all_they_chose_and_typed(servers: Servers, browser: Browser) -> None:
    expect.set_options(timeout=30_000)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    reader = Reader(context)
    page = reader.go(servers.address, "/incidents?period=October 2026")
    search = page.get_by_placeholder("Search")
    search.fill("checkout")
    search.press("Enter")
    expect(page.get_by_text("Search down 2", exact=True)).to_have_count(0)
    expect(page.get_by_text("Checkout down 3", exact=True)).to_be_visible()
    address, first = page.url, _server(reader)

    with page.expect_websocket(timeout=SECONDS * 1000):
        servers.end(first, signal.SIGKILL)
    _back(reader, first)

    assert page.url == address
    expect(search).to_have_value("checkout")
    expect(page.get_by_text("Checkout down 3", exact=True)).to_be_visible()
    expect(page.get_by_text("Search down 2", exact=True)).to_have_count(0)

    servers.start(first)
    servers.ready(first)
    search.fill("search down 1")
    second = _server(reader)
    with page.expect_websocket(timeout=SECONDS * 1000):
        servers.end(second, signal.SIGTERM)
    _back(reader, second)

    expect(search).to_have_value("search down 1")
    expect(page.get_by_text("Search down 2", exact=True)).to_have_count(0)
    search.press("Enter")
    expect(page.get_by_text("Search down 10", exact=True)).to_be_visible()
    expect(page.get_by_text("Checkout down 3", exact=True)).to_have_count(0)
    assert page.url == address
    assert reader.outside == []
    context.close()


def _server(reader: Reader) -> str:
    return next(str(cookie["value"]) for cookie in reader.context.cookies() if cookie["name"] == "NINES_SERVER")


def _back(reader: Reader, gone: str) -> None:
    """Waits until the page is connected again, by itself, to the other server."""
    connected = "[data-testid=stApp][data-test-connection-state=CONNECTED]"
    reader.page.wait_for_selector(connected, timeout=SECONDS * 1000)
    reader.still()
    assert _server(reader) != gone

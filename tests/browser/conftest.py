"""A real server process on a free port, a filled store, and a real Chromium in which nothing goes wrong unseen."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, sync_playwright

from tests import filled

ROOT = Path(__file__).resolve().parents[2]
WAIT_MS = 30_000
START_SECONDS = 90
_SERVE = """
import os
from app.server import serve
from app.settings import load

serve(load(port=os.environ.get("NINES_PORT", 0)))
"""
Serve = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, or playwright's own. In CI it must be there; elsewhere its tests are skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except Error as cause:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium here: {str(cause).splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Starts the product's own server on a store, and a free port unless NINES_PORT is among the variables: its
    address. Stopped at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def start(url: str, **variables: str) -> str:
        environment = {**os.environ, "NINES_DATABASE_URL": url, "NINES_USER": "Robin Reader", **variables}
        log = tmp_path_factory.mktemp("server") / "log"
        with log.open("wb") as said:
            running.append(
                subprocess.Popen([sys.executable, "-c", _SERVE], cwd=ROOT, env=environment, stdout=said, stderr=said)
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and running[-1].poll() is None:
            if address := re.search(r"http://[\d.]+:\d+", log.read_text(encoding="utf-8")):
                return address[0]
            time.sleep(0.1)
        raise AssertionError(f"the server did not start:\n{log.read_text(encoding='utf-8')}")

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def full_app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the app on the demo organisation up to yesterday."""
    return serve(filled.demo_store(tmp_path_factory.mktemp("demo"), datetime.now(UTC).date()))


@pytest.fixture(scope="session")
def empty_app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the app on a store without any fact."""
    return serve(f"sqlite:///{tmp_path_factory.mktemp('empty')}/nines.db")


class Reader:
    """Somebody at a browser: goes to addresses, waits until a page stands still, and keeps what went wrong."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.wrong: list[str] = []
        self.outside: list[str] = []
        self.home = ""
        context.on("request", lambda request: self._seen(request.url))
        self.page: Page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", lambda said: self.wrong.append(f"console: {said.text}") if said.type == "error" else None)
        return page

    def _seen(self, url: str) -> None:
        where = urlsplit(url)
        if where.scheme in ("http", "https", "ws", "wss") and self.home and where.netloc != urlsplit(self.home).netloc:
            self.outside.append(url)

    def go(self, home: str, path: str = "/") -> Page:
        self.home = home
        self.page.goto(home + path)
        return self.still()

    def still(self) -> Page:
        """Waits until the script has run and every board is filled."""
        self.page.wait_for_timeout(150)
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        self.page.wait_for_function("() => !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
        self.page.wait_for_selector(".board > *", state="attached")
        self.page.wait_for_timeout(150)
        return self.page

    def choose(self, label: str, option: str) -> Page:
        """Chooses in one of the filters."""
        self.filters().get_by_role("combobox", name=re.compile(label)).click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.still()
        self.page.keyboard.press("Escape")
        return self.still()

    def filters(self) -> Locator:
        """The choices of the filter bar, opened."""
        opened = self.page.get_by_test_id("stPopoverBody")
        if not opened.is_visible():
            self.page.get_by_test_id("stPopoverButton").click()
        opened.get_by_role("combobox").first.wait_for()
        return opened


@pytest.fixture
def open_reader(browser: Browser) -> Iterator[Callable[..., Reader]]:
    """Makes readers with a fresh profile each (keywords as for a browser context); nothing may have gone wrong."""
    readers: list[Reader] = []

    def make(**context: object) -> Reader:
        wanted = {"viewport": {"width": 1440, "height": 900}, **context}
        readers.append(Reader(browser.new_context(**wanted)))  # type: ignore[arg-type]
        return readers[-1]

    yield make
    for reader in readers:
        reader.context.close()
    assert [wrong for reader in readers for wrong in reader.wrong] == []
    assert [url for reader in readers for url in reader.outside] == []


@pytest.fixture
def reader(open_reader: Callable[..., Reader]) -> Reader:
    """Somebody at a laptop."""
    return open_reader()

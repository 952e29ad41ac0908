"""A provider that signs anybody in, Nines before it, and somebody at a browser who has not signed in yet."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from app import policy
from app.people import local
from app.policy import PeoplePolicy
from app.store.engine import open_store, writing
from app.store.write import set_policy
from tests import filled
from tests.browser.conftest import START_SECONDS

PROVIDER = Path(__file__).parent / "oidc"
MANY = [f"{number:08d}-aaaa-bbbb-cccc-0123456789ab" for number in range(300)]
USERS = {
    "ada": {"email": "ada@example.com", "groups": ["sre-leads", "staff"]},
    "vera": {"email": "vera@example.com", "groups": ["staff"]},
    "nemo": {"email": "nemo@example.com", "groups": ["gardening"]},
    "herd": {"email": "herd@example.com", "groups": [*MANY, "staff"]},
    "root": {"email": "root@example.com"},
    "eve": {"email": "ada@example.com", "email_verified": False, "groups": ["sre-leads"]},
}
PEOPLE = PeoplePolicy.model_validate({"groups": {"sre-leads": ["editor", "approver"], "staff": ["viewer"]}})
SECRET = "a client secret that nobody may see"
COOKIE_SECRET = "0123456789abcdef0123456789abcdef"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + START_SECONDS
    try:
        while True:
            try:
                httpx.get(f"{url}/.well-known/openid-configuration")
                break
            except httpx.TransportError:
                assert process.poll() is None, f"{command[:3]} ended"
                assert time.monotonic() < until, f"nothing answers at {url}"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def mock_provider() -> Iterator[str]:
    """oidc-provider-mock with `USERS`, while inside: its address."""
    port = free_port()
    users = [f"--user-claims={json.dumps({'sub': sub, **claims})}" for sub, claims in USERS.items()]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *users]
    with _running(command, port) as url:
        yield url


@contextmanager
def node_provider(home: str) -> Iterator[str]:
    """npm's oidc-provider, which `make setup-dev` installs, for one address of Nines, while inside: its address."""
    node = shutil.which("node")
    if not node or not (PROVIDER / "node_modules").is_dir():
        if os.environ.get("CI"):
            pytest.fail("CI needs node and npm: the provider of tests/browser/oidc is not installed")
        pytest.skip("there is no node here, or `make setup-dev` has not installed tests/browser/oidc")
    port = free_port()
    command = [node, str(PROVIDER / "provider.js"), str(port), home]
    with _running(command, port) as url:
        yield url


def store(folder: Path) -> str:
    """One incident, and `PEOPLE` may enter."""
    url = filled.one_fact_store(folder)
    engine = open_store(url)
    with writing(engine) as conn:
        text = policy.dump(policy.default().model_copy(update={"people": PEOPLE}))
        set_policy(conn, text, by=local("test"))
    engine.dispose()
    return url


def variables(issuer: str, port: int, **more: str) -> dict[str, str]:
    """What configures Nines to sign people in there."""
    return {
        "NINES_PORT": str(port),
        "NINES_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "NINES_OIDC_ISSUER": issuer,
        "NINES_OIDC_CLIENT_ID": "nines",
        "NINES_OIDC_CLIENT_SECRET": SECRET,
        "NINES_OIDC_TITLE": "Example Ltd",
        "NINES_COOKIE_SECRET": COOKIE_SECRET,
        "NINES_ADMINS": "Root@Example.com",
        **more,
    }


class Visitor:
    """Somebody at a browser of their own."""

    def __init__(self, browser: Browser, home: str) -> None:
        self.home = home
        self.context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900})
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()

    def go(self, path: str = "/", page: Page | None = None) -> Page:
        page = page or self.page
        page.goto(self.home + path)
        return page

    def press_sign_in(self) -> None:
        """On Nines' own page."""
        self.page.get_by_role("button", name="Sign in with Example Ltd").click()

    def sign_in(self, user: str, path: str = "/") -> Page:
        """All the way, as one of the mock's users."""
        self.go(path)
        self.press_sign_in()
        self.page.get_by_role("button", name=user, exact=True).click()
        return self.page

    def cookies(self) -> dict[str, dict[str, object]]:
        return {str(cookie["name"]): dict(cookie) for cookie in self.context.cookies()}


def asks_to_sign_in(page: Page) -> None:
    """Claims that a page shows how to sign in, and nothing else of ours."""
    expect(page.get_by_role("button", name=re.compile("Sign in with"))).to_be_visible()
    expect(page.locator("[data-testid=stSidebar]")).to_have_count(0)
    assert "Checkout" not in page.inner_text("body")


def who(page: Page) -> Locator:
    """Where the sidebar says who is here."""
    return page.get_by_test_id("stSidebar").get_by_test_id("stHtml").first

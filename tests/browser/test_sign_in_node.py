"""Sign-in through another provider, npm's oidc-provider, which holds on to its specification: PKCE, 300 groups in the
ID token, and a sign-out of its own."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import signing
from tests.browser.conftest import Serve
from tests.browser.signing import Visitor, asks_to_sign_in, who


@pytest.fixture(scope="module")
def home(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = signing.free_port()
    asked = {"NINES_OIDC_SCOPES": "openid email groups", "NINES_OIDC_PROMPT": "provider"}
    with signing.node_provider(f"http://127.0.0.1:{port}") as url:
        yield serve(signing.store(tmp_path_factory.mktemp("node")), **signing.variables(url, port, **asked))


def test_all_the_way_in_and_out_with_three_hundred_groups(browser: Browser, home: str) -> None:
    visitor = Visitor(browser, home)
    page = visitor.go("/incidents?period=Last+12+months")
    visitor.press_sign_in()
    page.get_by_placeholder("Enter any login").fill("grace")
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()

    expect(who(page)).to_contain_text("grace@example.comviewer")
    assert page.url == f"{home}/incidents?period=Last+12+months"
    other = visitor.go("/", visitor.context.new_page())
    expect(who(other)).to_contain_text("grace@example.com")

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name=re.compile("Yes, sign me out")).click()

    page.wait_for_url(f"{home}/")
    asks_to_sign_in(page)
    asks_to_sign_in(other)
    visitor.press_sign_in()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    visitor.context.close()

"""Sign-in through a real provider in a real browser: who comes in, what they see, where they land, when it ends."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.store.engine import open_store
from app.store.tables import SESSIONS
from app.web import cookies
from tests.browser import signing
from tests.browser.conftest import Serve
from tests.browser.signing import Visitor, asks_to_sign_in, who

Visit = Callable[[], Visitor]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with signing.mock_provider() as url:
        yield url


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return signing.store(tmp_path_factory.mktemp("signing"))


@pytest.fixture(scope="module")
def home(serve: Serve, issuer: str, store: str) -> str:
    return serve(store, **signing.variables(issuer, signing.free_port()))


@pytest.fixture
def visit(browser: Browser, home: str) -> Iterator[Visit]:
    visitors: list[Visitor] = []

    def make() -> Visitor:
        visitors.append(Visitor(browser, home))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()


def test_a_page_opened_without_signing_in_shows_how_to_and_nothing_else(visit: Visit) -> None:
    visitor = visit()

    for path in ("/incidents?incident=INC-1", "/"):
        asks_to_sign_in(visitor.go(path))


def test_groups_give_roles_and_the_page_that_was_wanted_opens(visit: Visit) -> None:
    visitor = visit()

    page = visitor.sign_in("ada", "/incident?incident=INC-1&period=Last+12+months")

    expect(who(page)).to_contain_text("ada@example.comapprover, editor, viewer")
    expect(page.locator("h1")).to_contain_text("Incident")
    assert page.url == visitor.home + "/incident?incident=INC-1&period=Last+12+months"


def test_what_the_browser_keeps_is_small_and_closed_to_scripts_whatever_the_number_of_groups(visit: Visit) -> None:
    visitor = visit()

    page = visitor.sign_in("herd")
    expect(who(page)).to_contain_text("herd@example.comviewer")

    kept = visitor.cookies()
    assert sum(len(str(cookie["value"])) for cookie in kept.values()) < 2000
    assert not [name for name in kept if "token" in name]
    assert kept["_streamlit_user"]["httpOnly"]
    assert kept["_streamlit_user"]["sameSite"] == "Lax"
    assert "herd" not in str(kept)


def test_who_has_no_role_is_told_whom_to_ask_and_can_leave(visit: Visit) -> None:
    visitor = visit()

    page = visitor.sign_in("nemo", "/incidents")

    expect(page.get_by_role("heading", name="You have no access yet")).to_be_visible()
    expect(page.locator("body")).to_contain_text("Root@Example.com")
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    assert "Checkout" not in page.inner_text("body")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name=re.compile("log ?out|end", re.IGNORECASE))).to_be_visible()


def test_the_first_admin_is_named_by_the_environment(visit: Visit) -> None:
    page = visit().sign_in("root")

    expect(who(page)).to_contain_text("root@example.comadmin")


def test_an_address_that_the_provider_has_not_verified_is_nobody(visit: Visit) -> None:
    page = visit().sign_in("eve")

    expect(page.locator("body")).to_contain_text("has not verified your e-mail address")


def test_leaving_ends_every_tab_and_leads_to_the_providers_own_sign_out(visit: Visit, issuer: str) -> None:
    visitor = visit()
    page = visitor.sign_in("vera")
    expect(who(page)).to_contain_text("vera@example.com")
    other = visitor.go("/incidents", visitor.context.new_page())
    expect(who(other)).to_contain_text("vera@example.com")
    kept = {name: str(cookie["value"]) for name, cookie in visitor.cookies().items()}

    page.get_by_test_id("stSidebar").get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(re.escape(f"{issuer}/oauth2/end_session?")))

    assert "id_token_hint=ey" in page.url
    asks_to_sign_in(other)
    assert httpx.get(f"{visitor.home}/media/any", cookies=kept).status_code == 403, "a copied cookie is worth nothing"
    page.get_by_role("button").first.click()
    page.wait_for_url(f"{visitor.home}/")
    asks_to_sign_in(page)


def test_a_session_that_is_too_old_ends_in_the_open_page(visit: Visit, store: str) -> None:
    visitor = visit()
    page = visitor.sign_in("ada", "/incidents")
    expect(who(page)).to_contain_text("ada@example.com")
    engine = open_store(store)
    with engine.begin() as conn:
        old = datetime.now(UTC) - timedelta(hours=12)
        conn.execute(SESSIONS.update().where(SESSIONS.c.name == "ada@example.com").values(issued_at=old))
        assert conn.execute(sa.select(SESSIONS.c.groups)).first()
    engine.dispose()

    page.wait_for_timeout(2100)
    page.get_by_role("link", name="Overview").click()

    asks_to_sign_in(page)
    page.reload()
    asks_to_sign_in(page)


def test_who_says_no_at_the_provider_is_told_that_they_are_not_signed_in(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/incidents")
    visitor.press_sign_in()

    visitor.page.get_by_role("button", name="Deny").click()

    expect(visitor.page.get_by_role("heading", name="You are not signed in")).to_be_visible()


@pytest.mark.parametrize("path", ["/media/any.csv", "/_stcore/upload_file/s/f", "/_stcore/metrics", "/component/a/b"])
def test_nothing_confidential_is_had_with_a_forged_cookie(home: str, path: str) -> None:
    forged = cookies.user("a guess", home, "f" * 32)

    answer = httpx.get(home + path, headers={"Cookie": forged})

    assert answer.status_code in {403, 404}
    assert "Traceback" not in answer.text


def test_foreign_hosts_and_other_sites_are_refused(home: str) -> None:
    assert httpx.get(home, headers={"Host": "evil.example.com"}).status_code == 400
    posted = httpx.put(f"{home}/_stcore/upload_file/s/f", headers={"Origin": "https://evil.example.com"})
    assert posted.status_code == 403
    stream = home.replace("http", "ws") + "/_stcore/stream"
    with pytest.raises(InvalidStatus):
        connect(stream, origin="https://evil.example.com")  # type: ignore[arg-type]


def test_a_connection_with_a_company_of_cookies_is_made(home: str) -> None:
    many = "; ".join(f"other_{number}={'x' * 4000}" for number in range(10))

    with connect(home.replace("http", "ws") + "/_stcore/stream", additional_headers={"Cookie": many}) as page:
        assert page.state.name == "OPEN"

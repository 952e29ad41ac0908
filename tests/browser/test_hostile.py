"""Text that means harm, in a real browser: no script runs, no element appears, no request leaves."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from app.ui import places
from tests import hostile
from tests.browser.conftest import Reader, Serve

ONES_OF = {"incident": "incidents", "risk": "risks", "service": "services"}
LOOK = """() => {
  const found = []
  const walk = root => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) walk(one.shadowRoot)
      const inside = ["IMG", "IFRAME"].includes(one.tagName) && one.src.includes("evil")
      const script = one.tagName === "SCRIPT" && one.textContent.includes("hit")
      const asks = [...one.attributes].some(a => a.name.startsWith("on") && a.value.includes("hit"))
      if (inside || script || asks) found.push(one.outerHTML.slice(0, 200))
    }
  }
  walk(document)
  return { found, hit: window.hit ?? null, wide: document.documentElement.scrollWidth - innerWidth }
}"""


@pytest.fixture(scope="module")
def hostile_app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    return serve(hostile.store(tmp_path_factory.mktemp("hostile")))


def addresses() -> Iterator[str]:
    for place in places.PLACES:
        said = f"&{place.name}={quote(hostile.thing(ONES_OF[place.name], 0))}" if place.name in ONES_OF else ""
        yield f"/{'' if place is places.OVERVIEW else place.name}?period=2026-10{said}"


def harmless(page: Page) -> None:
    seen = page.evaluate(LOOK)
    assert (seen["found"], seen["hit"]) == ([], None)
    assert seen["wide"] <= 0, "nothing is wider than the window"


def test_no_page_runs_builds_or_asks_what_the_text_says(hostile_app: str, open_reader: Callable[..., Reader]) -> None:
    reader = open_reader()

    for address in addresses():
        reader.go(hostile_app, address)
        harmless(reader.page)
        opened = reader.page.locator("button.open, tr.opens button").first
        if opened.is_visible():
            opened.click()
            reader.still()
            harmless(reader.page)


def test_an_address_cannot_put_markup_into_a_page(hostile_app: str, reader: Reader) -> None:
    page = reader.go(hostile_app, "/?team=![x](http://evil.example/x.png)<img%20src=x%20onerror=hit=1>")

    page.get_by_text("which is not here").wait_for()

    harmless(page)

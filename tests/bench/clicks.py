"""Seconds in Chromium from a click on the Overview to the last chart drawn again: a filter, a cell of the heat map."""

import time
from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page, sync_playwright

from tests.bench.browser import SHOWN, drawn, profile, settled
from tests.bench.servers import SCRIPT, served

_WAIT_MS = 60_000
_PHRASE = "[data-testid=stPopoverButton]"
_SAID_AND_DRAWN = f"""([before, least]) => {{
    const phrase = document.querySelector('{_PHRASE}')
    return phrase && phrase.innerText !== before && ({SHOWN})()[0] >= least
}}"""


def measure(url: str, clicks: int) -> dict[str, list[float]]:
    """Seconds of every click, on a page that stands, each in a session of its own."""
    found: dict[str, list[float]] = {"tier 0 in the bar": [], "a cell of the heat map": []}
    kinds: dict[str, Callable[[Page], Callable[[], None]]] = dict(zip(found, (_tier, _cell), strict=True))
    with served(SCRIPT, url) as server, sync_playwright() as playwright:
        least = settled(playwright, server.address).least
        with profile(playwright) as context:
            for at in range(clicks + 1):
                for name, ready in kinds.items():
                    page = context.new_page()
                    page.goto(server.address)
                    drawn(page, least)
                    page.wait_for_timeout(500)
                    seconds = _timed(page, ready(page))
                    if at:
                        found[name].append(seconds)
                    page.close()
    return found


def _timed(page: Page, click: Callable[[], None]) -> float:
    """Seconds from the click until the phrase says what was chosen and the page stands again."""
    before = page.locator(_PHRASE).first.inner_text()
    began = time.perf_counter()
    click()
    page.wait_for_function(_SAID_AND_DRAWN, arg=[before, 2], polling="raf", timeout=_WAIT_MS)
    return time.perf_counter() - began


def _tier(page: Page) -> Callable[[], None]:
    page.locator(_PHRASE).first.click()
    page.get_by_test_id("stPopoverBody").get_by_role("combobox", name="Tier").click()
    option = page.get_by_role("option", name="Tier 0", exact=True)
    option.wait_for()
    return partial(option.click, no_wait_after=True)


def _cell(page: Page) -> Callable[[], None]:
    cell = page.locator(".heat tbody tr:first-child button").nth(3)
    cell.scroll_into_view_if_needed()
    return partial(cell.click, no_wait_after=True)

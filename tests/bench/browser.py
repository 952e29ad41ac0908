"""Seconds in Chromium from an address to the last chart drawn: each page, against the least that Streamlit could do.

The Overview stands against a page with one `st.metric`, every other page against a page with one `st.plotly_chart`,
though it draws its charts as SVG, both by the same server. What a page shows when it stands still is counted first; a
visit ends when as much is there, the script has ended and nothing is stale. Visits take turns.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from app.ui import places
from app.ui.places import Place
from tests.bench.pages import latest
from tests.bench.servers import BARE, BARE_CHART, SCRIPT, chromium, served

_WAIT_MS = 120_000
_STILL_MS = 2_500
SHOWN = """() => {
    const app = document.querySelector('[data-testid=stApp]')
    if (!app || app.dataset.testScriptState !== 'notRunning') return [0, 0]
    if (document.querySelector('[data-stale=true], [data-testid=stSkeleton]')) return [0, 0]
    const shown = [], plots = [], boards = []
    const look = root => root.querySelectorAll('*').forEach(el => {
        if (el.matches('svg.nines-chart, [data-testid=stMetricValue], [data-testid=stDataFrame] canvas, table'))
            shown.push(el)
        if (el.matches('.js-plotly-plot')) (el.querySelector('.main-svg') ? plots : boards).push(el)
        if (el.matches('.board')) boards.push(el)
        if (el.shadowRoot) look(el.shadowRoot)
    })
    look(document)
    if (!boards.every(el => el.childElementCount)) return [0, 0]
    return [shown.length + boards.length + plots.length, plots.length]
}"""
"""How many charts, tables and other parts are drawn, and how many of them by plotly; none while any is on its way."""
_AS_MUCH = f"least => ({SHOWN})()[0] >= least"


class Opened(NamedTuple):
    """Seconds of every visit, ours and of the bare page."""

    place: str
    state: str
    against: str
    ours: list[float]
    bare: list[float]
    bound: float | None


class _Site(NamedTuple):
    address: str
    least: int
    plots: int


def measure(url: str, visits: int, chosen: Sequence[Place] = places.PLACES) -> Iterator[Opened]:
    """Every page, in a fresh profile and again in the same one."""
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        ours, metric, chart = (stack.enter_context(served(s, url)) for s in (SCRIPT, BARE, BARE_CHART))
        bare = {"st.metric": settled(playwright, metric.address), "st.plotly_chart": settled(playwright, chart.address)}
        for place in chosen:
            site = settled(playwright, address_of(ours.address, place, url))
            against = "st.metric" if place is places.OVERVIEW else "st.plotly_chart"
            bound = 1.3 if place is places.OVERVIEW else 1.5
            turns = [(visit_twice(playwright, site), visit_twice(playwright, bare[against])) for _ in range(visits)]
            for at, state in enumerate(("fresh profile", "warm")):
                mine, least = ([turn[side][at] for turn in turns] for side in (0, 1))
                yield Opened(place.title, state, against, mine, least, bound)


def address_of(home: str, place: Place, url: str) -> str:
    """The page's address; one that shows one thing shows the latest."""
    named = {place.name: latest(url, place.name)} if place.hidden else {}
    return f"{home}/{'' if place is places.OVERVIEW else place.name}" + (f"?{urlencode(named)}" if named else "")


def settled(playwright: Playwright, address: str) -> _Site:
    """What an address shows once it stands still; also warms the server. Raises RuntimeError where it shows nothing."""
    with profile(playwright) as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(_AS_MUCH, arg=1, timeout=_WAIT_MS)
        page.wait_for_timeout(_STILL_MS)
        page.wait_for_function(_AS_MUCH, arg=1, timeout=_WAIT_MS)
        if page.locator("[data-testid=stException]").count():
            raise RuntimeError(f"{address} shows an error")
        least, plots = page.evaluate(SHOWN)
        return _Site(address, least, plots)


def visit_twice(playwright: Playwright, site: _Site) -> tuple[float, float]:
    """Seconds in a new profile, and of a later visit in the same one (the one between fills Chromium's code cache)."""
    with profile(playwright) as context:
        fresh = visit(context, site)
        visit(context, site)
        return fresh, visit(context, site)


def visit(context: BrowserContext, site: _Site) -> float:
    """Seconds until the page stands."""
    page = context.new_page()
    began = time.perf_counter()
    page.goto(site.address, wait_until="commit")
    drawn(page, site.least)
    seconds = time.perf_counter() - began
    page.wait_for_timeout(300)
    page.close()
    return seconds


def drawn(page: Page, least: int) -> None:
    """Waits until as many parts are drawn."""
    page.wait_for_function(_AS_MUCH, arg=least, polling="raf", timeout=_WAIT_MS)


@contextmanager
def profile(playwright: Playwright) -> Iterator[BrowserContext]:
    """Chromium as somebody has it who opens it for the first time."""
    with tempfile.TemporaryDirectory(prefix="nines-bench-", ignore_cleanup_errors=True) as name:
        context = playwright.chromium.launch_persistent_context(
            name, executable_path=chromium(), args=["--no-sandbox"], viewport={"width": 1440, "height": 900}
        )
        try:
            yield context
        finally:
            context.close()

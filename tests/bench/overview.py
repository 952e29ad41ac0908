"""Seconds from the address to the last chart in Chromium: the Overview of the demo, and a page with one `st.metric`."""

import tempfile
import time

from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from app import demo
from app.store.engine import open_store
from tests.bench.servers import BARE, SCRIPT, chromium, served

DRAWN = """() => {
    const app = document.querySelector('[data-testid=stApp]')
    if (!app || app.dataset.testScriptState !== 'notRunning') return false
    if (document.querySelector('[data-stale=true], [data-testid=stSkeleton]')) return false
    const shown = [], boards = []
    const look = root => root.querySelectorAll('*').forEach(el => {
        if (el.matches('svg.nines-chart, [data-testid=stMetricValue]')) shown.push(el)
        if (el.matches('.board')) boards.push(el)
        if (el.shadowRoot) look(el.shadowRoot)
    })
    look(document)
    return shown.length >= LEAST && boards.every(board => board.childElementCount)
}"""
LEAST_CHARTS = 8
"""A sparkline on each of its tiles; that all its boards are filled and the script has ended is asked besides."""


def measure(visits: int) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds of every visit, ours and bare in turn: in a fresh profile, and again in the same one."""
    found: dict[str, tuple[list[float], list[float]]] = {"fresh profile": ([], []), "warm": ([], [])}
    with tempfile.TemporaryDirectory(prefix="nines-bench-") as name:
        url = f"sqlite:///{name}/demo.db"
        engine = open_store(url)
        demo.fill(engine)
        engine.dispose()
        with served(SCRIPT, url) as ours, served(BARE, url) as bare, sync_playwright() as playwright:
            for address, least in ((ours.address, LEAST_CHARTS), (bare.address, 1)):
                visit_twice(playwright, address, least)
            for _ in range(visits):
                for place, (address, least) in enumerate(((ours.address, LEAST_CHARTS), (bare.address, 1))):
                    fresh, warm = visit_twice(playwright, address, least)
                    found["fresh profile"][place].append(fresh)
                    found["warm"][place].append(warm)
    return found


def visit_twice(playwright: Playwright, address: str, least: int) -> tuple[float, float]:
    """Seconds in a new profile, and of a later visit in the same one (the one between fills Chromium's code cache)."""
    with tempfile.TemporaryDirectory(prefix="nines-bench-", ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            args=["--no-sandbox"],
            viewport={"width": 1440, "height": 900},
        )
        try:
            fresh = visit(context, address, least)
            visit(context, address, least)
            return fresh, visit(context, address, least)
        finally:
            context.close()


def visit(context: BrowserContext, address: str, least: int) -> float:
    """Seconds until the page stands."""
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(DRAWN.replace("LEAST", str(least)), polling="raf", timeout=60_000)
    seconds = time.perf_counter() - began
    page.wait_for_timeout(300)
    page.close()
    return seconds

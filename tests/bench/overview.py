"""Seconds from the address to the last chart in Chromium: the Overview of the demo, and a page with one `st.metric`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from app import demo
from app.store.engine import open_store

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "app" / "streamlit_app.py"
BARE = Path(__file__).with_name("bare_page.py")
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
            for address, least in ((ours, LEAST_CHARTS), (bare, 1)):
                visit_twice(playwright, address, least)
            for _ in range(visits):
                for place, (address, least) in enumerate(((ours, LEAST_CHARTS), (bare, 1))):
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


@contextmanager
def served(script: Path, url: str) -> Iterator[str]:
    """The address of a server of its own around a script."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.serve_page", str(script)],
        cwd=ROOT,
        env=os.environ | {"NINES_DATABASE_URL": url, "NINES_LOG_LEVEL": "error", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        address = re.search(r"http://[^ ]+", line)
        if not address:
            raise RuntimeError(f"the server did not start: {line}")
        yield address[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def chromium() -> str:
    """Where Chromium is. Raises RuntimeError with a sentence where it is not."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("The Overview is measured in Chromium, and there is none here: install chromium.")

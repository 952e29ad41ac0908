"""A pack's own page, opened from a folder without a network: it works by keyboard, in both themes, and asks nobody."""

from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.review.page import page as drawn
from tests.review import frozen

_AXE = """async () => {
    const {violations} = await axe.run(document, {resultTypes: ["violations"]})
    return violations
        .filter(one => ["serious", "critical"].includes(one.impact))
        .flatMap(one => one.nodes.map(node => `${one.id}: ${node.target.join(" ")}`))
}"""

_TRY = """() => {
    document.body.append(Object.assign(document.createElement("script"), {textContent: "window.hit = 1"}))
    document.body.append(Object.assign(new Image(), {src: "https://evil.example/i.png"}))
}"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pack") / "review-2026-10.html"
    path.write_bytes(drawn(frozen.full()))
    return path


def opened(browser: Browser, file: Path, wrong: list[str], **context: object) -> tuple[BrowserContext, Page]:
    """The page in a fresh profile without a network; what goes wrong, and what it asks for beside itself, is kept."""
    made = browser.new_context(offline=True, **context)  # type: ignore[arg-type]
    made.on("request", lambda one: None if one.url.startswith(("data:", file.as_uri())) else wrong.append(one.url))
    page = made.new_page()
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type != "log" else None)
    page.goto(file.as_uri())
    return made, page


def test_it_opens_offline_sorts_searches_and_tells_by_keyboard(browser: Browser, file: Path) -> None:
    wrong: list[str] = []
    context, page = opened(browser, file, wrong, viewport={"width": 1440, "height": 900})

    risks = page.locator("#risks .listing")
    cost = risks.locator("thead th", has_text="Expected a year")
    cost.get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    worst = risks.locator("tbody tr").first.locator("td.number").last.get_attribute("data-value")
    last = risks.locator("tbody tr").last.locator("td.number").last
    assert (cost.get_attribute("aria-sort"), worst) == ("descending", repr(1_000_000.0 / 2))
    assert last.get_attribute("data-value") is None

    risks.get_by_role("searchbox").fill("R-12 platform")
    assert risks.locator("tbody tr:visible").count() == 1
    assert risks.locator(".count").inner_text() == "1 of 30 rows"

    page.locator("#headline .drawing:visible .nines-hit").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".tip").is_visible()
    assert "November 2025" in page.locator(".tip").inner_text()

    page.locator("#headline summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#headline .question").first.is_visible()

    page.locator("nav a[href='#risks']").click()
    expect(page.locator("nav a[href='#risks']")).to_have_attribute("aria-current", "true")
    context.close()
    assert wrong == []


def test_its_policy_is_in_force_and_no_text_of_it_runs(browser: Browser, file: Path) -> None:
    wrong: list[str] = []
    context, page = opened(browser, file, wrong)

    assert page.evaluate("window.hit") is None
    assert wrong == []
    page.evaluate(_TRY)
    page.wait_for_timeout(200)

    assert page.evaluate("window.hit") is None
    refused = [one for one in wrong if "violates the following Content Security Policy" in one]
    assert [name for name in ("script-src", "img-src") if not any(f"{name} " in one for one in refused)] == []
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_nothing_serious_stands_in_anybodys_way(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    file = tmp_path / "review.html"
    file.write_bytes(drawn(frozen.frozen(numbers={"": frozen.full().snapshot.numbers[""]})))
    wrong: list[str] = []
    context, page = opened(browser, file, wrong, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.evaluate(f"{files('axe_playwright_python').joinpath('axe.min.js').read_text(encoding='utf-8')}\n;0")

    assert page.evaluate(_AXE) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()
    assert wrong == []

"""Nines without a mouse: from the Overview to how a number is counted, and along the points of a chart."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader

_FOCUSED = """() => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    return at ? [at.getAttribute("aria-label"), at.innerText, at.getAttribute("class")].join(" | ") : ""
}"""
_MOST_STEPS = 60


def tab_to(page: Page, what: str, most: int = _MOST_STEPS) -> str:
    """Presses Tab until what has the focus matches; says what that is."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = str(page.evaluate(_FOCUSED))
        if re.search(what, focused, re.DOTALL):
            return focused
    raise AssertionError(f"{what} is not reached within {most} steps; the last was {focused}")


def test_from_the_overview_to_a_narrowed_chart_by_keys_alone(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)

    tab_to(page, r"Customer impact.*How is this counted")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Customer impact")
    reader.still()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    reader.go(full_app)
    tab_to(page, r"Incidents")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/incidents"))
    reader.still()
    first = tab_to(page, r"\d{4}\n.*nines-hit")
    expect(page.locator(".tip")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    third = str(page.evaluate(_FOCUSED))
    assert third != first
    month = third.splitlines()[0]
    expect(page.locator(".tip")).to_contain_text(month)
    page.keyboard.press("Enter")
    reader.still()

    assert f"period={month.replace(' ', '+')}" in page.url
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_have_count(0)


def test_a_chart_is_one_stop_of_the_tab_key(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/incidents")
    charts = page.locator(".drawing:visible .nines-chart")

    stops = [chart.locator(".nines-hit[tabindex='0']").count() for chart in charts.all()]

    assert len(stops) >= 4
    assert set(stops) == {1}

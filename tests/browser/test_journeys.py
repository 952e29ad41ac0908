"""The main journey of each page in a real browser: what its reader came for is one or two clicks away, and a link to it
shows the same."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Reader


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def table(page: Page, heading: str) -> Locator:
    """The table that has a column of this name."""
    return page.locator(".rows", has=page.locator("th", has_text=re.compile(f"^{heading}"))).last


def test_on_call_a_team_that_is_overloaded_narrows_the_page(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/on_call")
    first = table(page, "Team").locator(".open").first
    first.scroll_into_view_if_needed()
    name = first.inner_text().splitlines()[0]

    first.click()
    page.wait_for_url(re.compile("team="))
    reader.still()

    assert asked(page)["team"] == [name]
    expect(page.locator(".lead p").first).to_contain_text(re.compile("[a-z]"))
    expect(page.locator("svg.nines-chart").first).to_be_visible()


def test_change_a_deployment_that_went_wrong_leads_to_its_incident(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/change?period=Last+12+months")
    wrong = table(page, "What became of it")
    wrong.locator("th button", has_text="Incident").click()
    reader.still()

    wrong.locator(".open").first.click()
    page.wait_for_url(re.compile("/incident[?]"))
    reader.still()

    assert asked(page)["period"] == ["Last 12 months"], "the filters stay"
    expect(page.locator(".timeline")).to_be_visible()


def test_dr_tests_a_test_opens_with_its_whole_story(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/dr_tests?period=Last+12+months")
    first = table(page, "Test").locator(".open").first
    first.scroll_into_view_if_needed()
    name = first.inner_text()

    first.click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(name)
    reader.still()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_risks_a_cell_lists_its_risks_and_one_opens(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/risks")
    first = table(page, "Risk").locator(".open").first
    first.scroll_into_view_if_needed()
    name = first.inner_text().splitlines()[0]

    first.click()
    page.wait_for_url(re.compile("/risk[?]"))
    reader.still()

    expect(page.locator("h2", has_text=name).first).to_be_visible()


def test_a_service_is_found_by_its_name_and_everything_about_it_is_on_one_page(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/service")
    search = page.get_by_placeholder(re.compile("Search"))
    search.fill("checkout")
    search.press("Enter")
    reader.still()

    table(page, "Service").locator(".open").first.click()
    page.wait_for_url(re.compile("service="))
    reader.still()

    expect(page.locator(".tile").first).to_be_visible()
    expect(page.locator("h2", has_text="What hurts it")).to_be_visible()
    assert "heckout" in asked(page)["service"][0]


def test_slos_one_promise_opens_with_what_spent_its_budget(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/slos")
    first = table(page, "SLO").locator(".open").first
    first.scroll_into_view_if_needed()
    name = first.inner_text()

    first.click()
    page.wait_for_url(re.compile("slo="))
    reader.still()

    expect(page.locator("h2", has_text=name).first).to_be_visible()
    expect(page.locator("h2,h3", has_text=re.compile("spent", re.IGNORECASE)).first).to_be_visible()

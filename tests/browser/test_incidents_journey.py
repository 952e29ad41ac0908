"""Incidents and SLOs in a real browser: from the list to one incident, by link, reload and back; a phone, the dark."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader

OpenReader = Callable[..., Reader]
PAGES = ("/slos", "/incidents")


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def open_first(reader: Reader, home: str, path: str = "/incidents?period=Last+12+months") -> Page:
    """The page of the incident that the list shows first."""
    page = reader.go(home, path)
    page.locator(".rows .open").last.scroll_into_view_if_needed()
    page.locator(".rows", has=page.locator("th", has_text="Restored in")).locator(".open").first.click()
    page.wait_for_url(re.compile("/incident[?]"))
    reader.still()
    return page


def test_a_row_of_the_list_opens_the_incident_and_a_reload_keeps_it(reader: Reader, full_app: str) -> None:
    page = open_first(reader, full_app)
    title = page.locator(".lead h2").inner_text()
    named = asked(page)["incident"]

    page.reload()
    reader.still()

    assert asked(page)["incident"] == named
    assert asked(page)["period"] == ["Last 12 months"], "the filters stay"
    assert page.locator(".lead h2").inner_text() == title
    expect(page.locator(".timeline li")).to_have_count(5)


def test_a_link_to_an_incident_works_in_a_fresh_browser(open_reader: OpenReader, full_app: str) -> None:
    mine = open_reader()
    page = open_first(mine, full_app)
    link = page.url.removeprefix(full_app)

    theirs = open_reader()
    other = theirs.go(full_app, link)

    assert other.locator(".lead h2").inner_text() == page.locator(".lead h2").inner_text()
    assert other.locator(".timeline").inner_text() == page.locator(".timeline").inner_text()


def test_back_leads_to_the_list_as_it_was(reader: Reader, full_app: str) -> None:
    page = open_first(reader, full_app)

    page.go_back()
    page.wait_for_url(re.compile("/incidents"))
    reader.still()

    expect(page.locator(".lead p").first).to_contain_text("12 months to ")
    expect(page.locator(".tile")).to_have_count(8)


def test_the_way_back_on_the_page_leads_to_the_list(reader: Reader, full_app: str) -> None:
    page = open_first(reader, full_app)

    page.get_by_role("button", name="← Incidents").click()
    page.wait_for_url(re.compile("/incidents"))
    reader.still()

    assert "incident" not in asked(page)
    expect(page.locator(".tile")).to_have_count(8)


def test_the_list_is_searched_sorted_and_taken_away(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/incidents?period=Last+12+months")
    rows = page.locator(".rows", has=page.locator("th", has_text="Restored in"))

    rows.get_by_role("button", name="Restored in").click()
    reader.still()
    expect(rows.locator("th[aria-sort=ascending]")).to_contain_text("Restored in")
    assert len(taken(page)) > 1 + 20, "all rows, not one page of them"
    page.get_by_placeholder(re.compile("Search")).last.fill("refunds")
    page.keyboard.press("Enter")
    reader.still()
    expect(rows.locator("tbody tr").first).to_contain_text("efunds")
    heading, *found = taken(page)

    assert heading.startswith("Incident,Severity,Detected,Services,Restored in")
    assert found
    assert all("refunds" in line.casefold() for line in found), "what the search left, and no other row"


def taken(page: Page) -> list[str]:
    """The lines of the CSV that the last table of a page gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").last.click()
    return download.value.path().read_text(encoding="utf-8-sig").splitlines()


def test_a_bar_narrows_the_page_to_its_month(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/incidents")
    before = page.locator(".lead p").first.inner_text()
    bar = page.locator("[class*=st-key-plot_impact] .nines-hit:visible").nth(5)
    month = (bar.get_attribute("aria-label") or "").splitlines()[0]

    bar.hover()
    expect(page.locator(".tip")).to_contain_text(month)
    bar.click()
    reader.still()

    assert asked(page)["period"] == [month]
    assert page.locator(".lead p").first.inner_text() != before


def test_a_finger_reads_a_bar_before_it_narrows_the_page(open_reader: OpenReader, full_app: str) -> None:
    reader = open_reader(viewport={"width": 390, "height": 844}, has_touch=True)
    page = reader.go(full_app, "/incidents")
    bar = page.locator("[class*=st-key-plot_impact] .nines-hit:visible").nth(5)
    bar.scroll_into_view_if_needed()

    bar.tap()
    told = page.locator(".tip")
    expect(told).to_be_visible()
    assert "period" not in asked(page)
    box = told.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    bar.tap()
    reader.still()

    assert "period" in asked(page)


@pytest.mark.parametrize("wide", [390, 700, 1024, 1280, 1440, 1920])
def test_charts_fill_their_cards_with_text_that_can_be_read(open_reader: OpenReader, full_app: str, wide: int) -> None:
    page = open_reader(viewport={"width": wide, "height": 900}).go(full_app, "/incidents")

    sizes = page.locator(".drawing:visible").evaluate_all(
        """drawings => drawings.map(one => {
            const svg = one.querySelector("svg"), text = [...svg.querySelectorAll("text")]
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
            const room = one.parentElement.getBoundingClientRect()
            return {
                least: Math.min(...text.map(one => scale * one.getAttribute("font-size"))),
                most: Math.max(...text.map(one => scale * one.getAttribute("font-size"))),
                out: Math.max(...text.map(one => one.getBoundingClientRect().right - room.right)),
                share: svg.getBoundingClientRect().width / room.width,
            }
        })"""
    )

    assert len(sizes) >= 4
    assert min(size["least"] for size in sizes) >= 11
    assert max(size["most"] for size in sizes) <= 17.5
    assert max(size["out"] for size in sizes) <= 2
    assert min(size["share"] for size in sizes) >= 0.8


def test_a_row_of_the_promises_opens_the_slo_and_its_address_keeps_it(open_reader: OpenReader, full_app: str) -> None:
    mine = open_reader()
    page = mine.go(full_app, "/slos")
    name = page.locator(".rows .open").first.inner_text()
    page.locator(".rows .open").first.click()
    mine.still()
    expect(page.locator(".titled h2")).to_have_text(name)

    other = open_reader().go(full_app, page.url.removeprefix(full_app))
    expect(other.locator(".titled h2")).to_have_text(name)
    page.get_by_role("button", name="Show all SLOs").click()
    mine.still()

    expect(page.locator(".titled h2")).to_have_count(0)
    assert "slo" not in asked(page)


def test_a_cell_of_the_months_opens_that_slo_in_that_month(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/slos")

    page.locator(".heat tbody tr").nth(1).locator("button").nth(2).click()
    reader.still()

    assert "slo" in asked(page)
    assert "period" in asked(page)
    expect(page.locator(".titled h2")).to_be_visible()


def test_the_frozen_tile_leads_to_its_rows(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/slos")
    shown = page.locator("[data-kpi=frozen] .value").inner_text().split()[0]

    page.locator("[data-kpi=frozen] .how").click()
    dialog = page.get_by_role("dialog")

    expect(dialog.locator(".rows tfoot")).to_contain_text(f"{shown} of ")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_shows_tiles_two_abreast_and_scrolls_in_one_direction(
    open_reader: OpenReader, full_app: str, path: str
) -> None:
    page = open_reader(viewport={"width": 390, "height": 844}).go(full_app, path)

    first, second = (page.locator(".tile").nth(at).bounding_box() for at in (0, 1))
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", PAGES)
def test_the_dark_theme_reaches_tiles_and_charts(open_reader: OpenReader, full_app: str, path: str) -> None:
    page = open_reader(color_scheme="dark").go(full_app, path)

    ground = "element => getComputedStyle(element).backgroundColor"
    assert page.locator(".tile").first.evaluate(ground) == "rgb(24, 32, 48)"
    assert page.locator("[class*=st-key-plot_]").first.evaluate(ground) == "rgb(24, 32, 48)"


@pytest.mark.parametrize("path", ["/slos", "/incidents", "/incident?incident=INC-1"])
def test_an_empty_store_shows_how_to_begin(reader: Reader, empty_app: str, path: str) -> None:
    page = reader.go(empty_app, path)

    expect(page.locator(".welcome")).to_contain_text("Nothing here yet")

"""The Overview in a real browser: what a director does with it in a minute."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader

OpenReader = Callable[..., Reader]


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_first_screen_fits_a_laptop(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)

    expect(page.locator(".tile")).to_have_count(8)
    expect(page.locator(".lead p").first).to_contain_text("SLO")
    last_row = page.locator(".heat tbody tr").last.bounding_box()
    assert last_row is not None
    assert last_row["y"] + last_row["height"] <= 900


def test_period_and_tier_are_in_the_address_and_survive_a_reload(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)
    reader.choose("Period", "Last 12 months")
    reader.choose("Tier", "Tier 0")

    assert asked(page) == {"period": ["Last 12 months"], "tier": ["Tier 0"]}
    headline = page.locator(".lead p").first.inner_text()
    page.reload()
    reader.still()

    assert asked(page) == {"period": ["Last 12 months"], "tier": ["Tier 0"]}
    assert page.locator(".lead p").first.inner_text() == headline
    assert headline.startswith("12 months to ")


def test_a_link_shows_a_colleague_the_same(open_reader: OpenReader, full_app: str) -> None:
    mine = open_reader()
    page = mine.go(full_app)
    mine.choose("Period", "Last 6 months")
    mine.choose("Team", second_team(mine))
    link = page.url.removeprefix(full_app)

    theirs = open_reader()
    other = theirs.go(full_app, link)

    assert other.locator(".tile").all_inner_texts() == page.locator(".tile").all_inner_texts()


def second_team(reader: Reader) -> str:
    """The second team on offer."""
    reader.filters().get_by_role("combobox", name=re.compile("Team")).click()
    name = reader.page.get_by_role("option").nth(1).inner_text()
    reader.page.keyboard.press("Escape")
    return name


def test_choices_outlive_a_change_of_page_and_a_reload_there(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)
    reader.choose("Period", "Last 6 months")
    reader.choose("Tier", "Tier 0")

    page.get_by_role("link", name="SLOs").click()
    reader.still()

    assert urlsplit(page.url).path == "/slos"
    assert asked(page) == {"period": ["Last 6 months"], "tier": ["Tier 0"]}
    page.reload()
    reader.still()
    expect(page.get_by_test_id("stPopoverButton")).to_contain_text("Tier 0")
    page.get_by_role("link", name="Overview").click()
    reader.still()
    assert asked(page) == {"period": ["Last 6 months"], "tier": ["Tier 0"]}


def test_a_tile_leads_to_its_rows_and_back(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)
    shown = page.locator("[data-kpi=time_to_restore] .value").inner_text()

    page.locator("[data-kpi=time_to_restore] .how").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".rows tbody tr").first).to_be_visible()

    assert "median of" in dialog.locator(".counted").inner_text()
    foot = dialog.locator(".rows tfoot").inner_text()
    assert re.sub(r"\s", "", shown) in re.sub(r"\s", "", foot), "the rows add up to the tile"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".tile")).to_have_count(8)


def test_rows_are_sorted_searched_and_taken_away(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/?period=Last+12+months")
    page.locator("[data-kpi=customer_impact_minutes] .how").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".rows tbody tr").first).to_be_visible()

    dialog.get_by_role("button", name="Minutes").click()
    reader.still()
    expect(dialog.locator("th[aria-sort=ascending]")).to_contain_text("Minutes")
    name = dialog.locator(".rows tbody tr td").first.inner_text().split(":")[0]
    dialog.get_by_placeholder(re.compile("Search")).fill(name)
    page.keyboard.press("Enter")
    reader.still()
    expect(dialog.locator(".rows tbody tr").first).to_contain_text(name)
    with page.expect_download() as taken:
        dialog.get_by_role("button", name="CSV").click()

    text = taken.value.path().read_text(encoding="utf-8-sig")
    assert taken.value.suggested_filename.startswith("nines-customer_impact_minutes-")
    assert text.splitlines()[0].startswith("What,When,Id")


def test_a_cell_of_the_map_narrows_the_page_to_it(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)

    page.locator(".heat tbody tr").nth(1).locator("button").first.click()
    reader.still()

    assert asked(page)["tier"] == ["Tier 1"]
    assert "period" in asked(page)
    expect(page.locator(".heat tbody tr")).to_have_count(1)
    page.go_back()
    reader.still()
    expect(page.locator(".heat tbody tr")).to_have_count(4)


def test_a_tile_is_opened_by_the_keyboard(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app)

    page.locator("[data-kpi=major_incidents] .how").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_contain_text("Severity 1-2 incidents")


def test_junk_in_the_address_is_noted_and_taken_out(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/?period=%3Cimg%20src%3Dx%3E&tier=9&service=nobody")

    expect(page.get_by_text("which is not here").first).to_be_visible()
    assert asked(page) == {}
    expect(page.locator(".tile")).to_have_count(8)


def test_keys_in_the_address_become_words(reader: Reader, full_app: str) -> None:
    page = reader.go(full_app, "/?tier=0&against=year")

    assert asked(page) == {"tier": ["Tier 0"], "against": ["Same period last year"]}


def test_dark_follows_the_readers_system(open_reader: OpenReader, full_app: str) -> None:
    page = open_reader(color_scheme="dark").go(full_app)

    assert page.locator(".board").first.get_attribute("data-theme") == "dark"
    card = page.locator(".tile").first.evaluate("tile => getComputedStyle(tile).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", card)[:3]) < 80


def test_on_a_phone_tiles_stand_two_abreast_and_nothing_sticks_out(open_reader: OpenReader, full_app: str) -> None:
    page = open_reader(viewport={"width": 390, "height": 844}, has_touch=True).go(full_app)

    first, second, third = (page.locator(".tile").nth(at).bounding_box() for at in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first["y"] == second["y"]
    assert third["y"] > first["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_empty_store_says_what_to_bring(reader: Reader, empty_app: str) -> None:
    page = reader.go(empty_app)

    expect(page.get_by_text("nines demo")).to_be_visible()
    expect(page.get_by_text("nines import incidents.csv services.csv")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/slos?tier=Tier+0"])
def test_a_deep_link_opens_the_frame_too(reader: Reader, full_app: str, path: str) -> None:
    page = reader.go(full_app, path)

    expect(page.get_by_text("Robin Reader")).to_be_visible()
    expect(page.get_by_test_id("stPopoverButton")).to_contain_text("compared with")

"""Files brought in by hand, in a real browser: see what they would change, import, see what was set aside."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader, Serve

GOOD = (
    "N1,<img src=x onerror=alert(1)> ![x](http://outside.example/x.png),1,2026-10-05T08:00:00Z,2026-10-05T09:00:00Z\n"
)
BAD = "N2,Bad severity,9,2026-10-06T08:00:00Z,\n"
HEADER = "incident,title,severity,detected_at,resolved_at\n"


@pytest.fixture(scope="module")
def fresh_app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the app on a store of this journey alone."""
    return serve(f"sqlite:///{tmp_path_factory.mktemp('upload')}/nines.db")


@pytest.fixture
def chosen(tmp_path: Path) -> Path:
    """A fact file with a good and a bad row."""
    path = tmp_path / "incidents-2026-10.csv"
    path.write_text(HEADER + GOOD + BAD, encoding="utf-8")
    return path


def open_page(reader: Reader, home: str) -> Page:
    page = reader.go(home)
    page.get_by_role("link", name="Data health").click()
    reader.page.wait_for_url(re.compile("data_health"))
    return reader.still()


def choose(reader: Reader, path: Path) -> Page:
    reader.page.locator("input[type=file]").set_input_files(path)
    expect(reader.page.locator(".upload")).to_be_visible()
    return reader.still()


def test_a_file_is_previewed_imported_and_told_about(reader: Reader, fresh_app: str, chosen: Path) -> None:
    page = open_page(reader, fresh_app)
    expect(page.locator(".lead")).to_contain_text("nothing to believe yet")

    choose(reader, chosen)
    preview = page.locator(".upload")
    expect(preview).to_contain_text("1 incident would be new, 1 row would be set aside")
    expect(preview).to_contain_text("severity is above 5")
    expect(preview).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("img[src=x]")).to_have_count(0)
    page.get_by_role("button", name="Import 1 fact, set 1 aside").click()
    receipt = page.locator(".receipt")
    expect(receipt).to_contain_text("Import 1 is done: 1 new; 1 set aside")
    reader.still()
    expect(page.locator(".lead")).to_contain_text("Data reaches to 5 Oct")
    expect(page.locator("[data-testid=stFileUploaderFile]")).to_have_count(0)

    receipt.get_by_role("button", name="See what was set aside").click()
    reader.still()
    row = page.locator(".rows tbody tr").first
    expect(row).to_contain_text("incidents-2026-10.csv")
    expect(row).to_contain_text("severity is above 5")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download 1 row to mend").click()
    mended = taken.value.path().read_text(encoding="utf-8").replace(",9,", ",3,", 1)

    page.get_by_text("Upload", exact=True).click()
    reader.still()
    again = chosen.with_name(taken.value.suggested_filename)
    again.write_text(mended, encoding="utf-8")
    choose(reader, again)
    page.get_by_role("button", name="Import 1 fact").click()
    expect(page.locator(".receipt")).to_contain_text("Import 2 is done: 1 new")
    reader.still()
    expect(page.locator(".lead")).to_contain_text("nothing is set aside")

    page.get_by_role("button", name="Put this away").click()
    reader.still()
    page.get_by_text("Imports", exact=True).click()
    reader.still()
    expect(page.locator(".rows tbody tr")).to_have_count(2)
    page.locator(".rows tbody tr").last.locator(".open").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Robin Reader")
    expect(dialog).to_contain_text("severity is above 5")


def test_a_file_that_means_nothing_is_refused_in_a_sentence(reader: Reader, fresh_app: str, tmp_path: Path) -> None:
    open_page(reader, fresh_app)
    reader.page.get_by_text("Upload", exact=True).first.click()
    reader.still()
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")

    choose(reader, path)

    expect(reader.page.locator(".refused")).to_contain_text("notes.csv is named after no entity")
    expect(reader.page.get_by_role("button", name="Import")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(open_reader: Callable[..., Reader], full_app: str, scheme: str) -> None:
    reader = open_reader(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=scheme)
    reader.go(full_app)
    page = reader.page
    page.locator(".head .fresh").click()
    page.wait_for_url(re.compile("data_health"))
    reader.still()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in ("Set aside", "Quality", "Imports", "Upload"):
        page.get_by_text(part, exact=True).first.click()
        reader.still()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, part

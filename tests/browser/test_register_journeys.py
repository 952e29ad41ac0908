"""The risk register by people at browsers: two on the same risk, a reload half-way, keys alone, a hostile title."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import Engine

from app import ingest
from app.people import local
from app.store import register_reads
from app.store.engine import open_store, reading
from tests.browser.conftest import Reader, Serve
from tests.browser.test_keyboard import tab_to
from tests.pages.forms import EVIL, FACTS, RISK

ONE = "/risk?risk=R1&source=file"


class Register(NamedTuple):
    """A register that one server shows."""

    home: str
    engine: Engine


@pytest.fixture(scope="module")
def register(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Register:
    folder = tmp_path_factory.mktemp("register")
    for name, said in FACTS.items():
        (Path(folder) / name).write_text(said, encoding="utf-8")
    url = f"sqlite:///{folder}/nines.db"
    engine = open_store(url)
    ingest.run(engine, [folder / name for name in FACTS], by=local("ann"))
    return Register(serve(url), engine)


def form(page: Page, opener: str) -> None:
    page.get_by_role("button", name=opener, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Save|Keep|Enter|Start anew")).first.wait_for()


def write(page: Page, label: str, said: str) -> None:
    box = page.get_by_role("dialog").get_by_role("textbox", name=label, exact=True)
    box.fill(said)
    box.blur()


def save(reader: Reader, name: str = "Save") -> None:
    reader.still()
    reader.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    reader.still()


def test_the_second_of_two_who_save_sees_both_sides_and_both_stay_in_the_history(
    register: Register, open_reader: Callable[..., Reader]
) -> None:
    first, second = open_reader(), open_reader()
    for reader in (first, second):
        reader.go(register.home, ONE)
        form(reader.page, "Edit")
    write(first.page, "Title", "By the first")
    save(first)
    expect(first.page.get_by_role("dialog")).to_have_count(0)
    expect(first.page.get_by_role("heading", name="By the first")).to_be_visible()

    write(second.page, "Title", "By the second")
    write(second.page, "Owner", "second@example.com")
    save(second)

    dialog = second.page.get_by_role("dialog")
    expect(dialog).to_contain_text("while you were writing")
    row = dialog.get_by_role("row", name=re.compile("Title"))
    expect(row).to_contain_text(re.compile("One provider.*By the second.*By the first", re.DOTALL))
    dialog.get_by_text("Keep yours").click()
    save(second, "Save what you chose")
    expect(second.page.get_by_role("heading", name="By the second")).to_be_visible()

    with reading(register.engine) as conn:
        told = register_reads.story(conn, RISK, datetime.now(UTC))
    assert told is not None
    assert [(one.version, one.fields["title"]) for one in told.changes[:2]] == [
        (3, ("By the first", "By the second")),
        (2, ("One provider", "By the first")),
    ]
    assert [one.new["title"] for one in told.audit[:2]] == ["By the second", "By the first"]
    expect(second.page.get_by_text("History: 2 entries")).to_be_visible()


def test_what_is_typed_survives_a_reload_and_a_hostile_title_is_text(register: Register, reader: Reader) -> None:
    page = reader.go(register.home, "/risk?risk=R2&source=file")
    form(page, "Edit")
    write(page, "Title", EVIL)
    expect(page.get_by_text("Kept as your draft")).to_be_visible()

    page.reload()
    reader.still()
    form(page, "Edit")
    page.get_by_role("button", name=re.compile("Continue your draft of")).click()
    reader.still()
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Title", exact=True)).to_have_value(EVIL)
    save(reader)

    expect(page.get_by_role("heading", name=EVIL)).to_be_visible()
    assert page.locator("img[src='x']").count() == 0
    reader.go(register.home, "/risks")
    expect(page.get_by_text(EVIL).locator("visible=true").first).to_be_visible()
    assert page.locator("img[src='x']").count() == 0


def test_a_risk_is_entered_and_rated_by_keys_alone(register: Register, reader: Reader) -> None:
    page = reader.go(register.home, "/risks")
    tab_to(page, r"^ \| add\s+New risk")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    reader.still()
    tab_to(page, r"^Title \|")
    page.keyboard.type("Flood of the cellar")
    tab_to(page, r"^Category \|")
    choose(page, "security")
    tab_to(page, r"^Likelihood now \|")
    choose(page, "2")
    tab_to(page, r"^Impact now \|")
    choose(page, "4")
    tab_to(page, r"^ \| Enter it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    reader.still()

    reader.go(register.home, "/risk?risk=R-0001")
    tab_to(page, r"^ \| speed\s+Assess")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    reader.still()
    tab_to(page, r"^Likelihood now \|")
    choose(page, "5")
    expect(page.get_by_role("dialog")).to_contain_text("Level 20 (very high), above the appetite of 12; it was 8")
    tab_to(page, r"^Why \|")
    page.keyboard.type("It rains")
    tab_to(page, r"^ \| Keep the rating")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    reader.still()

    expect(page.get_by_text("Rated 2 times: 8 → 20")).to_be_visible()


def test_rows_are_ticked_and_changed_by_keys_alone(register: Register, reader: Reader) -> None:
    page = reader.go(register.home, "/risks")
    tab_to(page, r"^Choose all that are shown \|")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Choose all that are shown")).to_be_checked()
    reader.still()
    tab_to(page, r"^ \| checklist\s+Change the \d chosen", 150)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    reader.still()
    tab_to(page, r"^Add a tag \|")
    page.keyboard.type("by keys")
    page.keyboard.press("Tab")
    expect(page.get_by_role("dialog")).to_contain_text("Tags: blank → by keys")
    reader.still()
    tab_to(page, r"^ \| Change all of them")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_have_count(0)
    with reading(register.engine) as conn:
        listed = register_reads.listed(conn, datetime.now(UTC))
    tags = {one.entry.tags for one in listed if one.key.source == RISK.source}
    assert tags == {("by keys",)}


def choose(page: Page, said: str) -> None:
    page.keyboard.type(said)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)


def test_a_finding_is_mended_where_the_register_tells_it(register: Register, reader: Reader) -> None:
    page = reader.go(register.home, "/risks")
    page.get_by_text("whose review is overdue").click()
    page.get_by_role("button", name=re.compile("^Review it: ")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="What you found").fill("Looked at, all stands")
    dialog.get_by_role("textbox", name="What you found").blur()

    save(reader, "Keep the review")

    expect(dialog).to_have_count(0)
    expect(page.get_by_text("whose review is overdue")).to_have_count(0)
    with reading(register.engine) as conn:
        told = register_reads.story(conn, RISK, datetime.now(UTC))
    assert told is not None
    assert told.reviews[0].note == "Looked at, all stands"

"""A whole review by somebody at a browser: plan, prepare, comment, freeze, run by keys, decide, ask, close, export; the
next one opens with what is open. Facts that come late change nothing that was frozen, and are told next time."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import Engine

from app import ingest
from app.charts import wording
from app.metrics.periods import Period, containing
from app.people import Person, Role, local
from app.review.freeze import restatements
from app.store import reviews
from app.store.engine import open_store, reading, writing
from tests import filled
from tests.browser.conftest import Reader, Serve

APPROVER = Person("Eve Approver", frozenset({Role.APPROVER}))
STEPS = 9
SOON = datetime.now(UTC).date() + timedelta(days=60)


class Company(NamedTuple):
    """The demo organisation, which one server shows."""

    home: str
    engine: Engine
    month: Period
    """The last complete one."""


@pytest.fixture(scope="module")
def company(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Company:
    today = datetime.now(UTC).date()
    url = filled.demo_store(tmp_path_factory.mktemp("review"), today)
    return Company(serve(url), open_store(url), containing(today, "month").previous())


def click(reader: Reader, name: str | re.Pattern[str], *, within: str | None = None) -> None:
    place = reader.page.get_by_role("dialog") if within == "dialog" else reader.page
    place.get_by_role("button", name=name, exact=isinstance(name, str)).first.click()
    reader.still()


def write(page: Page, label: str, said: str) -> None:
    box = page.get_by_role("dialog").get_by_role("textbox", name=label, exact=True)
    box.fill(said)
    box.blur()


def choose(reader: Reader, label: str, option: str | re.Pattern[str]) -> None:
    box = reader.page.get_by_role("dialog").get_by_role("combobox", name=re.compile(label)).first
    box.click()
    reader.page.get_by_role("option", name=option).first.click()
    reader.still()


def on(reader: Reader, label: str, day: date) -> None:
    """Types a day, part by part as the field has it."""
    group = reader.page.get_by_role("dialog").get_by_role("group", name=label, exact=True)
    for part, said in (("year", f"{day.year:04}"), ("month", f"{day.month:02}"), ("day", f"{day.day:02}")):
        group.get_by_role("spinbutton", name=re.compile(part)).click()
        reader.page.keyboard.type(said)
    reader.page.keyboard.press("Tab")
    reader.still()


def turn(reader: Reader, key: str) -> str:
    """Presses a key; the step that then stands there."""
    before = reader.page.get_by_role("heading", level=1).inner_text()
    reader.page.keyboard.press(key)
    expect(reader.page.get_by_role("heading", level=1)).not_to_have_text(before)
    reader.still()
    return reader.page.get_by_role("heading", level=1).inner_text()


def exported(page: Page, month: Period) -> dict[str, bytes]:
    """The four files of the pack, as the page gives them."""
    made = {}
    for words, ending in (("Slides", "pptx"), ("PDF", "pdf"), ("Workbook", "xlsx"), ("One HTML file", "html")):
        with page.expect_download(timeout=60_000) as found:
            page.get_by_role("button", name=words).click()
        assert found.value.suggested_filename == f"review-{month.key}.{ending}"
        made[ending] = found.value.path().read_bytes()
    return made


def test_a_review_is_played_from_plan_to_close_and_the_next_one_opens_with_what_is_open(
    company: Company, reader: Reader, tmp_path: Path
) -> None:
    page, month = reader.page, company.month
    in_words = wording.period(month.key)
    reader.go(company.home, "/review")
    click(reader, f"Plan the review of {in_words}")
    write(page, "Who chairs it", "Robin Reader")
    click(reader, "Plan it", within="dialog")
    expect(page.get_by_role("heading", name=f"Review of {in_words}")).to_be_visible()

    click(reader, "Begin the preparation")
    click(reader, re.compile("^Comment: "))
    write(page, "What the meeting should know", "The vendor has a fix for this.")
    click(reader, "Keep it", within="dialog")
    expect(page.get_by_text("The vendor has a fix for this.")).to_be_visible()
    click(reader, "Who is invited")
    box = page.get_by_role("dialog").get_by_role("combobox", name=re.compile("Owners"))
    for name in ("Xiomara", "Quentin"):
        box.fill(name)
        box.press("Enter")
    box.press("Tab")
    reader.still()
    click(reader, "Save", within="dialog")

    page.get_by_role("button", name="Freeze the numbers").click()
    expect(page.get_by_text("The numbers are frozen.")).to_be_visible(timeout=90_000)
    click(reader, re.compile("Start the meeting"))
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert page.get_by_role("heading", level=1).inner_text() == "Headline"
    assert turn(reader, "ArrowRight") == "Decisions and actions of last time"
    assert turn(reader, "PageDown") == "SLOs and error budgets"
    page.reload()
    reader.still()
    assert page.get_by_role("heading", level=1).inner_text() == "SLOs and error budgets", "a reload keeps the step"
    assert turn(reader, "PageUp") == "Decisions and actions of last time"
    assert turn(reader, "ArrowRight") == "SLOs and error budgets"

    click(reader, "Note")
    write(page, "SLOs and error budgets", "Two vendors were late.")
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("heading", level=1).inner_text() == "SLOs and error budgets", "keys in a field write"
    click(reader, "Keep it", within="dialog")
    expect(page.get_by_text("Two vendors were late.")).to_be_visible()
    click(reader, "Set an error budget aside")
    choose(reader, "SLO", re.compile("Checkout"))
    write(page, "What is decided", "Checkout ships its fix")
    write(page, "Why", "The fix is the cure.")
    on(reader, "Until the end of", SOON)
    click(reader, "Keep the decision", within="dialog")
    expect(page.get_by_text("to be signed")).to_be_visible()
    with reading(company.engine) as conn:
        (waiting,) = reviews.decisions(conn)
    with writing(company.engine) as conn:
        reviews.sign_decision(conn, APPROVER, waiting.id, waiting.version)

    for _ in range(STEPS - 3):
        last = turn(reader, "ArrowRight")
    assert last == "Decisions and actions"
    expect(page.get_by_text("in force")).to_be_visible()
    click(reader, "Ask for an action")
    write(page, "What is to be done", "Write the runbook")
    click(reader, "Ask for it", within="dialog")
    expect(page.get_by_text("“Write the runbook” has no owner and no due date.")).to_be_visible()
    expect(page.get_by_role("button", name="Close the review")).to_be_disabled()
    click(reader, "Change: Write the runbook")
    write(page, "Who does it", "Ben")
    on(reader, "Due", SOON)
    click(reader, "Save", within="dialog")
    click(reader, "Say it now")
    choose(reader, "Present", "Xiomara")
    page.keyboard.press("Tab")
    click(reader, "Save", within="dialog")
    click(reader, re.compile("Close the review"))
    expect(page.get_by_text("The minutes are kept as they are.")).to_be_visible()
    packs = exported(page, month)

    following = month.previous(-1)
    with writing(company.engine) as conn:
        made = reviews.open_(conn, Person("Robin Reader", frozenset({Role.EDITOR})), following.key)
        assert made.state == "planned"
    reader.go(company.home, f"/review?review={following.key}")
    expect(page.get_by_role("heading", name="Last time: decisions and actions of earlier reviews")).to_be_visible()
    click(reader, "It is done: Write the runbook")
    click(reader, "It is done", within="dialog")
    expect(page.get_by_text(re.compile("done on"))).to_be_visible()

    late = f"late-1,The late one,1,{month.first}T10:00:00Z,{month.first}T14:00:00Z,checkout\n"
    (tmp_path / "incidents.csv").write_text(f"incident,title,severity,detected_at,mitigated_at,services\n{late}")
    ingest.run(company.engine, [tmp_path / "incidents.csv"], by=local("robin"))

    reader.go(company.home, f"/review?review={month.key}")
    assert exported(page, month) == packs, "not a byte of the pack is another one"
    reader.go(company.home, f"/review?review={following.key}")
    click(reader, "Begin the preparation")
    with reading(company.engine) as conn:
        moved = [one for one in restatements(conn, following.key) if not one.group]
    expect(page.get_by_text("Restated since they were frozen")).to_be_visible(timeout=60_000)
    rows = page.get_by_role("row").filter(has_text="1 fact came late.").filter(has_text="organisation")
    assert [row.get_by_role("cell").nth(1).inner_text() for row in rows.all()] == [one.name for one in moved]
    assert "Severity 1-2 incidents" in [one.name for one in moved]

"""The page of reviews: what each state shows, and each of its forms with good and bad input."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from app.metrics.review_records import AGENDA, Attendee
from app.people import Person, Role
from app.store import reviews
from app.store.engine import reading, writing
from app.ui import read, who
from tests.filled import app, boards
from tests.pages.forms import ANA, EVIL, click, fill, opened, told, wrong
from tests.pages.review_pages import EVE, OCTOBER, begin, holding, offered, page, preparing, store

DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return store(tmp_path, monkeypatch)


def test_a_store_without_facts_says_what_a_review_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")

    at = page()

    assert "No review yet" in told(at)
    assert offered(at) == {"review_plan"}


def test_a_review_is_planned_once_and_opens(shop: Engine) -> None:
    at = click(begin(page(), "review_plan", period=""), "save")
    assert "Choose the month or quarter." in wrong(at)
    click(fill(at, period=OCTOBER, chair="Ana"), "save")

    assert not opened(at)
    with reading(shop) as conn:
        found = reviews.review(conn, OCTOBER)
    assert found is not None
    assert (found.chair, found.state) == ("Ana", "planned")
    at = page(OCTOBER)
    assert "Review of October 2026" in told(at)
    click(at, "review_prepare")
    assert "In preparation" in told(at)


def test_the_preparation_asks_about_exceptions_and_keeps_comments_with_them(shop: Engine) -> None:
    preparing(shop)
    at = page(OCTOBER)
    assert "“Fix the pump” was due on 20 Oct 2026." in told(at), "mine comes first"
    assert "Error budget" not in told(at)
    at.session_state[f"review_whose_{OCTOBER}"] = "Everybody's"
    at.run()
    assert "Shop answers has spent its error budget" in told(at)

    at = click(begin(at, "review_comment", ("actions:file/a1", "“Fix the pump” was due.")), "save")
    assert "The comment is missing." in wrong(at)
    click(fill(at, text=EVIL), "save")

    assert not opened(at)
    assert EVIL in told(at), "shown as it was typed"


def test_chair_day_and_agenda_are_changed(shop: Engine) -> None:
    preparing(shop)
    at = click(fill(begin(page(OCTOBER), "review_change"), agenda=[]), "save")
    assert "The agenda is empty" in wrong(at)

    click(fill(at, agenda=["decisions", "slos"], chair="Bo"), "save")

    with reading(shop) as conn:
        found = reviews.review(conn, OCTOBER)
    assert found is not None
    assert (found.chair, found.agenda) == ("Bo", ("slos", "decisions")), "in the template's order"


def test_who_is_invited_and_who_came(shop: Engine) -> None:
    preparing(shop)
    at = click(fill(begin(page(OCTOBER), "review_invite"), owners=["Zoe", "Bo"], guests=["bo"]), "save")
    assert "is there twice" in wrong(at)
    click(fill(at, guests=["Chris"]), "save")
    click(fill(begin(at, "review_attend"), present=["Zoe", "Chris"]), "save")

    with reading(shop) as conn:
        assert [tuple(one) for one in reviews.people(conn, OCTOBER)] == [
            ("Zoe", True, True),
            ("Bo", True, False),
            ("Chris", False, True),
        ]


def test_two_who_invite_at_once_lose_nobody(shop: Engine) -> None:
    preparing(shop)
    at = fill(begin(page(OCTOBER), "review_invite"), owners=["Zoe"])
    with writing(shop) as conn:
        reviews.set_people(conn, Person("bo", frozenset({Role.EDITOR})), OCTOBER, 2, [Attendee("Chris", False, None)])
    click(at, "save")

    assert any("bo saved this" in one.value.replace("\\", "") for one in at.warning)
    with reading(shop) as conn:
        assert [one.name for one in reviews.people(conn, OCTOBER)] == ["Chris"]


def test_freezing_leads_to_the_meeting_which_shows_frozen_numbers_step_by_step(shop: Engine) -> None:
    preparing(shop)
    at = click(page(OCTOBER), "review_freeze")
    assert any("The numbers are frozen" in one.value for one in at.markdown)
    assert {one.proto.label for one in at.get("download_button")} == {"Slides", "PDF", "Workbook", "One HTML file"}
    click(at, "review_hold")
    for step, words in AGENDA.items():
        at = page(OCTOBER, step)
        said = told(at)
        assert words in said
        assert "Ask for an action" in said
        assert "How counted?" not in said, "what is frozen leads to no live number"
        assert ">Next</button>" in boards(at)["meeting_bar"]
    assert {"review_note", "review_decide", "review_ask"} <= offered(at)


def test_what_was_noted_meanwhile_is_not_overwritten(shop: Engine) -> None:
    holding(shop)
    at = fill(begin(page(OCTOBER, "slos"), "review_note", "slos"), text="Mine")
    with writing(shop) as conn:
        reviews.note(conn, Person("bo", frozenset({Role.EDITOR})), OCTOBER, "slos", 0, "Theirs")
    click(at, "save")
    assert any("while you were writing" in one.value for one in at.warning)
    fill(at, choose_text="mine")
    click(at, "form_chosen")

    with reading(shop) as conn:
        (kept,) = reviews.notes(conn, OCTOBER)
    assert (kept.text, kept.version) == ("Mine", 2)


def test_a_budget_exception_is_decided_signed_and_seen_on_the_slos_page(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding(shop)
    until = read.now().date() + 30 * DAY
    at = begin(page(OCTOBER, "slos"), "review_decide", ("slos", "budget_exception"))
    click(fill(at, what="Ship anyway"), "save")
    said = wrong(at)
    assert "The reason is missing." in said
    assert "The last day is missing" in said
    click(fill(at, why="A law.", subject="up", until=until), "save")
    assert not opened(at)
    assert "to be signed" in told(at)
    assert "decision_sign" not in offered(at), "not by who wrote it down"

    monkeypatch.setattr(who, "person", lambda: EVE)
    at = page(OCTOBER, "slos")
    assert "decision_sign" in offered(at)
    click(begin(at, "decision_sign", 1), "save")
    assert "in force" in told(at)
    slos = app().run().switch_page("../pages/slos.py").run()
    assert "exception" in told(slos)


def test_a_risk_is_accepted_from_the_meeting(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    holding(shop)
    until = read.now().date() + 30 * DAY
    at = begin(page(OCTOBER, "risks"), "review_decide", ("risks", "acceptance"))
    click(fill(at, what="We bear it", why="Too dear.", until=until, subject="file/R1"), "save")
    assert not opened(at)
    monkeypatch.setattr(who, "person", lambda: EVE)
    click(begin(page(OCTOBER, "risks"), "decision_sign", 1), "save")

    with reading(shop) as conn:
        from app.store import register_reads
        from tests.pages.forms import RISK

        entry = register_reads.entry(conn, RISK)
    assert entry is not None
    assert (entry.entry.accepted_by, entry.entry.accepted_until) == (EVE.name, until)


def test_decisions_and_actions_are_kept_changed_done_and_dropped(shop: Engine) -> None:
    holding(shop)
    soon = read.now().date() + 10 * DAY
    at = begin(page(OCTOBER, "decisions"), "review_decide", ("decisions",))
    click(fill(at, what="Mondays only", why="Calm.", due=soon), "save")
    click(fill(begin(at, "decision_edit", 1), what=""), "save")
    assert "What is decided is missing." in wrong(at)
    click(fill(at, what="Tuesdays only"), "save")
    at = click(begin(at, "review_ask", "decisions"), "save")
    assert "The title is missing." in wrong(at)
    click(fill(at, title="Write the runbook"), "save")
    assert "“Write the runbook” has no owner and no due date." in told(at)
    assert at.button(key="review_close").disabled
    key = ("app", f"{OCTOBER}-R1")
    click(fill(begin(at, "action_edit", key), owner="Bo", due_on=soon), "save")
    assert not at.button(key="review_close").disabled
    click(at, "review_close")

    assert "Closed" in told(at)
    at = click(begin(at, "action_drop", key), "save")
    assert "The reason is missing." in wrong(at)
    click(fill(at, why="Bought one."), "save")
    click(begin(at, "decision_finish", 1), "save")
    assert "Dropped: Bought one." in told(at)
    with writing(shop) as conn:
        reviews.open_(conn, ANA, "2026-11")
    said = told(page("2026-11"))
    assert "Last time" in said
    assert "Tuesdays only" in said
    assert "Write the runbook" in said


def test_reopening_takes_a_reason(shop: Engine) -> None:
    holding(shop)
    at = click(begin(page(OCTOBER), "review_reopen"), "save")
    assert "The reason is missing." in wrong(at)

    click(fill(at, why="Pages came late."), "save")

    assert "In preparation" in told(at)


def test_viewers_read_only(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    holding(shop)
    monkeypatch.setattr(who, "person", lambda: Person("vic", frozenset({Role.VIEWER})))

    for at in (page(), page(OCTOBER), page(OCTOBER, "slos"), page(OCTOBER, "decisions")):
        assert offered(at) == set()
        assert not {one.key for one in at.button} & {"review_close", "review_freeze", "review_hold", "review_prepare"}
    assert page(OCTOBER).get("download_button"), "whoever may read may have the pack"


def test_an_address_of_no_review_says_so(shop: Engine) -> None:
    assert "There is no review of 2020-01." in told(page("2020-01"))

"""The forms of one risk: each with good and bad input, against somebody else's change, and by role."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from app.people import Person, Role
from app.store import drafts, register, register_acceptances
from app.store.engine import writing
from app.ui import read, who
from tests.pages import forms
from tests.pages.forms import ANA, BO, EVIL, RISK, click, fill, held, one, opened, story, told, wrong


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return forms.store(tmp_path, monkeypatch)


def test_a_risk_is_edited_and_its_history_says_by_whom(store: Engine) -> None:
    at = fill(click(one(), "do_edit"), title="Two providers", owner=" ", services=["shop", "mail"])

    click(at, "save")
    assert opened(at)
    assert "The owner is missing." in wrong(at)
    assert next(w for w in at.text_input if w.label == "Title").value == "Two providers", "nothing typed is lost"
    assert held(store).version == 1

    click(fill(at, owner="cto@example.com", tags=["cards"]), "save")

    assert not opened(at)
    assert "R1 is saved" in at.toast[0].value
    entry = held(store).entry
    assert (entry.title, entry.owner, entry.services, entry.tags) == (
        "Two providers", "cto@example.com", ("shop", "mail"), ("cards",),
    )  # fmt: skip
    assert story(store).changes[0].by == "ana@example.com"
    assert "Two providers" in told(at)


def test_money_changes_with_a_reason_alone(store: Engine) -> None:
    at = fill(click(one(), "do_edit"), events_per_year_low=1.0, events_per_year_high=2.0, loss_low=10.0)

    click(at, "save")
    assert "Say why the rating changes" in wrong(at)
    assert "state both ends of the range" in wrong(at)

    click(fill(at, loss_high=20.0, why="From the ledger"), "save")
    assert held(store).entry.loss_high == 20.0
    assert story(store).assessments[0].why == "From the ledger"


def test_a_rating_says_its_level_while_it_is_typed_and_needs_a_reason(store: Engine) -> None:
    at = fill(click(one(), "do_assess"), likelihood=2)

    said = " ".join(each.value for each in at.markdown).replace("\\", "")
    assert "Level 8 (moderate), within the appetite of 12; it was 16 (high)" in said
    click(at, "save")
    assert "The reason is missing." in wrong(at)

    click(fill(at, why="A second provider is live"), "save")

    assert (held(store).entry.likelihood, story(store).assessments[0].why) == (2, "A second provider is live")


def test_a_review_proposes_the_next_day_by_its_level(store: Engine) -> None:
    at = click(one(), "do_review")
    due = next(w for w in at.date_input if w.label == "Next review").value
    click(at, "save")
    assert "The note is missing." in wrong(at)

    click(fill(at, note="Nothing new"), "save")

    assert held(store).entry.review_on == due
    assert story(store).reviews[0].note == "Nothing new"


def test_a_review_further_away_than_the_policy_allows_is_refused(store: Engine) -> None:
    at = fill(click(one(), "do_review"), note="All well", next_on=read.now().date() + timedelta(300))

    click(at, "save")

    assert "choose a day between" in wrong(at)
    assert held(store).version == 1


def test_an_acceptance_is_proposed_and_signed_by_somebody_else_alone(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Person("ana@example.com", frozenset({Role.EDITOR, Role.APPROVER}))
    monkeypatch.setattr(who, "person", lambda: both)
    until = read.now().date() + timedelta(90)
    at = fill(click(one(), "do_propose"), reason="Too dear to mend this year")
    click(at, "save")
    assert "Say until when" in wrong(at)
    click(fill(at, valid_until=until), "save")

    keys = {each.key for each in at.button}
    assert "do_revoke" in keys, "their own request they may withdraw"
    assert not keys & {"do_approve", "do_decline", "do_propose"}
    assert any("nobody approves their own" in each.value for each in at.caption)

    monkeypatch.setattr(who, "person", lambda: BO)
    at = click(one(), "do_approve")
    assert "Too dear to mend this year" in " ".join(each.value for each in at.markdown)
    click(at, "save")

    assert (held(store).entry.accepted_by, held(store).entry.accepted_until) == ("bo@example.com", until)
    click(fill(click(at, "do_revoke"), why="It was too long"), "save")
    assert held(store).entry.accepted_by is None
    assert story(store).acceptances[0].state == "revoked"


def test_a_request_is_declined_with_a_reason(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(store) as conn:
        until = read.now().date() + timedelta(9)
        register_acceptances.propose(conn, ANA, RISK, 1, reason="x", valid_until=until)
    monkeypatch.setattr(who, "person", lambda: BO)
    at = click(click(one(), "do_decline"), "save")
    assert "The reason is missing." in wrong(at)

    click(fill(at, why="Mend it"), "save")

    assert story(store).acceptances[0].acceptance.declined_why == "Mend it"


def test_two_who_edit_the_same_see_both_sides_and_choose(store: Engine) -> None:
    at = fill(click(one(), "do_edit"), title="Mine", owner="mine@example.com", description="Only mine")
    with writing(store) as conn:
        register.edit(conn, BO, RISK, 1, {"title": "Theirs", "owner": "theirs@example.com", "category": "people"})

    click(at, "save")

    assert "bo@example.com saved this" in at.warning[0].value.replace("\\", "")
    assert "Title One provider Mine Theirs" in told(at)
    assert "Category third party unchanged people" in told(at)
    assert "Description blank Only mine unchanged" in told(at)
    assert held(store).version == 2
    click(at, "form_chosen")
    assert "Choose one of the two." in wrong(at)

    click(fill(at, choose_title="mine", choose_owner="theirs"), "form_chosen")

    assert not opened(at)
    entry = held(store).entry
    assert (entry.title, entry.owner, entry.category, entry.description) == (
        "Mine", "theirs@example.com", "people", "Only mine",
    )  # fmt: skip
    assert [(each.version, each.by) for each in story(store).changes[:2]] == [
        (3, "ana@example.com"),
        (2, "bo@example.com"),
    ]


def test_a_change_elsewhere_is_told_and_back_in_the_form_nothing_is_lost(store: Engine) -> None:
    at = fill(click(one(), "do_assess"), impact=2, why="Less at stake")
    with writing(store) as conn:
        register.edit(conn, BO, RISK, 1, {"title": "Theirs"})

    click(at, "save")
    assert "saving keeps both" in " ".join(each.value for each in at.markdown)
    click(at, "form_back")
    assert next(w for w in at.text_input if w.label == "Why").value == "Less at stake"
    click(at, "save")

    assert (held(store).entry.title, held(store).entry.impact) == ("Theirs", 2)


def test_what_was_typed_is_offered_again_to_who_typed_it_alone(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(click(one(), "do_edit"), title="Half typed", review_on=read.now().date() + timedelta(30))

    monkeypatch.setattr(who, "person", lambda: BO)
    assert not any("draft" in each.label for each in click(one(), "do_edit").button)
    monkeypatch.setattr(who, "person", lambda: Person("ANA@example.com", frozenset({Role.EDITOR})))
    at = click(one(), "do_edit")
    assert any("Continue your draft of" in each.label for each in at.button)
    click(at, "form_continue")
    assert next(w for w in at.text_input if w.label == "Title").value == "Half typed"

    click(at, "save")

    assert held(store).entry.title == "Half typed"
    assert drafts.found(store, "ana@example.com", f"edit:{RISK}", read.now()) is None


def test_a_draft_of_an_older_version_does_not_overwrite_what_came_after(store: Engine) -> None:
    fill(click(one(), "do_edit"), title="Half typed")
    with writing(store) as conn:
        register.edit(conn, BO, RISK, 1, {"title": "Theirs"})

    at = click(click(click(one(), "do_edit"), "form_continue"), "save")

    assert "Title One provider Half typed Theirs" in told(at)
    assert held(store).entry.title == "Theirs"


def test_a_draft_that_is_thrown_away_is_gone(store: Engine) -> None:
    at = fill(click(one(), "do_edit"), title="Half typed")

    click(at, "discard")

    assert not opened(at)
    assert not any("draft" in each.label for each in click(at, "do_edit").button)


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (Person("vera@example.com", frozenset({Role.VIEWER})), "takes the role editor"),
        (Person("eve@example.com", frozenset({Role.EDITOR}), products=frozenset({"post"})), ""),
    ],
)
def test_who_may_not_change_it_has_no_form(
    store: Engine, monkeypatch: pytest.MonkeyPatch, person: Person, said: str
) -> None:
    monkeypatch.setattr(who, "person", lambda: person)

    at = one()

    assert not at.exception
    assert not [each.key for each in at.button if (each.key or "").startswith("do_")]
    assert not said or any(said in each.value.replace("\\", "") for each in at.caption)


def test_a_hostile_title_is_text(store: Engine) -> None:
    at = click(fill(click(one(), "do_edit"), title=EVIL), "save")

    assert held(store).entry.title == EVIL
    assert EVIL in told(at)

"""What is done against a risk, changed, closed and cancelled by forms: good, bad, and meanwhile changed by another."""

from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app.metrics.risk_records import RiskKey, Treatment
from app.store import register_actions
from app.store.engine import writing
from app.ui.forms import Form, Opened
from app.ui.forms_risk import Subject
from app.ui.forms_row import FORMS, where
from tests.pages import forms
from tests.pages.forms import ANA, BO, RISK, click, fill, one, opened, story, told, wrong


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return forms.store(tmp_path, monkeypatch)


def test_changing_closing_and_cancelling_an_action_says_what_is_wrong_and_keeps_what_is_right(store: Engine) -> None:
    with writing(store) as conn:
        first, other = (register_actions.add(conn, ANA, RISK, {"title": name}).key for name in ("First", "Other"))
    at = on_action("change_action", first)
    assert "The title is missing." in wrong(click(fill(at, title="", evidence_url="drive/x"), "save"))
    assert "https://" in wrong(at), "of the evidence"
    click(fill(at, title="Better", cost=7.0, evidence_url="", why="Agreed with the owner"), "save")
    assert not opened(at)
    assert (kept(store, first).title, kept(store, first).cost) == ("Better", 7.0)

    at = on_action("close_action", first)
    click(fill(at, outcome="effective", why="It was tried"), "save")
    assert not opened(at)
    assert kept(store, first).closed_at is not None
    assert kept(store, first).outcome == "effective"
    assert "Plan: 1 of 2 done" in told(at)

    at = click(on_action("cancel_action", other), "save")
    assert "The reason is missing." in wrong(at)
    click(fill(at, why="Bought instead"), "save")
    assert kept(store, other).cancelled_at is not None
    assert "Plan: 1 of 1 done" in told(at)
    assert "The action is done or cancelled already." in wrong(click(on_action("close_action", other), "save"))


@pytest.mark.parametrize("form", ["change_action", "close_action", "cancel_action"])
def test_an_action_that_somebody_changed_meanwhile_is_a_conflict(store: Engine, form: str) -> None:
    with writing(store) as conn:
        action = register_actions.add(conn, ANA, RISK, {"title": "First", "owner": "one@example.com"}).key
    at = on_action(form, action)
    typed = {"change_action": {"title": "Mine"}, "cancel_action": {"why": "Gone"}}.get(form, {"outcome": "effective"})
    fill(at, **typed)
    with writing(store) as conn:
        register_actions.change(conn, BO, action, 1, {"title": "Theirs", "owner": "two@example.com"})

    click(at, "save")

    assert "bo@example.com saved this" in at.warning[0].value.replace("\\", "")
    assert (kept(store, action).title, kept(store, action).closed_at) == ("Theirs", None)
    if form == "change_action":
        assert "What is done First Mine Theirs" in told(at)
        fill(at, choose_title="mine")
    click(at, "form_chosen")
    assert not opened(at)
    done = kept(store, action)
    assert done.owner == "two@example.com", "what they saved stays"
    assert {"change_action": done.title == "Mine", "close_action": done.closed_at is not None}.get(
        form, done.cancelled_at is not None
    )


def on_action(form: str, action: RiskKey) -> AppTest:
    """The page of the risk with a form of one of its actions open, as a click in its plan opens it."""
    at = one()
    at.session_state["form_opened"] = begun(FORMS[form], Subject(RISK, tuple(action)))
    return at.run()


def begun(form: Form, subject: Subject) -> Opened:
    """A form as `forms.begin` opens it."""
    made = form.begin(subject)
    return Opened(form, subject, where(RISK), made.version, made.values, dict(made.values), made.about, 1)


def kept(engine: Engine, action: RiskKey) -> Treatment:
    return next(each.entry for each in story(engine).actions if each.key == action)

"""A small store in which a review is run, and what a test does with its page."""

import json
import re
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app.people import Person, Role
from app.review import freeze
from app.store import reviews
from app.store.engine import writing
from app.ui import review_acts
from app.ui.forms_review import About, where
from tests.filled import app, boards
from tests.pages import forms
from tests.pages.forms import ANA

OCTOBER = "2026-10"
EVE = Person("eve@example.com", frozenset({Role.APPROVER}))


def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The register's store with an SLO, as Ana sees it."""
    more = {
        "slos.csv": "slo,service,name,kind,objective,window,method\n"
        "up,shop,Shop answers,availability,0.99,28d,occurrences\n",
        "sli.csv": "slo,start,minutes,good,total\n"
        + "".join(f"up,2026-10-{day:02}T00:00:00Z,1440,90,100\n" for day in range(1, 31)),
        "actions.csv": "action,origin,origin_id,title,owner,opened_at,due_on\n"
        "a1,incident,I1,Fix the pump,ana@example.com,2026-10-08T00:00:00Z,2026-10-20\n",
    }
    monkeypatch.setattr(forms, "FACTS", forms.FACTS | more)
    return forms.store(folder, monkeypatch)


def preparing(engine: Engine, period: str = OCTOBER) -> None:
    with writing(engine) as conn:
        reviews.open_(conn, ANA, period, chair="Ana")
        reviews.prepare(conn, ANA, period, 1)


def holding(engine: Engine, period: str = OCTOBER) -> int:
    """The version that it then has."""
    preparing(engine, period)
    freeze.freeze(engine, ANA, period, 2)
    with writing(engine) as conn:
        return reviews.hold(conn, ANA, period, 3).version


def page(period: str = "", step: str = "") -> AppTest:
    at = app()
    for name, said in (("review", period), ("step", step)):
        if said:
            at.query_params[name] = said
    at.run().switch_page("../pages/review.py").run()
    assert not at.exception
    return at


def begin(at: AppTest, form: str, item: object = None, period: str = OCTOBER) -> AppTest:
    """Opens a form as the click in a board does."""
    from app.ui import forms as open_forms

    made = review_acts.FORMS[form].begin(About(period, item))
    at.session_state["form_round"] = 1
    at.session_state["form_opened"] = open_forms.Opened(
        review_acts.FORMS[form], About(period, item), where(period) if period else "review:", made.version, made.values,
        dict(made.values), made.about, 1,
    )  # fmt: skip
    at.run()
    assert not at.exception
    return at


def offered(at: AppTest) -> set[str]:
    """The forms that buttons in boards open."""
    said = " ".join(boards(at).values())
    acts = [json.loads(unescape(one)) for one in re.findall(r'data-act="([^"]*)"', said)]
    return {act["form"] for act in acts if act["do"] == "form"}

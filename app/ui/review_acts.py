"""What a click on the pages of reviews does: opens a form, a step or a review, and moves a review on."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.metrics.review_records import AGENDA, Review
from app.metrics.risk_records import Conflict, Invalid, Unknown
from app.people import NotAllowed, Person
from app.review import freeze
from app.store import reviews
from app.store.engine import StoreError, writing
from app.ui import forms, forms_review, forms_review_items, read, who
from app.ui.board import Act
from app.ui.forms import Form
from app.ui.forms_review import About
from app.ui.markup import plain

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        forms_review.PLAN, forms_review.CHANGE, forms_review.INVITE, forms_review.ATTEND, forms_review.COMMENT,
        forms_review.NOTE, forms_review.REOPEN,
        forms_review_items.DECIDE, forms_review_items.EDIT, forms_review_items.SIGN, forms_review_items.FINISH,
        forms_review_items.DROP, forms_review_items.ASK, forms_review_items.CHANGE, forms_review_items.DONE,
        forms_review_items.CANCEL,
    )
}  # fmt: skip
"""Name → the form of a review."""
_WRONG = "review_wrong"
_REFUSED = (Conflict, Invalid, NotAllowed, StoreError, Unknown)


def answer(period: str) -> Callable[[Act], None]:
    """What a click in a board of a review's page does before the page is drawn again."""

    def act(clicked: Act) -> None:
        match clicked["do"]:
            case "form":
                form = FORMS.get(str(clicked.get("form")))
                item = clicked.get("item")
                if form is not None:
                    about = About(period, tuple(item) if isinstance(item, list) else item)
                    forms.begin(form, about, forms_review.where(period) if period else forms_review.LISTED)
            case "step" if clicked.get("step") in AGENDA:
                st.query_params["step"] = str(clicked["step"])
            case "leave":
                st.query_params.pop("step", None)
            case "review":
                go(str(clicked.get("review") or ""))

    return act


def plan(clicked: Act) -> None:
    """Opens the form that plans a review, of the period that the click named if it did."""
    period = clicked.get("period")
    forms.begin(forms_review.PLAN, About(period if isinstance(period, str) else ""), forms_review.LISTED)


def go(period: str, step: str | None = None) -> None:
    """Shows a review, or the list of them."""
    for name in ("review", "step"):
        st.query_params.pop(name, None)
    if period:
        st.query_params["review"] = period
    if step is not None:
        st.query_params["step"] = step


def wrong(told: str | None = None) -> None:
    """Keeps what could not be done; without words, says it, once."""
    if told is not None:
        st.session_state[_WRONG] = told
    elif said := st.session_state.pop(_WRONG, None):
        st.error(plain(said), icon=":material/error:")


def _moved(write: Callable[[Any, Person], object]) -> bool:
    """Whether it was done; otherwise what to say is kept."""
    try:
        with writing(who.whole(read.state().url)) as conn:
            write(conn, who.person())
    except Conflict as clash:
        wrong(f"{clash.by} changed the review meanwhile. Look at it as it is now, then do it again.")
    except _REFUSED as why:
        wrong(str(why))
    else:
        return True
    return False


def prepare(one: Review) -> None:
    """Begins the preparation: call it as a click's callback."""
    _moved(lambda conn, by: reviews.prepare(conn, by, one.period, one.version))


def hold(one: Review) -> None:
    """Starts the meeting at its first step: call it as a click's callback."""
    if _moved(lambda conn, by: reviews.hold(conn, by, one.period, one.version)):
        go(one.period, one.agenda[0] if one.agenda else None)


def close(one: Review) -> None:
    """Closes the review: call it as a click's callback."""
    try:
        freeze.close(who.whole(read.state().url), who.person(), one.period, one.version)
    except Conflict as clash:
        wrong(f"{clash.by} changed the review meanwhile. Look at it as it is now, then close it.")
    except _REFUSED as why:
        wrong(str(why))
    else:
        go(one.period)


def freeze_now(one: Review) -> None:
    """Freezes the numbers while the reader looks on, then draws the page anew."""
    bar = st.progress(0.0, "Reading the numbers")

    def told(share: float, words: str) -> None:
        bar.progress(min(1.0, max(0.0, share)), plain(words))

    try:
        freeze.freeze(who.whole(read.state().url), who.person(), one.period, one.version, progress=told)
    except Conflict as clash:
        wrong(f"{clash.by} changed the review meanwhile: nothing was frozen. Look at it, then freeze it.")
    except (*_REFUSED, ValueError) as why:
        wrong(str(why))
    st.rerun()

"""The forms of a review itself: plan it, change it, who comes, who came, comment, note, re-open."""

from typing import Any, NamedTuple

import streamlit as st

from app.charts import wording
from app.metrics.review_records import AGENDA, Attendee, Review, Step
from app.metrics.risk_records import Invalid, Unknown
from app.people import Person
from app.store import reviews
from app.store.engine import reading
from app.ui import read, review_read, who
from app.ui.forms import Begun, Field, Form, Opened, Values


class About(NamedTuple):
    """What a form is about: a review, perhaps one thing of it."""

    period: str
    item: Any = None

    def __str__(self) -> str:
        return f"{self.period}" + (f":{self.item}" if self.item is not None else "")


def held(about: About, act: str = "write") -> Review:
    """The review as it is now, for somebody who may change it. Raises NotAllowed or Unknown."""
    who.person().must("approve" if act == "approve" else "write", everywhere=True)
    with reading(who.whole(read.state().url)) as conn:
        found = reviews.review(conn, about.period)
    if found is None:
        raise Unknown(f"There is no review of {wording.period(about.period)} (any more).")
    return found


def where(period: str) -> str:
    """What forms call the page of a review."""
    return f"review:{period}"


LISTED = "review:"
"""What forms call the list of reviews."""


def _plan_begin(about: About) -> Begun:
    who.person().must("write", everywhere=True)
    return Begun(0, {"period": about.period or None, "chair": "", "on": None})


def _plan(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    typed = opened.values
    if not typed["period"]:
        raise Invalid({"period": "Choose the month or quarter."})
    made = reviews.open_(conn, by, typed["period"], chair=typed["chair"], on=typed["on"])
    st.query_params["review"] = made.period
    return f"The review of {wording.period(made.period)} is planned."


PLAN = Form(
    "review_plan",
    "Plan a review",
    "Plan it",
    _plan_begin,
    lambda opened: [
        [
            Field(
                "period", "Month or quarter", "choice", review_read.planned(), wording_of, others=True, needed=True,
                help="Or write one: 2026-10, 2026-Q4",
            )
        ],
        [Field("chair", "Who chairs it"), Field("on", "Held on", "day")],
    ],
    _plan,
    lambda opened: "Planned first; its preparation asks owners about exceptions alone.",
    wide=False,
)  # fmt: skip


def wording_of(key: str) -> str:
    """A period in words; what is none, as it was written."""
    try:
        return wording.period(key)
    except (ValueError, KeyError, IndexError):
        return key


def _change_begin(about: About) -> Begun:
    one = held(about)
    return Begun(one.version, {"chair": one.chair or "", "on": one.on, "agenda": list(one.agenda)}, one)


def _change(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    fields = dict(values)
    if "agenda" in fields:
        fields["agenda"] = [step for step in AGENDA if step in fields["agenda"]]
    reviews.change(conn, by, opened.subject.period, opened.version, **fields)
    return "The review is changed."


CHANGE = Form(
    "review_change",
    "Chair, day and agenda",
    "Save",
    _change_begin,
    lambda opened: [
        [Field("chair", "Who chairs it"), Field("on", "Held on", "day")],
        [Field("agenda", "Agenda", "many", list(AGENDA), _step, help="In the order of the template.")],
    ],
    _change,
    wide=False,
)


def _step(step: Step) -> str:
    return AGENDA.get(step, step)


def _people(about: About) -> tuple[Attendee, ...]:
    with reading(who.whole(read.state().url)) as conn:
        return reviews.people(conn, about.period)


def _invite_begin(about: About) -> Begun:
    one, invited = held(about), _people(about)
    named = [each.name for each in invited if each.owner]
    guests = [each.name for each in invited if not each.owner]
    return Begun(one.version, {"owners": named, "guests": guests}, invited)


def _invite(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    before = {one.name: one.present for one in opened.about}
    typed = opened.values
    some = [Attendee(name, True, before.get(name)) for name in typed["owners"]]
    some += [Attendee(name, False, before.get(name)) for name in typed["guests"]]
    reviews.set_people(conn, by, opened.subject.period, opened.version, some)
    return f"{len(some)} {'people are' if len(some) != 1 else 'person is'} invited."


INVITE = Form(
    "review_invite",
    "Who is invited",
    "Save",
    _invite_begin,
    lambda opened: [
        [
            Field(
                "owners", "Owners of services", "many", review_read.owners(), others=True,
                help="Those of them who come are the participation. Type a name to add one.",
            )
        ],
        [Field("guests", "Others", "many", (), others=True, help="Type a name to add one.")],
    ],
    _invite,
    wide=False,
)  # fmt: skip


def _attend_begin(about: About) -> Begun:
    one, invited = held(about), _people(about)
    if not invited:
        raise Unknown("Nobody is invited yet: say first who is.")
    return Begun(one.version, {"present": [each.name for each in invited if each.present]}, invited)


def _attend(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    present = set(opened.values["present"])
    some = [one._replace(present=one.name in present) for one in opened.about]
    reviews.set_people(conn, by, opened.subject.period, opened.version, some)
    return f"{len(present)} of {len(some)} are here."


ATTEND = Form(
    "review_attend",
    "Who is here",
    "Save",
    _attend_begin,
    lambda opened: [[Field("present", "Present", "many", [one.name for one in opened.about])]],
    _attend,
    lambda opened: "Everybody who is invited and not chosen counts as absent.",
    wide=False,
)


def _comment_begin(about: About) -> Begun:
    held(about)
    return Begun(0, {"text": ""}, None)


def _comment(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    about = opened.subject
    reviews.comment(conn, by, about.period, about.item[0], opened.values["text"])
    return "Your comment is kept."


COMMENT = Form(
    "review_comment",
    "Comment",
    "Keep it",
    _comment_begin,
    lambda opened: [[Field("text", "What the meeting should know", "text")]],
    _comment,
    lambda opened: f"{opened.subject.item[1]} What you write stays with it and this period.",
    wide=False,
)


def _note_begin(about: About) -> Begun:
    held(about)
    with reading(who.whole(read.state().url)) as conn:
        kept = {one.step: one for one in reviews.notes(conn, about.period)}
    now = kept.get(about.item)
    return Begun(now.version if now else 0, {"text": now.text if now else ""}, now)


def _note(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    about = opened.subject
    reviews.note(conn, by, about.period, about.item, opened.version, opened.values["text"])
    return "The note is kept."


NOTE = Form(
    "review_note",
    "Note",
    "Keep it",
    _note_begin,
    lambda opened: [[Field("text", _step(opened.subject.item), "text")]],
    _note,
    lambda opened: "One note a step, for everybody: it goes into the minutes.",
    wide=False,
)


def _reopen(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    reviews.reopen(conn, by, opened.subject.period, opened.version, opened.values["why"])
    return "The review is in preparation again."


REOPEN = Form(
    "review_reopen",
    "Re-open the review",
    "Re-open it",
    lambda about: Begun(held(about).version, {"why": ""}),
    lambda opened: [[Field("why", "Why", "text", help="Stays in the audit log for ever.")]],
    _reopen,
    lambda opened: (
        "It goes back to preparation, and its numbers are no longer frozen. What was frozen before is kept, and notes, "
        "decisions and actions stay."
    ),
    wide=False,
)

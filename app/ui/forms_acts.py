"""The forms of what is done with a risk: review, close, reopen, comment, link, take a link away, undo."""

from datetime import date, timedelta
from typing import Any

from app.charts import wording
from app.metrics.risk_findings import day as in_words
from app.metrics.risk_records import LABELS, Entry, Invalid, Link
from app.people import Person
from app.store import register, register_links, register_reads
from app.store.engine import reading
from app.ui import forms_conflict, read, who
from app.ui.forms import Begun, Field, Form, Opened, Values
from app.ui.forms_risk import Subject, begun, held, today


def _due(entry: Entry, on: date) -> date:
    band = read.directory().policy.risk.band(entry.likelihood * entry.impact)
    return on + timedelta(band.review_days)


def _review_begin(subject: Subject) -> Begun:
    one = held(subject)
    return Begun(one.version, {"note": "", "on": today(), "next_on": _due(one.entry, today())}, one)


def _review_note(opened: Opened) -> str:
    entry, policy = opened.about.entry, read.directory().policy.risk
    band = policy.band(entry.likelihood * entry.impact)
    return (
        f"It stands at {entry.likelihood * entry.impact} ({band.name}), which is looked at every {band.review_days} "
        f"days: by {in_words(_due(entry, opened.values['on'] or today()))} the next time, or sooner."
    )


def _review(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    key, typed = opened.subject.risk, opened.values
    sooner = typed["next_on"] if "next_on" in values else None
    register.review(conn, by, key, opened.version, note=typed["note"], on=typed["on"], next_on=sooner)
    return f"The review of {key.id} is kept."


REVIEW = Form(
    "review",
    "Review the risk",
    "Keep the review",
    _review_begin,
    lambda opened: [
        [Field("note", "What you found", "text", help="Is it still so? What has changed? What was decided?")],
        [
            Field("on", "Looked at on", "day"),
            Field("next_on", "Next review", "day", help="Proposed by its level; sooner is always possible."),
        ],
    ],
    _review,
    _review_note,
    wide=False,
)


def _close(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    key = opened.subject.risk
    register.close(conn, by, key, opened.version, reason=opened.values["reason"], on=opened.values["on"])
    return f"{key.id} is closed."


CLOSE = Form(
    "close",
    "Close the risk",
    "Close it",
    lambda subject: begun(subject, (), {"reason": "", "on": today()}),
    lambda opened: [
        [Field("reason", "Why it is no more", "text")],
        [Field("on", "Closed on", "day")],
    ],
    _close,
    lambda opened: "It stays in the register and in every month in which it was open. It can be opened again.",
    wide=False,
)


def _reopen(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register.reopen(conn, by, opened.subject.risk, opened.version, reason=opened.values["reason"])
    return f"{opened.subject.risk.id} is open again."


REOPEN = Form(
    "reopen",
    "Open the risk again",
    "Open it again",
    lambda subject: begun(subject, (), {"reason": ""}),
    lambda opened: [[Field("reason", "Why it is back", "text")]],
    _reopen,
    lambda opened: "It comes back with the rating and the review date that it had.",
    wide=False,
)


def _comment(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register.comment(conn, by, opened.subject.risk, opened.values["text"])
    return "Your comment is kept."


COMMENT = Form(
    "comment",
    "Comment on the risk",
    "Comment",
    lambda subject: begun(subject, (), {"text": ""}),
    lambda opened: [[Field("text", "Comment", "text", help="Everybody who sees the risk reads it.")]],
    _comment,
    wide=False,
)
_KINDS = {"incident": "Incident", "slo": "SLO", "dr_test": "DR test", "risk": "Another risk"}


def _link_rows(opened: Opened) -> list[list[Field]]:
    titles = {}
    if opened.values["kind"] is not None:
        with reading(read.opened(read.state().url)) as conn:
            offered = register_links.offered(conn, opened.values["kind"])
        titles = {str(link): f"{link.id} · {title}" for link, title in offered}
        if opened.values["to"] not in titles:
            opened.values["to"] = None
    return [
        [Field("kind", "What kind of thing", "choice", list(_KINDS), _KINDS.__getitem__, needed=True)],
        [Field("to", "Which one", "choice", list(titles), lambda one: titles.get(one, one))],
    ]


def _link(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    if opened.values["to"] is None:
        raise Invalid({"to": "Choose what it has to do with."})
    to = Link.read(opened.values["to"])
    register.link(conn, by, opened.subject.risk, opened.version, to)
    return f"{opened.subject.risk.id} is linked to {to.id}."


LINK = Form(
    "link",
    "Link the risk",
    "Link it",
    lambda subject: begun(subject, (), {"kind": "incident", "to": None}),
    _link_rows,
    _link,
    wide=False,
)


def _unlink(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register.unlink(conn, by, opened.subject.risk, opened.version, Link.read(opened.subject.item))
    return "The link is gone."


UNLINK = Form(
    "unlink",
    "Take the link away",
    "Take it away",
    lambda subject: begun(subject, ()),
    lambda opened: [],
    _unlink,
    lambda opened: f"The risk is no longer linked to {Link.read(opened.subject.item).id}. What it points at stays.",
    wide=False,
)


def _undo_begin(subject: Subject) -> Begun:
    one = held(subject)
    with reading(who.whole(read.state().url)) as conn:
        changes = register_reads.changes(conn, one.key, read.now())
    return Begun(one.version, {}, next((change for change in changes if change.version == one.version), None))


def _undo_note(opened: Opened) -> str:
    last = opened.about
    if last is None:
        return "Nothing has changed since it came in: there is nothing to undo."
    when = wording.instant(last.at, read.directory().policy.timezone)
    said = "; ".join(
        f"{wording.capital(LABELS.get(name, name).removeprefix('The '))} is {forms_conflict.said(before)} again, not "
        f"{forms_conflict.said(after)}"
        for name, (before, after) in last.fields.items()
    )
    return f"{last.by} changed it on {when}. " + (f"Undone: {said}." if said else "No field had changed by it.")


def _undo(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register.undo(conn, by, opened.subject.risk, opened.version)
    return "The last change is undone."


UNDO = Form("undo", "Undo the last change", "Undo it", _undo_begin, lambda opened: [], _undo, _undo_note, wide=False)

"""The forms of what is done against a risk: add an action, change it, close it, cancel it."""

from collections.abc import Mapping
from typing import Any

from app.metrics.risk_records import RiskKey, Treatment, Unknown
from app.people import Person
from app.store import register_actions, register_versions
from app.store.engine import reading
from app.store.register_versions import Held
from app.ui import read, who
from app.ui.forms import Begun, Field, Form, Kind, Opened, Values, as_shown
from app.ui.forms_risk import Subject, begun, held

_FIELDS: Mapping[str, Kind] = {
    "title": "line", "owner": "line", "due_on": "day", "priority": "choice", "cost": "number",
    "events_factor": "number", "loss_factor": "number", "to_likelihood": "choice", "to_impact": "choice",
    "url": "line", "evidence_url": "line",
}  # fmt: skip
_LEFT = "0.4: four in ten are left; 1: it changes nothing; blank: not said."
_OUTCOMES = {"effective": "It worked", "ineffective": "It did not work"}


def _rows(opened: Opened) -> list[list[Field]]:
    policy = read.directory().policy
    likely, bad = policy.risk.likelihood, policy.risk.impact
    levels = range(1, 6)
    return [
        [Field("title", "What is done")],
        [
            Field("owner", "Who does it"),
            Field("due_on", "Due", "day"),
            Field("priority", "Priority", "choice", range(1, 5)),
        ],
        [
            Field("cost", f"Cost once, {policy.currency}", "number"),
            Field("events_factor", "Share of events left", "number", help=_LEFT),
            Field("loss_factor", "Share of loss left", "number", help=_LEFT),
        ],
        [
            Field("to_likelihood", "Likelihood to reach", "choice", levels, lambda one: f"{one} · {likely[one - 1]}"),
            Field("to_impact", "Impact to reach", "choice", levels, lambda one: f"{one} · {bad[one - 1]}"),
        ],
        [
            Field("url", "Where it is tracked", help="Beginning with https://"),
            Field("evidence_url", "Evidence", help="Where it is shown that it works, beginning with https://"),
        ],
        *([[Field("why", "Why")]] if opened.form.name == "change_action" else []),
    ]


def _blank() -> Values:
    return {name: as_shown(kind, None) for name, kind in _FIELDS.items()}


def _add(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    typed = {name: value for name, value in values.items() if value not in (None, "")}
    saved = register_actions.add(conn, by, opened.subject.risk, {"title": "", **typed})
    return f"{saved.key.id} is in the plan."


ADD = Form(
    "add_action",
    "An action against the risk",
    "Add it",
    lambda subject: begun(subject, (), _blank()),
    _rows,
    _add,
)


def _held(subject: Subject) -> Held[Treatment]:
    held(subject)  # who may not touch the risk may not touch its actions
    with reading(who.whole(read.state().url)) as conn:
        found = register_versions.action(conn, RiskKey(*subject.item))
    if found is None:
        raise Unknown("There is no such action (any more).")
    return found


def _change_begin(subject: Subject) -> Begun:
    one = _held(subject)
    values: Values = {name: as_shown(kind, getattr(one.entry, name)) for name, kind in _FIELDS.items()}
    return Begun(one.version, values | {"why": ""}, one)


def _change(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    fields = {name: value for name, value in values.items() if name != "why"}
    register_actions.change(conn, by, opened.about.key, opened.version, fields, why=values.get("why"))
    return f"{opened.about.key.id} is saved."


CHANGE = Form("change_action", "Change the action", "Save", _change_begin, _rows, _change)


def _done_begin(subject: Subject) -> Begun:
    one = _held(subject)
    return Begun(one.version, {"outcome": None, "why": ""}, one)


def _close(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    typed = opened.values
    register_actions.close(conn, by, opened.about.key, opened.version, outcome=typed["outcome"], why=typed["why"])
    return f"{opened.about.key.id} is done."


def _title(opened: Opened) -> str:
    one: Treatment = opened.about.entry
    return f"{one.title} ({one.owner or 'nobody'})"


DONE = Form(
    "close_action",
    "The action is done",
    "It is done",
    _done_begin,
    lambda opened: [
        [Field("outcome", "Did it work?", "choice", list(_OUTCOMES), _OUTCOMES.__getitem__, help="May be said later.")],
        [Field("why", "Note")],
    ],
    _close,
    _title,
    wide=False,
)


def _cancel_begin(subject: Subject) -> Begun:
    one = _held(subject)
    return Begun(one.version, {"why": ""}, one)


def _cancel(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register_actions.cancel(conn, by, opened.about.key, opened.version, why=opened.values["why"])
    return f"{opened.about.key.id} is cancelled."


CANCEL = Form(
    "cancel_action",
    "Cancel the action",
    "Cancel it",
    _cancel_begin,
    lambda opened: [[Field("why", "Why it will not be done", "text")]],
    _cancel,
    _title,
    wide=False,
)

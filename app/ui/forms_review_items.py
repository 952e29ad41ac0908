"""The forms of what a meeting decides and asks for: decide, sign, carry out, drop; ask, change, done, drop."""

from collections.abc import Callable, Mapping
from typing import Any

from app.charts import wording
from app.metrics.numbers import Ask
from app.metrics.review_records import Decision, DecisionKind
from app.metrics.risk_records import RiskKey, Treatment, Unknown
from app.people import Person
from app.store import register_versions, reviews
from app.store.engine import reading
from app.store.register_versions import Held
from app.ui import read, review_read, who
from app.ui.forms import Begun, Field, Form, Opened, Values
from app.ui.forms_review import About, held

KINDS: Mapping[DecisionKind, str] = {
    "decision": "A decision",
    "budget_exception": "An error-budget exception",
    "acceptance": "The acceptance of a risk",
}
_NEEDS = {
    "decision": "",
    "budget_exception": "It sets the error-budget policy of one SLO aside until a day, once an approver has signed it "
    "who did not write it down.",
    "acceptance": "It asks the risk register for an acceptance, which holds once an approver has signed it who did not "
    "ask for it.",
}
_TYPED = ("what", "why", "decided_by", "until", "due")


def _names(asked: str) -> Mapping[str, str]:
    """What can be set aside or accepted: id → name."""
    facts = read.facts(frozenset({"risks"}), Ask((), read.moment()))
    if asked == "budget_exception":
        return {slo.slo: slo.name for slo in sorted(facts.slos, key=lambda one: one.name.casefold())}
    open_ = [one for one in facts.risks if one.status == "open"]
    ordered = sorted(open_, key=lambda one: (-one.likelihood * one.impact, one.risk))
    return {f"{one.source}/{one.risk}": f"{one.risk} · {one.title}" for one in ordered}


def _decide_begin(about: About) -> Begun:
    one = held(about)
    step, kind, subject = (*about.item, None, None)[:3]
    values: Values = dict.fromkeys(("what", "why"), "") | {"kind": kind or "decision", "subject": subject}
    return Begun(one.version, values | {"decided_by": one.chair or "", "until": None, "due": None}, step)


def _decide_rows(opened: Opened) -> list[list[Field]]:
    kind = opened.values["kind"]
    rows = [
        [Field("kind", "What kind of decision", "choice", list(KINDS), _kind, needed=True)],
        [Field("what", "What is decided")],
        [Field("why", "Why", "text")],
        [Field("decided_by", "Who decides")],
    ]
    if kind == "decision":
        rows[3].append(Field("due", "To be carried out by", "day", help="Blank: it holds as it stands."))
        return rows
    names = _names(kind)
    if opened.values["subject"] not in names:
        opened.values["subject"] = None
    label = "SLO" if kind == "budget_exception" else "Risk"
    rows.insert(1, [Field("subject", label, "choice", list(names), lambda one: names.get(one, one))])
    rows[4].append(Field("until", "Until the end of", "day"))
    return rows


def _kind(kind: DecisionKind) -> str:
    return KINDS[kind]


def _decide(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    typed = opened.values
    kind: DecisionKind = typed["kind"]
    plain = kind == "decision"
    reviews.decide(
        conn,
        by,
        opened.subject.period,
        step=opened.about,
        what=typed["what"],
        why=typed["why"],
        decided_by=typed["decided_by"],
        kind=kind,
        subject=None if plain else typed["subject"],
        until=None if plain else typed["until"],
        due=typed["due"] if plain else None,
    )
    return "The decision is kept." if plain else "Kept. It waits for an approver's signature."


DECIDE = Form(
    "review_decide",
    "Decide",
    "Keep the decision",
    _decide_begin,
    _decide_rows,
    _decide,
    lambda opened: _NEEDS[opened.values["kind"]],
    wide=False,
)


def _decision(act: str = "write") -> Callable[[About], Begun]:
    def begin(about: About) -> Begun:
        who.person().must("approve" if act == "approve" else "write", everywhere=True)
        with reading(who.whole(read.state().url)) as conn:
            found = next((one for one in reviews.decisions(conn) if one.id == about.item), None)
        if found is None:
            raise Unknown("There is no such decision (any more).")
        values: Values = {name: getattr(found, name) for name in _TYPED} | {"reason": "", "on": review_read.today()}
        return Begun(found.version, values, found)

    return begin


def _said(one: Decision) -> str:
    until = f", until {wording.day(one.until)}" if one.until else ""
    return f"“{one.what}”, decided by {one.decided_by}{until}: {one.why}"


def _edit_rows(opened: Opened) -> list[list[Field]]:
    last = Field("due", "To be carried out by", "day")
    if opened.about.kind != "decision":
        last = Field("until", "Until the end of", "day")
    return [
        [Field("what", "What is decided")],
        [Field("why", "Why", "text")],
        [Field("decided_by", "Who decides"), last],
    ]


def _edit(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    fields = {name: value for name, value in values.items() if name in _TYPED}
    reviews.change_decision(conn, by, opened.subject.item, opened.version, **fields)
    return "The decision is changed."


EDIT = Form("decision_edit", "Change the decision", "Save", _decision(), _edit_rows, _edit, wide=False)


def _sign(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    reviews.sign_decision(conn, by, opened.subject.item, opened.version)
    return "Signed: it holds from now on."


SIGN = Form(
    "decision_sign",
    "Sign the decision",
    "Sign it",
    _decision("approve"),
    lambda opened: [],
    _sign,
    lambda opened: f"{_said(opened.about)} Your name stands under it, here and in the audit log.",
    wide=False,
)


def _finish(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    reviews.finish_decision(conn, by, opened.subject.item, opened.version, on=opened.values["on"])
    return "Carried out."


FINISH = Form(
    "decision_finish",
    "The decision is carried out",
    "It is done",
    _decision(),
    lambda opened: [[Field("on", "Since", "day")]],
    _finish,
    lambda opened: _said(opened.about),
    wide=False,
)


def _drop(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    reviews.drop_decision(conn, by, opened.subject.item, opened.version, opened.values["reason"])
    return "The decision is dropped."


DROP = Form(
    "decision_drop",
    "Drop the decision",
    "Drop it",
    _decision(),
    lambda opened: [[Field("reason", "Why", "text", help="The next review tells it.")]],
    _drop,
    lambda opened: _said(opened.about),
    wide=False,
)


def _ask_begin(about: About) -> Begun:
    one = held(about)
    return Begun(one.version, {"title": "", "owner": "", "due_on": None, "url": ""}, about.item)


_ASKED = [
    [Field("title", "What is to be done")],
    [Field("owner", "Who does it"), Field("due_on", "Due", "day")],
    [Field("url", "Where it is tracked", help="Beginning with https://; may stay blank.")],
]


def _ask(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    typed = opened.values
    reviews.ask(
        conn,
        by,
        opened.subject.period,
        step=opened.about,
        title=typed["title"],
        owner=typed["owner"],
        due=typed["due_on"],
        url=typed["url"],
    )
    return "The action is asked for."


ASK = Form(
    "review_ask",
    "Ask for an action",
    "Ask for it",
    _ask_begin,
    lambda opened: _ASKED,
    _ask,
    lambda opened: "Owner and due date may come later, but the review closes only once every action has both.",
    wide=False,
)


def _action(about: About) -> Begun:
    who.person().must("write", everywhere=True)
    with reading(who.whole(read.state().url)) as conn:
        found = register_versions.action(conn, RiskKey(*about.item))
    if found is None or found.entry.origin != "review":
        raise Unknown("There is no such action (any more).")
    one = found.entry
    values = {"title": one.title, "owner": one.owner or "", "due_on": one.due_on, "url": one.url or "", "why": ""}
    return Begun(found.version, values, found)


def _asked_for(opened: Opened) -> str:
    one: Held[Treatment] = opened.about
    due = f", due {wording.day(one.entry.due_on)}" if one.entry.due_on else ""
    return f"“{one.entry.title}”{f', {one.entry.owner}' if one.entry.owner else ''}{due}."


def _change(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    fields = {name: value for name, value in values.items() if name != "why"}
    reviews.change_action(conn, by, opened.about.key, opened.version, fields)
    return "The action is changed."


CHANGE = Form(
    "action_edit", "Change the action", "Save", _action, lambda opened: _ASKED, _change, _asked_for, wide=False
)


def _done(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    reviews.close_action(conn, by, opened.about.key, opened.version)
    return "Done."


DONE = Form(
    "action_done", "The action is done", "It is done", _action, lambda opened: [], _done, _asked_for, wide=False
)


def _undo(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    reviews.drop_action(conn, by, opened.about.key, opened.version, opened.values["why"])
    return "The action is dropped."


CANCEL = Form(
    "action_drop",
    "Drop the action",
    "Drop it",
    _action,
    lambda opened: [[Field("why", "Why", "text", help="The next review tells it.")]],
    _undo,
    _asked_for,
    wide=False,
)

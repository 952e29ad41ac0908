"""The forms round an acceptance: propose, approve, decline, revoke, withdraw. Nobody approves their own request."""

from collections.abc import Callable
from typing import Any

from app.charts import wording
from app.metrics import losses
from app.metrics.risk_findings import day as in_words
from app.metrics.risk_records import Acceptance, Invalid, Unknown
from app.people import Person
from app.store import register_acceptances
from app.store.engine import reading
from app.ui import read, who
from app.ui.forms import Begun, Field, Form, Opened, Values
from app.ui.forms_risk import Subject, begun, held, level_words


def _propose(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    key, typed = opened.subject.risk, opened.values
    if typed["valid_until"] is None:
        raise Invalid({"valid_until": "Say until when: an acceptance is for a time."})
    register_acceptances.propose(
        conn,
        by,
        key,
        opened.version,
        reason=typed["reason"],
        valid_until=typed["valid_until"],
        conditions=typed["conditions"],
    )
    return "The acceptance waits for somebody else to decide."


def _propose_note(opened: Opened) -> str:
    entry, policy = opened.about.entry, read.directory().policy
    loss = losses.expected(register_acceptances.fact(opened.about.key, entry))
    cost = f", {wording.value(loss, 'money', currency=policy.currency)} in an average year" if loss is not None else ""
    level = level_words(entry.likelihood, entry.impact, policy.risk)
    return f"Asked for at its level now: {level}{cost}. Should that rise, the acceptance no longer covers it."


PROPOSE = Form(
    "propose",
    "Propose to accept the risk",
    "Propose it",
    lambda subject: begun(subject, (), {"reason": "", "valid_until": None, "conditions": ""}),
    lambda opened: [
        [Field("reason", "Why bear it", "text")],
        [Field("valid_until", "Until the end of", "day", help="An acceptance ends with its last day.")],
        [Field("conditions", "Conditions", "text", help="What must hold meanwhile; blank: none.")],
    ],
    _propose,
    _propose_note,
    wide=False,
)


def _begin(name: str) -> Callable[[Subject], Begun]:
    """A form with one text, about the acceptance that it names."""

    def begin(subject: Subject) -> Begun:
        with reading(who.whole(read.state().url)) as conn:
            kept = register_acceptances.of(conn, [subject.risk] if subject.risk else [])
        asked = next((each for some in kept.values() for each in some if each.id == subject.item), None)
        if asked is None:
            raise Unknown("There is no such acceptance (any more).")
        own = asked.approved_at is None and asked.asked_by.casefold() == who.person().name.casefold()
        one = held(subject, "withdraw" if own else "approve")
        return Begun(one.version, {name: ""}, (one, asked))

    return begin


def asked_for(asked: Acceptance) -> str:
    """What somebody asked for, in sentences."""
    policy = read.directory().policy
    level = level_words(asked.likelihood, asked.impact, policy.risk)
    said = f"{asked.asked_by} asked on {in_words(asked.asked_at.date())} to bear it at {level} until the end of "
    said += f"{in_words(asked.valid_until)}: “{asked.reason}”"
    return said + (f" Conditions: {asked.conditions}" if asked.conditions else "")


def _note(opened: Opened) -> str:
    one, asked = opened.about
    now = level_words(one.entry.likelihood, one.entry.impact, read.directory().policy.risk)
    return f"{asked_for(asked)} It stands at {now} now."


def _approve(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register_acceptances.approve(conn, by, opened.subject.item, opened.version, note=opened.values["note"])
    return f"{opened.subject.risk.id} is accepted."


APPROVE = Form(
    "approve",
    "Accept the risk",
    "Approve",
    _begin("note"),
    lambda opened: [[Field("note", "Note", "text", help="May stay blank.")]],
    _approve,
    _note,
    wide=False,
)


def _decline(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register_acceptances.decline(conn, by, opened.subject.item, opened.version, why=opened.values["why"])
    return "The acceptance is declined."


DECLINE = Form(
    "decline",
    "Decline to accept the risk",
    "Decline",
    _begin("why"),
    lambda opened: [[Field("why", "Why not", "text")]],
    _decline,
    _note,
    wide=False,
)


def _revoke(conn: Any, by: Person, opened: Opened, values: Values) -> str:
    register_acceptances.revoke(conn, by, opened.subject.item, opened.version, why=opened.values["why"])
    return "The acceptance holds no longer."


REVOKE = Form(
    "revoke",
    "Take the acceptance back",
    "Take it back",
    _begin("why"),
    lambda opened: [[Field("why", "Why", "text")]],
    _revoke,
    _note,
    wide=False,
)

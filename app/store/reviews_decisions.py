"""What reviews decided: written down by an editor, carried out or dropped later.

A budget exception and an acceptance have an effect only once an approver has signed them, who is not the one who asked.
An acceptance goes through the risk register: asked for there, signed there, and in every number from then on.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from app.metrics.review_records import AGENDA, Decision, DecisionKind, Step
from app.metrics.risk_records import Acceptance, Invalid, RiskKey, Unknown
from app.metrics.risk_rules import sentence
from app.people import NotAllowed, Person
from app.store import register_acceptances, register_versions
from app.store.register_saving import Desk
from app.store.review_tables import DECISIONS
from app.store.reviews_saving import Head, desk, expect, in_state, keep_version, row_of, told
from app.store.tables import FACTS

_FIELDS = ("what", "why", "decided_by", "until", "due")
_ENDS = ("done_on", "dropped_on", "reason", "signed_by")
_READ = tuple(name for name in Decision.__dataclass_fields__)


def decisions(conn: Connection, period: str | None = None) -> tuple[Decision, ...]:
    """What the review of a period decided, or every review, in the order in which it was written down."""
    query = sa.select(*(DECISIONS.c[name] for name in _READ)).order_by(DECISIONS.c.id)
    if period is not None:
        query = query.where(DECISIONS.c.period == period)
    return tuple(Decision(**row) for row in conn.execute(query).mappings())


def decide(
    conn: Connection,
    by: Person,
    period: str,
    *,
    step: Step,
    what: str,
    why: str,
    decided_by: str,
    kind: DecisionKind = "decision",
    subject: str | None = None,
    until: date | None = None,
    due: date | None = None,
    at: datetime | None = None,
) -> int:
    """Writes down what was decided: its number. An exception or an acceptance waits for an approver's signature; an
    acceptance is asked for in the register too, unless somebody has done so already. Raises Invalid."""
    here = desk(conn, by, at)
    in_state(row_of(conn, period, lock=True), "preparation", "held")
    if step not in AGENDA:
        raise Invalid({"step": f"There is no step {step}."})
    values = _checked(here, {"what": what, "why": why, "decided_by": decided_by, "until": until, "due": due}, kind)
    row: dict[str, Any] = {"period": period, "step": step, "kind": kind, **values, "subject": None}
    if kind == "budget_exception":
        row["subject"] = _slo(conn, subject)
    elif kind == "acceptance":
        key, acceptance, last = _asked(here, subject, values, at)
        row |= {"subject": str(key), "acceptance": acceptance, "until": last}
    stamp = {"version": 1, "changed_at": here.at, "changed_by": by.name}
    made = conn.execute(DECISIONS.insert().values(**row, recorded_by=by.name, at=here.at, **stamp)).inserted_primary_key
    number = int(made[0]) if made else 0
    keep_version(here, "review_decisions", str(number), 1, values)
    told(here, "decisions", str(number), "decide", None, {k: v for k, v in row.items() if v is not None})
    return number


def _checked(here: Desk, given: Mapping[str, Any], kind: DecisionKind) -> dict[str, Any]:
    bad: dict[str, str] = {}
    found: dict[str, Any] = dict(given)
    labels = {"what": "What is decided", "why": "The reason", "decided_by": "Who decides"}
    for name, label in labels.items():
        try:
            found[name] = sentence(name, given[name], label)
        except Invalid as wrong:
            bad |= wrong.fields
    until = given["until"]
    if kind != "decision" and until is None:
        bad["until"] = "The last day is missing: what is set aside or accepted holds until a day."
    if kind != "decision" and until is not None and until < here.today:
        bad["until"] = "The last day is over already: choose a coming one."
    if bad:
        raise Invalid(bad)
    return found


def _slo(conn: Connection, subject: str | None) -> str:
    known = FACTS["slos"].c.slo
    if not subject or not conn.execute(sa.select(known).where(known == subject).limit(1)).first():
        raise Invalid({"subject": "Choose the SLO whose error-budget policy is set aside."})
    return subject


def _asked(
    here: Desk, subject: str | None, values: Mapping[str, Any], at: datetime | None
) -> tuple[RiskKey, int, date]:
    """The acceptance that waits for a decision, asked for now where none does: its risk, its id, its last day."""
    source, slash, name = (subject or "").partition("/")
    key = RiskKey(source, name)
    held = register_versions.risk(here.conn, key) if slash else None
    if held is None:
        raise Invalid({"subject": "Choose the risk that is accepted."})
    waiting = [one for one in register_acceptances.of(here.conn, [key]).get(key, []) if _waits(one, here.today)]
    if waiting:
        return key, waiting[-1].id, waiting[-1].valid_until
    number = register_acceptances.propose(
        here.conn, here.by, key, held.version, reason=values["why"], valid_until=values["until"], at=at
    )
    return key, number, values["until"]


def _waits(one: Acceptance, today: date) -> bool:
    decided = (one.approved_at, one.declined_at, one.revoked_at)
    return all(at is None for at in decided) and one.valid_until >= today


def sign_decision(conn: Connection, by: Person, decision: int, version: int, *, at: datetime | None = None) -> int:
    """An approver signs a budget exception or an acceptance, which has its effect from now on: its new version.

    Raises NotAllowed for who asked for it or wrote it down, Invalid where there is nothing to sign.
    """
    here = desk(conn, by, at, "approve")
    row = _row(conn, decision)
    expect(conn, _head(row), version, {})
    if row.kind == "decision":
        raise Invalid({"": "This decision needs no signature: it holds as it stands."})
    if row.dropped_on is not None:
        raise Invalid({"": "It was dropped: decide it anew."})
    if row.signed_by is not None:
        raise Invalid({"": f"{row.signed_by} has signed it already."})
    if row.recorded_by.casefold() == by.name.casefold():
        raise NotAllowed("Nobody signs what they wrote down themselves: somebody else must sign this.")
    if row.until < here.today:
        raise Invalid({"": "Its last day is over: decide it anew with a coming one."})
    if row.kind == "acceptance":
        key = RiskKey(*row.subject.split("/", 1))
        held = register_versions.risk(conn, key)
        if held is None:
            raise Unknown(f"There is no risk {key.id} of the source {key.source} (any more).")
        register_acceptances.approve(conn, by, row.acceptance, held.version, note=row.why, at=at)
    return _save(here, row, "sign", {"signed_by": by.name, "signed_at": here.at})


def change_decision(
    conn: Connection, by: Person, decision: int, version: int, *, at: datetime | None = None, **fields: Any
) -> int:
    """Changes what, why, who decides, the last day or the due day, until the review is closed: its version. What is
    signed stays as it was signed."""
    here = desk(conn, by, at)
    row = _row(conn, decision)
    in_state(row_of(conn, row.period), "preparation", "held")
    strange = fields.keys() - {*_FIELDS}
    if strange:
        raise Invalid({min(strange): "That is not changed here."})
    head = _head(row)
    expect(conn, head, version, fields)
    values = _checked(here, {name: fields.get(name, head.fields[name]) for name in _FIELDS}, row.kind)
    changed = {name: value for name, value in values.items() if value != head.fields[name]}
    if not changed:
        return int(row.version)
    if row.signed_by is not None:
        raise Invalid({"": f"{row.signed_by} has signed it: it stays as it was signed. Drop it, and decide anew."})
    if row.kind == "acceptance" and "until" in changed:
        raise Invalid({"until": "The risk register holds the last day that was asked for: drop this, and ask anew."})
    return _save(here, row, "change", changed)


def finish_decision(
    conn: Connection, by: Person, decision: int, version: int, *, on: date | None = None, at: datetime | None = None
) -> int:
    """It is carried out: its version. `on`: today, where not told."""
    here = desk(conn, by, at)
    row = _pending(conn, decision, version)
    day = on or here.today
    if day > here.today:
        raise Invalid({"on": "The day it was carried out is still to come."})
    return _save(here, row, "finish", {"done_on": day})


def drop_decision(
    conn: Connection, by: Person, decision: int, version: int, why: str, *, at: datetime | None = None
) -> int:
    """It holds no more, or will not be carried out; the reason is kept. Taking back what an approver has signed takes
    an approver. What was asked of the register is withdrawn by its asker with it, what was signed there is revoked."""
    signed = conn.execute(sa.select(DECISIONS.c.signed_by).where(DECISIONS.c.id == decision)).scalar()
    here = desk(conn, by, at, "approve" if signed else "write")
    said = sentence("why", why, "The reason")
    row = _pending(conn, decision, version)
    if row.kind == "acceptance":
        key = RiskKey(*row.subject.split("/", 1))
        held = register_versions.risk(conn, key)
        one = next((one for one in register_acceptances.of(conn, [key]).get(key, []) if one.id == row.acceptance), None)
        if held is not None and one is not None and one.revoked_at is None and one.declined_at is None:
            own = one.asked_by.casefold() == by.name.casefold()
            holds = bool(signed) and one.valid_until >= here.today
            if holds or (own and _waits(one, here.today)):
                register_acceptances.revoke(conn, by, one.id, held.version, why=said, at=at)
    return _save(here, row, "drop", {"dropped_on": here.today, "dropped_at": here.at, "reason": said}, said)


def _pending(conn: Connection, decision: int, version: int) -> Row[Any]:
    row = _row(conn, decision)
    expect(conn, _head(row), version, {})
    if row.done_on is not None or row.dropped_on is not None:
        raise Invalid({"": "The decision is carried out or dropped already."})
    return row


def _row(conn: Connection, decision: int) -> Row[Any]:
    found = conn.execute(sa.select(DECISIONS).where(DECISIONS.c.id == decision).with_for_update()).first()
    if found is None:
        raise Unknown(f"There is no decision {decision} (any more).")
    return found


def _head(row: Row[Any]) -> Head:
    fields = {name: getattr(row, name) for name in (*_FIELDS, *_ENDS)}
    return Head(
        "review_decisions", str(row.id), f"the decision “{row.what}”", row.version, row.changed_at, row.changed_by,
        fields,
    )  # fmt: skip


def _save(here: Desk, row: Row[Any], act: str, values: Mapping[str, Any], why: str | None = None) -> int:
    version = cast(int, row.version) + 1
    stamp = {"version": version, "changed_at": here.at, "changed_by": here.by.name}
    here.conn.execute(DECISIONS.update().where(DECISIONS.c.id == row.id).values(**values, **stamp))
    fields = {**_head(row).fields, **{name: values[name] for name in (*_FIELDS, *_ENDS) if name in values}}
    keep_version(here, "review_decisions", str(row.id), version, fields)
    told(here, "decisions", str(row.id), act, {name: getattr(row, name) for name in values}, values, why)
    return version

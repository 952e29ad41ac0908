"""Every write of reviews, as the matrix of roles calls it: all of them concern the whole organisation."""

from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection, Engine

from app.metrics.risk_records import Invalid, RiskKey, Unknown
from app.people import Act, Person, Role
from app.review import freeze
from app.store import reviews, reviews_actions, reviews_decisions, reviews_saving

Call = Callable[[Engine, Connection, Path, Person], object]
SOMEBODY = Person("somebody", frozenset({Role.EDITOR}))
ASKER = Person("asker", frozenset({Role.EDITOR}))
UNTIL, PERIOD = date(2999, 1, 1), "2026-10"
TEXT = ("x", sha256(b"x").hexdigest())


def _opened(conn: Connection) -> int:
    return reviews.open_(conn, SOMEBODY, PERIOD).version


def _prepared(conn: Connection) -> int:
    return reviews.prepare(conn, SOMEBODY, PERIOD, _opened(conn)).version


def _frozen(conn: Connection) -> int:
    version = _prepared(conn)
    reviews.keep_snapshot(conn, SOMEBODY, PERIOD, version, *TEXT)
    return version + 1


def _held(conn: Connection) -> int:
    return reviews.hold(conn, SOMEBODY, PERIOD, _frozen(conn)).version


def _decided(conn: Connection, kind: str = "decision") -> int:
    _prepared(conn)
    more = {"kind": kind, "subject": "up", "until": UNTIL} if kind != "decision" else {}
    words = {"step": "slos", "what": "x", "why": "x", "decided_by": "x"}
    return reviews.decide(conn, ASKER, PERIOD, **words, **more)  # type: ignore[arg-type]


def _decide(conn: Connection, by: Person) -> object:
    _prepared(conn)
    return reviews_decisions.decide(conn, by, PERIOD, step="slos", what="x", why="x", decided_by="x")


def _ask(conn: Connection, by: Person) -> RiskKey:
    _prepared(conn)
    return reviews_actions.ask(conn, by, PERIOD, step="slos", title="x")


def _comment(conn: Connection, by: Person) -> object:
    _opened(conn)
    return reviews.comment(conn, by, PERIOD, "x", "x")


def _note(conn: Connection, by: Person) -> object:
    _prepared(conn)
    return reviews.note(conn, by, PERIOD, "slos", 0, "x")


_REVIEW: Mapping[str, Callable[[Connection, Person], object]] = {
    "open_": lambda c, by: reviews.open_(c, by, PERIOD),
    "change": lambda c, by: reviews.change(c, by, PERIOD, _opened(c), chair="x"),
    "prepare": lambda c, by: reviews.prepare(c, by, PERIOD, _opened(c)),
    "keep_snapshot": lambda c, by: reviews.keep_snapshot(c, by, PERIOD, _prepared(c), *TEXT),
    "hold": lambda c, by: reviews.hold(c, by, PERIOD, _frozen(c)),
    "reopen": lambda c, by: reviews.reopen(c, by, PERIOD, _frozen(c), "x"),
    "close": lambda c, by: reviews.close(c, by, PERIOD, _held(c), *TEXT),
    "comment": _comment,
    "note": _note,
}
_DECISIONS: Mapping[str, Callable[[Connection, Person], object]] = {
    "decide": _decide,
    "change_decision": lambda c, by: reviews_decisions.change_decision(c, by, _decided(c), 1, what="y"),
    "finish_decision": lambda c, by: reviews_decisions.finish_decision(c, by, _decided(c), 1),
    "drop_decision": lambda c, by: reviews_decisions.drop_decision(c, by, _decided(c), 1, "x"),
}
_ACTIONS: Mapping[str, Callable[[Connection, Person], object]] = {
    "ask": _ask,
    "change_action": lambda c, by: reviews_actions.change_action(c, by, _ask(c, SOMEBODY), 1, {"title": "y"}),
    "close_action": lambda c, by: reviews_actions.close_action(c, by, _ask(c, SOMEBODY), 1),
    "drop_action": lambda c, by: reviews_actions.drop_action(c, by, _ask(c, SOMEBODY), 1, "x"),
}


def _none(act: Callable[[], object]) -> None:
    """Who may is told that there is no such review."""
    with pytest.raises((Invalid, Unknown)):
        act()


def _called(call: Callable[[Connection, Person], object]) -> Call:
    return lambda engine, conn, at, by: call(conn, by)


CALLS: Mapping[str, tuple[Act, Call]] = {
    **{f"app.store.reviews.{name}": ("write", _called(call)) for name, call in _REVIEW.items()},
    **{f"app.store.reviews_decisions.{name}": ("write", _called(call)) for name, call in _DECISIONS.items()},
    **{f"app.store.reviews_actions.{name}": ("write", _called(call)) for name, call in _ACTIONS.items()},
    "app.store.reviews_decisions.sign_decision": (
        "approve",
        _called(lambda c, by: reviews_decisions.sign_decision(c, by, _decided(c, "budget_exception"), 1)),
    ),
    "app.store.reviews_people.set_people": (
        "write",
        _called(lambda c, by: reviews.set_people(c, by, PERIOD, _opened(c), ())),
    ),
    "app.review.freeze.freeze": ("write", lambda e, c, at, by: _none(lambda: freeze.freeze(e, by, "2000-01", 1))),
    "app.review.freeze.close": ("write", lambda e, c, at, by: _none(lambda: freeze.close(e, by, "2000-01", 1))),
    "app.store.reviews_saving.desk": ("write", _called(lambda c, by: reviews_saving.desk(c, by, None))),
}
"""Function → the act that it takes, and a call of it."""

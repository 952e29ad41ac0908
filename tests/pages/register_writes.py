"""Every write of the risk register, as the matrix of roles calls it: on the risk `r1` of `test_matrix`."""

import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.engine import Connection, Engine

from app import ingest_register
from app.metrics.risk_records import Link, RiskKey
from app.metrics.risk_sheets import SheetRow
from app.people import Act, Person, Role
from app.store import (
    register,
    register_acceptances,
    register_actions,
    register_bulk,
    register_saving,
    register_sheets,
)
from app.store.engine import reading
from app.store.register_bulk import Bulk, BulkPlan
from app.store.register_sheets import SheetPlan

Call = Callable[[Engine, Connection, Path, Person], object]
RISK = RiskKey("file", "r1")
SOMEBODY = Person("somebody", frozenset({Role.EDITOR, Role.APPROVER}))
UNTIL = date(2999, 1, 1)
NEW = {
    "title": "Flood", "category": "site", "services": ["checkout"], "owner": "ann", "likelihood": 2, "impact": 2,
    "treatment": "mitigate",
}  # fmt: skip
TO = Link(kind="incident", source="file", id="i1")


def _asked(conn: Connection, by: Person = SOMEBODY) -> int:
    return register_acceptances.propose(conn, by, RISK, 1, reason="x", valid_until=UNTIL)


def _signed(conn: Connection) -> int:
    number = _asked(conn, Person("asker", frozenset({Role.EDITOR})))
    register_acceptances.approve(conn, SOMEBODY, number, 1)
    return number


def _reopened(conn: Connection, by: Person) -> object:
    register.close(conn, SOMEBODY, RISK, 1, reason="x")
    return register.reopen(conn, by, RISK, 2, reason="x")


def _undone(conn: Connection, by: Person) -> object:
    register.edit(conn, SOMEBODY, RISK, 1, {"owner": "zoe"})
    return register.undo(conn, by, RISK, 2)


def _action(conn: Connection) -> RiskKey:
    return register_actions.add(conn, SOMEBODY, RISK, {"title": "x"}).key


def _previewed(engine: Engine, by: Person) -> object:
    with reading(engine) as conn:
        return ingest_register.preview(conn, by, io.BytesIO(b"risk,title,likelihood\nr1,Fire,4\n"), "x.csv")


CALLS: Mapping[str, tuple[Act, Call]] = {
    "app.ingest_register.preview": ("write", lambda e, c, at, by: _previewed(e, by)),
    "app.store.register.assess": ("write", lambda e, c, at, by: register.assess(c, by, RISK, 1, {}, "x")),
    "app.store.register.close": ("write", lambda e, c, at, by: register.close(c, by, RISK, 1, reason="x")),
    "app.store.register.comment": ("write", lambda e, c, at, by: register.comment(c, by, RISK, "x")),
    "app.store.register.create": ("write", lambda e, c, at, by: register.create(c, by, NEW)),
    "app.store.register.edit": ("write", lambda e, c, at, by: register.edit(c, by, RISK, 1, {"owner": "zoe"})),
    "app.store.register.link": ("write", lambda e, c, at, by: register.link(c, by, RISK, 1, TO)),
    "app.store.register.reopen": ("write", lambda e, c, at, by: _reopened(c, by)),
    "app.store.register.review": ("write", lambda e, c, at, by: register.review(c, by, RISK, 1, note="x")),
    "app.store.register.undo": ("write", lambda e, c, at, by: _undone(c, by)),
    "app.store.register.unlink": ("write", lambda e, c, at, by: register.unlink(c, by, RISK, 1, TO)),
    "app.store.register_acceptances.approve": (
        "approve",
        lambda e, c, at, by: register_acceptances.approve(c, by, _asked(c), 1),
    ),
    "app.store.register_acceptances.decline": (
        "approve",
        lambda e, c, at, by: register_acceptances.decline(c, by, _asked(c), 1, why="x"),
    ),
    "app.store.register_acceptances.propose": ("write", lambda e, c, at, by: _asked(c, by)),
    "app.store.register_acceptances.revoke": (
        "approve",
        lambda e, c, at, by: register_acceptances.revoke(c, by, _signed(c), 2, why="x"),
    ),
    "app.store.register_actions.add": (
        "write",
        lambda e, c, at, by: register_actions.add(c, by, RISK, {"title": "x"}),
    ),
    "app.store.register_actions.cancel": (
        "write",
        lambda e, c, at, by: register_actions.cancel(c, by, _action(c), 1, why="x"),
    ),
    "app.store.register_actions.change": (
        "write",
        lambda e, c, at, by: register_actions.change(c, by, _action(c), 1, {"title": "y"}),
    ),
    "app.store.register_actions.close": ("write", lambda e, c, at, by: register_actions.close(c, by, _action(c), 1)),
    "app.store.register_bulk.apply": (
        "write",
        lambda e, c, at, by: register_bulk.apply(c, by, BulkPlan(Bulk(tag="x"), ())),
    ),
    "app.store.register_bulk.preview": (
        "write",
        lambda e, c, at, by: register_bulk.preview(c, by, [RISK], Bulk(tag="x")),
    ),
    "app.store.register_saving.desk": (
        "approve",
        lambda e, c, at, by: register_saving.desk(c, by, "approve", datetime(2026, 10, 5, tzinfo=UTC)),
    ),
    "app.store.register_sheets.apply": ("write", lambda e, c, at, by: register_sheets.apply(c, by, SheetPlan("x"))),
    "app.store.register_sheets.preview": (
        "write",
        lambda e, c, at, by: register_sheets.preview(c, by, "x", (), [SheetRow(2, {"risk": "r1"}, {})]),
    ),
}
"""Function → the act that it takes, and a call of it."""

"""The same change to several risks: looked at first, then made to all of them or to none, each with its own version
and audit entry."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from app.metrics import risk_rules
from app.metrics.risk_records import Conflict, Entry, Invalid, RiskKey, Saved, differing
from app.people import NotAllowed, Person
from app.store import register_versions
from app.store.register import changing
from app.store.register_saving import Desk, change_risk, desk, result


class Bulk(NamedTuple):
    """What to change; what is None stays."""

    owner: str | None = None
    review_on: date | None = None
    tag: str | None = None


class BulkRow(NamedTuple):
    """What becomes of one risk."""

    key: RiskKey
    title: str
    version: int
    changes: Mapping[str, tuple[Any, Any]]
    """Field → (before, after); empty: it is so already, and stays as it is."""
    problem: str | None = None


class BulkPlan(NamedTuple):
    bulk: Bulk
    rows: tuple[BulkRow, ...]

    @property
    def problems(self) -> dict[RiskKey, str]:
        """Why it cannot be made."""
        return {row.key: row.problem for row in self.rows if row.problem}


class BulkRefused(ValueError):
    """Nothing was changed: for these risks it could not be."""

    def __init__(self, problems: Mapping[RiskKey, str]):
        self.problems = dict(problems)
        some = "; ".join(f"{key.id}: {said}" for key, said in list(self.problems.items())[:3])
        super().__init__(f"Nothing was changed. {some}")


def preview(
    conn: Connection, by: Person, keys: Iterable[RiskKey], bulk: Bulk, *, at: datetime | None = None
) -> BulkPlan:
    """What the change would do to each risk; writes nothing, and may be asked of a connection that reads."""
    here = desk(conn, by, "edit", at)
    wanted = sorted(set(keys))
    held = {one.key: one for one in register_versions.risks(conn, wanted)}
    rows = []
    for key in wanted:
        if key not in held:
            rows.append(BulkRow(key, key.id, 0, {}, "There is no such risk (any more)."))
            continue
        one = held[key]
        try:
            here.may_touch(one.entry.services or ())
            new = _change(here, bulk)(one.entry)
        except (Invalid, NotAllowed) as refusal:
            rows.append(BulkRow(key, one.entry.title, one.version, {}, str(refusal)))
            continue
        rows.append(BulkRow(key, one.entry.title, one.version, differing(one.entry, new)))
    return BulkPlan(bulk, tuple(rows))


def apply(
    conn: Connection, by: Person, plan: BulkPlan, *, why: str | None = None, at: datetime | None = None
) -> list[Saved]:
    """Makes the change as it was looked at, to all or, raising BulkRefused, to none: the risks that changed."""
    here = desk(conn, by, "edit", at)
    problems, saved = plan.problems, list[Saved]()
    rows: Sequence[BulkRow] = [] if problems else [row for row in plan.rows if row.changes]
    register_versions.risks(conn, [row.key for row in rows], lock=True)
    for row in rows:
        try:
            held = change_risk(here, row.key, row.version, _change(here, plan.bulk), act="bulk", why=why or None)
        except (Conflict, Invalid, LookupError, NotAllowed) as refusal:
            problems[row.key] = str(refusal)
        else:
            saved.append(result(held))
    if problems:
        raise BulkRefused(problems)
    return saved


def _change(here: Desk, bulk: Bulk) -> Any:
    fields = {name: value for name, value in bulk._asdict().items() if value is not None and name != "tag"}

    def change(old: Entry) -> Entry:
        if bulk.review_on is not None and old.status != "open":
            raise Invalid({"": "It is closed: no review is due."})
        tagged = {"tags": (*old.tags, bulk.tag)} if bulk.tag is not None else {}
        return changing(here, fields | tagged, None)(old)

    risk_rules.only(fields, {"owner", "review_on"}, {})
    return change

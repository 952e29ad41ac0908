"""A sheet of risks that comes back: what it would change, looked at first, then made in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from app.metrics import risk_rules, risk_sheets
from app.metrics.risk_records import RATING, Clash, Conflict, Entry, Invalid, RiskKey, Saved, differing
from app.metrics.risk_sheets import SheetRow
from app.people import NotAllowed, Person
from app.store import register, register_versions
from app.store.register_bulk import BulkRefused
from app.store.register_saving import APP, Desk, change_risk, desk, result
from app.store.register_versions import Held


class NewRisk(NamedTuple):
    line: int
    fields: Mapping[str, Any]
    notes: tuple[str, ...]


class ChangedRisk(NamedTuple):
    line: int
    key: RiskKey
    title: str
    version: int
    """The risk's as it was looked at."""
    changes: Mapping[str, tuple[Any, Any]]
    """Field → (now, as the sheet has it): what an import makes."""
    conflicts: Mapping[str, Clash]
    """Fields that were changed on both sides since the export: an import leaves them, unless it is told otherwise."""
    notes: tuple[str, ...]


class Aside(NamedTuple):
    """A row that is not taken, and why."""

    line: int
    risk: str | None
    reasons: tuple[str, ...]


class SheetPlan(NamedTuple):
    """What a sheet would do."""

    name: str
    new: tuple[NewRisk, ...] = ()
    changed: tuple[ChangedRisk, ...] = ()
    unchanged: int = 0
    aside: tuple[Aside, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[ChangedRisk, ...]:
        """The risks of which a field was changed on both sides."""
        return tuple(one for one in self.changed if one.conflicts)


def preview(
    conn: Connection,
    by: Person,
    name: str,
    columns: Collection[str],
    rows: Sequence[SheetRow],
    notes: Sequence[str] = (),
    *,
    at: datetime | None = None,
) -> SheetPlan:
    """What the rows of a sheet would do; writes nothing, and may be asked of a connection that reads."""
    here = desk(conn, by, "sheet", at)
    held: dict[str, list[Held[Entry]]] = {}
    for risk in register_versions.every_risk(conn):
        held.setdefault(risk.key.id, []).append(risk)
    seen: dict[RiskKey, int] = {}
    new: list[NewRisk] = []
    changed: list[ChangedRisk] = []
    aside: list[Aside] = []
    unchanged = 0
    for row in rows:
        found, key, reasons = _named(row, held)
        if key is not None and key in seen:
            reasons = [f"{key.id} already stands on line {seen[key]}."]
        elif key is not None:
            seen[key] = row.line
        if not reasons and found is None:
            made = _new(here, row, columns, reasons)
            if made:
                new.append(made)
        elif not reasons and found is not None:
            one = _changed(here, row, columns, found, reasons)
            if one is not None and (one.changes or one.conflicts or one.notes):
                changed.append(one)
            elif one is not None:
                unchanged += 1
        if reasons:
            aside.append(Aside(row.line, row.values.get("risk"), tuple(reasons)))
    return SheetPlan(name, tuple(new), tuple(changed), unchanged, tuple(aside), tuple(notes))


def _named(
    row: SheetRow, held: Mapping[str, Sequence[Held[Entry]]]
) -> tuple[Held[Entry] | None, RiskKey | None, list[str]]:
    """The risk that a row is about; None: a new one."""
    wrong = [f"{column}: {said}." for column, said in row.problems.items() if column in risk_sheets.KEYS]
    if wrong:
        return None, None, wrong
    name, source, version = (row.values.get(column) for column in ("risk", "source", "version"))
    if name is None:
        said = "risk is missing: it was exported with an id." if version is not None else None
        return None, None, [said] if said else []
    some = [one for one in held.get(name, ()) if source in (None, one.key.source)]
    if len(some) > 1:
        return None, None, [f"source is missing: {name} is known to {' and '.join(one.key.source for one in some)}."]
    if some:
        return some[0], some[0].key, []
    if version is not None:
        return None, None, [f"There is no risk {name} (any more), though it was exported at version {version}."]
    if source not in (None, APP):
        return None, None, [f"source: a new risk is the register's own: leave it blank, or import {source} as a file."]
    return None, RiskKey(APP, name), [f"A risk {name} is known already."] if held.get(name) else []


def _new(here: Desk, row: SheetRow, columns: Collection[str], reasons: list[str]) -> NewRisk | None:
    reasons += [f"{column}: {said}." for column, said in row.problems.items()]
    fields, refused = risk_sheets.wanted(row, columns, None)
    reasons += refused
    if fields.pop("status", "open") == "closed":
        reasons.append("status: a new risk is open.")
    fields.pop("closed_on", None)
    if "links" in fields:
        fields["links"] = risk_sheets.read_links(fields["links"], reasons)
    level, notes = risk_sheets.stated(row, columns, here.policy)
    whole = {name: value for name, value in fields.items() if value is not None and value != ()}
    whole |= {"stated_level": level} if level else {}
    whole |= {"risk": row.values["risk"]} if row.values.get("risk") else {}
    if reasons:
        return None
    try:
        new = risk_rules.made(Entry, {"risk": "?", "identified_on": here.today, **whole, "status": "open"})
        risk_rules.check_entry(new, None, here.places.services, here.today, None)
        register.check_links(here.conn, new.links)
        here.may_touch(new.services or ())
    except (Invalid, NotAllowed) as refusal:
        reasons += refusal.fields.values() if isinstance(refusal, Invalid) else [str(refusal)]
        return None
    return NewRisk(row.line, whole, notes)


def _changed(
    here: Desk, row: SheetRow, columns: Collection[str], held: Held[Entry], reasons: list[str]
) -> ChangedRisk | None:
    notes: tuple[str, ...] = ()
    version = row.values.get("version")
    if version is None:
        version, notes = held.version, ("The version is missing: what others changed meanwhile cannot be told.",)
    base = register_versions.at_version(here.conn, held, version)
    if base is None:
        reasons.append(f"version: {held.key.id} was never at version {version}.")
        return None
    found = risk_sheets.compare(row, columns, held.key, base, held.entry, here.policy, here.today)
    reasons += found.problems
    if reasons:
        return None
    one = ChangedRisk(
        row.line,
        held.key,
        held.entry.title,
        held.version,
        found.changes,
        found.conflicts,
        (*(notes if found.changes else ()), *found.notes),
    )
    try:
        if found.changes:
            here.may_touch(held.entry.services or ())
            new = _change(here, {name: after for name, (_, after) in found.changes.items()}, "sheet")(held.entry)
            here.may_touch(new.services or ())
            one = one._replace(changes=differing(held.entry, new))
    except (Invalid, NotAllowed) as refusal:
        reasons += refusal.fields.values() if isinstance(refusal, Invalid) else [str(refusal)]
        return None
    return one


def _change(here: Desk, fields: Mapping[str, Any], why: str) -> Any:
    def change(old: Entry) -> Entry:
        links = {name: value for name, value in fields.items() if name == "links"}
        new = risk_rules.changed(old, {**fields, **links})
        risk_rules.check_entry(new, old, here.places.services, here.today, why)
        if (new.status == "closed") != (new.closed_on is not None) and differing(old, new).keys() & {
            "status",
            "closed_on",
        }:
            raise Invalid({"closed_on": "The day it was closed goes with the status closed, and with no other."})
        if new.closed_on is not None and new.closed_on > here.today and new.closed_on != old.closed_on:
            raise Invalid({"closed_on": "The day it was closed is a day still to come."})
        register.check_links(here.conn, [one for one in new.links if one not in old.links])
        return new

    return change


def apply(
    conn: Connection,
    by: Person,
    plan: SheetPlan,
    *,
    why: str | None = None,
    mine: Collection[tuple[RiskKey, str]] = (),
    at: datetime | None = None,
) -> list[Saved]:
    """Makes what was looked at, all of it or, raising BulkRefused, nothing: the risks that are new or changed.

    `mine`: the fields in conflict, (risk, field), in which the sheet shall win; the others stay as they are.
    """
    here = desk(conn, by, "sheet", at)
    said = risk_rules.sentence("why", why, "The reason") if (why or "").strip() else f"From the sheet {plan.name}"
    problems: dict[RiskKey, str] = {}
    saved: list[Saved] = []
    register_versions.risks(conn, [one.key for one in plan.changed], lock=True)
    for one in sorted(plan.changed, key=lambda each: each.key):
        fields = {name: after for name, (_, after) in one.changes.items()}
        fields |= {name: clash.mine for name, clash in one.conflicts.items() if (one.key, name) in mine}
        if not fields:
            continue
        if {*RATING} & fields.keys():
            fields.setdefault("stated_level", None)
        try:
            change = _change(here, fields, said)
            held = change_risk(here, one.key, one.version, change, act="sheet", why=said, always=False)
        except (Conflict, Invalid, LookupError, NotAllowed) as refusal:
            problems[one.key] = str(refusal)
        else:
            saved.append(result(held))
    for new in plan.new:
        try:
            saved.append(register.create(conn, by, new.fields, why=said, at=here.at))
        except (Invalid, NotAllowed) as refusal:
            problems[RiskKey(APP, str(new.fields.get("risk") or f"line {new.line}"))] = str(refusal)
    if problems:
        raise BulkRefused(problems)
    return saved

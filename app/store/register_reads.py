"""Reading the risk register: one risk's whole story, and the list of all with what is odd. Nothing here is kept by a
job: every state is derived from an instant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.metrics import acceptances, losses, register, risk_findings
from app.metrics.acceptances import Judged, ends
from app.metrics.numbers import Ask
from app.metrics.periods import local_day
from app.metrics.risk_findings import Around, Finding
from app.metrics.risk_moves import History
from app.metrics.risk_records import (
    LINKED,
    Assessment,
    Change,
    Comment,
    Entry,
    Link,
    Review,
    RiskKey,
    Treatment,
)
from app.store import facts as store_facts
from app.store import light, register_acceptances, register_versions
from app.store.register_saving import reviews_of
from app.store.register_tables import ASSESSMENTS, COMMENTS, HEADS, VERSIONS
from app.store.register_versions import Held
from app.store.tables import AUDIT, FACTS

_SOME = 200


class Told(NamedTuple):
    """One audit entry."""

    id: int
    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: str
    old: Any
    new: Any
    why: str | None


class Linked(NamedTuple):
    """What a risk is linked to, looked up."""

    link: Link
    title: str | None
    """None: the store no longer knows it."""
    state: str | None
    at: datetime | date | None
    """When an incident was detected, a test carried out or planned, an action due."""


@dataclass(frozen=True)
class Listed:
    """One risk of the table."""

    held: Held[Entry]
    score: int
    band: str
    loss: float | None
    """In an average year, money; None: not stated."""
    acceptance: Judged | None
    """The one in force, else the latest."""
    waiting: Judged | None
    """The one that waits for a decision."""
    reviewed: Review | None
    open_actions: int
    late: tuple[RiskKey, ...]
    """Its actions that are overdue, the one due first before the others."""
    was: int | None
    """The level at the last review, to say how it moved; None: never reviewed."""
    findings: tuple[Finding, ...]

    @property
    def overdue_actions(self) -> int:
        return len(self.late)

    @property
    def key(self) -> RiskKey:
        return self.held.key

    @property
    def entry(self) -> Entry:
        return self.held.entry


@dataclass(frozen=True)
class Story:
    """Everything about one risk, the latest first."""

    row: Listed
    changes: tuple[Change, ...]
    acceptances: tuple[Judged, ...]
    assessments: tuple[Assessment, ...]
    reviews: tuple[Review, ...]
    comments: tuple[Comment, ...]
    links: tuple[Linked, ...]
    linked_from: tuple[RiskKey, ...]
    """Other risks that are linked to it."""
    actions: tuple[Held[Treatment], ...]
    audit: tuple[Told, ...]

    @property
    def held(self) -> Held[Entry]:
        return self.row.held


def entry(conn: Connection, key: RiskKey) -> Held[Entry] | None:
    """A risk as it is, with its version; None where there is none."""
    return register_versions.risk(conn, key)


def story(conn: Connection, key: RiskKey, as_of: datetime) -> Story | None:
    """One risk's whole story as it was told by as-of; the risk itself as it is. None where there is none."""
    held = register_versions.risk(conn, key)
    if held is None:
        return None
    row = _rows(conn, [held], as_of, key)[0]
    policy = light.places(conn).policy_at(as_of)
    signed = register_acceptances.of(conn, [key]).get(key, [])
    actions = [one for one in register_versions.actions_of_risks(conn, key.id) if one.entry.opened_at <= as_of]
    return Story(
        row=row,
        changes=tuple(_changes(conn, "risks", key, as_of)),
        acceptances=tuple(acceptances.judged(signed, row.score, as_of, policy.timezone)),
        assessments=tuple(_assessments(conn, as_of, key).get(key, ())),
        reviews=tuple(one for one in reviews_of(conn, key).get(key, ()) if one.at <= as_of),
        comments=tuple(_comments(conn, key, as_of)),
        links=tuple(resolved(conn, held.entry.links)),
        linked_from=tuple(_linked_from(conn, key)),
        actions=tuple(actions),
        audit=tuple(_audit(conn, key, [one.key for one in actions], as_of)),
    )


def listed(conn: Connection, as_of: datetime) -> list[Listed]:
    """Every risk that was identified by as-of, with what is odd about it; the highest level first, then the dearest."""
    policy = light.places(conn).policy_at(as_of)
    today = local_day(as_of, policy.timezone)
    found = [
        one
        for one in register_versions.every_risk(conn)
        if one.entry.identified_on is None or one.entry.identified_on <= today
    ]
    rows = _rows(conn, found, as_of, None)
    return sorted(rows, key=lambda one: (-one.score, -(one.loss or 0.0), one.key.id, one.key.source))


def waiting(conn: Connection, as_of: datetime) -> list[tuple[Judged, Held[Entry]]]:
    """The acceptances that wait for a decision, the longest first."""
    zone = light.places(conn).policy_at(as_of).timezone
    found = register_acceptances.of(conn)
    held = {one.key: one for one in register_versions.risks(conn, list(found))}
    asked = []
    for key, some in found.items():
        if key in held and held[key].entry.status == "open":
            one = acceptances.waiting(acceptances.judged(some, risk_findings.score(held[key].entry), as_of, zone))
            asked += [(one, held[key])] if one else []
    return sorted(asked, key=lambda pair: (pair[0].acceptance.asked_at, pair[0].acceptance.id))


def gaps(conn: Connection, as_of: datetime) -> list[tuple[str, Finding]]:
    """Services of tier 0-1 that are not shown to come back and that no open risk names, each with a finding."""
    ask = Ask((), as_of)
    facts = store_facts.load(conn, frozenset({"risks", "dr_tests"}), ask)
    held = facts.services
    return [(name, risk_findings.gap(held[name].name if name in held else name)) for name in register.gaps(facts, ask)]


def _rows(conn: Connection, found: Sequence[Held[Entry]], as_of: datetime, only: RiskKey | None) -> list[Listed]:
    places = light.places(conn)
    policy = places.policy_at(as_of)
    zone = policy.timezone
    signed = register_acceptances.of(conn, None if only is None else [only])
    reviewed = reviews_of(conn, only)
    rated = _assessments(conn, as_of, only)
    actions: defaultdict[str, list[Held[Treatment]]] = defaultdict(list)
    for action in register_versions.actions_of_risks(conn, None if only is None else only.id):
        actions[action.entry.origin_id].append(action)
    acting = bool(actions) or (only is not None and _acting(conn))
    happened = {(one.link.source, one.link.id): one for one in resolved(conn, _links(found, "incident"))}
    passed = {
        (one.link.source, one.link.id) for one in resolved(conn, _links(found, "dr_test")) if one.state == "passed"
    }
    rows = []
    for held in found:
        entry, key = held.entry, held.key
        score = risk_findings.score(entry)
        judged = acceptances.judged(signed.get(key, ()), score, as_of, zone)
        kept = [one for one in reviewed.get(key, ()) if one.at <= as_of and not _undone(one, as_of)]
        incidents = [
            (one.link.id, one.at)
            for to in entry.links
            if to.kind == "incident" and (one := happened.get((to.source, to.id))) and isinstance(one.at, datetime)
        ]
        around = Around(
            entry=entry,
            acceptances=judged,
            actions=[one.entry for one in actions.get(key.id, ())],
            reviewed=kept[0] if kept else None,
            incidents=incidents,
            tested=any(to.kind == "dr_test" and (to.source, to.id) in passed for to in entry.links),
            services=sum(name in places.services for name in entry.services or ()),
            acting=acting,
        )
        working = [
            one for one in actions.get(key.id, ()) if one.entry.opened_at <= as_of and not _done(one.entry, as_of)
        ]
        due = [(one.entry.due_on, one.key) for one in working if one.entry.due_on is not None]
        rows.append(
            Listed(
                held=held,
                score=score,
                band=policy.risk.band(score).name,
                loss=losses.expected(register_acceptances.fact(key, entry)),
                acceptance=acceptances.in_force(judged)
                or next((one for one in judged if one.state != "proposed"), None),
                waiting=acceptances.waiting(judged),
                reviewed=around.reviewed,
                open_actions=len(working),
                late=tuple(action for on, action in sorted(due) if as_of >= ends(on, zone)),
                was=_was(rated.get(key, ()), around.reviewed),
                findings=risk_findings.findings(around, policy, as_of),
            )
        )
    return rows


def _acting(conn: Connection) -> bool:
    table = FACTS["actions"]
    return bool(conn.execute(sa.select(sa.literal(1)).where(table.c.origin == "risk").limit(1)).scalar())


def _undone(review: Review, as_of: datetime) -> bool:
    return review.undone_at is not None and review.undone_at <= as_of


def _done(action: Treatment, as_of: datetime) -> bool:
    return any(at is not None and at <= as_of for at in (action.closed_at, action.cancelled_at))


def _was(rated: Sequence[Assessment], review: Review | None) -> int | None:
    """The level that was in force when it was last reviewed."""
    if review is None:
        return None
    before = next((one for one in rated if one.at <= review.at), None)
    return before.likelihood * before.impact if before else None


def _links(found: Iterable[Held[Entry]], kind: str) -> list[Link]:
    return [link for held in found for link in held.entry.links if link.kind == kind]


_SHOWN: Mapping[str, tuple[str, str | None, str]] = {
    "incident": ("title", "severity", "detected_at"),
    "slo": ("name", None, "valid_from"),
    "dr_test": ("name", "result", "planned_on"),
    "action": ("title", "outcome", "due_on"),
    "risk": ("title", "status", "review_on"),
}
"""Kind of link → the columns that give its title, its state and its time."""


def resolved(conn: Connection, links: Iterable[Link]) -> list[Linked]:
    """Links with what they point at, in their order; one that nobody knows any more has no title."""
    wanted = list(dict.fromkeys(links))
    known: dict[Link, Linked] = {}
    for kind, (entity, column) in LINKED.items():
        some = [link for link in wanted if link.kind == kind]
        title, state, at = _SHOWN[kind]
        table = FACTS[entity]
        shown: list[Any] = [table.c.source, table.c[column], table.c[title], table.c[at]]
        shown.append(table.c[state] if state else sa.null())
        for start in range(0, len(some), _SOME):
            part = some[start : start + _SOME]
            here = sa.or_(*(sa.and_(table.c.source == one.source, table.c[column] == one.id) for one in part))
            for source, name, words, when, how in conn.execute(sa.select(*shown).where(here)):
                link = Link(kind=kind, source=source, id=name)
                told = f"severity {how}" if kind == "incident" else how
                known[link] = Linked(link, words, told, when)
    return [known.get(link, Linked(link, None, None, None)) for link in wanted]


def _linked_from(conn: Connection, key: RiskKey) -> list[RiskKey]:
    to = {"kind": "risk", "source": key.source, "id": key.id}
    query = sa.select(HEADS.c.source, HEADS.c.id, HEADS.c.extra).where(HEADS.c.entity == "risks")
    found = [RiskKey(source, name) for source, name, extra in conn.execute(query) if to in extra.get("links", ())]
    return sorted(found)


def _changes(conn: Connection, entity: str, key: RiskKey, as_of: datetime) -> list[Change]:
    table = VERSIONS
    query = (
        sa.select(table.c.version, table.c.at, table.c.actor, table.c.act, table.c.why, table.c.changes)
        .where(table.c.entity == entity, table.c.source == key.source, table.c.id == key.id, table.c.at <= as_of)
        .order_by(table.c.version.desc())
    )
    return [
        Change(*row[:5], {name: (before, after) for name, (before, after) in row.changes.items()})
        for row in conn.execute(query)
    ]


def changes(conn: Connection, risk: RiskKey, as_of: datetime) -> list[Change]:
    """The versions of a risk, the latest first."""
    return _changes(conn, "risks", risk, as_of)


def changes_of_action(conn: Connection, action: RiskKey, as_of: datetime) -> list[Change]:
    """The versions of an action, the latest first."""
    return _changes(conn, "actions", action, as_of)


def _assessments(conn: Connection, as_of: datetime, only: RiskKey | None) -> dict[RiskKey, list[Assessment]]:
    table = ASSESSMENTS
    names = ["actor" if name == "by" else name for name in Assessment._fields]
    query = sa.select(table.c.source, table.c.risk, *(table.c[name] for name in names)).where(table.c.at <= as_of)
    if only is not None:
        query = query.where(table.c.source == only.source, table.c.risk == only.id)
    found: defaultdict[RiskKey, list[Assessment]] = defaultdict(list)
    for source, risk, *values in conn.execute(query.order_by(table.c.version.desc())):
        found[RiskKey(source, risk)].append(Assessment(*values))
    return found


def histories(conn: Connection, as_of: datetime) -> dict[tuple[str, str], History]:
    """(source, risk) → how it was rated by as-of, as far as that was kept, and when it was last reviewed."""
    rated = {key: list(reversed(some)) for key, some in _assessments(conn, as_of, None).items()}
    table = VERSIONS
    query = sa.select(table.c.source, table.c.id, table.c.at, table.c.actor, table.c.entry).where(
        table.c.entity == "risks", table.c.version == 1, table.c.at <= as_of
    )
    for source, name, at, actor, first in conn.execute(query):
        held = rated.setdefault(RiskKey(source, name), [])
        if not held or held[0].version > 1:  # a file brought it before ratings were kept
            levels = {field: first.get(field) for field in Assessment._fields[4:]}
            held.insert(0, Assessment(1, at, actor, None, **levels))
    looks = reviews_of(conn, None)
    made = {}
    for key in rated.keys() | looks.keys():
        kept = [one.at for one in looks.get(key, ()) if one.at <= as_of and not _undone(one, as_of)]
        made[key.source, key.id] = History(tuple(rated.get(key, ())), max(kept, default=None))
    return made


def _comments(conn: Connection, key: RiskKey, as_of: datetime) -> list[Comment]:
    table = COMMENTS
    query = sa.select(table.c.id, table.c.at, table.c.actor, table.c.text).where(
        table.c.source == key.source, table.c.risk == key.id, table.c.at <= as_of
    )
    return [Comment(*row) for row in conn.execute(query.order_by(table.c.id.desc()))]


def _audit(conn: Connection, key: RiskKey, actions: Sequence[RiskKey], as_of: datetime) -> list[Told]:
    table = AUDIT
    here = sa.and_(table.c.entity == "risks", table.c.entity_id == str(key))
    for one in actions:
        here = sa.or_(here, sa.and_(table.c.entity == "actions", table.c.entity_id == str(one)))
    query = sa.select(*(table.c[name] for name in Told._fields)).where(here, table.c.at <= as_of)
    return [Told(*row) for row in conn.execute(query.order_by(table.c.id.desc()))]

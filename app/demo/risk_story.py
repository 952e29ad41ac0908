"""How the register at home came to be what it is: ratings, reviews, acceptances, links, plans and what people said.

The history ends with the facts as they were imported, so every number stays what it was. It is written with the days on
which it happened, and audited as the filling that it is.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app import policy
from app.demo.organisation import mail
from app.demo.risks import ACCEPTED
from app.demo.stage import Stage
from app.metrics import losses
from app.metrics.risk_findings import score
from app.metrics.risk_records import Entry, Link, RiskKey, Treatment
from app.store import register_versions, risks
from app.store.register_acceptances import fact
from app.store.register_tables import ACCEPTANCES, ASSESSMENTS, COMMENTS, HEADS, REVIEWS, VERSIONS
from app.store.register_versions import Held
from app.store.tables import FACTS

_SIGNER, _CHAIR = mail("helen.frost"), mail("ruth.adler")
_GREW = (1, 14)
"""Places of risks that have grown since they were found."""
_AWAKE = (0, 3)
"""Of those to which something happened after their last review."""
_ASKED, _DECLINED, _REVOKED, _RISEN, _RENEWED = 3, 9, 24, 33, 27
"""Of acceptances: one that waits, one declined, one revoked, one that the level outgrew, one renewed."""
_NOTES = (
    "Looked at with the owner: the level stands, the plan holds.",
    "The plan is late by some weeks; the level stands.",
    "Seen in the light of the quarter's incidents: no change.",
    "The numbers of last year bear the range out.",
)
_WHYS = (
    "First measures are in place and were shown to work.",
    "The drill went well, so it is less likely to hurt.",
    "Half of the plan is done; the rest is funded.",
)
_SAID = {
    0: ("anjali.menon", "The second provider's sandbox passed our replay of October. Routing is next."),
    1: ("jonas.weber", "At last year's peak we shed suggestions by hand. That cannot be the plan again."),
    2: ("peter.hughes", "The acceptance has run out. Either the failover is tested, or somebody signs again."),
    3: ("vikram.shah", "Who decides what we sell while only one region is up? Not written down anywhere."),
    6: ("grace.miller", "The scrubbing contract renews in March: we should test it before."),
}


class _Step(NamedTuple):
    """One version of the past."""

    at: datetime
    by: str
    act: str
    why: str | None
    fields: dict[str, Any]


def tell(conn: Connection, stage: Stage) -> None:
    """Writes the history of every risk at home, and the plans of its actions."""
    table = FACTS["risks"]
    names = conn.execute(sa.select(table.c.source, table.c.risk).where(table.c.risk.like("RISK-__"))).all()
    for held in register_versions.risks(conn, [RiskKey(*row) for row in names]):
        place = int(held.key.id.removeprefix("RISK-")) - 1
        _of_one(conn, stage, held, place)
    _plans(conn)


def _of_one(conn: Connection, stage: Stage, held: Held[Entry], place: int) -> None:
    for rows in (HEADS, VERSIONS):
        conn.execute(
            rows.delete().where(rows.c.entity == "risks", rows.c.source == held.key.source, rows.c.id == held.key.id)
        )
    conn.execute(ASSESSMENTS.delete().where(ASSESSMENTS.c.source == held.key.source, ASSESSMENTS.c.risk == held.key.id))
    final = held.entry
    found = final.identified_on or stage.last - timedelta(400)
    looks = _looks(stage, final, found, place)
    final = final.model_copy(update=_shown(conn, stage, held.key, final, looks, place))
    one, other = _first(final, place)
    plain = {"tags": (), "evidence_url": None, "links": (), "review_on": None, "status": "open", "closed_on": None}
    blank = {"accepted_by": None, "accepted_until": None}
    start = final.model_copy(update={**plain, **blank, "likelihood": one, "impact": other})
    now = register_versions.keep(
        conn, None, start, key=held.key, by=final.owner, act="create", why=None, at=_at(found, 9), facts=False
    )
    steps = [*_ratings(final, (one, other), found, looks, place), *_acts(final, found, looks)]
    steps += _accepted(conn, stage, held.key, final, found, place)
    for step in sorted(steps, key=lambda each: each.at):
        entry = now.entry.model_copy(update=step.fields)
        now = register_versions.keep(
            conn, now, entry, key=held.key, by=step.by, act=step.act, why=step.why, at=step.at, facts=False
        )
        if step.act == "review":
            _review(conn, now, step)
    said = _SAID.get(place)
    if said:
        row = {"source": held.key.source, "risk": held.key.id, "at": _at(stage.last - timedelta(2), 14)}
        conn.execute(COMMENTS.insert().values(**row, actor=mail(said[0]), text=said[1]))


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def _looks(stage: Stage, final: Entry, found: date, place: int) -> list[tuple[date, date]]:
    """(day, next due) of its reviews, in order; the last set the date that the fact has."""
    if final.review_on is None:
        return []
    days = policy.default().risk.band(score(final)).review_days
    last = min(final.review_on - timedelta(days), stage.last - timedelta(3 + place % 20))
    if last <= found:
        return []
    due, looks = final.review_on, list[tuple[date, date]]()
    while last > found and len(looks) < 4:
        looks.append((last, due))
        due, last = last, last - timedelta(days - 5 + place % 9)
    return looks[::-1]


def _first(final: Entry, place: int) -> tuple[int, int]:
    """How it was rated when it was found: as bad as it can be, or, of those that grew, milder than now."""
    if place in _GREW:
        return max(final.likelihood - 1, 1), max(final.impact - 1, 1)
    return final.inherent_likelihood or final.likelihood, final.inherent_impact or final.impact


def _ratings(
    final: Entry, first: tuple[int, int], found: date, looks: list[tuple[date, date]], place: int
) -> Iterator[_Step]:
    """The likelihood moved half way, then all of it, with the impact."""
    last = looks[-1][0] if looks else (final.closed_on or found + timedelta(40)) - timedelta(10)
    span = max((last - found).days, 4)
    half = (first[0] + final.likelihood) // 2
    grew = "More traffic than planned: the last peak came close." if place in _GREW else None
    middle = {"likelihood": half}
    if half not in (first[0], final.likelihood):
        yield _Step(_at(found + timedelta(span // 3), 11), final.owner, "assess", grew or _WHYS[place % 3], middle)
    if (final.likelihood, final.impact) != first:
        end = {"likelihood": final.likelihood, "impact": final.impact}
        why = grew or _WHYS[(place + 1) % 3]
        yield _Step(_at(found + timedelta(span * 2 // 3), 11), final.owner, "assess", why, end)


def _acts(final: Entry, found: date, looks: list[tuple[date, date]]) -> Iterator[_Step]:
    shown = {"tags": final.tags, "evidence_url": final.evidence_url}
    if any(shown.values()):
        yield _Step(_at(found + timedelta(1), 15), final.owner, "edit", None, shown)
    if final.links:
        yield _Step(_at(found + timedelta(2), 15), final.owner, "link", None, {"links": final.links})
    for day, due in looks:
        yield _Step(_at(day, 13), _CHAIR, "review", _NOTES[day.toordinal() % len(_NOTES)], {"review_on": due})
    if final.review_on is not None and not looks:
        yield _Step(_at(found, 10), final.owner, "edit", None, {"review_on": final.review_on})
    if final.status == "closed":
        day = final.closed_on or found + timedelta(60)
        yield _Step(
            _at(day, 16), final.owner, "close", final.response, {"status": "closed", "closed_on": final.closed_on}
        )


def _review(conn: Connection, now: Held[Entry], step: _Step) -> None:
    row = {"source": now.key.source, "risk": now.key.id, "on": step.at.date(), "actor": step.by, "note": step.why}
    conn.execute(
        REVIEWS.insert().values(**row, next_on=now.entry.review_on, at=step.at, version=now.version, undone_at=None)
    )


def _shown(
    conn: Connection, stage: Stage, key: RiskKey, final: Entry, looks: list[tuple[date, date]], place: int
) -> dict[str, Any]:
    """Its tags, its evidence, and what it is linked to: what happened on its services, what tested them."""
    services = final.services or ()
    stop = _at(looks[-1][0], 0) if looks and place not in _AWAKE else _at(stage.last, 23)
    links = [
        Link(kind="incident", source=one.source, id=one.incident)
        for one in risks.incidents(conn, services, stop - timedelta(400), stop, 40)
        if one.severity <= 2 and one.services[:1] == services[:1]
    ][:2]
    tests = FACTS["dr_tests"]
    query = sa.select(tests.c.source, tests.c.test, tests.c.services).where(tests.c.executed_at.is_not(None))
    carried = [
        Link(kind="dr_test", source=row.source, id=row.test)
        for row in conn.execute(query.order_by(tests.c.executed_at.desc(), tests.c.test))
        if {*(row.services or ())} & {*services}
    ]
    slos = FACTS["slos"]
    promised = sa.select(slos.c.source, slos.c.slo).where(slos.c.service == (services[0] if services else ""))
    kept = [
        Link(kind="slo", source=row.source, id=row.slo) for row in conn.execute(promised.order_by(slos.c.slo).limit(1))
    ]
    also = [Link(kind="risk", source=key.source, id="RISK-01")] if place == 3 else []
    lowered = final.inherent_likelihood is not None and final.likelihood < final.inherent_likelihood
    proof = f"https://grc.example.com/evidence/{key.id.lower()}" if lowered and place % 3 != 1 else None
    tags = {"third party": ("supplier",), "security": ("audit",), "capacity": ("peak",)}.get(final.category, ())
    return {"links": (*links, *carried[:1], *kept, *also), "evidence_url": proof, "tags": tags}


def _accepted(conn: Connection, stage: Stage, key: RiskKey, final: Entry, found: date, place: int) -> Iterator[_Step]:
    """The acceptances: of every risk to be accepted, and a few that went otherwise."""
    until = final.accepted_until
    if until is not None:
        day = max(found + timedelta(3), min(until - timedelta(180), stage.last - timedelta(40)))
        if place == _RENEWED:
            before = max(found + timedelta(2), day - timedelta(200))
            _sign(conn, key, final, before, day + timedelta(5), "The static copy has held so far.")
        milder = {"likelihood": final.likelihood - 1} if place == _RISEN else {}
        reason = final.response or "The cure costs more than the harm."
        terms = "A failover test before it ends." if place == ACCEPTED else None
        at = _sign(conn, key, final, day, until, reason, conditions=terms, **milder)
        signed = {"accepted_by": final.accepted_by, "accepted_until": until}
        yield _Step(at, _SIGNER, "approve", reason, signed)
    asked, ahead = stage.last - timedelta(3), stage.last + timedelta(120)
    if place == _ASKED:
        _ask(
            conn,
            key,
            final,
            asked,
            ahead,
            "A second warm region costs 1.4 M a year; the failover halves the harm already.",
        )
    if place == _DECLINED:
        no = {"declined_by": _SIGNER, "declined_at": _at(asked - timedelta(20), 12)}
        why = "The upgrade is two sprints away: do it."
        _ask(conn, key, final, asked - timedelta(25), ahead, "The upgrade can wait a year.", **no, declined_why=why)
    if place == _REVOKED:
        day = max(found + timedelta(5), asked - timedelta(150))
        back = {"revoked_by": _SIGNER, "revoked_at": _at(day + timedelta(60), 12)}
        reason = "Builds are signed by hand until the tool is there."
        _sign(conn, key, final, day, day + timedelta(200), reason, **back, revoked_why="Signed builds are in place.")


def _sign(conn: Connection, key: RiskKey, final: Entry, day: date, until: date, reason: str, **more: Any) -> datetime:
    at = _at(day + timedelta(1), 10)
    by = final.accepted_by or _SIGNER
    _ask(conn, key, final, day, until, reason, approved_by=by, approved_at=at, **more)
    return at


def _ask(conn: Connection, key: RiskKey, final: Entry, day: date, until: date, reason: str, **more: Any) -> None:
    row = {
        "source": key.source,
        "risk": key.id,
        "asked_by": final.owner,
        "asked_at": _at(day, 9),
        "reason": reason,
        "valid_until": until,
        "likelihood": final.likelihood,
        "impact": final.impact,
        "inherent_likelihood": final.inherent_likelihood,
        "inherent_impact": final.inherent_impact,
        "loss": losses.expected(fact(key, final)),
    }
    conn.execute(ACCEPTANCES.insert().values(**row | more))


def _plans(conn: Connection) -> None:
    """What the actions of risks at home cost, and what is expected of them."""
    homes = {one.key.id: one.entry for one in register_versions.every_risk(conn)}
    for number, held in enumerate(register_versions.actions_of_risks(conn)):
        risk = homes.get(held.entry.origin_id)
        if risk is None or not held.entry.origin_id.startswith("RISK-"):
            continue
        plan: dict[str, Any] = {"cost": float((8, 15, 30, 60, 120)[number % 5] * 1000)}
        plan |= {"events_factor": (0.5, 0.7, 0.4)[number % 3]} if number % 4 else {"loss_factor": 0.6}
        if risk.target_likelihood and risk.target_impact:
            plan |= {"to_likelihood": risk.target_likelihood, "to_impact": risk.target_impact}
        entry = Treatment.model_validate(held.entry.model_dump() | plan)
        why, at = "The plan, as it was agreed.", held.entry.opened_at + timedelta(hours=2)
        by = held.entry.owner or _CHAIR
        register_versions.keep(conn, held, entry, key=held.key, by=by, act="change", why=why, at=at, facts=False)

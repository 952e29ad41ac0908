"""Accepting risks, what is done about them, and the same change to several: on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import policy
from app.metrics import attention, register
from app.metrics.numbers import Ask
from app.metrics.periods import containing
from app.metrics.risk_records import Conflict, Invalid, RiskKey, Saved, Unknown
from app.people import NotAllowed, Person, local
from app.store import facts as store_facts
from app.store import numbers, register_acceptances, register_actions, register_bulk, register_reads
from app.store import register as writes
from app.store.engine import reading, writing
from app.store.register_bulk import Bulk, BulkRefused
from app.store.tables import AUDIT, FACTS
from app.store.write import set_policy
from tests.store.keeping import keep
from tests.store.register_case import ANA, AT, BEN, EVE, FIRE, FLOOD, RISKS, VIC, fill

LAST = date(2026, 10, 31)
PROPOSAL: dict[str, Any] = {"reason": "Cheaper than a wall.", "valid_until": LAST, "at": AT}


@pytest.fixture
def store(engine: Engine) -> Engine:
    return fill(engine)


def _story(engine: Engine, key: RiskKey, at: datetime = AT) -> register_reads.Story:
    with reading(engine) as conn:
        found = register_reads.story(conn, key, at)
    assert found is not None
    return found


def _accepted(engine: Engine, key: RiskKey = FLOOD) -> tuple[str | None, date | None]:
    held = _story(engine, key).held.entry
    return held.accepted_by, held.accepted_until


def _sign(engine: Engine, key: RiskKey = FLOOD, by: Person = BEN) -> int:
    with writing(engine) as conn:
        number = register_acceptances.propose(conn, ANA, key, 1, **PROPOSAL)
        register_acceptances.approve(conn, by, number, 1, at=AT)
    return number


def _keys(engine: Engine, key: RiskKey, at: datetime) -> list[str]:
    return [one.key for one in _story(engine, key, at).row.findings]


def test_what_one_asks_another_signs_and_every_number_follows(store: Engine) -> None:
    with writing(store) as conn:
        number = register_acceptances.propose(conn, ANA, FLOOD, 1, conditions="Sandbags.", **PROPOSAL)
    with reading(store) as conn:
        assert [(one.acceptance.id, held.key) for one, held in register_reads.waiting(conn, AT)] == [(number, FLOOD)]
    with writing(store) as conn:
        saved = register_acceptances.approve(conn, BEN, number, 1, note="Until the wall.", at=AT)

    assert saved == Saved(FLOOD, 2)
    assert _accepted(store) == (BEN.name, LAST)
    (judged,) = _story(store, FLOOD).acceptances
    one = judged.acceptance
    assert judged.state == "active"
    assert (one.asked_by, one.approved_by, one.note, one.conditions) == (
        ANA.name,
        BEN.name,
        "Until the wall.",
        "Sandbags.",
    )
    assert (one.likelihood, one.impact, one.loss) == (2, 2, None)
    with reading(store) as conn:
        told = conn.execute(sa.select(AUDIT.c.action, AUDIT.c.new).order_by(AUDIT.c.id)).all()
        assert register_reads.waiting(conn, AT) == []
    assert [row.action for row in told] == ["propose", "approve"]
    assert told[1].new == {
        "accepted_by": BEN.name, "accepted_until": "2026-10-31", "acceptance": number, "asked_by": ANA.name,
    }  # fmt: skip


def test_nobody_signs_their_own_request_however_it_is_written_nor_without_the_role(store: Engine) -> None:
    with writing(store) as conn:
        number = register_acceptances.propose(conn, BEN, FLOOD, 1, **PROPOSAL)
    same = Person(BEN.name.upper(), BEN.roles)

    for who in (BEN, same, ANA, VIC):
        with pytest.raises(NotAllowed), writing(store) as conn:
            register_acceptances.approve(conn, who, number, 1, at=AT)
        with pytest.raises(NotAllowed), writing(store) as conn:
            register_acceptances.decline(conn, who, number, 1, why="no", at=AT)
    with pytest.raises(NotAllowed), writing(store) as conn:
        register_acceptances.propose(conn, EVE, FIRE, 1, **PROPOSAL)

    assert _accepted(store) == (None, None)


def test_a_request_is_decided_once_and_by_what_was_read(store: Engine) -> None:
    with writing(store) as conn:
        number = register_acceptances.propose(conn, ANA, FLOOD, 1, **PROPOSAL)
    with pytest.raises(Invalid, match="waits for a decision already"), writing(store) as conn:
        register_acceptances.propose(conn, ANA, FLOOD, 1, **PROPOSAL)
    with writing(store) as conn:
        writes.edit(conn, ANA, FLOOD, 1, {"title": "The cellar floods each spring"}, at=AT)
    for act in (register_acceptances.approve, register_acceptances.decline):
        with pytest.raises(Conflict), writing(store) as conn:
            act(conn, BEN, number, 1, at=AT, **({"why": "no"} if act is register_acceptances.decline else {}))  # type: ignore[operator]
    with writing(store) as conn:
        register_acceptances.decline(conn, BEN, number, 2, why="Build the wall.", at=AT)
    with pytest.raises(Invalid, match="declined"), writing(store) as conn:
        register_acceptances.approve(conn, EVE, number, 2, at=AT)
    with pytest.raises(Unknown), writing(store) as conn:
        register_acceptances.approve(conn, EVE, 99, 2, at=AT)
    with writing(store) as conn:
        again = register_acceptances.propose(conn, ANA, FLOOD, 2, **PROPOSAL)
        register_acceptances.revoke(conn, ANA, again, 2, why="Thought better of it.", at=AT)

    assert [one.state for one in _story(store, FLOOD).acceptances] == ["withdrawn", "declined"]


def test_a_level_that_rose_is_not_signed_and_shows_where_it_was(store: Engine) -> None:
    with writing(store) as conn:
        number = register_acceptances.propose(conn, ANA, FLOOD, 1, **PROPOSAL)
        writes.assess(conn, ANA, FLOOD, 1, {"impact": 3}, "A new cellar.", at=AT)
    with pytest.raises(Invalid, match="has risen"), writing(store) as conn:
        register_acceptances.approve(conn, BEN, number, 2, at=AT)
    with writing(store) as conn:
        writes.assess(conn, ANA, FLOOD, 2, {"impact": 2}, "The old one.", at=AT)
        register_acceptances.approve(conn, BEN, number, 3, at=AT)
        writes.assess(conn, ANA, FLOOD, 4, {"likelihood": 3}, "Rain.", at=AT)

    assert _story(store, FLOOD).acceptances[0].state == "risen"
    assert "acceptance_risen" in _keys(store, FLOOD, AT)


def test_a_revoked_acceptance_holds_no_longer_and_a_newer_one_replaces_it(store: Engine) -> None:
    number = _sign(store)
    with pytest.raises(NotAllowed), writing(store) as conn:
        register_acceptances.revoke(conn, ANA, number, 2, why="no", at=AT)
    with writing(store) as conn:
        newer = register_acceptances.propose(conn, ANA, FLOOD, 2, **PROPOSAL | {"valid_until": date(2027, 1, 31)})
        register_acceptances.approve(conn, EVE, newer, 2, at=AT + timedelta(minutes=1))
    later = AT + timedelta(minutes=2)
    assert [one.state for one in _story(store, FLOOD, later).acceptances] == ["active", "replaced"]
    assert _accepted(store) == (EVE.name, date(2027, 1, 31))
    with writing(store) as conn:
        register_acceptances.revoke(conn, BEN, newer, 3, why="The wall is built.", at=later)

    assert [one.state for one in _story(store, FLOOD, later).acceptances] == ["revoked", "replaced"]
    assert _accepted(store) == (None, None)
    with pytest.raises(Invalid, match="revoke"), writing(store) as conn:
        writes.undo(conn, ANA, FLOOD, 4, at=later)


def test_a_file_that_says_nothing_of_acceptances_leaves_a_signed_one_alone(store: Engine) -> None:
    _sign(store)
    with writing(store) as conn:
        again = keep(conn, {"risks": RISKS})
        moved = keep(conn, {"risks": [RISKS[0], RISKS[1]._replace(category="water")]})

    assert (again["risks"].changed, moved["risks"].changed) == (0, 1)
    assert _accepted(store) == (BEN.name, LAST)
    assert _story(store, FLOOD).held.version == 3


@pytest.mark.parametrize(
    ("zone", "last", "midnight"),
    [
        ("Europe/London", date(2026, 10, 31), datetime(2026, 11, 1, 0, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 2, 5, tzinfo=UTC)),  # the day has 25 hours
        ("Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 28, 22, tzinfo=UTC)),  # the day has 23 hours
    ],
)
def test_an_acceptance_holds_to_the_end_of_its_day_and_no_second_longer_in_every_view(
    sqlite_register: Engine, zone: str, last: date, midnight: datetime
) -> None:
    store = sqlite_register
    text = policy.dump(policy.default().model_copy(update={"timezone": zone}))
    with writing(store) as conn:
        set_policy(conn, text, by=local("x"), at=AT - timedelta(300))
        number = register_acceptances.propose(conn, ANA, FLOOD, 1, **PROPOSAL | {"valid_until": last})
        register_acceptances.approve(conn, BEN, number, 1, at=AT)

    def views(at: datetime) -> tuple[Any, ...]:
        with reading(store) as conn:
            facts = store_facts.load(conn, frozenset({"risks", "actions"}), Ask((), at))
            ask = Ask((containing(last, "year", zone), containing(date(2028, 1, 1), "year", zone)), at)
            kpi = [one.value for one in numbers.numbers(conn, ["risk_reviews_overdue"], ask) if one.value is not None]
            rows = numbers.rows(conn, "risk_reviews_overdue", ask)
            listed = next(one for one in register_reads.listed(conn, at) if one.key == FLOOD)
        standing = next(one for one in register.register(facts, Ask((), at)) if one.risk.risk == "FLOOD")
        waits = {one.kind for one in attention.waiting(facts, Ask((), at)) if one.id == "FLOOD"}
        overdue = kpi[-1] - ("FIRE" in {row.id for row in rows})
        found = {one.key for one in listed.findings} & {"acceptance_expired", "acceptance_expiring"}
        return (
            _story(store, FLOOD, at).acceptances[0].state,
            listed.acceptance and listed.acceptance.state,
            found,
            standing.acceptance,
            waits & {"acceptance_expired", "acceptance_expiring"},
            overdue,
        )

    second = timedelta(seconds=1)
    assert views(midnight - second) == (
        "active",
        "active",
        {"acceptance_expiring"},
        "ending",
        {"acceptance_expiring"},
        0,
    )
    for at in (midnight, midnight + second):
        assert views(at) == ("expired", "expired", {"acceptance_expired"}, "ran_out", {"acceptance_expired"}, 1)


def test_an_action_has_a_plan_and_versions_of_its_own(store: Engine) -> None:
    plan = {"title": "Build sprinklers", "owner": "ana@example.org", "due_on": LAST, "cost": 4e4, "events_factor": 0.5}
    with writing(store) as conn:
        first = register_actions.add(conn, ANA, FIRE, plan, at=AT)
        second = register_actions.add(conn, ANA, FIRE, {"title": "Train people"}, at=AT)
        changed = register_actions.change(
            conn,
            BEN,
            first.key,
            1,
            {"due_on": date(2026, 11, 30), "to_likelihood": 2, "to_impact": 5},
            why="Late.",
            at=AT,
        )

    assert (first.key, second.key.id, changed.version) == (RiskKey("app", "FIRE-A1"), "FIRE-A2", 2)
    told = _story(store, FIRE, AT + timedelta(400))
    sprinklers = told.actions[0].entry
    assert (sprinklers.cost, sprinklers.events_factor, sprinklers.due_on, sprinklers.original_due_on) == (
        4e4,
        0.5,
        date(2026, 11, 30),
        LAST,
    )
    assert (told.row.open_actions, told.held.version, [one.entity for one in told.audit]) == (2, 1, ["actions"] * 3)
    with reading(store) as conn:
        assert [one.act for one in register_reads.changes_of_action(conn, first.key, AT)] == ["change", "add"]
    with pytest.raises(Conflict) as caught, writing(store) as conn:
        register_actions.change(conn, ANA, first.key, 1, {"due_on": date(2026, 12, 31)}, at=AT)
    assert caught.value.clashes == ("due_on",)
    with pytest.raises(Conflict), writing(store) as conn:
        register_actions.close(conn, ANA, first.key, 1, at=AT)
    with writing(store) as conn:
        register_actions.close(conn, ANA, first.key, 2, outcome="effective", at=AT)
        register_actions.cancel(conn, ANA, second.key, 1, why="No budget.", at=AT)
    with pytest.raises(Invalid, match="done or cancelled"), writing(store) as conn:
        register_actions.close(conn, ANA, second.key, 2, at=AT)

    assert _story(store, FIRE).row.open_actions == 0
    with reading(store) as conn:
        table = FACTS["actions"]
        kept = conn.execute(
            sa.select(table.c.action, table.c.closed_at, table.c.outcome).order_by(table.c.action)
        ).all()
    assert [tuple(row) for row in kept] == [("FIRE-A1", AT, "effective"), ("FIRE-A2", None, None)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x", "events_factor": 1.5}, "events_factor"),
        ({"title": "x", "cost": -1}, "cost"),
        ({"title": "x", "to_likelihood": 2}, "to_impact"),
        ({"title": "x", "due_on": date(2026, 10, 4)}, "due_on"),
        ({"title": "x", "url": "ftp://x"}, "url"),
        ({"title": "x", "closed_at": AT}, "closed_at"),
    ],
)
def test_what_cannot_be_kept_of_an_action_is_refused(
    unchanged_register: Engine, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught, writing(unchanged_register) as conn:
        register_actions.add(conn, ANA, FIRE, fields, at=AT)

    assert list(caught.value.fields) == [field]


def test_a_file_that_changes_an_action_counts_its_version_up(store: Engine) -> None:
    with writing(store) as conn:
        saved = register_actions.add(conn, ANA, FIRE, {"title": "Build sprinklers", "cost": 5}, at=AT)
        facts = store_facts.load(conn, frozenset({"risks", "actions"}), Ask((), AT + timedelta(1)))
    with writing(store) as conn:
        keep(conn, {"actions": [facts.actions[0]._replace(title="Build many")]})

    with pytest.raises(Conflict), writing(store) as conn:
        register_actions.close(conn, ANA, saved.key, 1, at=AT)
    held = _story(store, FIRE).actions[0]
    assert (held.version, held.entry.title, held.entry.cost) == (2, "Build many", 5)


def test_the_same_change_is_made_to_all_as_it_was_looked_at_or_to_none(store: Engine) -> None:
    bulk = Bulk(owner="zoe@example.org", review_on=date(2026, 12, 24), tag="xmas")
    with reading(store) as conn:
        plan = register_bulk.preview(conn, ANA, [FLOOD, FIRE], bulk, at=AT)
        none = register_bulk.preview(conn, ANA, [FIRE, RiskKey("x", "NONE")], bulk, at=AT)
        past = register_bulk.preview(conn, ANA, [FIRE], Bulk(review_on=date(2020, 1, 1)), at=AT)
    assert [(row.key, sorted(row.changes)) for row in plan.rows] == [
        (FIRE, ["owner", "review_on", "tags"]),
        (FLOOD, ["owner", "review_on", "tags"]),
    ]
    assert (list(none.problems), list(past.problems)) == ([RiskKey("x", "NONE")], [FIRE])
    with writing(store) as conn:
        writes.edit(conn, BEN, FLOOD, 1, {"category": "water"}, at=AT)

    for refused in (plan, none, past):
        with pytest.raises(BulkRefused), writing(store) as conn:
            register_bulk.apply(conn, ANA, refused, at=AT)
    assert _story(store, FIRE).held.version == 1
    with writing(store) as conn:
        plan = register_bulk.preview(conn, ANA, [FLOOD, FIRE], bulk, at=AT)
        saved = register_bulk.apply(conn, ANA, plan, why="Handed over.", at=AT)

    assert saved == [Saved(FIRE, 2), Saved(FLOOD, 3)]
    told = _story(store, FLOOD, AT + timedelta(400))
    assert (told.held.entry.owner, told.held.entry.tags, told.audit[0].action, told.audit[0].why) == (
        "zoe@example.org",
        ("xmas",),
        "bulk",
        "Handed over.",
    )

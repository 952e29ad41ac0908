"""What reviews decide and ask for, and how it stands a month later: on both databases where it could differ."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.metrics.review_records import Attendee, Decision, Promised
from app.metrics.risk_records import Conflict, Invalid, RiskKey, Unknown
from app.people import NotAllowed
from app.store import register_versions, reviews
from app.store.engine import reading, writing
from app.store.tables import AUDIT, FACTS
from tests.store.register_case import ANA, BEN, EVE, FLOOD, VIC, fill
from tests.store.review_case import LATER, OCTOBER, ROSE, closed, held, sealed

DAY = LATER.date()
SOON, NOVEMBER = DAY + timedelta(days=10), "2026-11"
NEXT = LATER + timedelta(days=30)


@pytest.fixture
def store(engine: Engine) -> Engine:
    return fill(engine)


def _ask(engine: Engine, title: str, owner: str | None = "ana", due: date | None = SOON) -> RiskKey:
    with writing(engine) as conn:
        return reviews.ask(conn, ROSE, OCTOBER, step="incidents", title=title, owner=owner, due=due, at=LATER)


def _decide(engine: Engine, what: str = "Ship on Mondays", **more: object) -> int:
    words = {"step": "slos", "what": what, "why": "Calm.", "decided_by": "Ana", "at": LATER}
    with writing(engine) as conn:
        return reviews.decide(conn, ROSE, OCTOBER, **{**words, **more})  # type: ignore[arg-type]


def _decision(engine: Engine, number: int) -> Decision:
    with reading(engine) as conn:
        return next(one for one in reviews.decisions(conn) if one.id == number)


def _promised(engine: Engine, action: RiskKey) -> Promised:
    with reading(engine) as conn:
        return next(one for one in reviews.promised(conn) if one.action == action.id)


def test_closing_names_each_action_without_owner_or_date(store: Engine) -> None:
    now = held(store)
    _ask(store, "Buy pumps", None, None)
    late = _ask(store, "Train the crew", "ben", None)
    _ask(store, "Call the vendor")
    with writing(store) as conn, pytest.raises(Invalid) as refused:
        reviews.close(conn, ROSE, OCTOBER, now, *sealed("{}"), at=LATER)
    said = str(refused.value)
    assert "“Buy pumps” has no owner and no due date." in said
    assert "“Train the crew” has no due date." in said
    assert "vendor" not in said

    with writing(store) as conn:
        reviews.change_action(conn, ROSE, late, 1, {"due_on": SOON}, at=LATER)
        first = reviews.promised(conn, OCTOBER)[0]
        reviews.drop_action(conn, ROSE, RiskKey(first.source, first.action), 1, "Bought already.", at=LATER)
        assert reviews.close(conn, ROSE, OCTOBER, now, *sealed("{}"), at=LATER).state == "closed"


def test_an_action_of_a_review_is_a_fact_with_versions(store: Engine) -> None:
    held(store)
    key = _ask(store, "Buy pumps", None, None)
    with writing(store) as conn:
        assert reviews.change_action(conn, BEN, key, 1, {"owner": "ben", "due_on": SOON}, at=LATER).version == 2
    with writing(store) as conn, pytest.raises(Conflict) as clash:
        reviews.change_action(conn, ANA, key, 1, {"owner": "ana"}, at=LATER)
    assert clash.value.clashes == ("owner",)
    with writing(store) as conn:
        reviews.close_action(conn, BEN, key, 2, at=LATER + timedelta(days=3))

    one = _promised(store, key)
    assert (one.step, one.owner, one.due, one.done_on) == ("incidents", "ben", SOON, DAY + timedelta(days=3))
    with reading(store) as conn:
        held_now = register_versions.action(conn, key)
        assert held_now is not None
        assert (held_now.entry.origin, held_now.entry.origin_id) == ("review", OCTOBER)
        assert held_now.entry.original_due_on == SOON, "the first due date counts"
        acts = conn.execute(sa.select(AUDIT.c.action).where(AUDIT.c.entity == "actions").order_by(AUDIT.c.id)).scalars()
        assert [*acts] == ["add", "change", "close"]


def test_only_actions_of_reviews_are_changed_here(sqlite_register: Engine) -> None:
    held(sqlite_register)
    with writing(sqlite_register) as conn, pytest.raises(Unknown):
        reviews.close_action(conn, ROSE, RiskKey("app", "none"), 1, at=LATER)


def test_the_next_review_opens_with_what_became_of_it(store: Engine) -> None:
    held(store)
    done, dropped, late = _ask(store, "Done"), _ask(store, "Dropped"), _ask(store, "Late")
    _ask(store, "Open", due=DAY + timedelta(days=90))
    carried = _decide(store, "Freeze checkout", due=SOON)
    _decide(store, "A principle")
    with writing(store) as conn:
        now = reviews.review(conn, OCTOBER)
        assert now is not None
        reviews.close(conn, ROSE, OCTOBER, now.version, *sealed("{}"), at=LATER)
        reviews.close_action(conn, ROSE, done, 1, at=LATER + timedelta(days=5))
        reviews.drop_action(conn, ROSE, dropped, 1, "Too dear.", at=LATER + timedelta(days=5))
        reviews.finish_decision(conn, ROSE, carried, 1, at=LATER + timedelta(days=2))

    with reading(store) as conn:
        found = {one.text: one for one in reviews.followed(conn, NOVEMBER, NEXT.date())}
        assert reviews.followed(conn, OCTOBER, NEXT.date()) == ()
        assert reviews.followed(conn, "2026-Q4", NEXT.date()) == (), "a quarter follows quarters"
    assert {text: one.outcome for text, one in found.items()} == {
        "Done": "done",
        "Dropped": "dropped",
        "Late": "late",
        "Open": "open",
        "Freeze checkout": "done",
    }
    assert next(iter(found)) == "Late"
    assert found["Dropped"].reason == "Too dear."
    assert found["Late"].id == f"app/{late.id}"
    assert found["Freeze checkout"].on == DAY + timedelta(days=2)


def test_what_was_done_before_the_last_review_is_not_told_again(store: Engine) -> None:
    closed(store)
    with writing(store) as conn:
        reviews.open_(conn, ROSE, NOVEMBER, at=NEXT)
        reviews.prepare(conn, ROSE, NOVEMBER, 1, at=NEXT)
        reviews.keep_snapshot(conn, ROSE, NOVEMBER, 2, *sealed("n"), at=NEXT)
        reviews.hold(conn, ROSE, NOVEMBER, 3, at=NEXT)
        stays = reviews.ask(
            conn, ROSE, NOVEMBER, step="dr", title="Of November", owner="a", due=DAY + timedelta(days=40), at=NEXT
        )
        assert stays.id == "2026-11-R1"
        reviews.close(conn, ROSE, NOVEMBER, 4, *sealed("{}"), at=NEXT)
        reviews.close_action(conn, ROSE, stays, 1, at=NEXT)

    with reading(store) as conn:
        day = NEXT.date() + timedelta(days=30)
        assert [one.text for one in reviews.followed(conn, "2026-12", day)] == ["Of November"]
        table = FACTS["actions"]
        assert conn.execute(sa.select(table.c.source)).scalars().all() == ["app"]


def test_a_decision_is_changed_while_the_review_is_open_and_clashes_are_told(store: Engine) -> None:
    held(store)
    number = _decide(store)
    with writing(store) as conn:
        assert reviews.change_decision(conn, ANA, number, 1, what="Ship on Tuesdays", at=LATER) == 2
    with writing(store) as conn, pytest.raises(Conflict) as clash:
        reviews.change_decision(conn, BEN, number, 1, what="Ship on Fridays", due=SOON, at=LATER)
    assert clash.value.clashes == ("what",)
    assert clash.value.fields["due"].mine == SOON

    with writing(store) as conn:
        reviews.drop_decision(conn, ROSE, number, 2, "Nobody liked it.", at=LATER)
    found = _decision(store, number)
    assert (found.what, found.dropped_on, found.reason, found.version) == (
        "Ship on Tuesdays",
        DAY,
        "Nobody liked it.",
        3,
    )
    with writing(store) as conn, pytest.raises(Invalid, match="already"):
        reviews.finish_decision(conn, ROSE, number, 3, at=LATER)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"what": " "}, "what"),
        ({"why": ""}, "why"),
        ({"decided_by": ""}, "decided_by"),
        ({"kind": "budget_exception", "subject": "pay-up"}, "until"),
        ({"kind": "budget_exception", "subject": "pay-up", "until": DAY - timedelta(days=1)}, "until"),
        ({"kind": "budget_exception", "subject": "nope", "until": SOON}, "subject"),
        ({"kind": "acceptance", "subject": "file/NONE", "until": SOON}, "subject"),
        ({"step": "lunch"}, "step"),
    ],
)
def test_what_cannot_be_decided_is_said_by_field(held_review: Engine, fields: dict[str, object], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        _decide(held_review, **fields)  # type: ignore[arg-type]

    assert wrong in refused.value.fields


@pytest.fixture(scope="module")
def held_review(unchanged_register: Engine) -> Engine:
    held(unchanged_register)
    return unchanged_register


def test_a_budget_exception_holds_once_somebody_else_has_signed_it(store: Engine) -> None:
    held(store)
    number = _decide(store, kind="budget_exception", subject="pay-up", until=SOON)
    with reading(store) as conn:
        assert reviews.exceptions(conn) == (), "what nobody signed has no effect"
    with writing(store) as conn, pytest.raises(NotAllowed):
        reviews.sign_decision(conn, ROSE, number, 1, at=LATER)
    with writing(store) as conn, pytest.raises(NotAllowed):
        reviews.sign_decision(conn, VIC, number, 1, at=LATER)
    with writing(store) as conn:
        assert reviews.sign_decision(conn, EVE, number, 1, at=LATER) == 2

    with reading(store) as conn:
        (one,) = reviews.exceptions(conn)
    assert (one.slo, one.since, one.until, one.signed_by, one.decided_by) == ("pay-up", LATER, SOON, EVE.name, "Ana")
    with writing(store) as conn, pytest.raises(Invalid, match="stays as it was signed"):
        reviews.change_decision(conn, ROSE, number, 2, until=SOON + timedelta(days=1), at=LATER)
    with writing(store) as conn, pytest.raises(NotAllowed):
        reviews.drop_decision(conn, ROSE, number, 2, "Over.", at=LATER)
    with writing(store) as conn:
        reviews.drop_decision(conn, EVE, number, 2, "The feature went out.", at=LATER + timedelta(days=1))
    with reading(store) as conn:
        assert reviews.exceptions(conn)[0].ended_at == LATER + timedelta(days=1)


def test_nobody_signs_what_they_wrote_down_themselves(store: Engine) -> None:
    held(store)
    with writing(store) as conn:
        number = reviews.decide(
            conn, BEN, OCTOBER, step="slos", what="Ship anyway", why="A law.", decided_by="Eve",
            kind="budget_exception", subject="pay-up", until=SOON, at=LATER,
        )  # fmt: skip
    with writing(store) as conn, pytest.raises(NotAllowed, match="somebody else"):
        reviews.sign_decision(conn, BEN, number, 1, at=LATER)


def test_an_acceptance_decided_in_a_review_takes_effect_in_the_register(store: Engine) -> None:
    held(store)
    number = _decide(store, "We live with floods", kind="acceptance", subject="file/FLOOD", until=SOON)
    with writing(store) as conn:
        reviews.sign_decision(conn, EVE, number, 1, at=LATER)

    with reading(store) as conn:
        risk = register_versions.risk(conn, FLOOD)
    assert risk is not None
    assert (risk.entry.accepted_by, risk.entry.accepted_until) == (EVE.name, SOON)
    with writing(store) as conn:
        reviews.drop_decision(conn, EVE, number, 2, "It rains more.", at=LATER)
    with reading(store) as conn:
        risk = register_versions.risk(conn, FLOOD)
    assert risk is not None
    assert risk.entry.accepted_by is None


def test_people_once_invited_stay_in_their_order(sqlite_register: Engine) -> None:
    now = held(sqlite_register)
    people = [Attendee("Zoe", True, None), Attendee("Ana", False, None)]
    with writing(sqlite_register) as conn:
        reviews.set_people(conn, ROSE, OCTOBER, now, people, at=LATER)
    with reading(sqlite_register) as conn:
        assert [one.name for one in reviews.people(conn, OCTOBER)] == ["Zoe", "Ana"]
    with writing(sqlite_register) as conn, pytest.raises(Invalid, match="twice"):
        reviews.set_people(conn, ROSE, OCTOBER, now + 1, [people[1], Attendee("ana", True, None)], at=LATER)

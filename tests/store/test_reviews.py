"""Reviews from plan to close, on both databases: what is frozen stays, nobody overwrites another, all is audited."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.metrics.review_records import AGENDA, Attendee
from app.metrics.risk_records import Conflict, Invalid
from app.people import NotAllowed, Person
from app.store import narrow, reviews
from app.store.engine import StoreError, reading, writing
from app.store.review_tables import SNAPSHOTS
from app.store.tables import AUDIT, FACTS
from tests.store.register_case import ANA, EVE, POS, VIC, fill
from tests.store.review_case import LATER, OCTOBER, ROSE, held, prepared, sealed, version


@pytest.fixture
def store(engine: Engine) -> Engine:
    return fill(engine)


def _told(engine: Engine) -> list[tuple[str, str | None]]:
    with reading(engine) as conn:
        query = sa.select(AUDIT.c.action, AUDIT.c.why).where(AUDIT.c.entity == "reviews").order_by(AUDIT.c.id)
        return [(row.action, row.why) for row in conn.execute(query)]


def test_a_review_goes_from_plan_to_close_and_each_step_is_audited_once(store: Engine) -> None:
    now = held(store)
    with writing(store) as conn:
        reviews.close(conn, ROSE, OCTOBER, now, *sealed('{"minutes":1}'), at=LATER)

    with reading(store) as conn:
        found = reviews.review(conn, OCTOBER)
        assert found is not None
        assert (found.state, found.chair, found.frozen, found.closed_by) == ("closed", "Ana", 1, ROSE.name)
        assert found.agenda == tuple(AGENDA)
        assert reviews.minutes(conn, OCTOBER) == sealed('{"minutes":1}')
        assert reviews.listing(conn) == (found,)
    assert [act for act, _ in _told(store)] == ["open", "prepare", "freeze", "hold", "close"]


@pytest.mark.parametrize("period", ["2026", "2026-W41", "2026-10-31", "October", "2026-13"])
def test_a_review_is_of_a_month_or_a_quarter(sqlite_register: Engine, period: str) -> None:
    with writing(sqlite_register) as conn, pytest.raises(Invalid):
        reviews.open_(conn, ROSE, period, at=LATER)


def test_a_period_has_one_review(store: Engine) -> None:
    prepared(store)

    with writing(store) as conn, pytest.raises(Invalid, match="already"):
        reviews.open_(conn, ANA, OCTOBER, at=LATER)


def test_the_numbers_of_the_meeting_are_frozen_and_stay(store: Engine) -> None:
    prepared(store)
    with writing(store) as conn, pytest.raises(Invalid, match="freeze them first"):
        reviews.hold(conn, ROSE, OCTOBER, 2, at=LATER)
    with writing(store) as conn:
        assert reviews.keep_snapshot(conn, ROSE, OCTOBER, 2, *sealed("first"), at=LATER) == 1
    with writing(store) as conn, pytest.raises(Invalid, match="frozen already"):
        reviews.keep_snapshot(conn, ROSE, OCTOBER, 3, *sealed("second"), at=LATER)

    with writing(store) as conn:
        reviews.reopen(conn, ROSE, OCTOBER, 3, "Pages of the 31st came late.", at=LATER)
    with reading(store) as conn:
        assert reviews.snapshot(conn, OCTOBER) is None, "none is in force"
    with writing(store) as conn:
        assert reviews.keep_snapshot(conn, ROSE, OCTOBER, 4, *sealed("second"), at=LATER) == 2
    with reading(store) as conn:
        assert reviews.snapshot(conn, OCTOBER) == sealed("second")
        assert reviews.snapshot(conn, OCTOBER, 1) == sealed("first"), "what was frozen before is there for ever"
    assert ("reopen", "Pages of the 31st came late.") in _told(store)


def test_a_snapshot_that_somebody_changed_in_the_database_is_refused(sqlite_register: Engine) -> None:
    held(sqlite_register)
    with writing(sqlite_register) as conn:
        conn.execute(SNAPSHOTS.update().values(text="{}"))

    with reading(sqlite_register) as conn, pytest.raises(StoreError, match="is not what was kept"):
        reviews.snapshot(conn, OCTOBER)


def test_a_text_with_another_hash_is_not_kept(sqlite_register: Engine) -> None:
    prepared(sqlite_register)

    with pytest.raises(StoreError, match="nothing was kept"), writing(sqlite_register) as conn:
        reviews.keep_snapshot(conn, ROSE, OCTOBER, 2, "text", sealed("other")[1], at=LATER)


def test_a_closed_review_is_read_only_until_it_is_reopened_with_a_reason(store: Engine) -> None:
    now = held(store)
    with writing(store) as conn:
        now = reviews.close(conn, ROSE, OCTOBER, now, *sealed("{}"), at=LATER).version
    with writing(store) as conn:
        for write in (
            lambda: reviews.change(conn, ROSE, OCTOBER, now, chair="Ben", at=LATER),
            lambda: reviews.note(conn, ROSE, OCTOBER, "slos", 0, "Late.", at=LATER),
            lambda: reviews.comment(conn, ROSE, OCTOBER, "number:slos_met:", "Late.", at=LATER),
            lambda: reviews.set_people(conn, ROSE, OCTOBER, now, [Attendee("Ana", True, True)], at=LATER),
            lambda: reviews.ask(conn, ROSE, OCTOBER, step="slos", title="Late", at=LATER),
            lambda: reviews.decide(conn, ROSE, OCTOBER, step="slos", what="a", why="b", decided_by="c", at=LATER),
        ):
            with pytest.raises(Invalid, match="closed"):
                write()
        with pytest.raises(Invalid, match="reason is missing"):
            reviews.reopen(conn, ROSE, OCTOBER, now, " ", at=LATER)
        again = reviews.reopen(conn, ROSE, OCTOBER, now, "A decision was left out.", at=LATER)

    assert (again.state, again.frozen, again.closed_at) == ("preparation", None, None)
    with reading(store) as conn:
        assert reviews.minutes(conn, OCTOBER) is None


def test_two_who_write_at_once_never_overwrite_each_other(store: Engine) -> None:
    held(store)
    with writing(store) as conn:
        assert reviews.note(conn, ROSE, OCTOBER, "slos", 0, "Rose's words", at=LATER) == 1
    with writing(store) as conn, pytest.raises(Conflict) as clash:
        reviews.note(conn, ANA, OCTOBER, "slos", 0, "Ana's words", at=LATER)
    field = clash.value.fields["text"]
    assert (field.base, field.mine, field.theirs, clash.value.by) == (None, "Ana's words", "Rose's words", ROSE.name)
    with writing(store) as conn:
        assert reviews.note(conn, ANA, OCTOBER, "slos", 1, "Both", at=LATER) == 2
        assert reviews.note(conn, ANA, OCTOBER, "slos", 2, "", at=LATER) == 0
        assert reviews.note(conn, ANA, OCTOBER, "slos", 0, "Anew", at=LATER) == 4

    now = version(store)
    with writing(store) as conn:
        reviews.change(conn, ROSE, OCTOBER, now, on=date(2026, 11, 9), at=LATER)
    with writing(store) as conn, pytest.raises(Conflict) as clash:
        reviews.change(conn, ANA, OCTOBER, now, chair="Ben", at=LATER)
    assert clash.value.fields.keys() == {"chair", "on"}
    assert clash.value.fields["on"].theirs == date(2026, 11, 9)
    assert clash.value.clashes == (), "they changed different fields"
    with reading(store) as conn:
        assert [(one.text, one.by) for one in reviews.notes(conn, OCTOBER)] == [("Anew", ANA.name)]


def test_every_act_knows_the_version_it_was_read_at(store: Engine) -> None:
    now = held(store)
    for write in (reviews.prepare, reviews.hold):
        with writing(store) as conn, pytest.raises(Conflict):
            write(conn, ROSE, OCTOBER, now - 1, at=LATER)
    with writing(store) as conn, pytest.raises(Conflict):
        reviews.close(conn, ROSE, OCTOBER, now - 1, *sealed("{}"), at=LATER)
    with writing(store) as conn, pytest.raises(Conflict):
        reviews.reopen(conn, ROSE, OCTOBER, now - 1, "Why.", at=LATER)


@pytest.mark.parametrize("who", [VIC, EVE, POS], ids=["viewer", "approver", "limited"])
def test_who_may_not_write_everywhere_writes_no_review(unchanged_register: Engine, who: Person) -> None:
    with writing(unchanged_register, dry=True) as conn, pytest.raises(NotAllowed):
        reviews.open_(conn, who, OCTOBER, at=LATER)


def test_who_sees_a_part_of_the_organisation_sees_no_review(store: Engine) -> None:
    held(store)
    with reading(narrow.within(store, POS.within())) as conn:
        assert reviews.listing(conn) == ()
        assert reviews.snapshot(conn, OCTOBER, 1) is None


def test_owners_present_of_owners_invited_become_the_participation(store: Engine) -> None:
    now = held(store)
    people = [Attendee("Ana", True, True), Attendee("Ben", True, False), Attendee("Chris", False, True)]
    with writing(store) as conn:
        now = reviews.set_people(conn, ROSE, OCTOBER, now, people, at=LATER).version
        reviews.close(conn, ROSE, OCTOBER, now, *sealed("{}"), at=LATER)

    with reading(store) as conn:
        assert reviews.people(conn, OCTOBER) == tuple(people)
        table = FACTS["readings"]
        (row,) = conn.execute(sa.select(table)).mappings()
        assert (row["source"], row["kpi"], row["period"], row["scope"]) == (
            "app",
            "review_participation",
            OCTOBER,
            "org",
        )
        assert (row["part"], row["whole"]) == (1, 2)


@pytest.mark.parametrize("people", [[], [Attendee("Chris", False, True)], [Attendee("Ana", True, None)]])
def test_attendance_nobody_told_is_no_reading_not_zero(sqlite_register: Engine, people: list[Attendee]) -> None:
    now = held(sqlite_register)
    with writing(sqlite_register) as conn:
        now = reviews.set_people(conn, ROSE, OCTOBER, now, people, at=LATER).version
        reviews.close(conn, ROSE, OCTOBER, now, *sealed("{}"), at=LATER)

    with reading(sqlite_register) as conn:
        assert conn.execute(sa.select(FACTS["readings"])).all() == []


def test_comments_stay_with_their_number_and_month(store: Engine) -> None:
    prepared(store)
    with writing(store) as conn:
        reviews.comment(conn, ANA, OCTOBER, "number:time_to_restore:tier=0", "Two failovers.", at=LATER)
        with pytest.raises(Invalid, match="comment is missing"):
            reviews.comment(conn, ANA, OCTOBER, "number:time_to_restore:tier=0", " ", at=LATER)

    with reading(store) as conn:
        (one,) = reviews.comments(conn, OCTOBER)
        assert (one.subject, one.text, one.by, one.at) == (
            "number:time_to_restore:tier=0",
            "Two failovers.",
            ANA.name,
            LATER,
        )
        assert reviews.comments(conn, "2026-11") == ()


def test_the_latest_review_comes_first(sqlite_register: Engine) -> None:
    with writing(sqlite_register) as conn:
        for number, period in enumerate(("2026-09", "2026-Q3", "2026-10")):
            reviews.open_(conn, ROSE, period, at=LATER + timedelta(minutes=number))

    with reading(sqlite_register) as conn:
        assert [one.period for one in reviews.listing(conn)] == ["2026-10", "2026-09", "2026-Q3"]

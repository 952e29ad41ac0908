"""Drafts of forms: theirs alone, bounded, and no change of the store."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Engine

from app.store import drafts
from app.store.engine import generation, reading

NOW = datetime(2026, 10, 5, 10, 32, tzinfo=UTC)


def kept(engine: Engine, form: str, person: str = "ana", now: datetime = NOW) -> object:
    found = drafts.found(engine, person, form, now)
    return found and found.content


def test_a_draft_is_there_for_who_typed_it_until_it_is_dropped(engine: Engine) -> None:
    with reading(engine) as conn:
        before = generation(conn)
    assert drafts.keep(engine, "Ana", "edit:R1", {"values": {"title": "a"}}, NOW)
    assert drafts.keep(engine, "ana", "edit:R1", {"values": {"title": "ab"}}, NOW + timedelta(minutes=1))

    assert kept(engine, "edit:R1", "ANA") == {"values": {"title": "ab"}}
    assert kept(engine, "edit:R1", "bo") is None
    assert kept(engine, "edit:R2") is None
    with reading(engine) as conn:
        assert generation(conn) == before, "no number depends on it"

    drafts.drop(engine, "ana", "edit:R1")
    assert kept(engine, "edit:R1") is None


def test_drafts_are_few_short_and_not_for_ever(engine: Engine) -> None:
    assert not drafts.keep(engine, "ana", "long", {"values": "x" * drafts.MOST_LETTERS}, NOW)
    drafts.keep(engine, "bo", "other", {}, NOW)
    for number in range(drafts.MOST + 2):
        drafts.keep(engine, "ana", f"form {number:02}", {}, NOW + timedelta(minutes=number))

    assert kept(engine, "long") is None
    assert [kept(engine, f"form {number:02}") for number in (0, 1, 2)] == [None, None, {}]
    assert kept(engine, "other", "bo") == {}, "of each person"
    assert kept(engine, "form 31", now=NOW + timedelta(31)) is None
    drafts.keep(engine, "bo", "new", {}, NOW + timedelta(31))
    assert kept(engine, "form 31") is None, "what is old is gone"

"""Writing the risk register: good, bad and in conflict, on both databases."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from app.metrics.risk_records import Clash, Conflict, Invalid, Link, RiskKey, Saved, Unknown
from app.people import NotAllowed, Person
from app.store import register, register_reads
from app.store.engine import generation, reading, writing
from app.store.tables import AUDIT, FACTS
from tests.store.keeping import keep
from tests.store.register_case import ANA, AT, BEN, EVE, FIRE, FLOOD, NEW, POS, RISKS, TODAY, VIC, fill

INCIDENT = Link(kind="incident", source="jira", id="INC-1")


@pytest.fixture
def store(engine: Engine) -> Engine:
    return fill(engine)


def _audited(engine: Engine) -> list[Any]:
    with reading(engine) as conn:
        return list(conn.execute(sa.select(AUDIT).order_by(AUDIT.c.id)))


def _fact(engine: Engine, key: RiskKey) -> Any:
    with reading(engine) as conn:
        table = FACTS["risks"]
        return conn.execute(sa.select(table).where(table.c.source == key.source, table.c.risk == key.id)).one()


def _story(engine: Engine, key: RiskKey) -> register_reads.Story:
    with reading(engine) as conn:
        found = register_reads.story(conn, key, AT + timedelta(400))
    assert found is not None
    return found


def test_a_new_risk_is_a_fact_with_a_version_a_rating_and_one_audit_entry(store: Engine) -> None:
    with writing(store) as conn:
        saved = register.create(conn, ANA, NEW | {"tags": ["cards ", "Cards", "money"]}, at=AT)
        second = register.create(conn, ANA, NEW, at=AT)

    assert (saved, second.key.id) == (Saved(RiskKey("app", "R-0001"), 1), "R-0002")
    fact = _fact(store, saved.key)
    assert (fact.title, fact.services, fact.status, fact.identified_on) == (NEW["title"], ("pay",), "open", TODAY)
    told = _story(store, saved.key)
    assert told.held.entry.tags == ("Cards", "money")
    assert [(one.version, one.by, one.likelihood) for one in told.assessments] == [(1, ANA.name, 3)]
    assert [(one.actor, one.action, one.entity_id) for one in _audited(store)] == [
        (ANA.name, "create", "app/R-0001"),
        (ANA.name, "create", "app/R-0002"),
    ]
    assert told.audit[0].new["title"] == NEW["title"]


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"title": "  "}, "title", "The title is missing."),
        ({"title": "x" * 2001}, "title", "The title is longer than 2,000 characters."),
        ({"title": "a\0b"}, "title", "The title holds a character that cannot be kept."),
        ({"likelihood": 6}, "likelihood", "Likelihood is above 5."),
        ({"likelihood": 2.5}, "likelihood", "Likelihood is not a whole number."),
        ({"treatment": "pray"}, "treatment", "The treatment is none of mitigate, accept, transfer, avoid."),
        ({"target_likelihood": 2}, "target_impact", "Target impact is missing: state both, or neither."),
        ({"loss_low": 5, "loss_high": 4}, "loss_high", "Loss each time, at most is below “Loss each time, at least”."),
        ({"loss_low": 5}, "loss_high", "Loss each time, at most is missing: state both ends of the range, or neither."),
        ({"loss_low": float("nan")}, "loss_low", "Loss each time, at least is not a number."),
        ({"services": ["shop", "moon"]}, "services", "No service is known by the name moon."),
        (
            {"evidence_url": "javascript:alert(1)"},
            "evidence_url",
            "The evidence is no web address: begin it with https://.",
        ),
        ({"review_on": date(2026, 10, 4)}, "review_on", "The review date is a day that is over"),
        ({"identified_on": date(2026, 10, 6)}, "identified_on", "The day it was identified is still to come."),
        ({"tags": [f"t{n}" for n in range(21)]}, "tags", "Tags are more than 20"),
        ({"accepted_by": "me"}, "accepted_by", "Accepted by is not edited here: an acceptance sets it."),
        ({"colour": "red"}, "colour", "colour is not edited here"),
        ({"risk": "FIRE"}, "risk", "A risk FIRE is known already"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field_in_a_sentence(
    unchanged_register: Engine, fields: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(Invalid) as caught, writing(unchanged_register) as conn:
        register.create(conn, ANA, NEW | fields, at=AT)

    assert caught.value.fields[field].startswith(said)


def test_every_field_at_fault_is_named_at_once(unchanged_register: Engine) -> None:
    with pytest.raises(Invalid) as caught, writing(unchanged_register) as conn:
        register.create(conn, ANA, {"title": "", "likelihood": "x"}, at=AT)

    assert set(caught.value.fields) == {"title", "category", "owner", "likelihood", "impact", "treatment"}


def test_an_edit_changes_what_is_given_and_tells_old_and_new(store: Engine) -> None:
    with writing(store) as conn:
        before = generation(conn)
        saved = register.edit(conn, ANA, FIRE, 1, {"owner": "zoe@example.org", "tags": ["hall"]}, at=AT)

    with reading(store) as conn:
        assert generation(conn) == before + 1
    assert (saved.version, _fact(store, FIRE).owner, _fact(store, FIRE).title) == (2, "zoe@example.org", RISKS[0].title)
    (entry,) = _audited(store)
    assert (entry.old, entry.new) == (
        {"owner": "ana@example.org", "tags": []},
        {"owner": "zoe@example.org", "tags": ["hall"]},
    )
    change = _story(store, FIRE).changes[0]
    assert (change.version, change.act, change.fields["owner"]) == (2, "edit", ("ana@example.org", "zoe@example.org"))


def test_an_edit_that_changes_nothing_writes_nothing(store: Engine) -> None:
    with writing(store) as conn:
        saved = register.edit(conn, ANA, FIRE, 1, {"owner": RISKS[0].owner, "services": ["shop"]}, at=AT)

    assert (saved.version, _audited(store)) == (1, [])


def test_a_form_that_was_opened_before_somebody_else_saved_is_told_field_by_field(store: Engine) -> None:
    with writing(store) as conn:
        register.edit(conn, ANA, FIRE, 1, {"owner": "zoe@example.org", "category": "fire"}, at=AT)

    with pytest.raises(Conflict) as caught, writing(store) as conn:
        register.edit(conn, BEN, FIRE, 1, {"owner": "ben@example.org", "title": "It burns"}, at=AT)

    conflict = caught.value
    assert (conflict.version, conflict.by, conflict.at, conflict.clashes) == (2, ANA.name, AT, ("owner",))
    assert conflict.fields == {
        "title": Clash("The hall burns", "It burns", "The hall burns"),
        "category": Clash("site", "site", "fire"),
        "owner": Clash("ana@example.org", "ben@example.org", "zoe@example.org"),
    }
    assert (_fact(store, FIRE).title, len(_audited(store))) == ("The hall burns", 1)


ACTS: dict[str, Callable[[Connection, Person, int], Any]] = {
    "assess": lambda conn, by, v: register.assess(conn, by, FIRE, v, {"likelihood": 2}, "It rained.", at=AT),
    "review": lambda conn, by, v: register.review(conn, by, FIRE, v, note="Seen.", at=AT),
    "close": lambda conn, by, v: register.close(conn, by, FIRE, v, reason="The hall is sold.", at=AT),
    "link": lambda conn, by, v: register.link(conn, by, FIRE, v, INCIDENT, at=AT),
    "edit": lambda conn, by, v: register.edit(conn, by, FIRE, v, {"owner": "zoe@example.org"}, at=AT),
}


def test_each_act_makes_one_version_and_one_entry_takes_the_version_that_was_read_and_can_be_undone(
    store: Engine,
) -> None:
    for number, (name, act) in enumerate(ACTS.items()):
        version = 1 + 2 * number
        with writing(store) as conn:
            saved = act(conn, ANA, version)
        assert (saved.version, [one.action for one in _audited(store)][2 * number :]) == (version + 1, [name])

        with pytest.raises(Conflict), writing(store) as conn:
            act(conn, BEN, version)
        with pytest.raises(NotAllowed), writing(store) as conn:
            act(conn, VIC, version + 1)
        with pytest.raises(NotAllowed, match="beyond"), writing(store) as conn:
            act(conn, POS, version + 1)
        with pytest.raises(Conflict), writing(store) as conn:
            register.undo(conn, ANA, FIRE, version, at=AT)

        with writing(store) as conn:
            back = register.undo(conn, BEN, FIRE, version + 1, at=AT)

        assert (back.version, [one.action for one in _audited(store)][2 * number :]) == (version + 2, [name, "undo"])
        fact, told = _fact(store, FIRE)._mapping, _story(store, FIRE)
        assert {column: fact[column] for column in RISKS[0]._fields} == RISKS[0]._asdict()
        assert (told.held.entry.links, told.row.reviewed) == ((), None)
        with pytest.raises(Invalid, match="taken back"), writing(store) as conn:
            register.undo(conn, ANA, FIRE, version + 2, at=AT)


def test_a_rating_is_kept_whole_with_who_when_and_why_and_never_changes_without_a_reason(store: Engine) -> None:
    with writing(store) as conn:
        register.assess(conn, ANA, FIRE, 1, {"likelihood": 2, "loss_low": 5e5}, "Sprinklers work.", at=AT)
        register.assess(conn, BEN, FIRE, 2, {}, "Seen again: it stays.", at=AT + timedelta(1))

    told = _story(store, FIRE).assessments
    assert [(one.by, one.why, one.likelihood, one.loss_low, one.loss_high) for one in told] == [
        (BEN.name, "Seen again: it stays.", 2, 5e5, 1e6),
        (ANA.name, "Sprinklers work.", 2, 5e5, 1e6),
        ("import", None, 3, 1e6, 1e6),
    ]
    for fields, why in (({"likelihood": 1}, " "), ({"owner": "x"}, "because")):
        with pytest.raises(Invalid), writing(store) as conn:
            register.assess(conn, ANA, FIRE, 3, fields, why, at=AT)
    with pytest.raises(Invalid) as caught, writing(store) as conn:
        register.edit(conn, ANA, FIRE, 3, {"likelihood": 1}, at=AT)
    assert list(caught.value.fields) == ["why"]


def test_a_review_sets_the_next_one_by_its_level_and_nothing_else_moves_a_date(store: Engine) -> None:
    with writing(store) as conn:
        register.review(conn, ANA, FIRE, 1, note="All is well.", at=AT)
        register.review(conn, ANA, FIRE, 2, note="As last year.", on=date(2025, 10, 5), at=AT)

    assert _fact(store, FIRE).review_on == date(2026, 10, 5) + timedelta(90), "a level of 15 is high: 90 days"
    assert [(one.on, one.note) for one in _story(store, FIRE).reviews] == [
        (TODAY, "All is well."),
        (date(2025, 10, 5), "As last year."),
    ]
    with writing(store) as conn:
        register.review(conn, ANA, FLOOD, 1, note="Dry.", next_on=date(2026, 11, 1), at=AT)
    assert _fact(store, FLOOD).review_on == date(2026, 11, 1)
    for wrong in ({"next_on": date(2027, 12, 1)}, {"next_on": TODAY}, {"on": date(2026, 10, 6)}, {"note": ""}):
        with pytest.raises(Invalid) as caught, writing(store) as conn:
            register.review(conn, ANA, FLOOD, 2, **{"note": "n", "at": AT, **wrong})  # type: ignore[arg-type]
        assert set(caught.value.fields) == {next(iter(wrong))}


def test_a_closed_risk_takes_no_review_and_comes_back(store: Engine) -> None:
    with writing(store) as conn:
        register.close(conn, ANA, FIRE, 1, reason="Sold.", on=date(2026, 10, 1), at=AT)
    assert (_fact(store, FIRE).status, _fact(store, FIRE).closed_on) == ("closed", date(2026, 10, 1))

    with pytest.raises(Invalid, match="reopen it first"), writing(store) as conn:
        register.review(conn, ANA, FIRE, 2, note="n", at=AT)
    with writing(store) as conn:
        register.reopen(conn, ANA, FIRE, 2, reason="The sale fell through.", at=AT)
    with pytest.raises(Invalid, match="open already"), writing(store) as conn:
        register.reopen(conn, ANA, FIRE, 3, reason="x", at=AT)
    with pytest.raises(Invalid, match="before 2026-01-07"), writing(store) as conn:
        register.close(conn, ANA, FIRE, 3, reason="x", on=date(2026, 1, 1), at=AT)
    with pytest.raises(Invalid, match="still to come"), writing(store) as conn:
        register.close(conn, ANA, FIRE, 3, reason="x", on=date(2026, 10, 6), at=AT)

    assert (_fact(store, FIRE).status, _fact(store, FIRE).closed_on) == ("open", None)


def test_links_are_to_what_there_is_and_are_told_from_both_sides(store: Engine) -> None:
    slo, test = Link(kind="slo", source="file", id="pay-up"), Link(kind="dr_test", source="file", id="DR-1")
    with writing(store) as conn:
        for number, to in enumerate((INCIDENT, slo, test, Link(kind="risk", source="file", id="FLOOD")), 1):
            register.link(conn, ANA, FIRE, number, to, at=AT)
        register.link(conn, ANA, FIRE, 5, slo, at=AT)
        register.unlink(conn, ANA, FIRE, 5, slo, at=AT)

    told = _story(store, FIRE)
    assert [(one.link.kind, one.title, one.state) for one in told.links] == [
        ("incident", "It smelled of smoke", "severity 2"),
        ("dr_test", "Hall lost", "passed"),
        ("risk", "The cellar floods", "open"),
    ]
    assert _story(store, FLOOD).linked_from == (FIRE,)
    for to in (Link(kind="incident", source="file", id="INC-1"), Link(kind="risk", source="file", id="FIRE")):
        with pytest.raises(Invalid), writing(store) as conn:
            register.link(conn, ANA, FIRE, 6, to, at=AT)


def test_a_comment_changes_nothing_of_the_risk_and_is_told(store: Engine) -> None:
    with writing(store) as conn:
        register.comment(conn, ANA, FIRE, " <b>Who</b> pays? ", at=AT)
    with pytest.raises(Invalid), writing(store) as conn:
        register.comment(conn, ANA, FIRE, " ", at=AT)

    told = _story(store, FIRE)
    assert [(one.by, one.text) for one in told.comments] == [(ANA.name, "<b>Who</b> pays?")]
    assert (told.held.version, [one.action for one in told.audit]) == (1, ["comment"])


def test_a_risk_that_is_not_there_is_said_to_be_unknown(sqlite_register: Engine) -> None:
    for act in (
        lambda conn: register.edit(conn, ANA, RiskKey("file", "NONE"), 1, {"owner": "x"}),
        lambda conn: register.comment(conn, ANA, RiskKey("jira", "FIRE"), "x"),
        lambda conn: register.edit(conn, ANA, FIRE, 7, {"owner": "x"}),
    ):
        with pytest.raises(Unknown), writing(sqlite_register) as conn:
            act(conn)
    with reading(sqlite_register) as conn:
        assert register_reads.story(conn, RiskKey("file", "NONE"), AT) is None


def test_nobody_limited_writes_beyond_their_products(sqlite_register: Engine) -> None:
    with writing(sqlite_register) as conn:
        register.edit(conn, POS, FLOOD, 1, {"owner": "pos@example.org"}, at=AT)
        register.create(conn, POS, NEW, at=AT)

    for fields in ({"services": ["shop"]}, {"services": ["pay", "shop"]}, {"services": []}):
        with pytest.raises(NotAllowed), writing(sqlite_register) as conn:
            register.edit(conn, POS, FLOOD, 2, fields, at=AT)
    with pytest.raises(NotAllowed), writing(sqlite_register) as conn:
        register.create(conn, EVE, NEW, at=AT)


def test_a_file_that_changes_a_risk_counts_its_version_up_and_leaves_a_history(store: Engine) -> None:
    with writing(store) as conn:
        register.edit(conn, ANA, FIRE, 1, {"tags": ["hall"], "evidence_url": "https://example.org/x"}, at=AT)
    with writing(store) as conn:
        keep(conn, {"risks": [RISKS[0]._replace(likelihood=4, owner="fay@example.org"), RISKS[1]]})

    told = _story(store, FIRE)
    assert (told.held.version, told.held.entry.tags, told.held.entry.likelihood) == (3, ("hall",), 4)
    assert (told.changes[0].act, set(told.changes[0].fields)) == ("import", {"likelihood", "owner"})
    assert [one.likelihood for one in told.assessments] == [4, 3]
    assert _story(store, FLOOD).held.version == 1
    with pytest.raises(Conflict) as caught, writing(store) as conn:
        register.edit(conn, ANA, FIRE, 2, {"owner": "zoe@example.org"}, at=AT)
    assert caught.value.clashes == ("owner",)


def test_a_write_that_fails_leaves_nothing_behind(store: Engine) -> None:
    def write() -> None:
        with writing(store) as conn:
            register.edit(conn, ANA, FIRE, 1, {"owner": "zoe@example.org"}, at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()

    assert (_fact(store, FIRE).owner, _audited(store), _story(store, FIRE).held.version) == (RISKS[0].owner, [], 1)

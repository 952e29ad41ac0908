"""Grants: admins alone change them, each change is kept with its reason, and somebody always stays in charge."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.people import Grant, Limit, NotAllowed, Person, Role, from_groups, local
from app.store import people
from app.store.engine import reading, writing
from app.store.people import Outdated, Unfit
from app.store.tables import AUDIT

ADMIN = Person("root@example.com", frozenset({Role.ADMIN}))
SHOP = frozenset({"shop"})
ANA = Grant("ana@example.com", "person", Role.EDITOR, products=SHOP, member_of=frozenset({"payments"}))


def test_a_grant_is_given_changed_and_taken_away_and_the_audit_trail_tells(engine: Engine) -> None:
    with writing(engine) as conn:
        number = people.add(conn, ANA, by=ADMIN, why="Runs payments")
    with writing(engine) as conn:
        wider = Grant(ANA.subject, "person", Role.EDITOR)
        people.change(conn, number, 1, wider, by=ADMIN, why=" ")
    with reading(engine) as conn:
        (held,) = people.given(conn)
    with writing(engine) as conn:
        people.remove(conn, number, 2, by=ADMIN)

    assert (held.grant, held.version, held.changed_by) == (wider, 2, ADMIN.name)
    with reading(engine) as conn:
        assert people.grants(conn) == ()
        told = conn.execute(sa.select(AUDIT).order_by(AUDIT.c.id)).all()
    assert [(row.action, row.entity, row.actor, row.why) for row in told] == [
        ("add", "grants", ADMIN.name, "Runs payments"),
        ("change", "grants", ADMIN.name, None),
        ("remove", "grants", ADMIN.name, None),
    ]
    assert (told[1].old["products"], told[1].new["products"], told[2].old["role"]) == (["shop"], None, "editor")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.APPROVER])
def test_who_is_no_admin_changes_no_grant(sqlite_engine: Engine, role: Role) -> None:
    with writing(sqlite_engine) as conn:
        number = people.add(conn, ANA, by=ADMIN)
    by = Person("eve@example.com", frozenset({role}))
    with writing(sqlite_engine) as conn:
        for write in (
            lambda: people.add(conn, Grant("eve@example.com", "person", Role.ADMIN), by=by),
            lambda: people.change(conn, number, 1, ANA, by=by),
            lambda: people.remove(conn, number, 1, by=by),
        ):
            with pytest.raises(NotAllowed, match="takes the role admin"):
                write()


def test_two_admins_do_not_overwrite_each_other(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as conn:
        number = people.add(conn, ANA, by=ADMIN)
        people.change(conn, number, 1, Grant(ANA.subject, "person", Role.VIEWER), by=local("bob"))
        with pytest.raises(Outdated, match="bob has changed"):
            people.change(conn, number, 1, ANA, by=ADMIN)
        with pytest.raises(Outdated, match="bob has changed"):
            people.remove(conn, number, 1, by=ADMIN)
        people.remove(conn, number, 2, by=ADMIN)
        with pytest.raises(Outdated, match="removed"):
            people.change(conn, number, 2, ANA, by=ADMIN)


def test_the_last_admin_stays(sqlite_engine: Engine) -> None:
    root = Grant(ADMIN.name, "person", Role.ADMIN)
    with writing(sqlite_engine) as conn:
        number = people.add(conn, root, by=local("setup"))
        with pytest.raises(Unfit, match="last admin"):
            people.remove(conn, number, 1, by=ADMIN)
        with pytest.raises(Unfit, match="last admin"):
            people.change(conn, number, 1, Grant(ADMIN.name, "person", Role.VIEWER), by=ADMIN)
        people.add(conn, Grant("sre-leads", "group", Role.ADMIN), by=ADMIN)
        people.remove(conn, number, 1, by=ADMIN)

        assert [grant.subject for grant in people.grants(conn)] == ["sre-leads"]


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (Grant(" ", "person", Role.VIEWER), "1 to 200 letters"),
        (Grant("x" * 201, "person", Role.VIEWER), "1 to 200 letters"),
        (Grant("a\nb", "group", Role.VIEWER), "1 to 200 letters"),
        (Grant("bob", "person", Role.ADMIN, products=SHOP), "whole organisation"),
        (Grant("ANA@example.com", "person", Role.EDITOR, products=SHOP), "already"),
        (Grant("bob", "person", Role.VIEWER, teams=frozenset({"a\tb"})), "product or team"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_in_a_sentence(sqlite_engine: Engine, grant: Grant, said: str) -> None:
    with writing(sqlite_engine) as conn:
        people.add(conn, ANA, by=ADMIN)
        with pytest.raises(Unfit, match=said):
            people.add(conn, grant, by=ADMIN)


def test_somebody_is_who_the_grants_of_their_name_and_groups_make_them() -> None:
    grants = (ANA, Grant("sre", "group", Role.VIEWER, teams=frozenset({"search"})), Grant("cto", "group", Role.ADMIN))

    ana = from_groups("Ana@Example.com", ["sre"], grants)

    assert ana.roles == {Role.EDITOR, Role.VIEWER}
    assert ana.member_of == {"payments"}
    assert ana.within() == {Limit(products=SHOP), Limit(teams=frozenset({"search"}))}
    assert ana.sees("shop", "payments")
    assert ana.sees("bank", "search")
    assert not ana.sees("bank", "payments")
    assert not ana.sees("bank", "search", "write")
    assert from_groups("bob", [], grants).roles == frozenset()
    assert not from_groups("bob", [], grants).may("read")


def test_a_grant_without_limits_lifts_those_of_reading_and_leaves_those_of_writing() -> None:
    ana = from_groups("ana@example.com", ["all"], (ANA, Grant("all", "group", Role.VIEWER)))

    assert not ana.limited
    assert ana.sees("bank", "search")
    assert not ana.sees("bank", "search", "write")
    ana.must("write")
    with pytest.raises(NotAllowed, match=r"within limits alone \(product shop\)"):
        ana.must("write", everywhere=True)

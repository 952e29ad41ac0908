"""Who may do what: a table, and sentences for what is refused."""

import pytest

from app.people import ACTS, Act, NotAllowed, Person, Role, local

MAY = {
    Role.VIEWER: {"read"},
    Role.EDITOR: {"read", "write"},
    Role.APPROVER: {"read", "approve"},
    Role.ADMIN: {"read", "govern"},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", ACTS)
def test_a_role_may_do_exactly_what_the_table_says(role: Role, act: Act) -> None:
    person = Person("ana@example.com", frozenset({role}))

    assert person.may(act) == (act in MAY[role])


def test_nobody_without_a_role_may_even_read() -> None:
    assert not any(Person("ana@example.com", frozenset()).may(act) for act in ACTS)


def test_a_refusal_says_who_may() -> None:
    with pytest.raises(NotAllowed, match=r"^ana@example\.com may not accept risk .* that takes the role approver\.$"):
        Person("ana@example.com", frozenset({Role.EDITOR})).must("approve")


def test_limits_hold_for_product_and_team_together() -> None:
    person = Person("ana", frozenset({Role.VIEWER}), frozenset({"shop"}), frozenset({"payments"}))

    assert person.limited
    assert person.sees("shop", "payments")
    assert not person.sees("shop", "search")
    assert not person.sees(None, "payments")
    assert not local("ana").limited
    assert local("ana").sees(None, None)

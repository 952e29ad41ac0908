"""Settings: what is in force is there for everybody; admins change policy and people, each with good and bad input."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from streamlit.testing.v1 import AppTest

from app import policy
from app.people import Grant, Person, Role, local
from app.store import people, policies
from app.store.engine import open_store, reading, writing
from app.store.tables import AUDIT
from app.ui import settings_views as views
from app.ui import who
from tests.filled import app, boards, one_fact_store, text

ADMIN = Person("root@example.com", frozenset({Role.ADMIN}))
LOADED = policy.shipped().replace('on_call_load: {op: "<=", value: 14}', 'on_call_load: {op: "<=", value: 12}')


@pytest.fixture
def store(tmp_path: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The pages read, as an admin, a store with one incident."""
    url = one_fact_store(tmp_path)
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    monkeypatch.setattr(who, "person", lambda: ADMIN)
    return open_store(url)


def page(part: str) -> AppTest:
    at = app()
    at.query_params["part"] = part
    return at.run().switch_page("../pages/settings.py").run()


def told(at: AppTest) -> str:
    return text(" ".join(boards(at).values()))


def held(engine: Engine) -> tuple[policies.Dated, ...]:
    with reading(engine) as conn:
        return policies.history(conn)


def granted(engine: Engine) -> list[tuple[str, str, str, str | None]]:
    with reading(engine) as conn:
        whys = dict(conn.execute(sa.select(AUDIT.c.entity_id, AUDIT.c.why).where(AUDIT.c.entity == "grants")).all())
        return [
            (one.grant.subject, one.grant.role.value, one.grant.limit.words, whys[str(one.id)])
            for one in people.given(conn)
        ]


def test_what_is_promised_and_wanted_stands_there_for_a_viewer(store: Engine, viewer: None) -> None:
    said = told(page(views.TARGETS))

    assert "Tier 0 0 99.9 % 60 min 15 min 5 min 180 days" in said
    assert "On-call load ≤ 14 a week monthly" in said
    assert "Customer impact −20 % on 12 months before" in said
    assert "Likelihood × impact above 12 is above appetite" in said


def test_an_admin_sees_what_a_change_would_do_before_it_is_in_force(store: Engine) -> None:
    at = page(views.POLICY)
    at.text_area(key="settings_policy_text").set_value(LOADED).run()

    assert "1 change Now Would be targets.on_call_load.value 14.0 12.0" in told(at)
    assert at.button(key="settings_policy_set").disabled, "not without a reason"
    at.text_input(key="settings_policy_why").set_value("Fewer pages").run()
    assert held(store) == ()

    at.button(key="settings_policy_set").click().run()

    assert not at.exception
    assert [(one.actor, one.why, policy.parse(one.text).targets["on_call_load"].value) for one in held(store)] == [
        ("root@example.com", "Fewer pages", 12)
    ]
    assert "in force from now on" in at.success[0].value
    assert "targets.on_call_load.value: 14.0 → 12.0" in told(at)
    assert at.text_input(key="settings_policy_why").value == ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tiers: [", "is not YAML"),
        ("budget: {warn: much}", "is no policy"),
        (policy.shipped().replace("objective: 0.999", "objective: 1.5", 1), "tiers.0.objective"),
        ("[" * 5000, "is not YAML"),
        ("- <img src=x onerror=alert(1)>", "is no policy"),
    ],
)
def test_a_text_that_is_no_policy_is_refused_in_a_sentence(store: Engine, written: str, said: str) -> None:
    at = page(views.POLICY)

    at.text_area(key="settings_policy_text").set_value(written).run()

    assert not at.exception
    assert said in at.error[0].value.replace("\\", "")
    assert not [one for one in at.button if one.key == "settings_policy_set"]
    assert held(store) == ()


def test_two_admins_do_not_overwrite_each_other_unseen(store: Engine) -> None:
    at = page(views.POLICY)
    at.text_area(key="settings_policy_text").set_value(LOADED)
    at.text_input(key="settings_policy_why").set_value("Fewer pages").run()
    with writing(store) as conn:
        policies.change(conn, policy.shipped().replace("appetite: 12", "appetite: 9"), None, by=local("bob"), why="x")

    at.button(key="settings_policy_set").click().run()

    assert "bob set another policy" in at.warning[0].value
    assert any("bob has set another policy meanwhile" in one.value for one in at.error)
    assert at.text_area(key="settings_policy_text").value == LOADED, "nothing that was written is lost"
    assert "risk.appetite 9 12" in told(at), "what it would take back is shown"
    assert len(held(store)) == 1

    at.button(key="settings_policy_rebase").click().run()
    at.button(key="settings_policy_set").click().run()

    assert [one.actor for one in held(store)] == ["root@example.com", "bob"]


def test_who_is_no_admin_reads_the_policy_and_is_told_who_may_change_it(store: Engine, viewer: None) -> None:
    at = page(views.POLICY)

    assert not at.text_area
    assert any("takes the role admin" in one.value for one in at.caption)
    assert [one.label for one in at.get("download_button")] == ["Download policy.yaml"]


def give(at: AppTest, **cells: object) -> AppTest:
    """Fills in the form of a new grant and sends it off."""
    for name, value in cells.items():
        widget: Callable[..., object] = at.multiselect if isinstance(value, list) else at.text_input
        widget = at.selectbox if isinstance(value, Role) or value in ("person", "group") else widget
        widget(key=f"grant_new_0_{name}").set_value(value)  # type: ignore[attr-defined]
    return at.button(key="grant_new_0_save").click().run()


def test_an_admin_gives_changes_and_takes_away_a_role(store: Engine) -> None:
    at = give(page(views.PEOPLE), subject=" ana@example.com ", role=Role.EDITOR, products=["shop"], why="Runs it")

    assert not at.exception
    assert granted(store) == [("ana@example.com", "editor", "product shop", "Runs it")]
    assert "ana@example.com person editor product shop" in told(at)

    at.selectbox(key="settings_grant").set_value(1).run()
    at.multiselect(key="grant_1_1_products").set_value([])
    at.text_input(key="grant_1_1_why").set_value("Runs all")
    at.button(key="grant_1_1_save").click().run()
    assert granted(store) == [("ana@example.com", "editor", "", "Runs all")]

    at.button(key="grant_1_2_drop").click().run()
    assert not at.exception
    assert granted(store) == []
    assert "no longer has the role editor" in at.success[0].value


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"subject": "  "}, "1 to 200 letters"),
        ({"subject": "ana", "role": Role.ADMIN, "products": ["shop"]}, "whole organisation"),
        ({"subject": "root@example.com", "role": Role.ADMIN}, "already"),
    ],
)
def test_a_grant_that_cannot_be_is_told_in_a_sentence(store: Engine, cells: dict[str, object], said: str) -> None:
    at = page(views.PEOPLE)
    with writing(store) as conn:  # by somebody else, meanwhile
        people.add(conn, Grant("root@example.com", "person", Role.ADMIN), by=ADMIN)

    at = give(at, **cells)

    assert [said in one.value for one in at.error] == [True]
    assert len(granted(store)) == 1


def test_the_last_admin_cannot_go(store: Engine) -> None:
    with writing(store) as conn:
        people.add(conn, Grant("root@example.com", "person", Role.ADMIN), by=ADMIN)
    at = page(views.PEOPLE)
    at.selectbox(key="settings_grant").set_value(1).run()

    at.button(key="grant_1_1_drop").click().run()

    assert "last admin" in at.error[0].value
    assert len(granted(store)) == 1


def test_a_grant_that_was_changed_meanwhile_is_not_overwritten(store: Engine) -> None:
    with writing(store) as conn:
        people.add(conn, Grant("ana@example.com", "person", Role.EDITOR), by=ADMIN)
    at = page(views.PEOPLE)
    at.selectbox(key="settings_grant").set_value(1).run()
    with writing(store) as conn:
        people.change(conn, 1, 1, Grant("ana@example.com", "person", Role.VIEWER), by=local("bob"))

    at.button(key="grant_1_1_drop").click().run()

    assert [role for _, role, _, _ in granted(store)] == ["viewer"]


def test_everybody_sees_their_own_roles_and_limits(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = Person(
        "ana@example.com", frozenset({Role.VIEWER}), products=frozenset({"shop"}), member_of=frozenset({"payments"})
    )
    monkeypatch.setattr(who, "person", lambda: ana)

    at = page(views.PEOPLE)

    assert "You are ana@example.com You may see the numbers. Your roles viewer" in told(at)
    assert "You see limited to: product shop" in told(at)
    assert "shown as their team; those of payments by name" in told(at)
    assert not [one for one in at.selectbox if one.key == "settings_grant"]
    assert any("takes the role admin" in one.value for one in at.caption)


def test_the_page_stands_before_there_is_any_fact(empty: None) -> None:
    at = app().run().switch_page("../pages/settings.py").run()

    assert not at.exception
    assert "Settings" in told(at)
    assert "Tier 0" in told(at)


def test_the_history_tells_what_each_policy_changed(store: Engine, viewer: None) -> None:
    with writing(store) as conn:
        policies.change(conn, LOADED, None, by=ADMIN, why="Fewer pages")
        first = policies.history(conn)[0].valid_from
        policies.change(conn, policy.shipped(), first, by=ADMIN, why="Back")

    said = told(page(views.POLICY))

    assert "Back targets.on_call_load.value: 12.0 → 14.0" in said
    assert "Fewer pages targets.on_call_load.value: 14.0 → 12.0" in said

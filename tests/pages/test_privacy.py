"""People who answer calls: named to admins and their own teams, by initials to editors, as teams to everybody else."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from app import ingest
from app.people import Person, Role, initials, local
from app.store.engine import open_store, reading, writing
from app.store.tables import FACTS
from app.ui import data_health, places, privacy, read, who
from app.ui.places import Place
from tests.filled import app, boards, text

MARK = "zq-"
"""Before every responder's name in this store: what a page must not say."""
VIEWER = Person("vera@example.com", frozenset({Role.VIEWER}))
APPROVER = Person("abe@example.com", frozenset({Role.APPROVER}))
EDITOR = Person("eda@example.com", frozenset({Role.EDITOR}))
ADMIN = Person("ada@example.com", frozenset({Role.ADMIN, Role.EDITOR}))
MEMBER = replace(VIEWER, member_of=frozenset({"payments"}))
SHIFT = "payments,zq-late.riser@example.com,2026-11-20T00:00:00Z,2026-11-21T00:00:00Z\n"
TWICE = f"team,responder,start,end\n{SHIFT}{SHIFT}"


@pytest.fixture(scope="module")
def marked_url(demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("marked")
    path = folder / "marked.db"
    shutil.copy(demo_url.removeprefix("sqlite:///"), path)
    engine = open_store(f"sqlite:///{path}")
    with writing(engine) as conn:
        for table, column in (("pages", "responder"), ("shifts", "responder"), ("incidents", "commander")):
            cell = FACTS[table].c[column]
            conn.execute(FACTS[table].update().where(cell.is_not(None)).values({column: MARK + cell}))
    (folder / "shifts.csv").write_text(TWICE)
    ingest.run(engine, [folder / "shifts.csv"], by=local("setup"))
    engine.dispose()
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def marked(marked_url: str, looked_at: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_DATABASE_URL", marked_url)


def all_of(block: Any) -> Iterator[str]:
    """Everything that a run sends to the browser."""
    for child in block.children.values():
        yield str(child.proto) if child.proto is not None else ""
        if isinstance(child, Block):
            yield from all_of(child)


def led() -> tuple[str, str]:
    """The latest incident that somebody of payments led, and who."""
    incident, shift = FACTS["incidents"], FACTS["shifts"]
    of = sa.select(shift.c.responder).where(shift.c.team == "payments")
    query = sa.select(incident.c.incident, incident.c.commander).where(incident.c.commander.in_(of))
    with reading(read.opened(read.state().url)) as conn:
        found = conn.execute(query.order_by(incident.c.detected_at.desc()).limit(1)).one()
    return str(found[0]), str(found[1])


def opened(place: Place, **address: str) -> AppTest:
    at = app()
    for name, said in address.items():
        at.query_params[name] = said
    return at.run().switch_page(str(place.script)).run()


@pytest.mark.parametrize("person", [VIEWER, EDITOR], ids=["viewer", "editor"])
def test_no_page_names_a_responder_to_who_may_not_know(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    incident, _ = led()
    for look in (ADMIN, person):  # whoever looked before leaves nothing in the caches
        monkeypatch.setattr(who, "person", lambda look=look: look)
        shown = [opened(place, incident=incident) for place in places.PLACES]
        shown += [opened(places.DATA_HEALTH, view=view) for view in data_health.VIEWS]
        said = {place: MARK in "".join(all_of(at._tree)) for place, at in enumerate(shown)}
        assert not any(at.exception for at in shown)
        assert any(said.values()) is (look is ADMIN)
        aside = data_health.VIEWS.index(data_health.ASIDE) + len(places.PLACES)
        assert said[aside] is (look is ADMIN), "the reason names whose shift stands twice"


@pytest.mark.parametrize(
    ("person", "shows"),
    [(VIEWER, "team"), (APPROVER, "team"), (EDITOR, "initials"), (MEMBER, "name"), (ADMIN, "name")],
    ids=["viewer", "approver", "editor", "member", "admin"],
)
def test_who_led_an_incident_is_told_as_far_as_one_may_know(
    person: Person, shows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(who, "person", lambda: person)
    incident, name = led()

    head = text(" ".join(boards(opened(places.INCIDENT, incident=incident)).values()))

    wanted = {"team": "led by Payments ·", "initials": f"led by {initials(name)}", "name": f"led by {name} ·"}
    assert wanted[shows] in head


def test_initials_that_collide_stay_distinct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(who, "person", lambda: EDITOR)
    names = list(privacy._known(read.state()))

    shown = [privacy.called(name) for name in names]

    assert len(set(shown)) == len(names)
    assert len({initials(name) for name in names}) < len(names), "the demo has some that collide"
    assert any(one.endswith(" 2") for one in shown)


def test_rows_set_aside_go_out_whole_to_who_may_mend_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for person in (VIEWER, EDITOR):
        monkeypatch.setattr(who, "person", lambda person=person: person)
        at = opened(places.DATA_HEALTH, view=data_health.ASIDE)
        found[person] = (len(at.get("download_button")), [one.value for one in at.caption])

    assert found[EDITOR][0] == found[VIEWER][0] + 1
    assert any("takes the role editor" in said for said in found[VIEWER][1])


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("ana.perez@example.com", "AP"),
        ("Ana Maria Perez", "AP"),
        ("ana", "AN"),
        ("x", "X"),
        ("élodie.øst@x", "ÉØ"),
        ("@", "?"),
    ],
)
def test_initials_are_those_of_the_first_and_last_name(name: str, short: str) -> None:
    assert initials(name) == short

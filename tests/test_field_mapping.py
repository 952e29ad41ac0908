"""What a source calls things is seen, mapped in the app over what `sources.yaml` says, and a changed mapping reaches
the facts that are here already."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.cli import checking
from app.metrics.risk_records import Conflict, Invalid
from app.people import NotAllowed, Person, Role
from app.store import listing, mappings, sums, syncing
from app.store.engine import reading, writing
from app.store.tables import AUDIT, FACTS
from tests.sources import desk
from tests.sources.desk import ANN, AT, DAY, FIRST, Said

BEN = Person("ben@example.com", ANN.roles)
DAYS = (Said("high"), Said("P1"), Said("P1", "Mail"), Said("low", "shop"))


def incidents(engine: Engine) -> dict[str, Any]:
    with reading(engine) as conn:
        return {row.incident: row for row in conn.execute(sa.select(FACTS["incidents"]))}


def test_values_are_seen_with_their_rows_samples_and_what_they_mean(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.organisation(engine, tmp_path)
    desk.desk(monkeypatch, *DAYS)

    desk.read(engine, tmp_path, "{services: {Mail: mail}}")
    seen = desk.values(engine)

    assert list(seen)[:3] == [("severity", "P1"), ("severity", "low"), ("services", "Web shop")]
    one = seen["severity", "P1"]
    assert (one.means, one.known, one.rows) == (None, False, 2)
    assert one.samples == ("D-1 Web shop is down", "D-2 Mail is down")
    assert (seen["severity", "high"].means, seen["severity", "high"].known) == ("2", True)
    assert (seen["services", "Mail"].means, seen["services", "shop"].known) == ("mail", True)
    assert not seen["services", "Web shop"].known
    assert mappings.told(seen.values()) == ("3 values of desk mean nothing here yet",)
    said = [one.words for one in checking.findings(engine) if "mean nothing" in one.words]
    assert said == ["3 values of desk mean nothing here yet: Data health lists and maps them."]


def test_a_severity_set_aside_becomes_known_and_its_incident_is_read(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.organisation(engine, tmp_path)
    made = desk.desk(monkeypatch, *DAYS)
    assert desk.read(engine, tmp_path).set_aside == 3
    made.asked.clear()

    desk.save(engine, "severity", P1="1", low="4")
    desk.save(engine, "services", Web_shop="shop", Mail="mail")
    assert desk.values(engine)["severity", "P1"].waits
    outcome = desk.read(engine, tmp_path, now=AT + DAY)

    assert outcome.set_aside == 0
    assert made.asked[0].start < FIRST, "it begins at its start"
    assert {key: (row.severity, row.services) for key, row in incidents(engine).items()} == {
        "D-0": (2, ("shop",)), "D-1": (1, ("shop",)), "D-2": (1, ("mail",)), "D-3": (4, ("shop",)),
    }  # fmt: skip
    assert not desk.values(engine)["severity", "P1"].waits
    with reading(engine) as conn:
        assert listing.open_reject_counts(conn) == {}
        assert mappings.unmapped(mappings.values(conn)) == ()


def test_without_a_mapping_marks_stay_as_they_are_called_and_with_one_they_go_on(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.desk(monkeypatch, *DAYS)
    desk.read(sqlite_engine, tmp_path)
    with reading(sqlite_engine) as conn:
        assert [*syncing.marks(conn, "desk")] == ["incidents"]

    for days, maps in enumerate(("{}", "{causes: {disk: storage}}", "{causes: {Disk: storage}}")):
        desk.read(sqlite_engine, tmp_path, maps, now=AT + 2 * days * DAY)
        made.asked.clear()
        desk.read(sqlite_engine, tmp_path, maps, now=AT + (2 * days + 1) * DAY)
        assert made.asked[0].start == AT + 2 * days * DAY, "it goes on at its mark"


def test_a_mapping_that_is_taken_back_is_read_from_the_start_too(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.organisation(sqlite_engine, tmp_path)
    desk.desk(monkeypatch, *DAYS)
    desk.read(sqlite_engine, tmp_path)
    desk.save(sqlite_engine, "severity", high="1")
    desk.read(sqlite_engine, tmp_path)
    assert incidents(sqlite_engine)["D-0"].severity == 1

    desk.save(sqlite_engine, "severity", of=1, high="2")
    desk.read(sqlite_engine, tmp_path, now=AT + DAY)

    assert incidents(sqlite_engine)["D-0"].severity == 2
    assert desk.values(sqlite_engine)["severity", "high"].mapped is None, "2 is what it means by itself"
    with reading(sqlite_engine) as conn:
        assert [*syncing.marks(conn, "desk")] == ["incidents"]


def test_since_a_day_does_not_leave_older_facts_as_they_were_mapped(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.desk(monkeypatch, *DAYS)
    desk.read(sqlite_engine, tmp_path)

    desk.read(sqlite_engine, tmp_path, "{severity: {high: 1}}", since=AT - DAY)

    assert incidents(sqlite_engine)["D-0"].severity == 1


def test_the_app_goes_over_the_file_whatever_the_case_and_back_to_it(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.desk(monkeypatch, Said("p1", noticed="YES"), Said("P1"))
    maps = "{severity: {P1: 3}, customer_impact: {'yes': true}}"
    desk.read(sqlite_engine, tmp_path, maps)
    assert incidents(sqlite_engine)["D-0"].customer_impact is True
    desk.save(sqlite_engine, "customer_impact", YES="false")
    desk.save(sqlite_engine, "severity", p1="1")

    desk.read(sqlite_engine, tmp_path, maps)

    assert {(row.severity, row.customer_impact) for row in incidents(sqlite_engine).values()} == {(1, False), (1, None)}
    seen = desk.values(sqlite_engine)
    assert (seen["severity", "P1"].means, seen["severity", "P1"].own) == ("1", "3")
    desk.save(sqlite_engine, "severity", of=1, P1=None)
    assert desk.values(sqlite_engine)["severity", "p1"].means == "3"


def keyed(engine: Engine, entity: str) -> set[tuple[str, ...]]:
    names = {"impacts": ("incident", "service"), "services": ("service",)}[entity]
    table = FACTS[entity]
    with reading(engine) as conn:
        assert not sums.verify(conn)
        return {
            tuple(row)
            for row in conn.execute(sa.select(*(table.c[name] for name in names)).where(table.c.source == "desk"))
        }


def test_facts_that_are_named_by_a_service_move_to_its_new_name_also_after_a_kill(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.organisation(engine, tmp_path)
    made = desk.desk(monkeypatch, Said("high"), Said("high", "Mail"), Said("high"), Said("high", "shop"))
    made.hit = True
    desk.read(engine, tmp_path)
    assert keyed(engine, "services") == {("Web shop",), ("Mail",), ("shop",)}

    made.asked.clear()
    made.kill_at = FIRST + 2 * DAY
    desk.save(engine, "services", Web_shop="mail", Mail="mail")
    with pytest.raises(KeyboardInterrupt):
        desk.read(engine, tmp_path)
    made.kill_at = None
    outcome = desk.read(engine, tmp_path)

    assert keyed(engine, "impacts") == {("D-0", "mail"), ("D-1", "mail"), ("D-2", "mail"), ("D-3", "shop")}
    assert keyed(engine, "services") == {("mail",), ("shop",)}
    assert any("took the place of what stood under a former name" in note for note in outcome.notes)
    desk.save(engine, "services", of=1, Web_shop="shop", Mail=None)
    desk.read(engine, tmp_path, now=AT + DAY)
    assert keyed(engine, "impacts") == {("D-0", "shop"), ("D-1", "Mail"), ("D-2", "shop"), ("D-3", "shop")}


def test_what_a_source_that_is_read_whole_does_not_say_any_more_is_forgotten(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.desk(monkeypatch, *DAYS, whole=True)
    desk.read(sqlite_engine, tmp_path)
    made.days = [Said("high")]

    desk.read(sqlite_engine, tmp_path)

    assert set(desk.values(sqlite_engine)) == {("severity", "high"), ("services", "Web shop")}


def test_causes_are_told_as_unmapped_where_others_of_their_source_are_mapped(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.organisation(sqlite_engine, tmp_path)
    desk.desk(monkeypatch, Said("high", "shop", "disk"), Said("high", "shop", "config"))
    desk.read(sqlite_engine, tmp_path)
    assert mappings.told(desk.values(sqlite_engine).values()) == ()

    desk.save(sqlite_engine, "causes", disk="A full disk")
    desk.read(sqlite_engine, tmp_path)

    assert mappings.told(desk.values(sqlite_engine).values()) == ("1 value of desk means nothing here yet",)
    assert incidents(sqlite_engine)["D-0"].cause == "A full disk"


def test_two_who_map_the_same_value_meet_and_a_write_is_audited(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.desk(monkeypatch, *DAYS)
    desk.read(engine, tmp_path)
    desk.save(engine, "severity", P1="1")

    with pytest.raises(Conflict) as met:
        desk.save(engine, "severity", by=BEN, P1="2", low="4")
    assert (met.value.by, met.value.version, met.value.fields["P1"].theirs) == (ANN.name, 1, "1")
    desk.save(engine, "severity", by=BEN, low="4")

    with reading(engine) as conn:
        told = [
            (row.actor, row.entity_id, row.old, row.new)
            for row in conn.execute(sa.select(AUDIT).where(AUDIT.c.action == "map").order_by(AUDIT.c.seq))
        ]
    assert told == [
        (ANN.name, "desk severity", {"P1": None}, {"P1": "1"}),
        (BEN.name, "desk severity", {"low": None}, {"low": "4"}),
    ]


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("severity", {"P1": "9"}, "from 1 to 5"),
        ("severity", {"P7": "1"}, "does not say this"),
        ("services", {"Web_shop": "nowhere"}, "No service is known here by the name nowhere"),
        ("customer_impact", {"YES": "perhaps"}, "yes or no"),
        ("severity", {"P1": "1", "p1": "2"}, "in case alone"),
        ("causes", {"disk": "x" * 2_001}, "at most 2,000 letters"),
    ],
)
def test_a_meaning_that_cannot_be_is_refused_beside_its_value(
    field: str,
    changes: dict[str, str],
    words: str,
    sqlite_engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.desk(monkeypatch, *DAYS, Said("p1", cause="disk", noticed="YES"))
    desk.read(sqlite_engine, tmp_path)

    with pytest.raises(Invalid, match=words):
        desk.save(sqlite_engine, field, **changes)


def test_only_who_may_write_everywhere_maps(sqlite_engine: Engine) -> None:
    limited = Person("eve", frozenset({Role.EDITOR}), products=frozenset({"shop"}))
    with writing(sqlite_engine) as conn, pytest.raises(NotAllowed):
        mappings.save(conn, "desk", "severity", {"P1": "1"}, of=0, by=limited)

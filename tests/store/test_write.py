"""Keeping facts: what is new, changed and unchanged; what is rolled back; what a mended row resolves."""

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.metrics.facts import Deployment, Incident, Page, Shift, Slo
from app.store.engine import generation, reading, writing
from app.store.light import watched, whole
from app.store.rejects import Reject, add_rejects
from app.store.sums import refresh
from app.store.tables import AUDIT, FACTS, IMPORTS, REJECTS
from app.store.touched import Touched
from app.store.write import Counts, RunCounts, begin_run, end_run, known, upsert
from tests.store.keeping import batch, keep

AT = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)
INCIDENT = Incident(
    "file", "i1", "Checkout down", 1, AT, services=("shop", "pay"), customer_impact=True, url="https://x/1"
)
PAGES = [Page("file", f"p{n}", AT, "ana", "red", "shop", AT, n % 2 == 0, "push") for n in range(5)]


def _pages(conn: Any, pages: list[Page], touched: Touched | None = None) -> Counts:
    return upsert(conn, "pages", "file", batch("pages", pages), touched or Touched())


def test_the_same_batch_twice_is_unchanged_and_a_changed_row_updates_its_fact(engine: Engine) -> None:
    moved = [PAGES[0]._replace(team="blue", actionable=None), *PAGES[1:], PAGES[0]._replace(page="p9")]

    with writing(engine) as conn:
        counts = [_pages(conn, PAGES), _pages(conn, PAGES), _pages(conn, moved), _pages(conn, moved)]

    assert counts == [Counts(5, 5, 0, 0), Counts(5, 0, 0, 5), Counts(6, 1, 1, 4), Counts(6, 0, 0, 6)]
    with reading(engine) as conn:
        row = conn.execute(sa.select(FACTS["pages"]).where(FACTS["pages"].c.page == "p0")).one()
    assert (row.team, row.actionable, row.triggered_at, row.acknowledged_at) == ("blue", None, AT, AT)


def test_an_absent_column_blanks_what_was_there(engine: Engine) -> None:
    with writing(engine) as conn:
        _pages(conn, PAGES)
        counts = upsert(conn, "pages", "file", batch("pages", PAGES).drop_columns(["service", "channel"]), Touched())

    assert counts == Counts(5, 0, 5, 0)
    with reading(engine) as conn:
        assert set(conn.execute(sa.select(FACTS["pages"].c.service, FACTS["pages"].c.channel))) == {(None, None)}


def test_of_two_rows_with_one_key_the_last_counts(engine: Engine) -> None:
    with writing(engine) as conn:
        counts = _pages(conn, [PAGES[0], PAGES[0]._replace(team="blue")])

    assert (counts.seen, counts.new) == (2, 1)
    with reading(engine) as conn:
        assert conn.execute(sa.select(FACTS["pages"].c.team)).scalars().all() == ["blue"]


def test_a_key_that_comes_again_in_a_later_batch_of_the_import_updates(engine: Engine) -> None:
    touched = Touched()

    with writing(engine) as conn:
        first = _pages(conn, PAGES, touched)
        second = _pages(conn, [PAGES[0]._replace(team="blue"), PAGES[1]._replace(page="p7")], touched)

    assert (first, second) == (Counts(5, 5, 0, 0), Counts(2, 1, 1, 0))


def test_sources_do_not_mix(engine: Engine) -> None:
    with writing(engine) as conn:
        upsert(conn, "pages", "a", batch("pages", PAGES), Touched())
        counts = upsert(conn, "pages", "b", batch("pages", PAGES), Touched())

        assert counts == Counts(5, 5, 0, 0)
        assert known(conn, "pages") == {f"p{n}" for n in range(5)}


def test_blank_parts_of_a_key_are_kept_as_blank(engine: Engine) -> None:
    slos = [
        Slo("file", "a", "shop", "A", "availability", 0.99, "28d", "occurrences", valid)
        for valid in (None, date(2026, 1, 1))
    ]
    shift = Shift("file", "red", "ana", AT, AT)

    for _ in range(2):
        with writing(engine) as conn:
            counts = keep(conn, {"slos": slos, "shifts": [shift], "incidents": [INCIDENT]})

    assert counts == {"slos": Counts(2, 0, 0, 2), "shifts": Counts(1, 0, 0, 1), "incidents": Counts(1, 0, 0, 1)}
    with reading(engine) as conn:
        assert set(whole(conn, "slos")) == set(slos)
        assert whole(conn, "shifts") == (shift,)
        assert whole(conn, "incidents") == (INCIDENT,)


def test_text_comes_back_as_it_went_in(engine: Engine) -> None:
    titles = ['say "no", twice', "line\nbreak", "\\N", "\\.", "ünïcode ☃ 🚒", "a;b", "0012", "NULL", "  x"]
    found = [INCIDENT._replace(incident=f"i{n}", title=title) for n, title in enumerate(titles)]

    with writing(engine) as conn:
        keep(conn, {"incidents": found})

    with reading(engine) as conn:
        assert [incident.title for incident in whole(conn, "incidents")] == titles


def test_a_batch_that_does_not_fit_is_refused_and_nothing_is_kept(engine: Engine) -> None:
    def two_batches() -> None:
        with writing(engine) as conn:
            _pages(conn, PAGES)
            upsert(conn, "pages", "file", pa.table({"page": ["p1"]}), Touched())

    with pytest.raises(ValueError, match="lacks the column"):
        two_batches()

    with reading(engine) as conn:
        assert known(conn, "pages") == set()


def test_a_dry_run_changes_nothing(engine: Engine) -> None:
    with writing(engine, dry=True) as conn:
        assert keep(conn, {"pages": PAGES})["pages"] == Counts(5, 5, 0, 0)

    with reading(engine) as conn:
        assert (known(conn, "pages"), generation(conn), watched(conn)) == (set(), 0, {})


def test_what_was_watched_reaches_from_the_first_to_the_last_fact_of_each_source(engine: Engine) -> None:
    later = datetime(2026, 11, 3, tzinfo=UTC)
    found = [Deployment("file", f"d{n}", "shop", at, "succeeded") for n, at in enumerate((later, AT))]

    with writing(engine) as conn:
        keep(conn, {"deployments": [*found, found[0]._replace(source="ci")]})
    with writing(engine) as conn:
        keep(conn, {"deployments": [found[0]._replace(deployed_at=AT)]})

    with reading(engine) as conn:
        assert watched(conn)["deployments"] == ((later, later), (AT, AT))


def _reject(row: dict[str, str | None], file: str = "pages.csv") -> Reject:
    return Reject("file", "pages", file, 7, "team", "", "team is missing", row)


def _import(engine: Engine, pages: list[Page], rejects: list[Reject], files: list[str]) -> int:
    with writing(engine) as conn:
        run = begin_run(conn, kind="file", source="file", names=files, actor="cli")
        touched = Touched(run)
        counts = _pages(conn, pages, touched)
        add_rejects(conn, run, rejects)
        refresh(conn, touched)
        end_run(conn, run, touched, {"pages": RunCounts(*counts, len(rejects))}, files)
    return run


def _resolved(engine: Engine) -> list[int | None]:
    with reading(engine) as conn:
        return list(conn.execute(sa.select(REJECTS.c.resolved_by).order_by(REJECTS.c.id)).scalars())


def test_a_reject_stays_open_until_its_row_is_kept(engine: Engine) -> None:
    aside = [_reject({"page": "p4"}), _reject({"page": "p8"}), _reject({"page": None})]
    _import(engine, PAGES[:2], aside, ["pages.csv"])

    _import(engine, PAGES[:3], [], ["other.csv"])
    still = _resolved(engine)
    mended = _import(engine, PAGES, [], ["pages-rejects.csv"])

    assert still == [None, None, None]
    assert _resolved(engine) == [mended, None, None]


def test_reading_a_file_again_resolves_what_it_set_aside_before(engine: Engine) -> None:
    _import(engine, PAGES[:2], [_reject({"page": "p4"}), _reject({"page": "p5"}, "b.csv")], ["pages.csv", "b.csv"])

    again = _import(engine, PAGES[:2], [_reject({"page": "p4"})], ["pages.csv"])

    assert _resolved(engine) == [again, None, None]


def test_an_import_leaves_its_counts_and_one_audit_entry(engine: Engine) -> None:
    run = _import(engine, PAGES, [_reject({"page": "p\x00"})], ["pages.csv"])

    with reading(engine) as conn:
        (log,) = conn.execute(sa.select(IMPORTS)).all()
        (entry,) = conn.execute(sa.select(AUDIT)).all()
    expected = {"pages": {"seen": 5, "new": 5, "changed": 0, "unchanged": 0, "set_aside": 1}}
    assert (log.id, log.status, log.counts, log.names) == (run, "set_aside", expected, ["pages.csv"])
    assert (entry.action, entry.entity_id, entry.actor) == ("import", str(run), "cli")

"""What a delivery to a webhook does: facts by the rules of files, a reading of what must be asked, and that once."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.ingest_webhooks import webhook
from app.store import rejects, syncing
from app.store.engine import open_store, reading
from app.store.tables import REJECTS
from app.web.syncing import Syncing
from tests.hooking import ROW, SECRETS, SOURCES, behind, body, digest, event, imports, signed, written
from tests.sources.pager import OPTIONS, Pager, entry, incident
from tests.sources.vendor import Vendor, facts


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return written(tmp_path)


def test_rows_that_do_not_fit_are_set_aside_until_a_later_delivery_mends_them(engine: Engine, file: Path) -> None:
    ask = behind(engine, file)
    late = {"deployment": "d1", "service": "checkout", "deployed_at": "2026-11-27T08:00:00Z", "status": "succeeded"}
    bad = {"incident": "i2", "title": "half\0title", "severity": 9, "source": "file"}

    answer = ask(body("one", incidents=[ROW, bad], deployments=[late])).json()

    assert answer["kept"]["incidents"]["set_aside"] == 1
    assert answer["set_aside"] == [
        {"entity": "incidents", "row": 2, "reason": "severity is above 5; detected_at is missing"}
    ]
    assert answer["notes"] == ["incidents: column source is not known, and was passed over."]
    assert [one["deployment"] for one in facts(engine)["deployments"]] == ["d1"]
    ask(body("two", incidents=[bad | {"severity": 1, "detected_at": "2026-11-27T09:00:00Z"}]))
    with reading(engine) as conn:
        assert conn.execute(sa.select(REJECTS.c.resolved_by)).scalars().all() == [2]
        assert rejects.open_keys(conn, "incidents", "pipeline", None) is None
    mended = facts(engine)["incidents"]
    assert {one["source"] for one in mended} == {"pipeline"}
    assert "half\ufffdtitle" in {one["title"] for one in mended}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b'{"id": "x", "facts": NaN}',
        b'{"id": "\\ud800", "facts": {"incidents": []}}',
        b"[" * 100_000,
        b'{"facts": {"incidents": []}}',
        b'{"id": 7, "facts": {"incidents": []}}',
        b'{"id": "x"}',
        b'{"id": "x", "facts": {"users": []}}',
        b'{"id": "x", "facts": {"incidents": {"incident": "i1"}}}',
        b'{"id": "x", "facts": {"incidents": [{"title": {"a": 1}}]}}',
    ],
    ids=lambda said: said[:40].decode(),
)
def test_what_cannot_be_read_is_said(sqlite_engine: Engine, file: Path, said: bytes) -> None:
    answer = behind(sqlite_engine, file)(said)

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert imports(sqlite_engine) == ()


def test_servers_that_are_told_the_same_at_once_keep_it_once(engine: Engine, store_url: str, file: Path) -> None:
    engines = [open_store(store_url) for _ in range(4)]
    heard: list[Any] = []

    def tell(one: Engine) -> None:
        found = webhook(file, "pipeline")
        assert found is not None
        said = body("same")
        heard.append(found.take(one, signed(said)["X-Nines-Signature"], said, datetime.now(UTC)).said)

    threads = [threading.Thread(target=tell, args=(one,)) for one in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted("again" in said for said in heard) == [False, True, True, True]
    assert len(imports(engine)) == 1
    for one in engines:
        one.dispose()


def test_an_event_of_pagerduty_has_it_read_at_once_and_once(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/nines.db"
    monkeypatch.setenv("NINES_DATABASE_URL", url)
    engine, pager, at = open_store(url), Pager(), datetime.now(UTC).replace(microsecond=0)
    began = (at - timedelta(minutes=1)).isoformat()
    pager.add(incident("PINC", at=began), entry("trigger", began), entry("resolve", at.isoformat()))
    said = event("e1")
    headers = {"X-PagerDuty-Signature": f"v1={digest('PAGER_SECRET', said)}"}
    with Vendor(pager).up() as address:
        file.write_text((SOURCES % address).replace(OPTIONS["since"], at.date().isoformat()), encoding="utf-8")
        looking = Syncing(engine, file, first=600.0)
        ask = behind(engine, file, looking.wake)
        looking.start()
        assert ask(said, headers, "pager").json() == {"read": "soon"}
        ends = time.monotonic() + 120
        while not (imports(engine) and imports(engine)[0].finished_at) and time.monotonic() < ends:
            time.sleep(0.1)
        with reading(engine) as conn:
            due = syncing.due(conn)
        assert ask(said, headers, "pager").json() == {"again": True}
        looking.stop()

    assert [(run.kind, run.source, run.status) for run in imports(engine)] == [("live", "pager", "done")]
    assert [one["incident"] for one in facts(engine)["incidents"]] == ["PINC"]
    assert due == frozenset()
    engine.dispose()

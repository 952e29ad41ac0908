"""Webhooks over real HTTP, with sign-in on: who is heard and who is not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app import ingest_sync
from app.people import local
from app.store.engine import reading, writing
from app.store.freshness import sources
from app.store.tables import AUDIT
from app.web import webhooks
from data_sources.http import SourceError
from tests.hooking import (
    ROW,
    SECRETS,
    SIGN_IN,
    Running,
    behind,
    body,
    digest,
    event,
    imports,
    running,
    send,
    signed,
    written,
)
from tests.sources.vendor import facts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("webhooks") / "own", **SIGN_IN) as found:
        yield found


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return written(tmp_path)


def test_signed_facts_are_kept_as_an_import_of_their_source(server: Running) -> None:
    answer = send(server, body("d1"))

    assert answer.status_code == 200, answer.text
    assert answer.json()["kept"] == {"incidents": {"seen": 1, "new": 1, "changed": 0, "unchanged": 0, "set_aside": 0}}
    assert "set-cookie" not in answer.headers
    one = next(one for one in facts(server.store)["incidents"] if one["incident"] == "i1")
    assert (one["source"], one["severity"], one["services"]) == ("pipeline", 2, ("checkout", "search"))
    run = imports(server.store)[0]
    assert (run.kind, run.source, run.actor, run.status) == ("webhook", "pipeline", "webhook of pipeline", "done")
    with reading(server.store) as conn:
        told = conn.execute(sa.select(AUDIT.c.actor, AUDIT.c.action).order_by(AUDIT.c.id.desc())).first()
    assert told == ("webhook of pipeline", "import")


_REFUSED: dict[str, Callable[[bytes], dict[str, str]]] = {
    "missing": lambda said: {},
    "empty": lambda said: {"X-Nines-Signature": ""},
    "odd": lambda said: {"X-Nines-Signature": f"t={int(time.time())},v1=é,v1"},
    "of another body": lambda said: signed(body("other")),
    "expired": lambda said: signed(said, at=-310),
    "of the future": lambda said: signed(said, at=310),
    "by another's secret": lambda said: signed(said, secret="PAGER_SECRET"),
    "as PagerDuty signs": lambda said: {"X-PagerDuty-Signature": f"v1={digest('PIPELINE_SECRET', said)}"},
    "without a time": lambda said: {"X-Nines-Signature": f"v1={digest('PIPELINE_SECRET', said)}"},
}


@pytest.mark.parametrize("why", _REFUSED)
def test_without_the_right_signature_nothing_happens_and_nobody_says_why(server: Running, why: str) -> None:
    before, said = len(imports(server.store)), body("refused")

    sent = {name: value.encode("latin-1") for name, value in _REFUSED[why](said).items()}
    answer = httpx.post(f"{server.url}/webhooks/pipeline", content=said, headers=sent)

    assert (answer.status_code, answer.json()) == (401, {"error": "Not accepted."})
    assert len(imports(server.store)) == before


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed(server: Running) -> None:
    said, other = body("rotated"), "f" * 64
    stamp, own = signed(said)["X-Nines-Signature"].split(",")

    assert send(server, said, {"X-Nines-Signature": f"{stamp},v1={other},{own}"}).status_code == 200
    told = event("rotated")
    both = {"X-PagerDuty-Signature": f"v1={other},v1={digest('PAGER_SECRET', told)}"}
    assert send(server, told, both, to="pager").json() == {"read": "soon"}


def test_a_delivery_that_comes_again_changes_nothing_also_in_another_process(server: Running, file: Path) -> None:
    send(server, body("twice"))
    before = len(imports(server.store))
    changed = body("twice", incidents=[ROW | {"severity": 5}])

    assert send(server, changed).json() == {"again": True}
    assert behind(server.store, file)(changed).json() == {"again": True}

    assert len(imports(server.store)) == before
    assert {one["severity"] for one in facts(server.store)["incidents"]} == {2}


def test_what_is_too_large_is_refused_whatever_it_says_of_its_length(server: Running) -> None:
    large = b"{" + b" " * webhooks.MOST

    assert send(server, large).status_code == 413
    pieces = (b" " * 65_536 for _ in range(32))
    with suppress(httpx.WriteError):  # it may hang up before all was sent
        assert httpx.post(f"{server.url}/webhooks/pipeline", content=pieces, timeout=30).status_code == 413


@pytest.mark.parametrize("name", ["nobody", "quiet", "PIPELINE", "pipeline%20"])
def test_there_is_nothing_for_other_sources(server: Running, name: str) -> None:
    assert send(server, body("x"), to=name).status_code == 404


def test_without_a_configuration_and_in_the_demo_there_is_nothing(sqlite_engine: Engine, file: Path) -> None:
    for ask in (behind(sqlite_engine, file.with_name("none.yaml")), behind(sqlite_engine, file, demo=True)):
        assert ask(body("x")).status_code == 404


def test_sign_in_stands_before_all_else_and_not_before_webhooks(
    server: Running, sqlite_engine: Engine, file: Path
) -> None:
    assert send(server, body("through the door")).status_code == 200
    assert httpx.get(f"{server.url}/media/x.csv").status_code == 403
    assert httpx.get(f"{server.url}/webhooks/pipeline").status_code == 403
    assert httpx.post(f"{server.url}/webhooks/pipeline/x", content=b"{}").status_code == 403
    assert behind(sqlite_engine, file)(body("without a door")).status_code == 200


def test_another_site_may_not_deliver_by_a_reader_s_browser(server: Running) -> None:
    said = body("crossing")

    assert send(server, said, signed(said) | {"Origin": "https://evil.example"}).status_code == 403


def test_an_address_that_asks_too_often_waits(sqlite_engine: Engine, file: Path) -> None:
    ask = behind(sqlite_engine, file, a_minute=2)

    answers = [ask(body(f"d{number}")) for number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 0


def test_a_secret_that_is_not_set_is_said_in_the_log_and_nowhere_else(
    server: Running, sqlite_engine: Engine, file: Path
) -> None:
    answer = send(server, body("x"), to="unset")

    assert answer.status_code == 503
    assert "NOBODY_SET_THIS" not in answer.text
    log = server.log.read_text()
    assert "NOBODY_SET_THIS, which webhook secret names, is not set" in log
    assert not any(secret in log for secret in SECRETS.values())
    file.write_text("sources: {pipeline: {kind: push}}\n", encoding="utf-8")
    assert behind(sqlite_engine, file)(body("x")).status_code == 503


def test_a_store_that_is_busy_holds_up_no_reader(server: Running) -> None:
    waiting: list[httpx.Response] = []
    with writing(server.store, dry=True):
        thread = threading.Thread(target=lambda: waiting.append(send(server, body("patient"))))
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert time.monotonic() - began < 0.5
        assert not waiting
    thread.join(30)

    assert waiting[0].status_code == 200


def test_a_source_that_only_tells_is_never_read(sqlite_engine: Engine, file: Path) -> None:
    behind(sqlite_engine, file)(body("x"))

    with pytest.raises(SourceError, match=r"^pipeline is never read: it tells its facts by itself, by its webhook\.$"):
        ingest_sync.run(sqlite_engine, file, ["pipeline"], by=local("ann"))
    assert ingest_sync.test(file, "pipeline").startswith("It is never asked")
    file.write_text("sources: {pipeline: {kind: push, webhook: {secret: PIPELINE_SECRET}}}", encoding="utf-8")
    assert ingest_sync.run(sqlite_engine, file, by=local("ann")) == []
    with reading(sqlite_engine) as conn:
        assert [(one.name, one.kind, one.last_read_at) for one in sources(conn)] == [("pipeline", "push", None)]


def test_a_secret_written_into_the_file_is_refused(sqlite_engine: Engine, file: Path) -> None:
    file.write_text("sources: {pipeline: {kind: push, webhook: {secret: hush-hush}}}", encoding="utf-8")

    with pytest.raises(SourceError, match="must be the name of an environment variable that holds it") as refused:
        ingest_sync.listed(file)
    assert "hush-hush" not in str(refused.value)

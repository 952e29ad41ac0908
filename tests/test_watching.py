"""What the server tells of itself: metrics to those who may read them, and logs without secrets."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import logger as streamlit_logger

from app import logs, watch
from app.settings import Settings, load
from app.store.engine import open_store
from app.web import watching
from tests import filled

TOKEN = "0123456789abcdef0123456789abcdef"


def app(engine: Engine, settings: Settings) -> watching.Watching:
    async def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("a page")

    return watching.Watching(Starlette(routes=[*watching.routes(settings, engine), Route("/{path:path}", page)]))


def ask(inside: watching.Watching, path: str = "/metrics", peer: str = "127.0.0.1", **headers: str) -> httpx.Response:
    async def get() -> httpx.Response:
        wire = httpx.ASGITransport(inside, client=(peer, 1))
        async with httpx.AsyncClient(transport=wire, base_url="http://localhost") as asking:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await asking.get(path, headers=named)

    with ThreadPoolExecutor(1) as apart:  # browser tests leave an event loop running in this thread
        return apart.submit(lambda: asyncio.run(get())).result()


def value(text: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and all(sample.labels.get(key) == wanted for key, wanted in labels.items()):
                return float(sample.value)
    return None


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.1", {}, 404),
        ("127.0.0.1", {"x_forwarded_for": "192.0.2.1"}, 404),
        ("127.0.0.1", {"host": "nines.example.com"}, 404),
    ],
)
def test_without_a_token_this_machine_alone_reads_the_metrics(
    sqlite_engine: Engine, peer: str, headers: dict[str, str], status: int
) -> None:
    assert ask(app(sqlite_engine, load()), peer=peer, **headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 404), ({"authorization": f"Bearer {TOKEN}"}, 200), ({"authorization": f"Bearer {TOKEN[:-1]}"}, 404)],
)
def test_with_a_token_whoever_has_it_reads_them(sqlite_engine: Engine, headers: dict[str, str], status: int) -> None:
    token: Any = TOKEN

    assert ask(app(sqlite_engine, load(metrics_token=token)), peer="192.0.2.1", **headers).status_code == status


def test_metrics_tell_answers_page_runs_and_how_old_imports_are(tmp_path: Path) -> None:
    engine = open_store(filled.one_fact_store(tmp_path))
    inside = app(engine, load())
    asked = {"accept": "application/openmetrics-text; version=1.0.0"}
    before = ask(inside, **asked).text

    ask(inside, "/incidents?team=secret")
    ask(inside, "/static/js/x.js")
    with watch.run("incidents"):
        pass
    with pytest.raises(ZeroDivisionError), watch.run("incidents"):
        raise ZeroDivisionError
    answer = ask(inside, **asked)
    engine.dispose()

    def grown(name: str, **labels: str) -> float:
        return (value(answer.text, name, **labels) or 0) - (value(before, name, **labels) or 0)

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert grown("nines_requests_total", kind="pages", status="200") == 1
    assert grown("nines_requests_total", kind="files", status="200") == 1
    assert grown("nines_page_run_seconds_count", page="incidents") == 2
    assert grown("nines_page_errors_total", page="incidents") == 1
    assert value(answer.text, "nines_store_up") == 1
    age = value(answer.text, "nines_import_age_seconds", source="file")
    assert age is not None
    assert 0 <= age < 60
    assert "secret" not in answer.text


def test_a_store_without_imports_tells_no_age_rather_than_zero(sqlite_engine: Engine) -> None:
    text = ask(app(sqlite_engine, load())).text

    assert "nines_store_up 1.0" in text
    assert "nines_import_age_seconds{" not in text


@pytest.mark.usefixtures("as_before")
def test_json_logs_are_one_object_a_line_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NINES_METRICS_TOKEN", TOKEN)
    monkeypatch.setenv("NINES_DATABASE_URL", "postgresql://nines:hush-hush@db/nines")
    logs.configure(load(log_format="json"))

    logging.getLogger("nines").info("%s signed in", "ada", extra={"event": "sign_in", "actor": "ada"})
    streamlit_logger.get_logger("streamlit.newcomer").warning("two\nlines")
    try:
        raise RuntimeError(f"cannot connect to postgresql://nines:hush-hush@db with {TOKEN}")
    except RuntimeError:
        logging.getLogger("nines").exception("error 1234")

    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["message"] for line in lines] == ["ada signed in", "two\nlines", "error 1234"]
    assert lines[0]["event"] == "sign_in"
    assert lines[0]["actor"] == "ada"
    assert "RuntimeError: cannot connect" in lines[2]["trace"]
    assert "hush-hush" not in said
    assert TOKEN not in said


@pytest.mark.usefixtures("as_before")
def test_text_logs_hide_secrets_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NINES_METRICS_TOKEN", TOKEN)
    logs.configure(load())

    logging.getLogger("nines").warning("asked with %s", TOKEN)

    assert capsys.readouterr().err.endswith("WARNING nines: asked with [hidden]\n")

"""The server over real HTTP and in a real browser: who is let in, what answers carry, how it fails and how it ends."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp
from streamlit import file_util
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.server import PIECES, ServerError, serve
from app.settings import load
from app.web.assets import Assets, AssetsMiddleware, scripts_of
from app.web.errors import on_crash
from app.web.headers import Guard, inline_hashes, known_host

ROOT = Path(__file__).resolve().parent.parent
PAGE = """
import streamlit as st
import plotly.graph_objects as go

st.metric("Hello", 42)
st.plotly_chart(go.Figure(go.Scatter(x=[1, 2], y=[3, 4])))
if "fail" in st.query_params:
    raise RuntimeError("the password is hush")
"""
START = """
import sys
from pathlib import Path
from app.server import serve
from app.settings import load

serve(load(port=0, database_url=sys.argv[2]), script=Path(sys.argv[1]))
"""


class Running(NamedTuple):
    url: str
    process: subprocess.Popen[str]
    store: Path
    log: Path


def start(folder: Path) -> Running:
    (folder / "page.py").write_text(PAGE)
    (folder / "start.py").write_text(START)
    store, log = folder / "nines.db", folder / "log.txt"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NINES_", "STREAMLIT_", "PYTEST_"))}
    with log.open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(folder / "start.py"), str(folder / "page.py"), f"sqlite:///{store}"],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(
        r"Nines is on (http://127\.0\.0\.1:\d+) and shows .*nines\.db\. Stop it with Ctrl\+C\.\n", line
    )
    if not found:
        process.kill()
        process.communicate()
        pytest.fail(f"{line}{log.read_text()}")
    return Running(found[1], process, store, log)


def end(running: Running) -> None:
    running.process.terminate()
    running.process.communicate(timeout=20)


def ask(app: ASGIApp) -> httpx.Response:
    async def get() -> httpx.Response:
        wire = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=wire, base_url="http://localhost") as client:
            return await client.get("/")

    return asyncio.run(get())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("server"))
    yield running
    end(running)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium")
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize(
    "path", ["/", "/slos", "/healthz", "/readyz", "/media/nothing", "/_stcore/health", "/favicon.png"]
)
def test_every_answer_carries_the_security_headers(server: Running, path: str) -> None:
    answer = httpx.get(server.url + path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' blob: 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "server" not in answer.headers


def test_alive_and_ready_are_told(server: Running) -> None:
    assert httpx.get(f"{server.url}/healthz").text == "ok\n"
    ready = httpx.get(f"{server.url}/readyz", headers={"Host": "10.0.0.7"})

    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert ready.headers["cache-control"] == "no-store"


def test_a_store_of_another_release_is_not_ready(tmp_path: Path) -> None:
    running = start(tmp_path)
    try:
        with sqlite3.connect(running.store) as store:
            store.execute("UPDATE alembic_version SET version_num = '9999'")
        store.close()
        answer = httpx.get(f"{running.url}/readyz")
        alive = httpx.get(f"{running.url}/healthz")
    finally:
        end(running)

    assert answer.status_code == 503
    assert "another release" in answer.text
    assert alive.status_code == 200


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_streamlit_tells_anyone_is_closed(server: Running, path: str) -> None:
    assert httpx.get(server.url + path).status_code == 404


def test_a_foreign_host_name_is_refused_by_http_and_by_websocket(server: Running) -> None:
    answer = httpx.get(server.url, headers={"Host": "evil.example.com"})

    assert answer.status_code == 400
    assert "NINES_ALLOWED_HOSTS" in answer.text
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises(InvalidStatus) as refused:
        connect(f"ws://evil.example.com:{port}/_stcore/stream", sock=plain)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("localhost:8501", True),
        ("[::1]:8501", True),
        ("NINES.example.com", True),
        ("a.corp.example.com", True),
        ("corp.example.com", False),
        ("evilcorp.example.com", False),
        ("nines.example.com.evil.org", False),
        ("nines.example.com@evil.org", False),
        ("[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_host_names_are_compared_whole(header: str | None, known: bool) -> None:
    assert known_host(header, ("localhost", "::1", "nines.example.com", "*.corp.example.com")) is known


def test_files_go_out_compressed_once_they_are_prepared(server: Running) -> None:
    page = httpx.get(server.url).text
    script = re.search(r'src="\.(/static/js/index\.[^"]+)"', page)
    assert script
    deadline = time.monotonic() + 30
    while "content-encoding" not in (packed := httpx.get(server.url + script[1])).headers:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    plain = httpx.get(server.url + script[1], headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert "immutable" in packed.headers["cache-control"]
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    again = httpx.get(server.url + script[1], headers={"If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_first_page_is_ours_whatever_the_address(server: Running) -> None:
    for path in ("/", "/incidents?incident=42"):
        answer = httpx.get(server.url + path)
        assert "<title>Nines</title>" in answer.text
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-encoding"] == "gzip"
    plain = httpx.get(server.url, headers={"Accept-Encoding": "identity"})
    assert plain.text == answer.text
    assert httpx.head(server.url).content == b""


def test_nothing_at_an_address_is_said_in_a_sentence(server: Running) -> None:
    page = httpx.get(f"{server.url}/media/nothing", headers={"Accept": "text/html"})
    text = httpx.get(f"{server.url}/media/nothing")

    assert page.status_code == text.status_code == 404
    assert "<h1>Not found</h1>" in page.text
    assert text.text == "There is nothing at this address.\n"


def test_a_crash_is_a_number_to_quote_with_headers_and_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    async def crash(_: Request) -> None:
        raise RuntimeError("the password is hush")

    app = Guard(
        Starlette(routes=[Route("/", crash)], exception_handlers={Exception: on_crash}), hosts=("localhost",), inline=()
    )
    answer = ask(app)

    assert answer.status_code == 500
    assert "hush" not in answer.text
    number = re.search(r"written down as ([0-9a-f]{8})", answer.text)
    assert number
    assert number[1] in caplog.text
    assert "content-security-policy" in answer.headers


def test_inline_scripts_are_allowed_by_their_hash_alone() -> None:
    assert inline_hashes("<script>alert(1)</script><script src='x.js'></script>") == (
        "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='",
    )


def test_the_page_is_left_alone_where_the_answer_is_none(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>Streamlit</title>")
    app = AssetsMiddleware(Starlette(), assets=Assets(tmp_path, "Nines"))

    assert ask(app).status_code == 404


def test_pieces_of_the_first_screens_are_named_on_the_first_page_with_all_they_import(tmp_path: Path) -> None:
    scripts = tmp_path / "static" / "js"
    scripts.mkdir(parents=True)
    (tmp_path / "index.html").write_text('<head><link href="./static/js/known.1.js"></head>')
    (scripts / "Board.1.js").write_text('import{a as b}from"./deep.2.js";import"./known.1.js";import("./later.3.js")')
    (scripts / "deep.2.js").write_text('import{c}from"./Board.1.js"')
    (scripts / "known.1.js").write_text("")

    page = Assets(tmp_path, "Nines", pieces=("Board", "Gone")).page

    assert re.findall(r"js/([^\"]+)", page) == ["known.1.js", "Board.1.js", "deep.2.js", "Board.1.js"]
    assert '[import("./static/js/Board.1.js")]' in page, "read while the server is waited for"


def test_streamlit_still_has_the_pieces_that_are_fetched_early() -> None:
    folder = Path(file_util.get_static_dir()) / "static" / "js"

    assert all(len(scripts_of(folder, [piece])) > 1 for piece in PIECES)


@pytest.mark.browser
def test_a_browser_asks_nobody_else_and_has_no_complaint(server: Running, browser: Browser) -> None:
    said: list[str] = []
    asked: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(server.url)
    page.wait_for_selector(".js-plotly-plot .scatterlayer")
    page.wait_for_selector("[data-testid=stMetricValue]:has-text('42')")
    page.close()

    assert said == []
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []


@pytest.mark.browser
def test_a_failing_page_shows_a_number_to_quote_and_no_trace(server: Running, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/?fail=1")
    shown = page.wait_for_selector("[data-testid=stAlert]")
    assert shown is not None
    text = shown.inner_text()
    body = page.inner_text("body")
    page.close()

    number = re.search(r"written down as ([0-9a-f]{8})", text)
    assert number
    assert "hush" not in body
    assert "Traceback" not in body
    assert number[1] in server.log.read_text()


def test_it_ends_soon_when_told_to_with_readers_connected(tmp_path: Path, browser: Browser) -> None:
    running = start(tmp_path)
    page = browser.new_page()
    page.goto(running.url)
    page.wait_for_selector("[data-testid=stMetricValue]")
    began = time.monotonic()

    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=20)
    page.close()

    assert running.process.returncode == 0
    assert time.monotonic() - began < 10


def test_without_sign_in_it_listens_on_loopback_alone(tmp_path: Path) -> None:
    settings = load(host="0.0.0.0", port=0, database_url=f"sqlite:///{tmp_path}/nines.db")

    with pytest.raises(ServerError, match=r"NINES_OIDC_ISSUER"):
        serve(settings)


def test_a_taken_port_is_said_in_a_sentence(server: Running, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TAKEN, str(port), f"sqlite:///{tmp_path}/nines.db"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert f"Port {port} of 127.0.0.1 cannot be had" in said.stdout
    assert "--port" in said.stdout


TAKEN = """
import sys
from app.server import PIECES, ServerError, serve
from app.settings import load
try:
    serve(load(port=int(sys.argv[1]), database_url=sys.argv[2]))
except ServerError as cause:
    sys.stdout.write(str(cause))
"""

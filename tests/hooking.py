"""What the tests of webhooks share: sources, servers that know their secrets, and signed deliveries."""

import asyncio
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from sqlalchemy.engine import Engine
from starlette.applications import Starlette

from app.settings import load
from app.store import runs
from app.store.engine import open_store, reading
from app.web import webhooks
from tests.sources.pager import SECRET as TOKEN

ROOT = Path(__file__).resolve().parent.parent
SECRETS = {"PIPELINE_SECRET": "s3cr3t-of-the-pipeline", "PAGER_SECRET": "s3cr3t-of-the-hook", "PAGERDUTY_TOKEN": TOKEN}
SOURCES = """
sources:
  pipeline: {kind: push, webhook: {secret: PIPELINE_SECRET}, expected_hours: 24}
  pager: {kind: pagerduty, token: PAGERDUTY_TOKEN, url: '%s', since: '2026-11-27', webhook: {secret: PAGER_SECRET}}
  quiet: {kind: pagerduty, token: PAGERDUTY_TOKEN}
  unset: {kind: push, webhook: {secret: NOBODY_SET_THIS}}
"""
START = """
import sys
from pathlib import Path
from app.server import serve
from app.settings import load

serve(load(port=0, database_url=sys.argv[2]), script=Path(sys.argv[1]))
"""
SIGN_IN = {
    "NINES_OIDC_ISSUER": "http://127.0.0.1:9",
    "NINES_OIDC_CLIENT_ID": "nines",
    "NINES_OIDC_CLIENT_SECRET": "hush",
    "NINES_COOKIE_SECRET": "0123456789abcdef0123456789abcdef",
    "NINES_PUBLIC_URL": "http://127.0.0.1:8501",
}
ROW = {
    "incident": "i1",
    "title": "Checkout is down",
    "severity": 2,
    "detected_at": "2026-11-27T09:00:00Z",
    "services": ["checkout", "search"],
    "customer_impact": True,
}


class Running(NamedTuple):
    url: str
    store: Engine
    log: Path


@contextmanager
def running(folder: Path, **more: str) -> Iterator[Running]:
    """A server on a store of its own, with these sources."""
    folder.mkdir()
    (folder / "page.py").write_text("import streamlit as st\nst.write('Hello')\n")
    (folder / "start.py").write_text(START)
    written(folder)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NINES_", "STREAMLIT_", "PYTEST_"))}
    url = f"sqlite:///{folder}/nines.db"
    with (folder / "log.txt").open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(folder / "start.py"), str(folder / "page.py"), url],
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **SECRETS, **more},
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    store = open_store(url)
    try:
        assert line.startswith("Nines is on "), (folder / "log.txt").read_text()
        yield Running(line.split()[3], store, folder / "log.txt")
    finally:
        process.terminate()
        process.communicate(timeout=20)
        store.dispose()


def body(delivery: str, **entities: Any) -> bytes:
    return json.dumps({"id": delivery, "facts": entities or {"incidents": [ROW]}}).encode()


def digest(secret: str, *parts: bytes) -> str:
    return hmac.new(SECRETS[secret].encode(), b"".join(parts), "sha256").hexdigest()


def signed(said: bytes, at: float = 0, secret: str = "PIPELINE_SECRET") -> dict[str, str]:
    stamp = str(int(time.time() + at))
    return {"X-Nines-Signature": f"t={stamp},v1={digest(secret, stamp.encode(), b'.', said)}"}


def event(delivery: str) -> bytes:
    return json.dumps({"event": {"id": delivery, "event_type": "incident.resolved", "data": {"id": "PINC"}}}).encode()


def send(server: Running, said: bytes, headers: dict[str, str] | None = None, to: str = "pipeline") -> httpx.Response:
    return httpx.post(
        f"{server.url}/webhooks/{to}", content=said, headers=signed(said) if headers is None else headers, timeout=30
    )


def imports(engine: Engine) -> tuple[runs.Run, ...]:
    with reading(engine) as conn:
        return runs.runs(conn)


def behind(
    engine: Engine, file: Path | None, wake: Callable[[], None] = lambda: None, a_minute: int = 100, **more: Any
) -> Callable[..., httpx.Response]:
    """The route alone: asks it, over ASGI."""
    settings = load(sources=file, database_url="sqlite:////nowhere/nines.db", **more)
    app = Starlette(routes=webhooks.routes(settings, engine, wake, a_minute))

    async def post(said: bytes, headers: dict[str, str], to: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.post(f"/webhooks/{to}", content=said, headers=headers)

    def ask(said: bytes, headers: dict[str, str] | None = None, to: str = "pipeline") -> httpx.Response:
        return asyncio.run(post(said, signed(said) if headers is None else headers, to))

    return ask


def written(folder: Path, url: str = "https://api.pagerduty.com") -> Path:
    """A `sources.yaml` with these sources."""
    file = folder / "sources.yaml"
    file.write_text(SOURCES % url, encoding="utf-8")
    return file

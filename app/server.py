"""The web server: the Streamlit app inside an ASGI server that preloads, compresses, guards and tells its health."""

import gc
import importlib
import logging
import os
import pkgutil
import signal
import socket
import sys
import threading
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
import uvicorn
from sqlalchemy.engine import Engine
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from streamlit import config, file_util

from app import charts, logs, metrics, store, ui
from app.charts.theme import page_css
from app.settings import PREFIX, Settings, demo_url
from app.store.engine import open_store
from app.web import errors, health, provider, watching, webhooks
from app.web.assets import Assets, AssetsMiddleware
from app.web.beside import Beside
from app.web.door import CALLBACK, Door
from app.web.headers import Guard, inline_hashes
from app.web.preparing import Preparing
from app.web.sending import Sending
from app.web.syncing import Syncing
from app.web.uploads import Uploads

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "app" / "streamlit_app.py"
ICON = ROOT / "app" / "static" / "favicon.png"
LOG = logging.getLogger("nines")
PRELOADED = ("pandas", "plotly.graph_objects", "pyarrow", "scipy.stats", "sqlalchemy.dialects.sqlite")
PIECES = ("BidiComponent",)
"""What the first screens are made of, in Streamlit's frontend."""
_GRACE_SECONDS = 2
_RARELY = (50_000, 20, 50)
"""After how many new objects Python looks for garbage among the youngest, how often it then looks further, and at
everything: that holds up every reader for longer the more is kept in memory."""
_LONGEST_LINE = 65_536
"""Bytes of one header, of a page's connection too: cookies of a whole company's domain come along."""


class ServerError(Exception):
    """The server cannot start; the message is one sentence that says why and what to do."""


def serve(
    settings: Settings, demo: bool = False, announce: Callable[[str], None] | None = None, script: Path = SCRIPT
) -> None:
    """Serves the app until it is told to stop; `announce` gets one line with the address once it answers.

    With `demo` it serves the demo organisation's own store, which must have been filled. Raises ServerError, or
    StoreError where the store cannot be opened.
    """
    if demo:
        settings = settings.model_copy(update={"database_url": demo_url(), "demo": True})
    if not settings.loopback and not settings.signs_in:
        raise ServerError(
            f"Nobody would have to sign in, so Nines does not listen on {settings.host}, where others could read it: "
            f"stay on 127.0.0.1, or set {PREFIX}OIDC_ISSUER and what belongs to it (docs/sign-in.md)."
        )
    os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(_LONGEST_LINE))
    os.environ.update({f"{PREFIX}DATABASE_URL": settings.database_url, f"{PREFIX}DEMO": str(settings.demo).lower()})
    configure(settings)
    logs.configure(settings)
    engine = open_store(settings.database_url)
    with _listening(settings.host, settings.port) as listening:
        port = listening.getsockname()[1]
        place = f"[{settings.host}]" if ":" in settings.host else settings.host
        what = "the demo organisation" if settings.demo else settings.store_name
        ready = f"Nines is on http://{place}:{port} and shows {what}. Stop it with Ctrl+C."
        server = _Announcing(_uvicorn(build(settings, engine, script)), lambda: (announce or _say)(ready))
        signal.signal(signal.SIGTERM, _leave)
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            LOG.info("stopped")
        finally:
            engine.dispose()
    if not server.started:
        raise ServerError("The server did not start; the log above says why.")


def build(settings: Settings, engine: Engine, script: Path) -> ASGIApp:
    """The ASGI app: Streamlit's, with what surrounds it. Call `configure` first."""
    ours = script == SCRIPT
    folder = Path(file_util.get_static_dir())
    assets = Assets(folder, "Nines", PIECES if ours else (), page_css() if ours else "")
    syncing = Syncing(engine, settings.sources_file)
    handlers: dict[Any, Callable[..., Any]] = {HTTPException: errors.on_http_error, Exception: errors.on_crash}
    app = st.App(
        script,
        lifespan=_lifespan(settings, assets, _beside(settings, engine, syncing) if ours else ()),
        routes=[
            *health.routes(engine),
            *watching.routes(settings, engine),
            *webhooks.routes(settings, engine, syncing.wake),
            Route("/favicon.png", _icon, methods=["GET"]),
        ],
        middleware=[
            Middleware(AssetsMiddleware, assets=assets),
            Middleware(Uploads, most=int(config.get_option("server.maxUploadSize")) * 1_048_576),
        ],
        on_script_error=errors.on_script_error,
        exception_handlers=handlers,
        secrets=_sign_in(settings) if settings.signs_in else None,
    )
    entered = Door(app, settings, engine) if settings.signs_in else app
    # Around the whole: an answer to a crash is made outside of all middleware, and needs its headers too.
    return watching.Watching(Guard(entered, settings.hosts, inline_hashes(assets.page)))


def configure(settings: Settings) -> None:
    """Gives Streamlit the options of this checkout's `.streamlit/config.toml`, and the settings over them."""
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    chosen = {
        "server.address": settings.host,
        "server.port": settings.port,
        "server.allowedHosts": list(settings.hosts),
        "logger.level": settings.log_level,
    }
    if settings.cookie_secret:
        chosen["server.cookieSecret"] = settings.cookie_secret.get_secret_value()
    for name, value in {**dict(_flat(written)), **chosen}.items():
        config.set_option(name, value)


def _sign_in(settings: Settings) -> dict[str, Any]:
    """What `st.login` reads. Streamlit wants secrets in a file; these never lie in one."""
    client, cookie = settings.oidc_client_secret, settings.cookie_secret
    return {
        "auth": {
            "redirect_uri": f"{settings.public_url}{CALLBACK}",
            "cookie_secret": cookie.get_secret_value() if cookie else "",
            "client_id": settings.oidc_client_id,
            "client_secret": client.get_secret_value() if client else "",
            "server_metadata_url": settings.metadata_url,
            "client_kwargs": {
                "scope": settings.oidc_scopes,
                "prompt": "" if settings.oidc_prompt == "provider" else settings.oidc_prompt,
            },
        }
    }


def _flat(tables: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _beside(settings: Settings, engine: Engine, syncing: Syncing) -> tuple[Beside, ...]:
    """What the server does beside answering. The demo's facts are its own: nothing of it is sent to anybody, and no
    live source is read into it."""
    if settings.demo:
        return (Preparing(engine),)
    sending = (Sending(engine),) if settings.sends else ()
    return (Preparing(engine), *sending, syncing)


def _lifespan(settings: Settings, assets: Assets, beside: Sequence[Beside]) -> Callable[[st.App], Any]:
    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        threading.Thread(target=assets.warm, name="assets", daemon=True).start()
        if settings.signs_in:
            threading.Thread(target=provider.look, args=(settings,), name="provider", daemon=True).start()
        preload()
        for one in beside:
            one.start()
        yield
        for one in beside:
            one.stop()

    return lifespan


def preload() -> None:
    """Imports what pages need before the first reader comes, and takes it out of the garbage collector's sight, which
    looks at everything rarely from then on."""
    for name in PRELOADED:
        importlib.import_module(name)
    for package in (metrics, store, charts, ui):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_RARELY)


async def _icon(_: Request) -> FileResponse:
    return FileResponse(ICON, headers={"Cache-Control": "public, max-age=86400"})


def _uvicorn(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=int(config.get_option("server.maxMessageSize")) * 1_000_000,
        ws_per_message_deflate=bool(config.get_option("server.enableWebsocketCompression")),
        timeout_graceful_shutdown=_GRACE_SECONDS,
        proxy_headers=False,
        h11_max_incomplete_event_size=2 * _LONGEST_LINE,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


class _Announcing(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, options: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(options)
        self.tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.tell()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    if os.name != "nt":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as cause:
        listening.close()
        raise ServerError(
            f"Port {port} of {host} cannot be had ({cause.strerror}): "
            "stop what runs there, or choose another with --port."
        ) from cause
    listening.listen(2048)
    listening.setblocking(False)
    return listening


def _leave(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

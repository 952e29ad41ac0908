"""`POST /webhooks/SOURCE`: where systems tell by themselves what happened, signed by a secret that both know.

There is nothing at these addresses but for sources of `sources.yaml` with a `webhook`. Nobody signs in here, and no
cookie counts.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from anyio import CapacityLimiter, move_on_after, to_thread
from sqlalchemy.engine import Engine
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.ingest_webhooks import SourceError, Unacceptable, Unsigned, Webhook, webhook
from app.settings import Settings
from app.store.engine import StoreError
from app.web.rate import Rate, client

LOG = logging.getLogger("nines.webhooks")
MOST = 1 << 20
"""Bytes of a body."""
_A_MINUTE = 600
"""Deliveries of one address."""
_SECONDS = 10
"""How long a body may take to come."""
_AT_ONCE = 4
"""Deliveries that are kept at once: the others wait, so that readers do not."""


def routes(settings: Settings, engine: Engine, wake: Callable[[], None], a_minute: int = _A_MINUTE) -> list[Route]:
    """`/webhooks/SOURCE`; `wake` is called once a source is to be read. The demo has none."""
    receiver = _Receiver(settings, engine, wake, a_minute)
    return [Route("/webhooks/{source}", receiver.take, methods=["POST"])]


class _Receiver:
    def __init__(self, settings: Settings, engine: Engine, wake: Callable[[], None], a_minute: int) -> None:
        self._settings, self._engine, self._wake = settings, engine, wake
        self._file: Path | None = None if settings.demo else settings.sources_file
        self._rate = Rate(a_minute)
        self._limiter = CapacityLimiter(_AT_ONCE)

    async def take(self, request: Request) -> Response:
        wait = self._rate.wait(client(request.scope, self._settings.proxies))
        if wait:
            return _said(429, "Too many deliveries: wait.", {"Retry-After": str(wait)})
        try:
            hook = await to_thread.run_sync(self._find, request.path_params["source"], limiter=self._limiter)
            if hook is None:
                return _said(404, "There is nothing at this address.")
            return await self._taken(hook, request)
        except SourceError as cause:
            LOG.error("a webhook cannot be served: %s", cause)
            return _said(503, "Nines cannot take this now: its own log says why.")
        except StoreError as cause:
            LOG.warning("a delivery to a webhook was not kept: %s", cause)
            return _said(503, "The store does not answer: try again later.")

    def _find(self, name: str) -> Webhook | None:
        return webhook(self._file, name) if self._file else None

    async def _taken(self, hook: Webhook, request: Request) -> Response:
        body: bytes | None = None
        with move_on_after(_SECONDS):
            body = await _body(request)
            if body is None:
                return _said(413, f"A delivery has at most {MOST:,} bytes: send several.", {"Connection": "close"})
        if body is None:
            return _said(408, "The delivery took too long to come.", {"Connection": "close"})
        given = request.headers.get(hook.header, "")
        try:
            heard = await to_thread.run_sync(
                hook.take, self._engine, given, body, datetime.now(UTC), limiter=self._limiter
            )
        except Unsigned:
            return _said(401, "Not accepted.")
        except Unacceptable as cause:
            return _said(400, str(cause))
        if heard.due:
            self._wake()
        return JSONResponse(dict(heard.said), headers=_FRESH)


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too large."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST:
        return None
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > MOST:
                return None
    except ClientDisconnect:
        return b""
    return bytes(read)


_FRESH = {"Cache-Control": "no-store"}


def _said(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, {**_FRESH, **(headers or {})})

"""`/metrics` in the OpenMetrics format, and the ASGI middleware that counts answers and connections."""

import hmac
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy.engine import Engine
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import watch
from app.settings import LOOPBACK, Settings
from app.store.engine import StoreError, reading
from app.store.freshness import sources
from app.web.headers import known_host
from app.web.health import unready

LOG = logging.getLogger("nines.requests")
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_KINDS = {
    "static": "files",
    "media": "downloads",
    "_stcore": "streamlit",
    "auth": "sign_in",
    "oauth2callback": "sign_in",
    "webhooks": "webhooks",
}


def routes(settings: Settings, engine: Engine) -> list[Route]:
    """`/metrics`."""

    def metrics(request: Request) -> Response:
        if not allowed(request, settings):
            return PlainTextResponse("There is nothing at this address.\n", status_code=404)
        registry = CollectorRegistry()
        registry.register(_All(engine))
        encoder, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encoder(registry), media_type=kind, headers={"Cache-Control": "no-store"})

    return [Route("/metrics", metrics, methods=["GET"])]


def allowed(request: Request, settings: Settings) -> bool:
    """Whether this one may read the metrics: by the token, or without one from this machine, through no proxy."""
    if settings.metrics_token:
        wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode())
    try:
        here = request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        here = False
    passed_on = any(name in request.headers for name in _FORWARDED)
    return here and not passed_on and known_host(request.headers.get("host"), LOOPBACK)


class _All(Collector):
    """What was counted, and what the store tells when it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def collect(self) -> Iterator[Metric]:
        yield from watch.REGISTRY.collect()
        up = unready(self.engine) is None
        yield GaugeMetricFamily("nines_store_up", "Whether the store can be read, and has our tables.", float(up))
        ages = GaugeMetricFamily(
            "nines_import_age_seconds", "How long ago a source's last import or reading ended.", labels=["source"]
        )
        if up:
            now = datetime.now(UTC)
            try:
                with reading(self.engine) as conn:
                    found = sources(conn)
            except StoreError:
                found = ()
            for source in found:
                heard = [at for at in (source.imported_at, source.last_read_at) if at is not None]
                if heard:
                    ages.add_metric([source.name], (now - max(heard)).total_seconds())
        yield ages


class Watching:
    """Counts answers by kind and status, and the connections that are open."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with watch.CONNECTIONS.track_inprogress():
                await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        kind = kind_of(scope["path"])

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                watch.REQUESTS.labels(kind, str(message["status"])).inc()
                if LOG.isEnabledFor(logging.DEBUG):
                    seen = {"event": "request", "kind": kind, "seconds": round(time.perf_counter() - began, 4)}
                    LOG.debug("%s %s: %s", scope["method"], kind, message["status"], extra=seen)
            await send(message)

        await self.app(scope, receive, counted)


def kind_of(path: str) -> str:
    """What sort of thing is asked for: of these there are few, of addresses any number."""
    first = path.split("/", 2)[1] if path.count("/") else ""
    return _KINDS.get(first, "probes" if path in {"/healthz", "/readyz", "/metrics"} else "pages")

"""Who may ask for what, and the headers of every answer: an ASGI middleware around everything else."""

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSED = ("/_stcore/metrics", "/_stcore/agent")
"""Streamlit answers these to anyone; Nines does not offer them."""
PROBES = ("/healthz", "/readyz")
"""Asked by machines that know no name of ours."""
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_FRAMED = "/component/"
"""Streamlit's own older components are frames of the same origin."""
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_OFF = ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")


def inline_hashes(html: str) -> tuple[str, ...]:
    """CSP sources that allow exactly the inline scripts of a page."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(html))
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def policy(inline: Iterable[str], ancestors: str = "'none'") -> str:
    """The content security policy: nothing from outside, no eval; `blob:` scripts are the pages' own components."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self' blob:", *inline)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {ancestors}",
        )
    )


class Guard:
    """Refuses unknown host names, closed paths and changes asked by other sites; adds the security headers to every
    answer."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], inline: tuple[str, ...]) -> None:
        self.app = app
        self.hosts = hosts
        always = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _OFF),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        self.page = always | {"Content-Security-Policy": policy(inline), "X-Frame-Options": "DENY"}
        self.framed = always | {"Content-Security-Policy": policy(inline, "'self'"), "X-Frame-Options": "SAMEORIGIN"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        headers = self.framed if path.startswith(_FRAMED) else self.page

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in headers.items():
                    answer[name] = value
            await send(message)

        refused = self._refusal(scope, path)
        if refused and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        elif refused:
            await refused(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, path: str) -> PlainTextResponse | None:
        if path.startswith(CLOSED):
            return PlainTextResponse("Not found.\n", status_code=404)
        host = Headers(scope=scope).get("host")
        if path not in PROBES and not known_host(host, self.hosts):
            return PlainTextResponse(
                "Nines is not known under this name. Whoever runs it can add the name to NINES_ALLOWED_HOSTS.\n",
                status_code=400,
            )
        if scope["type"] == "http" and scope["method"] not in _HARMLESS and crosses(Headers(scope=scope)):
            return PlainTextResponse("Another site may not change anything here.\n", status_code=403)
        return None


def crosses(headers: Headers) -> bool:
    """Whether a browser says that another site's page asks. Programs that are no browser say nothing, and bring no
    cookie of a person."""
    origin = headers.get("origin")
    if headers.get("sec-fetch-site", "none") not in _OWN:
        return True
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def known_host(header: str | None, names: tuple[str, ...]) -> bool:
    """Whether a Host header names one of ours; `*.example.com` stands for every name under example.com."""
    try:
        asked = (urlsplit(f"//{header or ''}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return any(asked.endswith(name[1:]) if name.startswith("*.") else asked == name for name in names)

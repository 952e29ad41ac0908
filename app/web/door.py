"""Who may pass: an ASGI middleware that opens nothing but the sign-in page to those who have not signed in, and that
ends what is open when a session ends.

Streamlit signs in (`st.login`, its routes `/auth/login`, `/oauth2callback`, `/auth/logout`); what it would leave in the
browser, all claims and tokens, stays in the store, and the browser gets a random word.
"""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from anyio import to_thread
from sqlalchemy.engine import Engine
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_server_config import TOKENS_COOKIE_NAME, USER_COOKIE_NAME

from app import watch
from app.settings import Settings
from app.store import sessions
from app.store.engine import StoreError
from app.store.sessions import Session
from app.web import cookies, errors
from app.web.admission import Refused, admitted, overflows
from app.web.rate import Rate, client
from app.web.sockets import Sockets

LOG = logging.getLogger("nines.sign_in")
LOGIN, CALLBACK, LOGOUT = "/auth/login", "/oauth2callback", "/auth/logout"
OPEN = frozenset(
    {"/_stcore/health", "/_stcore/host-config", "/favicon.png", "/healthz", "/readyz", "/metrics", CALLBACK}
)
_OPEN_BELOW = ("/static/",)
_WEBHOOK = re.compile(r"/webhooks/[^/]+")
"""Where systems tell what happened: each delivery is signed by itself."""
_PAGE = re.compile(r"/[a-z_]*")
"""The address of a page: everywhere the same answer, which holds no fact. Facts come by the websocket alone."""

_LONGEST_HINT = 4_096
"""The provider's token goes back to it in an address when somebody signs out; of hundreds of groups it would be longer
than servers take. Without it providers know the session by their own cookie, and ask."""


class Door:
    """Asks for a live session wherever something confidential can be had."""

    def __init__(self, app: ASGIApp, settings: Settings, engine: Engine) -> None:
        self.app = app
        self.settings = settings
        self.engine = engine
        self.most = timedelta(hours=settings.session_hours)
        self.rate = Rate(settings.sign_ins_a_minute)
        self.sockets = Sockets(self._live, self.most)
        self.origin = settings.public_url or ""
        self.secret = settings.cookie_secret.get_secret_value() if settings.cookie_secret else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, self._hardened(send))
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in (LOGIN, CALLBACK) and (wait := self.rate.wait(client(scope, self.settings.proxies))):
            watch.SIGN_INS.labels("limited").inc()
            LOG.warning("too many tries to sign in", extra={"event": "sign_in_limited"})
            answer = errors.page(
                scope,
                429,
                "Too many tries",
                f"Wait {wait} seconds, then try to sign in again.",
                {"Retry-After": str(wait)},
            )
        elif path == LOGIN:
            answer = await self._login(scope, receive)
        elif path == CALLBACK:
            answer = await self._callback(scope, receive)
        elif path == LOGOUT:
            answer = await self._logout(scope, receive)
        elif (
            path in OPEN
            or path.startswith(_OPEN_BELOW)
            or _PAGE.fullmatch(path)
            or (scope["method"] == "POST" and _WEBHOOK.fullmatch(path))
        ):
            await self.app(scope, receive, send)
            return
        else:
            try:
                if await self._session(scope) is not None:
                    await self.app(scope, receive, send)
                    return
                answer = errors.page(scope, 403, "Not signed in", "Sign in to Nines first.", {})
            except StoreError:
                answer = errors.page(scope, 503, "The store does not answer", "Try again in a moment.", {})
        await answer(scope, receive, send)

    async def _login(self, scope: Scope, receive: Receive) -> Response:
        answer = await _collected(self.app, scope, receive)
        if answer.status_code >= 400:
            watch.SIGN_INS.labels("failed").inc()
            LOG.error("the sign-in provider does not answer", extra={"event": "sign_in_failed"})
            return errors.page(
                scope, 502, "Sign-in does not work", f"{self.settings.provider} does not answer. Try again later.", {}
            )
        came = urlsplit(Headers(scope=scope).get("referer", ""))
        path = f"{came.path}?{came.query}" if came.query else came.path
        if f"{came.scheme}://{came.netloc}" == self.origin and cookies.is_place(path):
            answer.headers.append("set-cookie", cookies.place(path, self.secret))
        return answer

    async def _callback(self, scope: Scope, receive: Receive) -> Response:
        """Puts the session into the place of what Streamlit would have left, and leads back to the page wanted."""
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        answer = await _collected(self.app, scope, receive)
        brought = cookies.of_request(Headers(scope=scope))
        left = cookies.of_answer(answer.headers)
        claims = cookies.told(left, self.secret)
        if not claims:
            if not asked:  # the provider's sign-out leads here too
                return answer
            watch.SIGN_INS.labels("failed").inc()
            LOG.warning("sign-in failed at the provider", extra={"event": "sign_in_failed"})
            return self._failed(scope, "The sign-in provider did not confirm who you are.")
        now = datetime.now(UTC)
        try:
            found = admitted(claims, self.settings, now)
            token = cookies.told(left, self.secret, TOKENS_COOKIE_NAME).get("id_token")
            hint = token if isinstance(token, str) and len(token) <= _LONGEST_HINT else None
            word, session = await to_thread.run_sync(
                sessions.begin, self.engine, found.name, found.groups, found.issued_at, hint
            )
            await self._end(cookies.word(brought, self.secret), now)
        except Refused as refused:
            watch.SIGN_INS.labels("refused").inc()
            LOG.warning("sign-in refused: %s", refused, extra={"event": "sign_in_refused"})
            return self._failed(scope, str(refused))
        except StoreError as cause:
            watch.SIGN_INS.labels("failed").inc()
            LOG.error("nobody can sign in: %s", cause, extra={"event": "sign_in_failed"})
            return self._failed(scope, "The store does not answer.", 503)
        if overflows(claims, self.settings):
            LOG.warning("the provider left out the groups of somebody who has too many: see docs/sign-in.md")
        watch.SIGN_INS.labels("admitted").inc()
        LOG.info(
            "%s signed in", found.name, extra={"event": "sign_in", "actor": found.name, "groups": len(session.groups)}
        )
        back = RedirectResponse(cookies.kept_place(brought, self.secret), status_code=303)
        seconds = int((found.issued_at + self.most - now).total_seconds())
        back.headers.append(
            "set-cookie", cookies.user(word, self.origin, self.secret) + cookies.attributes(max(seconds, 1))
        )
        self._forget(back, {name for name in (*brought, *left) if cookies.of_sign_in(name)} - {USER_COOKIE_NAME})
        self._forget(back, {cookies.KEPT_PLACE})
        for line in answer.headers.getlist("set-cookie"):
            if not cookies.of_sign_in(line):
                back.headers.append("set-cookie", line)
        return back

    async def _logout(self, scope: Scope, receive: Receive) -> Response:
        """Ends the session here, closes what it has open, and lets Streamlit lead to the provider's own sign-out."""
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            return errors.page(scope, 403, "Not signed out", "Another site asked for it. Sign out in Nines itself.", {})
        brought = cookies.of_request(headers)
        try:
            token = await self._end(cookies.word(brought, self.secret), datetime.now(UTC))
        except StoreError:
            return errors.page(scope, 503, "Not signed out", "The store does not answer. Try again in a moment.", {})
        asking = MutableHeaders(raw=[pair for pair in scope["headers"] if pair[0] != b"cookie"])
        line = "; ".join(f"{name}={value}" for name, value in brought.items() if name != TOKENS_COOKIE_NAME)
        asking["cookie"] = f"{line}; {cookies.tokens(token, self.secret)}" if token else line
        return await _collected(self.app, {**scope, "headers": asking.raw}, receive)

    async def _end(self, word: str | None, now: datetime) -> str | None:
        ended = await to_thread.run_sync(sessions.end, self.engine, word, now) if word else None
        if ended is None:
            return None
        session, token = ended
        self.sockets.close(session.key)
        LOG.info("%s signed out", session.name, extra={"event": "sign_out", "actor": session.name})
        return token

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page's connection: with its session, for as long as that lives; else as somebody nobody knows."""
        word = cookies.word(cookies.of_request(Headers(scope=scope)), self.secret)
        try:
            session = await self._live(word) if word else None
        except StoreError:
            session = None
        if word and session:
            await self.sockets.serve(self.app, word, session, scope, receive, send)
            return
        unknown = MutableHeaders(raw=[pair for pair in scope["headers"] if pair[0] != b"cookie"])
        unknown["cookie"] = cookies.without_sign_in(Headers(scope=scope))
        await self.app({**scope, "headers": unknown.raw}, receive, send)

    async def _session(self, scope: Scope) -> Session | None:
        word = cookies.word(cookies.of_request(Headers(scope=scope)), self.secret)
        return await self._live(word) if word else None

    async def _live(self, word: str) -> Session | None:
        return await to_thread.run_sync(sessions.live, self.engine, word, datetime.now(UTC), self.most)

    def _failed(self, scope: Scope, sentence: str, status: int = 403) -> Response:
        answer = errors.page(scope, status, "You are not signed in", sentence, {})
        self._forget(answer, {name for name in cookies.of_request(Headers(scope=scope)) if cookies.of_sign_in(name)})
        return answer

    def _forget(self, answer: Response, names: set[str]) -> None:
        for name in sorted(names):
            answer.headers.append("set-cookie", f"{name}=" + cookies.attributes(0))

    def _hardened(self, send: Send) -> Send:
        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookies.harden(MutableHeaders(scope=message), self.settings.secure)
            await send(message)

        return hardened


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The whole answer of an app, in hand: for the few small ones that are changed on their way."""
    started: dict[str, Any] = {}
    body: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        elif message["type"] == "http.response.body":
            body.append(message.get("body", b""))

    await app(scope, receive, keep)
    answer = Response(b"".join(body), status_code=started["status"])
    answer.raw_headers = [pair for pair in started["headers"] if pair[0].lower() != b"content-length"]
    answer.headers["content-length"] = str(len(answer.body))
    return answer

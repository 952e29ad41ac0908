"""The connections of pages that are open in browsers, each for as long as its session lives."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.store.engine import StoreError
from app.store.sessions import Session

_LOOK_SECONDS = 20.0
"""How often it is asked whether another server has ended a session, while nobody does anything."""
_GONE = 1008
_LEAVING, _SHORT = b"/auth/logout", 200
"""What Streamlit says to the tab in which somebody signs out: it is on its way to the provider, and must not be called
back."""
Live = Callable[[str], Awaitable[Session | None]]


def _reload() -> bytes:
    """Has a tab open its own address anew: Streamlit's frontend would leave what it shows when a connection ends."""
    message = ForwardMsg()
    message.auth_redirect.url = ""
    message.auth_redirect.SetInParent()
    return bytes(message.SerializeToString())


class Sockets:
    """Passes messages on while a session lives; then has the tab open its address anew, as somebody nobody knows."""

    def __init__(self, live: Live, most: timedelta, look_seconds: float = _LOOK_SECONDS) -> None:
        self.live = live
        self.most = most
        self.look_seconds = look_seconds
        self._open: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @property
    def count(self) -> int:
        """How many are open."""
        return sum(len(ended) for ended in self._open.values())

    def close(self, key: str) -> None:
        """Closes every connection of a session."""
        for ended in self._open.get(key, ()):
            ended.set()

    async def serve(
        self, app: ASGIApp, word: str, session: Session, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Runs `app` on one connection."""
        ended = asyncio.Event()
        self._open[session.key].add(ended)
        waiting: list[asyncio.Task[Message]] = []
        said: set[str] = set()

        async def send_seen(message: Message) -> None:
            said.add(message["type"])
            data = message.get("bytes") or b""
            if len(data) < _SHORT and _LEAVING in data:
                said.add("leaving")
            await send(message)

        async def receive_while_live() -> Message:
            waiting[:] = waiting or [asyncio.ensure_future(receive())]
            over = session.issued_at + self.most
            leaving = asyncio.ensure_future(ended.wait())
            try:
                while True:
                    left = (over - datetime.now(UTC)).total_seconds()
                    await asyncio.wait(
                        {waiting[0], leaving},
                        timeout=max(0.0, min(left, self.look_seconds)),
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    if ended.is_set() or not await self._lives(word, over):
                        if "websocket.accept" in said and "leaving" not in said:
                            await send({"type": "websocket.send", "bytes": _reload()})
                        await send({"type": "websocket.close", "code": _GONE, "reason": "the session has ended"})
                        return {"type": "websocket.disconnect", "code": _GONE}
                    if waiting[0].done():
                        return waiting.pop().result()
            finally:
                leaving.cancel()

        try:
            await app(scope, receive_while_live, send_seen)
        finally:
            for task in waiting:
                task.cancel()
            self._open[session.key].discard(ended)
            if not self._open[session.key]:
                del self._open[session.key]

    async def _lives(self, word: str, over: datetime) -> bool:
        """A store that does not answer ends nobody's session: nothing can be read from it either."""
        if datetime.now(UTC) >= over:
            return False
        try:
            return await self.live(word) is not None
        except StoreError:
            return True

"""What may be uploaded: an ASGI middleware that looks at a file's name and size before the server keeps it."""

import re
from collections import deque

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/_stcore/upload_file/"
TYPES = frozenset({"csv", "xlsx", "yaml", "yml", "zip"})
_HEAD = 16_384
"""The name of a file stands in the first bytes of its upload; what is longer is no file from a page."""
_SPARE = 65_536
"""What an upload has besides the file."""
_NAME = re.compile(rb'filename="([^"\r\n]*)"')


class Uploads:
    """Refuses files of other types, and larger ones than `most` bytes."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > self.most + _SPARE:
            await _refusal(413, "This file is too large.")(scope, receive, send)
            return
        read: deque[Message] = deque()
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD:
            message = await receive()
            read.append(message)
            head += message.get("body", b"")
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        named = _NAME.search(head[:_HEAD])
        if named is None or named[1].decode("utf-8", "replace").lower().rpartition(".")[2] not in TYPES:
            await _refusal(415, f"Nines takes files of these types: {', '.join(sorted(TYPES))}.")(scope, receive, send)
            return

        async def receive_again() -> Message:
            return read.popleft() if read else await receive()

        await self.app(scope, receive_again, send)


def _refusal(status: int, sentence: str) -> PlainTextResponse:
    return PlainTextResponse(f"{sentence}\n", status_code=status)

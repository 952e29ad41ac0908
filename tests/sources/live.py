"""What the tests of live sources share: a moment, and a local server that answers what it is told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
Told = tuple[int, Mapping[str, str], Any]
"""Status, headers, and what is sent as JSON (a str as it stands)."""


@contextmanager
def serving(answer: Callable[[str, Mapping[str, str], Mapping[str, str]], Told]) -> Iterator[str]:
    """A server on this machine: `answer(path, parameters, headers)`; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            asked = parse_qs(self.rfile.read(length).decode() if length else parts.query)
            status, headers, body = answer(
                parts.path, {name: values[0] for name, values in asked.items()}, dict(self.headers)
            )
            sent = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

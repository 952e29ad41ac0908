"""What deliveries are tested with: a webhook's server, a mail server, and a sender whose clock the test holds."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.engine import Engine

from app.people import local
from app.review import delivery
from app.review.delivery import Patience, Target, World
from app.review.snapshot import Frozen
from app.store import deliveries
from app.store.deliveries import Delivery, How, Place
from app.store.engine import open_store, reading
from app.store.trail import Entry, Wanted, each
from tests.review.frozen import frozen

NOW = datetime(2026, 11, 5, 16, 0, tzinfo=UTC)
BY = local("ana")
SECRET = "T0/B0/hush-hush-hush"
PASSWORD = "p@ss/word-hush"


class Clock:
    """A clock that goes on when it is told to; what is slept is gone at once."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.slept: list[float] = []

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)

    def world(self, **patience: float) -> World:
        given: Any = {"timeout_seconds": 5.0, "record_seconds": 0.0, **patience}
        return World(lambda: self.now, self.slept.append, lambda: 0.0, Patience(**given))


class Reply(NamedTuple):
    """What a webhook answers."""

    code: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    before: Callable[[], object] | None = None
    """Done when the message has arrived and before anything is answered."""


class Hook:
    """A webhook that has arrived what was posted, and answers as told, the last answer for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies) or [Reply()]
        self.arrived: list[Any] = []
        self.at: list[str] = []
        self.url = ""


@contextmanager
def webhook(*replies: Reply) -> Iterator[Hook]:
    """A real server on this machine."""
    hook = Hook(*replies)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.arrived.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            hook.at.append(self.path)
            said = hook.replies.pop(0) if len(hook.replies) > 1 else hook.replies[0]
            if said.before:
                said.before()
            try:
                self.send_response(said.code)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body or b"ok" * (said.code == 200))
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
    yield hook
    server.shutdown()
    server.server_close()
    thread.join()


def slack(url: str) -> Target:
    return Target(Place("slack", "127.0.0.1, 1a2b3c4d"), url)


def teams(url: str) -> Target:
    return Target(Place("teams", "127.0.0.1, 5e6f7a8b"), url)


def mail_to(address: str, port: int, login: str = "") -> Target:
    return Target(Place("email", address, "example.com"), f"smtp://{login}127.0.0.1:{port}", "nines@example.com")


def send(
    engine: Engine, clock: Clock, *to: Target, how: How = "new", of: Frozen | None = None, attach: bool = False,
    **patience: float,
) -> list[Delivery]:  # fmt: skip
    """Sends the review and gives back what became of it, a row a place."""
    world = clock.world(**patience)
    done = delivery.send(engine, of or review(), to, by=BY, how=how, attach=attach, world=world)
    return [row for _, row in done]


@cache
def review() -> Frozen:
    """A closed review without anything that means harm."""
    return frozen(headline=("October 2026: 11 of 14 tier-0 SLOs met.", "Customers were affected for 212 minutes."))


def rows(engine: Engine) -> list[Delivery]:
    with reading(engine) as conn:
        return deliveries.rows(conn, "2026-10")


def trail(engine: Engine) -> list[Entry]:
    """What the audit trail says of deliveries, the oldest first."""
    with reading(engine) as conn:
        return [*each(conn, Wanted(entity="deliveries"))][::-1]


CHILD = "from tests.review.delivery_case import child; child()"


def child() -> None:
    """Another process that sends: the store's URL, the channel and its address are its arguments."""
    url, channel, where = sys.argv[1:4]
    to = slack(where) if channel == "slack" else mail_to("ana@example.com", int(where))
    engine = open_store(url)
    send(engine, Clock(), to, timeout_seconds=60.0)
    engine.dispose()


ROOT = Path(__file__).resolve().parents[2]

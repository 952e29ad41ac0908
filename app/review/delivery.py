"""Sending digests of a review: by mail, to Slack and to Microsoft Teams, each place once, tried again where that helps.

    asked for → claimed, committed → sent → written down

A try whose end nobody knows (a crash, a broken connection after the message was handed over) is `unsure`: it is not
sent again unless a person says so. How long between two tries: twice as long each time, up to an hour, by chance a
little longer, or what the other side asks for (Retry-After).
"""

import importlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine

from app.people import Person, local
from app.review import digest_cards, hooks, mail
from app.review.answers import Answer
from app.review.digest import Digest, digest
from app.review.snapshot import Frozen
from app.settings import Settings
from app.store import deliveries
from app.store.deliveries import Channel, Delivery, How, Place
from app.store.engine import StoreError, reading, writing

LOG = logging.getLogger(__name__)
NAMES: dict[Channel, str] = {"email": "e-mail", "slack": "Slack", "teams": "Microsoft Teams"}
BY_ITSELF = local("nines")
"""Who has sent what the server sends by itself, in the audit trail."""


@dataclass(frozen=True)
class Target:
    """A place that digests go to, with what it takes to send there."""

    place: Place
    url: str = field(repr=False)
    """Of the webhook or of the mail server, with its secrets."""
    sender: str = ""

    @property
    def name(self) -> str:
        """What it is called in sentences: "Slack (hooks.slack.com, 1a2b3c4d)", "e-mail to ana@example.com"."""
        joined = " to {}" if self.place.channel == "email" else " ({})"
        return NAMES[self.place.channel] + joined.format(self.place.address)


@dataclass(frozen=True)
class Patience:
    """How long to wait for what."""

    most: int = 10
    """Tries, before it is given up."""
    first_seconds: float = 60.0
    longest_seconds: float = 3600.0
    claim_seconds: float = 900.0
    """After which nobody who has claimed a row is believed to be at work still."""
    timeout_seconds: float = 30.0
    pace_seconds: float = 1.0
    """Between two messages to the same webhook: Slack takes one a second."""
    record_seconds: float = 300.0
    """For how long to try to write down what became of it, where the store does not answer."""


@dataclass(frozen=True)
class World:
    """The clock, chance, and the pack's maker."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    patience: Patience = Patience()


def targets(settings: Settings, only: Iterable[Channel] = NAMES) -> tuple[Target, ...]:
    """The places that the settings name, of these channels."""
    found: list[Target] = []
    if settings.smtp_url and settings.mail_from:
        domain = settings.mail_from.rpartition("@")[2]
        url = settings.smtp_url.get_secret_value()
        each = dict.fromkeys(settings.digest_to)
        found += [Target(Place("email", to, domain), url, settings.mail_from) for to in each]
    if settings.slack_webhook:
        found.append(_hook("slack", settings.slack_webhook.get_secret_value()))
    if settings.teams_webhook:
        found.append(_hook("teams", settings.teams_webhook.get_secret_value()))
    wanted = set(only)
    return tuple(target for target in found if target.place.channel in wanted)


def _hook(channel: Channel, url: str) -> Target:
    """A webhook is known by its host and a fingerprint: its address is a secret."""
    return Target(Place(channel, f"{urlsplit(url).hostname}, {sha256(url.encode()).hexdigest()[:8]}"), url)


def kept(conn: Connection, period: str) -> Frozen | None:
    """The review of a period as the store keeps it; None where it is not frozen."""
    freeze: Any = importlib.import_module("app.review.freeze")
    try:
        found: Frozen = freeze.frozen(conn, period)
    except LookupError:
        return None
    return found


def content_of(frozen: Frozen) -> str:
    """What a delivery is of: the digest of the snapshot and of the minutes."""
    return sha256(f"{frozen.hash}\n{frozen.minutes_hash}".encode()).hexdigest()


def send(
    engine: Engine, frozen: Frozen, to: Sequence[Target], *, by: Person, how: How = "new", attach: bool = False,
    base: str | None = None, world: World | None = None,
) -> list[tuple[Target, Delivery]]:  # fmt: skip
    """Has a review's digest sent to these places and sends what is due: what became of each. Raises NotAllowed and
    StoreError."""
    here = world or World()
    period, content = frozen.snapshot.period, content_of(frozen)
    places = [target.place for target in to]
    with writing(engine, count=False) as conn:
        deliveries.settle(conn, here.now())
        deliveries.give_up(conn, period, content)
        deliveries.ask(conn, period, content, places, by=by, now=here.now(), how=how, attach=attach)
    send_due(engine, frozen, to, base=base, world=here)
    with reading(engine) as conn:
        rows = {(row.channel, row.address): row for row in deliveries.rows(conn, period, content)}
    return [(target, rows[target.place.channel, target.place.address]) for target in to]


def send_due(
    engine: Engine, frozen: Frozen, to: Sequence[Target], *, base: str | None = None, world: World | None = None
) -> None:
    """Sends what is due of a review that was asked for before. Raises StoreError."""
    here = world or World()
    said = digest(frozen, base)
    with reading(engine) as conn:
        rows = deliveries.rows(conn, frozen.snapshot.period, content_of(frozen))
    by_place = {(target.place.channel, target.place.address): target for target in to}
    used: set[str] = set()
    for row in rows:
        target = by_place.get((row.channel, row.address))
        if target is None or row.state != "waiting" or row.next_at is None or row.next_at > here.now():
            continue
        if target.url in used and row.channel != "email":
            here.sleep(here.patience.pace_seconds)
        used.add(target.url)
        _one(engine, frozen, said, row, target, here)


def deliver(engine: Engine, settings: Settings, world: World | None = None) -> list[Delivery]:
    """What the server does by itself: sends the digests of reviews that were just closed, and what is due for another
    try; what became of them. Raises StoreError."""
    here = world or World()
    to = targets(settings)
    attach = settings.digest_attach == "pdf"
    with reading(engine) as conn:
        closed, due = deliveries.just_closed(conn, here.now()), deliveries.due(conn, here.now())
        found = {period: kept(conn, period) for period in sorted({*closed, *due})}
    with writing(engine, count=False) as conn:
        deliveries.settle(conn, here.now())
        for period, frozen in found.items():
            content = content_of(frozen) if frozen else ""
            places = [target.place for target in to]
            deliveries.give_up(conn, period, content, places)
            if frozen and period in closed:
                deliveries.ask(conn, period, content, places, by=BY_ITSELF, now=here.now(), attach=attach)
    for frozen in filter(None, found.values()):
        send_due(engine, frozen, to, base=settings.public_url, world=here)
    with reading(engine) as conn:
        return [row for period in found for row in deliveries.rows(conn, period)]


def _one(engine: Engine, frozen: Frozen, said: Digest, row: Delivery, target: Target, here: World) -> None:
    """One try: claimed and committed before anything is sent."""
    until = here.now() + timedelta(seconds=here.patience.claim_seconds)
    with writing(engine, count=False) as conn:
        word = deliveries.claim(conn, row.id, here.now(), until)
    if word is None:
        return
    tries = row.attempts + 1
    try:
        made = _made(frozen, said, row, target, here)
    except Exception:
        _write_down(engine, row, word, _later(Answer("later", "The digest could not be made."), tries, here), here)
        raise
    try:
        answer = made()
    except BaseException:
        _write_down(engine, row, word, ("unsure", "Sending it was broken off.", None), here)
        raise
    _write_down(engine, row, word, _later(answer, tries, here), here)


def _made(frozen: Frozen, said: Digest, row: Delivery, target: Target, here: World) -> Callable[[], Answer]:
    """The message, ready to go."""
    timeout = here.patience.timeout_seconds
    if row.channel == "email":
        pack = _pack(frozen) if row.attach else None
        message = mail.mail(
            said, sender=target.sender, to=row.address, message_id=row.message_id or "", at=here.now(), pack=pack
        )
        return lambda: mail.send(mail.server(target.url), message, timeout=timeout)
    as_message = digest_cards.as_slack if row.channel == "slack" else digest_cards.as_teams
    body = digest_cards.encoded(as_message(said))
    return lambda: hooks.post(target.url, body, NAMES[row.channel], timeout=timeout, now=here.now())


def _pack(frozen: Frozen) -> tuple[str, bytes]:
    """The review's PDF and its file's name."""
    packs: Any = importlib.import_module("app.review.pack")
    return str(packs.file_name(frozen, "pdf")), bytes(packs.make(frozen, "pdf"))


Became = tuple[deliveries.State, str | None, datetime | None]


def _later(answer: Answer, tries: int, here: World) -> Became:
    """What to write down of an answer: of one that asks for another try, when."""
    if answer.became != "later":
        return answer.became, answer.said or None, None
    if tries >= here.patience.most:
        return "failed", f"{answer.said} It was tried {tries} times.", None
    return "waiting", answer.said, here.now() + timedelta(seconds=pause(tries, answer.after, here))


def pause(tries: int, after: float | None, here: World) -> float:
    """Seconds until the next try: what the other side asks for, if it does, else twice as long each time, up to a
    limit; by chance up to a quarter longer, so that not all come at once."""
    patience = here.patience
    base = min(patience.first_seconds * 2.0 ** (tries - 1), patience.longest_seconds)
    return max(after or 0.0, base if after is None else 0.0) * (1 + here.chance() / 4)


def _write_down(engine: Engine, row: Delivery, word: str, became: Became, here: World) -> None:
    """Keeps what became of a try; tries so for a while, where the store does not answer. Raises StoreError."""
    state, why, next_at = became
    ends = time.monotonic() + here.patience.record_seconds
    while True:
        try:
            with writing(engine, count=False) as conn:
                deliveries.record(conn, row.id, word, state, here.now(), why=why, next_at=next_at)
            break
        except StoreError as cause:
            if time.monotonic() > ends:
                raise StoreError(
                    f"The store did not answer, so that nobody wrote down what became of the digest for "
                    f"{NAMES[row.channel]} ({state}): it will count as unsure."
                ) from cause
        here.sleep(min(1.0, here.patience.record_seconds / 10))
    told = LOG.info if state == "sent" else LOG.warning
    told("digest of %s for %s: %s%s", row.period, NAMES[row.channel], state, f" ({why})" if why else "")

"""Mail against a real mail server on this machine: what it is handed, what it refuses, and when nobody knows."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.engine import Engine

from app.review import delivery, mail
from app.review.digest import digest
from tests.review.delivery_case import NOW, PASSWORD, Clock, mail_to, review, rows, send, trail

TO = "ana@example.com"


class Box:
    """A mail server's end: keeps what it takes, and answers as told, the last answer for ever."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies) or ["250 OK"]
        self.refused: dict[str, str] = {}
        self.arrived: list[EmailMessage] = []
        self.login: list[tuple[str, str]] = []
        self.port = 0
        self.before: Any = None

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _: list[str]) -> str:
        if to in self.refused:
            return self.refused[to]
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.startswith("250") or reply == "":
            made = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
            self.arrived.append(cast(EmailMessage, made))
        if reply == "" and server.transport:
            server.transport.abort()
        return reply or "250 OK"

    def sign_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword):
            self.login.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.login[-1:] == [("nines", PASSWORD)], handled=False)


class Anywhere(Controller):
    """On a free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mailbox(*replies: str, trust: ssl.SSLContext | None = None) -> Iterator[Box]:
    """A real server; with `trust` it wants STARTTLS and a sign-in."""
    box = Box(*replies)
    secure: dict[str, Any] = {"auth_required": True, "authenticator": box.sign_in} if trust else {}
    asked: dict[str, Any] = {"tls_context": trust, "require_starttls": True} if trust else {}
    server = Anywhere(box, "127.0.0.1", 0, **secure, **asked)
    server.start()
    box.port = server.port
    yield box
    server.stop(no_assert=True)


def test_a_mail_says_it_as_text_and_as_a_page_from_nines_alone(sqlite_engine: Engine) -> None:
    with mailbox() as box:
        (row,) = send(sqlite_engine, Clock(), mail_to(TO, box.port))

    (arrived,) = box.arrived
    text, page = (arrived.get_body((kind,)) for kind in ("plain", "html"))
    assert row.state == "sent"
    assert arrived["Subject"] == "Reliability review October 2026: 11 of 14 tier-0 SLOs met"
    assert (arrived["From"], arrived["To"]) == ("Nines <nines@example.com>", TO)
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Message-ID"] == row.message_id
    assert text
    assert page
    assert "Customers were affected for 212 minutes." in " ".join(text.get_content().split())
    assert "<script" not in page.get_content()
    assert list(arrived.iter_attachments()) == []


def test_the_pack_comes_along_where_that_is_wanted(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_pack", lambda frozen: ("review-2026-10.pdf", b"%PDF-1.7 pack"))
    with mailbox() as box:
        send(sqlite_engine, Clock(), mail_to(TO, box.port), attach=True)

    (pack,) = box.arrived[0].iter_attachments()
    assert (pack.get_filename(), pack.get_content_type()) == ("review-2026-10.pdf", "application/pdf")
    assert pack.get_content() == b"%PDF-1.7 pack"


def test_a_mail_that_is_put_off_is_sent_later_with_the_same_id(sqlite_engine: Engine) -> None:
    clock = Clock()
    with mailbox("451 4.7.1 greylisted, come back", "250 OK") as box:
        (first,) = send(sqlite_engine, clock, mail_to(TO, box.port))
        clock.on(minutes=2)
        (second,) = send(sqlite_engine, clock, mail_to(TO, box.port))

    assert (first.state, first.next_at) == ("waiting", NOW + timedelta(seconds=60))
    assert first.error == "127.0.0.1 does not take the mail just now (451 4.7.1 greylisted, come back)."
    assert (second.state, second.message_id) == ("sent", first.message_id)
    assert len(box.arrived) == 1


def test_one_who_is_refused_keeps_it_from_nobody_else(sqlite_engine: Engine) -> None:
    with mailbox() as box:
        box.refused["gone@example.com"] = "550 5.1.1 no such user"
        done = send(sqlite_engine, Clock(), mail_to("gone@example.com", box.port), mail_to(TO, box.port))

    assert [row.state for row in done] == ["failed", "sent"]
    assert done[0].error == "127.0.0.1 refused the mail (550 5.1.1 no such user)."
    assert done[0].message_id != done[1].message_id
    assert [entry.action for entry in trail(sqlite_engine)] == ["ask", "ask", "fail", "send"]


def test_a_server_that_breaks_off_after_the_mail_may_have_it(sqlite_engine: Engine) -> None:
    clock = Clock()
    with mailbox("", "250 OK") as box:
        (first,) = send(sqlite_engine, clock, mail_to(TO, box.port))
        clock.on(days=1)
        (second,) = send(sqlite_engine, clock, mail_to(TO, box.port), how="failed")
        (third,) = send(sqlite_engine, clock, mail_to(TO, box.port), how="again")

    assert first == second
    assert (first.state, third.state) == ("unsure", "sent")
    assert first.error == "127.0.0.1 was given the mail and did not say whether it took it."
    assert box.arrived[0]["Message-ID"] == box.arrived[1]["Message-ID"], "so that a server can tell"


def test_a_server_that_is_away_is_tried_again_and_one_more_copy_is_another_mail(sqlite_engine: Engine) -> None:
    clock = Clock()
    with mailbox() as box:
        port = box.port
        (first,) = send(sqlite_engine, clock, mail_to(TO, port))
        (copy,) = send(sqlite_engine, clock, mail_to(TO, port), how="again")
    (away,) = send(sqlite_engine, clock, mail_to("bo@example.com", port))

    assert first.message_id != copy.message_id
    assert away.state == "waiting"
    assert away.error == f"127.0.0.1 cannot be reached on port {port} (no connection, or it broke)."
    assert len(rows(sqlite_engine)) == 2


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server on this machine shows, and what trusts it."""
    key, folder = ec.generate_private_key(ec.SECP256R1()), tmp_path_factory.mktemp("tls")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1),
                                   now + timedelta(2))  # fmt: skip
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = Path(folder / "both.pem")
    file.write_bytes(private + signed)
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(file)
    return shows, ssl.create_default_context(cadata=signed.decode())


def _mail() -> EmailMessage:
    return mail.mail(digest(review()), sender="nines@example.com", to=TO, message_id="<a@example.com>", at=NOW)


def test_it_signs_in_once_the_connection_is_encrypted(identity: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shows, trusts = identity
    with mailbox(trust=shows) as box:
        server = mail.Server("localhost", box.port, "starttls", "nines", PASSWORD, trusts)
        answer = mail.send(server, _mail(), timeout=10)
        wrong = mail.send(
            mail.Server("localhost", box.port, "starttls", "nines", "wrong-hush", trusts), _mail(), timeout=10
        )
        strange = mail.send(mail.Server("localhost", box.port, "starttls", "nines", PASSWORD), _mail(), timeout=10)

    assert answer.became == "sent"
    assert len(box.arrived) == 1
    assert box.login[0] == ("nines", PASSWORD)
    assert wrong == ("failed", "localhost does not let Nines sign in (535): look at NINES_SMTP_URL.", None)
    assert strange == ("failed", "The certificate of localhost is not one that this machine trusts.", None)
    assert "hush" not in f"{server!r} {answer} {wrong} {strange}"


def test_without_encryption_no_password_is_told() -> None:
    with mailbox() as box:
        server = mail.Server("localhost", box.port, "starttls", "nines", PASSWORD)
        answer = mail.send(server, _mail(), timeout=10)

    assert answer == ("failed", "localhost does not offer encryption (STARTTLS): look at NINES_SMTP_URL.", None)
    assert box.login == []


@pytest.mark.parametrize(
    ("url", "known"),
    [
        (
            "smtps://nines:p%40ss%2Fword-hush@mail.example.com",
            ("mail.example.com", 465, "implicit", "nines", PASSWORD),
        ),
        ("smtp://mail.example.com", ("mail.example.com", 587, "starttls", "", "")),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "none", "", "")),
    ],
)
def test_an_address_says_how_a_server_is_spoken_to(url: str, known: tuple[Any, ...]) -> None:
    found = mail.server(url)

    assert (found.host, found.port, found.tls, found.user, found.password) == known
    assert "hush" not in repr(found)


def test_a_line_that_begins_with_a_dot_arrives_as_it_was() -> None:
    dotted = _mail()
    dotted.clear_content()
    dotted.set_content(".\r\n..two\r\nend", cte="7bit")

    with mailbox() as box:
        answer = mail.send(mail.server(f"smtp://127.0.0.1:{box.port}"), dotted, timeout=10)

    assert answer.became == "sent"
    assert box.arrived[0].get_content().splitlines() == [".", "..two", "end"]


def test_two_mails_at_once_are_two_mails(sqlite_engine: Engine) -> None:
    with mailbox() as box:
        to = [mail_to(f"person{at}@example.com", box.port) for at in range(3)]
        threads = [threading.Thread(target=send, args=(sqlite_engine, Clock(), *to)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(str(one["To"]) for one in box.arrived) == [f"person{at}@example.com" for at in range(3)]

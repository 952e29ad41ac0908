"""A digest as a mail, and handing it to a mail server: with TLS, or without on this machine alone.

A mail is handed over when its last line is: if the server then says nothing, it may have taken it. So the steps of
smtplib are taken one by one here.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

from app.review.answers import Answer
from app.review.digest import Digest, as_html, as_text, line

PORTS = {"implicit": 465, "starttls": 587, "none": 25}
_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A mail server, and how it is spoken to."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = field(default=None, repr=False)
    """Whom to trust; None: whom this machine trusts."""


def server(url: str) -> Server:
    """The server that an address names: `smtps://` speaks TLS from the start, `smtp://` begins it after the first words
    (STARTTLS); on this machine alone it goes without."""
    named = urlsplit(url)
    host = named.hostname or ""
    tls: Literal["implicit", "starttls", "none"] = (
        "implicit" if named.scheme == "smtps" else "none" if _here(host) else "starttls"
    )
    return Server(host, named.port or PORTS[tls], tls, unquote(named.username or ""), unquote(named.password or ""))


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def mail(
    said: Digest, *, sender: str, to: str, message_id: str, at: datetime, pack: tuple[str, bytes] | None = None
) -> EmailMessage:
    """The mail: plain text, HTML beside it, and the pack (file name, PDF) where one is wanted."""
    made = EmailMessage(policy=SMTP)
    made["From"] = Address("Nines", addr_spec=sender)
    made["To"] = Address(addr_spec=to)
    made["Subject"] = said.subject
    made["Date"] = at
    made["Message-ID"] = message_id
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(as_text(said), cte="quoted-printable")
    made.add_alternative(as_html(said), subtype="html", cte="quoted-printable")
    if pack:
        name, content = pack
        made.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return made


def send(to: Server, message: EmailMessage, *, timeout: float) -> Answer:
    """Hands a mail to a server, for its one recipient."""
    body = _DOT.sub(b"..", message.as_bytes())
    talk: smtplib.SMTP | None = None
    handed = False
    try:
        talk = _begun(to, timeout)
        _taken(talk.mail(message["From"].addresses[0].addr_spec))
        _taken(talk.rcpt(message["To"].addresses[0].addr_spec))
        _taken(talk.docmd("DATA"), 354)
        talk.send(body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n"))
        handed = True
        _taken(talk.getreply())
    except smtplib.SMTPResponseException as refused:
        return _refused(to, refused, handed)
    except (smtplib.SMTPException, OSError) as cause:
        if handed:
            return Answer("unsure", f"{to.host} was given the mail and did not say whether it took it.")
        return _not_handed(to, cause)
    finally:
        if talk is not None:
            with suppress(smtplib.SMTPException, OSError):
                talk.quit()
            talk.close()
    return Answer("sent")


def _begun(to: Server, timeout: float) -> smtplib.SMTP:
    """Connected, encrypted and signed in."""
    trust = to.trust or (None if to.tls == "none" else ssl.create_default_context())
    talk = (
        smtplib.SMTP_SSL(to.host, to.port, timeout=timeout, context=trust)
        if to.tls == "implicit"
        else smtplib.SMTP(to.host, to.port, timeout=timeout)
    )
    try:
        talk.ehlo_or_helo_if_needed()
        if to.tls == "starttls":
            talk.starttls(context=trust)
            talk.ehlo_or_helo_if_needed()
        if to.user:
            talk.login(to.user, to.password)
    except BaseException:
        talk.close()
        raise
    return talk


def _taken(reply: tuple[int, bytes], wanted: int = 250) -> None:
    code, said = reply
    if code != wanted and not (wanted == 250 and code == 251):
        raise smtplib.SMTPResponseException(code, said)


def _not_handed(to: Server, cause: Exception) -> Answer:
    """The server was not asked to take anything yet, or not all of it was sent."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Answer("failed", f"The certificate of {to.host} is not one that this machine trusts.")
    if isinstance(cause, smtplib.SMTPNotSupportedError) or type(cause) is smtplib.SMTPException:
        what = "encryption (STARTTLS)" if "STARTTLS" in str(cause) else "a way to sign in that Nines knows"
        return Answer("failed", f"{to.host} does not offer {what}: look at NINES_SMTP_URL.")
    why = "it took too long" if isinstance(cause, TimeoutError) else "no connection, or it broke"
    return Answer("later", f"{to.host} cannot be reached on port {to.port} ({why}).")


def _refused(to: Server, refused: smtplib.SMTPResponseException, handed: bool) -> Answer:
    code, told = refused.smtp_code, refused.smtp_error
    permanent = 500 <= code < 600
    if isinstance(refused, smtplib.SMTPAuthenticationError):
        said = f"{to.host} does not let Nines sign in ({code})"
        return Answer("failed", f"{said}: look at NINES_SMTP_URL.") if permanent else Answer("later", f"{said}.")
    words = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    if to.password:
        words = words.replace(to.password, "[hidden]")
    said = f"({code} {line(words, 160)})".replace(" )", ")")
    if permanent:
        return Answer("failed", f"{to.host} refused the mail {said}.")
    if 400 <= code < 500 or not handed:
        return Answer("later", f"{to.host} does not take the mail just now {said}.")
    return Answer("unsure", f"{to.host} was given the mail and answered what no mail server does {said}.")

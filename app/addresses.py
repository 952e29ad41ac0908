"""Kinds of addresses that settings hold: of people, mail servers and webhooks. Refused with what to write instead."""

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, SecretStr

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


def local_name(host: str | None) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _parts(url: SecretStr, schemes: set[str]) -> SplitResult | None:
    """What an address is made of; None where it is none with one of these schemes and a host."""
    try:
        named = urlsplit(url.get_secret_value())
        whole = named.scheme in schemes and named.hostname and (named.port or 1) > 0 and not named.fragment
    except ValueError:
        return None
    return named if whole else None


def _mail_server(url: SecretStr) -> SecretStr:
    named = _parts(url, {"smtp", "smtps"})
    if named is None or named.path.strip("/") or named.query or not unquote(url.get_secret_value()).isascii():
        raise ValueError(
            "must be like smtps://user:password@mail.example.com (TLS) or smtp://…:587 (STARTTLS), in plain ASCII, "
            "with %40 for an @ in the user or password"
        )
    return url


def _webhook(url: SecretStr) -> SecretStr:
    named = _parts(url, {"http", "https"})
    if named is None or named.username:
        raise ValueError("must be the address that Slack or Teams gave out, like https://hooks.slack.com/services/…")
    if named.scheme == "http" and not local_name(named.hostname):
        raise ValueError("must start with https://: without it, whoever listens on the way could read and post too")
    return url


def _address(text: str) -> str:
    if not _MAIL.fullmatch(text.strip()):
        raise ValueError("must be plain mail addresses, like reliability@example.com")
    return text.strip()


Mail = Annotated[str, AfterValidator(_address)]
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]
Hook = Annotated[SecretStr, AfterValidator(_webhook)]

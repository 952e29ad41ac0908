"""How a delivery to a webhook shows who sent it: by a secret that both know, over the very bytes of its body."""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TOLERANCE_SECONDS = 300
"""How far the time in a signature may be from ours."""


@dataclass(frozen=True)
class Hook:
    """How a system tells that something happened."""

    header: str
    """Where the signature stands."""
    signed: Callable[[str, str, bytes, datetime], bool]
    """Whether a body is signed: by the secret, the header, the body, and now."""
    delivery: Callable[[Mapping[str, Any]], Any]
    """What names the delivery, the same each time it is tried again."""
    facts: bool
    """Whether it brings facts; otherwise the source is read at once, whatever it says."""


def _by_nines(secret: str, header: str, body: bytes, now: datetime) -> bool:
    """`t=1764374400,v1=…`: over the time, a dot and the body; several v1 while a secret is changed."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    if not re.fullmatch(r"[0-9]{1,12}", at) or abs(now.timestamp() - int(at)) > TOLERANCE_SECONDS:
        return False
    return _among(secret, f"{at}.".encode() + body, (value for name, _, value in parts if name == "v1"))


def _by_pagerduty(secret: str, header: str, body: bytes, now: datetime) -> bool:
    """`v1=…,v1=…`: over the body; several while a secret is changed."""
    given = (part.strip().partition("=") for part in header.split(","))
    return _among(secret, body, (value for name, _, value in given if name == "v1"))


def _among(secret: str, signed: bytes, given: Iterable[str]) -> bool:
    wanted = hmac.new(secret.encode(), signed, "sha256").hexdigest().encode()
    return any(hmac.compare_digest(wanted, one.encode()) for one in given)


NINES = Hook("X-Nines-Signature", _by_nines, lambda said: said.get("id"), facts=True)
PAGERDUTY = Hook("X-PagerDuty-Signature", _by_pagerduty, lambda said: _event(said).get("id"), facts=False)


def _event(said: Mapping[str, Any]) -> Mapping[str, Any]:
    event = said.get("event")
    return event if isinstance(event, dict) else {}

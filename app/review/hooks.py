"""Posting a message to a webhook: over https alone (but for this machine), without following anybody elsewhere.

The address is a secret: no sentence holds it, nor what the other side says but a short word of Slack's kind.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from app.review.answers import Answer

_WORD = re.compile(r"[a-z][a-z_]{1,59}")
_NOT_HANDED = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.WriteError, httpx.WriteTimeout,
)  # fmt: skip
"""Nothing was sent, or not all of it: the other side cannot have taken it."""
_LONGEST_WAIT = 86_400.0


def post(url: str, body: bytes, name: str, *, timeout: float, now: datetime) -> Answer:
    """Posts JSON to a webhook; `name` is what it is called in sentences."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Nines"}
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=headers) as said,
        ):
            return _answer(said, name, now)
    except _NOT_HANDED as cause:
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return Answer("failed", f"The certificate of {name} is not one that this machine trusts.")
        return Answer("later", f"{name} cannot be reached ({_kind(cause)}).")
    except httpx.TransportError as cause:
        return Answer("unsure", f"{name} was given the message and did not answer ({_kind(cause)}).")


def _answer(said: httpx.Response, name: str, now: datetime) -> Answer:
    code = said.status_code
    if said.is_success:
        return Answer("sent")
    told = f"{code}{_word(said)}"
    if code == HTTPStatus.GATEWAY_TIMEOUT:
        return Answer("unsure", f"{name} was given the message and does not know what became of it ({told}).")
    if said.is_redirect:
        return Answer("failed", f"{name} sends elsewhere ({told}), where Nines does not go: look at its address.")
    if code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT) or said.is_server_error:
        return Answer("later", f"{name} takes nothing just now ({told}).", _after(said, now))
    return Answer("failed", f"{name} refused it ({told}): look at its address, and whether it still exists.")


def _word(said: httpx.Response) -> str:
    """What Slack calls the trouble, where it does: " no_service"."""
    with suppress(httpx.HTTPError, StopIteration):
        text = next(said.iter_raw(256)).decode("ascii", "replace").strip()
        return f" {text}" if _WORD.fullmatch(text) else ""
    return ""


def _after(said: httpx.Response, now: datetime) -> float | None:
    """What Retry-After says: seconds, or an instant."""
    text = said.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), _LONGEST_WAIT)


def _kind(cause: httpx.TransportError) -> str:
    if isinstance(cause, httpx.TimeoutException):
        return "it took too long"
    return "the connection broke" if not isinstance(cause, httpx.ConnectError) else "no connection"

"""The wire to every system: one small client with timeouts, capped retries, paging, time slices and plain refusals.

    with Client("https://prometheus.example.com", token=SecretStr("…")) as client:
        answer = client.get("/api/v1/query", {"query": "up"})

Whatever goes wrong is a SourceError in one sentence, without any secret: addresses are told without user, password and
query, headers never.
"""

import base64
import email.utils
import json
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx
from pydantic import SecretStr

Reason = Literal["address", "credentials", "permission", "version", "query", "answer", "configuration"]
Params = Mapping[str, str | int | float]
Heard = Callable[[str, Params | None, int, Any], None]
"""Told of every answer that is not asked for again: what was asked, the form that was sent, the status, and the answer
without secrets."""
RETRIED = frozenset({408, 420, 425, 429, 500, 502, 503, 504})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HIDDEN = "[hidden]"
_LONG = 12
"""Letters of a secret that is no word of anybody's."""
_LONGEST = 300
"""Characters of an answer that a sentence quotes."""


class SourceError(Exception):
    """A source cannot be read; the message is one sentence that says what is wrong: address, credentials, permission,
    version, one query, or what it answered."""

    def __init__(self, reason: Reason, sentence: str):
        self.reason = reason
        super().__init__(sentence)


class Answer(NamedTuple):
    """What a system answered."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """The JSON."""


class Slice(NamedTuple):
    """A stretch of time, [start, end)."""

    start: datetime
    end: datetime


class Client:
    """One system, by HTTP. `calls` counts requests, those repeated too."""

    def __init__(
        self,
        base: str,
        *,
        name: str = "the source",
        token: SecretStr | None = None,
        scheme: str = "Bearer {}",
        user: str | None = None,
        password: SecretStr | None = None,
        headers: Mapping[str, SecretStr] | None = None,
        accept: str = "*/*",
        timeout: float = 30,
        attempts: int = 5,
        longest_wait: float = 60,
        heard: Heard | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ):
        self.calls = 0
        self.name, self._base = name, base.rstrip("/")
        self._attempts, self._longest_wait = attempts, longest_wait
        self._sleep, self._chance, self._heard = sleep, chance, heard
        self._token, self._password = token, password
        sent = {key: value.get_secret_value() for key, value in (headers or {}).items()}
        if token:
            sent["Authorization"] = scheme.format(token.get_secret_value())
        signed = (user or "", password.get_secret_value()) if password else None
        bearer = token.get_secret_value() if token else None
        self._hidden = _forms((*sent.values(), *(signed or ())[1:], bearer), signed)
        told = {"Accept": accept, **sent}
        self._http = httpx.Client(timeout=timeout, headers=told, auth=signed, follow_redirects=False)

    def __repr__(self) -> str:
        return f"Client({shown(self._base)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, cause: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, params: Params | None = None) -> Answer:
        """The answer to a GET. Raises SourceError once it is refused, or was retried enough. A path that holds its own
        query, as a link to the next page does, is asked as it stands."""
        return self._ask("GET", path, params=dict(params) if params else None)

    def post(self, path: str, form: Params) -> Answer:
        """The answer to a POST of a form that only reads: long queries do not fit into an address."""
        return self._ask("POST", path, data=dict(form))

    def _ask(self, method: str, path: str, **sent: Any) -> Answer:
        address = path if path.startswith(("http://", "https://")) else f"{self._base}{path}"
        if urlsplit(address)[:2] != urlsplit(self._base)[:2]:
            raise SourceError("address", f"{self.name} leads on to another host, which its credentials are not for.")
        for attempt in range(1, self._attempts + 1):
            self.calls += 1
            failure: httpx.TransportError | None = None
            answer: httpx.Response | None = None
            try:
                answer = self._http.request(method, address, **sent)
            except httpx.TransportError as cause:
                failure = cause
            except (httpx.InvalidURL, httpx.DecodingError) as cause:
                raise SourceError(
                    "address", f"{shown(address)} cannot be asked ({type(cause).__name__}): check its url."
                ) from None
            if answer is not None and answer.status_code not in RETRIED and not _limited(answer):
                return self._judged(answer, address, sent.get("data"))
            if attempt == self._attempts:
                break
            self._sleep(self._wait(attempt, answer))
        if answer is not None:
            said = self.plain(_status(answer))
            again = f"{self._attempts} times" if self._attempts > 1 else "once"
            raise SourceError("answer", f"{self.name} answered {said}, {again} in a row: try again later.")
        raise SourceError("address", self._unreached(address, failure)) from None

    def _wait(self, attempt: int, answer: httpx.Response | None) -> float:
        """Seconds until the next try: what the system asks for, else twice as long each time; a part of it by chance,
        so that many who wait do not come back at once."""
        asked = asked_to_wait(answer.headers, datetime.now(UTC)) if answer is not None else None
        if asked is not None:
            return min(asked, self._longest_wait) + 0.1 * self._chance()
        return min(2.0 ** (attempt - 1), self._longest_wait) * (0.5 + 0.5 * self._chance())

    def _judged(self, answer: httpx.Response, address: str, form: Params | None) -> Answer:
        code = answer.status_code
        try:
            body = self._clean(answer.json())
        except ValueError:
            body = None
        if self._heard:
            asked = f"{answer.request.method} {answer.request.url.raw_path.decode()}"
            self._heard(asked, form, code, self.plain(answer.text) if body is None else body)
        if code == 401:
            raise SourceError(
                "credentials", f"{self.name} does not accept the credentials: are they right, and not expired?"
            )
        if code == 403:
            raise SourceError(
                "permission", f"{self.name} knows the credentials, but they may not read {_path(address)}."
            )
        if code in (404, 405, 410):
            raise SourceError(
                "version",
                f"{self.name} has nothing at {_path(address)} ({code}): is its url right, and its version one that "
                "Nines knows?",
            )
        if code in (301, 308) and _stays(answer, address):
            raise SourceError(
                "query", f"{self.name} has moved what was at {_path(address)} ({code}): call it by its new name."
            )
        if 300 <= code < 400:
            raise SourceError("address", f"{self.name} has moved: its url leads elsewhere ({code}), name that one.")
        if code >= 400:
            raise SourceError("query", f"{self.name} refuses the question ({code}): {self.plain(_said(answer))}.")
        if body is None and answer.text.strip() != "null":
            raise SourceError(
                "version", f"{self.name} answers at {shown(address)} with something else than JSON: is its url right?"
            )
        return Answer(code, answer.headers, body)

    def _unreached(self, address: str, failure: httpx.TransportError | None) -> str:
        where = shown(address)
        if isinstance(failure, httpx.TimeoutException):
            return f"{self.name} did not answer in time at {where}: is it up, and its url right?"
        return f"{self.name} cannot be reached at {where} ({self.plain(str(failure))}): is it up, and its url right?"

    def _clean(self, body: Any) -> Any:
        """What a system answered, without our secrets: a fact may not hold one. Short ones are words of facts."""
        long = [secret for secret in self._hidden if len(secret) >= _LONG]
        text = json.dumps(body, ensure_ascii=False) if long else ""
        found = [inside for secret in long if (inside := json.dumps(secret, ensure_ascii=False)[1:-1]) in text]
        for inside in found:
            text = text.replace(inside, HIDDEN)
        return json.loads(text) if found else body

    def plain(self, text: str) -> str:
        """A text of the system's in one line, bounded, without our secrets."""
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN)
        return " ".join(text.split())[:_LONGEST].rstrip(".")


def _forms(secrets: Iterable[str | None], signed: tuple[str, str] | None) -> tuple[str, ...]:
    """Secrets as a system may say them back: themselves, in an address, as the header of a password; longest first."""
    known = [secret for secret in secrets if secret]
    basic = [base64.b64encode(":".join(signed).encode()).decode()] if signed else []
    return tuple(sorted({*known, *basic, *(quote(one, safe="") for one in known)}, key=len, reverse=True))


def asked_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a system asks to wait, by Retry-After (seconds or a date) or its rate-limit headers."""
    after = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", after):
        return float(after)
    if after:
        try:
            return max((email.utils.parsedate_to_datetime(after).astimezone(UTC) - now).total_seconds(), 0.0)
        except ValueError:
            return None
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-ratelimit-period-in-sec"):
        reset = headers.get(name, "").strip()
        if re.fullmatch(r"\d+", reset):
            seconds = float(reset)
            return max(seconds - now.timestamp(), 0.0) if seconds > 1e9 else seconds
    return None


def shown(address: str) -> str:
    """An address as it may be told: without user, password and query."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _limited(answer: httpx.Response) -> bool:
    """Whether a 403 is no matter of permission, but of too many requests, as GitHub tells it: by a wait, by nothing
    left, or in words alone."""
    if answer.status_code != 403:
        return False
    none_left = answer.headers.get("x-ratelimit-remaining") == "0"
    return "retry-after" in answer.headers or none_left or "rate limit" in _said(answer).casefold()


def _stays(answer: httpx.Response, address: str) -> bool:
    """Whether it leads to another place of the same system: of what was renamed there."""
    to: str = answer.headers.get("location", "")
    return urlsplit(urljoin(address, to))[:2] == urlsplit(address)[:2]


def _path(address: str) -> str:
    return urlsplit(address).path or "/"


def _status(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.reason_phrase}".strip()


def _said(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text or _status(answer)
    found = body if isinstance(body, Mapping) else {}
    words = next((found[key] for key in ("error", "message", "detail", "errors") if found.get(key)), body)
    return words.get("message", str(words)) if isinstance(words, Mapping) else str(words)


# Paging: each gives items to the end, and says so where a system would have stopped silently.


def by_offset(
    ask: Callable[[int, int], tuple[list[Any], bool]], size: int = 100, cap: int | None = None
) -> Iterator[Any]:
    """Items page by page: `ask(offset, size)` gives a page and whether more follow. Raises SourceError at the cap
    beyond which a system gives nothing: ask for a shorter slice of time then."""
    offset = 0
    while True:
        if cap is not None and offset + size > cap:
            raise SourceError("answer", f"More than {cap:,} items in one slice of time: the source gives no more.")
        items, more = ask(offset, size)
        yield from items
        if not more:
            return
        offset += len(items) or size


def by_token(ask: Callable[[str | None], tuple[list[Any], str | None]]) -> Iterator[Any]:
    """Items page by page: `ask(token)` gives a page and the next token. Raises SourceError where it goes round."""
    token: str | None = None
    seen: set[str] = set()
    while True:
        items, token = ask(token)
        yield from items
        if not token:
            return
        if token in seen:
            raise SourceError("answer", "The source gives the same page again and again.")
        seen.add(token)


def next_link(headers: Mapping[str, str]) -> str | None:
    """The address of the next page, by the Link header."""
    found = re.search(r'<([^>]+)>\s*;[^,]*\brel="?next"?', headers.get("link", ""))
    return found[1] if found else None


def incomplete(what: str, said: int | None, brought: int) -> str | None:
    """A sentence where a system said how many there are and gave another number; None where it is complete."""
    if said is None or brought >= said:
        return None
    return f"Of {said:,} {what} only {brought:,} came."


def slices(start: datetime, end: datetime, length: timedelta) -> Iterator[Slice]:
    """Time cut at multiples of a length since 1970, so that every run cuts at the same moments."""
    at = start
    while at < end:
        until = min(_EPOCH + ((at - _EPOCH) // length + 1) * length, end)
        yield Slice(at, until)
        at = until

"""The wire: retries that end, waits that are asked for, pages to their end, and refusals in one sentence."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from data_sources.http import (
    Client,
    Slice,
    SourceError,
    asked_to_wait,
    by_offset,
    by_token,
    incomplete,
    next_link,
    slices,
)
from tests.sources.live import AT, Told, serving

SECRET = "s3cr3t-of-the-wire"


def client(base: str, waits: list[float] | None = None, **more: Any) -> Client:
    waits = [] if waits is None else waits
    return Client(base, name="tool", token=SecretStr(SECRET), sleep=waits.append, chance=lambda: 0.0, **more)


def test_a_refused_moment_is_retried_as_the_system_asks() -> None:
    told: Iterator[Told] = iter([(429, {"Retry-After": "7"}, {}), (429, {}, {}), (503, {}, {}), (200, {}, {"a": 1})])
    waits: list[float] = []

    with serving(lambda *_: next(told)) as base, client(base, waits) as wire:
        answer = wire.get("/x")

    assert answer.body == {"a": 1}
    assert waits == [7.0, 1.0, 2.0]
    assert wire.calls == 4


def test_retries_end() -> None:
    waits: list[float] = []

    with (
        serving(lambda *_: (503, {}, "down")) as base,
        client(base, waits, attempts=3) as wire,
        pytest.raises(
            SourceError, match=r"^tool answered 503 Service Unavailable, 3 times in a row: try again later\.$"
        ),
    ):
        wire.get("/x")

    assert len(waits) == 2


@pytest.mark.parametrize(
    ("told", "reason", "words"),
    [
        ((401, {}, {}), "credentials", "does not accept the credentials"),
        ((403, {}, {}), "permission", "may not read /x"),
        ((404, {}, {}), "version", "has nothing at /x"),
        ((410, {}, {}), "version", "has nothing at /x"),
        ((302, {"Location": "http://elsewhere"}, {}), "address", "has moved"),
        ((422, {}, {"error": f"bad query {SECRET}"}), "query", r"bad query \[hidden\]"),
        ((200, {}, "<html>sign in</html>"), "version", "something else than JSON"),
    ],
)
def test_what_is_wrong_is_one_sentence_without_a_secret(told: Told, reason: str, words: str) -> None:
    with (
        serving(lambda *_: told) as base,
        client(base) as wire,
        pytest.raises(SourceError, match=words) as caught,
    ):
        wire.get("/x", {"key": SECRET})

    assert caught.value.reason == reason
    assert SECRET not in f"{caught.value!r} {wire!r} {vars(wire)['_token']!r}"
    assert str(caught.value).count("\n") == 0


def test_nobody_at_the_address_is_told_as_such() -> None:
    with (
        client("http://127.0.0.1:9", attempts=1) as wire,
        pytest.raises(
            SourceError, match=r"tool cannot be reached at http://127.0.0.1:9/x .*is its url right|url right"
        ),
    ):
        wire.get("/x", {"token": SECRET})


def test_credentials_go_to_no_other_host() -> None:
    with client("http://127.0.0.1:9") as wire, pytest.raises(SourceError, match="another host"):
        wire.get("http://127.0.0.2:9/next")

    assert wire.calls == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "Sat, 28 Nov 2026 12:00:09 GMT"}, 9.0),
        ({"retry-after": "soon"}, None),
        ({"ratelimit-reset": "4"}, 4.0),
        ({"x-ratelimit-reset": str(int(AT.timestamp()) + 5)}, 5.0),
        ({"x-ratelimit-state": "THROTTLED", "x-ratelimit-period-in-sec": "60"}, 60.0),
        ({}, None),
    ],
)
def test_how_long_a_system_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_to_wait(headers, AT) == seconds


def test_pages_are_read_to_the_end_and_past_a_cap_is_an_error() -> None:
    items = list(range(250))

    def page(offset: int, size: int) -> tuple[list[int], bool]:
        return items[offset : offset + size], offset + size < len(items)

    assert list(by_offset(page)) == items
    with pytest.raises(SourceError, match="More than 200 items"):
        list(by_offset(page, cap=200))


def test_tokens_lead_to_the_end_and_never_in_a_circle() -> None:
    pages = {None: ([1], "b"), "b": ([2], None)}

    assert list(by_token(lambda token: pages[token])) == [1, 2]
    with pytest.raises(SourceError, match="same page again"):
        list(by_token(lambda token: ([1], "b")))
    assert next_link({"link": '<http://x/1>; rel="prev", <http://x/3>; rel="next"'}) == "http://x/3"
    assert next_link({}) is None


def test_the_address_of_a_next_page_is_asked_as_it_stands() -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def answer(path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        asked.append((path, dict(params)))
        return 200, {}, {}

    with serving(answer) as base, client(base) as wire:
        wire.get(f"{base}/items?page=2&size=50")
        wire.get("/items", {"page": 3})

    assert asked == [("/items", {"page": "2", "size": "50"}), ("/items", {"page": "3"})]


def test_a_count_that_does_not_agree_is_told() -> None:
    assert incomplete("incidents", 10, 9) == "Of 10 incidents only 9 came."
    assert incomplete("incidents", 10, 10) is None
    assert incomplete("incidents", None, 3) is None


def test_slices_are_cut_at_the_same_moments_whenever_they_start() -> None:
    day = timedelta(days=1)
    start = datetime(2026, 11, 1, 7, tzinfo=UTC)

    found = list(slices(start, start + 2 * day, day))

    assert found[0] == Slice(start, datetime(2026, 11, 2, tzinfo=UTC))
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert found[-1].end == start + 2 * day

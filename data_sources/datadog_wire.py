"""Datadog's API as it is asked: with two keys, page by page, and with refusals told apart."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Le, MinLen
from pydantic import Field, field_validator, model_validator

from data_sources.http import Client, Params, SourceError, by_offset, incomplete
from data_sources.options import EnvName, Url, Wired

_KEYS = ("DD-API-KEY", "DD-APPLICATION-KEY")
_PAGE = 500


class Datadog(Wired):
    """Of a Datadog source."""

    url: Url = "https://api.datadoghq.com"
    """That of the site: https://api.datadoghq.eu, https://api.us3.datadoghq.com…"""
    headers: Mapping[str, EnvName] = Field(default_factory=dict)
    read: Annotated[tuple[Literal["slos", "incidents"], ...], MinLen(1)] = ("slos", "incidents")
    """What is read: one or the other where not both are used there."""
    tags: str | None = None
    """Of the SLOs, only those with these tags: `team:payments`."""
    timeframe: Literal["7d", "30d", "90d"] | None = None
    """Of an SLO's targets, only that over this time; without, each is an SLO."""
    row_minutes: Annotated[int, Ge(5), Le(1_440)] = 120
    """The length of a row: no shorter than what Datadog itself sums events over, for a day of them."""
    settle_minutes: Annotated[float, Ge(0)] = 15
    """How long the latest events may take to arrive."""
    cause: str | None = None
    """The field of an incident that holds its cause."""

    @field_validator("row_minutes")
    @classmethod
    def _divides(cls, minutes: int) -> int:
        if 1_440 % minutes:
            raise ValueError("must divide a day, like 60, 120 or 1440")
        return minutes

    @model_validator(mode="after")
    def _signed(self) -> Self:
        given = {name.upper() for name in self.headers}
        missing = [name for name in _KEYS if name not in given]
        if missing:
            raise ValueError(f"must name variables in headers for {' and '.join(missing)}")
        return self


def asked(client: Client, path: str, params: Params | None = None) -> Mapping[str, Any]:
    """The answer to a GET. Raises SourceError, which tells a key that is refused from a list that is."""
    try:
        body = client.get(path, params).body
    except SourceError as cause:
        if cause.reason == "permission":
            _accepted(client)
        raise
    if not isinstance(body, Mapping):
        raise stranger(client)
    return body


def _accepted(client: Client) -> None:
    """Raises SourceError where it is the API key that is refused: Datadog says so as it refuses a list."""
    try:
        client.get("/api/v1/validate")
    except SourceError as cause:
        if cause.reason in {"permission", "credentials"}:
            raise SourceError(
                "credentials",
                f"{client.name} does not accept the API key: is it right, not revoked, and of the site that url names?",
            ) from None


def stranger(client: Client) -> SourceError:
    """That an answer is none of Datadog's."""
    return SourceError("version", f"{client.name} does not answer as Datadog does: is its url right?")


def said(errors: Any) -> str:
    """What the errors inside an answer say, in one line."""
    listed = errors if isinstance(errors, list) else [errors]
    words = (one.get("error") or one.get("error_message") or one if isinstance(one, Mapping) else one for one in listed)
    return "; ".join(" ".join(str(word).split()) for word in words)[:200].rstrip(".")


def listed(client: Client, path: str, about: str, params: Params | None = None) -> tuple[list[Any], str | None]:
    """Every item of a list, and a sentence where fewer came than it told; `about` is where it tells of pages."""
    total: int | None = None

    def ask(offset: int, size: int) -> tuple[list[Any], bool]:
        nonlocal total
        body = asked(client, path, {"limit": size, "offset": offset, **(params or {})})
        items = body.get("data")
        if not isinstance(items, list):
            if body.get("errors"):
                raise SourceError("query", f"{client.name} refuses {path}: {client.plain(said(body['errors']))}.")
            raise stranger(client)
        told = ((body.get(about) or {}).get("page") or {}).get("total_count")
        total = told if isinstance(told, int) else None
        return items, bool(items) and (total is None or offset + len(items) < total)

    found = {str(item["id"]): item for item in by_offset(ask, _PAGE)}
    return list(found.values()), incomplete(f"items of {path}", None if params else total, len(found))

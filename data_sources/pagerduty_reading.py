"""What PagerDuty is asked: lists to their end, whatever its caps, and each incident that anything happened to."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from data_sources.http import Client, Params, Slice, SourceError, by_offset, incomplete

Answered = TypeVar("Answered")
CAP = 10_000
"""PagerDuty gives no more of one list: offset and limit together."""
_SIZE = 100
SHORTEST = timedelta(minutes=1)
"""A stretch of time that is not cut any further."""
_AHEAD = timedelta(minutes=2)
"""How much its clock may be ahead of ours, so that what it has just told of is found."""
_HIDDEN = frozenset({"permission", "query", "version"})
"""Why one incident, or one list of names, may not be there while the others are."""


class TooMany(SourceError):
    """A list is longer than PagerDuty gives."""


class Listed(NamedTuple):
    """Items, and what is known to be missing, a sentence each."""

    items: list[Any]
    unread: tuple[str, ...] = ()


class Told(NamedTuple):
    """An incident, all of its log entries and, where they are asked for, the values of its custom fields."""

    incident: Mapping[str, Any]
    entries: list[Any]
    fields: list[Any]


class Raw(NamedTuple):
    """What one part was answered, with the names that it refers to, by id."""

    items: list[Any]
    users: Mapping[str, Any]
    policies: Mapping[str, Any]
    teams: Mapping[str, Any]
    unread: tuple[str, ...]


def listed(client: Client, path: str, key: str, params: Params | None = None) -> Listed:
    """All of a list. Raises TooMany where it is longer than PagerDuty gives, SourceError as the client does."""
    total: list[int | None] = []

    def ask(offset: int, size: int) -> tuple[list[Any], bool]:
        if offset + size > CAP:
            raise TooMany("query", f"{client.name} has more than {CAP:,} at {path}, and gives no more.")
        counting = {} if offset else {"total": "true"}
        body = client.get(path, {**(params or {}), **counting, "offset": offset, "limit": size}).body
        items = body.get(key) if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise SourceError("version", f"{client.name} does not answer as PagerDuty does: is its url right?")
        if not offset:
            total.append(body.get("total"))
            if (body.get("total") or 0) > CAP:
                raise TooMany("query", f"{client.name} has more than {CAP:,} at {path}, and gives no more.")
        return items, bool(body.get("more"))

    items = list(by_offset(ask, _SIZE))
    missing = incomplete(key.replace("_", " "), total[0], len(items))
    return Listed(items, (missing,) if missing else ())


def between(client: Client, path: str, key: str, of: Slice, shortest: timedelta = SHORTEST) -> Listed:
    """All of a list in a stretch of time, which is cut in halves where it holds more than PagerDuty gives."""
    try:
        return listed(client, path, key, {"since": _at(of.start), "until": _at(of.end)})
    except TooMany as cause:
        if of.end - of.start <= shortest:
            return Listed([], (f"From {_at(of.start)} to {_at(of.end)}: {cause}",))
    middle = of.start + timedelta(seconds=(of.end - of.start) // timedelta(seconds=2))
    first = between(client, path, key, Slice(of.start, middle), shortest)
    second = between(client, path, key, Slice(middle, of.end), shortest)
    return Listed(first.items + second.items, first.unread + second.unread)


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Directory:
    """Lists of names, by id, each asked for once a reading; one that may not be read is empty, and that is said."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Any]] = {}
        self._unread: dict[str, tuple[str, ...]] = {}

    def get(self, client: Client, name: str) -> Mapping[str, Any]:
        if name not in self._held:
            try:
                found = listed(client, f"/{name}", name)
            except SourceError as cause:
                if cause.reason not in _HIDDEN - {"version"}:
                    raise
                found = Listed([], (f"{name.replace('_', ' ')}: {cause}",))
            self._held[name] = {one["id"]: one for one in found.items}
            self._unread[name] = found.unread
        return self._held[name]

    def raw(self, client: Client, items: list[Any], names: Iterable[str], unread: Iterable[str] = ()) -> Raw:
        """What was answered, with these lists of names."""
        held = {name: self.get(client, name) for name in names}
        told = [*unread, *(sentence for name in held for sentence in self._unread[name])]
        users, policies, teams = (held.get(name, {}) for name in ("users", "escalation_policies", "teams"))
        return Raw(items, users, policies, teams, tuple(told))


def touched(client: Client, of: Slice, fields: bool) -> Listed:
    """Every incident that anything happened to in a stretch of time, as it is now: with an edit long after its end."""
    entries = between(client, "/log_entries", "log_entries", Slice(of.start, of.end + _AHEAD))
    found: list[Any] = []
    unread = list(entries.unread)
    for name in dict.fromkeys(one["incident"]["id"] for one in entries.items if one.get("incident")):
        told = _apart(partial(_told, client, name, fields), unread)
        found += [told] if told else []
    return Listed(found, tuple(unread))


def _told(client: Client, name: str, fields: bool) -> Told:
    body = client.get(f"/incidents/{name}").body
    entries = listed(client, f"/incidents/{name}/log_entries", "log_entries", {"include[]": "channels"})
    return Told(body["incident"], entries.items, _fields(client, f"/incidents/{name}") if fields else [])


def _fields(client: Client, path: str) -> list[Any]:
    found: list[Any] = client.get(f"{path}/custom_fields/values").body["custom_fields"]
    return found


def labelled(client: Client, services: Iterable[Mapping[str, Any]]) -> Listed:
    """Services, each with the values of its custom fields beside it."""
    found: list[Any] = []
    unread: list[str] = []
    for one in services:
        said = _apart(partial(_fields, client, f"/services/{one['id']}"), unread)
        found.append((one, said or []))
    return Listed(found, tuple(unread))


def _apart(ask: Callable[[], Answered], unread: list[str]) -> Answered | None:
    """What is answered; None, and a sentence more, where it may not be read while the rest may."""
    try:
        return ask()
    except SourceError as cause:
        if cause.reason not in _HIDDEN:
            raise
        unread.append(str(cause))
        return None

"""What a Jira issue says: the values of its fields as text, its people, its history. Cloud and Data Center alike.

Where a value stands is told in one word: a field's id or name (`duedate`, `Root cause`), `key`, `links` or
`links:is caused by`, `done` (since when it is), or `status:Mitigated`, the first moment that it had that status.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

Issue = Mapping[str, Any]
KEY = re.compile(r"[A-Z][A-Z0-9_]*-\d+", re.ASCII)
"""What an issue's key looks like."""
_PLACES = frozenset({"key", "links", "status", "done"})
"""Places that are no fields."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ])", re.ASCII)
_GONE = "former user"
"""How Cloud calls everybody who was deleted."""
_BLOCKS = frozenset({"paragraph", "heading", "listItem", "blockquote", "codeBlock", "tableRow", "hardBreak"})


def needed(where: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of the fields that must be asked for, to find what stands there."""
    kind = where.partition(":")[0]
    if kind == "links":
        return ("issuelinks",)
    return () if kind in _PLACES else (ids[where],)


def named(places: Iterable[str]) -> list[str]:
    """Those of the places that are fields, by name or id."""
    return [where for where in places if where.partition(":")[0] not in _PLACES]


def texts(issue: Issue, where: str, ids: Mapping[str, str]) -> Iterator[str]:
    """What stands there, as text; nothing where it is empty."""
    kind, _, name = where.partition(":")
    if kind == "key":
        yield first_key(issue)
    elif kind == "links":
        yield from _linked(issue, name)
    elif kind in ("status", "done"):
        at = first_in_status(issue, name) if name else done_at(issue)
        if at:
            yield at
    else:
        yield from _texts(issue["fields"].get(ids[where]))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        found = plain(value) if value.get("type") == "doc" else person(value) or _label(value)
        if found:
            yield found
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))
    elif value is not None and str(value).strip():
        yield str(value).strip()


def _label(value: Mapping[str, Any]) -> str | None:
    """The word that an option, a component, a priority or another issue goes by."""
    found = next((value[name] for name in ("value", "name", "key", "id") if value.get(name)), None)
    return None if found is None else str(found).strip()


def person(value: Any) -> str | None:
    """A user by e-mail, else by name; one that was deleted or anonymised by a name that stays apart from others."""
    if not isinstance(value, Mapping) or "displayName" not in value:
        return None
    mail, name = str(value.get("emailAddress") or ""), str(value.get("displayName") or "").strip()
    if "@" in mail and not mail.endswith(".invalid"):
        return mail
    known = value.get("accountId") or value.get("name") or value.get("key")
    if not name or name.casefold() == _GONE:
        return f"{name or 'user'} {known}" if known else name or None
    return name


def plain(node: Any) -> str:
    """The words of a rich text (Atlassian Document Format), in one line."""
    return " ".join("".join(_words(node)).split())


def _words(node: Any) -> Iterator[str]:
    if not isinstance(node, Mapping):
        return
    told = node.get("attrs") or {}
    yield str(node.get("text") or told.get("text") or told.get("url") or "")
    for each in node.get("content") or ():
        yield from _words(each)
    if node.get("type") in _BLOCKS:
        yield " "


def _linked(issue: Issue, wanted: str) -> Iterator[str]:
    """The keys of linked issues, by the name of the link or by its words in that direction; of any without."""
    for link in issue["fields"].get("issuelinks") or ():
        direction = "inward" if link.get("inwardIssue") else "outward"
        words = {str(link["type"].get(name, "")).casefold() for name in ("name", direction)}
        other = link.get(f"{direction}Issue")
        if other and (not wanted or wanted.casefold() in words):
            yield other["key"]


def _changes(issue: Issue, *fields: str) -> list[tuple[str, Mapping[str, Any]]]:
    """When one of these fields was changed and how, from the first on."""
    wanted = {field.casefold() for field in fields}
    histories = (issue.get("changelog") or {}).get("histories") or ()
    found = [
        (history["created"], item)
        for history in histories
        for item in history.get("items") or ()
        if wanted & {str(item.get("fieldId", "")).casefold(), str(item.get("field", "")).casefold()}
    ]
    return sorted(found, key=lambda change: datetime.fromisoformat(change[0]))


def changes_missing(issue: Issue) -> int:
    """How many of an issue's changes did not come with it."""
    changelog = issue.get("changelog") or {}
    return max(int(changelog.get("total") or 0) - len(changelog.get("histories") or ()), 0)


def first_key(issue: Issue) -> str:
    """The key that it had first: one that is moved to another project stays the same fact."""
    moves = _changes(issue, "Key")
    return str((moves[0][1].get("fromString") if moves else None) or issue["key"])


def first_day(issue: Issue, field: str, name: str) -> str | None:
    """The first day that a date field ever held; None where nothing tells."""
    changes = _changes(issue, field, name)
    if changes_missing(issue):
        return None
    held = [changes[0][1].get("from"), *(item.get("to") for _, item in changes)] if changes else []
    now = issue["fields"].get(field)
    first = next((str(day) for day in held if day), str(now) if now and not changes else "")
    found = _DAY.match(first)
    return found[0] if found else None


def first_in_status(issue: Issue, name: str) -> str | None:
    """When it first had a status; None where it never had it, or not all of its changes came."""
    if changes_missing(issue):
        return None
    changes = _changes(issue, "status")
    begun = changes[0][1].get("fromString") if changes else _status(issue).get("name")
    if str(begun).casefold() == name.casefold():
        return str(issue["fields"]["created"])
    return next((at for at, item in changes if str(item.get("toString")).casefold() == name.casefold()), None)


def _status(issue: Issue) -> Mapping[str, Any]:
    return issue["fields"].get("status") or {}


def is_done(issue: Issue) -> bool:
    """Whether its status is of the category Done, however it is called."""
    return bool((_status(issue).get("statusCategory") or {}).get("key") == "done")


def done_at(issue: Issue) -> str | None:
    """Since when it is done: resolved, else since it has its status; None while it is not, or where nothing tells."""
    if not is_done(issue):
        return None
    fields = issue["fields"]
    name = str(_status(issue).get("name"))
    moved = [at for at, item in _changes(issue, "status") if str(item.get("toString")) == name]
    return fields.get("resolutiondate") or fields.get("statuscategorychangedate") or (moved[-1] if moved else None)


def is_cancelled(issue: Issue, words: Iterable[str]) -> bool:
    """Whether it was ended without being done, by the name of its resolution or of its status."""
    said = {str((issue["fields"].get(name) or {}).get("name")).casefold() for name in ("resolution", "status")}
    return is_done(issue) and not said.isdisjoint(word.casefold() for word in words)

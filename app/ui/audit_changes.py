"""What an audit entry changed, field by field: what was, what is. Pure."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

_LONG = 200
"""Texts longer than this, or of several lines, are compared line by line."""
_NUMBER = (int, float)


class Change(NamedTuple):
    """One field; None: it was not there, or is not any more."""

    field: str
    old: str | None
    new: str | None


def changes(old: Any, new: Any) -> list[Change]:
    """The fields that differ, in their order; all of them for what was made or taken away."""
    before, after = _fields(old), _fields(new)
    return [
        change
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
        for change in _change(name, before.get(name), after.get(name))
    ]


def _change(name: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old is None or new is None or not (_lines(old) or _lines(new)):
        yield Change(name, old, new)
        return
    was, now = old.splitlines(), new.splitlines()
    for verb, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if verb != "equal":
            where = f"{name}, line {c + 1}" if name else f"line {c + 1}"
            yield Change(where, "\n".join(was[a:b]) or None, "\n".join(now[c:d]) or None)


def _lines(text: str) -> bool:
    return "\n" in text or len(text) > _LONG


def _fields(value: Any, path: str = "") -> dict[str, str]:
    """Name → value as text; what is nested by its path, counts of one thing together, blanks left out."""
    if value is None or value in ("", [], {}):
        return {}
    if not isinstance(value, Mapping):
        return {path: _text(value)}
    if path and all(isinstance(held, _NUMBER) and not isinstance(held, bool) for held in value.values()):
        said = ", ".join(f"{_name(name)} {_text(held)}" for name, held in value.items() if held)
        return {path: said or "nothing"}
    found: dict[str, str] = {}
    for name, held in value.items():
        found |= _fields(held, f"{path}, {_name(name)}" if path else _name(name))
    return found


def _name(name: Any) -> str:
    return str(name).replace("_", " ")


def _text(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.6g}" if abs(value) < 1e15 else str(value)
        case list():
            return ", ".join(_text(held) for held in value)
        case Mapping():
            return ", ".join(f"{_name(name)}: {_text(held)}" for name, held in value.items())
    return str(value)

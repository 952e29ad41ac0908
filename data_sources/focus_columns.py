"""Columns of FOCUS exports, whatever type a file gives them: exact amounts, tags, and values looked at once each."""

import json
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_sources.columns import SPACE

EXACT = pa.decimal256(76, 38)
_SMALLEST = Decimal(1).scaleb(-38)
_BEYOND = Decimal(10) ** 30
_CONTEXT = Context(prec=76)


def mapped(column: Any, told: Callable[[Any], str | None]) -> Any:
    """A column of texts, by what each of its different values is told to be."""
    found = column.dictionary_encode()
    values = pa.array([None if value is None else told(value) for value in found.dictionary.to_pylist()], pa.string())
    return values.take(found.indices)


def amounts(column: Any) -> Any:
    """Exact decimals; null where there is no amount. A number with more digits than 38 behind its point is rounded."""
    kind = column.type
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        return pc.cast(column, EXACT)
    if pa.types.is_floating(kind):
        column = pc.cast(pc.if_else(pc.is_finite(column), column, None), pa.string())
    texts = pc.utf8_trim(pc.cast(column, pa.string()), SPACE)
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    try:
        return pc.cast(texts, EXACT)
    except pa.ArrowInvalid:
        return pa.array([_amount(text) for text in texts.to_pylist()], EXACT)


def _amount(text: str | None) -> Decimal | None:
    try:
        found = Decimal(text or "")
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) >= _BEYOND:
        return None
    return found.quantize(_SMALLEST, context=_CONTEXT)


def tags(column: Any, service: str, team: str | None) -> tuple[Any, Any, int]:
    """The values of two tags, and how many rows have tags that cannot be read."""
    if pa.types.is_map(column.type):
        held = [mapped(pc.map_lookup(column, key, "first"), plain) if key else None for key in (service, team)]
        return held[0], held[1] if team else pa.nulls(len(column), pa.string()), 0
    found = pc.cast(column, pa.string()).dictionary_encode()
    read = [_tags(text) for text in found.dictionary.to_pylist()]
    services, teams = (
        pa.array([_value(one, key) for one in read], pa.string()).take(found.indices) for key in (service, team)
    )
    odd = pa.array([one is None for one in read], pa.bool_()).take(found.indices)
    return services, teams, pc.sum(odd).as_py() or 0


def plain(value: Any) -> str | None:
    """A text on one line, without what no database keeps; None where it is blank."""
    held = str("" if value is None else value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return " ".join(held.split()) or None


def _tags(text: str | None) -> dict[str, Any] | None:
    if not text or not text.strip():
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else {} if found is None else None


def _value(read: dict[str, Any] | None, key: str | None) -> str | None:
    found = (read or {}).get(key) if key else None
    return plain(found) if isinstance(found, str | int | float) else None

"""What the OpenSLO project's own SDK (github.com/OpenSLO/go-sdk, at ae145da) accepts of a value, in our own words.

A check gives every place where a value is not what the SDK accepts, with the reason; it is made of checks of what the
value holds. `openslo_objects.py` makes those of whole objects from them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data_sources.openslo_documents import Place

Departure = tuple[Place, str]
Check = Callable[[Any, Place], Iterator[Departure]]
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_PART = r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
DURATION = re.compile(r"\s*([+-]?\d+)\s*(\S+)\s*")
UNITS = "mhdwMQY"
OPERATORS = ("gt", "lt", "gte", "lte")


def text(
    *, required: bool = False, longest: int | None = None, pattern: str | None = None, among: tuple[str, ...] = ()
) -> Check:
    def check(value: Any, at: Place) -> Iterator[Departure]:
        if value is None or value == "":
            if required:
                yield at, "is missing"
        elif not isinstance(value, str):
            yield at, "must be text: put it in quotes"
        elif longest and len(value) > longest:
            yield at, f"is longer than {longest:,} characters"
        elif pattern and not re.fullmatch(pattern, value):
            yield at, f"{value[:60]!r} is not of the form {pattern}"
        elif among and value not in among:
            yield at, f"{value[:60]!r} is none of {', '.join(among)}"

    return check


def number(*, required: bool = False, whole: bool = False, span: str | None = None) -> Check:
    """`span`: like `[0, 1)`; a round bracket leaves its end out."""

    def check(value: Any, at: Place) -> Iterator[Departure]:
        if value is None:
            if required:
                yield at, "is missing"
        elif isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            yield at, "must be a whole number" if whole else "must be a number"
        elif span and not _inside(value, span):
            yield at, f"{value} is not within {span}"

    return check


def _inside(value: float, span: str) -> bool:
    low, high = (float(end) for end in span[1:-1].split(","))
    return (low < value or (low == value and span[0] == "[")) and (value < high or (value == high and span[-1] == "]"))


def flag(value: Any, at: Place) -> Iterator[Departure]:
    if value is not None and not isinstance(value, bool):
        yield at, "must be true or false"


def anything(value: Any, at: Place) -> Iterator[Departure]:
    return iter(())


def needed(value: Any, at: Place) -> Iterator[Departure]:
    if value is None:
        yield at, "is missing"


def forbidden(value: Any, at: Place) -> Iterator[Departure]:
    if value not in (None, ""):
        yield at, f"is forbidden here (it is {str(value)[:40]})"


def moment(value: Any, at: Place) -> Iterator[Departure]:
    try:
        datetime.strptime(value or "", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    except (TypeError, ValueError):
        yield at, "is not of the form 2026-01-31 12:00:00"


def zone(value: Any, at: Place) -> Iterator[Departure]:
    try:
        ZoneInfo(value or "?")
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        yield at, "is no time zone of the IANA database"


def duration(required: bool = True) -> Check:
    def check(value: Any, at: Place) -> Iterator[Departure]:
        if value is None or value == "":
            if required:
                yield at, "is missing"
            return
        found = DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None or found[2] not in UNITS or int(found[1]) < 0:
            yield at, f"{str(value)[:40]!r} is no duration like 5m, 28d or 1M"

    return check


def record(fields: Mapping[str, Check], *rules: Check, required: bool = False) -> Check:
    def check(value: Any, at: Place) -> Iterator[Departure]:
        if value is None or (value == {} and required):
            if required:
                yield at, "is missing"
            return
        if not isinstance(value, dict):
            yield at, "must be names and values"
            return
        for name in value:
            if name not in fields:
                yield (*at, name), "is not known"
        for name, inner in fields.items():
            yield from inner(value.get(name), (*at, name))
        for rule in rules:
            yield from rule(value, at)

    return check


def listed(inner: Check, least: int = 0, most: int | None = None) -> Check:
    def check(value: Any, at: Place) -> Iterator[Departure]:
        items = [] if value is None else value
        if not isinstance(items, list):
            yield at, "must be a list"
            return
        if len(items) < least or (most is not None and len(items) > most):
            wanted = f"exactly {least}" if least == most else f"at least {least}"
            yield at, f"must hold {wanted}, but holds {len(items)}"
        for number_, item in enumerate(items):
            yield from inner(item, (*at, number_))

    return check


def names(key: str, inner: Check, longest_key: int | None = None) -> Check:
    def check(value: Any, at: Place) -> Iterator[Departure]:
        if value is None:
            return
        if not isinstance(value, dict):
            yield at, "must be names and values"
            return
        for name, held in value.items():
            if not re.fullmatch(key, name) or (longest_key and len(name.rpartition("/")[0]) > longest_key):
                yield (*at, name), f"{name[:60]!r} is no name of the form {key}"
            yield from inner(held, (*at, name))

    return check


def one_of(*keys: str, needs: bool = True) -> Check:
    """Exactly one of these is there; or, unless one is needed, at most one."""

    def check(value: Any, at: Place) -> Iterator[Departure]:
        there = [key for key in keys if value.get(key) not in (None, "")]
        if len(there) > 1:
            yield (*at, there[1]), f"stands beside {there[0]}: only one of {', '.join(keys)} may be there"
        elif needs and not there:
            yield at, f"has none of {', '.join(keys)}"

    return check


def either(ref: str, inline: Check) -> Check:
    """A reference by `ref`, or the object itself."""

    def check(value: Any, at: Place) -> Iterator[Departure]:
        if not isinstance(value, dict):
            yield at, "must be names and values"
        elif ref in value:
            yield from record({ref: DNS_NEEDED})(value, at)
        else:
            yield from inline(value, at)

    return check


def _single(value: Any, at: Place) -> Iterator[Departure]:
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        yield at, "must be text, or a list of texts"


DNS = text(pattern=_LABEL)
DNS_NEEDED = text(pattern=_LABEL, required=True)
WORDS = text(longest=1050)
_QUALIFIED = rf"({_LABEL}(\.{_LABEL})*/)?{_PART}"
_ANNOTATIONS = names(_QUALIFIED, text(), 253)
METADATA: Mapping[str, Check] = MappingProxyType(
    {
        "v1alpha": record({"name": DNS_NEEDED, "displayName": text(longest=63)}, required=True),
        "v1": record(
            {
                "name": DNS_NEEDED,
                "displayName": text(longest=63),
                "labels": names(_PART, _single),
                "annotations": _ANNOTATIONS,
            },
            required=True,
        ),
        "v2alpha": record(
            {
                "name": DNS_NEEDED,
                "labels": names(_QUALIFIED, text(pattern=r"[a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?"), 253),
                "annotations": _ANNOTATIONS,
            },
            required=True,
        ),
    }
)
DATA_SOURCE = record({"description": WORDS, "type": text(required=True), "connectionDetails": needed}, required=True)
TARGET = record({"description": WORDS, "target": text(required=True)}, required=True)
CONDITION = record(
    {
        "description": WORDS,
        "severity": text(required=True),
        "condition": record(
            {
                "kind": text(required=True, among=("burnrate",)),
                "op": text(required=True, among=OPERATORS),
                "threshold": number(required=True),
                "lookbackWindow": duration(),
                "alertAfter": duration(required=False),
            },
            required=True,
        ),
    },
    required=True,
)


def inlined(version: str, kind: str, spec: Check) -> Check:
    return record({"kind": text(required=True, among=(kind,)), "metadata": METADATA[version], "spec": spec})


def policy(version: str) -> Check:
    conditions = listed(either("conditionRef", inlined(version, "AlertCondition", CONDITION)), 1, 1)
    targets = listed(either("targetRef", inlined(version, "AlertNotificationTarget", TARGET)), 1)
    alerts = dict.fromkeys(("alertWhenNoData", "alertWhenBreaching", "alertWhenResolved"), flag)
    return record({"description": WORDS, **alerts, "conditions": conditions, "notificationTargets": targets})


def whole(version: str, kind: str, spec: Check) -> Check:
    """An object of a kind."""
    return record({"apiVersion": text(), "kind": text(among=(kind,)), "metadata": METADATA[version], "spec": spec})

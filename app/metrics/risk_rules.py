"""What may be kept of a risk or an action, and in which words a form says what may not."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError

from app.metrics.risk_records import (
    ACTION_EDITABLE,
    EDITABLE,
    LABELS,
    MOST_TAGS,
    RATING,
    Entry,
    Invalid,
    Treatment,
    differing,
)
from app.records import Record

T = TypeVar("T", bound=Record)
_PAIRS = (("inherent_likelihood", "inherent_impact"), ("target_likelihood", "target_impact"))
_RANGES = (("events_per_year_low", "events_per_year_high"), ("loss_low", "loss_high"))
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_BLANKS = ("tags", "links")
_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "string_too_short": "is missing",
    "string_too_long": "is longer than {max_length:,} characters",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "int_type": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "finite_number": "is not a number",
    "greater_than_equal": "is below {ge}",
    "less_than_equal": "is above {le}",
    "literal_error": "is none of {expected}",
    "date_parsing": "is not a date: write 2026-10-31",
    "date_from_datetime_parsing": "is not a date: write 2026-10-31",
    "date_from_datetime_inexact": "is not a date: write 2026-10-31",
    "date_type": "is not a date: write 2026-10-31",
    "string_type": "is not a text",
    "timezone_aware": "has no offset: write 2026-10-31T09:15:00Z",
}


def changed(old: T, fields: Mapping[str, Any]) -> T:
    """The record with some fields changed. Raises Invalid with a sentence a field."""
    return _made(type(old), {name: getattr(old, name) for name in type(old).model_fields} | _given(fields), fields)


def made(kind: type[T], fields: Mapping[str, Any]) -> T:
    """A new record. Raises Invalid with a sentence a field."""
    return _made(kind, _given(fields), fields)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the record takes them: an empty text is blank, a list is a tuple."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, str) and not value.strip():
            value = None
        if isinstance(value, list | tuple):
            value = tuple(one for one in value if not isinstance(one, str) or one.strip()) or None
        if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
            value = tuple(
                {one.strip().casefold() if name == "tags" else one.strip(): one.strip() for one in value}.values()
            )
        found[name] = () if value is None and name in _BLANKS else value
    return found


def _made(kind: type[T], values: Mapping[str, Any], given: Mapping[str, Any]) -> T:
    strange = [name for name in given if name not in kind.model_fields]
    if strange:
        raise Invalid({name: f"There is no field {name}." for name in strange})
    bad = {name: f"{_label(name)} holds a character that cannot be kept." for name in given if _unkeepable(given[name])}
    if bad:
        raise Invalid(bad)
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    whole = {name: value for name, value in values.items() if value is not None or name not in required}
    try:
        return kind.model_validate(whole)
    except ValidationError as cause:
        raise Invalid(_sentences(cause)) from cause


def _unkeepable(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_UNKEEPABLE.search(value))
    return isinstance(value, list | tuple) and any(_unkeepable(one) for one in value)


def _sentences(cause: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for error in cause.errors():
        name = str(error["loc"][0]) if error["loc"] else ""
        context = error.get("ctx", {})
        if error["type"] == "value_error":
            said = str(context.get("error", error["msg"]))
        else:
            said = _WORDS.get(error["type"], error["msg"]).format(
                **{key: _number(value) for key, value in context.items()}
            )
        if error["type"] == "literal_error":
            said = said.replace("'", "").replace(" or ", ", ")
        if not name:  # one of a pair before the other
            later, _, earlier = said.partition(" is before ")
            name, said = later, f"is below “{_label(earlier)}”" if earlier else said
        found.setdefault(name, f"{_label(name)} {said}.")
    return found


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _label(name: str) -> str:
    return LABELS.get(name, name)


def check_entry(new: Entry, old: Entry | None, services: Collection[str], today: date, why: str | None) -> None:
    """The rules that look at more than one field, and at what was there. Raises Invalid.

    What was odd before and is not touched stays as it is: a form must not refuse a title because of an old date.
    """
    moved = differing(old, new)
    bad: dict[str, str] = {}
    for one, other in _PAIRS:
        if {one, other} & moved.keys() and (getattr(new, one) is None) != (getattr(new, other) is None):
            blank = one if getattr(new, one) is None else other
            bad[blank] = f"{_label(blank)} is missing: state both, or neither."
    for low, high in _RANGES:
        if {low, high} & moved.keys() and (getattr(new, low) is None) != (getattr(new, high) is None):
            blank = low if getattr(new, low) is None else high
            bad[blank] = f"{_label(blank)} is missing: state both ends of the range, or neither."
    strange = [
        name for name in new.services or () if name not in services and name not in ((old and old.services) or ())
    ]
    if strange:
        bad["services"] = f"No service is known by the name {strange[0]}."
    if len(new.tags) > MOST_TAGS:
        bad["tags"] = f"Tags are more than {MOST_TAGS}: keep those that somebody looks for."
    if "review_on" in moved and new.review_on is not None and new.review_on < today:
        bad["review_on"] = "The review date is a day that is over: record the review instead, or choose a coming day."
    if "identified_on" in moved and new.identified_on is not None and new.identified_on > today:
        bad["identified_on"] = "The day it was identified is still to come."
    if old is not None and not (why or "").strip() and moved.keys() & {*RATING}:
        bad["why"] = "Say why the rating changes: it stays in the history."
    if bad:
        raise Invalid(bad)


def check_treatment(new: Treatment, old: Treatment | None, today: date) -> None:
    """The rules of an action that look at more than one field. Raises Invalid."""
    moved = differing(old, new)
    bad: dict[str, str] = {}
    if {"to_likelihood", "to_impact"} & moved.keys() and (new.to_likelihood is None) != (new.to_impact is None):
        blank = "to_likelihood" if new.to_likelihood is None else "to_impact"
        bad[blank] = f"{_label(blank)} is missing: state both, or neither."
    if "due_on" in moved and new.due_on is not None and new.due_on < today:
        bad["due_on"] = "The due date is a day that is over."
    if new.url is not None and "url" in moved and not new.url.startswith(("https://", "http://")):
        bad["url"] = "The address is no web address: begin it with https://."
    if bad:
        raise Invalid(bad)


def only(fields: Mapping[str, Any], allowed: Collection[str], told: Mapping[str, str]) -> None:
    """Raises Invalid for fields that this write does not change; `told`: which act does."""
    wrong = {
        name: f"{_label(name)} is not edited here: {told.get(name, 'it stays as it is')}."
        for name in fields
        if name not in allowed
    }
    if wrong:
        raise Invalid(wrong)


def sentence(field: str, text: str | None, what: str, longest: int = 2_000) -> str:
    """A text that must be there. Raises Invalid under the name of its field."""
    said = (text or "").strip()
    problem: Callable[[str], Invalid] = lambda words: Invalid({field: f"{what} {words}."})  # noqa: E731
    if not said:
        raise problem("is missing")
    if len(said) > longest:
        raise problem(f"is longer than {longest:,} characters")
    if _unkeepable(said):
        raise problem("holds a character that cannot be kept")
    return said


ENTRY_ACTS: Mapping[str, str] = {
    "status": "close or reopen the risk",
    "closed_on": "close or reopen the risk",
    "accepted_by": "an acceptance sets it",
    "accepted_until": "an acceptance sets it",
    "links": "link or unlink",
}
ENTRY_FIELDS = frozenset(EDITABLE)
ACTION_FIELDS = frozenset(ACTION_EDITABLE)

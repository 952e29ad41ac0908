"""`sources.yaml`: which live sources there are. One file, checked whole, refused by name in a sentence."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from data_sources import (
    datadog,
    jira,
    jsm_ops,
    openslo,
    opsgenie,
    pagerduty,
    prometheus,
    push,
    servicenow,
    statuspage,
)
from data_sources.brought import Kind
from data_sources.http import SourceError
from data_sources.options import Options

_KINDS = (
    datadog.KIND,
    jira.KIND,
    jsm_ops.KIND,
    openslo.KIND,
    opsgenie.KIND,
    pagerduty.KIND,
    prometheus.KIND,
    push.KIND,
    servicenow.KIND,
    statuspage.KIND,
)
"""Every kind of source: put a new connector here."""
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
_RESERVED = frozenset({"file", "app"})
_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "string_type": "must be text",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be of the form {pattern}",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
    "dict_type": "must be names and values",
    "model_type": "must be names and values",
}
_SECRETS = frozenset({"token", "password", "headers", "webhook"})


class Source(NamedTuple):
    """One configured source."""

    name: str
    kind: Kind
    options: Options


def load(path: Path) -> dict[str, Source]:
    """The sources of a file, by name; none where there is no file. Raises SourceError."""
    if not path.exists():
        return {}
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as cause:
        raise _refused(path, f"cannot be read ({type(cause).__name__}).") from None
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        raise _refused(path, f"is no YAML{f': look at line {mark.line + 1}' if mark else ''}.") from None
    if said is None:
        return {}
    listed = said.get("sources") if isinstance(said, dict) and said.keys() <= {"sources"} else None
    if not isinstance(listed, dict):
        raise _refused(path, "must hold `sources:` and nothing else, with a name and options for each.")
    return {str(name): _source(path, str(name), options) for name, options in listed.items()}


def _source(path: Path, name: str, said: Any) -> Source:
    if name in _RESERVED or not name.strip() or len(name) > 200:
        raise _refused(path, f"calls a source {name[:40]!r}: choose another name, like prometheus.")
    if not isinstance(said, dict):
        raise _refused(path, f"says nothing of {name}: give its kind and options.")
    kind = KINDS.get(str(said.get("kind")))
    if kind is None:
        raise _refused(path, f"must say of {name} which kind it is: {', '.join(KINDS)}.")
    folder = path.resolve().parent
    try:
        options = kind.options.model_validate(said, context={"folder": folder})
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "what it says"
        raise _refused(path, f"{name}, {where} {_words(first, kind, where)}.") from None
    if not isinstance(options, Options):
        raise TypeError(f"{kind.name}: its options are no Options")
    return Source(name, kind, options)


def _words(first: Any, kind: Kind, where: str) -> str:
    if where.split(".")[0] in _SECRETS and first["type"] == "string_pattern_mismatch":
        return "must be the name of an environment variable that holds it, like PROMETHEUS_TOKEN, never the secret"
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(where.split(".")[-1], kind.options.model_fields, 1)
        return f"is not known{f': is {close[0]} meant?' if close else ''}".rstrip("?")
    words = _WORDS.get(first["type"], str(first["msg"]).removeprefix("Value error, "))
    return words.format(**first.get("ctx", {})) if "{" in words else words


def _refused(path: Path, sentence: str) -> SourceError:
    return SourceError("configuration", f"{path.name} {sentence}" if " " in sentence else f"{path.name}: {sentence}")

"""OpenSLO documents into SLOs as Nines holds them: every SLO is read, what departs is said, nothing is guessed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from data_sources.openslo_documents import Document, Place, Warned
from data_sources.openslo_objects import VERSIONS
from data_sources.openslo_rules import DURATION

WINDOW = "28d"
"""Of an SLO that names none."""
_MINUTES = {"m": 1, "h": 60, "d": 1_440, "w": 10_080, "M": 43_200, "Q": 129_600, "Y": 525_600}
_UNITS = {"Second": 1 / 60, "Day": 1_440, "Week": 10_080, "Month": 43_200, "Quarter": 129_600}
_CALENDAR = {10_080: "1w", 43_200: "1M", 129_600: "1Q", 525_600: "1Y"}
_KINDS: Sequence[tuple[str, str]] = (
    ("latency", r"latenc|response.?time|duration|slow|fast|p9\d"),
    ("freshness", r"fresh|staleness|\blag\b|delay"),
    ("correctness", r"correct|accura|valid"),
    ("throughput", r"throughput"),
    ("availability", r"availab|uptime|success|running|reachab"),
    ("error_rate", r"error|fail"),
)
NAMED_KINDS = frozenset({"availability", "latency", "error_rate", "freshness", "correctness", "throughput", "other"})


class Metric(NamedTuple):
    """How an SLO's good part is asked for: queries as they stand in the definition."""

    good: str | None = None
    bad: str | None = None
    total: str | None = None
    raw: str | None = None
    raw_failure: bool = False
    threshold: str | None = None
    op: str | None = None
    value: float | None = None
    counter: bool = True
    of: str | None = None
    """The data source that the definition names."""


class Definition(NamedTuple):
    """One objective of one SLO: the values of a row of `slos`, where it stands, and its indicator."""

    values: Mapping[str, Any]
    file: str
    line: int
    metric: Metric | None


class Read(NamedTuple):
    """What a set of documents says."""

    slos: tuple[Definition, ...]
    services: tuple[Definition, ...]
    warnings: tuple[Warned, ...]


def version_of(document: Document) -> str | None:
    """v1, v1alpha or v2alpha; None for what is no OpenSLO at all. Another version is taken for v1."""
    said = document.value.get("apiVersion") if isinstance(document.value, dict) else None
    if not isinstance(said, str) or not said.lower().startswith("openslo"):
        return None
    return VERSIONS.get(said, "v1")


def read(documents: Sequence[Document], labels: Mapping[str, str], window: str = WINDOW) -> Read:
    """The SLOs and services of documents. `labels`: which label names the team, tier, product and kind."""
    warnings: list[Warned] = []
    indicators = {
        _name(one): one.value.get("spec") for one in documents if one.value.get("kind") == "SLI" and _name(one)
    }
    slos: list[Definition] = []
    services: list[Definition] = []
    for one in documents:
        if one.value.get("kind") == "SLO":
            slos += _slo(one, indicators, labels, window, warnings)
        elif one.value.get("kind") == "Service":
            services.append(_service(one, labels))
    return Read(tuple(slos), tuple(services), tuple(warnings))


def _name(document: Document) -> str | None:
    name = _dict(document.value.get("metadata")).get("name")
    return str(name).strip() or None if name is not None else None


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _label(document: Document, name: str) -> str | None:
    metadata = _dict(document.value.get("metadata"))
    for held in (_dict(metadata.get("labels")), _dict(metadata.get("annotations"))):
        found = held.get(name)
        found = found[0] if isinstance(found, list) and found else found
        if found not in (None, "", []):
            return str(found)
    return None


def _service(document: Document, labels: Mapping[str, str]) -> Definition:
    shown = _dict(document.value.get("metadata")).get("displayName")
    values = {"service": _name(document), "name": shown or _name(document)}
    found = {column: _label(document, labels[column]) for column in ("team", "tier", "product")}
    return Definition({**values, **found}, document.file, document.line(()), None)


def _slo(
    document: Document,
    indicators: Mapping[str | None, Any],
    labels: Mapping[str, str],
    window: str,
    warnings: list[Warned],
) -> Iterator[Definition]:
    spec, metadata = _dict(document.value.get("spec")), _dict(document.value.get("metadata"))
    name = _name(document)
    listed = spec.get("objectives")
    objectives = [_dict(one) for one in listed] if isinstance(listed, list) else [_dict(listed)] if listed else []

    def warn(place: Place, reason: str) -> None:
        warnings.append(Warned(document.file, document.line(place), reason))

    base = {
        "service": spec.get("service") or spec.get("serviceRef"),
        "kind": _kind(document, spec, labels, warn),
        "window": _window(spec, window, warn),
        "method": _method(spec, warn),
    }
    seen: set[str] = set()
    for place, one in enumerate(objectives or [{}]):
        at: Place = ("spec", "objectives", place)
        own, title = name, metadata.get("displayName") or name
        if len(objectives) > 1:
            called = str(one.get("displayName") or place + 1)
            slug = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-") or str(place + 1)
            slug = slug if slug not in seen else f"{slug}-{place + 1}"
            seen.add(slug)
            own, title = f"{name}/{slug}", f"{title}: {called}"
        percent = one.get("targetPercent")
        target = one.get("target") if one.get("target") is not None else _percent(percent)
        yield Definition(
            {
                **base,
                "slo": own,
                "name": title,
                "objective": target,
                "slice_minutes": _slice(one, str(base["method"])),
                "slice_objective": one.get("timeSliceTarget") if base["method"] == "timeslices" else None,
            },
            document.file,
            document.line(at if objectives else ()),
            _metric(spec, one, indicators),
        )


def _percent(value: Any) -> Any:
    """99.9 as 0.999 exactly as it is written; anything else is left for the rules to set aside."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(f"{value!r}e-2")


def _kind(document: Document, spec: Mapping[str, Any], labels: Mapping[str, str], warn: Any) -> str:
    said = _label(document, labels["kind"])
    if said in NAMED_KINDS:
        return said
    if said is not None:
        warn(("metadata",), f"{said[:40]!r} is no kind of SLO: one of {', '.join(sorted(NAMED_KINDS))}")
    inline = _dict(spec.get("indicator") or spec.get("sli"))
    metadata = [_dict(document.value.get("metadata")), _dict(inline.get("metadata"))]
    words = [one.get(key) for one in metadata for key in ("name", "displayName")]
    heard = " ".join(str(word) for word in [*words, spec.get("description")] if word).lower()
    return next((kind for kind, pattern in _KINDS if re.search(pattern, heard)), "other")


def _method(spec: Mapping[str, Any], warn: Any) -> str:
    said = str(spec.get("budgetingMethod") or "")
    if said == "RatioTimeslices":
        warn(("spec", "budgetingMethod"), "RatioTimeslices is read as time slices that each count by their good share")
        return "timeslices"
    if said.lower() in ("occurrences", "timeslices"):
        return said.lower()
    warn(("spec", "budgetingMethod"), f"budgetingMethod is {said[:40] or 'missing'}: read as Occurrences")
    return "occurrences"


def _window(spec: Mapping[str, Any], default: str, warn: Any) -> str:
    key = "timeWindows" if spec.get("timeWindows") else "timeWindow"
    listed = spec.get(key)
    one = _dict(listed[0] if isinstance(listed, list) and listed else listed)
    at: Place = ("spec", key, 0)
    if not one:
        warn(("spec",), f"no time window is named: read as {default}")
        return default
    minutes, said = _length(one)
    if minutes is None:
        warn(at, f"its time window {said[:40]} cannot be read: read as {default}")
        return default
    if not one.get("isRolling") and one.get("calendar") is not None and minutes in _CALENDAR:
        return _CALENDAR[round(minutes)]
    days = max(round(minutes / 1_440), 1)
    if minutes < 1_440:
        month = " (a month is 1M)" if said.endswith("m") else ""
        warn(at, f"its time window is {said}, shorter than a day{month}: read as 1d")
    elif not one.get("isRolling"):
        warn(
            at, f"its time window of {said} does not follow the calendar as one here can: read as the last {days} days"
        )
    elif said[-1] in "MQY" or said.endswith(("Month", "Quarter")):
        warn(at, f"its time window of {said} rolls: read as the last {days} days")
    if days > 999:
        warn(at, f"its time window of {said} is longer than 999 days: read as 999d")
    return f"{min(days, 999)}d"


def _length(window: Mapping[str, Any]) -> tuple[float | None, str]:
    if window.get("unit"):
        unit, count = _UNITS.get(str(window["unit"])), window.get("count")
        known = unit is not None and isinstance(count, int) and count > 0
        return (unit * count if known and unit and isinstance(count, int) else None), f"{count} {window['unit']}"
    said = str(window.get("duration") or "")
    found = DURATION.fullmatch(said)
    if found is None or found[2] not in _MINUTES or int(found[1]) <= 0:
        return None, said or "(none)"
    return int(found[1]) * _MINUTES[found[2]], said


def _slice(objective: Mapping[str, Any], method: str) -> float | None:
    found = DURATION.fullmatch(str(objective.get("timeSliceWindow") or ""))
    if method != "timeslices" or found is None or found[2] not in _MINUTES:
        return None
    return float(int(found[1]) * _MINUTES[found[2]])


def _metric(
    spec: Mapping[str, Any], objective: Mapping[str, Any], indicators: Mapping[str | None, Any]
) -> Metric | None:
    if objective.get("ratioMetrics"):
        ratio = _dict(objective["ratioMetrics"])
        good, of = _query(ratio.get("good"))
        return Metric(good=good, total=_query(ratio.get("total"))[0], of=of)
    for holder in (objective, spec):
        inline = holder.get("indicator") or holder.get("sli")
        ref = holder.get("indicatorRef") or holder.get("sliRef")
        held = _dict(inline).get("spec") or inline if inline else indicators.get(ref) if ref else None
        if held:
            return _of(_dict(held), objective)
    return None


def _of(held: Mapping[str, Any], objective: Mapping[str, Any]) -> Metric:
    if held.get("thresholdMetric"):
        query, of = _query(held["thresholdMetric"])
        return Metric(threshold=query, op=objective.get("op"), value=objective.get("value"), of=of)
    ratio = _dict(held.get("ratioMetric"))
    parts = {name: _query(ratio.get(name)) for name in ("good", "bad", "total", "raw")}
    return Metric(
        good=parts["good"][0],
        bad=parts["bad"][0],
        total=parts["total"][0],
        raw=parts["raw"][0],
        raw_failure=ratio.get("rawType") == "failure",
        counter=bool(ratio.get("counter", False)),
        of=next((of for _, of in parts.values() if of), None),
    )


def _query(metric: Any) -> tuple[str | None, str | None]:
    """The query of a metric, and the data source it names, in any of the versions."""
    one = _dict(metric)
    if one.get("query"):
        return str(one["query"]), str(one.get("source") or "") or None
    source = _dict(one.get("metricSource"))
    spec = _dict(source.get("spec") or one.get("spec"))
    of = source.get("metricSourceRef") or source.get("type") or one.get("dataSourceRef")
    of = of or _dict(one.get("dataSourceSpec")).get("type")
    query = spec.get("query") or spec.get("promql")
    return (str(query) if query else None), (str(of) if of else None)

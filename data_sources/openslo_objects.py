"""The kinds of objects of OpenSLO v1alpha, v1 and v2alpha, as its SDK accepts them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from data_sources.openslo_documents import Document, Place
from data_sources.openslo_rules import (
    CONDITION,
    DATA_SOURCE,
    DNS,
    METADATA,
    OPERATORS,
    TARGET,
    WORDS,
    Check,
    Departure,
    anything,
    duration,
    either,
    flag,
    forbidden,
    inlined,
    listed,
    moment,
    needed,
    number,
    one_of,
    policy,
    record,
    text,
    whole,
    zone,
)

VERSIONS: Mapping[str, str] = MappingProxyType(
    {"openslo/v1": "v1", "openslo/v1alpha": "v1alpha", "openslo.com/v2alpha": "v2alpha"}
)
_METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
_CALENDAR = record({"startTime": moment, "timeZone": zone})


def _rolling(value: Any, at: Place) -> Iterator[Departure]:
    if value.get("isRolling") and value.get("calendar") is not None:
        yield (*at, "calendar"), "is forbidden where isRolling is true"
    if not value.get("isRolling") and value.get("calendar") is None:
        yield at, "calendar is missing: it must be there unless isRolling is true"


_WINDOW = record({"duration": duration(), "isRolling": flag, "calendar": _CALENDAR}, _rolling)


def _spec_of_metric(value: Any, at: Place) -> Iterator[Departure]:
    if not isinstance(value, dict) or not value:
        yield at, "is missing"


def _metric(version: str) -> Check:
    if version == "v1":
        return record(
            {
                "metricSource": record(
                    {"metricSourceRef": DNS, "type": text(), "spec": _spec_of_metric},
                )
            },
            lambda value, at: needed(value.get("metricSource"), (*at, "metricSource")),
        )
    return record(
        {"dataSourceRef": DNS, "dataSourceSpec": _if_there(DATA_SOURCE), "spec": _some_names},
        one_of("dataSourceRef", "dataSourceSpec"),
    )


def _if_there(check: Check) -> Check:
    return lambda value, at: iter(()) if value is None else check(value, at)


def _some_names(value: Any, at: Place) -> Iterator[Departure]:
    if value is not None and not isinstance(value, dict):
        yield at, "must be names and values"


def _ratio(version: str) -> Check:
    def rules(value: Any, at: Place) -> Iterator[Departure]:
        yield from one_of("total", "raw")(value, at)
        yield from one_of("raw", "good", "bad", needs=False)(value, at)
        if value.get("total") is not None and value.get("good") is None and value.get("bad") is None:
            yield at, "has none of good, bad"
        if value.get("raw") is not None:
            yield from text(required=True, among=("success", "failure"))(value.get("rawType"), (*at, "rawType"))

    metric = dict.fromkeys(("good", "bad", "total", "raw"), _metric(version))
    return record({"counter": flag, "rawType": text(), **metric}, rules)


def _sli(version: str) -> Check:
    return record(
        {"description": WORDS, "thresholdMetric": _metric(version), "ratioMetric": _ratio(version)},
        one_of("thresholdMetric", "ratioMetric"),
        required=True,
    )


def _inline_sli(version: str) -> Check:
    return record({"metadata": METADATA[version], "spec": _sli(version)})


def _slo(version: str) -> Check:
    """An SLO's spec in v1 and v2alpha: they differ in names."""
    inline, ref, service = (
        ("indicator", "indicatorRef", "service") if version == "v1" else ("sli", "sliRef", "serviceRef")
    )

    def indicators(spec: Any, at: Place) -> Iterator[Departure]:
        objectives = [one for one in spec.get("objectives") or [] if isinstance(one, dict)]
        composite = any(one.get(key) is not None for one in objectives for key in (inline, ref))
        own = spec.get(inline) is not None or spec.get(ref) is not None
        if composite == own:
            yield at, f"{inline} or {ref} must be there once: on the SLO, or on each of its objectives"
        if own:
            yield from one_of(inline, ref)(spec, at)

    def each(spec: Any, at: Place) -> Iterator[Departure]:
        listed_ = spec.get("objectives")
        if not isinstance(listed_, list):
            return
        held = spec.get(inline)
        metrics = held.get("spec") if isinstance(held, dict) else None
        metrics = metrics if isinstance(metrics, dict) else {}
        composite = any(isinstance(one, dict) and (one.get(inline) or one.get(ref)) for one in listed_)
        for place, one in enumerate(listed_):
            if isinstance(one, dict):
                yield from objective(one, (*at, "objectives", place), spec, metrics, composite)

    def objective(one: Any, at: Place, spec: Any, metrics: Any, composite: bool) -> Iterator[Departure]:
        method = spec.get("budgetingMethod")
        if method == "Timeslices":
            yield from number(required=True, span="(0, 1]")(one.get("timeSliceTarget"), (*at, "timeSliceTarget"))
        if method in ("Timeslices", "RatioTimeslices"):
            yield from duration()(one.get("timeSliceWindow"), (*at, "timeSliceWindow"))
        if metrics.get("ratioMetric") is not None:
            yield from forbidden(one.get("value"), (*at, "value"))
            yield from forbidden(one.get("op"), (*at, "op"))
        if metrics.get("thresholdMetric") is not None:
            yield from number(required=True)(one.get("value"), (*at, "value"))
            yield from text(required=True, among=OPERATORS)(one.get("op"), (*at, "op"))
        if composite:
            yield from one_of(inline, ref, needs=False)(one, at)
            yield from number(span="(0, inf)")(one.get("compositeWeight"), (*at, "compositeWeight"))

    fields: dict[str, Check] = {
        "displayName": text(),
        "op": text(),
        "value": number(),
        "target": number(span="[0, 1)"),
        "targetPercent": number(span="[0, 100)"),
        "timeSliceTarget": number(),
        "timeSliceWindow": _if_there(duration(required=False)),
        inline: _inline_sli(version),
        ref: DNS,
        "compositeWeight": number(),
    }
    return record(
        {
            "description": WORDS,
            service: text(required=True),
            inline: _inline_sli(version),
            ref: DNS,
            "budgetingMethod": text(required=True, among=_METHODS),
            "timeWindow": listed(_WINDOW, 1, 1),
            "objectives": listed(record(fields, one_of("target", "targetPercent"))),
            "alertPolicies": listed(either("alertPolicyRef", inlined(version, "AlertPolicy", policy(version)))),
        },
        indicators,
        each,
        required=True,
    )


_ALPHA_WORD = text(required=True, pattern="[a-zA-Z]+")
_ALPHA_METRIC = record({"source": _ALPHA_WORD, "queryType": _ALPHA_WORD, "query": text(required=True)}, required=True)
_ALPHA_WINDOW = record(
    {
        "unit": text(required=True, among=("Second", "Day", "Week", "Month", "Quarter")),
        "count": number(required=True, whole=True, span="(0, inf)"),
        "isRolling": flag,
        "calendar": _CALENDAR,
    },
    _rolling,
)


def _alpha_rules(spec: Any, at: Place) -> Iterator[Departure]:
    objectives = spec.get("objectives") if isinstance(spec.get("objectives"), list) else []
    ratio = any(isinstance(one, dict) and one.get("ratioMetrics") is not None for one in objectives)
    if ratio == (spec.get("indicator") is not None):
        yield at, "must have either an indicator or ratioMetrics in its objectives"
    for place, one in enumerate(objectives):
        if not isinstance(one, dict):
            continue
        here = (*at, "objectives", place)
        if spec.get("budgetingMethod") == "Timeslices":
            yield from number(required=True, span="[0, 1]")(one.get("timeSliceTarget"), (*here, "timeSliceTarget"))
        op = text(required=True, among=OPERATORS) if one.get("ratioMetrics") is None else forbidden
        yield from op(one.get("op"), (*here, "op"))


_ALPHA_OBJECTIVE = record(
    {
        "displayName": WORDS,
        "value": number(required=True),
        "ratioMetrics": record({"good": _ALPHA_METRIC, "total": _ALPHA_METRIC, "incremental": flag}),
        "target": number(required=True, span="[0, 1)"),
        "timeSliceTarget": number(),
        "op": anything,
    }
)
_ALPHA_SLO = record(
    {
        "timeWindows": listed(_ALPHA_WINDOW, 1, 1),
        "budgetingMethod": text(required=True, among=_METHODS[:2]),
        "description": WORDS,
        "indicator": record({"thresholdMetric": _ALPHA_METRIC}),
        "service": text(required=True),
        "objectives": listed(_ALPHA_OBJECTIVE),
    },
    _alpha_rules,
    required=True,
)
_SERVICE = record({"description": WORDS})


def _kinds(version: str) -> Mapping[str, Check]:
    specs = {
        "Service": _SERVICE,
        "SLO": _slo(version),
        "SLI": _sli(version),
        "DataSource": DATA_SOURCE,
        "AlertPolicy": policy(version),
        "AlertCondition": CONDITION,
        "AlertNotificationTarget": TARGET,
    }
    return MappingProxyType({kind: whole(version, kind, spec) for kind, spec in specs.items()})


OBJECTS: Mapping[str, Mapping[str, Check]] = MappingProxyType(
    {
        "v1": _kinds("v1"),
        "v1alpha": {"Service": whole("v1alpha", "Service", _SERVICE), "SLO": whole("v1alpha", "SLO", _ALPHA_SLO)},
        "v2alpha": _kinds("v2alpha"),
    }
)


def departures(document: Document) -> Iterator[Departure]:
    """Where a document is not what the SDK accepts, and why."""
    value = document.value
    if not isinstance(value, dict):
        yield (), "must be an object with apiVersion, kind, metadata and spec"
        return
    version = VERSIONS.get(value.get("apiVersion", ""))
    if version is None:
        yield ("apiVersion",), f"{str(value.get('apiVersion'))[:60]!r} is none of {', '.join(VERSIONS)}"
        return
    check = OBJECTS[version].get(value.get("kind", ""))
    if check is None:
        yield ("kind",), f"{str(value.get('kind'))[:60]!r} is none of {', '.join(OBJECTS[version])}"
        return
    yield from check(value, ())

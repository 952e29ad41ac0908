"""What Datadog's SLOs promise, and the corrections that set time of theirs aside."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil import rrule

from data_sources.brought import Row
from data_sources.datadog_wire import Datadog
from data_sources.mapped import Values

_DAYS = re.compile(r"[1-9]\d{0,2}d")
_TAG = re.compile(r"[\w./-]+:[\w./-]+")
_METHODS = MappingProxyType({"metric": "occurrences", "monitor": "timeslices", "time_slice": "timeslices"})
_KINDS = frozenset({"availability", "latency", "error_rate", "freshness", "correctness", "throughput", "other"})
_CATEGORIES = MappingProxyType({"scheduled maintenance": "maintenance"})
"""Any other one is `other`: outside business hours, deployment, other."""
_SHORT = ("MINUTELY", "SECONDLY")


class Target(NamedTuple):
    """One promise of an SLO."""

    slo: str
    """What it is called here: the same whichever other targets the SLO has."""
    timeframe: str
    objective: Decimal


def targets(said: Mapping[str, Any], options: Datadog) -> list[Target]:
    """The promises of an SLO that are read."""
    if said.get("type") not in _METHODS:
        return []
    return [
        Target(f"{said['id']}/{one['timeframe']}", one["timeframe"], Decimal(str(one["target"])) / 100)
        for one in said.get("thresholds") or ()
        if options.timeframe in (None, one["timeframe"]) and _holds(one)
    ]


def _holds(threshold: Mapping[str, Any]) -> bool:
    """Whether a target is one that Nines can hold: over a number of days, with a budget."""
    return bool(_DAYS.fullmatch(str(threshold["timeframe"]))) and 0 < threshold["target"] < 100


def slice_minutes(said: Mapping[str, Any]) -> float:
    """How long a slice of a time-slice SLO is; a monitor is counted by minutes."""
    of = (said.get("sli_specification") or {}).get("time_slice") or {}
    return float(of.get("query_interval_seconds", 300)) / 60 if said["type"] == "time_slice" else 1.0


def rows(slos: Sequence[Mapping[str, Any]], options: Datadog, values: Values) -> Iterator[Row]:
    """Rows of `slos`, one a target."""
    for said in slos:
        found = targets(said, options)
        service = values.service(_service(said), f"{said['id']} {said['name']}")
        for one in found:
            method = _METHODS[said["type"]]
            yield Row(
                {
                    "slo": one.slo,
                    "service": service,
                    "name": said["name"] if len(found) == 1 else f"{said['name']} ({one.timeframe})",
                    "kind": next((kind for kind in _tagged(said, "kind") if kind in _KINDS), "other"),
                    "objective": format(one.objective.normalize(), "f"),
                    "window": one.timeframe,
                    "method": method,
                    "slice_minutes": slice_minutes(said) if method == "timeslices" else None,
                }
            )


def left_out(slos: Sequence[Mapping[str, Any]], options: Datadog) -> Iterator[str]:
    """What of the SLOs is not read, and why, a sentence each."""
    for said in slos:
        thresholds = said.get("thresholds") or ()
        if said.get("type") not in _METHODS:
            yield f"{said['name']} is an SLO of the type {said.get('type')}, which Nines does not know; it is left out."
        elif options.timeframe and all(one["timeframe"] != options.timeframe for one in thresholds):
            yield f"{said['name']} has no target over {options.timeframe}; it is left out."
        else:
            for one in thresholds:
                if options.timeframe in (None, one["timeframe"]) and not _holds(one):
                    what = f"{one['target']} % over {one['timeframe']}"
                    yield f"{said['name']} has a target of {what}, which Nines cannot hold; it is left out."


def _service(said: Mapping[str, Any]) -> str:
    """The service that an SLO's tags name, else its team, else the SLO itself: the mapping of services knows each."""
    team = next(_tagged(said, "team"), None)
    return next(_tagged(said, "service"), None) or (f"team:{team}" if team else str(said["name"]))


def _tagged(said: Mapping[str, Any], key: str) -> Iterator[str]:
    for tag in (*(said.get("tags") or ()), *(said.get("monitor_tags") or ())):
        if tag.startswith(f"{key}:") and tag != f"{key}:":
            yield tag.removeprefix(f"{key}:")


def exclusions(
    corrections: Sequence[Mapping[str, Any]],
    slos: Sequence[Mapping[str, Any]],
    options: Datadog,
    first: datetime,
    last: datetime,
) -> tuple[list[Row], list[str]]:
    """Rows of `exclusions`, those that recur once for each time in [first, last]; and which corrections
    could not be read, a sentence each. What concerns no SLO that is read concerns nothing here."""
    found: list[Row] = []
    unread: list[str] = []
    for one in corrections:
        said = one["attributes"]
        try:
            concerned = tuple(target.slo for slo in _concerned(said, slos) for target in targets(slo, options))
            times = list(_times(said, first, last)) if concerned else []
        except (ValueError, LookupError) as cause:
            unread.append(
                f"The correction {one['id']} cannot be read ({str(cause)[:120]}): it sets no time aside here."
            )
            continue
        for start, end in times:
            found.append(
                Row(
                    {
                        "exclusion": f"{one['id']}@{start:%Y-%m-%dT%H:%MZ}" if said.get("rrule") else one["id"],
                        "start": start,
                        "end": end,
                        "slos": concerned,
                        "reason": said.get("description") or said.get("category"),
                        "category": _CATEGORIES.get(str(said.get("category")).casefold(), "other"),
                        "approved_by": _person(said.get("creator")),
                    }
                )
            )
    return found, unread


def _concerned(said: Mapping[str, Any], slos: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The SLOs that a correction is for. Raises ValueError for a query that only Datadog can judge."""
    if said.get("slo_id"):
        return [slo for slo in slos if slo["id"] == said["slo_id"]]
    query = str(said.get("slo_query") or "")
    tags = query.split()
    if not tags or not all(_TAG.fullmatch(tag) for tag in tags):
        raise ValueError(f"it is for the SLOs of the query {query!r}, which is more than tags")
    return [slo for slo in slos if set(tags) <= set(slo.get("tags") or ())]


def _times(said: Mapping[str, Any], first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """When a correction begins and ends, each time. Raises ValueError or LookupError for a rule that cannot be read."""
    start = datetime.fromtimestamp(said["start"], UTC)
    rule = said.get("rrule")
    if not rule:
        yield start, datetime.fromtimestamp(said["end"], UTC) if said.get("end") else None
        return
    if any(word in rule.upper() for word in _SHORT):
        raise ValueError(f"it recurs within an hour: {rule}")
    lasts = timedelta(seconds=said["duration"])
    local = start.astimezone(ZoneInfo(said.get("timezone") or "UTC"))
    for at in rrule.rrulestr(rule, dtstart=local).between(first - lasts, last, inc=True):
        yield at.astimezone(UTC), at.astimezone(UTC) + lasts


def _person(creator: Any) -> str | None:
    """Who set a correction: the e-mail, else the name, the handle, the key of a user who is gone."""
    of = (creator or {}).get("data") or creator or {}
    about = of.get("attributes") or of
    return about.get("email") or about.get("name") or about.get("handle") or of.get("id")

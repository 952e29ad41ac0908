"""Datadog: what its SLOs promise and what became of them, the corrections to them, and incidents.

SLOs, corrections and incidents are read whole each time; the SLOs' history by days, one answer a day and SLO.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from app.records import ENTITIES
from data_sources import datadog_history, datadog_incidents, datadog_slos
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.datadog_wire import Datadog, asked, listed
from data_sources.http import Client, Slice, SourceError
from data_sources.mapped import Values

_SLOS, _CORRECTIONS, _HISTORY, _INCIDENTS = "slos", "corrections", "history", "incidents"
_BACK = timedelta(days=90)
"""How long ago a time of a recurring correction may have been, where nothing is said of the first reading."""


class Listed(NamedTuple):
    """SLOs and what goes with them."""

    slos: Sequence[Mapping[str, Any]]
    corrections: Sequence[Mapping[str, Any]]
    unread: tuple[str, ...]
    complete: bool


class Answers(NamedTuple):
    """What became of the SLOs in a slice of time."""

    bodies: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    """SLO, and the answer about it."""
    unread: tuple[str, ...]
    complete: bool


def parts(options: Datadog) -> Sequence[Part]:
    """SLOs with their corrections, incidents, and the SLOs' history; other rows are read from the start."""
    asked_for = repr((options.tags, options.timeframe, options.row_minutes))
    told = hashlib.sha256(asked_for.encode()).hexdigest()[:8]
    slos = [Part(_SLOS, _SLOS, whole=True), Part(f"{_HISTORY}#{told}", _HISTORY)]
    incidents = [Part(_INCIDENTS, _INCIDENTS, whole=True)]
    return [*(slos if _SLOS in options.read else ()), *(incidents if _INCIDENTS in options.read else ())]


def fetch(client: Client | None, options: Datadog, part: Part, slice_: Slice) -> Any:
    """What a part is made of, as Datadog gives it."""
    assert client is not None
    if part.of == _INCIDENTS:
        return datadog_incidents.fetch(client)
    slos, lacking = _slos(client, options)
    if part.of == _HISTORY:
        return _histories(client, options, slos, lacking, slice_)
    try:
        corrections, fewer = listed(client, "/api/v1/slo/correction", "meta")
    except SourceError as cause:
        if cause.reason != "permission":
            raise
        return Listed(slos, [], tuple(filter(None, (lacking, str(cause)))), not lacking)
    unread = tuple(filter(None, (lacking, fewer)))
    return Listed(slos, corrections, unread, not unread)


def _slos(client: Client, options: Datadog) -> tuple[list[Mapping[str, Any]], str | None]:
    return listed(client, "/api/v1/slo", "metadata", {"tags_query": options.tags} if options.tags else None)


def _histories(
    client: Client, options: Datadog, slos: Sequence[Mapping[str, Any]], lacking: str | None, slice_: Slice
) -> Answers:
    """An answer about each SLO, always over a whole day: how fine it is depends on how much is asked for."""
    bodies = []
    unread = [lacking] if lacking else []
    to = int(slice_.end.timestamp())
    asking: dict[str, str | int | float] = {
        "from_ts": to - int(datadog_history.WINDOW.total_seconds()),
        "to_ts": to,
        # Corrections are exclusions here, which every number is told with and without.
        "apply_correction": "false",
    }
    for slo in slos:
        if datadog_slos.targets(slo, options):
            try:
                bodies.append((slo, asked(client, f"/api/v1/slo/{slo['id']}/history", asking)))
            except SourceError as cause:
                if cause.reason not in {"query", "version"}:
                    raise
                unread.append(f"{slo['name']}: {cause}")
    return Answers(bodies, tuple(unread), not lacking)


def parse(raw: Any, options: Datadog, part: Part, slice_: Slice) -> Brought:
    """Facts of a part."""
    values = Values(options.map, severity=datadog_incidents.SEVERITY)
    if part.of == _INCIDENTS:
        incidents, impacts = datadog_incidents.parse(raw, options, values)
        return Brought(_batches(incidents=incidents, impacts=impacts), seen=values.seen())
    if part.of == _HISTORY:
        return _history(raw, options, slice_)
    since = options.since or slice_.end - _BACK
    rows = list(datadog_slos.rows(raw.slos, options, values))
    exclusions, unread = datadog_slos.exclusions(raw.corrections, raw.slos, options, since, slice_.end)
    return Brought(
        _batches(slos=rows, exclusions=exclusions),
        (*raw.unread, *unread),
        tuple(datadog_slos.left_out(raw.slos, options)),
        partial=not raw.complete,
        seen=values.seen(),
    )


def _history(raw: Answers, options: Datadog, slice_: Slice) -> Brought:
    found = [datadog_history.history(slo, body, options, slice_) for slo, body in raw.bodies]
    return Brought(
        _batches(sli=[row for one in found for row in one.rows]),
        (*raw.unread, *(told for one in found for told in one.unread)),
        partial=not raw.complete or any(one.partial for one in found),
    )


def _batches(**rows: Sequence[Row]) -> Any:
    return [(ENTITIES[name], name, batch(name, found)) for name, found in rows.items() if found]


def test(client: Client | None, options: Datadog) -> str:
    """How many SLOs there are, and whether incidents may be read."""
    assert client is not None
    told = []
    if _SLOS in options.read:
        slos, _ = _slos(client, options)
        told.append(f"it has {len(slos):,} SLO{'s' * (len(slos) != 1)}")
    if _INCIDENTS in options.read:
        try:
            asked(client, "/api/v2/incidents", {"page[size]": 1})
            told.append("its incidents may be read")
        except SourceError as cause:
            if cause.reason != "permission" or not told:
                raise
            told.append("its incidents may not be read with these keys, or were not bought: say read: [slos]")
    return f"It answers: {'; '.join(told)}."


KIND = Kind(
    name="datadog",
    options=Datadog,
    test=test,
    parts=parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: datadog_history.WINDOW,
    step=lambda options: timedelta(minutes=options.row_minutes),
    overlap=lambda options: timedelta(minutes=2 * options.row_minutes),
    settle=lambda options: timedelta(minutes=options.settle_minutes),
    mapped=("severity", "services", "customer_impact", "causes"),
    apart=frozenset({"query", "permission"}),
)

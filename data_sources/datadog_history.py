"""What became of Datadog's SLOs: sums of events, or the states of monitors and time slices, as rows of one length.

Sums come over stretches whose length Datadog chooses by how much time is asked for: so it is always a day, and the
stretches are added up to rows. A stretch without a value, and time without a state, is a gap: no row, never a zero.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from data_sources.brought import Row
from data_sources.datadog_slos import slice_minutes, targets
from data_sources.datadog_wire import Datadog, said
from data_sources.http import Slice

WINDOW = timedelta(days=1)
_STATES = MappingProxyType({"0": True, "1": False, "2": None, "NO_DATA": None, "None": None})
"""Whether it was well; None: no data."""
_NO_TRAFFIC = "ZERO_VALUED_DENOMINATOR"


class History(NamedTuple):
    """What was made of one answer."""

    rows: list[Row]
    unread: list[str]
    partial: bool


class _Sum(NamedTuple):
    minutes: float
    good: float
    total: float


def history(slo: Mapping[str, Any], body: Mapping[str, Any], options: Datadog, slice_: Slice) -> History:
    """Rows of `sli` for each target of an SLO."""
    data = body.get("data") or {}
    overall = data.get("overall") or {}
    unread = [f"{slo['name']}: {said(body['errors'])}."] if body.get("errors") else []
    if overall.get("preview"):
        unread.append(f"{slo['name']}: Datadog is still working out what its monitor did.")
    partial = bool(unread)
    other = [one for one in overall.get("errors") or () if one.get("error_type") != _NO_TRAFFIC]
    if other:
        unread.append(f"{slo['name']}: {said(other)}.")
    try:
        sums = dict(
            _events(data, options, slice_) if slo["type"] == "metric" else _states(slo, overall, options, slice_)
        )
    except ValueError as cause:
        return History([], [*unread, f"{slo['name']}: {cause}."], partial)
    rows = [
        Row(
            {
                "slo": target.slo,
                "start": datetime.fromtimestamp(start, UTC),
                "minutes": one.minutes,
                "good": one.good,
                "total": one.total,
            }
        )
        for target in targets(slo, options)
        for start, one in sorted(sums.items())
    ]
    return History(rows, unread, partial)


def _events(data: Mapping[str, Any], options: Datadog, slice_: Slice) -> Iterator[tuple[int, _Sum]]:
    """Rows of events by when they begin. Raises ValueError for stretches that rows cannot be made of."""
    series = data.get("series") or {}
    good, total = ((series.get(name) or {}).get("values") or () for name in ("numerator", "denominator"))
    if not total:
        return
    length, row = int(series["interval"]), options.row_minutes * 60
    if row % length:
        raise ValueError(
            f"Datadog sums its events over {length // 60} minutes, of which rows of {options.row_minutes} cannot be "
            "made: set row_minutes to a multiple"
        )
    found: dict[int, list[tuple[float, float]]] = {}
    for at, part, whole in zip(series["times"], good, total, strict=True):
        start = int(at // 1000)
        if slice_.start.timestamp() <= start < slice_.end.timestamp() and part is not None and whole is not None:
            found.setdefault(start - start % row, []).append((part, whole))
    for start, parts in found.items():
        sums = [math.fsum(values) for values in zip(*parts, strict=True)]
        yield start, _Sum(len(parts) * length / 60, *sums)


def _states(
    slo: Mapping[str, Any], overall: Mapping[str, Any], options: Datadog, slice_: Slice
) -> Iterator[tuple[int, _Sum]]:
    """Rows of time by when they begin. Raises ValueError for a state that nothing is known of."""
    spans = list(_spans(overall.get("history") or (), slice_.end.timestamp()))
    unit, row = slice_minutes(slo) * 60, options.row_minutes * 60
    for start in range(int(slice_.start.timestamp()), int(slice_.end.timestamp()), row):
        lasting = [(max(min(end, start + row) - max(at, start), 0.0), well) for at, end, well in spans]
        known = math.fsum(seconds for seconds, _ in lasting)
        if known:
            well = math.fsum(seconds for seconds, well in lasting if well)
            yield start, _Sum(known / 60, well / unit, known / unit)


def _spans(states: Iterable[Any], end: float) -> Iterator[tuple[float, float, bool]]:
    """From, to, and whether it was well, of each stretch of which something is known."""
    turns = sorted(((float(at), str(state).partition(".")[0]) for at, state in states), key=lambda turn: turn[0])
    for number, (at, state) in enumerate(turns):
        if state not in _STATES:
            raise ValueError(f"its history has the state {state}, which Nines does not know")
        well = _STATES[state]
        if well is not None:
            yield at, turns[number + 1][0] if number + 1 < len(turns) else end, well

"""Prometheus and what speaks its API (Thanos, Mimir, VictoriaMetrics): rows of `sli` from queries.

Queries are the OpenSLO definitions' own, or stand in `sources.yaml`; `{{window}}` in them becomes the length of a row,
or of a time slice. A moment without an answer is a gap: no row, never a zero.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from app.records import ENTITIES
from data_sources import openslo, promql
from data_sources.brought import Brought, Kind, Part, Row, batch
from data_sources.http import Client, Slice, SourceError
from data_sources.options import Wired
from data_sources.promql import Asked

POINTS = 10_000
"""Points asked for at once; Prometheus gives at most 11,000."""
_ROUNDING = 1e-9
_COMPARED = {
    "gt": lambda found, value: found > value,
    "gte": lambda found, value: found >= value,
    "lt": lambda found, value: found < value,
    "lte": lambda found, value: found <= value,
}


class Query(BaseModel):
    """How one SLO is asked for: good and total, bad and total, a ratio, or a value against a threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    good: str | None = None
    bad: str | None = None
    total: str | None = None
    ratio: str | None = None
    value: str | None = None
    op: Literal["gt", "gte", "lt", "lte"] | None = None
    threshold: float | None = None
    method: Literal["occurrences", "timeslices"] = "occurrences"
    slice_minutes: Annotated[float, Gt(0)] | None = None
    slice_objective: Annotated[float, Gt(0), Le(1)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        ways = [
            self.total is not None and (self.good is None) != (self.bad is None),
            self.ratio is not None,
            self.value is not None and self.op is not None and self.threshold is not None,
        ]
        if sum(ways) != 1:
            raise ValueError("must give good and total, or bad and total, or ratio, or value with op and threshold")
        if self.method == "timeslices" and self.slice_minutes is None:
            raise ValueError("must give slice_minutes for time slices")
        return self


class Prometheus(Wired):
    """Of a source that speaks Prometheus's API."""

    slos: Mapping[str, Query] = Field(default_factory=dict)
    """SLO → its queries; these go before those of `openslo`."""
    openslo: tuple[Path, ...] = ()
    """Definitions whose own queries are asked; relative to the folder of `sources.yaml`."""
    data_source: str | None = None
    """Of those, only the ones that name this data source."""
    row_minutes: Annotated[int, Ge(1), Le(1_440)] = 60
    """The length of a row: 5 gives burn rates down to five minutes."""
    sample_seconds: Annotated[int, Ge(1), Le(3_600)] = 60
    """How often a value is held against its threshold."""
    settle_minutes: Annotated[float, Ge(0)] = 5
    """How long the latest samples may take to arrive."""
    slice_days: Annotated[int, Ge(1), Le(90)] = 7
    """How much time is read and kept at once."""

    @field_validator("row_minutes")
    @classmethod
    def _divides(cls, minutes: int) -> int:
        if 1_440 % minutes:
            raise ValueError("must divide a day, like 5, 15 or 60")
        return minutes

    @field_validator("openslo")
    @classmethod
    def _beside(cls, paths: tuple[Path, ...], info: ValidationInfo) -> tuple[Path, ...]:
        return openslo.beside(paths, info)


def parts(options: Prometheus) -> Sequence[Part]:
    """One an SLO: changed queries are another part, which is read from the start. Raises SourceError."""
    found: dict[str, Asked] = {}
    if options.openslo:
        judged = openslo.judged(openslo.gather(options.openslo))
        for one in openslo.definitions(judged, openslo.Labels(), "28d").slos:
            metric = one.metric
            if metric and (options.data_source is None or metric.of == options.data_source):
                name, said = str(one.values["slo"]), one.values
                found[name] = promql.of_definition(
                    name,
                    metric,
                    str(said["method"]),
                    said["slice_minutes"],
                    said["slice_objective"],
                    options.row_minutes,
                    options.sample_seconds,
                )
    for name, query in options.slos.items():
        found[name] = promql.of_query(name, query.model_dump(), options.row_minutes, options.sample_seconds)
    if not found:
        raise SourceError("configuration", "No SLO is asked for: give slos, or openslo with definitions.")
    return [
        Part(f"{name}#{hashlib.sha256(repr(asked).encode()).hexdigest()[:8]}", asked) for name, asked in found.items()
    ]


def fetch(client: Client | None, options: Prometheus, part: Part, slice_: Slice) -> dict[str, list[Any]]:
    """Query → the answers that cover the slice, point by point of the part's step."""
    asked: Asked = part.of
    if asked.problem:
        raise SourceError("query", asked.problem)
    assert client is not None
    step = asked.step_seconds
    first, last = int(slice_.start.timestamp()) + step, int(slice_.end.timestamp())
    answers: dict[str, list[Any]] = {}
    for name, query in asked.queries:
        for start in range(first, last + 1, step * POINTS):
            end = min(start + step * (POINTS - 1), last)
            form: dict[str, str | int] = {"query": query, "start": start, "end": end, "step": step}
            answers.setdefault(name, []).append(client.post("/api/v1/query_range", form).body)
    return answers


def parse(raw: Mapping[str, Sequence[Any]], options: Prometheus, part: Part, slice_: Slice) -> Brought:
    """Rows of `sli`. Raises SourceError for what is no single series."""
    asked: Asked = part.of
    points: dict[str, dict[int, float | None]] = {}
    told: list[str] = []
    for name, bodies in raw.items():
        points[name] = {}
        for body in bodies:
            points[name] |= _points(asked, name, body)
            told += [f"{asked.slo}: the answer is partial: {str(one)[:200]}." for one in body.get("warnings") or ()]
    rows, lost = _rows(asked, points, slice_)
    if lost:
        told.append(f"{asked.slo}: {lost:,} moments have a total but no number of good ones; they are left out.")
    found = ((ENTITIES["sli"], asked.slo, batch("sli", rows)),) if rows else ()
    return Brought(found, tuple(dict.fromkeys(told)), partial=any("is partial" in one for one in told))


def _points(asked: Asked, name: str, body: Any) -> dict[int, float | None]:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or body.get("status") != "success" or data.get("resultType") != "matrix":
        raise SourceError("version", f"{asked.slo}: the answer is not one of Prometheus's API: is its url right?")
    series = data["result"]
    if len(series) > 1:
        raise SourceError("query", f"its query for {name} gives {len(series)} series: sum them into one.")
    return {round(float(at)): _number(text) for one in series for at, text in one["values"]}


def _number(text: str) -> float | None:
    """A value as Prometheus writes it; NaN and infinity are no number."""
    value = float(text)
    return value if math.isfinite(value) else None


def _rows(asked: Asked, points: Mapping[str, Mapping[int, float | None]], slice_: Slice) -> tuple[list[Row], int]:
    """Rows whose every moment is judged by itself and added up; and how many moments could not be judged."""
    rows: list[Row] = []
    lost = 0
    at = int(slice_.start.timestamp())
    while at < int(slice_.end.timestamp()):
        moments = range(at + asked.step_seconds, at + asked.row_seconds + 1, asked.step_seconds)
        judged = [_judged(asked, points, moment) for moment in moments]
        lost += sum(one is not None and one[0] is None for one in judged)
        fine = [(good, total) for one in judged if one is not None for good, total in [one] if good is not None]
        if fine:
            good, total = (math.fsum(values) for values in zip(*fine, strict=True))
            values = {
                "slo": asked.slo,
                "start": datetime.fromtimestamp(at, UTC),
                "minutes": asked.row_seconds / 60,
                "good": total if 0 < good - total <= _ROUNDING * total else good,
                "total": total,
            }
            rows.append(Row(values))
        at += asked.row_seconds
    return rows, lost


class _Moment(NamedTuple):
    good: float | None
    total: float


def _judged(asked: Asked, points: Mapping[str, Mapping[int, float | None]], moment: int) -> _Moment | None:
    """What one moment gives; None where nothing is known of it, good None where only its total is."""
    if "value" in points:
        found = points["value"].get(moment)
        return None if found is None else _Moment(float(_COMPARED[asked.op](found, asked.threshold)), 1.0)
    if "ratio" in points:
        share = points["ratio"].get(moment)
        if share is None:
            return None
        good, total = (1 - share if asked.inverted else share), 1.0
    else:
        whole = points["total"].get(moment)
        if whole is None:
            return None
        part = points["good" if "good" in points else "bad"].get(moment, 0.0 if "bad" in points or whole == 0 else None)
        if part is None:
            return _Moment(None, whole)
        good, total = (whole - part if "bad" in points else part), whole
    if asked.method == "occurrences":
        return _Moment(good, total)
    if total == 0:
        return _Moment(0.0, 0.0)
    share = good / total
    return _Moment(share if asked.slice_objective is None else float(share >= asked.slice_objective), 1.0)


def test(client: Client | None, options: Prometheus) -> str:
    """Which version answers, and whether each query does."""
    assert client is not None
    answer = client.get("/api/v1/query", {"query": "vector(1)"}).body
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise SourceError("version", f"{client.name} does not answer as Prometheus does: is its url right?")
    asked = parts(options)
    for part in asked:
        if part.of.problem:
            raise SourceError("query", f"{part.of.slo}: {part.of.problem}")
        for _, query in part.of.queries:
            client.post("/api/v1/query", {"query": query})
    return f"It answers, and so do the queries of {len(asked):,} SLO{'s' * (len(asked) != 1)}."


KIND = Kind(
    name="prometheus",
    options=Prometheus,
    test=test,
    parts=parts,
    fetch=fetch,
    parse=parse,
    slice=lambda options: timedelta(days=options.slice_days),
    step=lambda options: timedelta(minutes=options.row_minutes),
    overlap=lambda options: timedelta(minutes=max(2 * options.row_minutes, 60)),
    settle=lambda options: timedelta(minutes=options.settle_minutes),
)

"""Service levels: one row a day for each promise (hours in the last four days), dipping where incidents hurt."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from app.demo.case import Case
from app.demo.columns import from_columns, moments, pick
from app.demo.organisation import HOURLY_TIERS, Promise
from app.demo.stage import Stage
from app.demo.timeline import DAY, HOUR, Floats, Ints, by_month, chance

_VOLUME = (2_400_000, 420_000, 65_000, 9_000)
"""Events a plain day by tier."""
_TIGHT = {"search-api-latency": 0.8, "warehouse-gateway-availability": 0.85, "customer-360-availability": 0.9}
"""Promises that just about hold: the share of their budget that everyday errors eat."""
GAP = ("recommendations-availability", 128, 11)
"""A promise whose exporter was down: days before today, and for how many."""
_CLOSED_ON_SUNDAYS = "invoicing-availability"
_FINE_DAYS = 4
_CHUNK = 400


class _Rows(tuple[Ints, Floats, Floats, Floats]):
    """start, minutes, good, total of one promise."""


def tables(stage: Stage, cases: Sequence[Case]) -> Iterator[pa.Table]:
    """The SLI rows, some hundred promises at a time."""
    hits = _hits(stage, cases)
    promises = stage.company.promises
    for at in range(0, len(promises), _CHUNK):
        some = promises[at : at + _CHUNK]
        rows = [_rows(stage, slo, hits.get(slo.service, ())) for slo in some]
        start, minutes, good, total = (np.concatenate([r[n] for r in rows]) for n in range(4))
        index = np.repeat(np.arange(len(some)), [len(r[0]) for r in rows])
        yield from_columns(
            "sli",
            "datadog",
            {
                "slo": pick([slo.slo for slo in some], index),
                "start": moments(start.astype(np.int64)),
                "minutes": pa.array(minutes),
                "good": pa.array(good),
                "total": pa.array(total),
            },
        )


def _hits(stage: Stage, cases: Sequence[Case]) -> Mapping[str, list[tuple[int, int, float]]]:
    """Service → (start, end, share of its requests that failed) of each impact."""
    found: dict[str, list[tuple[int, int, float]]] = {}
    for case in cases:
        for impact in case.impacts if case.real else ():
            end = impact["end"]
            span = int(impact["start"].timestamp() * 1e6), int(end.timestamp() * 1e6) if end else stage.end
            share = impact["share"] if impact["share"] is not None else 0.2
            found.setdefault(impact["service"], []).append(
                (*span, share * (1.0 if impact["level"] == "outage" else 0.6))
            )
    return found


def _grid(stage: Stage, slo: Promise, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Starts and minutes of the rows of one promise: days, then hours; never two for one moment."""
    days = stage.midnights
    if slo.kind != "availability" and slo.slo != "checkout-latency":
        days = days[int(rng.integers(0, 120)) :]
    fine = stage.company.by_name[slo.service].tier in HOURLY_TIERS
    if not fine:
        return days, np.full(len(days), 1440.0)
    hours = stage.end - _FINE_DAYS * DAY + np.arange(_FINE_DAYS * 24) * HOUR
    days = days[:-_FINE_DAYS]
    return np.concatenate([days, hours]), np.concatenate([np.full(len(days), 1440.0), np.full(len(hours), 60.0)])


def _rows(stage: Stage, slo: Promise, hits: Sequence[tuple[int, int, float]]) -> _Rows:
    rng = chance("sli:" + slo.slo)
    start, minutes = _grid(stage, slo, rng)
    day = (start - stage.start) // DAY
    hour = (start % DAY) / HOUR
    hourly = np.where(minutes < 1440, (1 + 0.75 * np.cos(2 * np.pi * (hour - 16.5) / 24)) / 24, 1.0)
    total = _VOLUME[stage.company.by_name[slo.service].tier] * rng.uniform(0.4, 1.6) * stage.season[day] * hourly
    total = np.rint(total * np.exp(rng.normal(0, 0.04, len(start))))
    if slo.method == "timeslices":
        total = minutes / (slo.slice_minutes or 5)
    if slo.slo == _CLOSED_ON_SUNDAYS:
        total = np.where(stage.weekday[day] == 6, 0.0, total)
    usual = (1 - slo.objective) * _eaten(stage, slo, rng)[day]
    usual = usual * np.exp(rng.normal(-0.08, 0.4, len(start)))
    failing = np.minimum(usual + _dips(start, minutes, slo, hits), 1.0)
    bad = np.minimum(rng.poisson(total * failing), total)
    keep = np.ones(len(start), dtype=np.bool_)
    if slo.slo == GAP[0]:
        keep = (start < stage.ago(GAP[1])) | (start >= stage.ago(GAP[1] - GAP[2]))
    return _Rows((start[keep], minutes[keep], (total - bad)[keep], total[keep]))


def _eaten(stage: Stage, slo: Promise, rng: np.random.Generator) -> Floats:
    """For each day, the share of the budget that everyday errors eat: months differ, most of all below tier 0."""
    top = stage.company.by_name[slo.service].tier == 0
    level = _TIGHT.get(slo.slo) or (rng.uniform(0.2, 0.4) if top else rng.uniform(0.3, 0.7))
    months = np.exp(rng.normal(0, 0.2 if top else 0.36, 12 * stage.years + 2))
    return np.asarray(level * months[stage.month] * by_month(stage.month, 1.0, 1.3, 0.9), dtype=np.float64)


def _dips(start: Ints, minutes: Floats, slo: Promise, hits: Sequence[tuple[int, int, float]]) -> Floats:
    """The share of each row's events that impacts took; slow answers and stale data suffer less than availability."""
    lost = np.zeros(len(start))
    weight = {"availability": 1.0, "latency": 0.55, "correctness": 0.004, "freshness": 0.5}[slo.kind]
    end = start + (minutes * 60e6).astype(np.int64)
    for begun, ended, share in hits:
        first, last = np.searchsorted(end, begun, "right"), np.searchsorted(start, ended, "left")
        rows = slice(int(first), int(last))
        overlap = np.minimum(end[rows], ended) - np.maximum(start[rows], begun)
        lost[rows] += np.maximum(overlap, 0) / (end[rows] - start[rows]) * share * weight
    return lost

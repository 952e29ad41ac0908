"""Which queries are asked for an SLO: its definition's own, with the window filled in. No I/O."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from data_sources.openslo_reading import Metric

_WINDOW = re.compile(r"\{\{\s*\.?window\s*\}\}")
_SELECTOR = r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{[^{}]*\})?"
_BARE = re.compile(rf"\s*(?:sum\s*\(\s*({_SELECTOR})\s*\)|({_SELECTOR}))\s*")


class Asked(NamedTuple):
    """One SLO as it is asked for."""

    slo: str
    queries: tuple[tuple[str, str], ...]
    """`good` or `bad`, and `total`; or `ratio`; or `value` → the query."""
    row_seconds: int
    step_seconds: int
    method: str = "occurrences"
    slice_objective: float | None = None
    inverted: bool = False
    """Whether the ratio is that of bad ones."""
    op: str = "gt"
    threshold: float = 0.0
    problem: str | None = None
    """Why it cannot be asked for, a sentence."""


def of_query(slo: str, said: Mapping[str, Any], row_minutes: int, sample_seconds: int) -> Asked:
    """An SLO whose queries stand in `sources.yaml`."""
    metric = Metric(
        good=said["good"],
        bad=said["bad"],
        total=said["total"],
        raw=said["ratio"],
        threshold=said["value"],
        op=said["op"],
        value=said["threshold"],
    )
    minutes, objective = said["slice_minutes"], said["slice_objective"]
    return of_definition(slo, metric, said["method"], minutes, objective, row_minutes, sample_seconds)


def of_definition(
    slo: str,
    metric: Metric,
    method: str,
    slice_minutes: float | None,
    slice_objective: float | None,
    row_minutes: int,
    sample_seconds: int,
) -> Asked:
    """An SLO by its indicator: time slices are asked for one by one, values as often as they are sampled."""
    row = row_minutes * 60
    step = round((slice_minutes or 1) * 60) if method == "timeslices" else sample_seconds if metric.threshold else row
    base = Asked(slo, (), row, step, method, slice_objective)
    if step < 1 or row % step:
        return base._replace(problem=f"its slices of {step:,} seconds do not divide rows of {row_minutes} minutes.")
    try:
        queries, more = _queries(metric, step)
    except ValueError as problem:
        return base._replace(problem=f"{problem}.")
    return base._replace(queries=queries, **more)


def _queries(metric: Metric, seconds: int) -> tuple[tuple[tuple[str, str], ...], dict[str, Any]]:
    if metric.threshold:
        if metric.op is None or metric.value is None:
            raise ValueError("its objective has no op and value to hold the metric against")
        said = {"op": str(metric.op), "threshold": float(metric.value)}
        return (("value", _filled(metric.threshold, seconds)),), said
    if metric.raw:
        return (("ratio", _filled(metric.raw, seconds)),), {"inverted": metric.raw_failure}
    part = ("good", metric.good) if metric.good else ("bad", metric.bad)
    if not part[1] or not metric.total:
        raise ValueError("its definition has no query for good (or bad) and total")
    return ((part[0], counted(part[1], seconds)), ("total", counted(metric.total, seconds))), {}


def _filled(query: str, seconds: int) -> str:
    return _WINDOW.sub(f"{seconds}s", query.strip())


def counted(query: str, seconds: int) -> str:
    """A query that gives the number of events in a window. A bare counter gets its increase, in which a reset of any of
    its series is seen; a rate is taken times the window. Raises ValueError for one that names no window."""
    if _WINDOW.search(query):
        filled = _filled(query, seconds)
        rated = re.search(r"\bi?rate\(", query) and not re.search(r"\bincrease\(", query)
        return f"({filled}) * {seconds}" if rated else filled
    bare = _BARE.fullmatch(query)
    if bare is None:
        raise ValueError("its query names no {{window}}: write sum(increase(…[{{window}}]))")
    return f"sum(increase({(bare[1] or bare[2]).strip()}[{seconds}s]))"

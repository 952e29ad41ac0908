"""Numbers and rows as JSON objects and as CSV rows: the public shape of `nines kpi` and `nines rows`."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from app.export import cell, plain
from app.metrics.numbers import Number, Row

_BESIDE = ("severity", "slo")


def as_json(number: Number, by: Iterable[str] = ()) -> dict[str, Any]:
    """One number as `nines kpi … --format json` prints it; severity and slo are keys only where it is split by them."""
    share = number.unit == "share"
    extra = {name: _clean(value) for name, value in number.extra.items()}
    if number.excluded:
        extra["excluded"] = dict(number.excluded)
    group = number.group._asdict()
    beside = {name: group[name] for name in _BESIDE if name in by or group[name] is not None}
    return {
        "kpi": number.kpi,
        "period": number.period,
        "tier": group["tier"],
        "team": group["team"],
        "service": group["service"],
        **beside,
        "value": _amount(number.value, share),
        "unit": number.unit,
        "numerator": _amount(number.numerator),
        "denominator": _amount(number.denominator),
        "n": number.n,
        "n_excluded": number.n_excluded,
        "coverage": _amount(number.coverage, True),
        "low": _amount(number.low, share),
        "high": _amount(number.high, share),
        "mean": _amount(number.mean),
        "p90": _amount(number.p90),
        "target": _amount(number.target, share),
        "verdict": number.verdict,
        "certain": number.certain,
        "signal": number.signal,
        "partial": number.partial,
        "as_of": plain(number.as_of),
        "extra": extra,
    }


def row_json(row: Row) -> dict[str, Any]:
    """One row as `nines rows … --format json` prints it; `n` is how much it counts in the number's n."""
    group = {name: value for name, value in row.group._asdict().items() if value is not None}
    beside = {name: group.get(name) for name in ("tier", "team", "service")}
    return {
        "period": row.period,
        **beside,
        **{name: group[name] for name in _BESIDE if name in group},
        "entity": row.entity,
        "source": row.source,
        "id": row.id,
        "title": row.title,
        "at": plain(row.at),
        "part": _amount(row.part),
        "whole": _amount(row.whole),
        "value": _amount(row.value),
        "n": 0 if row.reason else row.n,
        "reason": row.reason or None,
        "url": row.url,
        "extra": {name: _clean(value) for name, value in row.extra.items()},
    }


def cells(one: Mapping[str, Any]) -> list[str]:
    """The values of a JSON object as cells of a CSV; what is in `extra` stays JSON."""
    return [
        json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else cell(value)
        for value in one.values()
    ]


def _amount(value: float | None, share: bool = False) -> float | int | None:
    """Whole numbers without a point, but a share stays one."""
    if value is None or not math.isfinite(value):
        return None
    return float(value) if share else plain(float(value))


def _clean(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return value if isinstance(value, float) else plain(value)

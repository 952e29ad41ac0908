"""What was noted in the months of a trend (a launch, a reorganisation, a change of policy), for the charts to mark."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from app.charts.description import Chart, Mark
from app.metrics.numbers import Scope
from app.store import listing
from app.store.engine import reading
from app.ui import read
from app.ui.choices import Asked
from app.ui.read import State


def marked(chart: Chart, asked: Asked) -> Chart:
    """The chart of months with its annotations; several of one month are told together."""
    noted = marks(asked)
    return replace(chart, marks=tuple(Mark(at, noted[key]) for at, key in enumerate(chart.x) if key in noted))


def marks(asked: Asked) -> Mapping[str, str]:
    """Month → what was noted in it, of everything and of the scope."""
    months = asked.trend
    found: defaultdict[str, list[str]] = defaultdict(list)
    for at, title, scope in _noted(read.state(), months[0].start, min(months[-1].end, asked.as_of)):
        if _concerns(scope, asked.scope):
            found[next(month.key for month in months if month.start <= at < month.end)].append(title)
    return {key: "; ".join(titles) for key, titles in found.items()}


def _concerns(scope: str | None, wanted: Scope) -> bool:
    """Whether a note of a scope (`org`, `tier:0`, `service:checkout`) belongs to what the page is narrowed to."""
    kind, _, name = (scope or "org").partition(":")
    if kind == "org" or wanted == Scope():
        return True
    asked = getattr(wanted, kind, None)
    return asked is not None and str(asked) == name


@lru_cache(maxsize=64)
def _noted(of: State, start: datetime, stop: datetime) -> tuple[tuple[datetime, str, str | None], ...]:
    with reading(read.opened(of.url)) as conn:
        return tuple(listing.annotations(conn, start, stop))

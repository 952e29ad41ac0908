"""One description of a chart, drawn by several renderers (plotly, svg; later slides and PDF). Nothing is computed."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.charts.theme import VerdictKey

Kind = Literal["line", "bar", "points", "heat", "spark", "dumbbell", "interval", "burndown", "timeline", "curve"]
Role = Literal["main", "comparison", "context"]


class Series(NamedTuple):
    """One line, set of bars or set of points; None is a gap, never zero."""

    name: str
    values: tuple[float | None, ...]
    role: Role = "main"
    labels: tuple[str, ...] = ()
    """What to say of each value (hover, screen reader); empty: the value in its unit."""
    verdicts: tuple[VerdictKey, ...] = ()
    """Of each value, where cells or bars are judged."""
    at: tuple[float, ...] = ()
    """Of `points` and `timeline`: where each value stands along x, in steps from the middle of the first (0.5: its
    end). Of `curve`: the amount that it is of."""
    keys: tuple[str, ...] = ()
    """Of `points`, `dumbbell`, `interval`, `timeline`: what a click on each value opens; empty: the x it stands in.
    Of `curve`, in the context: the names of points on it; without names, the context is a stair to stay below."""


class Limits(NamedTuple):
    """The band of usual variation, a value for each x; of `interval`, the range of each value. None where it is not
    known."""

    low: tuple[float | None, ...]
    centre: tuple[float | None, ...]
    high: tuple[float | None, ...]


class Signal(NamedTuple):
    at: int
    """Which x, counted from 0."""
    word: Literal["improving", "worsening"]


class Mark(NamedTuple):
    """An annotation: a launch, a reorganisation, a change of policy."""

    at: int
    title: str


class Span(NamedTuple):
    """Of `burndown` alone: what happened from `start` to `stop`, in steps from the beginning of the first x."""

    start: float
    stop: float
    kind: Literal["incident", "deployment", "exclusion", "revision", "gap"]
    title: str
    key: str = ""
    """What a click on it opens."""
    badge: str = ""
    """The number under which a list beside the chart tells of it."""


@dataclass(frozen=True)
class Chart:
    """What a chart says (title: its finding), and the data that say it."""

    kind: Kind
    title: str
    subtitle: str
    """What is drawn and its unit."""
    unit: str
    """A KPI's unit: share, count, minutes, hours, money, per_week, …"""
    x: tuple[str, ...]
    """Period keys or category names, in order; of `dumbbell` and `interval`, the names of the rows."""
    series: tuple[Series, ...]
    """At most three; for `heat`, one row each; of `timeline`, the last stands in a lane above the others' bars."""
    target: float | None = None
    target_op: str = ""
    limits: Limits | None = None
    signals: tuple[Signal, ...] = ()
    marks: tuple[Mark, ...] = ()
    partial: frozenset[int] = frozenset()
    """Indices of x that are not over."""
    log: bool = False
    horizontal: bool = False
    """Of `bar` alone: bars lie, one row for each x, so that long names stand beside them."""
    currency: str = "EUR"
    """Of money."""
    spans: tuple[Span, ...] = ()
    levels: tuple[tuple[float, str], ...] = ()
    """Of `burndown` alone: heights with a name, beside the target."""
    alt: str = ""
    """The chart in one sentence for a reader who cannot see it."""
    empty: str = ""
    """With no data: what is missing and what would bring it."""

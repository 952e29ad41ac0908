"""SVG of a loss exceedance curve: how likely a year is that costs more than an amount, on a log axis of amounts.

The percentiles stand as dots on the curve, each with its name on a stem where there is room: above it, because the
curve falls. What is tolerated is a stair: the curve must stay below it.
"""

from math import ceil, floor, log10

from app.charts import wording
from app.charts.description import Chart, Series
from app.charts.pen import Pen, n
from app.charts.scale import Scale, shortened, width

_TOPS = (0.05, 0.1, 0.25, 0.5, 1.0)
_ROOM = 30
"""Below the curve: the names of the amounts."""


def lines(chart: Chart) -> tuple[Series, ...]:
    """The curves of a chart: the one that is told last, over the others."""
    return tuple(sorted((one for one in chart.series if one.role != "context"), key=lambda one: one.role == "main"))


def tolerated(chart: Chart) -> Series | None:
    """The stair of what is tolerated; None where nobody has said."""
    return next((one for one in chart.series if one.role == "context" and not one.keys), None)


def percentiles(chart: Chart) -> Series | None:
    """The named points on the curve."""
    return next((one for one in chart.series if one.role == "context" and one.keys), None)


def amounts(chart: Chart) -> Scale:
    """The axis of amounts: from the cheapest of the curves to the dearest, with round amounts between."""
    every = [at for one in chart.series for at in one.at if at > 0]
    low, high = min(every), max(every)
    low, high = (low, high) if high > low * 1.2 else (low / 2, high * 2)
    steps = (1, 2, 5) if log10(high / low) < 3 else (1,)
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
    return Scale(low, high, tuple((value, _named(value, chart.currency)) for value in ticks), log=True)


def _named(amount: float, currency: str) -> str:
    return wording.value(amount, "money", currency=currency).removesuffix(f" {currency}")


class _Plot:
    """Where amounts and probabilities find their place."""

    def __init__(self, chart: Chart, wide: float, top: float, high: float) -> None:
        dearest = max(value for one in lines(chart) for value in one.values if value is not None)
        self.most = next((step for step in _TOPS if step >= dearest), 1.0)
        self.axis = amounts(chart)
        self.left, self.right = width("100 %") + 10, wide - 14
        self.top, self.bottom = top + 14, high - _ROOM

    def x(self, amount: float) -> float:
        return self.left + self.axis.share(amount) * (self.right - self.left)

    def y(self, chance: float) -> float:
        return self.bottom - min(chance / self.most, 1.0) * (self.bottom - self.top)


def draw_curve(pen: Pen, chart: Chart, wide: float, top: float, high: float) -> None:
    """Axes, the stair, the curves, the named points, and what each point of the curve says."""
    plot = _Plot(chart, wide, top, high)
    for part in range(5):
        chance = plot.most * part / 4
        pen.line(plot.left, plot.y(chance), plot.right, plot.y(chance), "hairline", name="grid")
        pen.text(plot.left - 8, plot.y(chance) + 4, f"{chance * 100:g} %", anchor="end")
    taken = -1e9
    for value, name in plot.axis.ticks:
        x, half = plot.x(value), width(name) / 2
        if x - half > taken + 8 and x + half <= wide:
            pen.text(x, plot.bottom + 18, name, anchor="middle")
            taken = x + half
    _stair(pen, plot, tolerated(chart))
    for one in lines(chart):
        _line(pen, plot, one)
    _points(pen, plot, percentiles(chart))
    _hits(pen, plot, chart)


def _line(pen: Pen, plot: _Plot, one: Series) -> None:
    places = [
        f"{n(plot.x(at))} {n(plot.y(value))}" for at, value in zip(one.at, one.values, strict=True) if value is not None
    ]
    if len(places) < 2:
        return
    stroke, thick, dash = ("accent", 2.4, "") if one.role == "main" else ("history", 1.8, "5 4")
    pen.path("M" + "L".join(places), stroke, thick, dash=dash, name="line" if one.role == "main" else "before")


def _stair(pen: Pen, plot: _Plot, one: Series | None) -> None:
    """From all of it down to each step, and on to the right: beyond an amount a year is at most so likely."""
    if one is None:
        return
    parts: list[str] = []
    for at, value in zip(one.at, one.values, strict=True):
        parts.append(f"{'L' if parts else 'M'}{n(plot.x(at))} {n(plot.y(value or 0))}")
    pen.path("".join(parts), "missed", 1.6, dash="2 3", name="tolerance")
    words = shortened(one.name, plot.right - plot.x(one.at[0]) - 8, 11.5)
    pen.text(plot.x(one.at[0]) + 6, plot.y(one.values[0] or 0) + 12, words, size=11.5, fill="missed", halo=True)


def _points(pen: Pen, plot: _Plot, one: Series | None) -> None:
    if one is None:
        return
    known = [at for at, value in enumerate(one.values) if value is not None]
    for place, at in enumerate(known):
        x, y = plot.x(one.at[at]), plot.y(one.values[at] or 0)
        # Each name stands lower than the one before: the dearer, the further to the right.
        level = plot.top + (plot.bottom - plot.top) * (0.2 + 0.62 * place / max(len(known), 1))
        words, before = one.keys[at], x + 6 + width(one.keys[at], 11.5) > plot.right + 12
        level = min(level, y - 14)
        pen.line(x, level - 3, x, y, "history", 1, "1 2", name="stem")
        pen.text(
            x - 5 if before else x + 5, level + 5, words, size=11.5, fill="text",
            anchor="end" if before else "start", weight=600, halo=True,
        )  # fmt: skip
        pen.dot(x, y, 4, "accent", "card", 1.5, name="percentile")


def _hits(pen: Pen, plot: _Plot, chart: Chart) -> None:
    """Columns along the curve that is told."""
    told = lines(chart)[-1]
    edges = [plot.x(at) for at in told.at]
    for at, x in enumerate(edges):
        left = (edges[at - 1] + x) / 2 if at else max(plot.left, x - 6)
        right = (edges[at + 1] + x) / 2 if at + 1 < len(edges) else min(plot.right, x + 6)
        pen.hit(left, plot.top, right - left, plot.bottom - plot.top, f"{told.at[at]:.0f}", told.labels[at])

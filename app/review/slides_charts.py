"""Charts of the snapshot on slides: which native chart each kind becomes, its legend and what is said below it."""

from collections.abc import Sequence
from math import ceil, floor, log, log10
from typing import NamedTuple

from app.charts import reading, wording
from app.charts.description import Chart, Series
from app.charts.scale import Scale, scale
from app.review.slides_deck import Slide
from app.review.slides_fit import width
from app.review.slides_plot import Axis, Dot, Drawn, Inner, Label, Special, categories
from app.review.slides_xml import Box

_INKS = ("accent", "accent_2", "history")
_FORMS = {
    "minutes": '#,##0" min"', "hours": '#,##0" h"', "count": "#,##0", "ms": '#,##0" ms"', "per_week": "0.0",
    "money": '[>=1000000]#,##0.0,," M";[>=1000]#,##0," k";#,##0',
}  # fmt: skip
LEGEND = 0.3
_SWATCHES = {"bar": (0.17, 0.12), "line": (0.2, 0.03), "dot": (0.13, 0.13)}
"""What stands before a name: so wide, so high."""
FOOT = 0.28


class Frame(NamedTuple):
    """Where the chart stands, and what the plot leaves free of it, in inches."""

    box: Box
    left: float = 0.85
    right: float = 1.75
    above: float = 0.2
    below: float = 0.55

    @property
    def inner(self) -> Inner:
        _, _, w, h = self.box
        return Inner(self.left / w, self.above / h, (w - self.left - self.right) / w, (h - self.above - self.below) / h)


def form(chart: Chart, step: float | None) -> str:
    """The number format of a chart's axis."""
    if chart.unit == "share":
        digits = max(0, -floor(log10(step * 100) + 1e-9)) if step else 0
        return ("0." + "0" * digits if digits else "0") + "\\ %"
    if step and step < 1 and chart.unit in ("minutes", "hours", "ms"):
        return _FORMS[chart.unit].replace("#,##0", "0.##")
    if step and step >= 1 and chart.unit == "per_week":
        return "0"
    return _FORMS.get(chart.unit, "General")


def axis_of(chart: Chart) -> Axis:
    """The value axis as the app draws it; durations on a log axis, in doublings where they lie close."""
    found: Scale = scale(chart)
    if found.log and all(value > 0 for value in _every(chart)):
        low, high = min(_every(chart)), max(_every(chart))
        base = 2.0 if high / low < 40 else 10.0
        at, top = floor(log(low, base) + 1e-9), ceil(log(high, base) - 1e-9)
        return Axis(base**at, base ** max(top, at + 1), None, form(chart, base**at), base)
    if found.log:
        found = scale(Chart(**{**chart.__dict__, "log": False}))
    ticks = [value for value, _ in found.ticks]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else None
    step = float(f"{step:.10g}") if step else None
    return Axis(float(f"{found.low:.10g}"), float(f"{found.high:.10g}"), step, form(chart, step))


def _every(chart: Chart) -> list[float]:
    edges = (chart.limits.low, chart.limits.high) if chart.limits else ()
    rows = [*(one.values for one in chart.series), *edges, *([(chart.target,)] if chart.target is not None else [])]
    return [value for row in rows for value in row if value is not None]


def over_time(slide: Slide, chart: Chart, box: Box) -> None:
    """Bars or lines over periods, with the target, the usual range and what they are compared with as lines."""
    bars = [one for one in chart.series if one.role != "comparison"] if chart.kind == "bar" else []
    lines = [one for one in chart.series if one not in bars]
    axis = axis_of(chart)
    room = (box.w - Frame(box).left - Frame(box).right) / max(len(chart.x), 1)
    drawn_bars = [_bar(chart, one, _INKS[at % 3], room) for at, one in enumerate(bars)]
    drawn = [*_limits(chart), *(_line(chart, one) for one in reversed(lines))]
    drawn += [_level(chart, height, name, "unsure") for height, name in chart.levels]
    if chart.target is not None:
        drawn.append(_level(chart, chart.target, reading.target(chart), "text"))
    if chart.target is not None and chart.target_op == "within":
        drawn.append(_level(chart, -chart.target, "", "text"))
    drawn = [*_told_apart(drawn, axis), *(_signals(chart) if not bars else ())]
    named = [(one.name, one.colour, "bar") for one in drawn_bars] if len(drawn_bars) > 1 else []
    named += [(one.name, "history", "line") for one in lines if one.role == "comparison"]
    if (
        len(lines) > 0
        and named
        and len(drawn_bars) < 2
        and (main := next((one for one in chart.series if one.role == "main"), None))
    ):
        named.insert(0, (main.name, "accent", "bar" if drawn_bars else "line"))
    changes = {"improving": ("a real improvement", "met"), "worsening": ("a real worsening", "missed")}
    shape = "bar" if bars else "dot"
    named += [(*changes[word], shape) for word in changes if any(one.word == word for one in chart.signals)]
    box = legend(slide, named, box)
    below = foot(chart)
    frame = Frame(box._replace(h=box.h - (FOOT if below else 0)))
    xml, book = categories(
        names(chart), drawn_bars, drawn, axis, frame.inner, slide.palette, form=form(chart, axis.step),
        at=slide.deck.at, gap=55, skip=_skip(chart, frame),
    )  # fmt: skip
    slide.chart(xml, book, frame.box, alt(chart))
    if below:
        slide.say(below, Box(box.x, box.y + box.h - 0.24, box.w, 0.24), (11, 10, 9), "muted", name="Note")


def names(chart: Chart) -> tuple[str, ...]:
    """What stands on the axis: "Oct 2026", and what is not over."""
    short = [" ".join(part for part in wording.period_short(key) if part) for key in chart.x]
    return tuple(f"{name} so far" if at in chart.partial else name for at, name in enumerate(short))


def _skip(chart: Chart, frame: Frame) -> int:
    room = (frame.box.w - frame.left - frame.right) / max(len(chart.x), 1)
    widest = max((width(part, 11) for name in names(chart) for part in _parts(name)), default=0.5)
    return max(ceil((widest * 1.02) / room), 1)


def _parts(name: str) -> Sequence[str]:
    """An axis breaks a name at its spaces: month over year."""
    return name.split(" ")


def _bar(chart: Chart, one: Series, colour: str, room: float) -> Drawn:
    """`room`: inches for each bar. Where not every value can be written, the highest and the last are."""
    special = {at: Special(hatched=True) for at in chart.partial if one.values[at] is not None}
    known = [at for at, value in enumerate(one.values) if value is not None]
    if sum(series.role != "comparison" for series in chart.series) > 1 or not known:
        return Drawn(one.name, one.values, colour, special=special)
    for signal in chart.signals:
        colour_ = "met" if signal.word == "improving" else "missed"
        special[signal.at] = Special(colour_, signal.at in chart.partial)
    said = {at: reading.value(chart, one.values[at]) for at in known}
    if max(width(text, 11) for text in said.values()) > room * 0.98:
        highest = max(known, key=lambda at: one.values[at] or 0.0)
        said = {at: said[at] for at in {highest, known[-1]} if len({highest, known[-1]}) == 1 or at == known[-1] or
                (known[-1] - highest) * room > width(said[highest], 11)}  # fmt: skip
    labels = {
        at: Label(text, "outEnd", "text" if at == known[-1] else "muted", at == known[-1]) for at, text in said.items()
    }
    return Drawn(one.name, one.values, colour, labels=labels, special=special)


def _line(chart: Chart, one: Series) -> Drawn:
    if one.role != "main":
        dot = Dot("dash", 9, "history", "history") if chart.kind == "bar" else Dot("none")
        return Drawn(one.name, one.values, "history", 0 if chart.kind == "bar" else 1.5, dot=dot)
    known = [at for at, value in enumerate(one.values) if value is not None]
    dense = len(one.values) > 26
    special = {at: Special(dashed=True, dot=Dot("circle", 7, "card", "accent")) for at in chart.partial if at in known}
    labels = {known[-1]: Label(reading.value(chart, one.values[known[-1]]), "r", "accent", True, 13)} if known else {}
    return Drawn(
        one.name, one.values, "accent", 2.5, dot=Dot("none" if dense else "circle", 6), special=special, labels=labels
    )


def _signals(chart: Chart) -> list[Drawn]:
    """Points that are a real change, as series of their own: each has its colour in every program."""
    main = next((one for one in chart.series if one.role == "main"), None)
    found = []
    for word, name, colour in (("improving", "a real improvement", "met"), ("worsening", "a real worsening", "missed")):
        at = {signal.at for signal in chart.signals if signal.word == word}
        if main is not None and at:
            values = tuple(value if place in at else None for place, value in enumerate(main.values))
            found.append(Drawn(name, values, colour, 0, dot=Dot("circle", 9, colour, "card")))
    return found


def _limits(chart: Chart) -> list[Drawn]:
    if chart.limits is None:
        return []
    edges = (("usual range, high", chart.limits.high), ("usual range, low", chart.limits.low))
    return [
        Drawn(
            name,
            values,
            "history",
            1,
            "sysDot",
            labels=_at_end(values, name.replace(",", ":") if values[-1] else "", "muted"),
        )
        for name, values in edges
        if any(value is not None for value in values)
    ]


def _at_end(values: Sequence[float | None], text: str, colour: str) -> dict[int, Label]:
    known = [at for at, value in enumerate(values) if value is not None]
    return {known[-1]: Label(text, "r", colour)} if known and known[-1] == len(values) - 1 and text else {}


def _level(chart: Chart, height: float, name: str, colour: str) -> Drawn:
    """A line across at one height, named at its end."""
    values = (height,) * len(chart.x)
    return Drawn(name or "target", values, colour, 1.25, "dash", labels=_at_end(values, wording.capital(name), colour))


def _told_apart(lines: list[Drawn], axis: Axis) -> list[Drawn]:
    """Labels at the right end that would stand on each other: the line's own value stays, the others give way."""

    def share(value: float) -> float:
        low, high = axis.low or 0.0, axis.high or 1.0
        if axis.log:
            return (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low))
        return (value - low) / (high - low or 1)

    taken: list[float] = []
    kept: list[Drawn] = []
    for one in sorted(lines, key=lambda one: (one.colour != "accent", one.colour == "history")):
        ends = [at for at, label in one.labels.items() if label.place == "r" and at == len(one.values) - 1]
        if not ends:
            kept.append(one)
            continue
        value = one.values[ends[0]]
        place = share(value) if value is not None else 0.0
        near = [other for other in taken if abs(other - place) < 0.065]
        if near and one.colour == "history":
            one = Drawn(**{**one.__dict__, "labels": {}})
        elif near:
            away = [place + shift for shift in (0.065, -0.065, 0.1, -0.1) if all(
                abs(other - (place + shift)) >= 0.06 for other in taken)]  # fmt: skip
            at = max(ends[0] - 1, 0)
            label = one.labels[ends[0]]._replace(place="t" if away and away[0] > place else "b")
            one = Drawn(**{**one.__dict__, "labels": {at: label}})
        else:
            taken.append(place)
        kept.append(one)
    order = {one.name: at for at, one in enumerate(lines)}
    return sorted(kept, key=lambda one: order[one.name])


def legend(slide: Slide, named: Sequence[tuple[str, str, str]], box: Box) -> Box:
    """A row of swatches with their names above a chart; what is left of the box."""
    if not named:
        return box
    x, room = box.x, box.w / len(named) - 0.1
    for name, colour, kind in named:
        wide, high = _SWATCHES[kind]
        form_ = "ellipse" if kind == "dot" else "rect"
        slide.card(Box(x, box.y + 0.14 - high / 2, wide, high), colour, form=form_)
        wide = min(width(name, 11.5) * 1.05 + 0.1, room - 0.3)
        slide.say(name, Box(x + 0.27, box.y + 0.03, wide, 0.22), (11.5, 10.5, 9.5), "muted", name="Legend")
        x += wide + 0.5
    return Box(box.x, box.y + LEGEND, box.w, box.h - LEGEND)


def foot(chart: Chart) -> str:
    """What stands below: months without data, months that are not over, what happened when."""
    main = [one for one in chart.series if one.role == "main" and not one.at] or list(chart.series[:1])
    silent = [at for at in range(len(chart.x)) if all(len(one.values) > at and one.values[at] is None for one in main)]
    told = []
    if silent and len(silent) < len(chart.x):
        listed = [wording.period(chart.x[at]) for at in silent]
        told.append(f"No data: {wording.listed(listed[:6])}{f' and {len(listed) - 6} more' if len(listed) > 6 else ''}")
    if chart.partial:
        listed = [wording.period(chart.x[at]) for at in sorted(chart.partial)]
        told.append(f"{wording.listed(listed)} {'are' if len(listed) > 1 else 'is'} not over")
    told += [f"{wording.period(chart.x[mark.at])}: {mark.title}" for mark in chart.marks]
    return wording.capital(". ".join(told) + ".") if told else ""


def alt(chart: Chart) -> str:
    """The chart for a reader who cannot see it: its finding first."""
    return f"{chart.title}. {reading.alt(chart)}"

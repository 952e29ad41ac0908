"""Charts whose rows have names, points in time, and the curve of what a year costs, as native charts."""

from collections.abc import Sequence
from math import ceil, floor, log10

from app.charts import reading, wording
from app.charts.description import Chart, Series
from app.charts.svg_curve import lines, percentiles, tolerated
from app.charts.theme import SHAPES, VerdictKey
from app.review.slides_charts import FOOT, Frame, alt, axis_of, foot, form
from app.review.slides_deck import Slide
from app.review.slides_plot import Axis, Dot, Drawn, Label, Special, categories, points
from app.review.slides_xml import Box

_ROW = 0.42
_KEYS = 2.2
_TOPS = (0.05, 0.1, 0.25, 0.5, 1.0)
_JUDGED: dict[VerdictKey, str] = {"missed": "missed", "met": "accent", "unsure": "unsure"}


def bars(slide: Slide, chart: Chart, box: Box) -> None:
    """A lying bar for each name, its words behind it."""
    main = chart.series[0]
    axis = axis_of(chart)._replace(shown=False, grid=False)
    high = min(max(_ROW * len(chart.x) * max(len(chart.series) * 0.8, 1), 1.2), box.h)
    frame = Frame(box._replace(h=high), left=box.w * 0.36, right=box.w * 0.2, above=0.05, below=0.05)
    special, labels = {}, {}
    for at, value in enumerate(main.values):
        key = main.verdicts[at] if main.verdicts else "no_target"
        if key in _JUDGED:
            special[at] = Special(_JUDGED[key])
        if value is not None:
            labels[at] = Label(f"{SHAPES[key]} {reading.said(chart, main, at)}".strip(), "outEnd")
    rest = [Drawn(one.name, one.values, "history") for one in chart.series[1:]]
    named = [f"{_short(name)}{'' if main.values[at] is not None else ' (no data)'}" for at, name in enumerate(chart.x)]
    size = 12 if len(chart.x) <= 10 else 10.5 if len(chart.x) <= 16 else 9
    drawn = [Drawn(main.name or chart.subtitle, main.values, "accent", labels=labels, special=special), *rest]
    xml, book = categories(
        named, drawn, [], axis, frame.inner, slide.palette, form=form(chart, axis.step), at=slide.deck.at, lying=True,
        gap=45, size=size,
    )  # fmt: skip
    slide.chart(xml, book, frame.box, alt(chart))
    if chart.target is not None:
        note = Box(box.x, frame.box.y + frame.box.h + 0.05, box.w, 0.24)
        slide.say(wording.capital(reading.target(chart)), note, (11,), "muted", name="Note")


def rows(slide: Slide, chart: Chart, box: Box) -> None:
    """A row for each name: a point with its range, or with what it is held against; its words at the end."""
    count = max(len(chart.x), 1)
    axis = axis_of(chart)
    frame = Frame(
        box._replace(h=min(box.h, 0.55 * count + 0.75)), left=box.w * 0.34, right=box.w * 0.2, above=0.1, below=0.4
    )
    main = chart.series[0]
    drawn = [*_spans(chart), *_held(chart, count)]
    at = tuple(place for place, value in enumerate(main.values) if value is not None)
    none: VerdictKey = "no_target"
    keys: Sequence[VerdictKey] = main.verdicts or (none,) * count
    drawn.append(
        Drawn(
            main.name or chart.subtitle, tuple(place + 0.5 for place in at), "accent", 0, dot=Dot("circle", 10),
            x=tuple(main.values[place] or 0.0 for place in at),
            special={order: Special(_JUDGED.get(keys[place], "accent")) for order, place in enumerate(at)},
            names=tuple(chart.x[place] for place in at),
        )
    )  # fmt: skip
    up = Axis(0.0, float(count), 1.0, "General", None, False, False)
    xml, book = points(drawn, axis, up, frame.inner, slide.palette, at=slide.deck.at, turned=True)
    slide.chart(xml, book, frame.box, alt(chart))
    down = (frame.box.h - frame.above - frame.below) / count
    for place, name in enumerate(chart.x):
        y = frame.box.y + frame.above + place * down
        slide.say(_short(name), Box(box.x, y, frame.left - 0.2, down), (12, 11, 10, 9, 8), anchor="ctr", name="Row")
        x = box.x + box.w - frame.right + 0.15
        if keys[place] in ("met", "missed", "unsure"):
            word = wording.verdict_word(keys[place])
            slide.mark(Box(x, y + down / 2 - 0.075, 0.15, 0.15), keys[place], word)
        said = reading.said(chart, main, place) if main.values[place] is not None else wording.NO_DATA
        colour = "text" if main.values[place] is not None else "muted"
        room = Box(x + 0.24, y, box.x + box.w - x - 0.24, down)
        slide.say(said, room, (12, 11, 10, 9), colour, anchor="ctr", name="Row")
    told = _told(chart)
    if told:
        note = Box(box.x, frame.box.y + frame.box.h + 0.02, box.w, 0.24)
        slide.say(told, note, (11, 10), "muted", name="Note")


def _told(chart: Chart) -> str:
    if chart.kind == "dumbbell" and len(chart.series) > 1:
        return f"Dot: {chart.series[0].name}. Diamond: {chart.series[1].name}."
    if chart.target is not None:
        return f"Dashed: {reading.target(chart)}. Line: where the value lies with 95 % confidence."
    return "Line: where the value lies with 95 % confidence." if chart.limits else ""


def _spans(chart: Chart) -> list[Drawn]:
    """A line in each row: the range of a value, or the way from a value to what it is held against."""
    found = []
    for at, name in enumerate(chart.x):
        if chart.kind == "interval" and chart.limits:
            ends, what = (chart.limits.low[at], chart.limits.high[at]), "range"
        elif len(chart.series) > 1:
            ends, what = (chart.series[1].values[at], chart.series[0].values[at]), "from target"
        else:
            continue
        if ends[0] is not None and ends[1] is not None:
            found.append(Drawn(f"{name}, {what}", (at + 0.5,) * 2, "accent_2", 3, x=(ends[0], ends[1])))
    return found


def _held(chart: Chart, count: int) -> list[Drawn]:
    if chart.kind == "dumbbell" and len(chart.series) > 1:
        one = chart.series[1]
        at = [place for place, value in enumerate(one.values) if value is not None]
        return [
            Drawn(one.name, tuple(place + 0.5 for place in at), "text", 0, dot=Dot("diamond", 9, "history", "history"),
                  x=tuple(one.values[place] or 0.0 for place in at), names=tuple(chart.x[place] for place in at))
        ]  # fmt: skip
    if chart.target is not None:
        return [Drawn("target", (0.0, float(count)), "text", 1.25, "dash", x=(chart.target, chart.target))]
    return []


def in_time(slide: Slide, chart: Chart, box: Box) -> None:
    """Points over periods, each where it stands."""
    below = foot(chart)
    frame = Frame(box._replace(h=box.h - (FOOT if below else 0)), below=0.4)
    axis, count = axis_of(chart), max(len(chart.x), 1)
    drawn = []
    for one in sorted(chart.series, key=lambda one: one.role == "main"):
        told = one.labels or tuple(reading.value(chart, value) for value in one.values)
        at = [place for place, value in enumerate(one.values) if value is not None]
        each = one.role == "context"
        labels = (
            {}
            if each
            else {o: Label(reading.value(chart, one.values[p]), "r", "accent", True) for o, p in enumerate(at)}
        )
        drawn.append(
            Drawn(
                one.name, tuple(one.values[place] for place in at), "accent", 0,
                dot=Dot("circle", 6, "history", "card") if each else Dot("dash", 14, "accent", "accent"),
                x=tuple(one.at[place] if one.at else float(place) for place in at), labels=labels,
                names=tuple(told[place] for place in at),
            )
        )  # fmt: skip
    if chart.target is not None:
        said = Label(wording.capital(reading.target(chart)), "r")
        drawn.append(
            Drawn("target", (chart.target,) * 2, "text", 1.25, "dash", x=(-0.5, count - 0.5), labels={1: said})
        )
    across = Axis(-0.5, count - 0.5, 1.0, "General", None, False, False)
    xml, book = points(drawn, across, axis, frame.inner, slide.palette, at=slide.deck.at)
    slide.chart(xml, book, frame.box, alt(chart))
    wide = (frame.box.w - frame.left - frame.right) / count
    every = ceil(0.75 / wide)
    for at_, key in enumerate(chart.x):
        if (count - 1 - at_) % every == 0:
            x = frame.box.x + frame.left + (at_ + 0.5) * wide
            name = " ".join(part for part in wording.period_short(key) if part)
            place = Box(x - 0.5 * max(wide, 0.75), frame.box.y + frame.box.h - 0.34, max(wide, 0.75), 0.22)
            slide.say(name, place, (11, 10, 9), "muted", align="ctr", name="Period")
    if below:
        slide.say(below, Box(box.x, box.y + box.h - 0.24, box.w, 0.24), (11, 10, 9), "muted", name="Note")


def curve(slide: Slide, chart: Chart, box: Box) -> None:
    """How likely a year is that costs more than an amount, on a log axis of amounts."""
    drawn = [_curve(one, chart) for one in lines(chart)]
    if stair := tolerated(chart):
        drawn.insert(0, Drawn(stair.name, stair.values, "missed", 1.5, "sysDash", x=stair.at,
                              labels={len(stair.values) - 1: Label("Tolerated", "t", "missed")}))  # fmt: skip
    if named := percentiles(chart):
        labels = {at: Label(name.split(" ")[0], "t", "text", True) for at, name in enumerate(named.keys)}
        drawn.append(Drawn(named.name, named.values, "accent", 0, dot=Dot("circle", 9), x=named.at, labels=labels,
                           names=named.keys))  # fmt: skip
    every = [at for one in chart.series for at in one.at if at > 0]
    low, high = 10.0 ** floor(log10(min(every)) + 1e-9), 10.0 ** ceil(log10(max(every)) - 1e-9)
    top = max(value for one in lines(chart) for value in one.values if value is not None)
    most = next((step for step in _TOPS if step >= top), 1.0)
    across = Axis(low, max(high, low * 10), None, form(chart, None), 10.0, True, False)
    up = Axis(0.0, most, most / 5, "0\\ %" if most >= 0.25 else "0.0\\ %")
    if named:
        box = box._replace(w=box.w - _KEYS - 0.3)
        _percentiles(slide, named, Box(box.x + box.w + 0.3, box.y, _KEYS, 0.5 + 0.62 * len(named.keys)))
    frame = Frame(box, right=0.5, below=0.42)
    xml, book = points(drawn, across, up, frame.inner, slide.palette, at=slide.deck.at)
    slide.chart(xml, book, frame.box, alt(chart))


def _percentiles(slide: Slide, named: Series, box: Box) -> None:
    """What one year in so many costs more than, beside the curve."""
    slide.card(box)
    y, x = box.y + 0.18, box.x + 0.18
    slide.say("A year costs more than", Box(x, y, box.w - 0.36, 0.24), (12,), "muted", name="Percentiles")
    for at, (key, chance) in enumerate(zip(named.keys, named.values, strict=True)):
        name, _, amount = key.partition(" ")
        top = y + 0.36 + at * 0.62
        slide.say(amount, Box(x, top, box.w - 0.36, 0.32), (18, 16, 14), bold=True, name="Amount")
        said = f"in {wording.value(chance, 'share')} of years ({name})"
        slide.say(said, Box(x, top + 0.31, box.w - 0.36, 0.22), (11, 10, 9), "muted", name="Percentile")


def _curve(one: Series, chart: Chart) -> Drawn:
    main = one.role == "main"
    return Drawn(
        one.name, one.values, "accent" if main else "history", 2.5 if main else 1.5, "" if main else "dash", x=one.at
    )


def _short(name: str) -> str:
    return name if len(name) <= 90 else name[:89].rstrip() + "…"

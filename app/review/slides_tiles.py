"""Tiles: a number with its verdict, target, change and the months before, as on the Overview."""

from collections.abc import Sequence

from app.charts.description import Chart
from app.charts.faces import Face
from app.charts.scale import scale
from app.review.slides_charts import alt, names
from app.review.slides_deck import Slide
from app.review.slides_fit import width
from app.review.slides_plot import Axis, Dot, Drawn, Inner, categories
from app.review.slides_xml import Box, Run

GAP = 0.2
_IN = 0.18
"""Between a tile's edge and its words."""


def tiles(slide: Slide, faces: Sequence[Face], box: Box, across: int = 4, most: float = 2.2) -> float:
    """Tiles in rows; how high they stand."""
    lines = -(-len(faces) // across)
    wide = (box.w - GAP * (across - 1)) / across
    high = min((box.h - GAP * (lines - 1)) / max(lines, 1), most)
    for at, face in enumerate(faces):
        x, y = box.x + (at % across) * (wide + GAP), box.y + (at // across) * (high + GAP)
        tile(slide, face, Box(x, y, wide, high))
    return lines * high + GAP * (lines - 1)


def tile(slide: Slide, face: Face, box: Box) -> None:
    """One tile: its name, its value, how that is, what it should be, what it was."""
    slide.card(box)
    x, w = box.x + _IN, box.w - 2 * _IN
    tight = box.h < 1.75
    y = box.y + 0.12
    y += max(slide.say(face.name, Box(x, y, w, 0.24), (12.5, 11.5, 10.5, 9.5, 8.5), "muted", name="Tile"), 0.2) + 0.04
    spark = 0.95 if face.spark is not None and not face.empty else 0.0
    value(slide, face, Box(x, y, w - spark - (0.1 if spark else 0), 0.5))
    if face.spark is not None and spark:
        sparkline(slide, face.spark, Box(box.x + box.w - _IN - spark, y + 0.02, spark, 0.46))
    y += 0.56
    verdict(slide, face, x, y, w)
    y += 0.26
    rest = box.y + box.h - y - 0.08
    part = min(rest * 0.42, 0.36) if tight else min(rest * 0.4, 0.38)
    y += slide.say(face.target, Box(x, y, w, part), (11, 10, 9, 8), "muted", name="Target") + 0.03
    slide.say(face.said, Box(x, y, w, box.y + box.h - y - 0.08), (11, 10, 9, 8), "muted", name="Change")


def value(slide: Slide, face: Face, box: Box, sizes: Sequence[float] = (28, 26, 24, 22, 20, 18, 16, 14)) -> None:
    """A value large, and small beside it what it is of, where there is room."""
    colour = "muted" if face.empty else "text"
    size = next((s for s in sizes if width(face.value, s, True) <= box.w * 0.97), sizes[-1])
    left = box.w - width(face.value, size, True) - 0.12
    small = next((s for s in (12, 11, 10, 9) if face.beside and width(face.beside, s) <= left * 0.97), 0)
    if face.beside and not small and size > 20:
        left = box.w - width(face.value, 20, True) - 0.12
        small = next((s for s in (11, 10, 9) if width(face.beside, s) <= left * 0.97), 0)
        size = 20 if small else size
    runs = [Run(face.value, size, colour, True)]
    if small:
        runs.append(Run(f"  {face.beside}", small, "muted"))
    elif face.beside:
        slide.notes.append(f"{face.name}: {face.value}, {face.beside}")
    slide.rows([runs], box, anchor="ctr")


def verdict(slide: Slide, face: Face, x: float, y: float, w: float) -> None:
    """A verdict's shape and word."""
    shaped = face.key in ("met", "missed", "unsure", "no_data")
    if shaped:
        slide.mark(Box(x, y + 0.02, 0.17, 0.17), face.key, face.word)
    colour = {"no_target": "muted", "no_data": "no_data"}.get(face.key, face.key)
    at = x + (0.25 if shaped else 0)
    slide.say(face.word, Box(at, y, w - (at - x), 0.22), (12, 11), colour, bold=True, name="Word")


def sparkline(slide: Slide, chart: Chart, box: Box) -> None:
    """The months before, as a small native line."""
    one = chart.series[0]
    axis = scale(chart)
    known = [at for at, amount in enumerate(one.values) if amount is not None]
    last = {known[-1]} if known else set()
    told = [Drawn(one.name, one.values, "history", 1.5)]
    for name, colour, at in (
        ("a real improvement", "met", {signal.at for signal in chart.signals if signal.word == "improving"}),
        ("a real worsening", "missed", {signal.at for signal in chart.signals if signal.word == "worsening"}),
        ("last", "accent", last - {signal.at for signal in chart.signals}),
    ):
        if at:
            values = tuple(amount if place in at else None for place, amount in enumerate(one.values))
            told.append(Drawn(name, values, colour, 0, dot=Dot("circle", 5, colour)))
    frame = Axis(axis.low, axis.high, None, "General", None, False, False)
    xml, book = categories(
        names(chart), [], told, frame, Inner(0.04, 0.1, 0.92, 0.8), slide.palette, form="General", at=slide.deck.at,
        named=False,
    )  # fmt: skip
    slide.chart(xml, book, box, alt(chart), "Sparkline")


def rail(slide: Slide, face: Face, box: Box) -> None:
    """A number beside its chart: large, with all that its tile says."""
    slide.card(box)
    x, w = box.x + _IN, box.w - 2 * _IN
    y = box.y + 0.2
    y += slide.say(face.name, Box(x, y, w, 0.5), (13, 12, 11), "muted", name="Tile") + 0.08
    slide.rows([[Run(face.value, _size(face.value, w), "muted" if face.empty else "text", True)]], Box(x, y, w, 0.66))
    y += 0.7
    if face.beside:
        y += slide.say(face.beside, Box(x, y, w, 0.4), (12, 11, 10), "muted", name="Of") + 0.1
    verdict(slide, face, x, y, w)
    y += 0.36
    for text, most in ((face.target, 0.7), (face.said, 0.9), (face.year, 0.5)):
        if text:
            y += slide.say(text, Box(x, y, w, most), (12, 11, 10, 9), "muted", name="Told") + 0.12


def _size(text: str, w: float) -> float:
    return next((s for s in (36, 32, 28, 24, 20, 16) if width(text, s, True) <= w * 0.97), 14)

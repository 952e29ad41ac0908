"""Lists and heat maps as native tables: so many rows a slide as stand well, the rest on the next."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from app.charts import reading, wording
from app.charts.description import Chart
from app.charts.shown import shown
from app.charts.theme import SHAPES, Palette, VerdictKey
from app.review.slides_charts import alt, names
from app.review.slides_deck import BOTTOM, LEFT, ROOM, Slide
from app.review.slides_fit import LINE, fitted, width, wrapped
from app.review.slides_xml import Align, Box, Run, clean, emu, fill, paragraph, stroke, xfrm
from app.review.snapshot import Cell, Column, Table

MOST = 10
"""Rows on a slide."""
SIZE, HEAD = 11.5, 10.5
_PAD, _EDGE = 0.09, 0.055
_LINES = 3
"""Of one cell; what is longer is cut, and stands whole in the notes."""
_WORDS: dict[str, VerdictKey] = {
    "met": "met", "done": "met", "missed": "missed", "late": "missed", "overdue": "missed", "above": "missed",
    "failed": "missed", "passed": "met", "within": "met", "dropped": "unsure", "cannot tell": "unsure",
    "passed in part": "unsure",
}  # fmt: skip
_SMALL = 0.75
Add = Callable[[int], Slide]
"""The slide for the n-th part of a list."""


class Look(NamedTuple):
    """A cell as it is drawn."""

    text: str
    colour: str = "text"
    bold: bool = False
    align: Align = "l"
    ground: str = "none"
    size: float = SIZE


def cell(value: Cell, column: Column, currency: str) -> Look:
    """A value of a list in words: as the app says it."""
    if value is None:
        return Look("–", "muted", align="r" if _counted(column) else "l")
    if column.unit == "date":
        return Look(_day(str(value)))
    if isinstance(value, bool):
        return Look("yes" if value else "no")
    if _counted(column) and isinstance(value, int | float):
        return Look(wording.value(float(value), column.unit, currency=currency), align="r")
    text = shown(str(value))
    key = _WORDS.get(text) if column.unit == "verdict" or column.name in ("State", "Appetite", "Result") else None
    if key:
        return Look(f"{SHAPES[key]} {text}".strip(), key, True)
    return Look(text)


def _counted(column: Column) -> bool:
    return column.unit not in ("text", "date", "verdict")


def _day(text: str) -> str:
    try:
        return wording.day(date.fromisoformat(text))
    except ValueError:
        return text


def listed(add: Add, table: Table, currency: str) -> None:
    """A list over as many slides as it takes."""
    if not table.rows:
        slide = add(0)
        slide.say(table.empty, Box(LEFT, slide.top, ROOM, 0.5), (15, 13), "muted")
        return
    looks = [
        [cell(value, column, currency) for value, column in zip(row, table.columns, strict=True)] for row in table.rows
    ]
    wide = _widths(table.columns, looks)
    done = part = 0
    while done < len(looks):
        slide = add(part)
        top = slide.top
        heads = [column.name for column in table.columns]
        heights = [_head(heads, wide)]
        room = BOTTOM - top - heights[0] - 0.3
        shown_rows: list[list[Look]] = []
        while done < len(looks) and len(shown_rows) < MOST:
            row, high = _row(slide, looks[done], wide, heads)
            if shown_rows and sum(heights[1:]) + high > room:
                break
            shown_rows.append(row)
            heights.append(high)
            done += 1
        head = [
            Look(column.name, "muted", True, "r" if _counted(column) else "l", size=HEAD) for column in table.columns
        ]
        place = Box(LEFT, top, sum(wide), sum(heights))
        slide.put(grid(slide.number(), place, [head, *shown_rows], wide, heights, slide.palette, table.title))
        more = table.more if done == len(looks) else 0
        rest = len(looks) - done
        note = (
            f"{rest} more on the next slide" if rest else f"{more:,} more, which the snapshot counts but does not list"
        )
        if rest or more:
            slide.say(f"{note}.", Box(LEFT, top + sum(heights) + 0.08, ROOM, 0.22), (10.5,), "muted", name="Note")
        part += 1


def _widths(columns: Sequence[Column], looks: Sequence[Sequence[Look]]) -> list[float]:
    """Columns as wide as their words ask, within the slide: long texts give way first."""
    natural, least = [], []
    for at, column in enumerate(columns):
        texts = [row[at].text for row in looks]
        head = max(width(word, HEAD, True) for word in column.name.split())
        longest = max(
            [width(text, SIZE, row_bold) for text, row_bold in zip(texts, (r[at].bold for r in looks), strict=True)]
        )
        word = max((width(word, SIZE) for text in texts for word in text.split()), default=0.2)
        natural.append(max(width(column.name, HEAD, True), longest) * 1.04 + 2 * _PAD + 0.08)
        least.append(
            min(
                max(head * 1.04, word if _counted(column) else min(word * 1.04, 2.1), 0.4) + 2 * _PAD + 0.08,
                natural[-1],
            )
        )
        if column.unit == "date" or _counted(column):
            least[-1] = min(max(least[-1], longest * 1.04 + 2 * _PAD + 0.08), natural[-1])
    free = ROOM - sum(least)
    if sum(natural) <= ROOM:
        wordy = [not _counted(column) for column in columns]
        spare = (ROOM - sum(natural)) / max(sum(wordy), 1)
        return [one + (spare if text else 0) for one, text in zip(natural, wordy, strict=True)]
    if free <= 0:
        return [one * ROOM / sum(least) for one in least]
    wanted = [min(one, 5.5) - low for one, low in zip(natural, least, strict=True)]
    whole = sum(wanted) or 1.0
    return [
        low + min(want * free / whole, want) if whole > free else low + want
        for low, want in zip(least, wanted, strict=True)
    ]


def _head(heads: Sequence[str], wide: Sequence[float]) -> float:
    lines = max(
        len(wrapped(name, (room - 2 * _PAD) * 0.98, HEAD, True)) for name, room in zip(heads, wide, strict=True)
    )
    return lines * HEAD * LINE / 72 + 2 * _EDGE


def _row(slide: Slide, row: Sequence[Look], wide: Sequence[float], heads: Sequence[str]) -> tuple[list[Look], float]:
    made, high = [], 0.0
    for look, room, head in zip(row, wide, heads, strict=True):
        fit = fitted(look.text, room - 2 * _PAD, _LINES * look.size * LINE / 72, (look.size,), look.bold)
        if fit.cut:
            slide.notes.append(f"In full, {head}: {look.text}")
        made.append(look._replace(text=" ".join(fit.lines) if not fit.cut else "\n".join(fit.lines)))
        high = max(high, fit.high)
    return made, high + 2 * _EDGE + 0.06


def grid(
    at: int, box: Box, rows: Sequence[Sequence[Look]], wide: Sequence[float], heights: Sequence[float],
    palette: Palette, told: str, *, ruled: bool = True, first: bool = True,
) -> str:  # fmt: skip
    """A native table. `ruled`: a hairline below each row; otherwise white gaps between cells."""
    columns = "".join(f'<a:gridCol w="{emu(one)}"/>' for one in wide)
    made = ""
    for place, (row, high) in enumerate(zip(rows, heights, strict=True)):
        cells = "".join(_cell(look, palette, "history" if place == 0 and first else "hairline", ruled) for look in row)
        made += f'<a:tr h="{emu(high)}">{cells}</a:tr>'
    said = clean(told).replace('"', "&quot;")
    return (
        f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="{at}" name="Table {at}" descr="{said}"/>'
        "<p:cNvGraphicFramePr>"
        f'<a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>{xfrm(box, "p:xfrm")}'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
        f'<a:tbl><a:tblPr firstRow="{1 if first else 0}"/><a:tblGrid>{columns}</a:tblGrid>{made}</a:tbl>'
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )


def _cell(look: Look, palette: Palette, under: str, ruled: bool) -> str:
    made = paragraph([Run(look.text, look.size, look.colour, look.bold)], palette, look.align)
    none = "".join(f"<a:{side} w='0'><a:noFill/></a:{side}>" for side in ("lnL", "lnR", "lnT"))
    if ruled:
        line = stroke(under, palette, 0.75).replace("a:ln", "a:lnB", 1)[: -len("</a:ln>")] + "</a:lnB>"
        edges = none + line
    else:
        edges = "".join(
            f'<a:{side} w="38100">{fill("card", palette)}</a:{side}>' for side in ("lnL", "lnR", "lnT", "lnB")
        )
    pad, edge = emu(_PAD), emu(_EDGE)
    return (
        f'<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{made}</a:txBody><a:tcPr marL="{pad}" marR="{pad}" marT="{edge}" '
        f'marB="{edge}" anchor="ctr">{edges}{fill(look.ground, palette)}</a:tcPr></a:tc>'
    )


def heat(slide: Slide, chart: Chart, box: Box) -> None:
    """A heat map as a coloured table: sign and value of each cell on its tint, a dash where there is no data."""
    first = min(max(width(one.name, 12) for one in chart.series) * 1.05 + 0.3, box.w * 0.3)
    across = (box.w - first) / max(len(chart.x), 1)
    matrix = chart.unit == "count" and any(one.verdicts for one in chart.series)
    down = min((box.h - 0.5) / max(len(chart.series), 1), 0.9 if matrix else 0.8)
    size = next((s for s in (13, 12, 11, 10, 9, 8) if _fits(chart, across, s, matrix)), 8.0)
    top = [Look(""), *(Look(name, "muted", align="ctr", size=min(size, 11)) for name in names(chart))]
    lines = max(len(wrapped(one.text, across - 0.14, one.size)) for one in top)
    rows = [top]
    for one in chart.series:
        fit = fitted(one.name, first - 2 * _PAD, down - 2 * _EDGE, (12, 11, 10, 9, 8))
        cut = "\n".join(fit.lines) if fit.cut else " ".join(fit.lines)
        rows.append(
            [Look(cut, size=fit.size), *(_heat(chart, one.name, at, size, matrix) for at in range(len(chart.x)))]
        )
    heights = [lines * min(size, 11) * LINE / 72 + 2 * _EDGE + 0.05, *([down] * len(chart.series))]
    wide = [first, *([across] * len(chart.x))]
    place = Box(box.x, box.y, box.w, sum(heights))
    slide.put(grid(slide.number(), place, rows, wide, heights, slide.palette, alt(chart), ruled=False, first=True))
    y = box.y + sum(heights) + 0.12
    keys: list[tuple[VerdictKey, str]] = [("met", "met"), ("missed", "missed"), ("unsure", "cannot tell")]
    if not matrix and any(one.verdicts for one in chart.series) and y + 0.25 <= box.y + box.h + 0.05:
        x = box.x
        for key, word in keys:
            slide.mark(Box(x, y + 0.03, 0.15, 0.15), key, word)
            slide.say(word, Box(x + 0.22, y, 1.1, 0.22), (11,), "muted", name="Legend")
            x += 0.45 + width(word, 11) * 1.1 + 0.15
        told = ". ".join(part for part in (wording.capital(reading.target(chart)), "–: no data") if part)
        slide.say(told, Box(x + 0.1, y, 6, 0.22), (11,), "muted", name="Legend")


def _heat(chart: Chart, name: str, at: int, size: float, matrix: bool) -> Look:
    one = next(series for series in chart.series if series.name == name)
    value = one.values[at]
    key: VerdictKey = one.verdicts[at] if one.verdicts else "no_target"
    if value is None:
        return Look("–", "muted", align="ctr", ground="page", size=size)
    said = reading.value(chart, value)
    if matrix:
        ground = "missed_tint" if key == "missed" else "met_tint"
        return Look(said if value else "", "missed" if key == "missed" else "text", True, "ctr", ground, 18)
    if one.verdicts:
        ground = {"met": "met_tint", "missed": "missed_tint", "unsure": "unsure_tint"}.get(key, "band")
        ink = key if key in ("met", "missed", "unsure") else "text"
        return Look(f"{SHAPES[key]} {said}".strip(), ink, key == "missed", "ctr", ground, size)
    every = [v for series in chart.series for v in series.values if v is not None]
    low, high = min(0.0, *every), max(every)
    step = round(6 * (value - low) / (high - low)) if high > low else 0
    return Look(said, f"on_ramp_{step}", False, "ctr", f"ramp_{step}", size)


def _fits(chart: Chart, across: float, size: float, matrix: bool) -> bool:
    if matrix:
        return True
    texts = [f"✓ {reading.value(chart, value)}" for one in chart.series for value in one.values if value is not None]
    return max((width(text, size, True) for text in texts), default=0) + 2 * _PAD <= across

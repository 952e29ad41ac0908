"""A deck as somebody who opens it finds it."""

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import ImageFont
from pptx import Presentation
from pptx.util import Emu

from app.review.slides import slides
from tests.review.frozen import bare, full

FONT = "LiberationSans-{}.ttf"


@cache
def deck(which: str = "full") -> bytes:
    """The slides of the full or the bare review, made once."""
    return slides({"full": full, "bare": bare}[which]())


@cache
def opened(which: str = "full") -> Any:
    return Presentation(io.BytesIO(deck(which)))


def titled(title: str) -> Any:
    """The slide with this title."""
    return next(one for one in opened().slides if one.shapes.title.text_frame.text == title)


def words(slide: Any) -> list[str]:
    """Every text of a slide, cells of tables too."""
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame and shape.text_frame.text:
            found.append(shape.text_frame.text)
        if shape.has_table:
            found += [cell.text_frame.text for row in shape.table.rows for cell in row.cells]
    return found


def charts(slide: Any) -> list[Any]:
    """Native charts of a slide, without sparklines."""
    return [shape.chart for shape in slide.shapes if shape.has_chart and not shape.name.startswith("Sparkline")]


def books(package: bytes) -> Iterator[bytes]:
    """The workbooks behind the charts."""
    with zipfile.ZipFile(io.BytesIO(package)) as packed:
        yield from (packed.read(name) for name in packed.namelist() if name.endswith(".xlsx"))


def overfull(slide: Any) -> list[str]:
    """Texts that need more room than their boxes have, measured with the font that they are shown in."""
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame and shape.text_frame.text:
            need = _high(shape.text_frame, shape.width)
            if need > Emu(shape.height).inches + 0.06:
                found.append(
                    f"{shape.name}: {need:.2f} in {Emu(shape.height).inches:.2f}: {shape.text_frame.text[:80]}"
                )
        if shape.has_table:
            for row in shape.table.rows:
                for column, cell in zip(shape.table.columns, row.cells, strict=True):
                    edges = cell.margin_left + cell.margin_right
                    need = (
                        _high(cell.text_frame, column.width - edges) + Emu(cell.margin_top + cell.margin_bottom).inches
                    )
                    if need > Emu(row.height).inches + 0.02:
                        found.append(f"cell: {need:.2f} in {Emu(row.height).inches:.2f}: {cell.text_frame.text[:80]}")
    return found


def _high(frame: Any, wide: int) -> float:
    room, high = Emu(wide).pt, 0.0
    for paragraph in frame.paragraphs:
        size = max((run.font.size.pt for run in paragraph.runs), default=11.0)
        bold = any(run.font.bold for run in paragraph.runs)
        text = "".join("\v" if part.tag.endswith("}br") else part.findtext("{*}t") or "" for part in paragraph._p)
        wide_ = sum(_font(bool(run.font.bold)).getlength(run.text) * run.font.size.pt / 100 for run in paragraph.runs)
        if "\v" not in text and wide_ <= room:
            high += size * 1.17
            continue
        high += sum(_lines(line, room, size, bold) for line in text.split("\v")) * size * 1.17
    return high / 72


def _lines(text: str, room: float, size: float, bold: bool) -> int:
    font = _font(bold)
    lines, line = 1, ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if font.getlength(longer) * size / 100 <= room:
            line = longer
            continue
        if line:
            lines += 1
        line = word
        while font.getlength(line) * size / 100 > room and len(line) > 1:
            fits = next(
                at for at in range(len(line), 0, -1) if font.getlength(line[:at]) * size / 100 <= room or at == 1
            )
            line, lines = line[fits:], lines + 1
    return lines


@cache
def _font(bold: bool) -> Any:
    for name in (FONT.format("Bold" if bold else "Regular"), "arialbd.ttf" if bold else "arial.ttf", "DejaVuSans.ttf"):
        try:
            return ImageFont.truetype(name, 100)
        except OSError:
            continue
    raise AssertionError("no font like Arial is here: install fonts-liberation")

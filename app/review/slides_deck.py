"""The deck that slides are put on: its theme, its frame of title, footer and number, and its parts in a fixed order."""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pptx import Presentation
from pptx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.parts.chart import ChartPart
from pptx.util import Emu

from app.charts import wording
from app.charts.description import Chart
from app.charts.shown import shown
from app.charts.theme import VerdictKey
from app.review.brand import Dress
from app.review.slides_fit import fitted, wrapped
from app.review.slides_xml import (
    LANGUAGE,
    Align,
    Anchor,
    Box,
    Run,
    clean,
    emu,
    fill,
    mark,
    paragraph,
    shape,
    stroke,
    words,
    xfrm,
)
from app.review.zipped import same

WIDE, HIGH = 13.333, 7.5
LEFT, RIGHT = 0.65, 0.65
ROOM = WIDE - LEFT - RIGHT
TOP, BOTTOM = 1.72, 6.82
"""Between title and footer."""
FONT = "Arial"
_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
_TITLES = (26, 24, 22, 20, 18, 16)
_COLOURS = (
    ("dk1", "text"), ("lt1", "card"), ("dk2", "muted"), ("lt2", "page"), ("accent1", "accent"), ("accent2", "accent_2"),
    ("accent3", "met"), ("accent4", "missed"), ("accent5", "unsure"), ("accent6", "history"), ("hlink", "accent"),
    ("folHlink", "accent"),
)  # fmt: skip


class Slide:
    """One slide while it is written: its shapes as XML, and what its notes say."""

    def __init__(self, deck: "Deck", made: Any) -> None:
        self.deck, self.made = deck, made
        self.palette = deck.dress.palette
        self.parts: list[str] = []
        self.notes: list[str] = []
        self.top = TOP
        """Where what stands below the title begins."""
        self._next = 2

    def number(self) -> int:
        """The next shape's."""
        self._next += 2
        return self._next

    def put(self, *parts: str) -> None:
        """Shapes, as they are to be read one after the other."""
        self.parts += parts

    def say(
        self, text: str, box: Box, sizes: Sequence[float] = (14,), colour: str = "text", *, bold: bool = False,
        align: Align = "l", anchor: Anchor = "t", name: str = "Text", holder: str = "",
    ) -> float:  # fmt: skip
        """Writes a text at the first size that fits; what had to be cut stands in the notes, whole. Its height."""
        text = shown(text)
        fit = fitted(text, box.w, box.h, sizes, bold)
        if fit.cut:
            self.notes.append(f"In full: {text}")
        said = " ".join(fit.lines) if not fit.cut and "\n" not in text else "\n".join(fit.lines)
        made = paragraph([Run(said, fit.size, colour, bold)], self.palette, align)
        self.put(words(self.number(), box, [made], name=name, anchor=anchor, holder=holder))
        return fit.high

    def rows(self, paragraphs: Sequence[Sequence[Run]], box: Box, *, align: Align = "l", anchor: Anchor = "t") -> None:
        """Writes paragraphs of several looks, which the caller knows to fit."""
        made = [paragraph(runs, self.palette, align) for runs in paragraphs]
        self.put(words(self.number(), box, made, anchor=anchor))

    def card(self, box: Box, ground: str = "page", *, form: str = "rect") -> None:
        """A plain ground."""
        look = fill(ground, self.palette) + stroke("none", self.palette)
        self.put(shape(self.number(), box, form, look, name="Ground"))

    def line(self, x: float, y: float, w: float, colour: str = "hairline", wide: float = 0.75) -> None:
        """A rule across."""
        look = stroke(colour, self.palette, wide)
        self.put(shape(self.number(), Box(x, y, w, 0), "line", look, name="Rule"))

    def mark(self, box: Box, key: VerdictKey, said: str) -> None:
        """A verdict's shape."""
        self.put(*mark(self.number(), box, key, self.palette, said))

    def chart(self, xml: str, book: bytes, box: Box, alt: str, name: str = "Chart") -> None:
        """A native chart with its workbook."""
        package = self.made.part.package
        part: Any = ChartPart.load(
            package.next_partname(ChartPart.partname_template), CONTENT_TYPE.DML_CHART, package, xml.encode()
        )
        part.chart_workbook.update_from_xlsx_blob(book)
        related = self.made.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
        at = self.number()
        self.put(
            f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="{at}" name="{name} {at}" descr="{_quoted(alt)}"/>'
            f'<p:cNvGraphicFramePr><a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>'
            f"{xfrm(box, 'p:xfrm')}<a:graphic><a:graphicData "
            f'uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart r:id="{related}"/></a:graphicData>'
            f"</a:graphic></p:graphicFrame>"
        )

    def picture(self, png: bytes, box: Box, alt: str) -> None:
        """A PNG."""
        _, related = self.made.part.get_or_add_image_part(io.BytesIO(png))
        at = self.number()
        self.put(
            f'<p:pic><p:nvPicPr><p:cNvPr id="{at}" name="Logo {at}" descr="{_quoted(alt)}"/><p:cNvPicPr>'
            f'<a:picLocks noChangeAspect="1"/></p:cNvPicPr><p:nvPr/></p:nvPicPr>'
            f'<p:blipFill><a:blip r:embed="{related}"/>'
            f"<a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr>{xfrm(box)}"
            f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic>'
        )

    def finish(self) -> None:
        """Puts the shapes on the slide, and what was noted beneath it."""
        tree = self.made.shapes._spTree
        for child in [*tree][2:]:
            tree.remove(child)
        for element in parse_xml(f"<p:spTree {_SPACES}>{''.join(self.parts)}</p:spTree>"):
            tree.append(element)
        if self.notes:
            frame = self.made.notes_slide.notes_text_frame
            frame.text = shown("\n".join(dict.fromkeys(self.notes)))
            for holder in frame._txBody.iter("{*}rPr", "{*}r"):
                if holder.tag.endswith("}r"):
                    holder.get_or_add_rPr().set("lang", LANGUAGE)


class Deck:
    """All slides of one pack."""

    def __init__(self, dress: Dress, foot: str, title: str, at: datetime) -> None:
        self.dress, self.foot, self.title, self.at = dress, foot, title, at
        self._made: Any = Presentation()
        self._made.slide_width, self._made.slide_height = Emu(emu(WIDE)), Emu(emu(HIGH))
        self.slides: list[Slide] = []
        self.drawn: set[Chart] = set()
        """Charts that stand on a slide already."""
        self._clear()

    def add(self, title: str, eyebrow: str = "", *, framed: bool = True) -> Slide:
        """A new slide: what it is of above its finding, and footer and number below."""
        made = Slide(self, self._made.slides.add_slide(self._made.slide_layouts[0]))
        self.slides.append(made)
        if not framed:
            return made
        holder = '<p:ph type="title"/>'
        high = made.say(
            title, Box(LEFT, 0.68, ROOM, 0.92), _sized(shown(title)), bold=True, name="Title", holder=holder
        )
        made.top = 0.68 + max(high, 0.45) + 0.22
        made.say(eyebrow, Box(LEFT, 0.4, ROOM, 0.24), (11.5, 10), "accent", bold=True, name="Section")
        self._foot(made)
        return made

    def bytes(self) -> bytes:
        """The package: the same bytes for the same slides."""
        for one in self.slides:
            one.finish()
        about = self._made.core_properties
        about.title, about.author, about.last_modified_by = shown(self.title), "Nines", "Nines"
        about.language, about.revision = LANGUAGE, 1
        about.subject, about.keywords, about.comments, about.category = "", "", "", ""
        about.created = about.modified = about.last_printed = self.at.replace(tzinfo=None)
        written = io.BytesIO()
        self._made.save(written)
        return same(written.getvalue(), frozenset({"docProps/thumbnail.jpeg"}))

    def _foot(self, made: Slide) -> None:
        palette = self.dress.palette
        logo, x = self.dress.logo, LEFT
        if logo:
            wide, high = self.dress.logo_size
            w = min(0.24 * wide / high, 1.2)
            made.picture(logo, Box(LEFT, 7.02, w, w * high / wide), self.dress.organisation or "Logo")
            x += w + 0.15
        made.say(
            self.foot, Box(x, 7.05, WIDE - RIGHT - 1.2 - x, 0.2), (9, 8), "muted", name="Footer",
            holder='<p:ph type="ftr" sz="quarter" idx="11"/>',
        )  # fmt: skip
        look = f'<a:rPr lang="{LANGUAGE}" sz="900">{fill("muted", palette)}</a:rPr>'
        number = (
            f'<a:p><a:pPr algn="r"/><a:fld id="{{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}}" type="slidenum">{look}'
            f"<a:t>{len(self.slides)}</a:t></a:fld></a:p>"
        )
        box = Box(WIDE - RIGHT - 1, 7.05, 1, 0.2)
        holder = '<p:ph type="sldNum" sz="quarter" idx="12"/>'
        made.put(words(made.number(), box, [number], name="Slide number", holder=holder))

    def _clear(self) -> None:
        """The template without its pictures and layouts, in our type and colours."""
        master = self._made.slide_master
        layouts = self._made.slide_layouts
        for layout in [*layouts]:
            if layout.name != "Title Only":
                layouts.remove(layout)
        theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
        theme._blob = _themed(theme.blob.decode("utf-8"), self.dress).encode()
        boxes = {
            "title": Box(LEFT, 0.68, ROOM, 0.92),
            "body": Box(LEFT, TOP, ROOM, BOTTOM - TOP),
            "dt": Box(LEFT, 7.05, 1, 0.2),
            "ftr": Box(LEFT, 7.05, ROOM - 1.2, 0.2),
            "sldNum": Box(WIDE - RIGHT - 1, 7.05, 1, 0.2),
        }
        for held in (master, layouts[0]):
            for one in held.placeholders:
                kind = one._element.ph.get("type") or "body"
                box = boxes[kind]
                one.left, one.top, one.width, one.height = (Emu(emu(side)) for side in box)


def _sized(title: str) -> Sequence[float]:
    """A title a little smaller stands on one line rather than leave a word on the second."""
    one_line = [size for size in _TITLES[:3] if len(wrapped(title, ROOM * 0.98, size, True)) == 1]
    return [*one_line, *_TITLES]


def _themed(theme: str, dress: Dress) -> str:
    for slot, name in _COLOURS:
        colour = getattr(dress.palette, name)[1:].upper()
        theme = re.sub(
            rf"<a:{slot}>.*?</a:{slot}>", f'<a:{slot}><a:srgbClr val="{colour}"/></a:{slot}>', theme, flags=re.S
        )
    theme = re.sub(r'<a:latin typeface="[^"]*"', f'<a:latin typeface="{FONT}"', theme)
    return theme.replace('name="Office Theme"', 'name="Nines"')


def _quoted(text: str) -> str:
    return clean(text).replace('"', "&quot;").replace("\n", " ")


def day(at: Any) -> str:
    """A day in words: "3 November 2026"."""
    return f"{at.day} {wording.MONTHS[at.month - 1]} {at.year}"

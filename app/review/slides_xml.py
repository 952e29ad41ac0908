"""Shapes of a slide as DrawingML: boxes, words, lines and verdict marks, in the colours of the deck's theme."""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from app.charts.shown import shown
from app.charts.theme import Palette, VerdictKey

LANGUAGE = "en-GB"
SCHEME = {
    "text": "tx1", "card": "bg1", "muted": "tx2", "page": "bg2", "accent": "accent1", "accent_2": "accent2",
    "met": "accent3", "missed": "accent4", "unsure": "accent5", "history": "accent6",
}  # fmt: skip
"""Colours that the deck's theme holds: whoever changes the theme changes the deck."""
Align = Literal["l", "ctr", "r"]
Anchor = Literal["t", "ctr", "b"]


class Box(NamedTuple):
    """Where something stands, in inches."""

    x: float
    y: float
    w: float
    h: float


class Run(NamedTuple):
    """A piece of text in one look."""

    text: str
    size: float
    colour: str = "text"
    bold: bool = False


def emu(inches: float) -> int:
    """Inches in the unit of DrawingML."""
    return round(inches * 914_400)


def clean(text: str) -> str:
    """Text as XML may hold it and people may read it."""
    return escape(shown(text))


def ink(name: str, palette: Palette) -> str:
    """A colour by its name in the palette."""
    if name in SCHEME:
        return f'<a:schemeClr val="{SCHEME[name]}"/>'
    if name.startswith(("ramp_", "on_ramp_")):
        family, step = name.rsplit("_", 1)
        colour: str = getattr(palette, family)[int(step)]
    else:
        colour = getattr(palette, name)
    return f'<a:srgbClr val="{colour[1:].upper()}"/>'


def fill(name: str, palette: Palette) -> str:
    """A ground; `none` lets through what is behind."""
    return "<a:noFill/>" if name == "none" else f"<a:solidFill>{ink(name, palette)}</a:solidFill>"


def stroke(name: str, palette: Palette, wide: float = 1.0, dash: str = "") -> str:
    """A line of so many points; `none` is no line."""
    if name == "none":
        return "<a:ln><a:noFill/></a:ln>"
    dashed = f'<a:prstDash val="{dash}"/>' if dash else ""
    return f'<a:ln w="{round(wide * 12_700)}">{fill(name, palette)}{dashed}<a:round/></a:ln>'


def run(one: Run, palette: Palette) -> str:
    """A run of text."""
    bold = ' b="1"' if one.bold else ' b="0"'
    return (
        f'<a:r><a:rPr lang="{LANGUAGE}" sz="{round(one.size * 100)}"{bold} dirty="0">'
        f"{fill(one.colour, palette)}</a:rPr>"
        f"<a:t>{clean(one.text)}</a:t></a:r>"
    )


def paragraph(runs: Sequence[Run], palette: Palette, align: Align = "l", before: float = 0) -> str:
    """A paragraph of runs, so many points below the one before; lines of a run part at its line ends."""
    words = "".join(
        "<a:br/>".join(run(one._replace(text=line), palette) for line in one.text.split("\n")) for one in runs
    )
    space = f'<a:spcBef><a:spcPts val="{round(before * 100)}"/></a:spcBef>' if before else ""
    return f'<a:p><a:pPr algn="{align}" marL="0" indent="0">{space}<a:buNone/></a:pPr>{words}</a:p>'


def xfrm(box: Box, tag: str = "a:xfrm", flip: str = "") -> str:
    """A place."""
    return (
        f'<{tag}{flip}><a:off x="{emu(box.x)}" y="{emu(box.y)}"/><a:ext cx="{emu(box.w)}" cy="{emu(box.h)}"/></{tag}>'
    )


def words(
    at: int, box: Box, paragraphs: Sequence[str], *, name: str = "Text", anchor: Anchor = "t", holder: str = "",
    ground: str = "", inset: float = 0.0,
) -> str:  # fmt: skip
    """A box of paragraphs; `holder`: the placeholder of the layout that it fills; `ground`: its fill and line."""
    kind = f"<p:nvPr>{holder}</p:nvPr>" if holder else "<p:nvPr/>"
    edge = emu(inset)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{at}" name={quoteattr(f"{name} {at}")}/>'
        f"<p:cNvSpPr{'' if holder else ' txBox=' + quoteattr('1')}/>{kind}</p:nvSpPr>"
        f'<p:spPr>{xfrm(box)}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>{ground or "<a:noFill/>"}</p:spPr>'
        f'<p:txBody><a:bodyPr wrap="square" lIns="{edge}" tIns="{edge}" rIns="{edge}" bIns="{edge}" anchor="{anchor}" '
        f'rtlCol="0"><a:noAutofit/></a:bodyPr><a:lstStyle/>{"".join(paragraphs) or "<a:p/>"}</p:txBody></p:sp>'
    )


def shape(at: int, box: Box, geometry: str, look: str, *, name: str = "Shape", alt: str = "") -> str:
    """A shape without words: a preset's name, or a path of its own; `look`: its fill and line."""
    form = geometry if geometry.startswith("<") else f'<a:prstGeom prst="{geometry}"><a:avLst/></a:prstGeom>'
    told = f" descr={quoteattr(shown(alt))}" if alt else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{at}" name={quoteattr(f"{name} {at}")}{told}/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
        f"<p:spPr>{xfrm(box)}{form}{look}</p:spPr></p:sp>"
    )


def path(*lines: Sequence[tuple[float, float]]) -> str:
    """Open lines through points of a square of 100."""
    drawn = "".join(
        "".join(
            f'<a:{way}><a:pt x="{round(x)}" y="{round(y)}"/></a:{way}>'
            for way, (x, y) in zip(("moveTo", *["lnTo"] * len(points)), points, strict=False)
        )
        for points in lines
    )
    return (
        '<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l="0" t="0" r="r" b="b"/><a:pathLst>'
        f'<a:path w="100" h="100" fill="none">{drawn}</a:path></a:pathLst></a:custGeom>'
    )


_SIGNS = {
    "met": ("ellipse", ((28, 52), (44, 68), (73, 35)),),
    "missed": ("triangle", ((38, 52), (62, 82)), ((62, 52), (38, 82))),
    "unsure": ("ellipse", ((24, 56), (36, 44), (48, 46), (56, 56), (66, 56), (77, 44))),
}  # fmt: skip


def mark(at: int, box: Box, key: VerdictKey, palette: Palette, said: str) -> list[str]:
    """A verdict's shape: ✓ in a circle, ✕ in a triangle, ~ in a ring, a dashed outline; no shape without a target."""
    if key == "no_target":
        return []
    if key == "no_data":
        look = fill("none", palette) + stroke("no_data", palette, 1, "sysDash")
        return [shape(at, box, "rect", look, name="Verdict", alt=said)]
    ground, *lines = _SIGNS[key]
    ring = key == "unsure"
    look = fill("none" if ring else key, palette) + (stroke(key, palette, 1.25) if ring else stroke("none", palette))
    sign = fill("none", palette) + stroke(key if ring else "card", palette, 1.5 if box.h > 0.14 else 1.2)
    return [
        shape(at, box, str(ground), look, name="Verdict", alt=said),
        shape(at + 1, box, path(*lines), sign, name="Sign"),  # type: ignore[arg-type]
    ]

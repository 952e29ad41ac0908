"""Native charts as DrawingML, with the workbook behind them: bars and lines on categories, and points on two axes.

Written by hand, because python-pptx draws one kind in a chart: a target across bars is a second one.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

import xlsxwriter

from app.charts.shown import shown
from app.charts.theme import Palette
from app.review.slides_xml import LANGUAGE, clean, fill, ink, stroke

_SPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


class Dot(NamedTuple):
    """A marker: its shape, size in points, ground and rim."""

    symbol: Literal["circle", "dash", "diamond", "square", "triangle", "none"]
    size: int = 6
    ground: str = "accent"
    rim: str = "card"


NO_DOT = Dot("none")


class Label(NamedTuple):
    """Words at a point."""

    text: str
    place: Literal["r", "l", "t", "b", "ctr", "outEnd", "inEnd"] = "r"
    colour: str = "text"
    bold: bool = False
    size: float = 11


class Special(NamedTuple):
    """A point that looks otherwise: its colour, hatched, or dashed up to it."""

    colour: str = ""
    hatched: bool = False
    dashed: bool = False
    dot: Dot | None = None


@dataclass(frozen=True)
class Drawn:
    """One series of a chart, with its look."""

    name: str
    values: tuple[float | None, ...]
    colour: str = "accent"
    wide: float = 2.25
    """Of its line, in points; 0: no line."""
    dash: str = ""
    dot: Dot = NO_DOT
    x: tuple[float, ...] = ()
    """Of points: where each stands across."""
    labels: Mapping[int, Label] = field(default_factory=dict)
    special: Mapping[int, Special] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    """Of points: what each is of, in the workbook."""


class Axis(NamedTuple):
    """A value axis."""

    low: float | None
    high: float | None
    step: float | None
    form: str
    """Number format of its ticks."""
    log: float | None = None
    """Base."""
    shown: bool = True
    grid: bool = True


class Inner(NamedTuple):
    """The plot's own field, as shares of the frame."""

    x: float
    y: float
    w: float
    h: float


def categories(
    x: Sequence[str], bars: Sequence[Drawn], lines: Sequence[Drawn], axis: Axis, inner: Inner, palette: Palette,
    *, form: str, at: datetime, lying: bool = False, gap: int = 60, size: float = 11, skip: int = 1, named: bool = True,
) -> tuple[str, bytes]:  # fmt: skip
    """A chart over categories and its workbook: stacked bars, with lines over them. `lying`: bars from the left."""
    every = [*bars, *lines]
    drawn = {at_: _Series(at_, one, palette, len(x)) for at_, one in enumerate(every)}
    plots = ""
    if bars:
        made = "".join(drawn[at_].bar(x, form) for at_ in range(len(bars)))
        way = "stacked" if len(bars) > 1 else "clustered"
        plots += (
            f'<c:barChart><c:barDir val="{"bar" if lying else "col"}"/><c:grouping val="{way}"/><c:varyColors val="0"/>'
            f'{made}<c:gapWidth val="{gap}"/><c:overlap val="100"/>{_AXES}</c:barChart>'
        )
    if lines:
        made = "".join(drawn[len(bars) + at_].line(x, form) for at_ in range(len(lines)))
        plots += (
            f'<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>{made}<c:marker val="1"/>{_AXES}'
            "</c:lineChart>"
        )
    base = axis.low if axis.low is not None and axis.log is None and axis.low > 0 else None
    cross = '<c:crosses val="autoZero"/>' if base is None else '<c:crosses val="min"/>'
    order = "maxMin" if lying else "minMax"
    names = (
        f'<c:catAx><c:axId val="111"/><c:scaling><c:orientation val="{order}"/></c:scaling>'
        f'<c:delete val="{0 if named else 1}"/><c:axPos val="{"l" if lying else "b"}"/>'
        '<c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="low"/><c:spPr>{stroke("history", palette, 0.75)}</c:spPr>{_text(palette, size, "muted")}'
        '<c:crossAx val="222"/><c:crosses val="autoZero"/><c:auto val="0"/>'
        '<c:lblAlgn val="ctr"/><c:lblOffset val="60"/>'
        f'<c:tickLblSkip val="{skip}"/><c:noMultiLvlLbl val="1"/></c:catAx>'
    )
    values = _value_axis(axis, palette, 222, 111, "b" if lying else "l", cross, "between", size)
    return _space(plots + names + values, inner, palette), _category_book(x, every, form, at)


def points(
    every: Sequence[Drawn], across: Axis, up: Axis, inner: Inner, palette: Palette, *, at: datetime, size: float = 11,
    turned: bool = False,
) -> tuple[str, bytes]:  # fmt: skip
    """A chart of points on two value axes and its workbook. `turned`: the upward axis runs down."""
    # LibreOffice draws no line that has fewer points than a later series.
    every = sorted(every, key=lambda one: -len(one.values))
    columns = [3 * place for place in range(len(every))]
    made = "".join(
        _Series(place, one, palette, len(one.values)).xy(column)
        for place, (one, column) in enumerate(zip(every, columns, strict=True))
    )
    plot = f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{made}{_AXES}</c:scatterChart>'
    low = '<c:crosses val="min"/>'
    axes = _value_axis(across, palette, 111, 222, "b", '<c:crosses val="max"/>' if turned else low, "midCat", size)
    axes += _value_axis(up, palette, 222, 111, "l", low, "midCat", size, turned)
    return _space(plot + axes, inner, palette), _point_book(every, at)


_AXES = '<c:axId val="111"/><c:axId val="222"/>'


class _Series(NamedTuple):
    at: int
    one: Drawn
    palette: Palette
    rows: int

    def bar(self, x: Sequence[str], form: str) -> str:
        one, palette = self.one, self.palette
        look = f"<c:spPr>{fill(one.colour, palette)}{stroke('none', palette)}</c:spPr>"
        special = "".join(
            f'<c:dPt><c:idx val="{at}"/><c:invertIfNegative val="0"/><c:bubble3D val="0"/><c:spPr>'
            f"{self._ground(said, one.colour)}</c:spPr></c:dPt>"
            for at, said in sorted(one.special.items())
        )
        look += f"<c:invertIfNegative val='0'/>{special}"
        return f"<c:ser>{self._head()}{look}{self._labels()}{self._data(x, form)}</c:ser>"

    def line(self, x: Sequence[str], form: str) -> str:
        return f'<c:ser>{self._head()}{self._line()}{self._data(x, form)}<c:smooth val="0"/></c:ser>'

    def xy(self, column: int) -> str:
        one = self.one
        first, second = (_column(column + add) for add in (0, 1))
        head = self._head(f"Sheet1!${second}$1")
        across = _numbers(f"Sheet1!${first}$2:${first}${len(one.x) + 1}", one.x, "General")
        up = _numbers(f"Sheet1!${second}$2:${second}${len(one.values) + 1}", one.values, "General")
        return f'<c:ser>{head}{self._line()}<c:xVal>{across}</c:xVal><c:yVal>{up}</c:yVal><c:smooth val="0"/></c:ser>'

    def _head(self, ref: str = "") -> str:
        ref = ref or f"Sheet1!${_column(self.at + 1)}$1"
        name = f'<c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>{clean(self.one.name)}</c:v></c:pt></c:strCache>'
        return (
            f'<c:idx val="{self.at}"/><c:order val="{self.at}"/>'
            f"<c:tx><c:strRef><c:f>{ref}</c:f>{name}</c:strRef></c:tx>"
        )

    def _line(self) -> str:
        one, palette = self.one, self.palette
        line = stroke(one.colour, palette, one.wide, one.dash) if one.wide else stroke("none", palette)
        special = "".join(self._point(at, said) for at, said in sorted(one.special.items()))
        return f"<c:spPr>{line}</c:spPr>{self._dot(one.dot)}{special}{self._labels()}"

    def _point(self, at: int, said: Special) -> str:
        one, palette = self.one, self.palette
        dot = said.dot or one.dot
        if said.colour and not said.dot:
            dot = dot._replace(ground=said.colour)
        line = stroke(one.colour, palette, one.wide, "sysDash") if said.dashed and one.wide else ""
        look = f"<c:spPr>{line}</c:spPr>" if line else ""
        return f'<c:dPt><c:idx val="{at}"/>{self._dot(dot)}<c:bubble3D val="0"/>{look}</c:dPt>'

    def _dot(self, dot: Dot) -> str:
        if dot.symbol == "none":
            return '<c:marker><c:symbol val="none"/></c:marker>'
        look = fill(dot.ground, self.palette) + stroke(dot.rim, self.palette, 1)
        return f'<c:marker><c:symbol val="{dot.symbol}"/><c:size val="{dot.size}"/><c:spPr>{look}</c:spPr></c:marker>'

    def _ground(self, said: Special, colour: str) -> str:
        ground, palette = said.colour or colour, self.palette
        if not said.hatched:
            return fill(ground, palette) + stroke("none", palette)
        hatch = f"<a:fgClr>{ink(ground, palette)}</a:fgClr><a:bgClr>{ink('card', palette)}</a:bgClr>"
        return f'<a:pattFill prst="wdUpDiag">{hatch}</a:pattFill>' + stroke(ground, palette, 0.75)

    def _labels(self) -> str:
        none = "".join(f'<c:{name} val="0"/>' for name in _SHOWN)
        made = ""
        for at, label in sorted(self.one.labels.items()):
            bold = 1 if label.bold else 0
            look = f'lang="{LANGUAGE}" sz="{round(label.size * 100)}" b="{bold}"'
            ground = fill(label.colour, self.palette)
            made += (
                f'<c:dLbl><c:idx val="{at}"/><c:tx><c:rich><a:bodyPr wrap="none"/><a:lstStyle/><a:p><a:pPr>'
                f"<a:defRPr {look}>{ground}</a:defRPr></a:pPr><a:r><a:rPr {look}>{ground}</a:rPr>"
                f"<a:t>{clean(label.text)}</a:t></a:r></a:p>"
                '</c:rich></c:tx><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr><c:dLblPos val="'
                + label.place
                + '"/>'
                '<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/><c:showSerName val="0"/>'
                '<c:showPercent val="0"/><c:showBubbleSize val="0"/></c:dLbl>'
            )
        return f"<c:dLbls>{made}{none}</c:dLbls>" if made else ""

    def _data(self, x: Sequence[str], form: str) -> str:
        names = "".join(f'<c:pt idx="{at}"><c:v>{clean(name)}</c:v></c:pt>' for at, name in enumerate(x))
        cache = f'<c:strCache><c:ptCount val="{len(x)}"/>{names}</c:strCache>'
        column = _column(self.at + 1)
        values = _numbers(f"Sheet1!${column}$2:${column}${len(x) + 1}", self.one.values, form)
        return (
            f"<c:cat><c:strRef><c:f>Sheet1!$A$2:$A${len(x) + 1}</c:f>{cache}</c:strRef></c:cat><c:val>{values}</c:val>"
        )


_SHOWN = ("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent", "showBubbleSize")


def _numbers(ref: str, values: Sequence[float | None], form: str) -> str:
    made = "".join(
        f'<c:pt idx="{at}"><c:v>{value!r}</c:v></c:pt>' for at, value in enumerate(values) if value is not None
    )
    return (
        f"<c:numRef><c:f>{ref}</c:f><c:numCache><c:formatCode>{clean(form)}</c:formatCode>"
        f'<c:ptCount val="{len(values)}"/>{made}</c:numCache></c:numRef>'
    )


def _column(at: int) -> str:
    return (chr(64 + at // 26) if at >= 26 else "") + chr(65 + at % 26)


def _text(palette: Palette, size: float, colour: str) -> str:
    return (
        f'<c:txPr><a:bodyPr rot="0" vert="horz"/><a:lstStyle/><a:p><a:pPr><a:defRPr lang="{LANGUAGE}" '
        f'sz="{round(size * 100)}" b="0">{fill(colour, palette)}</a:defRPr></a:pPr>'
        f'<a:endParaRPr lang="{LANGUAGE}"/></a:p></c:txPr>'
    )


def _value_axis(
    axis: Axis, palette: Palette, own: int, other: int, side: str, cross: str, between: str, size: float,
    turned: bool = False,
) -> str:  # fmt: skip
    log = f'<c:logBase val="{axis.log:g}"/>' if axis.log else ""
    high = f'<c:max val="{axis.high!r}"/>' if axis.high is not None else ""
    low = f'<c:min val="{axis.low!r}"/>' if axis.low is not None else ""
    unit = axis.log or axis.step
    step = f'<c:majorUnit val="{unit!r}"/>' if unit else ""
    way = "maxMin" if turned else "minMax"
    grid = f"<c:majorGridlines><c:spPr>{stroke('hairline', palette, 0.75)}</c:spPr></c:majorGridlines>"
    return (
        f'<c:valAx><c:axId val="{own}"/><c:scaling>{log}<c:orientation val="{way}"/>{high}{low}'
        f'</c:scaling><c:delete val="{0 if axis.shown else 1}"/><c:axPos val="{side}"/>{grid if axis.grid else ""}'
        f'<c:numFmt formatCode="{clean(axis.form).replace(chr(34), "&quot;")}" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        f'<c:spPr>{stroke("none", palette)}</c:spPr>{_text(palette, size, "muted")}<c:crossAx val="{other}"/>{cross}'
        f'<c:crossBetween val="{between}"/>{step}</c:valAx>'
    )


def _space(plots: str, inner: Inner, palette: Palette) -> str:
    place = "".join(
        f'<c:{name} val="{value:.4f}"/>'
        for name, value in (("x", inner.x), ("y", inner.y), ("w", inner.w), ("h", inner.h))
    )
    layout = (
        '<c:layout><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
        f"{place}</c:manualLayout></c:layout>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<c:chartSpace {_SPACES}><c:date1904 val="0"/>'
        f'<c:lang val="{LANGUAGE}"/><c:roundedCorners val="0"/><c:chart><c:autoTitleDeleted val="1"/>'
        f"<c:plotArea>{layout}{plots}"
        '<c:spPr><a:noFill/></c:spPr></c:plotArea><c:plotVisOnly val="0"/><c:dispBlanksAs val="gap"/></c:chart>'
        f"<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>{_text(palette, 11, 'muted')}</c:chartSpace>"
    )


def _category_book(x: Sequence[str], every: Sequence[Drawn], form: str, at: datetime) -> bytes:
    def write(sheet: Any, number: Any) -> None:
        for row, name in enumerate(x, 1):
            sheet.write_string(row, 0, shown(name))
        for column, one in enumerate(every, 1):
            sheet.write_string(0, column, shown(one.name))
            for row, value in enumerate(one.values, 1):
                if value is not None:
                    sheet.write_number(row, column, value, number)

    return _book(write, form, at)


def _point_book(every: Sequence[Drawn], at: datetime) -> bytes:
    def write(sheet: Any, number: Any) -> None:
        for place, one in enumerate(every):
            column = 3 * place
            sheet.write_string(0, column + 1, shown(one.name))
            for row, (x, value) in enumerate(zip(one.x, one.values, strict=True), 1):
                sheet.write_number(row, column, x)
                if value is not None:
                    sheet.write_number(row, column + 1, value, number)
            for row, name in enumerate(one.names, 1):
                sheet.write_string(row, column + 2, shown(name))

    return _book(write, "General", at)


def _book(write: Any, form: str, at: datetime) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"author": "Nines", "created": at.replace(tzinfo=None)})
        sheet = book.add_worksheet("Sheet1")
        sheet.set_column(0, 0, 24)
        write(sheet, book.add_format({"num_format": form}))
    return stream.getvalue()

"""A matrix of levels as a real table: counts in cells that can be clicked, and a line along the cells where something
begins to be too much. An empty cell is neutral."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.charts import reading
from app.charts.description import Chart
from app.ui.markup import Markup, Part, button, el, join

_GAP = 0.3
"""Of a cell: how far from its middle an arrow begins and ends, so that counts can be read."""


class Arrow(NamedTuple):
    """A move over the matrix, from one cell (row, column) to another."""

    begins: tuple[int, int]
    ends: tuple[int, int]
    often: int
    """How many went this way."""
    said: str
    """What a hover says of it."""
    worse: bool = False
    act: Mapping[str, object] | None = None


def matrix(
    chart: Chart,
    acts: Sequence[Sequence[Mapping[str, object]]] = (),
    chosen: tuple[int, int] | None = None,
    axes: tuple[str, str] = ("Likelihood", "Impact"),
    labelled: bool = False,
    arrows: Sequence[Arrow] = (),
) -> Markup:
    """The chart's rows and columns. A cell that holds something asks what `acts` says of it (row, column); `chosen` is
    the one that the page shows now; cells with the verdict `missed` lie beyond the line; `labelled` ones show their
    labels instead of counts. `arrows` are for the eye: whoever shows some says them in words too."""
    head = el("tr", el("td"), *(el("th", *_words(name), scope="col") for name in chart.x))
    rows = [
        el(
            "tr",
            el("th", *_words(series.name), scope="row"),
            *(
                el(
                    "td",
                    _cell(chart, row, at, acts[row][at] if acts else None, chosen == (row, at), labelled),
                    _arrows(chart, arrows) if arrows and not row + at else None,
                    cls=_edges(chart, row, at),
                )
                for at in range(len(chart.x))
            ),
        )
        for row, series in enumerate(chart.series)
    ]
    return el(
        "div",
        el("span", f"{axes[0]} ↑", cls="axis", aria_hidden="true"),
        el("table", el("caption", reading.alt(chart), cls="hush"), el("thead", head), el("tbody", join(*rows))),
        el("span", f"{axes[1]} →", cls="axis along", aria_hidden="true"),
        cls="matrix",
    )


def _arrows(chart: Chart, arrows: Sequence[Arrow]) -> Markup:
    """Lines between the middles of cells, in shares of the field: it stands in the first cell, as large as all."""
    height, width = len(chart.series), len(chart.x)
    heads = [
        el(
            "marker",
            el("path", d="M0 0 L10 5 L0 10 z"),
            id=f"head-{name}",
            cls=name,
            viewBox="0 0 10 10",
            refX=8,
            refY=5,
            markerWidth=9,
            markerHeight=9,
            markerUnits="userSpaceOnUse",
            orient="auto",
        )
        for name in ("worse", "better")
    ]
    lines = [_arrow(one, height, width) for one in arrows]
    return el(
        "svg",
        el("defs", join(*heads)),
        join(*lines),
        cls="arrows",
        aria_hidden="true",
        style=f"--across:{width};--down:{height}",
    )


def _arrow(one: Arrow, height: int, width: int) -> Markup:
    (row, column), (to_row, to_column) = one.begins, one.ends
    down, along = to_row - row, to_column - column
    far = max((down**2 + along**2) ** 0.5, 1e-9)
    at = (
        (column + 0.5 + _GAP * along / far) / width,
        (row + 0.5 + _GAP * down / far) / height,
        (to_column + 0.5 - _GAP * along / far) / width,
        (to_row + 0.5 - _GAP * down / far) / height,
    )
    x1, y1, x2, y2 = (f"{share:.2%}" for share in at)
    name = "worse" if one.worse else "better"
    return el(
        "g",
        el("title", one.said),
        el("line", x1=x1, y1=y1, x2=x2, y2=y2, cls="reach"),
        el(
            "line",
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            cls="seen",
            marker_end=f"url(#head-{name})",
            stroke_width=min(1 + one.often, 5),
        ),
        cls=name,
        act=one.act,
    )


def _words(name: str) -> tuple[Part, ...]:
    """A level's number and its word: "4 likely"."""
    number, _, word = name.partition(" ")
    return el("b", number), " ", el("span", word)


def _cell(chart: Chart, row: int, at: int, act: Mapping[str, object] | None, chosen: bool, labelled: bool) -> Markup:
    series = chart.series[row]
    said, value = reading.cell(chart, series, at), series.values[at]
    side = "over" if series.verdicts[at] == "missed" else "under"
    said = said.removesuffix(", missed").removesuffix(", met") + (", above appetite" if side == "over" else "")
    if not value:
        nothing = None if labelled else el("span", "0", aria_hidden="true")
        return el("span", nothing, el("span", said, cls="hush"), cls=f"cell none {side}")
    shown: Part = reading.value(chart, value)
    if labelled:
        shown = join(*(el("span", word) for word in series.labels[at].split(", ")))
    classes = f"cell {side}{' chosen' if chosen else ''}{' words' if labelled else ''}"
    if act is None:
        return el("span", shown, cls=classes, title=said)
    return button(shown, act=act, cls=classes, title=said, aria_label=said, aria_pressed="true" if chosen else "false")


def _edges(chart: Chart, row: int, at: int) -> str | None:
    """On which sides of a cell the line runs: to the left and below, where the next cell lies on the other side."""
    here = chart.series[row].verdicts[at]
    edges = []
    if at > 0 and chart.series[row].verdicts[at - 1] != here:
        edges.append("line-left")
    if row + 1 < len(chart.series) and chart.series[row + 1].verdicts[at] != here:
        edges.append("line-below")
    return " ".join(edges) or None

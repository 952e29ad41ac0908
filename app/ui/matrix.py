"""A matrix of levels as a real table: counts in cells that can be clicked, and a line along the cells where something
begins to be too much. An empty cell is neutral."""

from collections.abc import Mapping, Sequence

from app.charts import reading
from app.charts.description import Chart
from app.ui.markup import Markup, Part, button, el, join


def matrix(
    chart: Chart,
    acts: Sequence[Sequence[Mapping[str, object]]] = (),
    chosen: tuple[int, int] | None = None,
    axes: tuple[str, str] = ("Likelihood", "Impact"),
    labelled: bool = False,
) -> Markup:
    """The chart's rows and columns. A cell that holds something asks what `acts` says of it (row, column); `chosen` is
    the one that the page shows now; cells with the verdict `missed` lie beyond the line; `labelled` ones show their
    labels instead of counts."""
    head = el("tr", el("td"), *(el("th", *_words(name), scope="col") for name in chart.x))
    rows = [
        el(
            "tr",
            el("th", *_words(series.name), scope="row"),
            *(
                el(
                    "td",
                    _cell(chart, row, at, acts[row][at] if acts else None, chosen == (row, at), labelled),
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

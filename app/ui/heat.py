"""A heat map as a real table: every cell is read aloud, reached by the keyboard, and narrows the page when clicked."""

from collections.abc import Mapping, Sequence

from app.charts import reading, svg, wording
from app.charts.description import Chart
from app.ui.markup import Markup, button, el, join


def heat(
    chart: Chart, acts: Sequence[Mapping[str, object]], chosen: str | None = None, labelled: bool = False
) -> Markup:
    """The chart's rows and columns. `acts` has one mapping a row; a cell's click is that, with the column's
    key as "period".

    `chosen` is the column that the page shows now; `labelled` cells show their labels instead of their values.
    """
    return el(
        "table",
        el("caption", reading.alt(chart), cls="hush"),
        el("thead", el("tr", el("td"), *(_heading(key, at, chart.x) for at, key in enumerate(chart.x)))),
        el("tbody", join(*(_row(chart, row, acts[row], chosen, labelled) for row in range(len(chart.series))))),
        cls="heat",
    )


def _heading(key: str, at: int, keys: Sequence[str]) -> Markup:
    name, year = wording.period_short(key)
    first = at == 0 or wording.period_short(keys[at - 1])[1] != year
    return el("th", name, el("span", year if first else "\u00a0", cls="year") if year else None, scope="col")


def _row(chart: Chart, row: int, act: Mapping[str, object], chosen: str | None, labelled: bool) -> Markup:
    series = chart.series[row]
    return el(
        "tr",
        el("th", series.name, scope="row"),
        *(_cell(chart, row, at, {**act, "period": key}, key == chosen, labelled) for at, key in enumerate(chart.x)),
    )


def _cell(chart: Chart, row: int, at: int, act: Mapping[str, object], chosen: bool, labelled: bool) -> Markup:
    series = chart.series[row]
    key = series.verdicts[at] if series.verdicts else "no_target"
    said = reading.cell(chart, series, at)
    classes = " ".join((["chosen"] if chosen else []) + (["partial"] if at in chart.partial else []))
    if series.values[at] is None:
        return el("td", el("span", el("span", said, cls="hush"), cls="cell no_data", title=said), cls=classes or None)
    shown = reading.said(chart, series, at) if labelled else reading.value(chart, series.values[at])
    return el(
        "td",
        button(
            Markup(svg.shape(key, 11)),
            shown,
            act=act,
            cls=_tone(chart, key, series.values[at]),
            title=said,
            aria_label=said,
        ),
        cls=classes or None,
    )


def _tone(chart: Chart, key: str, value: float | None) -> str:
    """A cell's class: what cannot be told leans towards the side of the target that its value lies on."""
    if key != "unsure" or value is None or chart.target is None:
        return key
    above = value >= chart.target
    return "unsure over" if above == chart.target_op.startswith(">") else "unsure under"

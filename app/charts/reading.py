"""What a chart says of each of its values: on hover, to a screen reader, beside a line. The same for every renderer."""

from app.charts import wording
from app.charts.description import Chart, Series


def value(chart: Chart, amount: float | None) -> str:
    """A value of this chart, with digits enough beside its target."""
    return wording.value(amount, chart.unit, chart.target, chart.target_op, chart.currency)


def said(chart: Chart, series: Series, at: int) -> str:
    """What is said of one value: its own label, else the value."""
    return series.labels[at] if series.labels else value(chart, series.values[at])


def target(chart: Chart) -> str:
    """The target in words, empty without one."""
    if chart.target is None:
        return ""
    return f"target {wording.target(chart.target, chart.unit, chart.target_op, None, chart.currency)}"


def hover(chart: Chart, at: int) -> tuple[str, ...]:
    """The lines a hover over one x shows: its name, what each series says, its mark, whether it is over."""
    lines = [wording.capital(wording.period(chart.x[at])) + (" (not over yet)" if at in chart.partial else "")]
    plain = [series for series in chart.series if not series.at]
    for series in plain:
        text = said(chart, series, at)
        lines.append(f"{series.name}: {text}" if len(plain) > 1 and series.name else text)
        lines += _verdict(series, at)
    lines += [f"a real {_WORDS[signal.word]}" for signal in chart.signals if signal.at == at]
    lines += [mark.title for mark in chart.marks if mark.at == at]
    return tuple(lines)


def key(chart: Chart, series: Series, at: int) -> str:
    """What a click on a value names: its own key, `row|x` in a heat map, else its x."""
    if series.keys:
        return series.keys[at]
    if chart.kind == "heat":
        return f"{series.name}|{chart.x[at]}"
    return chart.x[min(max(round(series.at[at]), 0), len(chart.x) - 1) if series.at else at]


def keys(chart: Chart) -> frozenset[str]:
    """Everything that a click on this chart can name."""
    own = {key(chart, series, at) for series in chart.series for at in range(len(series.values))}
    return frozenset(own.union(chart.x, (span.key for span in chart.spans if span.key)))


def cell(chart: Chart, series: Series, at: int) -> str:
    """What a hover over a cell of a heat map shows."""
    where = f"{series.name}, {wording.period(chart.x[at])}: {said(chart, series, at)}"
    return ", ".join([where, *_verdict(series, at)]) + (", not over yet" if at in chart.partial else "")


def alt(chart: Chart) -> str:
    """The chart in a sentence or two for a reader who cannot see it."""
    if chart.alt:
        return chart.alt
    if is_empty(chart):
        return chart.empty or wording.capital(wording.NO_DATA)
    parts = [chart.subtitle]
    if chart.kind != "heat":
        for series in chart.series:
            known = [at for at, amount in enumerate(series.values) if amount is not None]
            if known and not series.at:
                name = f"{series.name}, " if series.name else ""
                parts.append(f"{name}{wording.period(chart.x[known[-1]])}: {said(chart, series, known[-1])}")
            elif known:
                parts.append(f"{series.name}: {len(known)} points")
    if chart.target is not None:
        parts.append(target(chart))
    return ". ".join(wording.capital(part) for part in parts if part) + "."


def is_empty(chart: Chart) -> bool:
    """Whether there is no value at all to draw."""
    return all(amount is None for series in chart.series for amount in series.values)


def _verdict(series: Series, at: int) -> list[str]:
    if not series.verdicts or series.verdicts[at] in ("no_data", "no_target"):
        return []
    return [wording.verdict_word(series.verdicts[at])]


_WORDS = {"improving": "improvement", "worsening": "worsening"}

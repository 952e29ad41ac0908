"""`docs/metrics.md`: every KPI as the catalogue describes it. `make docs` writes it by running this module."""

import sys
from collections.abc import Iterator

from app.metrics.catalogue import KPIS
from app.metrics.kpi import FACT_FILES, Kpi
from app.metrics.numbers import DIMENSIONS
from app.metrics.signals import BASELINE, FEWEST, RUN

UNITS = {
    "share": "share, shown in per cent",
    "count": "count",
    "minutes": "minutes",
    "hours": "hours",
    "money": "money, in the policy's currency",
    "per_week": "a week",
    "ratio": "ratio",
    "ms": "milliseconds",
    "score": "score",
}
BETTER = {"higher": "higher is better", "lower": "lower is better", "inside": "better near zero"}
SHAPES = {
    "share": "a share: parts / wholes",
    "count": "a count",
    "sum": "a sum",
    "duration": "the median of durations, with mean, 90th percentile and geometric mean",
    "rate": "a rate: count / exposure",
    "ratio": "a ratio: Σ part / Σ whole",
}
INTERVALS = {
    "share": "Wilson, 95 %",
    "count": "exact Poisson (Garwood), 95 %",
    "rate": "exact Poisson (Garwood) of the count, 95 %, over the exposure",
    "duration": "exact order statistics of the median, 95 %, from 6 durations on",
    "sum": "none",
    "ratio": "none",
}
HELD_AGAINST = {
    "share": "binomial limits",
    "count": "Poisson limits, by the days of each period",
    "duration": "process limits (XmR) on logarithms",
}
OTHERWISE = "process limits (XmR)"

HONESTY = f"""\
## How to read a number

- **No data is not zero.** A rate over nothing, a median of nothing, a count for a time in which nobody was
  looking: no value, `null` in JSON, "no data" on a screen. A count or a sum is 0 only between the first and the
  last fact that a source gave, or up to the moment at which a live source was last read.
- **Sums first, division last.** A share travels as numerator and denominator; no average of averages anywhere.
  The rows that `nines rows KEY` prints, and that "How is this counted?" shows, add up to the number.
- **What is left out is counted.** `n` is how many facts were used, `n_excluded` how many were not, by reason (a
  missing end, a negative interval, no tier); `coverage` is the observed part of the time for SLOs, and used of
  all facts otherwise.
- **An interval where the field has one.** `low` and `high` say what the number could as well be; minutes, money
  and SLO compliance have none. `certain` is whether the interval lies on one side of the target; a screen says
  "cannot tell" where it does not.
- **A verdict is by the exact value**: met, missed, no data, or no target where nothing numeric applies. A
  displayed number never rounds across its target.
- **A signal is not a change on last month.** The {BASELINE} complete periods before are the baseline (fewer
  than {FEWEST}: too few to tell); a signal is a point beyond the limits, or {RUN} in a row on one side of the
  centre. What the limits are depends on the data and stands with each KPI.
- **Who counts.** Incidents of kind maintenance or test never do; facts of a retired service do up to its last
  day; a service counts in its present tier and team throughout. Facts later than as-of do not exist.
- **Targets are the policy's.** Those below are as shipped; past months keep the policy that was in force.
- **Approved exclusions** concern the SLO numbers alone: the excluded time leaves numerator and denominator, and
  the value without exclusions stands beside.
"""


def document() -> str:
    """The whole page, in Markdown."""
    parts = [
        "# The numbers",
        "Written by `make docs` from the catalogue (`app/metrics/catalogue.py`): a KPI is changed beside its formula.",
        HONESTY.rstrip(),
        *_contents(),
    ]
    for category in _categories():
        parts.append(f"## {category}")
        parts += [_kpi(kpi) for kpi in KPIS.values() if kpi.category == category]
    return "\n\n".join(parts) + "\n"


def _categories() -> list[str]:
    return list(dict.fromkeys(kpi.category for kpi in KPIS.values()))


def _contents() -> Iterator[str]:
    yield "## Contents"
    for category in _categories():
        rows = [
            f"| {_linked(kpi)} | {_cell(kpi.question)} | {_cell(_target(kpi))} |"
            for kpi in KPIS.values()
            if kpi.category == category
        ]
        yield "\n".join((f"**{category}**", "", "| KPI | the question | default target |", "|---|---|---|", *rows))


def _linked(kpi: Kpi) -> str:
    return f"[{kpi.name}](#{kpi.key})" + ("" if kpi.measured else ", not measured yet")


def _kpi(kpi: Kpi) -> str:
    rows = "\n".join(f"| {name} | {_cell(said)} |" for name, said in _facts(kpi) if said)
    return f'<a id="{kpi.key}"></a>\n\n### {kpi.name}\n\n{kpi.question}\n\n| | |\n|---|---|\n{rows}'


def _facts(kpi: Kpi) -> Iterator[tuple[str, str]]:
    yield "key", f"`{kpi.key}`"
    if not kpi.measured:
        yield "state", "not measured yet: its readings are kept, its value is no data"
    yield "formula", kpi.formula
    yield "is", f"{SHAPES[kpi.shape]}; {BETTER[kpi.better]}"
    yield "unit", UNITS[kpi.unit]
    yield "in the period by", _at(kpi)
    yield "made from", _made_from(kpi)
    yield "by", _dimensions(kpi)
    yield "default target", _target(kpi)
    yield "cadence", kpi.cadence
    if not kpi.measured:
        return
    yield "interval", _interval(kpi)
    yield "a signal is held against", _held_against(kpi)
    yield "zero", _zero(kpi)
    yield "approved exclusions", "taken out; the value without them stands beside" if "slo" in kpi.dimensions else ""


def _at(kpi: Kpi) -> str:
    if kpi.takes_stock:
        return "as-of: taken at the end of each period, or at as-of where that is earlier"
    return kpi.at


def _made_from(kpi: Kpi) -> str:
    if not kpi.measured:
        return "`readings.csv`"
    entities = sorted({FACT_FILES.get(need, need) for need in kpi.needs})
    return ", ".join(f"`{entity}.csv`" for entity in entities)


def _dimensions(kpi: Kpi) -> str:
    names = [name for name in DIMENSIONS if name in kpi.dimensions]
    always = f"; always by {' and '.join(sorted(kpi.always_by))}" if kpi.always_by else ""
    return (", ".join(names) or "the company alone") + always


def _target(kpi: Kpi) -> str:
    return kpi.target or "none"


def _interval(kpi: Kpi) -> str:
    if kpi.shape == "share" and "slo" in kpi.dimensions and kpi.takes_stock:
        return f"{INTERVALS['share']}; none for a single SLO"
    return INTERVALS[kpi.shape]


def _held_against(kpi: Kpi) -> str:
    if kpi.shape == "count" and kpi.takes_stock:
        return "Poisson limits"
    if kpi.shape == "share" and "slo" in kpi.dimensions and kpi.takes_stock:
        return f"{HELD_AGAINST['share']}; of a single SLO {OTHERWISE}"
    return HELD_AGAINST.get(kpi.shape, OTHERWISE)


def _zero(kpi: Kpi) -> str:
    if not kpi.watched:
        return ""
    return f"0 only while {' or '.join(sorted(kpi.watched)).replace('_', ' ')} were watched; otherwise no data"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.buffer.write(document().encode())
